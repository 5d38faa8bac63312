//! What the API server refuses: an accepted object, a change, the field that the message names, and a piece of the message.

use crate::manifests::{ID, OTHER_ID, account, bgp_interface, bgp_peer, gateway, interface, peer};
use serde_json::{Value, json};

/// Base, change of its spec, field, piece of the message.
pub type Row = (Value, Value, &'static str, &'static str);
/// Base, change of its spec, field and piece of the message, or `None` where the change is accepted.
pub type Update = (Value, Value, Option<(&'static str, &'static str)>);

const UUID: &str = "must be a UUID";
const OBJECT_NAME: &str = "must be the name of an object";
const NAMESPACE: &str = "must be the name of a namespace";
const CANONICAL: &str = "must hold networks in canonical CIDR notation";
const TAGS: &str = "tags must have keys of 1 to 128 characters";

/// Objects that can't be created.
pub fn at_create() -> Vec<Row> {
    let every = [gateway(), interface(), peer()].into_iter().flat_map(|base| common(&base));
    every.chain(accounts()).chain(gateways()).chain(interfaces()).chain(peers()).collect()
}

fn rows<const N: usize>(base: &Value, rows: [(Value, &'static str, &'static str); N]) -> Vec<Row> {
    rows.into_iter().map(|(spec, field, message)| (base.clone(), json!({ "spec": spec }), field, message)).collect()
}

/// What all namespaced kinds share.
fn common(base: &Value) -> Vec<Row> {
    let mut all = rows(
        base,
        [
            (json!({ "accountRef": { "name": "Not_A_Name" } }), "spec.accountRef.name", OBJECT_NAME),
            (
                json!({ "policy": { "ignoreFields": ["accountRef"] } }),
                "spec.policy",
                "policy.ignoreFields must hold names of fields of the spec",
            ),
            (json!({ "import": {} }), "spec.import", "import must have exactly one of id, naturalKey"),
            (json!({ "import": { "id": ID, "naturalKey": true } }), "spec.import", "import must have exactly one of id, naturalKey"),
            (json!({ "import": { "id": "7" } }), "spec.import.id", UUID),
            (json!({ "import": { "naturalKey": false } }), "spec.import.naturalKey", "import.naturalKey can only be true"),
            (json!({ "description": "a <b>" }), "spec.description", "description must not contain angle brackets"),
            (json!({ "policy": { "ignoreFields": ["name", "name"] } }), "spec.policy.ignoreFields[1]", "Duplicate value"),
        ],
    );
    let long_name = json!({ "metadata": { "name": "x".repeat(65) } });
    all.push((base.clone(), long_name, "spec.name", "spec.name is required when metadata.name has more than 64 characters"));
    all
}

