//! Rules of `Peer`, and those of sessions that interfaces share.

use serde_json::{Value, json};

use super::table::{Case, OTHER, Table, UUID, common, common_accepted, many, prove, spec};

/// Cases of a session, for a base of IPv4 and BGP with the addresses 10.0.0.1/30 and 10.0.0.2/30.
pub fn session() -> Vec<Case> {
    let local: &[&str] = &["spec.localGatewayIp", "localGatewayIp must be a host address with its prefix length"];
    let remote: &[&str] = &["spec.remoteGatewayIp", "remoteGatewayIp must be a host address with its prefix length"];
    let subnet: &[&str] = &["spec.remoteGatewayIp", "remoteGatewayIp must be in the same subnet as localGatewayIp"];
    let network: &[&str] = &["spec.remoteEpGroup[0]", "remoteEpGroup must contain only networks in CIDR notation"];
    let family: &[&str] = &["localGatewayIp must be of the address family in addressFamily", "remoteGatewayIp must be of"];
    let counted: &[&str] = &["spec.remoteEpGroup", "remoteEpGroup must contain 1 to 50 networks with routeMode static"];
    let fixed = |change: Value| {
        let mut fixed = json!({ "routeMode": "static", "bgpAsn": null, "bgpMd5SecretRef": null, "remoteEpGroup": ["10.9.0.0/16"] });
        fixed.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        spec(fixed)
    };
    vec![
        (spec(json!({ "localGatewayIp": "10.0.0.1" })), local),
        (spec(json!({ "localGatewayIp": "10.0.0.0/30" })), local),
        (spec(json!({ "localGatewayIp": "10.0.0.3/30" })), local),
        (spec(json!({ "localGatewayIp": "10.0.0.255/24", "remoteGatewayIp": "10.0.0.1/24" })), local),
        (spec(json!({ "localGatewayIp": "10.255.255.255/8", "remoteGatewayIp": "10.0.0.1/8" })), local),
        (spec(json!({ "localGatewayIp": "255.255.255.255/0", "remoteGatewayIp": "10.0.0.1/0" })), local),
        (spec(json!({ "localGatewayIp": "gateway" })), local),
        (spec(json!({ "localGatewayIp": null })), &["spec.localGatewayIp", "Required"]),
        (spec(json!({ "remoteGatewayIp": "10.0.0.2/40" })), remote),
        (spec(json!({ "remoteGatewayIp": "10.0.0.0/30" })), remote),
        (spec(json!({ "remoteGatewayIp": "10.0.0.5/30" })), subnet),
        (spec(json!({ "remoteGatewayIp": "10.0.0.2/29" })), subnet),
        (spec(json!({ "remoteGatewayIp": "10.0.0.1/30" })), &["spec.remoteGatewayIp", "must not be the same address as localGatewayIp"]),
        (spec(json!({ "localGatewayIp": "fd00::1/64", "remoteGatewayIp": "fd00::2/64" })), family),
        (spec(json!({ "addressFamily": "ipv6" })), family),
        (spec(json!({ "addressFamily": "IPv4" })), &["spec.addressFamily", "\"ipv4\", \"ipv6\""]),
        (spec(json!({ "routeMode": "ospf" })), &["spec.routeMode", "\"static\", \"bgp\""]),
        (spec(json!({ "bgpAsn": null })), &["spec.bgpAsn", "bgpAsn is required with routeMode bgp"]),
        (spec(json!({ "bgpAsn": 64512 })), &["spec.bgpAsn", "not 64512"]),
        (spec(json!({ "bgpAsn": 0 })), &["spec.bgpAsn", "greater than or equal to 1"]),
        (spec(json!({ "bgpAsn": 4_294_967_296_i64 })), &["spec.bgpAsn", "4294967295"]),
        (fixed(json!({ "bgpAsn": 65000 })), &["spec.bgpAsn", "bgpAsn is only allowed with routeMode bgp"]),
        (
            fixed(json!({ "bgpMd5SecretRef": { "name": "md5", "key": "password" } })),
            &["spec.bgpMd5SecretRef", "bgpMd5SecretRef is only allowed with routeMode bgp"],
        ),
        (spec(json!({ "bgpMd5SecretRef": { "name": "MD5", "key": "a" } })), &["spec.bgpMd5SecretRef.name", "name must be the name of an"]),
        (
            spec(json!({ "bgpMd5SecretRef": { "name": "md5", "key": "a b" } })),
            &["spec.bgpMd5SecretRef.key", "key must be a key of a Secret"],
        ),
        (fixed(json!({ "remoteEpGroup": null })), counted),
        (fixed(json!({ "remoteEpGroup": [] })), counted),
        (fixed(json!({ "remoteEpGroup": many(51, |i| format!("10.{i}.0.0/16")) })), counted),
        (spec(json!({ "remoteEpGroup": many(101, |i| format!("10.{i}.0.0/16")) })), &["spec.remoteEpGroup", "100"]),
        (spec(json!({ "remoteEpGroup": ["10.9.0.1/16"] })), network),
        (spec(json!({ "remoteEpGroup": ["12.3.4.0/30 172.56.0.0/16"] })), network),
        (spec(json!({ "remoteEpGroup": ["fd00:9::1/64"] })), network),
        (
            spec(json!({ "remoteEpGroup": ["fd00:9::/64"] })),
            &["spec.remoteEpGroup", "remoteEpGroup must contain only networks of the address family"],
        ),
        (spec(json!({ "remoteEpGroup": ["10.9.0.0/16", "10.9.0.0/16"] })), &["spec.remoteEpGroup[1]", "Duplicate"]),
    ]
}

