//! The Direct Connect API v3 as this operator uses it. Knows nothing of Kubernetes.
//!
//! Each module knows only those before it in this list:
//!
//! - `endpoint`: the services that are called.
//! - [`regions`]: the base URLs of the services in each region.
//! - [`errors`]: what can go wrong with a call.
//! - [`auth`]: credentials, what they are exchanged for, signatures.
//! - `limits`: the bounds that all clients keep.
//! - [`throttle`]: rate limiter and circuit breaker.
//! - `call`: one call as a value ([`Call`]), made without IO.
//! - [`resources`]: the wire types of each collection, and its calls.
//! - [`client`]: carries out calls ([`Client`]).

pub mod auth;
mod call;
pub mod client;
mod endpoint;
pub mod errors;
mod limits;
pub mod regions;
pub mod resources;
pub mod throttle;

pub use auth::{Agency, Credentials, Keys, PodIdentity, RenewalFailure, Surroundings, check_address, sign};
pub use call::{Call, Method};
pub use client::{Answer, Client, Page, Settings};
pub use endpoint::{BaseUrl, Endpoint};
pub use errors::{CATALOGUE, CloudError, Code, ErrorClass, OwnCode, RequestOutcome, classify, code_label};
pub use limits::Limits;
pub use resources::*;
pub use throttle::{CircuitBreakerState, Priority, QueueFull, QueueKey, RateLimiter, RateLimiterState, Unanswered};
