//! The kinds, one small pure file each: spec → create body, (spec, seen) → differences, seen → health. No IO, no `async`.

mod compare;
mod peer;
mod virtual_gateway;
mod virtual_interface;

use crate::accounts::{IMPORT, Use, What};
use crate::api::Import;

pub use peer::PeerKind;
pub use virtual_gateway::VirtualGatewayKind;
pub use virtual_interface::VirtualInterfaceKind;

/// What an import uses: the leave to take over what is there, and what stands behind an id. A peer stands in its interface, which is asked for by
/// itself.
fn imported(kind: &'static str, import: Option<&Import>) -> impl Iterator<Item = Use> {
    let id = import.and_then(|import| import.id.clone()).filter(|_| kind != PEER);
    let resource = id.map(|id| Use::new(IMPORT, What::Resource(kind, id)));
    import.map(|_| Use::new(IMPORT, What::Import)).into_iter().chain(resource)
}

const PEER: &str = "Peer";
