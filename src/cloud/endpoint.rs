//! The services that an account calls.

/// The services that an account calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Direct Connect.
    Dc,
    /// Identity and access management.
    Iam,
    /// Security token service.
    Sts,
}

impl Endpoint {
    /// Label for metrics and logs.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Dc => "dc",
            Self::Iam => "iam",
            Self::Sts => "sts",
        }
    }
}
