//! The pages: those that are generated hold what the code says, and what the others link to and show is there and valid.

#[path = "../../benches/scale/figures.rs"]
#[allow(dead_code, reason = "the benchmark writes what is read here")]
mod figures;
mod links;
mod manifests;
#[path = "../../benches/scale/page.rs"]
mod page;
mod terraform;

use direct_connect_operator::api::{Reason, Recovery, Status, VirtualGatewayObserved};
use direct_connect_operator::cloud::{CATALOGUE, CloudError, ErrorClass, RequestOutcome as Sent, classify};
use direct_connect_operator::docgen;
use direct_connect_operator::reconcile::{AttemptOutcome, ResourceState, StatusInput, report};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Every code of Direct Connect that the vendor documents (`docs/design/cloud-api.md#error-codes`), and its class in words.
const DOCUMENT: &str = include_str!("../fixtures/error-codes.txt");

#[test]
fn the_folder_holds_what_the_code_says() {
    for (name, text) in docgen::files() {
        let stored = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(&name)).unwrap_or_default();
        assert!(stored == text, "docs/{name} is not what the code says: run `make generate`");
    }
}

#[test]
fn the_page_on_performance_holds_what_was_measured() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let measured = std::fs::read_to_string(folder.join("benches/scale/measured.json")).unwrap();
    let rows: Vec<figures::Figures> = serde_json::from_str(&measured).unwrap();
    assert!(rows.iter().map(|row| row.scenario.as_str()).eq(page::ROWS), "a scenario was not measured: run `make bench soak performance`");
    let stored = std::fs::read_to_string(folder.join("docs/performance.md")).unwrap();
    assert!(stored == page::page(&rows), "docs/performance.md is not what was measured: run `make performance`");
}

#[test]
fn every_code_of_the_document_has_its_class() {
    let class = |word: &str| match word {
        "user-fixable" => ErrorClass::Invalid,
        "not-found" => ErrorClass::Absent,
        "retryable (server)" => ErrorClass::Server,
        "retryable (state)" => ErrorClass::Busy,
        "permission" => ErrorClass::Permission,
        "quota / exhaustion" => ErrorClass::Quota,
        "conflict / in use" => ErrorClass::InUse,
        "conflict (user)" => ErrorClass::Conflict,
        "vendor-side config" => ErrorClass::Unsupported,
        other => panic!("{other}"),
    };
    let document: BTreeMap<&str, &str> = DOCUMENT.lines().map(|line| line.split_once(' ').unwrap()).collect();
    assert_eq!(document.len(), 83);
    for (code, word) in &document {
        assert_eq!(classify(code, 400, true), class(word), "{code}");
    }
    let of_the_service = CATALOGUE.iter().map(|row| row.code).filter(|code| code.starts_with("DC."));
    let more: Vec<&str> = of_the_service.filter(|code| !document.contains_key(code)).collect();
    // Seen in the wild, listed nowhere.
    assert_eq!(more, ["DC.2720"]);
}

#[test]
fn every_code_and_reason_stands_in_its_catalogue_once() {
    let files: BTreeMap<String, String> = docgen::files().into_iter().collect();
    let once = |file: &str, name: &str| assert_eq!(files[file].matches(&format!("| `{name}` | ")).count(), 1, "{name} in {file}");
    for row in CATALOGUE {
        once("error-codes.md", row.code);
    }
    for reason in Reason::ALL {
        once("conditions.md", reason.as_str());
    }
}

/// Every class of error, told by the engine, holds to what the catalogue of conditions says of its reason.
#[test]
fn the_conditions_after_an_error_are_those_of_the_catalogue() {
    for class in ErrorClass::ALL {
        let error = CloudError {
            class,
            code: "DC.1".to_owned(),
            message: "no".to_owned(),
            http_status: Some(400),
            request_id: None,
            operation: "CreateVirtualGateway",
            outcome: Sent::Refused,
            retry_after: None,
        };
        let facts = StatusInput {
            id: None,
            intent: None,
            resource: ResourceState::NotObserved,
            drift: vec![],
            ignored: vec![],
            duplicates: None,
            observe_only: false,
            missing: Vec::new(),
        };
        let status: Status<VirtualGatewayObserved> =
            report(&Status::default(), &AttemptOutcome::Failed(error), &facts, Some(1), &Time(jiff::Timestamp::UNIX_EPOCH));
        let told: BTreeSet<&str> = status.conditions.iter().map(|condition| condition.type_.as_str()).collect();
        let reason = Reason::ALL.iter().find(|reason| reason.as_str() == status.conditions[0].reason).unwrap();
        let listed: BTreeSet<&str> = reason.conditions().iter().map(|type_| type_.as_str()).collect();
        match reason.recovery() {
            Recovery::Either => assert!(told.is_subset(&listed), "{class:?}: {told:?}"),
            _ => assert_eq!(told, listed, "{class:?}"),
        }
    }
}