fn accounts() -> Vec<Row> {
    let secret = json!({ "secretRef": { "namespace": "a", "name": "b" } });
    let workload =
        |path: &str| json!({ "accessKey": null, "workloadIdentity": { "providerUrn": "p", "agencyUrn": "a", "tokenPath": path } });
    let grant = |grant: Value| {
        let mut grant = grant;
        grant["namespaces"] = json!({ "names": ["a"] });
        json!({ "grants": [grant] })
    };
    let vlans = "must hold VLANs from 0 to 3999 or ascending ranges";
    let https = "must be https; http is only allowed with endpoints.insecure: true";
    let interval = "syncInterval must be a duration from 30s to 24h";
    let base_url = "must be a base URL";
    let one_of = "a choice of namespaces must have exactly one of names, selector";
    let credentials = "credentials must have exactly one of accessKey, password, workloadIdentity, metadata, podIdentity";
    let mut all = rows(
        &account(),
        [
            (json!({ "region": "Europe" }), "spec.region", "region must be the name of a region"),
            (json!({ "projectId": "eu-west-101" }), "spec.projectId", "must be the id of a project: 32 hex digits"),
            (json!({ "credentials": { "accessKey": null } }), "spec.credentials", credentials),
            (json!({ "credentials": { "metadata": {} } }), "spec.credentials", credentials),
            (json!({ "credentials": { "podIdentity": {} } }), "spec.credentials", credentials),
            (json!({ "credentials": { "password": secret } }), "spec.credentials", credentials),
            (
                json!({ "credentials": { "accessKey": { "secretRef": { "name": "A" } } } }),
                "spec.credentials.accessKey.secretRef.name",
                OBJECT_NAME,
            ),
            (
                json!({ "credentials": { "accessKey": { "secretRef": { "namespace": "a.b" } } } }),
                "spec.credentials.accessKey.secretRef.namespace",
                NAMESPACE,
            ),
            (
                json!({ "credentials": { "accessKey": null, "password": { "secretRef": { "namespace": "a.b", "name": "a" } } } }),
                "spec.credentials.password.secretRef.namespace",
                NAMESPACE,
            ),
            (
                json!({ "credentials": { "accessKey": null, "password": { "secretRef": { "namespace": "a", "name": "A" } } } }),
                "spec.credentials.password.secretRef.name",
                OBJECT_NAME,
            ),
            (
                json!({ "credentials": workload("token") }),
                "spec.credentials.workloadIdentity.tokenPath",
                "tokenPath must be an absolute path",
            ),
            (json!({ "endpoints": { "dc": "ftp://host" } }), "spec.endpoints.dc", base_url),
            (json!({ "endpoints": { "dc": "https://user@host" } }), "spec.endpoints.dc", base_url),
            (json!({ "endpoints": { "iam": "https://host?query" } }), "spec.endpoints.iam", base_url),
            (json!({ "endpoints": { "sts": "host" } }), "spec.endpoints.sts", base_url),
            (json!({ "endpoints": { "dc": "http://host" } }), "spec.endpoints.dc", https),
            (json!({ "endpoints": { "iam": "http://host", "insecure": false } }), "spec.endpoints.iam", https),
            (json!({ "endpoints": { "sts": "http://host" } }), "spec.endpoints.sts", https),
            (json!({ "endpoints": { "caBundle": "MIIB" } }), "spec.endpoints.caBundle", "endpoints.caBundle must hold certificates in PEM"),
            (json!({ "allowedNamespaces": {} }), "spec.allowedNamespaces", one_of),
            (json!({ "allowedNamespaces": { "names": ["a"], "selector": {} } }), "spec.allowedNamespaces", one_of),
            (
                json!({ "allowedNamespaces": { "names": ["a", "*"] } }),
                "spec.allowedNamespaces.names",
                "names must hold names of namespaces",
            ),
            (json!({ "grants": [{ "namespaces": {} }] }), "spec.grants[0].namespaces", one_of),
            (
                json!({ "grants": [{ "namespaces": { "names": ["A"] } }] }),
                "spec.grants[0].namespaces.names",
                "names must hold names of namespaces",
            ),
            (grant(json!({ "connectionIds": ["line"] })), "spec.grants[0].connectionIds", "connectionIds must hold UUIDs"),
            (grant(json!({ "vpcIds": ["vpc"] })), "spec.grants[0].vpcIds", "vpcIds must hold UUIDs"),
            (grant(json!({ "defaults": {}, "vlans": ["199-100"] })), "spec.grants[0].vlans", vlans),
            (grant(json!({ "vlans": ["4000"] })), "spec.grants[0].vlans", vlans),
            (grant(json!({ "vlans": ["1", "01"] })), "spec.grants[0].vlans", vlans),
            (json!({ "defaults": { "tags": { "_sys_a": "" } } }), "spec.defaults.tags", TAGS),
            (json!({ "defaults": { "enterpriseProjectId": "1" } }), "spec.defaults.enterpriseProjectId", UUID),
        ],
    );
    for wrong in ["29s", "25h", "5", "5m 30s", "", "-5m", "30m1h"] {
        all.extend(rows(&account(), [(json!({ "syncInterval": wrong }), "spec.syncInterval", interval)]));
    }
    all
}

