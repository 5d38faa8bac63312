//! Authentication: credentials, signatures, tokens, and the handling of rejected credentials.

pub(in crate::cloud) mod clock;
pub(in crate::cloud) mod credentials;
pub(in crate::cloud) mod rejection;
pub mod sign;

pub use credentials::Credentials;
