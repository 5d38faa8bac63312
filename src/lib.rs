//! Kubernetes operator for Huawei Cloud Direct Connect.
