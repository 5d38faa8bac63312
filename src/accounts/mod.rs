//! The accounts of the cloud: which are ready, with which client and caches. Fed by the reconcile of `CloudAccount`, asked by the reconciler.

mod account;
mod caches;
mod connect;
mod context;
mod credentials;
mod grants;
mod inventory;
mod metrics;
mod namespaces;
mod prepare;
mod reconcile;
mod resources;
mod secrets;
mod state;

pub use account::{Account, Behind, ResourceType, TagScope};
pub use connect::connect;
pub use grants::{Allowance, IMPORT, Use, What};
pub(crate) use prepare::waits;
pub use reconcile::controller;
pub use resources::{Allocation, CloudResource, CloudResources, capacities};
pub use state::{Accounts, Change, State};

use crate::cluster::finalizer::RenamedFinalizer;
use crate::cluster::watch::shard::Shard;

/// What keeps an account and its Secret while objects need them. Operators of different shards share accounts: each has a finalizer of its own,
/// since it knows of its own objects only.
fn in_use(shard: &Shard) -> RenamedFinalizer {
    shard.finalizer("directconnect.huaweicloud.com/account-in-use")
}
