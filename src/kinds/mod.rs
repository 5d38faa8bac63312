//! The kinds, one small pure file each: spec → create body, (spec, seen) → differences, seen → health. No IO, no `async`.

mod compare;
mod peer;
mod virtual_gateway;
mod virtual_interface;

pub use peer::PeerKind;
pub use virtual_gateway::VirtualGatewayKind;
pub use virtual_interface::VirtualInterfaceKind;
