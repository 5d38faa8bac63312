//! The kinds, one small pure file each: spec → create body, (spec, seen) → differences, seen → health. No IO, no `async`.

mod compare;
mod figures;
mod peer;
mod virtual_gateway;
mod virtual_interface;

use crate::accounts::{IMPORT, Use, What};
use crate::api::Import;

pub use figures::Lines;
pub use peer::PeerKind;
pub use virtual_gateway::VirtualGatewayKind;
pub use virtual_interface::VirtualInterfaceKind;

/// What an import uses: the leave to take over what is there, and what stands behind its id, where that is a resource of its own.
fn imported(resource: Option<&'static str>, import: Option<&Import>) -> impl Iterator<Item = Use> {
    let id = resource.and_then(|kind| Some(What::Resource(kind, import?.id.clone()?)));
    import.map(|_| What::Import).into_iter().chain(id).map(|what| Use::new(IMPORT, what))
}
