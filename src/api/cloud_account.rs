//! `CloudAccount`: one account of the cloud in one region, owned by the platform team.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

pub use super::cloud_account_status::{CloudAccountStatus, Quota};
use super::common::{DeletionPolicy, DriftPolicy, Tags};
use super::rules;

/// One account of the cloud in one region.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "directconnect.huaweicloud.com",
    version = "v1alpha1",
    kind = "CloudAccount",
    plural = "cloudaccounts",
    shortname = "dcaccount",
    category = "directconnect",
    status = "CloudAccountStatus",
    derive = "PartialEq",
    doc = "An account of Huawei Cloud in one region: how to reach it, with which credentials, and who may use what of it.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "Region", type_ = "string", json_path = ".spec.region"),
    printcolumn(name = "Project", type_ = "string", json_path = ".status.projectId"),
    printcolumn(name = "Objects", type_ = "integer", json_path = ".status.managedObjects"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Message", type_ = "string", priority = "1", json_path = r#".status.conditions[?(@.type=="Ready")].message"#)
)]
#[serde(rename_all = "camelCase")]
pub struct CloudAccountSpec {
    /// Region, for example eu-west-101; gives the default endpoints. At most 32 characters. Immutable.
    #[schemars(length(min = 1, max = 32))]
    #[x_kube(validation = rules::region("region"), validation = rules::fixed("region"))]
    pub region: String,

    /// Base URLs in place of those derived from the region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<Endpoints>,

    /// Id of the project, 32 hex digits. Absent: looked up at IAM by the region's name, and shown in status.projectId. Immutable once set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    #[x_kube(validation = rules::project("projectId"), validation = rules::fixed("projectId"))]
    pub project_id: Option<String>,

    /// How to authenticate. Exactly one of the fields.
    pub credentials: Credentials,

    /// The namespaces whose objects may use the account. Absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_namespaces: Option<Namespaces>,

    /// Who may use what. Absent: every allowed namespace may use everything. At most 64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub grants: Vec<Grant>,

    /// What holds for objects that do not say it themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defaults: Option<Defaults>,

    /// How often the cloud is compared with the specs: a duration like 90s, 5m or 1h30m, from 30s to 24h. Absent: 5m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    #[x_kube(validation = rules::duration("syncInterval", "30s", "24h"))]
    pub sync_interval: Option<String>,

    /// How many calls the operator may make to the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,

    /// Whether the region has what some regions lack. Absent: found out by calling it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Features>,
}

/// Base URLs in place of those derived from the region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[schemars(transform = rules::secure_endpoints())]
#[serde(rename_all = "camelCase")]
pub struct Endpoints {
    /// Base URL of Direct Connect, at most 512 characters. Absent: `https://dcaas.REGION.myhuaweicloud.com`, in regions eu-west-1…
    /// the domain is myhuaweicloud.eu.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    #[x_kube(validation = rules::base_url("endpoints.dc"))]
    pub dc: Option<String>,

    /// Base URL of IAM, at most 512 characters. Absent: `https://iam.REGION.myhuaweicloud.com`, in regions eu-west-1…
    /// the domain is myhuaweicloud.eu.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    #[x_kube(validation = rules::base_url("endpoints.iam"))]
    pub iam: Option<String>,

    /// Base URL of STS, at most 512 characters. Absent: `https://sts.REGION.myhuaweicloud.com`, in regions eu-west-1…
    /// the domain is myhuaweicloud.eu. Used with workloadIdentity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    #[x_kube(validation = rules::base_url("endpoints.sts"))]
    pub sts: Option<String>,

    /// Whether base URLs may be http. Only for tests: credentials then travel in clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insecure: Option<bool>,

    /// Certificates that are trusted besides the public ones, PEM, at most 65536 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 65536))]
    #[x_kube(validation = rules::pem_certificates("endpoints.caBundle"))]
    pub ca_bundle: Option<String>,
}

/// How to authenticate. Exactly one of the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[x_kube(validation = rules::exactly_one("credentials", &["accessKey", "password", "workloadIdentity", "metadata", "podIdentity"]))]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// Access key and secret key: the keys accessKey, secretKey and, for temporary ones, securityToken of the Secret; expiresAt (a time like 2030-01-31T12:00:00Z), if there, says when they end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_key: Option<SecretCredentials>,

    /// IAM user and password: the keys domain, user and password of the Secret. A token is fetched from IAM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretCredentials>,

    /// The operator's own ServiceAccount token, exchanged at STS for the keys of an agency. Not supported by this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload_identity: Option<WorkloadIdentity>,

    /// The agency of the node that the operator runs on. Not supported by this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<NodeMetadata>,

    /// The agency that CCE binds to the operator's ServiceAccount. Not supported by this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_identity: Option<PodIdentity>,
}

