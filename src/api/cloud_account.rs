//! `CloudAccount`: an account of the cloud in one region, managed by the platform team.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

pub use super::cloud_account_credentials::{
    AssumeAgency, Credentials, NodeMetadata, PodIdentity, SecretCredentials, SecretReference, WorkloadIdentity,
};
pub use super::cloud_account_status::{CloudAccountStatus, EndpointsInUse, Quota};
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
    validation = rules::project_of_objects(),
    doc = "A CloudAccount is an account of Huawei Cloud in one region. It defines the endpoints, the credentials, and what each namespace may use.",
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
    /// region is the region, for example eu-west-101. It determines the default endpoints. At most 32 characters. Immutable.
    #[schemars(length(min = 1, max = 32))]
    #[x_kube(validation = rules::region("region"), validation = rules::fixed("region"))]
    pub region: String,

    /// endpoints overrides the base URLs that are derived from the region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<Endpoints>,

    /// projectId is the ID of the project, 32 hexadecimal digits. If not set, the operator looks up the project with the name of the region
    /// in IAM and reports it in status.projectId. It can change only while no object uses the account (status.managedObjects is 0), or to the
    /// project in status.projectId.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    #[x_kube(validation = rules::project("projectId"))]
    pub project_id: Option<String>,

    /// credentials defines how the operator authenticates. Exactly one of accessKey, password, workloadIdentity, metadata and podIdentity must be set.
    pub credentials: Credentials,

    /// allowedNamespaces selects the namespaces whose objects may use the account. If not set, all namespaces may use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_namespaces: Option<Namespaces>,

    /// grants restricts what each namespace may use. If not set, every allowed namespace may use everything. At most 64 items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub grants: Vec<Grant>,

    /// defaults apply to objects that do not set the corresponding field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defaults: Option<Defaults>,

    /// syncInterval is the interval at which cloud resources are compared with the specs, a duration like 90s, 5m or 1h30m, from 30s to
    /// 24h. Defaults to 5m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    #[x_kube(validation = rules::duration("syncInterval", "30s", "24h"))]
    pub sync_interval: Option<String>,

    /// rateLimit limits the API calls of the operator to the cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,

    /// features tells which optional features of the API the region supports. If not set, the operator detects them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Features>,
}

/// Base URLs of the cloud's services.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[schemars(transform = rules::secure_endpoints())]
#[serde(rename_all = "camelCase")]
pub struct Endpoints {
    /// dc is the base URL of Direct Connect, at most 512 characters. Defaults to `https://dcaas.REGION.myhuaweicloud.com`, or to the domain
    /// myhuaweicloud.eu where that name does not resolve. status.endpoints shows which one is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    #[x_kube(validation = rules::base_url("endpoints.dc"))]
    pub dc: Option<String>,

    /// iam is the base URL of IAM, at most 512 characters. Defaults to `https://iam.REGION.myhuaweicloud.com`, or to the domain
    /// myhuaweicloud.eu where that name does not resolve. In regions that start with eu-west-1, myhuaweicloud.eu comes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    #[x_kube(validation = rules::base_url("endpoints.iam"))]
    pub iam: Option<String>,

    /// sts is the base URL of STS, at most 512 characters. Only used with workloadIdentity.providerUrn and assumeAgency.urn. Any region's STS
    /// serves. Defaults to `https://sts.REGION.myhuaweicloud.com`, or to the domain myhuaweicloud.eu where that name does not resolve. In regions
    /// that start with eu-west-1, myhuaweicloud.eu comes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    #[x_kube(validation = rules::base_url("endpoints.sts"))]
    pub sts: Option<String>,

    /// insecure allows base URLs that start with http://. Use it only for tests: credentials are then sent unencrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insecure: Option<bool>,

    /// caBundle contains PEM-encoded CA certificates that are trusted in addition to the public ones, at most 65536 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 65536))]
    #[x_kube(validation = rules::pem_certificates("endpoints.caBundle"))]
    pub ca_bundle: Option<String>,
}

/// Selects namespaces by name or by label. Exactly one of the fields must be set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[x_kube(validation = rules::exactly_one("namespaces", &["names", "selector"]))]
#[serde(rename_all = "camelCase")]
pub struct Namespaces {
    /// names lists the namespaces. An empty list selects none. At most 256 items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256), inner(length(min = 1, max = 63)))]
    #[schemars(transform = rules::namespace_names("names"))]
    pub names: Option<Vec<String>>,

    /// selector selects namespaces by their labels. An empty selector selects all namespaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = rules::label_selector)]
    pub selector: Option<LabelSelector>,
}

