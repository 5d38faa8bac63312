//! The services that an account calls, and where.

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

/// The base URL of a service, without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseUrl {
    /// The only one.
    Configured(String),
    /// The first one whose name resolves.
    OneOf([String; 2]),
}

impl From<&str> for BaseUrl {
    fn from(url: &str) -> Self {
        Self::Configured(url.trim_end_matches('/').to_owned())
    }
}
