//! Wire types and calls of each collection.

mod connect_gateway;
mod connection;
mod fields;
mod global_eip;
mod global_gateway;
mod global_gateway_route;
mod hosted_connection;
mod item;
mod listed;
mod peer;
mod peer_link;
mod quota;
mod tag;
mod virtual_gateway;
mod virtual_interface;
mod wire;

pub use connect_gateway::{ConnectGateway, CreateConnectGateway, UpdateConnectGateway};
pub use connection::{Connection, UpdateConnection};
pub(in crate::cloud) use fields::Fields;
pub use global_eip::{BindGlobalEip, BoundGlobalEip};
pub use global_gateway::{CreateGlobalGateway, GlobalGateway, UpdateGlobalGateway};
pub use global_gateway_route::{GlobalGatewayRoute, RouteKey};
pub use hosted_connection::{CreateHostedConnection, HostedConnection, UpdateHostedConnection};
pub use item::{Item, Unreadable};
pub use listed::{Listed, Parent};
pub use peer::{CreateVifPeer, UpdateVifPeer, VifPeer};
pub use peer_link::{BandwidthInfo, CreatePeerLink, CreatePeerSite, PeerLink, PeerSite, UpdatePeerLink};
pub use quota::{QUOTA_TYPES, Quota, Quotas, quota_label, quotas};
pub use tag::{Tag, TagAction, change_tags};
pub use virtual_gateway::{CreateVirtualGateway, UpdateVirtualGateway, VirtualGateway};
pub use virtual_interface::{CreateVirtualInterface, ExtendAttribute, UpdateVirtualInterface, VirtualInterface};

/// Operations that no single resource has: of tags, of quotas, and of logging in.
pub const COMMON_OPERATIONS: &[&str] =
    &["BatchCreateResourceTags", "ShowQuotas", "KeystoneCreateUserTokenByPassword", "KeystoneListProjects"];