/// What some namespaces may use. A list that is not set allows everything of its kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// namespaces selects the namespaces that the grant applies to.
    pub namespaces: Namespaces,

    /// connectionIds lists the IDs of the connections that may be used, UUIDs. If not set, all may be used. At most 64 items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), inner(length(max = 36)))]
    #[schemars(transform = rules::uuids("connectionIds"))]
    pub connection_ids: Option<Vec<String>>,

    /// vpcIds lists the IDs of the VPCs and enterprise routers, and of the global gateways and connect gateways named by their ID, that may be
    /// used, UUIDs. A gateway that is referred to as an object needs no ID here. If not set, all may be used. At most 64 items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), inner(length(max = 36)))]
    #[schemars(transform = rules::uuids("vpcIds"))]
    pub vpc_ids: Option<Vec<String>>,

    /// globalEipIds lists the IDs of the global EIPs, and of the segments of them, that may be bound to connect gateways, UUIDs. If not set,
    /// all may be bound. At most 64 items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), inner(length(max = 36)))]
    #[schemars(transform = rules::uuids("globalEipIds"))]
    pub global_eip_ids: Option<Vec<String>>,

    /// gcbIds lists the IDs of the global connection bandwidths that may be used, UUIDs. If not set, all may be used. At most 64 items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), inner(length(max = 36)))]
    #[schemars(transform = rules::uuids("gcbIds"))]
    pub gcb_ids: Option<Vec<String>>,

    /// vlans lists the VLANs that may be used, as numbers or ranges from 0 to 3999, like 100 or 100-199. If not set, all may be used. At
    /// most 64 items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), inner(length(min = 1, max = 9)))]
    #[schemars(transform = rules::vlan_ranges("vlans"))]
    pub vlans: Option<Vec<String>>,

    /// maxBandwidth is the maximum bandwidth of one virtual interface in Mbit/s, 2 to 400000. If not set, the bandwidth is not limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 400_000))]
    pub max_bandwidth: Option<i32>,

    /// import is Allow (default) or Deny. Deny: objects must not adopt existing cloud resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportGrant>,
}

/// Whether objects may adopt existing cloud resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::described_by_its_field)]
pub enum ImportGrant {
    /// They may adopt existing resources.
    #[default]
    Allow,
    /// They may only create resources.
    Deny,
}

/// Defaults for objects of the account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Defaults {
    /// deletionPolicy is the default of spec.policy.deletion: Delete or Retain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,

    /// driftPolicy is the default of spec.policy.drift: Correct, Detect or Ignore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift_policy: Option<DriftPolicy>,

    /// tags are added to every cloud resource. If an object sets the same key, the value of the object is used. At most 9 tags, including
    /// those of the object. Keys and values are as in spec.tags of an object.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    #[schemars(extend("maxProperties" = 9, "x-kubernetes-map-type" = "atomic"))]
    #[schemars(transform = rules::tag_values)]
    #[x_kube(validation = rules::tag_keys())]
    pub tags: Tags,

    /// ignoreTags lists tags that are ignored on every cloud resource, in addition to spec.policy.ignoreTags of the object. At most 32 items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(min = 1, max = 129)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    #[schemars(transform = rules::tag_patterns("ignoreTags"))]
    pub ignore_tags: Vec<String>,

    /// enterpriseProjectId is the ID of the enterprise project, a UUID, or 0 for the default enterprise project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 36))]
    #[x_kube(validation = rules::enterprise_project("enterpriseProjectId"))]
    pub enterprise_project_id: Option<String>,
}

/// Limits of the API calls to the cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct RateLimit {
    /// readsPerMinute is the maximum number of read calls per minute, 1 to 60000. Defaults to 600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 60000))]
    pub reads_per_minute: Option<i32>,

    /// writesPerMinute is the maximum number of write calls per minute, 1 to 60000. Defaults to 60.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 60000))]
    pub writes_per_minute: Option<i32>,

    /// burst is the maximum number of calls that can be made at once after an idle period, 1 to 1000. Defaults to 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub burst: Option<i32>,
}

/// Optional features of the API that not every region supports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Features {
    /// tags is auto (default), enabled or disabled. auto: the operator uses tags until the region rejects them. enabled: it always uses
    /// tags. disabled: it never does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Feature>,

    /// globalGateways is auto (default), enabled or disabled. auto and enabled: the operator uses global gateways, their peer links and
    /// their routes; in a region that does not have them, their objects say Unsupported. disabled: it makes no call for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub global_gateways: Option<Feature>,

    /// connectGateways is auto (default), enabled or disabled. auto and enabled: the operator uses connect gateways and their global EIPs;
    /// in a region that does not have them, their objects say Unsupported. disabled: it makes no call for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_gateways: Option<Feature>,

    /// hostedConnections is auto (default), enabled or disabled. auto and enabled: the operator uses hosted connections; in a region that
    /// does not have them, their objects say Unsupported. disabled: it makes no call for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosted_connections: Option<Feature>,
}

impl Features {
    /// Whether `feature` may be used.
    #[must_use]
    pub fn allow(&self, feature: fn(&Self) -> Option<Feature>) -> bool {
        feature(self) != Some(Feature::Disabled)
    }
}

/// Whether the operator uses a feature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = rules::described_by_its_field)]
#[serde(rename_all = "lowercase")]
pub enum Feature {
    /// Until the cloud rejects it.
    #[default]
    Auto,
    /// Always.
    Enabled,
    /// Never.
    Disabled,
}

impl CloudAccountSpec {
    /// Interval of the periodic sync: `spec.syncInterval`, by default 5 minutes, at least 30 seconds.
    #[must_use]
    pub fn sync_interval(&self) -> Duration {
        const DEFAULT: Duration = Duration::from_mins(5);
        const FLOOR: Duration = Duration::from_secs(30);
        let given = self.sync_interval.as_deref().and_then(parse_duration);
        given.unwrap_or(DEFAULT).max(FLOOR)
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
    fn the_sync_interval_has_a_default_and_a_floor() {
        for (given, seconds) in [(None, 300), (Some("1h30m"), 5400), (Some("90s"), 90), (Some("500ms"), 30)] {
            let mut spec = account(serde_json::json!({ "region": "r", "credentials": { "metadata": {} } }));
            spec.sync_interval = given.map(str::to_owned);
            assert_eq!(spec.sync_interval(), Duration::from_secs(seconds), "{given:?}");
        }
    }
}
