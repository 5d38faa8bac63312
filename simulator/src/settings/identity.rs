//! The identity services: who trusts whom, and how long what they issue is valid. The defaults are the seeds of `docs/simulator.md`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityServices {
    /// By name, which of the older IAM is the id.
    pub providers: BTreeMap<String, Provider>,
    /// By name.
    pub agencies: BTreeMap<String, Agency>,
    pub metadata: Metadata,
    pub pod_identity: PodIdentity,
    pub id_tokens: IdTokens,
    /// Lifetime of everything that is issued for an identity, also below the documented minimum. `None`: as long as the request asks for.
    pub lifetime_s: Option<u32>,
    /// Error code for a temporary key that has expired, as none is documented.
    pub expired_key_code: String,
}

/// An identity provider of an account, for OIDC.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Provider {
    /// Name of the account. `None` is the first one, as in all of these settings.
    pub domain: Option<String>,
    /// The claim `iss`. `None` accepts any.
    pub issuer: Option<String>,
    /// One of them must be in the claim `aud`.
    pub client_ids: Vec<String>,
    /// The public keys of the issuer (RFC 7517). `None`: signatures are not verified.
    pub jwks: Option<Value>,
}

/// An agency of an account. With a trust policy it is what the vendor calls a trust agency.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Agency {
    pub domain: Option<String>,
    /// The provider whose tokens may assume it. `None`: no tokens.
    pub provider: Option<String>,
    /// Values of the claim `sub` that may. A `*` at the end stands for any rest.
    pub subjects: Vec<String>,
    /// Names of the accounts whose keys may assume it.
    pub trusted_domains: Vec<String>,
    /// What a caller by keys must state.
    pub external_id: Option<String>,
    /// The longest session by STS.
    pub max_session_s: u32,
}

/// The metadata service of the node.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metadata {
    pub versions: MetadataVersions,
    /// Status of a request for a token where there is no V2: 404, 405 or 503.
    pub no_v2_status: u16,
    /// The agency of the node. The name of no agency: it has none.
    pub agency: String,
    /// Lifetime of keys, as none is documented.
    pub key_lifetime_s: u32,
    /// Lifetime of tokens, also below the documented minimum. `None`: as long as the request asks for.
    pub token_lifetime_s: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetadataVersions {
    V1,
    V2,
    Both,
}

/// The pod identity agent of the node.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PodIdentity {
    /// Agencies by `NAMESPACE/SERVICEACCOUNT`.
    pub associations: BTreeMap<String, String>,
    /// What the claim `aud` must hold.
    pub audience: String,
    /// Whether the agencies are trust agencies: only then the answer names the session and the audience.
    pub trust_agencies: bool,
    /// Lifetime of keys, as none is documented.
    pub key_lifetime_s: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdTokens {
    /// The claims decide, and the signature where the provider has a JWKS.
    Checked,
    /// Every text is a token of whoever may.
    Any,
}

impl Default for IdentityServices {
    fn default() -> Self {
        let provider = Provider { client_ids: vec!["direct-connect-operator".to_owned()], ..Provider::default() };
        let by_token =
            Agency { provider: Some("cluster".to_owned()), subjects: vec!["system:serviceaccount:*".to_owned()], ..Agency::default() };
        let by_keys = Agency { trusted_domains: vec!["simulated-domain".to_owned()], ..Agency::default() };
        let partners = Agency { domain: Some("simulated-partner".to_owned()), ..by_keys.clone() };
        let agencies = [
            ("direct-connect", by_token),
            ("node", Agency::default()),
            ("pods", Agency::default()),
            ("second", by_keys),
            ("partner", partners),
        ];
        Self {
            providers: BTreeMap::from([("cluster".to_owned(), provider)]),
            agencies: agencies.into_iter().map(|(name, agency)| (name.to_owned(), agency)).collect(),
            metadata: Metadata::default(),
            pod_identity: PodIdentity::default(),
            id_tokens: IdTokens::Checked,
            lifetime_s: None,
            expired_key_code: "APIGW.0301".to_owned(),
        }
    }
}

impl Default for Agency {
    fn default() -> Self {
        Self { domain: None, provider: None, subjects: Vec::new(), trusted_domains: Vec::new(), external_id: None, max_session_s: 3600 }
    }
}

impl Default for Metadata {
    fn default() -> Self {
        let agency = "node".to_owned();
        Self { versions: MetadataVersions::Both, no_v2_status: 404, agency, key_lifetime_s: 21_600, token_lifetime_s: None }
    }
}

impl Default for PodIdentity {
    fn default() -> Self {
        let associations = BTreeMap::from([("direct-connect/direct-connect-operator".to_owned(), "pods".to_owned())]);
        Self { associations, audience: "service.cce.pods".to_owned(), trust_agencies: true, key_lifetime_s: 3600 }
    }
}

impl Agency {
    /// Whether a token with this claim `sub` may assume it.
    pub fn trusts_subject(&self, subject: &str) -> bool {
        let fits = |pattern: &String| pattern.strip_suffix('*').map_or(pattern == subject, |beginning| subject.starts_with(beginning));
        self.subjects.iter().any(fits)
    }
}

impl IdentityServices {
    /// The lifetime of what is issued for `asked` seconds.
    pub fn lifetime(&self, asked: u32) -> u32 {
        self.lifetime_s.unwrap_or(asked)
    }
}
