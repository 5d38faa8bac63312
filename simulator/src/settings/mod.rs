//! The settings of the simulator. `docs/simulator.md` lists them all, which a test checks.

mod global_gateways;
mod identity;
mod switches;
mod switchovers;

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use global_gateways::{CreateTags, GatewayNextHop, RoutesAnswer, UsedGatewayDelete};
pub use identity::{Agency, IdTokens, IdentityServices, Metadata, MetadataVersions, PodIdentity, Provider};
pub use switches::{
    BindAnswer, BoundElsewhere, CidrOrder, DetectionPath, DetectionTimes, EmptyDescription, GatewayInUse, GatewaySubnets, HostedId,
    InterconnectSubnet, Md5Echo, PendingDelete, Refusal, SegmentRows, Switches,
};
pub use switchovers::{StatusAfterUndo, StatusWhileStarting};

/// The document of `--settings` and of `/admin/settings`. Unknown names are rejected.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub latencies: Latencies,
    pub settle_ms: SettleTimes,
    pub read_lag_ms: ReadLag,
    pub rate_limits: RateLimits,
    pub quotas: Quotas,
    /// Ids of VPCs that do not exist (`DC.0007`). Every other UUID is a valid VPC id.
    pub missing_vpcs: Vec<String>,
    /// The same of global EIPs (`DC.0002`).
    pub missing_global_eips: Vec<String>,
    /// Ids of enterprise routers that do not exist (`DC.0002`). Every other UUID that is no global gateway is one.
    pub missing_routers: Vec<String>,
    /// Projects that do not exist as the other side of a peer link (`DC.0002`).
    pub missing_projects: Vec<String>,
    /// The project does not exist: every call returns `APIGW.0310`, the list of projects is empty, no token is issued.
    pub project_missing: bool,
    pub token_lifetime_s: u32,
    pub identity: IdentityServices,
    /// Seconds by which the clock of the cloud is ahead of that of the machine. Negative if it is behind.
    pub clock_offset_s: i32,
    /// The number of requests kept in the log.
    pub log_capacity: usize,
    /// The size of all bodies kept in the log.
    pub log_bytes: usize,
    /// Whether responses contain fields that the vendor's documents do not list.
    pub extra_fields: bool,
    /// How optional fields without a value appear in responses.
    pub absent_fields: AbsentFields,
    /// For immutable keys in an update.
    pub immutable_keys: KeyPolicy,
    /// For undocumented keys in a body.
    pub unknown_keys: KeyPolicy,
    pub locks: Locks,
    /// Error code for an exhausted quota of gateways or interfaces, as none is documented.
    pub quota_code: String,
    /// Error code for the deletion of a connection that is paid for a period, as none is documented.
    pub prepaid_delete_code: String,
    /// Whether the connections of one gateway must be at different locations (`DC.1112`).
    pub distinct_locations: bool,
    /// Routes that a BGP session receives while it is up.
    pub received_routes: u32,
    /// Packets in percent that a detection finds lost.
    pub loss_ratio: u32,
    pub switches: Switches,
}

/// Delays before an operation is executed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Latencies {
    /// For operations that are not in `operations`.
    pub default_ms: u64,
    /// By operation id, for example `CreateVirtualInterface`.
    pub operations: BTreeMap<String, u64>,
}

/// Milliseconds in a `PENDING_*` status, of interfaces, peers, peer links and routes, and of deleted connections.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SettleTimes {
    pub create: u64,
    pub update: u64,
    pub delete: u64,
    pub virtual_gateway: GatewaySettleTimes,
    pub global_dc_gateway: GatewaySettleTimes,
    pub hosted_connection: HostedSettleTimes,
    pub global_eip: BindingSettleTimes,
    /// In which a detection measures.
    pub detection: u64,
}

/// The same of gateways. 0 by default, as the documents show their changes as instantaneous.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatewaySettleTimes {
    pub create: u64,
    pub update: u64,
    pub delete: u64,
}

/// The same of hosted connections.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HostedSettleTimes {
    pub create: u64,
    pub update: u64,
    pub delete: u64,
}

/// Milliseconds in which a global EIP is bound to a connect gateway or unbound.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BindingSettleTimes {
    pub bind: u64,
    pub unbind: u64,
}

