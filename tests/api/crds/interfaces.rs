//! Rules of `VirtualInterface`.

use serde_json::{Value, json};

use super::peers::{session, session_accepted, session_immutable};
use super::table::{Case, OTHER, PROJECT, Table, UUID, common, common_accepted, many, prove, spec, tags, tags_accepted};

fn interface(name: &str, change: Value) -> Value {
    let mut spec = json!({
        "connectionId": UUID, "virtualGatewayRef": { "name": "gateway" }, "vlan": 100, "bandwidth": 50, "routeMode": "bgp", "bgpAsn": 65000,
        "localGatewayIp": "10.0.0.1/30", "remoteGatewayIp": "10.0.0.2/30", "remoteEpGroup": ["10.9.0.0/16"],
    });
    if let Value::Object(change) = change {
        spec.as_object_mut().unwrap().extend(change);
    }
    json!({
        "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "VirtualInterface",
        "metadata": { "name": name }, "spec": spec,
    })
}

fn refused() -> Vec<Case> {
    let line: &[&str] = &["spec must have exactly one of connectionRef, hostedConnectionRef, connectionId, lagId"];
    let gateway: &[&str] = &["spec must have exactly one of virtualGatewayRef, virtualGatewayId, globalGatewayRef, globalGatewayId"];
    let mut cases = common();
    cases.extend(tags());
    cases.extend(session());
    cases.extend(extended());
    cases.extend([
        (spec(json!({ "connectionId": null })), line),
        (spec(json!({ "lagId": UUID })), line),
        (spec(json!({ "connectionRef": { "name": "line" } })), line),
        (spec(json!({ "connectionId": null, "connectionRef": { "name": "line" }, "hostedConnectionRef": { "name": "line" } })), line),
        (spec(json!({ "globalGatewayRef": { "name": "gateway" } })), gateway),
        (
            spec(json!({ "connectionId": null, "connectionRef": { "name": "A" } })),
            &["spec.connectionRef.name", "name must be the name of an object"],
        ),
        (spec(json!({ "connectionId": "c" })), &["spec.connectionId", "connectionId must be a UUID"]),
        (spec(json!({ "connectionId": null, "lagId": "l" })), &["spec.lagId", "lagId must be a UUID"]),
        (spec(json!({ "virtualGatewayRef": null })), gateway),
        (spec(json!({ "virtualGatewayId": UUID })), gateway),
        (spec(json!({ "virtualGatewayRef": null, "virtualGatewayId": UUID, "globalGatewayId": UUID })), gateway),
        (
            spec(json!({ "virtualGatewayRef": null, "virtualGatewayId": "v" })),
            &["spec.virtualGatewayId", "virtualGatewayId must be a UUID"],
        ),
        (spec(json!({ "virtualGatewayRef": null, "globalGatewayId": "g" })), &["spec.globalGatewayId", "globalGatewayId must be a UUID"]),
        (spec(json!({ "virtualGatewayRef": { "name": "A" } })), &["spec.virtualGatewayRef.name", "name must be the name of an object"]),
        (spec(json!({ "virtualGatewayRef": { "namespace": "a.b" } })), &["spec.virtualGatewayRef.namespace", "name of a namespace"]),
        (spec(json!({ "type": "hybrid" })), &["spec.type", "\"private\", \"public\""]),
        (spec(json!({ "vlan": -1 })), &["spec.vlan", "greater than or equal to 0"]),
        (spec(json!({ "vlan": 4000 })), &["spec.vlan", "less than or equal to 3999"]),
        (spec(json!({ "vlan": null })), &["spec.vlan", "Required"]),
        (spec(json!({ "bandwidth": 1 })), &["spec.bandwidth", "greater than or equal to 2"]),
        (spec(json!({ "bandwidth": null })), &["spec.bandwidth", "Required"]),
        (spec(json!({ "priority": "high" })), &["spec.priority", "\"normal\", \"low\""]),
        (
            spec(json!({ "routeMode": "static", "bgpAsn": null, "priority": "low" })),
            &["spec.priority", "priority low is only allowed with routeMode bgp"],
        ),
        (spec(json!({ "enableBfd": true, "enableNqa": true })), &["spec.enableNqa", "enableNqa must not be true together with enableBfd"]),
        (spec(json!({ "resourceTenantId": "tenant" })), &["spec.resourceTenantId", "resourceTenantId must be 32 hexadecimal digits"]),
        (
            spec(json!({ "resourceTenantId": PROJECT, "enterpriseProjectId": "0" })),
            &["spec.enterpriseProjectId", "enterpriseProjectId is only allowed without resourceTenantId"],
        ),
        (
            spec(json!({ "enterpriseProjectId": "1" })),
            &["spec.enterpriseProjectId", "enterpriseProjectId must be a UUID in lower case, or 0"],
        ),
        (spec(json!({ "serviceEpGroup": ["12.0.0.0/8"] })), &["spec.serviceEpGroup", "serviceEpGroup is only allowed with type public"]),
        (
            spec(json!({ "type": "public", "serviceEpGroup": ["12.0.0.1/8"] })),
            &["spec.serviceEpGroup[0]", "serviceEpGroup must contain only networks in CIDR notation"],
        ),
        (
            spec(json!({ "type": "public", "serviceEpGroup": ["fd00::/8"] })),
            &["spec.serviceEpGroup", "serviceEpGroup must contain only networks of the address family"],
        ),
        (spec(json!({ "type": "public", "serviceEpGroup": many(201, |i| format!("12.{i}.0.0/16")) })), &["spec.serviceEpGroup", "200"]),
    ]);
    cases
}

