//! `spec.credentials` of a `CloudAccount`: how the operator authenticates.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

use super::rules;

/// How the operator authenticates: one way, and perhaps an agency that is assumed with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[x_kube(validation = rules::exactly_one("credentials", &["accessKey", "password", "workloadIdentity", "metadata", "podIdentity"]))]
#[x_kube(validation = rules::agency_by_signature())]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// accessKey authenticates with an access key from a Secret. The Secret must have the keys accessKey and secretKey. Temporary access
    /// keys also need securityToken, and can have expiresAt, the expiration time, like 2030-01-31T12:00:00Z.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_key: Option<SecretCredentials>,

    /// password authenticates with the name and password of an IAM user from a Secret. The Secret must have the keys domain, user and
    /// password. The operator requests a token from IAM and renews it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretCredentials>,

    /// workloadIdentity exchanges the token of the operator's ServiceAccount for temporary credentials and renews them: at STS for access
    /// keys of an agency (providerUrn and agencyUrn), or at IAM for a token (idpId).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload_identity: Option<WorkloadIdentity>,

    /// metadata uses temporary access keys of the agency of the node that the operator runs on, from the metadata service of the node, and
    /// renews them. Every pod on the node that can reach the service has the same rights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<NodeMetadata>,

    /// podIdentity uses temporary access keys of the agency that CCE binds to the operator's ServiceAccount, and renews them. The pod
    /// identity add-on of CCE must be installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_identity: Option<PodIdentity>,

    /// assumeAgency exchanges the credentials above for temporary access keys of an agency, for example in the account that owns the
    /// resources, and renews them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assume_agency: Option<AssumeAgency>,
}

impl Credentials {
    /// The Secret that they are in, if they are in one.
    #[must_use]
    pub fn secret(&self) -> Option<&SecretReference> {
        self.access_key.as_ref().or(self.password.as_ref()).map(|credentials| &credentials.secret_ref)
    }
}

/// Credentials that are stored in a Secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretCredentials {
    /// secretRef references the Secret.
    pub secret_ref: SecretReference,
}

/// A reference to a Secret in any namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretReference {
    /// namespace is the namespace of the Secret, 1 to 63 characters.
    #[schemars(length(min = 1, max = 63))]
    #[x_kube(validation = rules::namespace_name("namespace"))]
    pub namespace: String,

    /// name is the name of the Secret, 1 to 253 characters.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = rules::object_name("name"))]
    pub name: String,
}

/// Exchange of a `ServiceAccount` token at STS (`POST /v5/agencies/assume-with-oidc`) or at IAM (`POST /v3.0/OS-AUTH/id-token/tokens`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[x_kube(validation = rules::one_service())]
#[serde(rename_all = "camelCase")]
pub struct WorkloadIdentity {
    /// providerUrn is the URN of the OIDC identity provider at STS, like iam::ACCOUNT:oidcProvider:NAME, 1 to 512 characters. Requires
    /// agencyUrn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = rules::urn("providerUrn"))]
    pub provider_urn: Option<String>,

    /// agencyUrn is the URN of the agency, like iam::ACCOUNT:agency:NAME, 1 to 512 characters. Requires providerUrn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = rules::urn("agencyUrn"))]
    pub agency_urn: Option<String>,

    /// idpId is the name of the OIDC identity provider at IAM, 1 to 64 characters. Set it instead of providerUrn and agencyUrn where the
    /// region has no STS, or where the account uses the old IAM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = rules::identity_provider("idpId"))]
    pub idp_id: Option<String>,

    /// tokenPath is the absolute path of the token in the file system of the operator, 1 to 4096 characters. The audience of the token must
    /// be the client ID of the identity provider. Defaults to
    /// /var/run/secrets/directconnect.huaweicloud.com/serviceaccount/token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    #[x_kube(validation = rules::absolute_path("tokenPath"), validation = rules::no_api_server_token("tokenPath"))]
    pub token_path: Option<String>,
}

impl WorkloadIdentity {
    /// The path of the token: `tokenPath`, or where the chart mounts it.
    #[must_use]
    pub fn token_path(&self) -> &Path {
        const DEFAULT: &str = "/var/run/secrets/directconnect.huaweicloud.com/serviceaccount/token";
        Path::new(self.token_path.as_deref().unwrap_or(DEFAULT))
    }
}

/// The agency of the node. It has no settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NodeMetadata {}

/// The agency bound to the operator's `ServiceAccount`. It has no settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PodIdentity {}

/// An agency that is assumed at STS by its URN (`POST /v5/agencies/assume`), or at IAM by its name (`POST /v3.0/OS-CREDENTIAL/securitytokens`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[x_kube(validation = rules::one_agency())]
#[serde(rename_all = "camelCase")]
pub struct AssumeAgency {
    /// urn is the URN of the agency at STS, like iam::ACCOUNT:agency:NAME, 1 to 512 characters. It cannot be used with password or
    /// workloadIdentity.idpId, whose tokens cannot sign the request: use agencyName and domainName with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = rules::urn("urn"))]
    pub urn: Option<String>,

    /// externalId is the external ID that the trust policy of the agency asks for, 1 to 1224 characters. Only with urn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1224))]
    #[x_kube(validation = rules::external_id("externalId"))]
    pub external_id: Option<String>,

    /// agencyName is the name of the agency at IAM, 1 to 64 characters. Requires domainName.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub agency_name: Option<String>,

    /// domainName is the name of the account that the agency is in, 1 to 64 characters. Requires agencyName.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub domain_name: Option<String>,
}