/// Changes of a session that are valid.
pub fn session_accepted() -> Vec<Value> {
    let v6 = json!({ "addressFamily": "ipv6", "localGatewayIp": "fd00::1/64", "remoteGatewayIp": "fd00::2/64", "remoteEpGroup": ["fd00:9::/64"] });
    vec![
        spec(v6),
        spec(json!({ "localGatewayIp": "10.0.0.0/31", "remoteGatewayIp": "10.0.0.1/31" })),
        // No broadcast address of a network of this size.
        spec(json!({ "localGatewayIp": "10.0.0.255/16", "remoteGatewayIp": "10.0.255.0/16" })),
        spec(
            json!({ "addressFamily": "ipv6", "localGatewayIp": "fd00::ffff/112", "remoteGatewayIp": "fd00::2/112", "remoteEpGroup": ["fd00:9::/64"] }),
        ),
        // As a client may write a large number in JSON.
        spec(json!({ "bgpAsn": 4.2e9 })),
        spec(json!({ "routeMode": "static", "bgpAsn": null, "remoteEpGroup": many(50, |i| format!("10.{i}.0.0/16")) })),
        spec(json!({ "remoteEpGroup": many(100, |i| format!("10.{i}.0.0/16")) })),
        spec(json!({ "remoteEpGroup": null, "bgpMd5SecretRef": { "name": "md5", "key": "pass_word.1" } })),
    ]
}

/// Changes of a living session that are refused.
pub fn session_immutable() -> Vec<Case> {
    vec![
        (spec(json!({ "accountRef": { "name": "late" } })), &["spec.accountRef", "accountRef is immutable"]),
        (
            spec(json!({ "localGatewayIp": "10.0.4.1/30", "remoteGatewayIp": "10.0.4.2/30" })),
            &["spec.localGatewayIp", "localGatewayIp is immutable", "remoteGatewayIp is immutable"],
        ),
        (
            spec(json!({ "routeMode": "static", "bgpAsn": null, "remoteEpGroup": ["10.9.0.0/16"] })),
            &["routeMode is immutable", "bgpAsn is immutable"],
        ),
        (spec(json!({ "bgpAsn": 65001 })), &["spec.bgpAsn", "bgpAsn is immutable"]),
        (spec(json!({ "bgpMd5SecretRef": { "name": "md5", "key": "k" } })), &["spec.bgpMd5SecretRef", "bgpMd5SecretRef is immutable"]),
        (
            spec(
                json!({ "addressFamily": "ipv6", "localGatewayIp": "fd00::1/64", "remoteGatewayIp": "fd00::2/64", "remoteEpGroup": null }),
            ),
            &["spec.addressFamily", "addressFamily is immutable"],
        ),
        (spec(json!({ "import": { "id": OTHER } })), &["spec.import.id", "import.id is immutable"]),
    ]
}

#[tokio::test]
async fn peers_are_checked() {
    let base = json!({
        "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "Peer", "metadata": { "name": "peer" },
        "spec": {
            "virtualInterfaceRef": { "name": "line" }, "addressFamily": "ipv4", "import": { "id": UUID },
            "localGatewayIp": "10.0.0.1/30", "remoteGatewayIp": "10.0.0.2/30", "routeMode": "bgp", "bgpAsn": 65000,
        },
    });
    let one: &[&str] = &["spec must have exactly one of virtualInterfaceRef, virtualInterfaceId"];
    let mut refused = session();
    // The base imports by id.
    refused.extend(common().into_iter().filter(|(change, _)| change["spec"]["import"].is_null()));
    refused.extend([
        (spec(json!({ "virtualInterfaceRef": null })), one),
        (spec(json!({ "virtualInterfaceId": UUID })), one),
        (spec(json!({ "addressFamily": null })), &["spec.addressFamily", "Required"]),
        (spec(json!({ "virtualInterfaceRef": null, "virtualInterfaceId": "vif" })), &["spec.virtualInterfaceId", "must be a UUID"]),
        (
            spec(json!({ "virtualInterfaceRef": { "name": "Line" } })),
            &["spec.virtualInterfaceRef.name", "name must be the name of an object"],
        ),
        (spec(json!({ "virtualInterfaceRef": { "namespace": "a.b" } })), &["spec.virtualInterfaceRef.namespace", "name of a namespace"]),
        (spec(json!({ "import": { "id": "x" } })), &["spec.import.id", "import.id must be a UUID"]),
        (spec(json!({ "import": { "naturalKey": true } })), &["import must have exactly one of id, naturalKey"]),
        (spec(json!({ "import": { "id": null, "naturalKey": false } })), &["import.naturalKey can only be true"]),
    ]);
    let mut accepted = session_accepted();
    accepted.extend(common_accepted().into_iter().filter(|change| change["spec"]["import"].is_null()));
    accepted.extend([
        spec(json!({ "virtualInterfaceRef": null, "virtualInterfaceId": UUID })),
        spec(json!({ "virtualInterfaceRef": { "namespace": "other" } })),
        spec(json!({ "import": { "id": null, "naturalKey": true } })),
    ]);
    let mut immutable = session_immutable();
    immutable.extend([
        (
            spec(json!({ "virtualInterfaceRef": { "name": "other" } })),
            &["spec.virtualInterfaceRef", "virtualInterfaceRef is immutable"] as &[_],
        ),
        (
            spec(json!({ "virtualInterfaceRef": null, "virtualInterfaceId": UUID })),
            &["virtualInterfaceRef is immutable", "virtualInterfaceId is immutable"],
        ),
    ]);
    let mutable = vec![spec(json!({ "name": "n", "description": "d", "remoteEpGroup": ["10.9.0.0/16"], "policy": { "drift": "Ignore" } }))];
    prove(vec![Table { base, accepted, refused, mutable, immutable }]).await;
}