/// Credentials that a Secret holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretCredentials {
    /// The Secret.
    pub secret_ref: SecretReference,
}

/// Names a `Secret` of any namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretReference {
    /// Namespace of the Secret, 1 to 63 characters.
    #[schemars(length(min = 1, max = 63))]
    #[x_kube(validation = rules::namespace_name("namespace"))]
    pub namespace: String,

    /// Name of the Secret, 1 to 253 characters.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = rules::object_name("name"))]
    pub name: String,
}

/// Exchange of a `ServiceAccount` token at STS (`POST /v5/agencies/assume-with-oidc`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadIdentity {
    /// URN of the identity provider, 1 to 512 characters.
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = rules::urn("providerUrn"))]
    pub provider_urn: String,

    /// URN of the agency, 1 to 512 characters.
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = rules::urn("agencyUrn"))]
    pub agency_urn: String,

    /// Absolute path of the token in the operator's file system, 1 to 4096 characters.
    #[schemars(length(min = 1, max = 4096))]
    #[x_kube(validation = rules::absolute_path("tokenPath"))]
    pub token_path: String,
}

/// The agency of the node; nothing to set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NodeMetadata {}

/// The agency bound to the operator's `ServiceAccount`; nothing to set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PodIdentity {}

/// Namespaces, by name or by label. Exactly one of the fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[x_kube(validation = rules::exactly_one("namespaces", &["names", "selector"]))]
#[serde(rename_all = "camelCase")]
pub struct Namespaces {
    /// Names of namespaces, at most 256. An empty list is no namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256), inner(length(min = 1, max = 63)))]
    #[schemars(transform = rules::namespace_names("names"))]
    pub names: Option<Vec<String>>,

    /// Labels of namespaces. An empty selector is all namespaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = rules::label_selector)]
    pub selector: Option<LabelSelector>,
}

/// What some namespaces may use. An absent list allows all of its kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// The namespaces.
    pub namespaces: Namespaces,

    /// Ids of the connections that may be used, UUIDs, at most 64. Absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), inner(length(max = 36)))]
    #[schemars(transform = rules::uuids("connectionIds"))]
    pub connection_ids: Option<Vec<String>>,

    /// Ids of the VPCs that may be used, UUIDs, at most 64. Absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), inner(length(max = 36)))]
    #[schemars(transform = rules::uuids("vpcIds"))]
    pub vpc_ids: Option<Vec<String>>,

    /// VLANs that may be used, as numbers or ranges from 0 to 3999 like 100 or 100-199, at most 64. Absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), inner(length(min = 1, max = 9)))]
    #[schemars(transform = rules::vlan_ranges("vlans"))]
    pub vlans: Option<Vec<String>>,

    /// Largest bandwidth of one interface in Mbit/s, 2 to 400000. Absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 400_000))]
    pub max_bandwidth: Option<i32>,

    /// Whether existing cloud objects may be taken over: Allow (default) or Deny.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportGrant>,
}

/// Whether existing cloud objects may be taken over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::told_by_its_field)]
pub enum ImportGrant {
    /// They may.
    #[default]
    Allow,
    /// They may not.
    Deny,
}

/// For objects that say nothing themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Defaults {
    /// For objects without spec.policy.deletion: Delete or Retain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,

    /// For objects without spec.policy.drift: Correct, Detect or Ignore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift_policy: Option<DriftPolicy>,

    /// Tags for every object, besides its own; the object's value wins. At most 9, and with the object's own
    /// no more either. Keys of 1 to 128 characters, not beginning with _sys_ and other than direct-connect-operator-owner; values of 0
    /// to 255 characters.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    #[schemars(extend("maxProperties" = 9))]
    #[schemars(transform = rules::tag_values)]
    #[x_kube(validation = rules::tag_keys())]
    pub tags: Tags,

    /// Id of the enterprise project, a UUID or 0 for the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::enterprise_project("enterpriseProjectId"))]
    pub enterprise_project_id: Option<String>,
}

