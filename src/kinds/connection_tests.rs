//! A connection is never ordered, never cancelled, and never costs anything by what an object says.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::api::{Defaults, DriftPolicy, Management};
use crate::cloud::Method;
use crate::graph::Contributions;
use crate::graph::owner::OWNER_TAG;
use crate::reconcile::{Creation, Found, IntentState, Links, Obstacle, Ownership, Presence, Situation, Step, Unseen, decide};

fn text(pattern: &'static str) -> impl Strategy<Value = Value> {
    prop_oneof![pattern.prop_map(Value::from), Just(Value::Null)]
}

fn tags() -> impl Strategy<Value = Value> {
    let key = prop_oneof!["[a-c]", Just(OWNER_TAG.to_owned()), Just("bandwidth".to_owned())];
    proptest::collection::btree_map(key, "[x-z]{0,2}", 0..4).prop_map(|tags| json!(tags))
}

/// Any object, also one that the API server would refuse.
fn objects() -> impl Strategy<Value = Connection> {
    let import = prop_oneof![Just(json!({ "id": "1" })), Just(json!({ "naturalKey": true })), Just(Value::Null)];
    let policy = prop_oneof![
        Just(Value::Null),
        Just(json!({ "deletion": "Delete" })),
        Just(json!({ "deletion": "Delete", "management": "Managed", "drift": "Correct", "ignoreFields": ["name"] })),
        Just(json!({ "deletion": "Retain", "ignoreTags": ["a"] })),
    ];
    let texts = (text("[ab]{1,3}"), text("[ab]{0,3}"), text("[ab]{0,3}"));
    (import, policy, texts, prop_oneof![Just(Value::Null), tags()]).prop_map(|(import, policy, (name, description, location), tags)| {
        let spec = json!({
            "import": import, "policy": policy, "name": name, "description": description, "peerLocation": location, "tags": tags,
        });
        serde_json::from_value(json!({
            "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "Connection", "metadata": { "name": "a" }, "spec": spec,
        }))
        .unwrap()
    })
}

fn seen() -> impl Strategy<Value = cloud::Connection> {
    const WORDS: &[&str] = &[
        "ACTIVE",
        "DOWN",
        "ERROR",
        "DENY",
        "APPLY",
        "PENDING_SURVEY",
        "PENDING_PAY",
        "PAID",
        "LEASED_LINE_DELIVERY",
        "BUILD",
        "PENDING_UPDATE",
        "PENDING_DELETE",
        "DELETED",
        "?",
        "",
    ];
    (text("[ab]{0,3}"), text("[ab]{0,3}"), proptest::sample::select(WORDS), tags()).prop_map(|(name, description, status, tags)| {
        let tags: Vec<Value> = tags.as_object().unwrap().iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
        serde_json::from_value(
            json!({ "id": "1", "name": name, "description": description, "status": status, "tags": tags, "bandwidth": 5 }),
        )
        .unwrap()
    })
}

/// All that an attempt for this object and this connection can meet, its policies too: what fixes the deletion policy is held for broken here.
fn situations() -> impl Strategy<Value = Situation> {
    let found = (
        objects(),
        seen(),
        prop_oneof![Just(Tagging::All), Just(Tagging::OwnerOnly), Just(Tagging::None)],
        prop_oneof![Just(Ownership::Ours), Just(Ownership::Imported), Just(Ownership::Foreign("another".to_owned()))],
        any::<[bool; 5]>(),
    );
    let flags = (any::<[bool; 6]>(), prop_oneof![Just(DriftPolicy::Correct), Just(DriftPolicy::Detect), Just(DriftPolicy::Ignore)]);
    (found, flags, 0..5_u8).prop_map(|((object, seen, tagging, owner, of_found), (flags, drift), presence)| {
        let [recorded, orphaned, is_shut, update_unseen, delete_unseen] = of_found;
        let [deleting, observe, retain, spec_changed, fresh, lost] = flags;
        let (links, mut defaults) = (Links::new(), Defaults::default());
        defaults.tags.insert("default".to_owned(), "x".to_owned());
        let desired = Desired {
            object: &object,
            links: &links,
            created_as: None,
            defaults: &defaults,
            owner: Some("cluster:namespace/a"),
            tagging,
            contributions: Contributions::none(),
            secret: None,
        };
        let differences = ConnectionKind::compare(&desired, &seen);
        let found = Found {
            id: seen.id.clone(),
            owner,
            recorded,
            phase: ConnectionKind::phase(&seen),
            update: ConnectionKind::update(&desired, &seen, &differences),
            delete: ConnectionKind::delete(&seen),
            unseen: Unseen { update: update_unseen, delete: delete_unseen },
            obstacle: is_shut.then_some(Obstacle::ShutDown),
            orphaned,
            differences,
            ignored: Vec::new(),
        };
        Situation {
            deleting,
            management: if observe { Management::ObserveOnly } else { Management::Managed },
            deletion: if retain { DeletionPolicy::Retain } else { DeletionPolicy::Delete },
            drift,
            spec_changed,
            dependants: Vec::new(),
            references: Vec::new(),
            intent: if fresh { IntentState::Fresh } else { IntentState::None },
            lost: lost.then(|| "0".to_owned()),
            duplicates: Vec::new(),
            contested: Vec::new(),
            create: Some(ConnectionKind::create(&desired).map_or(Creation::Never, Creation::Call)),
            too_many_tags: None,
            cloud: match presence {
                0 => Presence::Absent,
                1 => Presence::ImportNotFound("1".to_owned()),
                2 => Presence::Ambiguous(vec!["1".to_owned(), "2".to_owned()]),
                _ => Presence::Present(Box::new(found)),
            },
        }
    })
}

