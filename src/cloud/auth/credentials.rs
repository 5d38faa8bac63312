//! Credentials: how an account proves who it is (`docs/design/cloud-api.md#authentication`).

use jiff::Timestamp;
use secrecy::SecretString;
use std::path::PathBuf;

use super::proof::Keys;

/// Credentials of one account. Has no `Debug`: it holds secrets.
#[derive(Clone)]
pub enum Credentials {
    /// Requests are signed; with a security token when the key is temporary. Nobody renews them.
    AccessKey {
        keys: Keys,
        /// Expiry of a temporary key, if it is known.
        expires_at: Option<Timestamp>,
    },
    /// A token is fetched from IAM and sent as `X-Auth-Token`.
    Password {
        /// Name of the Huawei Cloud account.
        domain: String,
        /// Name of the IAM user.
        user: String,
        password: SecretString,
    },
    /// An id token is exchanged at STS for temporary keys of an agency.
    WebIdentity {
        /// URN of the identity provider.
        provider_urn: String,
        /// URN of the agency.
        agency_urn: String,
        /// File with the id token.
        token_path: PathBuf,
    },
    /// An id token is exchanged at IAM for a token.
    IdToken {
        /// Name of the identity provider.
        idp_id: String,
        /// File with the id token.
        token_path: PathBuf,
    },
    /// Temporary keys of the agency of the node.
    Metadata {
        /// Base URL of the metadata service.
        endpoint: String,
    },
    /// Temporary keys of the agency that CCE binds to the pod's `ServiceAccount`.
    PodIdentity(PodIdentity),
    /// Temporary keys of an agency, which those of another way are exchanged for.
    Agency {
        /// That way.
        by: Box<Credentials>,
        agency: Agency,
    },
}

/// An agency that is assumed with keys or a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agency {
    /// At STS, by a signed request.
    Urn {
        urn: String,
        /// What the agency's trust policy may ask for.
        external_id: Option<String>,
    },
    /// At IAM.
    Name {
        /// Name of the agency.
        agency: String,
        /// Name of the account that it is in.
        domain: String,
    },
}

/// Where the agent of CCE's pod identity is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodIdentity {
    /// Its address.
    pub uri: String,
    /// File with the token that it asks for.
    pub token_file: PathBuf,
}

impl PodIdentity {
    /// Variable with the agent's address, which the vendor's SDKs read too.
    pub const URI: &str = "HC_CONTAINER_CREDENTIALS_FULL_URI";
    /// Variable with the path of the token's file.
    pub const TOKEN_FILE: &str = "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE";

    /// From the environment, in which CCE sets both variables. `None` unless both are there.
    #[must_use]
    pub fn from_env() -> Option<Self> {
        let value = |name| std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        Some(Self { uri: value(Self::URI)?, token_file: value(Self::TOKEN_FILE)?.into() })
    }
}

/// What the operator's pod finds around it: the same for all accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// Base URL of the metadata service of the node.
    pub metadata_endpoint: String,
    /// The agent of pod identity, if CCE has told of it.
    pub pod_identity: Option<PodIdentity>,
}

impl Credentials {
    /// What must be redacted from the start.
    pub(in crate::cloud) fn secrets(&self) -> Vec<SecretString> {
        match self {
            Self::AccessKey { keys, expires_at: _ } => keys.secrets(),
            Self::Password { domain: _, user: _, password } => vec![password.clone()],
            Self::Agency { by, agency: _ } => by.secrets(),
            Self::WebIdentity { .. } | Self::IdToken { .. } | Self::Metadata { .. } | Self::PodIdentity(_) => Vec::new(),
        }
    }

    /// When keys expire that nobody renews, if that is known.
    pub(in crate::cloud) fn end(&self) -> Option<Timestamp> {
        match self {
            Self::AccessKey { expires_at, .. } => *expires_at,
            Self::Agency { by, agency: _ } => by.end(),
            Self::Password { .. } | Self::WebIdentity { .. } | Self::IdToken { .. } | Self::Metadata { .. } | Self::PodIdentity(_) => None,
        }
    }
}