/// How many calls may be made to the cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct RateLimit {
    /// Reads per minute, 1 to 60000. Absent: 600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 60000))]
    pub reads_per_minute: Option<i32>,

    /// Writes per minute, 1 to 60000. Absent: 60.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 60000))]
    pub writes_per_minute: Option<i32>,

    /// Calls that may be made at once after a pause, 1 to 1000. Absent: 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub burst: Option<i32>,
}

/// Operations that some regions lack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Features {
    /// The operations on peers: auto (default), enabled or disabled. Without effect in this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peers: Option<Feature>,

    /// Tags in creates, and the operations on tags: auto (default: until the region refuses them), enabled or disabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Feature>,

    /// Particulars of BFD and NQA: auto (default), enabled or disabled. Without effect in this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extend_attributes: Option<Feature>,

    /// Switchover tests: auto (default), enabled or disabled. Without effect in this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switchover: Option<Feature>,
}

/// Whether an operation is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::told_by_its_field)]
#[serde(rename_all = "lowercase")]
pub enum Feature {
    /// If the cloud has it, which is found out by calling it.
    #[default]
    Auto,
    /// Always.
    Enabled,
    /// Never.
    Disabled,
}

impl CloudAccountSpec {
    /// Base URL of Direct Connect: configured, or the region's. Without a trailing slash.
    #[must_use]
    pub fn dc_endpoint(&self) -> String {
        self.endpoint("dcaas", |endpoints| endpoints.dc.as_ref())
    }

    /// Base URL of IAM: configured, or the region's. Without a trailing slash.
    #[must_use]
    pub fn iam_endpoint(&self) -> String {
        self.endpoint("iam", |endpoints| endpoints.iam.as_ref())
    }

    /// How often an account at rest is looked at: `spec.syncInterval`, 5 minutes when absent, 30 seconds at least.
    #[must_use]
    pub fn sync_interval(&self) -> Duration {
        const DEFAULT: Duration = Duration::from_mins(5);
        const FLOOR: Duration = Duration::from_secs(30);
        let given = self.sync_interval.as_deref().and_then(parse_duration);
        given.unwrap_or(DEFAULT).max(FLOOR)
    }

    /// The European sites have a domain of their own (`docs/design/uncertain-facts.md#u18`).
    fn endpoint(&self, service: &str, configured: impl Fn(&Endpoints) -> Option<&String>) -> String {
        let configured = self.endpoints.as_ref().and_then(configured);
        configured.map_or_else(
            || {
                let domain = if self.region.starts_with("eu-west-1") { "myhuaweicloud.eu" } else { "myhuaweicloud.com" };
                format!("https://{service}.{}.{domain}", self.region)
            },
            |url| url.trim_end_matches('/').to_owned(),
        )
    }
}

/// A duration as Go writes it: `1h30m`, `90s`, `500ms`. The schema's pattern admits no other.
fn parse_duration(text: &str) -> Option<Duration> {
    let signed: jiff::SignedDuration = text.parse().ok()?;
    signed.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(spec: serde_json::Value) -> CloudAccountSpec {
        serde_json::from_value(spec).unwrap()
    }

    #[test]
    fn endpoints_follow_the_region_unless_configured() {
        let credentials = serde_json::json!({ "metadata": {} });
        let default = |region: &str| account(serde_json::json!({ "region": region, "credentials": credentials }));
        assert_eq!(default("cn-north-4").dc_endpoint(), "https://dcaas.cn-north-4.myhuaweicloud.com");
        assert_eq!(default("eu-west-101").iam_endpoint(), "https://iam.eu-west-101.myhuaweicloud.eu");
        assert_eq!(default("eu-west-0").dc_endpoint(), "https://dcaas.eu-west-0.myhuaweicloud.com");
        let own = account(serde_json::json!({ "region": "r", "credentials": credentials, "endpoints": { "dc": "https://dc.example/" } }));
        assert_eq!((own.dc_endpoint().as_str(), own.iam_endpoint().as_str()), ("https://dc.example", "https://iam.r.myhuaweicloud.com"));
    }

    #[test]
    fn the_sync_interval_has_a_default_and_a_floor() {
        for (given, seconds) in [(None, 300), (Some("1h30m"), 5400), (Some("90s"), 90), (Some("500ms"), 30)] {
            let mut spec = account(serde_json::json!({ "region": "r", "credentials": { "metadata": {} } }));
            spec.sync_interval = given.map(str::to_owned);
            assert_eq!(spec.sync_interval(), Duration::from_secs(seconds), "{given:?}");
        }
    }
}