fn gateways() -> Vec<Row> {
    let one_of = "spec must have exactly one of vpcId, enterpriseRouterId";
    let mut all = rows(
        &gateway(),
        [
            (json!({ "vpcId": null }), "spec", one_of),
            (json!({ "enterpriseRouterId": ID }), "spec", one_of),
            (json!({ "vpcId": "vpc-1" }), "spec.vpcId", UUID),
            (json!({ "vpcId": null, "localEpGroup": null, "enterpriseRouterId": "er-1" }), "spec.enterpriseRouterId", UUID),
            (json!({ "localEpGroup": null }), "spec.localEpGroup", "localEpGroup is required with vpcId"),
            (json!({ "vpcId": null, "enterpriseRouterId": ID }), "spec.localEpGroup", "localEpGroup is only allowed with vpcId"),
            (json!({ "localEpGroup": ["fd00::/64"] }), "spec.localEpGroup", "localEpGroup must hold IPv4 networks; not fd00::/64"),
            (json!({ "localEpGroup": ["10.0.0.0/8", "10.0.0.0/8"] }), "spec.localEpGroup[1]", "Duplicate value"),
            (
                json!({ "localEpGroupIpv6": ["10.0.0.0/8"] }),
                "spec.localEpGroupIpv6",
                "localEpGroupIpv6 must hold IPv6 networks; not 10.0.0.0/8",
            ),
            (json!({ "localEpGroupIpv6": ["fd00::1/64"] }), "spec.localEpGroupIpv6", CANONICAL),
            (json!({ "localEpGroupIpv6": ["FD00::/64"] }), "spec.localEpGroupIpv6", CANONICAL),
            (json!({ "enterpriseProjectId": "default" }), "spec.enterpriseProjectId", "or 0 for the default enterprise project"),
        ],
    );
    for wrong in ["10.0.0.1/8", "10.0.0.0/08", "10.0.0.0", "10.0.0.0/33", "all", "10.0.0.0/8 "] {
        all.extend(rows(&gateway(), [(json!({ "localEpGroup": ["10.1.0.0/16", wrong] }), "spec.localEpGroup", CANONICAL)]));
    }
    all.extend(tags(&gateway()));
    all
}

fn tags(base: &Value) -> Vec<Row> {
    let wrong = [String::from("_sys_mine"), String::new(), "k".repeat(129), String::from("direct-connect-operator-owner")];
    wrong.into_iter().map(|key| (base.clone(), json!({ "spec": { "tags": { key: "value" } } }), "spec.tags", TAGS)).collect()
}