fn extended() -> Vec<Case> {
    let with = |field: &str, value: Value| spec(json!({ "extendAttribute": { field: value } }));
    vec![
        (with("haType", json!("lacp")), &["spec.extendAttribute.haType", "\"nqa\", \"bfd\""]),
        (with("haMode", json!("auto")), &["spec.extendAttribute.haMode", "\"auto_single\"", "\"enhance_nqa\""]),
        (with("detectMultiplier", json!(2)), &["spec.extendAttribute.detectMultiplier", "greater than or equal to 3"]),
        (with("detectMultiplier", json!(21)), &["spec.extendAttribute.detectMultiplier", "less than or equal to 20"]),
        (with("minRxInterval", json!(199)), &["spec.extendAttribute.minRxInterval", "greater than or equal to 200"]),
        (with("minRxInterval", json!(5001)), &["spec.extendAttribute.minRxInterval", "less than or equal to 5000"]),
        (with("minTxInterval", json!(199)), &["spec.extendAttribute.minTxInterval", "greater than or equal to 200"]),
        (with("minTxInterval", json!(5001)), &["spec.extendAttribute.minTxInterval", "less than or equal to 5000"]),
        (with("remoteDisclaim", json!(0)), &["spec.extendAttribute.remoteDisclaim", "greater than or equal to 1"]),
        (with("remoteDisclaim", json!(16385)), &["spec.extendAttribute.remoteDisclaim", "less than or equal to 16384"]),
        (with("localDisclaim", json!(0)), &["spec.extendAttribute.localDisclaim", "greater than or equal to 1"]),
        (with("localDisclaim", json!(16385)), &["spec.extendAttribute.localDisclaim", "less than or equal to 16384"]),
        (with("ipv6RemoteDisclaim", json!(0)), &["spec.extendAttribute.ipv6RemoteDisclaim", "greater than or equal to 1"]),
        (with("ipv6RemoteDisclaim", json!(16385)), &["spec.extendAttribute.ipv6RemoteDisclaim", "less than or equal to 16384"]),
        (with("ipv6LocalDisclaim", json!(0)), &["spec.extendAttribute.ipv6LocalDisclaim", "greater than or equal to 1"]),
        (with("ipv6LocalDisclaim", json!(16385)), &["spec.extendAttribute.ipv6LocalDisclaim", "less than or equal to 16384"]),
    ]
}

fn accepted() -> Vec<Value> {
    let mut changes = common_accepted();
    changes.extend(tags_accepted());
    changes.extend(session_accepted());
    changes.extend([
        spec(json!({ "connectionId": null, "lagId": UUID })),
        spec(json!({ "connectionId": null, "connectionRef": { "name": "line" } })),
        spec(json!({ "connectionId": null, "hostedConnectionRef": { "name": "line", "namespace": "partner" } })),
        spec(json!({ "virtualGatewayRef": null, "globalGatewayRef": { "name": "gateway" } })),
        spec(json!({ "virtualGatewayRef": { "namespace": "other" } })),
        spec(json!({ "virtualGatewayRef": null, "virtualGatewayId": UUID })),
        spec(json!({ "virtualGatewayRef": null, "globalGatewayId": UUID })),
        spec(json!({ "type": "public", "serviceEpGroup": ["12.0.0.0/8"] })),
        spec(json!({ "type": "private", "addressFamily": "ipv4", "vlan": 0, "bandwidth": 2 })),
        spec(json!({ "vlan": 3999, "bandwidth": 100_000, "priority": "low" })),
        spec(json!({ "routeMode": "static", "bgpAsn": null, "priority": "normal" })),
        spec(json!({ "enableBfd": true, "enableNqa": false })),
        spec(json!({ "enableBfd": false, "enableNqa": true })),
        spec(json!({ "resourceTenantId": PROJECT })),
        spec(json!({ "enterpriseProjectId": UUID })),
        spec(json!({ "extendAttribute": {
            "haType": "bfd", "haMode": "static_single", "detectMultiplier": 3, "minRxInterval": 200, "minTxInterval": 5000,
            "remoteDisclaim": 1, "localDisclaim": 16384, "ipv6RemoteDisclaim": 1, "ipv6LocalDisclaim": 16384,
        } })),
    ]);
    changes
}

