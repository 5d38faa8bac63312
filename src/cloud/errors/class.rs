//! Classes of errors. The reconciler handles all errors of one class alike.

/// What kind of problem an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The resource does not exist: it is gone when read or deleted, or a dependency is missing when created.
    Absent,
    /// The request is invalid; the spec must be changed.
    Invalid,
    /// Another resource uses the VLAN or the VPC.
    Conflict,
    /// The resource is still in use.
    InUse,
    /// The resource or its gateway is in transition; retried soon.
    Busy,
    /// Too many calls.
    Throttled,
    /// A quota or a device's capacity is exhausted.
    Quota,
    /// The credentials lack a permission.
    Permission,
    /// The credentials are rejected.
    Auth,
    /// The region does not have the API, or the vendor must change a configuration.
    Unsupported,
    /// The cloud failed, was not reached or sent an unreadable answer; retried with backoff.
    Server,
}

impl ErrorClass {
    /// Label for metrics and logs.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Invalid => "invalid",
            Self::Conflict => "conflict",
            Self::InUse => "in_use",
            Self::Busy => "busy",
            Self::Throttled => "throttled",
            Self::Quota => "quota",
            Self::Permission => "permission",
            Self::Auth => "auth",
            Self::Unsupported => "unsupported",
            Self::Server => "server",
        }
    }

    /// Whether the problem may go away without a change.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::Server | Self::Throttled | Self::Busy)
    }

    pub const ALL: [Self; 11] = [
        Self::Absent,
        Self::Invalid,
        Self::Conflict,
        Self::InUse,
        Self::Busy,
        Self::Throttled,
        Self::Quota,
        Self::Permission,
        Self::Auth,
        Self::Unsupported,
        Self::Server,
    ];

    /// What a user can do.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Absent => {
                "When a resource is deleted: nothing, it is gone. When it is created: check that the connection, gateway or interface that the spec refers to exists in the cloud, and correct the id if not."
            }
            Self::Invalid => {
                "Correct the spec as the message says; it is retried at once. If the spec is right and the cloud was not ready for it, wait: the operator retries."
            }
            Self::Conflict => "Choose another VLAN or VPC, or import the resource that uses it with `spec.import`.",
            Self::InUse => {
                "Delete the resources that use it. The operator deletes objects of this cluster in the right order; resources that were created elsewhere are shown by the cloud only."
            }
            Self::Busy => "Wait. The cloud is still changing this resource or a related one.",
            Self::Throttled => {
                "Wait. If it persists, lower `spec.rateLimit` of the CloudAccount, or find out which other client uses this IAM user."
            }
            Self::Quota => {
                "Delete resources that are not needed, or request a higher quota. For capacity of the cloud's devices contact its support with the request id."
            }
            Self::Permission => "Grant the IAM user the permission for the operation in `status.lastError`, in this project and region.",
            Self::Auth => {
                "Correct the Secret of the CloudAccount; the operator notices the change. Without a Secret, correct the identity provider, the agency or its trust policy. Check the clock too: a signature with a wrong time is refused."
            }
            Self::Unsupported => {
                "Check `spec.endpoints` and the region. Remove settings that the region does not support, or contact the cloud's support with the request id."
            }
            Self::Server => "Wait. If it persists, check network and proxy, then contact the cloud's support with the request id.",
        }
    }
}