fn interfaces() -> Vec<Row> {
    let gateway = "spec must have exactly one of virtualGatewayRef, virtualGatewayId, globalGatewayId";
    let line = "spec must have exactly one of connectionId, lagId";
    let mut all = rows(
        &interface(),
        [
            (json!({ "connectionId": null }), "spec", line),
            (json!({ "lagId": ID }), "spec", line),
            (json!({ "connectionId": "line" }), "spec.connectionId", UUID),
            (json!({ "connectionId": null, "lagId": "lag" }), "spec.lagId", UUID),
            (json!({ "virtualGatewayRef": null }), "spec", gateway),
            (json!({ "virtualGatewayId": ID }), "spec", gateway),
            (json!({ "globalGatewayId": ID }), "spec", gateway),
            (json!({ "virtualGatewayRef": { "name": "A" } }), "spec.virtualGatewayRef.name", OBJECT_NAME),
            (json!({ "virtualGatewayRef": { "namespace": "a.b" } }), "spec.virtualGatewayRef.namespace", NAMESPACE),
            (json!({ "virtualGatewayRef": null, "virtualGatewayId": "x" }), "spec.virtualGatewayId", UUID),
            (json!({ "virtualGatewayRef": null, "globalGatewayId": "x" }), "spec.globalGatewayId", UUID),
            (json!({ "serviceEpGroup": ["203.0.113.0/24"] }), "spec.serviceEpGroup", "serviceEpGroup is only allowed with type public"),
            (json!({ "type": "public", "serviceEpGroup": ["203.0.113.1/24"] }), "spec.serviceEpGroup", CANONICAL),
            (json!({ "priority": "low" }), "spec.priority", "priority low is only allowed with routeMode bgp"),
            (json!({ "enableBfd": true, "enableNqa": true }), "spec.enableNqa", "enableBfd and enableNqa must not both be true"),
            (json!({ "resourceTenantId": "tenant" }), "spec.resourceTenantId", "must be the id of a project: 32 hex digits"),
            (json!({ "enterpriseProjectId": "x" }), "spec.enterpriseProjectId", "or 0 for the default enterprise project"),
            (
                json!({ "enterpriseProjectId": ID, "resourceTenantId": "0123456789abcdef0123456789abcdef" }),
                "spec.enterpriseProjectId",
                "enterpriseProjectId is only allowed without resourceTenantId",
            ),
            (json!({ "vlan": null }), "spec.vlan", "Required value"),
            (json!({ "bandwidth": null }), "spec.bandwidth", "Required value"),
            (json!({ "routeMode": null }), "spec.routeMode", "Required value"),
        ],
    );
    all.extend(tags(&interface()));
    all.extend(line_rows(&interface(), &bgp_interface(), "10.0.0.1/30", "10.0.0.2/30", "ipv6"));
    all
}

fn peers() -> Vec<Row> {
    let one_of = "spec must have exactly one of virtualInterfaceRef, virtualInterfaceId";
    let mut all = rows(
        &peer(),
        [
            (json!({ "virtualInterfaceRef": null }), "spec", one_of),
            (json!({ "virtualInterfaceId": ID }), "spec", one_of),
            (json!({ "virtualInterfaceRef": { "name": "A" } }), "spec.virtualInterfaceRef.name", OBJECT_NAME),
            (json!({ "virtualInterfaceRef": { "namespace": "A" } }), "spec.virtualInterfaceRef.namespace", NAMESPACE),
            (json!({ "virtualInterfaceRef": null, "virtualInterfaceId": "x" }), "spec.virtualInterfaceId", UUID),
            (json!({ "addressFamily": null }), "spec.addressFamily", "Required value"),
            (json!({ "remoteEpGroup": ["fd00::/64", "fd00:0::/64"] }), "spec.remoteEpGroup", CANONICAL),
        ],
    );
    let v4 = json!({ "addressFamily": "ipv4", "localGatewayIp": "10.0.0.1/30", "remoteGatewayIp": "10.0.0.2/30", "remoteEpGroup": null });
    let v4 = crate::manifests::changed(&peer(), &json!({ "spec": v4 }));
    all.extend(line_rows(&v4, &bgp_peer(), "10.0.0.1/30", "10.0.0.2/30", "ipv6"));
    all
}

