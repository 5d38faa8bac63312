//! The Direct Connect API v3 as this operator uses it. Knows nothing of Kubernetes.
//!
//! A call is a value ([`Call`]) made without IO by the resource's module, and carried out by [`Client`].

pub mod auth;
pub mod client;
pub mod errors;
pub mod resources;
pub mod throttle;

pub use auth::{Credentials, sign};
pub use client::{Answer, Call, Client, Endpoint, Limits, Listed, Method, Page, Settings};
pub use errors::{CATALOGUE, CloudError, Code, ErrorClass, OwnCode, RequestOutcome, classify, code_label};
pub use resources::{
    COMMON_OPERATIONS, CreateVifPeer, CreateVirtualGateway, CreateVirtualInterface, ExtendAttribute, QUOTA_TYPES, Quota, Quotas, Tag,
    TagAction, UpdateVifPeer, UpdateVirtualGateway, UpdateVirtualInterface, VifPeer, VirtualGateway, VirtualInterface, change_tags,
    quota_label, quotas,
};
pub use throttle::{CircuitBreakerState, Priority, QueueFull, QueueKey, RateLimiter, RateLimiterState};