fn immutable() -> Vec<Case> {
    let mut cases = session_immutable();
    cases.extend([
        (spec(json!({ "connectionId": OTHER })), &["spec.connectionId", "connectionId is immutable"] as &[_]),
        (spec(json!({ "connectionId": null, "lagId": UUID })), &["connectionId is immutable", "lagId is immutable"]),
        (
            spec(json!({ "connectionId": OTHER })),
            &["connectionRef or hostedConnectionRef to the same resource can replace connectionId; to change it, delete the object"],
        ),
        (spec(json!({ "virtualGatewayRef": null, "globalGatewayRef": { "name": "gateway" } })), &["globalGatewayRef is immutable"]),
        (spec(json!({ "virtualGatewayRef": { "name": "other" } })), &["spec.virtualGatewayRef", "virtualGatewayRef is immutable"]),
        (
            spec(json!({ "virtualGatewayRef": null, "virtualGatewayId": UUID })),
            &["virtualGatewayRef is immutable", "virtualGatewayId is immutable"],
        ),
        (spec(json!({ "virtualGatewayRef": null, "globalGatewayId": UUID })), &["globalGatewayId is immutable"]),
        (spec(json!({ "type": "public" })), &["spec.type", "type is immutable"]),
        (spec(json!({ "vlan": 101 })), &["spec.vlan", "vlan is immutable: to change it, delete the object and create it again"]),
        (spec(json!({ "enterpriseProjectId": null })), &["spec.enterpriseProjectId", "enterpriseProjectId is immutable"]),
    ]);
    cases
}

#[tokio::test]
async fn interfaces_are_checked() {
    let owned = interface("owned", json!({ "enterpriseProjectId": "0", "import": { "id": UUID } }));
    let shared = interface("shared", json!({ "resourceTenantId": PROJECT, "bgpMd5SecretRef": { "name": "md5", "key": "k" } }));
    let mutable = vec![
        spec(json!({ "name": "n", "description": "d", "bandwidth": 100, "remoteEpGroup": ["10.8.0.0/16"], "priority": "low" })),
        spec(json!({ "enableBfd": true, "extendAttribute": { "haType": "bfd" }, "tags": { "a": "b" }, "policy": { "drift": "Ignore" } })),
        spec(json!({ "remoteEpGroup": null })),
        // To spell out a default changes nothing.
        spec(json!({ "type": "private", "addressFamily": "ipv4" })),
    ];
    prove(vec![
        Table {
            base: interface("plain", json!({})),
            accepted: accepted(),
            refused: refused(),
            mutable: Vec::new(),
            immutable: vec![
                (spec(json!({ "resourceTenantId": PROJECT })), &["spec.resourceTenantId", "resourceTenantId is immutable"]),
                (spec(json!({ "enterpriseProjectId": "0" })), &["spec.enterpriseProjectId", "enterpriseProjectId is immutable"]),
            ],
        },
        Table { base: owned, accepted: Vec::new(), refused: Vec::new(), mutable, immutable: immutable() },
        Table {
            base: interface("by-id", json!({ "virtualGatewayRef": null, "globalGatewayId": UUID })),
            accepted: Vec::new(),
            refused: Vec::new(),
            // All ids in one change.
            mutable: vec![spec(json!({
                "connectionId": null, "connectionRef": { "name": "line" }, "globalGatewayId": null, "globalGatewayRef": { "name": "gateway" },
            }))],
            immutable: vec![
                (spec(json!({ "globalGatewayId": null, "virtualGatewayRef": { "name": "gateway" } })), &["globalGatewayId is immutable"]),
                (spec(json!({ "globalGatewayId": OTHER })), &["spec.globalGatewayId", "globalGatewayId is immutable"]),
            ],
        },
        Table {
            base: interface("by-name", json!({ "connectionId": null, "connectionRef": { "name": "line" } })),
            accepted: Vec::new(),
            refused: Vec::new(),
            mutable: Vec::new(),
            immutable: vec![
                (spec(json!({ "connectionRef": { "name": "other" } })), &["spec.connectionRef", "connectionRef is immutable"]),
                (spec(json!({ "connectionRef": null, "connectionId": UUID })), &["connectionRef is immutable", "connectionId is immutable"]),
                (spec(json!({ "connectionRef": null, "hostedConnectionRef": { "name": "line" } })), &["hostedConnectionRef is immutable"]),
            ],
        },
        Table {
            base: shared,
            accepted: Vec::new(),
            refused: Vec::new(),
            mutable: Vec::new(),
            immutable: vec![
                (spec(json!({ "resourceTenantId": null })), &["spec.resourceTenantId", "resourceTenantId is immutable"]),
                (spec(json!({ "bgpMd5SecretRef": { "key": "other" } })), &["spec.bgpMd5SecretRef", "bgpMd5SecretRef is immutable"]),
                (spec(json!({ "bgpMd5SecretRef": null })), &["spec.bgpMd5SecretRef", "bgpMd5SecretRef is immutable"]),
            ],
        },
    ])
    .await;
}
