//! Watches: which objects are watched, what is kept of them, and which of them are gone.

mod merge;
pub mod relist;
pub mod shard;
pub mod stored;
pub mod strip_metadata;