/// Milliseconds by which reads lag behind writes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReadLag {
    /// Of lists.
    pub list: u64,
    /// Of reads of a single resource.
    pub show: u64,
    /// For how long lists still show what was deleted.
    pub ghosts: u64,
}

impl ReadLag {
    pub fn longest(&self) -> Option<Duration> {
        [self.list, self.show, self.ghosts].into_iter().max().map(Duration::from_millis)
    }
}

/// Limits per user. `None` is no limit.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimits {
    pub reads_per_minute: Option<u32>,
    pub writes_per_minute: Option<u32>,
    /// Whether throttled calls count against the limit.
    pub throttled_calls_count: bool,
    /// Whether `Retry-After` is a date by the clock of the cloud, in place of seconds.
    pub retry_after_as_date: bool,
}

impl RateLimits {
    pub fn per_minute(&self, is_read: bool) -> Option<u32> {
        if is_read { self.reads_per_minute } else { self.writes_per_minute }
    }
}

/// The first five are per project.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quotas {
    pub connections: usize,
    pub virtual_gateways: usize,
    pub virtual_interfaces: usize,
    pub connect_gateways: usize,
    pub global_eips: usize,
    /// Local subnets of a gateway (`DC.1101`).
    pub local_subnets: usize,
    /// Remote subnets of a static peer (`DC.1400`).
    pub static_routes: usize,
    /// Remote subnets of a BGP peer (`DC.1400`).
    pub bgp_routes: usize,
    /// Global gateways of a project.
    pub global_dc_gateways: usize,
    /// Peer links of a global gateway.
    pub peer_links: usize,
}

/// What a pending change locks, besides its own resource.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Locks {
    /// A pending interface locks updates of its gateway.
    pub interface_locks_gateway: bool,
    /// A pending peer locks its interface.
    pub peer_locks_interface: bool,
    /// Error code for a locked interface or peer: `DC.1210` or `DC.1205`.
    pub interface_code: String,
    /// Error code for a locked gateway.
    pub gateway_code: String,
    /// Whether an interface that is shut down for a switchover test refuses every change and its deletion (`DC.1210`).
    pub admin_shutdown: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsentFields {
    Null,
    Missing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPolicy {
    Refuse,
    Ignore,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            latencies: Latencies::default(),
            settle_ms: SettleTimes::default(),
            read_lag_ms: ReadLag::default(),
            rate_limits: RateLimits::default(),
            quotas: Quotas::default(),
            missing_vpcs: vec!["ffffffff-ffff-4fff-8fff-ffffffffffff".to_owned()],
            missing_global_eips: vec!["ffffffff-ffff-4fff-8fff-ffffffffffff".to_owned()],
            missing_routers: vec!["ffffffff-ffff-4fff-8fff-ffffffffffff".to_owned()],
            missing_projects: vec!["f".repeat(32)],
            project_missing: false,
            token_lifetime_s: 86_400,
            identity: IdentityServices::default(),
            clock_offset_s: 0,
            log_capacity: 100_000,
            log_bytes: 256 << 20,
            extra_fields: true,
            absent_fields: AbsentFields::Null,
            immutable_keys: KeyPolicy::Refuse,
            unknown_keys: KeyPolicy::Refuse,
            locks: Locks::default(),
            quota_code: "DC.1019".to_owned(),
            prepaid_delete_code: "DC.0001".to_owned(),
            distinct_locations: true,
            received_routes: 2,
            loss_ratio: 0,
            switches: Switches::default(),
        }
    }
}

impl Default for SettleTimes {
    fn default() -> Self {
        Self {
            create: 500,
            update: 500,
            delete: 500,
            virtual_gateway: GatewaySettleTimes::default(),
            global_dc_gateway: GatewaySettleTimes::default(),
            hosted_connection: HostedSettleTimes::default(),
            global_eip: BindingSettleTimes::default(),
            detection: 500,
        }
    }
}

impl Default for BindingSettleTimes {
    fn default() -> Self {
        Self { bind: 500, unbind: 500 }
    }
}

