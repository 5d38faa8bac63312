//! The parts of a bundle for support: its archive, and what is masked in it.

mod archive;
mod forms;
mod mask;

pub use archive::{Files, zip};
pub use mask::Masks;
