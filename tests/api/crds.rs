//! The definitions: `crds/` holds what the types say, and the API server enforces each rule with a message that helps.
//!
//! Every table has a manifest that is accepted, and changes that break one rule each, with what the refusal must say.
//! Rules that no change breaks are found by their messages, and fail the test.
mod accounts;
mod connect_gateways;
mod connections;
mod gateways;
mod global_eip_associations;
mod global_gateway_routes;
mod global_gateways;
mod interfaces;
mod peer_links;
mod peers;
mod table;

use direct_connect_operator::{api, kinds};
use std::collections::BTreeMap;
use support::controlplane::root;

#[test]
fn the_folder_holds_what_the_types_say() {
    let stored: BTreeMap<String, String> = root()
        .join("crds")
        .read_dir()
        .expect("crds/ is there: run `make generate`")
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    let generated: BTreeMap<String, String> = api::crds_yaml(&kinds::crds()).unwrap().into_iter().collect();
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&stored), names(&generated), "crds/ has other files than the types: run `make generate`");
    for (name, yaml) in &generated {
        assert!(stored[name] == *yaml, "crds/{name} is not what the types say: run `make generate`");
    }
}

/// What a reader of `kubectl explain` and `kubectl get` relies on.
#[test]
fn every_kind_has_its_names_and_columns() {
    let short = [
        ("CloudAccount", "dcaccount"),
        ("Connection", "dcconn"),
        ("HostedConnection", "hosted"),
        ("VirtualGateway", "vgw"),
        ("GlobalGateway", "gdgw"),
        ("VirtualInterface", "vif"),
        ("Peer", "vifpeer"),
        ("PeerLink", "peerlink"),
        ("GlobalGatewayRoute", "gdgwroute"),
        ("ConnectGateway", "cgw"),
        ("GlobalEipAssociation", "geipa"),
        ("DirectConnectGrant", "dcgrant"),
    ];
    for crd in kinds::crds() {
        let crd = serde_json::to_value(&crd).unwrap();
        let kind = crd["spec"]["names"]["kind"].as_str().unwrap();
        assert!(short.iter().any(|(k, name)| *k == kind && crd["spec"]["names"]["shortNames"] == serde_json::json!([name])), "{kind}");
        assert_eq!(crd["spec"]["names"]["categories"], serde_json::json!(["directconnect"]), "{kind}");
        let version = &crd["spec"]["versions"][0];
        let columns: Vec<_> = version["additionalPrinterColumns"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
        let (first, last): (&[&str], &[&str]) = match kind {
            "DirectConnectGrant" => (&["From", "To"], &["Age"]),
            "CloudAccount" => (&["Ready", "Reason"], &["Age", "Message"]),
            // They have no health of their own.
            "GlobalEipAssociation" | "GlobalGatewayRoute" => (&["Ready", "Reason", "ID"], &["Age", "Message"]),
            _ => (&["Ready", "Reason", "Healthy", "ID"], &["Age", "Message"]),
        };
        assert!(columns.starts_with(first) && columns.ends_with(last), "{kind}: {columns:?}");
    }
}