/// What an interface and a peer share; `plain` has these IPv4 gateways, and `family` is not its own.
fn line_rows(plain: &Value, bgp: &Value, local: &str, remote: &str, family: &str) -> Vec<Row> {
    let pair = "remoteGatewayIp must be another address of the subnet of localGatewayIp";
    let address = "must be an address with its prefix length";
    let host = "must be the address of a host";
    let families = "localGatewayIp and remoteGatewayIp must be of the addressFamily";
    let unroutable = "remoteEpGroup must not hold networks of 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 224.0.0.0/3";
    let mut all = rows(
        plain,
        [
            (json!({ "localGatewayIp": "10.0.0.1" }), "spec.localGatewayIp", address),
            (json!({ "remoteGatewayIp": "gateway" }), "spec.remoteGatewayIp", address),
            (json!({ "remoteGatewayIp": "10.0.0.5/30" }), "spec.remoteGatewayIp", pair),
            (json!({ "remoteGatewayIp": "10.0.0.2/29" }), "spec.remoteGatewayIp", pair),
            (json!({ "remoteGatewayIp": local }), "spec.remoteGatewayIp", pair),
            (json!({ "localGatewayIp": "10.0.0.0/30" }), "spec.localGatewayIp", host),
            (json!({ "remoteGatewayIp": "10.0.0.0/30" }), "spec.remoteGatewayIp", host),
            (json!({ "remoteGatewayIp": "fd00::2/64" }), "spec.remoteGatewayIp", pair),
            (json!({ "localGatewayIp": "fd00::1/64", "remoteGatewayIp": "fd00::2/64" }), "spec.localGatewayIp", families),
            (json!({ "addressFamily": family, "localGatewayIp": local, "remoteGatewayIp": remote }), "spec.localGatewayIp", families),
            (json!({ "localGatewayIp": null }), "spec.localGatewayIp", "Required value"),
            (json!({ "remoteGatewayIp": null }), "spec.remoteGatewayIp", "Required value"),
            (
                json!({ "remoteEpGroup": ["10.1.0.0/16", "10.2.0.1/16"] }),
                "spec.remoteEpGroup",
                "remoteEpGroup must hold networks in canonical CIDR notation, without host bits, like 10.0.0.0/8 or fd00::/8; not 10.2.0.1/16",
            ),
            (json!({ "remoteEpGroup": ["fd00::/64"] }), "spec.remoteEpGroup", "remoteEpGroup must hold networks of the addressFamily"),
            (json!({ "remoteEpGroup": ["10.1.0.0/16", "10.1.0.0/16"] }), "spec.remoteEpGroup[1]", "Duplicate value"),
            (json!({ "bgpAsn": 65000 }), "spec.bgpAsn", "bgpAsn is only allowed with routeMode bgp"),
            (
                json!({ "bgpMd5SecretRef": { "name": "a", "key": "b" } }),
                "spec.bgpMd5SecretRef",
                "bgpMd5SecretRef is only allowed with routeMode bgp",
            ),
        ],
    );
    for network in ["100.64.0.0/24", "127.0.0.0/8", "169.254.1.0/24", "239.0.0.0/8"] {
        all.extend(rows(plain, [(json!({ "remoteEpGroup": [network] }), "spec.remoteEpGroup", unroutable)]));
    }
    all.extend(rows(
        bgp,
        [
            (json!({ "bgpAsn": null }), "spec.bgpAsn", "bgpAsn is required with routeMode bgp"),
            (json!({ "bgpAsn": 64512 }), "spec.bgpAsn", "not 64512"),
            (json!({ "bgpMd5SecretRef": { "name": "A" } }), "spec.bgpMd5SecretRef.name", OBJECT_NAME),
            (json!({ "bgpMd5SecretRef": { "key": "a/b" } }), "spec.bgpMd5SecretRef.key", "key must be a key of a Secret"),
        ],
    ));
    all
}

