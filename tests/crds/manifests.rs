//! Objects that the API server accepts; the first of each kind is the base of the others and of what is broken.

use serde_json::{Value, json};

pub const ID: &str = "0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f";
pub const OTHER_ID: &str = "ffffffff-0a1b-2c3d-4e5f-0a1b2c3d4e5f";

fn object(kind: &str, spec: Value) -> Value {
    json!({ "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": kind, "metadata": { "name": "example" }, "spec": spec })
}

pub fn account() -> Value {
    object(
        "CloudAccount",
        json!({ "region": "eu-west-101", "credentials": { "accessKey": { "secretRef": { "namespace": "dc-system", "name": "keys" } } } }),
    )
}

pub fn gateway() -> Value {
    object("VirtualGateway", json!({ "vpcId": ID, "localEpGroup": ["10.0.0.0/16", "192.168.0.0/24"] }))
}

pub fn interface() -> Value {
    object(
        "VirtualInterface",
        json!({
            "connectionId": ID, "virtualGatewayRef": { "name": "gateway" }, "vlan": 30, "bandwidth": 50, "routeMode": "static",
            "localGatewayIp": "10.0.0.1/30", "remoteGatewayIp": "10.0.0.2/30", "remoteEpGroup": ["10.1.123.0/24"],
        }),
    )
}

pub fn peer() -> Value {
    object(
        "Peer",
        json!({
            "virtualInterfaceRef": { "name": "interface" }, "addressFamily": "ipv6", "routeMode": "static",
            "localGatewayIp": "FD00::1/64", "remoteGatewayIp": "fd00::2/64", "remoteEpGroup": ["fd01::/64"],
        }),
    )
}

/// An interface that speaks BGP.
pub fn bgp_interface() -> Value {
    changed(&interface(), &json!({ "spec": { "routeMode": "bgp", "bgpAsn": 65000, "bgpMd5SecretRef": { "name": "bgp", "key": "md5" } } }))
}

/// A peer that speaks BGP.
pub fn bgp_peer() -> Value {
    changed(&peer(), &json!({ "spec": { "routeMode": "bgp", "bgpAsn": 65000, "bgpMd5SecretRef": { "name": "bgp", "key": "md5" } } }))
}

/// All that is accepted.
pub fn valid() -> Vec<Value> {
    let mut all = vec![account(), gateway(), interface(), peer(), bgp_interface(), bgp_peer()];
    all.extend(accounts().iter().map(|spec| changed(&account(), &json!({ "spec": spec }))));
    all.extend(gateways().iter().map(|spec| changed(&gateway(), &json!({ "spec": spec }))));
    all.extend(interfaces().iter().map(|spec| changed(&interface(), &json!({ "spec": spec }))));
    all.extend(peers().iter().map(|spec| changed(&peer(), &json!({ "spec": spec }))));
    all
}

fn accounts() -> Vec<Value> {
    let secret = json!({ "secretRef": { "namespace": "a", "name": "b.c" } });
    vec![
        json!({ "credentials": { "accessKey": null, "password": secret } }),
        json!({ "credentials": { "accessKey": null, "metadata": {} } }),
        json!({ "credentials": { "accessKey": null, "podIdentity": {} } }),
        json!({ "credentials": {
            "accessKey": null, "workloadIdentity": { "providerUrn": "iam::0:oidcProvider:k8s", "agencyUrn": "iam::0:agency:dc", "tokenPath": "/var/token" },
        } }),
        json!({ "endpoints": { "dc": "https://dc.example", "iam": "https://iam.example:8443/base", "sts": "https://sts.example/" } }),
        json!({ "endpoints": { "dc": "http://127.0.0.1:8080", "insecure": true } }),
        json!({ "endpoints": { "caBundle": "# A root\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n" } }),
        json!({ "region": "my-kualalumpur-1", "projectId": "0123456789abcdef0123456789abcdef" }),
        json!({ "allowedNamespaces": { "names": [] } }),
        json!({ "allowedNamespaces": { "selector": { "matchLabels": { "team": "network" } } } }),
        json!({ "grants": [
            { "namespaces": { "names": ["a", "b"] }, "connectionIds": [ID, OTHER_ID], "vpcIds": [], "vlans": ["0", "100-199", "3999-3999"], "maxBandwidth": 2 },
            { "namespaces": { "selector": {} }, "import": "Deny" },
        ] }),
        json!({ "defaults": { "deletionPolicy": "Retain", "driftPolicy": "Detect", "tags": { "team": "" }, "enterpriseProjectId": "0" } }),
        json!({ "syncInterval": "30s", "rateLimit": { "readsPerMinute": 1, "writesPerMinute": 1, "burst": 1 } }),
        json!({ "syncInterval": "1h30m", "features": { "peers": "auto", "tags": "enabled", "extendAttributes": "disabled", "switchover": "auto" } }),
        json!({ "syncInterval": "24h" }),
    ]
}