impl Default for HostedSettleTimes {
    fn default() -> Self {
        Self { create: 500, update: 500, delete: 500 }
    }
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            connections: 10,
            virtual_gateways: 5,
            virtual_interfaces: 50,
            connect_gateways: 10,
            global_eips: 100,
            local_subnets: 50,
            static_routes: 50,
            bgp_routes: 100,
            global_dc_gateways: 5,
            peer_links: 3,
        }
    }
}

impl Default for Locks {
    fn default() -> Self {
        Self {
            interface_locks_gateway: true,
            peer_locks_interface: true,
            interface_code: "DC.1210".to_owned(),
            gateway_code: "DC.1118".to_owned(),
            admin_shutdown: true,
        }
    }
}

impl Settings {
    /// Applies a JSON merge patch (RFC 7396). `null` restores a default.
    pub fn patched(&self, patch: &Value) -> Result<Self, serde_json::Error> {
        let mut document = serde_json::to_value(self)?;
        merge(&mut document, patch);
        serde_json::from_value(document)
    }

    pub fn latency_ms(&self, operation: &str) -> u64 {
        let Latencies { default_ms, operations } = &self.latencies;
        operations.get(operation).copied().unwrap_or(*default_ms)
    }
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(fields) = target else {
        return;
    };
    for (key, change) in changes {
        if change.is_null() {
            fields.remove(key);
        } else {
            merge(fields.entry(key.clone()).or_insert(Value::Null), change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Every leaf as (dotted name, value); an empty map is a leaf.
    fn leaves(prefix: &str, value: &Value, found: &mut Vec<(String, String)>) {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                for (key, inner) in fields {
                    let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                    leaves(&name, inner, found);
                }
            }
            leaf => found.push((prefix.to_owned(), leaf.to_string())),
        }
    }

    #[test]
    fn the_page_lists_every_setting_with_its_default() {
        let page = include_str!("../../../docs/simulator.md");
        let mut found = Vec::new();
        leaves("", &serde_json::to_value(Settings::default()).unwrap(), &mut found);
        let missing: Vec<String> =
            found.iter().map(|(name, default)| format!("| `{name}` | `{default}` |")).filter(|row| !page.contains(row.as_str())).collect();
        assert!(missing.is_empty(), "rows to add to docs/simulator.md:\n{}", missing.join("\n"));
        let section = page.split("\n## ").find(|part| part.starts_with("Settings"));
        let unknown: Vec<&str> = section
            .into_iter()
            .flat_map(str::lines)
            .filter(|line| line.starts_with("| `"))
            .filter(|line| !found.iter().any(|(name, _)| line.contains(&format!("| `{name}` |"))))
            .collect();
        assert!(unknown.is_empty(), "rows of settings that do not exist:\n{}", unknown.join("\n"));
    }

    #[test]
    fn the_design_has_each_switch_with_its_default() {
        let page = include_str!("../../../docs/design/uncertain-facts.md");
        let section = |number: &str| {
            page.split("\n### ").find(|section| section.lines().next() == Some(number.to_uppercase().as_str())).unwrap_or("")
        };
        let mut found = Vec::new();
        leaves("", &serde_json::to_value(Switches::default()).unwrap(), &mut found);
        let missing = found.iter().filter(|(name, default)| {
            let switch = name.split('.').next().unwrap_or(name);
            let section = section(switch.split('_').next().unwrap_or(switch));
            !section.contains(&format!("`{switch}`")) || !section.contains(default.trim_matches('"'))
        });
        let missing: Vec<_> = missing.collect();
        assert!(missing.is_empty(), "docs/design/uncertain-facts.md lacks {missing:?}");
    }

    #[test]
    fn a_patch_changes_what_it_names_and_null_restores() {
        let changed = Settings::default().patched(&json!({"quotas": {"virtual_gateways": 2}, "extra_fields": false})).unwrap();
        assert_eq!((changed.quotas.virtual_gateways, changed.quotas.virtual_interfaces, changed.extra_fields), (2, 50, false));
        let restored = changed.patched(&json!({"quotas": null})).unwrap();
        assert_eq!(restored.quotas.virtual_gateways, 5);
        assert!(Settings::default().patched(&json!({"switches": {"u99": 1}})).is_err());
    }
}
