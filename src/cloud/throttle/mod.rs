//! The rate limiter and the circuit breaker.

pub(in crate::cloud) mod circuit_breaker;
pub(in crate::cloud) mod rate_limiter;

pub use circuit_breaker::{CircuitBreakerState, Unanswered};
pub use rate_limiter::{Priority, QueueFull, QueueKey, RateLimiter, RateLimiterState};
