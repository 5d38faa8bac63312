//! Authentication: credentials, what they are exchanged for, signatures, and the handling of rejected credentials.
//!
//! One file for each way to authenticate: it makes the request and reads the answer. `client/authenticate.rs` sends them.

pub(in crate::cloud) mod agency;
pub(in crate::cloud) mod clock;
pub(in crate::cloud) mod credentials;
pub(in crate::cloud) mod exchange;
pub(in crate::cloud) mod id_token;
pub(in crate::cloud) mod local;
pub(in crate::cloud) mod metadata;
pub(in crate::cloud) mod password;
pub(in crate::cloud) mod pod_identity;
pub(in crate::cloud) mod proof;
pub(in crate::cloud) mod rejection;
pub(in crate::cloud) mod renewed;
pub mod sign;
pub(in crate::cloud) mod sts;
pub(in crate::cloud) mod token_file;

pub use credentials::{Agency, Credentials, PodIdentity, Surroundings};
pub use local::check_address;
pub use proof::Keys;
pub use renewed::RenewalFailure;
