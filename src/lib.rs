//! Kubernetes operator for Huawei Cloud Direct Connect.

pub mod backoff;
pub mod cloud;
pub mod mirror;