fn updates(base: &Value, refused: &[(Value, &'static str)], message: &'static str) -> Vec<Update> {
    refused.iter().map(|(spec, field)| (base.clone(), json!({ "spec": spec }), Some((*field, message)))).collect()
}

fn accepted(base: &Value, changes: &[Value]) -> Vec<Update> {
    changes.iter().map(|spec| (base.clone(), json!({ "spec": spec }), None)).collect()
}

/// Changes of objects that are there.
pub fn at_update() -> Vec<Update> {
    let with = |base: Value, spec: Value| crate::manifests::changed(&base, &json!({ "spec": spec }));
    let full_gateway = with(gateway(), json!({ "bgpAsn": 64512, "enterpriseProjectId": "0", "localEpGroupIpv6": ["fd00::/64"] }));
    let tenant = "0123456789abcdef0123456789abcdef";
    let tenant_interface = with(bgp_interface(), json!({ "resourceTenantId": tenant }));
    let mut all = Vec::new();
    for base in [gateway(), interface(), peer()] {
        let named = with(base.clone(), json!({ "accountRef": { "name": "a" }, "import": { "id": ID } }));
        all.extend(updates(&base, &[(json!({ "accountRef": { "name": "a" } }), "spec.accountRef")], "accountRef is immutable"));
        all.extend(updates(
            &named,
            &[(json!({ "accountRef": { "name": "b" } }), "spec.accountRef"), (json!({ "accountRef": null }), "spec.accountRef")],
            "accountRef is immutable",
        ));
        all.extend(updates(&named, &[(json!({ "import": { "id": OTHER_ID } }), "spec.import.id")], "import.id is immutable"));
        all.extend(accepted(
            &base,
            &[json!({ "import": { "naturalKey": true }, "policy": { "drift": "Detect" }, "name": "new", "description": "new" })],
        ));
        all.extend(accepted(&named, &[json!({ "import": null })]));
    }
    all.extend(updates(&account(), &[(json!({ "region": "eu-west-102" }), "spec.region")], "region is immutable"));
    let project = with(account(), json!({ "projectId": tenant }));
    all.extend(updates(&project, &[(json!({ "projectId": "f".repeat(32) }), "spec.projectId")], "projectId is immutable"));
    all.extend(accepted(
        &account(),
        &[json!({ "projectId": tenant, "syncInterval": "1m", "credentials": { "accessKey": null, "metadata": {} } })],
    ));

    all.extend(updates(&gateway(), &[(json!({ "vpcId": OTHER_ID }), "spec.vpcId")], "vpcId is immutable"));
    all.extend(updates(
        &gateway(),
        &[(json!({ "vpcId": null, "localEpGroup": null, "enterpriseRouterId": ID }), "spec.enterpriseRouterId")],
        "enterpriseRouterId is immutable",
    ));
    all.extend(updates(&gateway(), &[(json!({ "bgpAsn": 65000 }), "spec.bgpAsn")], "bgpAsn is immutable"));
    all.extend(updates(
        &full_gateway,
        &[(json!({ "bgpAsn": 65000 }), "spec.bgpAsn"), (json!({ "bgpAsn": null }), "spec.bgpAsn")],
        "bgpAsn is immutable",
    ));
    all.extend(updates(
        &full_gateway,
        &[
            (json!({ "enterpriseProjectId": ID }), "spec.enterpriseProjectId"),
            (json!({ "enterpriseProjectId": null }), "spec.enterpriseProjectId"),
        ],
        "enterpriseProjectId is immutable",
    ));
    all.extend(updates(
        &full_gateway,
        &[(json!({ "localEpGroupIpv6": null }), "spec.localEpGroupIpv6")],
        "localEpGroupIpv6 can't be removed once set",
    ));
    all.extend(accepted(
        &full_gateway,
        &[json!({ "localEpGroup": ["10.9.0.0/16"], "localEpGroupIpv6": ["fd09::/64"], "tags": { "a": "b" } })],
    ));

    all.extend(interface_updates(&tenant_interface));
    all.extend(updates(
        &peer(),
        &[(json!({ "virtualInterfaceRef": { "name": "b" } }), "spec.virtualInterfaceRef")],
        "virtualInterfaceRef is immutable",
    ));
    all.extend(updates(
        &peer(),
        &[(json!({ "virtualInterfaceRef": null, "virtualInterfaceId": ID }), "spec.virtualInterfaceId")],
        "virtualInterfaceId is immutable",
    ));
    all.extend(updates(
        &peer(),
        &[(
            json!({ "addressFamily": "ipv4", "localGatewayIp": "10.0.0.1/30", "remoteGatewayIp": "10.0.0.2/30", "remoteEpGroup": null }),
            "spec.addressFamily",
        )],
        "addressFamily is immutable",
    ));
    all.extend(line_updates(&peer(), &bgp_peer(), "fd00::5/64", "fd00::6/64"));
    all.extend(accepted(&peer(), &[json!({ "remoteEpGroup": ["fd02::/64"] }), json!({ "remoteEpGroup": null })]));
    all
}

fn interface_updates(tenant: &Value) -> Vec<Update> {
    let mut all = Vec::new();
    all.extend(updates(&interface(), &[(json!({ "connectionId": OTHER_ID }), "spec.connectionId")], "connectionId is immutable"));
    all.extend(updates(&interface(), &[(json!({ "connectionId": null, "lagId": ID }), "spec.lagId")], "lagId is immutable"));
    all.extend(updates(
        &interface(),
        &[(json!({ "virtualGatewayRef": { "name": "b" } }), "spec.virtualGatewayRef")],
        "virtualGatewayRef is immutable",
    ));
    all.extend(updates(
        &interface(),
        &[(json!({ "virtualGatewayRef": null, "virtualGatewayId": ID }), "spec.virtualGatewayId")],
        "virtualGatewayId is immutable",
    ));
    all.extend(updates(
        &interface(),
        &[(json!({ "virtualGatewayRef": null, "globalGatewayId": ID }), "spec.globalGatewayId")],
        "globalGatewayId is immutable",
    ));
    all.extend(updates(&interface(), &[(json!({ "type": "public" }), "spec.type")], "type is immutable; absent it is private"));
    all.extend(updates(
        &interface(),
        &[(
            json!({ "addressFamily": "ipv6", "localGatewayIp": "fd00::1/64", "remoteGatewayIp": "fd00::2/64", "remoteEpGroup": null }),
            "spec.addressFamily",
        )],
        "addressFamily is immutable; absent it is ipv4",
    ));
    all.extend(updates(&interface(), &[(json!({ "vlan": 31 }), "spec.vlan")], "vlan is immutable"));
    all.extend(updates(
        &interface(),
        &[(json!({ "enterpriseProjectId": ID }), "spec.enterpriseProjectId")],
        "enterpriseProjectId is immutable",
    ));
    all.extend(updates(
        tenant,
        &[
            (json!({ "resourceTenantId": "f".repeat(32) }), "spec.resourceTenantId"),
            (json!({ "resourceTenantId": null }), "spec.resourceTenantId"),
        ],
        "resourceTenantId is immutable",
    ));
    all.extend(line_updates(&interface(), &bgp_interface(), "10.0.0.5/30", "10.0.0.6/30"));
    all.extend(accepted(
        &bgp_interface(),
        &[
            json!({ "bandwidth": 100, "remoteEpGroup": [], "priority": "low", "enableBfd": true, "extendAttribute": { "haType": "bfd" }, "tags": { "a": "b" } }),
            json!({ "type": "private", "addressFamily": "ipv4" }),
        ],
    ));
    all
}

/// What an interface and a peer share, and two other gateway addresses.
fn line_updates(plain: &Value, bgp: &Value, local: &str, remote: &str) -> Vec<Update> {
    let mut all = Vec::new();
    let both = json!({ "localGatewayIp": local, "remoteGatewayIp": remote });
    all.extend(updates(plain, &[(both.clone(), "spec.localGatewayIp")], "localGatewayIp is immutable"));
    all.extend(updates(plain, &[(both, "spec.remoteGatewayIp")], "remoteGatewayIp is immutable"));
    let static_routes = json!({ "routeMode": "static", "bgpAsn": null, "bgpMd5SecretRef": null });
    all.extend(updates(bgp, &[(static_routes, "spec.routeMode")], "routeMode is immutable"));
    all.extend(updates(bgp, &[(json!({ "bgpAsn": 65001 }), "spec.bgpAsn")], "bgpAsn is immutable"));
    all.extend(updates(
        bgp,
        &[
            (json!({ "bgpMd5SecretRef": { "key": "other" } }), "spec.bgpMd5SecretRef"),
            (json!({ "bgpMd5SecretRef": null }), "spec.bgpMd5SecretRef"),
        ],
        "bgpMd5SecretRef is immutable",
    ));
    all
}
