//! What an error asks for. Each class has one behaviour in the reconciler.

/// What an error asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The resource is not there: gone when read or deleted, a missing dependency when created.
    Absent,
    /// The request breaks a rule; only another spec helps.
    Invalid,
    /// Another resource holds what is asked for (VLAN, VPC).
    Conflict,
    /// Something still uses the resource.
    InUse,
    /// The resource or its gateway is in transition; soon again.
    Busy,
    /// Too many calls; wait a minute.
    Throttled,
    /// A quota or a device's capacity is used up.
    Quota,
    /// The credentials lack a permission.
    Permission,
    /// The credentials are not accepted.
    Auth,
    /// The region lacks the API, or the vendor must change a configuration.
    Unsupported,
    /// The cloud failed, was not reached or answered something unreadable; again with backoff.
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

    /// Whether it may pass by itself.
    #[must_use]
    pub const fn passes(self) -> bool {
        matches!(self, Self::Server | Self::Throttled | Self::Busy)
    }

    /// Every class there is.
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

    /// What a user can do about it.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Absent => {
                "Of a line that is deleted: nothing, it is gone. Of one that is created: see whether what it names (connection, gateway, interface) is in the cloud, and correct the id if it never will be."
            }
            Self::Invalid => {
                "Correct the spec as the message says; a changed spec is taken up at once. Where the spec is right and the cloud was not ready for it, wait: it is tried again."
            }
            Self::Conflict => "Choose another VLAN or VPC, or take over with `spec.import` what holds it.",
            Self::InUse => {
                "Remove what still uses it. Objects of this cluster go in the right order by themselves; what somebody made outside of it is named by nobody but the cloud."
            }
            Self::Busy => "Wait. The cloud is still at work on this or on a neighbour.",
            Self::Throttled => {
                "Wait. If it stays so, lower `spec.rateLimit` of the CloudAccount, or find out who else calls with this user."
            }
            Self::Quota => {
                "Delete what is not needed, or have the quota raised; for capacity of the cloud's devices ask its support, with the request id."
            }
            Self::Permission => "Give the IAM user the permission for the operation in `status.lastError`, in this project and region.",
            Self::Auth => {
                "Correct the Secret of the CloudAccount; a changed one is taken up by itself. Check the clock, too: signatures are refused when it is off."
            }
            Self::Unsupported => {
                "Check `spec.endpoints` and the region; leave out what the region lacks, or ask the cloud's support, with the request id."
            }
            Self::Server => "Wait. If it stays so, check network and proxy, then ask the cloud's support, with the request id.",
        }
    }
}
