//! The schema of the custom resources against itself: each field is described, and whatever bound stands there is held by the real API server.
mod bounds;
mod existing;

use direct_connect_operator::kinds;
use kube::api::{DynamicObject, PostParams};
use serde_json::{Value, json};
use support::controlplane::ControlPlane;
use support::world::API_VERSION;

const ID: &str = "0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f";

/// A valid object of each kind.
fn base(kind: &str) -> Value {
    let spec = match kind {
        "CloudAccount" => {
            json!({ "region": "eu-west-101", "credentials": { "accessKey": { "secretRef": { "namespace": "dc-system", "name": "keys" } } } })
        }
        "VirtualGateway" => json!({ "vpcId": ID, "localEpGroup": ["10.0.0.0/16"] }),
        "VirtualInterface" => json!({
            "connectionId": ID, "virtualGatewayRef": { "name": "gateway" }, "vlan": 30, "bandwidth": 50, "routeMode": "static",
            "localGatewayIp": "10.0.0.1/30", "remoteGatewayIp": "10.0.0.2/30", "remoteEpGroup": ["10.1.123.0/24"],
        }),
        "Peer" => json!({
            "virtualInterfaceRef": { "name": "interface" }, "addressFamily": "ipv6", "routeMode": "static",
            "localGatewayIp": "fd00::1/64", "remoteGatewayIp": "fd00::2/64", "remoteEpGroup": ["fd01::/64"],
        }),
        "Connection" => json!({ "import": { "id": "00000000-0000-4000-8000-000000000001" } }),
        "HostedConnection" => json!({
            "hostingConnectionRef": { "name": "operations" }, "vlan": 100, "bandwidth": 50, "resourceTenantId": "0".repeat(32),
        }),
        "GlobalGateway" | "ConnectGateway" => json!({}),
        "GlobalEipAssociation" => json!({ "connectGatewayRef": { "name": "gateway" }, "globalEipId": ID }),
        "PeerLink" => json!({
            "globalGatewayId": ID,
            "peerSite": { "enterpriseRouterId": ID, "regionId": "eu-west-101", "projectId": "0123456789abcdef0123456789abcdef" },
        }),
        "GlobalGatewayRoute" => {
            json!({ "globalGatewayId": ID, "destination": "10.20.0.0/16", "virtualInterfaceRef": { "name": "interface" } })
        }
        "DirectConnectGrant" => json!({
            "from": [{ "kind": "VirtualInterface", "namespace": "team" }], "to": [{ "kind": "VirtualGateway", "name": "shared" }],
        }),
        other => panic!("{other} needs a valid object here"),
    };
    json!({ "apiVersion": API_VERSION, "kind": kind, "metadata": { "name": "example" }, "spec": spec })
}

#[test]
fn every_field_is_described_and_of_a_known_format() {
    for crd in kinds::crds() {
        let kind = &crd.spec.names.kind;
        for (path, schema) in bounds::fields(&bounds::schema(&crd)) {
            assert!(schema["description"].is_string() || path.ends_with("[0]") || path.ends_with(".*"), "{kind} {path} has no description");
            assert!(schema["nullable"].is_null(), "{kind} {path} is nullable");
            let format = schema["format"].as_str().unwrap_or("int64");
            assert!(["int32", "int64", "date-time"].contains(&format), "{kind} {path} has the format {format}");
        }
    }
}

/// A choice is explained where it is made, with all its values: an enum's own description says nothing of the field.
#[test]
fn every_choice_is_described_with_its_values() {
    for crd in kinds::crds() {
        let kind = &crd.spec.names.kind;
        for (path, schema) in bounds::fields(&bounds::schema(&crd)) {
            let description = schema["description"].as_str().unwrap_or_default();
            for value in schema["enum"].as_array().into_iter().flatten() {
                assert!(description.contains(value.as_str().unwrap()), "{kind} {path} does not tell of {value}: {description}");
            }
        }
    }
}

#[tokio::test]
async fn every_bound_is_held_and_told_at_its_field() {
    let plane = ControlPlane::shared().await;
    let client = plane.client().await;
    let dry_run = PostParams { dry_run: true, ..PostParams::default() };
    let mut failures = Vec::new();
    for crd in kinds::crds() {
        let kind = crd.spec.names.kind.as_str();
        let namespace = (crd.spec.scope == "Namespaced").then_some("default");
        let api = support::world::api(&client, namespace, API_VERSION, kind);
        let parse = |object: Value| serde_json::from_value::<DynamicObject>(object).unwrap();
        api.create(&dry_run, &parse(base(kind))).await.unwrap_or_else(|error| panic!("the valid {kind} was refused: {error}"));
        for crossing in bounds::crossings(&crd) {
            let (path, allowed) = (&crossing.path, &crossing.allowed);
            match api.create(&dry_run, &parse(crossing.applied_to(&base(kind)))).await {
                Err(kube::Error::Api(said)) if said.message.contains(&format!("{path}: ")) && said.message.contains(allowed) => {}
                Err(said) => failures.push(format!("{kind} {path}: expected {allowed:?}, but: {said}")),
                Ok(_) => failures.push(format!("{kind} {path}: accepted; expected {allowed:?}")),
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
