//! The wire types of each collection: what goes into requests, and what is read of answers.

mod peer;
mod quota;
mod tag;
mod virtual_gateway;
mod virtual_interface;
mod wire;

pub use peer::{CreateVifPeer, UpdateVifPeer, VifPeer};
pub use quota::{QUOTA_TYPES, Quota, Quotas, quota_label, quotas};
pub use tag::{Tag, TagAction, change_tags};
pub use virtual_gateway::{CreateVirtualGateway, UpdateVirtualGateway, VirtualGateway};
pub use virtual_interface::{CreateVirtualInterface, ExtendAttribute, UpdateVirtualInterface, VirtualInterface};

/// Every operation that is called: the values of a label of metrics.
pub const OPERATIONS: [&str; 18] = [
    "ListVirtualGateways",
    "ShowVirtualGateway",
    "CreateVirtualGateway",
    "UpdateVirtualGateway",
    "DeleteVirtualGateway",
    "ListVirtualInterfaces",
    "ShowVirtualInterface",
    "CreateVirtualInterface",
    "UpdateVirtualInterface",
    "UpdateExtendAttribute",
    "DeleteVirtualInterface",
    "CreateVifPeer",
    "UpdateVifPeer",
    "DeleteVifPeer",
    "BatchCreateResourceTags",
    "ShowQuotas",
    "KeystoneCreateUserTokenByPassword",
    "KeystoneListProjects",
];