fn calls(step: &Step) -> Vec<&Call> {
    match step {
        Step::Create(call) | Step::Update(call, _) | Step::Delete(call) | Step::Replace(call, _) => vec![call],
        _ => Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn whatever_an_object_says_only_names_and_tags_are_written(situation in situations()) {
        let step = decide(&situation);
        prop_assert!(!matches!(step, Step::RecordIntent | Step::Create(_) | Step::Delete(_) | Step::Replace(..)), "{:?}", step);
        for call in calls(&step) {
            let body = call.body.clone().unwrap();
            match call.operation {
                "UpdateDirectConnect" => {
                    prop_assert_eq!(call.method, Method::Put);
                    prop_assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["direct_connect"]);
                    let fields = body["direct_connect"].as_object().unwrap();
                    prop_assert!(!fields.is_empty() && fields.keys().all(|key| ["name", "description", "peer_location"].contains(&&**key)), "{body}");
                }
                "BatchCreateResourceTags" => prop_assert_eq!(&body["action"], "create", "no tag is taken off"),
                other => prop_assert!(false, "{}", other),
            }
        }
    }

    #[test]
    fn an_object_that_goes_never_writes_whatever_the_policy_and_without_one_leaves_at_once(situation in situations()) {
        let situation = Situation { deleting: true, ..situation };
        prop_assert!(calls(&decide(&situation)).is_empty());
        let situation = Situation { deletion: ConnectionKind::DELETION.unwrap(), ..situation };
        prop_assert_eq!(decide(&situation), Step::RemoveFinalizer);
    }

    /// Neither the owner's tag nor those of the account.
    #[test]
    fn only_the_tags_of_the_spec_are_set(object in objects(), seen in seen()) {
        let (links, mut defaults) = (Links::new(), Defaults::default());
        defaults.tags.insert("default".to_owned(), "x".to_owned());
        let desired = Desired {
            object: &object, links: &links, created_as: None, defaults: &defaults, owner: Some("o"), tagging: Tagging::All,
            contributions: Contributions::none(), secret: None,
        };
        let ConnectionSpecTags { set, of_spec } = ConnectionSpecTags::of(&desired, &seen);
        prop_assert!(set.iter().all(|(key, value)| of_spec.get(key) == Some(value)), "{set:?} of {of_spec:?}");
    }
}

/// The tags that an update sets, and those of the spec.
struct ConnectionSpecTags {
    set: Tags,
    of_spec: Tags,
}

impl ConnectionSpecTags {
    fn of(desired: &Desired<'_, Connection>, seen: &cloud::Connection) -> Self {
        let differences = ConnectionKind::compare(desired, seen);
        let only_tags: Vec<Difference> = differences.into_iter().filter(|difference| difference.path == "tags").collect();
        let body = ConnectionKind::update(desired, seen, &only_tags).and_then(|call| call.body).unwrap_or_default();
        let set = body["tags"].as_array().into_iter().flatten();
        let set = set.map(|tag| (tag["key"].as_str().unwrap().to_owned(), tag["value"].as_str().unwrap().to_owned())).collect();
        Self { set, of_spec: desired.object.spec.tags.clone().unwrap_or_default() }
    }
}

#[test]
fn the_stages_of_a_delivery_and_its_end() {
    let rows = [
        ("APPLY", ResourcePhase::Settling(Reason::Delivering)),
        ("PENDING_SURVEY", ResourcePhase::Settling(Reason::Delivering)),
        ("PENDING_PAY", ResourcePhase::Settling(Reason::Delivering)),
        ("PAID", ResourcePhase::Settling(Reason::Delivering)),
        ("LEASED_LINE_DELIVERY", ResourcePhase::Settling(Reason::Delivering)),
        ("BUILD", ResourcePhase::Settling(Reason::Delivering)),
        ("ACTIVE", ResourcePhase::Settled),
        ("DOWN", ResourcePhase::Settled),
        ("PENDING_DELETE", ResourcePhase::Deleting),
        ("DELETED", ResourcePhase::Gone),
        ("ERROR", ResourcePhase::Failed(Reason::CloudFailed, "no port".to_owned())),
        ("DENY", ResourcePhase::Failed(Reason::CloudFailed, "the order was denied: no port".to_owned())),
        ("SOMETHING_NEW", ResourcePhase::Settling(Reason::Settling)),
    ];
    for (status, phase) in rows {
        let seen = serde_json::from_value(json!({ "id": "1", "status": status, "reason": "no port" })).unwrap();
        assert_eq!(ConnectionKind::phase(&seen), phase, "{status}");
    }
}

/// An import by name is judged by what it has found, and before that as a line that nobody has granted by its id.
#[test]
fn a_name_is_no_way_around_grants() {
    let connection = |spec: Value, id: Option<&str>| -> Connection {
        serde_json::from_value(json!({
            "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "Connection", "metadata": { "name": "a" }, "spec": spec,
            "status": { "id": id },
        }))
        .unwrap()
    };
    let (by_name, by_id) =
        (json!({ "import": { "naturalKey": true }, "name": "line" }), json!({ "import": { "id": "1" }, "name": "line" }));
    let import = Use::new(IMPORT, What::Import);
    let found = Use::new(IMPORT, What::Resource("Connection", "1".to_owned()));
    let rows = [
        ("by name", connection(by_name.clone(), None), vec![import.clone(), Use::new("name", What::Connection("line".to_owned()))]),
        ("by name, found", connection(by_name, Some("1")), vec![import.clone(), found.clone()]),
        ("by id", connection(by_id, None), vec![import, found]),
    ];
    for (row, object, uses) in rows {
        assert_eq!(ConnectionKind::uses(&object), uses, "{row}");
    }
}
