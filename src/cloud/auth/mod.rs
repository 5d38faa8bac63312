//! Who calls: credentials, signatures, tokens, and what is done about credentials that the cloud rejects.

pub(in crate::cloud) mod clock;
pub(in crate::cloud) mod credentials;
pub(in crate::cloud) mod rejection;
pub mod sign;

pub use credentials::Credentials;
