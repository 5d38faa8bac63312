//! An object in one line.

use direct_connect_operator::api::{self, LastError, WaitingFor};
use direct_connect_operator::kinds;
use direct_connect_operator::reconcile::Place;
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;

use crate::object::Object;
use crate::summary::Summary;
use crate::topology::{Grants, Node, Role, Topology, key, sessions};

/// An object.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Its kind.
    pub kind: &'static str,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// As it is named on the command line: `vif/office`.
    #[serde(skip)]
    pub label: String,
    /// ID of its cloud resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What its conditions say.
    #[serde(flatten)]
    pub summary: Summary,
    /// VLAN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vlan: Option<i64>,
    /// Bandwidth in Mbit/s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<i64>,
    /// The gateway at which it ends, or to which it belongs: `vgw/main`, with its namespace where that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// State of its BGP sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bgp: Option<String>,
    /// The account that it uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Objects that it waits for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waiting_for: Vec<WaitingFor>,
    /// The last error of the cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,
    /// What the cloud shows; only where it is asked for.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub observed: Value,
}

impl Line {
    /// As `kubectl get -o name` prints it.
    #[must_use]
    pub fn resource_name(&self) -> String {
        format!("{}.{}/{}", self.kind.to_ascii_lowercase(), api::GROUP, self.name)
    }
}

/// The lines of these objects: those that do not work first, then by namespace, kind and name.
#[must_use]
pub fn lines(objects: &[Object], verbose: bool) -> Vec<Line> {
    let topology = Topology::new(objects, &Grants::default());
    let gateways = gateways(&topology);
    let mut lines: Vec<Line> = objects.iter().map(|object| line(object, gateways.get(key(object).as_str()).copied(), verbose)).collect();
    let order: HashMap<&str, usize> = kinds::ALL.iter().enumerate().map(|(index, kind)| (kind.kind, index)).collect();
    lines.sort_by(|one, other| {
        let by = |line: &Line| (line.summary.state, order.get(line.kind).copied());
        let ((one_state, one_kind), (other_state, other_kind)) = (by(one), by(other));
        (one_state, &one.namespace, one_kind, &one.name).cmp(&(other_state, &other.namespace, other_kind, &other.name))
    });
    lines
}

/// The gateway on either side of each node.
fn gateways(topology: &Topology) -> HashMap<&str, &Node> {
    let gateways: HashMap<&str, &Node> =
        topology.nodes.iter().filter(|node| node.column == Place::Gateway as u8).map(|node| (node.key.as_str(), node)).collect();
    let paths = topology.edges.iter().filter(|edge| edge.role == Role::Path);
    let ends = paths.flat_map(|edge| [(edge.from.as_str(), edge.to.as_str()), (edge.to.as_str(), edge.from.as_str())]);
    ends.filter_map(|(node, other)| Some((node, *gateways.get(other)?))).collect()
}

fn line(object: &Object, gateway: Option<&Node>, verbose: bool) -> Line {
    let number = |pointers: [&str; 2]| pointers.iter().find_map(|pointer| object.field(pointer).as_i64());
    let gateway = gateway.map(|gateway| match &gateway.namespace {
        Some(namespace) if namespace != object.namespace() => format!("{namespace}/{}", gateway.label),
        _ => gateway.label.clone(),
    });
    let text = |pointer: &str| object.field(pointer).as_str().map(str::to_owned);
    Line {
        kind: object.kind.kind,
        namespace: object.namespace().to_owned(),
        name: object.name().to_owned(),
        label: object.slash_name(),
        id: object.id().map(str::to_owned),
        summary: Summary::of(object),
        vlan: number(["/spec/vlan", "/status/observed/vlan"]),
        bandwidth: number(["/spec/bandwidth", "/status/observed/bandwidth"]),
        gateway,
        bgp: sessions(object).or_else(|| text("/status/observed/bgpStatus")),
        account: text("/status/account"),
        waiting_for: object.read("/status/waitingFor").unwrap_or_default(),
        last_error: object.read("/status/lastError"),
        observed: if verbose { object.field("/status/observed").clone() } else { Value::Null },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;
    use serde_json::json;

    #[test]
    fn those_that_do_not_work_come_first() {
        let lines = lines(&fixtures::lines(), false);
        let told: Vec<String> = lines
            .iter()
            .map(|line| {
                let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
                let gateway = line.gateway.as_deref().unwrap_or_default();
                format!("{} {} {} {} {gateway}", line.namespace, line.label, number(line.vlan), number(line.bandwidth))
            })
            .collect();
        let expected = [
            "team vif/branch 32 50 network/vgw/main",
            "network vgw/main   ",
            "team gdgw/world   ",
            "team vif/office 31 50 network/vgw/main",
            "team vifpeer/second   ",
            "team peerlink/link   gdgw/world",
        ];
        assert_eq!(told, expected);
        assert_eq!(lines[0].resource_name(), "virtualinterface.directconnect.huaweicloud.com/branch");
    }

    #[test]
    fn sessions_are_told_together_unless_they_differ() {
        let sessions = |peers: Value| {
            let object = fixtures::with(fixtures::lines().remove(1), "/status/observed", json!({ "peers": peers }));
            lines(&[object], false).remove(0).bgp
        };
        let peer = |family: &str, status: &str| json!({ "addressFamily": family, "bgpStatus": status });
        assert_eq!(sessions(json!([])), None);
        assert_eq!(sessions(json!([{ "addressFamily": "ipv4" }])), None);
        assert_eq!(sessions(json!([peer("ipv4", "ESTABLISHED"), peer("ipv6", "ESTABLISHED")])).unwrap(), "ESTABLISHED");
        assert_eq!(sessions(json!([peer("ipv4", "ESTABLISHED"), peer("ipv6", "IDLE")])).unwrap(), "ipv4 ESTABLISHED, ipv6 IDLE");
    }
}