fn gateways() -> Vec<Value> {
    vec![
        json!({ "vpcId": null, "localEpGroup": null, "enterpriseRouterId": ID, "bgpAsn": 64512 }),
        json!({ "enterpriseRouterId": null, "localEpGroupIpv6": ["fd00::/64", "2001:db8::/32"], "bgpAsn": 4_294_967_295_i64 }),
        json!({ "name": "vgw-123", "description": "for tests", "enterpriseProjectId": "0", "tags": { "team": "network", "empty": "" } }),
        json!({ "enterpriseProjectId": ID, "accountRef": { "name": "other.account" } }),
        json!({ "import": { "id": ID }, "policy": { "management": "ObserveOnly", "deletion": "Retain", "drift": "Ignore" } }),
        json!({ "import": { "naturalKey": true }, "policy": { "ignoreFields": ["name", "tags"] } }),
    ]
}

fn interfaces() -> Vec<Value> {
    vec![
        json!({ "connectionId": null, "lagId": ID, "vlan": 0, "bandwidth": 2 }),
        json!({ "virtualGatewayRef": null, "virtualGatewayId": ID, "vlan": 3999, "resourceTenantId": "0123456789abcdef0123456789abcdef" }),
        json!({ "virtualGatewayRef": null, "globalGatewayId": ID }),
        json!({ "virtualGatewayRef": { "name": "gateway", "namespace": "network" }, "type": "private", "enterpriseProjectId": ID }),
        json!({ "type": "public", "serviceEpGroup": ["203.0.113.0/24"], "remoteEpGroup": [] }),
        json!({ "addressFamily": "ipv6", "localGatewayIp": "FD00::1/64", "remoteGatewayIp": "fd00::2/64", "remoteEpGroup": ["fd01::/48"] }),
        json!({ "localGatewayIp": "10.0.0.0/31", "remoteGatewayIp": "10.0.0.1/31", "remoteEpGroup": ["0.0.0.0/0"] }),
        json!({ "priority": "normal", "enableBfd": false, "enableNqa": true, "tags": { "a": "b" } }),
        json!({ "routeMode": "bgp", "bgpAsn": 12345, "priority": "low", "enableBfd": true, "enableNqa": false }),
        json!({ "extendAttribute": {
            "haType": "bfd", "haMode": "auto_single", "detectMultiplier": 5, "minRxInterval": 1000, "minTxInterval": 1000,
            "remoteDisclaim": 1, "localDisclaim": 16384, "ipv6RemoteDisclaim": 1, "ipv6LocalDisclaim": 1,
        } }),
    ]
}

fn peers() -> Vec<Value> {
    vec![
        json!({ "virtualInterfaceRef": null, "virtualInterfaceId": ID, "name": "second", "description": "the second family" }),
        json!({ "addressFamily": "ipv4", "localGatewayIp": "10.0.0.1/30", "remoteGatewayIp": "10.0.0.2/30", "remoteEpGroup": ["10.1.0.0/16"] }),
        json!({ "import": { "naturalKey": true }, "remoteEpGroup": null }),
    ]
}

/// RFC 7396: a null takes away.
pub fn changed(base: &Value, change: &Value) -> Value {
    let Value::Object(changes) = change else { return change.clone() };
    let mut result = base.as_object().cloned().unwrap_or_default();
    for (name, change) in changes {
        if change.is_null() {
            result.remove(name);
        } else {
            let before = result.get(name).cloned().unwrap_or_default();
            result.insert(name.clone(), changed(&before, change));
        }
    }
    Value::Object(result)
}
