use super::*;
use crate::cloud::Method;
use proptest::prelude::*;

fn call(operation: &'static str) -> Call {
    Call::new(operation, Method::Post, &[], "")
}

fn difference(path: &'static str, mutable: bool) -> Difference {
    Difference { path, mutable, is_shown: true, is_of_spec: path != "createOwner", desired: "a".into(), observed: "b".into() }
}

fn found() -> Found {
    Found {
        id: "1".into(),
        owner: Ownership::Ours,
        recorded: true,
        phase: ResourcePhase::Settled,
        differences: vec![],
        update: None,
        delete: Some(call("Delete")),
        unseen: Unseen::default(),
        ignored: vec![],
        obstacle: None,
        orphaned: false,
    }
}

fn one(change: impl FnOnce(&mut Found)) -> Presence {
    let mut found = found();
    change(&mut found);
    Presence::Present(Box::new(found))
}

fn differing(found: &mut Found) {
    found.differences = vec![difference("name", true)];
    found.update = Some(call("Update"));
}

fn unseen(found: &mut Found) {
    differing(found);
    found.unseen.update = true;
}

fn duplicate(delete: Option<&'static str>, is_deleting: bool) -> Duplicate {
    Duplicate { id: "2".into(), delete: delete.map(call), is_deleting }
}

fn who() -> Vec<WaitingFor> {
    vec![WaitingFor { kind: "VirtualInterface".into(), namespace: None, name: "vif".into() }]
}

fn unusable() -> UnusableSecret {
    UnusableSecret {
        secret: WaitingFor { kind: "Secret".into(), namespace: None, name: "bgp".into() },
        problem: "the value is empty".into(),
    }
}

/// An object that lives, has nothing in the cloud, and needs nothing.
fn situation() -> Situation {
    Situation {
        deleting: false,
        management: Management::Managed,
        deletion: DeletionPolicy::Delete,
        drift: DriftPolicy::Correct,
        spec_changed: false,
        dependants: vec![],
        references: vec![],
        intent: IntentState::None,
        cloud: Presence::Absent,
        lost: None,
        duplicates: vec![],
        contested: vec![],
        create: Some(Creation::Call(call("Create"))),
        too_many_tags: None,
    }
}

const fn many_tags(are_mutable: bool) -> TooManyTags {
    TooManyTags { count: 11, are_mutable }
}

type Change = fn(&mut Situation);

/// The table of the design, row by row: what differs from [`situation`], and the step that follows.
#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn every_row_of_the_table() {
    let update = || Step::Update(call("Update"), vec![difference("name", true)]);
    let rows: Vec<(&str, Change, Step)> = vec![
        ("deleting, retain", |s| (s.deleting, s.deletion, s.cloud) = (true, DeletionPolicy::Retain, one(|_| ())), Step::RemoveFinalizer),
        (
            "deleting, observed",
            |s| (s.deleting, s.management, s.cloud) = (true, Management::ObserveOnly, one(|_| ())),
            Step::RemoveFinalizer,
        ),
        ("deleting, not looked yet", |s| (s.deleting, s.cloud) = (true, Presence::Unknown), Step::Wait(Wait::List)),
        (
            "deleting, not visible yet",
            |s| (s.deleting, s.cloud) = (true, Presence::NotVisible("1".into())),
            Step::Wait(Wait::Visible("1".into())),
        ),
        ("deleting, absent", |s| s.deleting = true, Step::RemoveFinalizer),
        ("deleting, absent, a copied tag", |s| (s.deleting, s.duplicates) = (true, vec![duplicate(None, false)]), Step::RemoveFinalizer),
        (
            "deleting, absent, one more of our own",
            |s| (s.deleting, s.duplicates) = (true, vec![duplicate(None, false), duplicate(Some("Delete2"), false)]),
            Step::Delete(call("Delete2")),
        ),
        (
            "deleting, absent, one more of our own on its way out",
            |s| (s.deleting, s.duplicates) = (true, vec![duplicate(Some("Delete2"), true)]),
            Step::Wait(Wait::Cloud(Reason::Deleting)),
        ),
        (
            "deleting, there, one more of our own",
            |s| (s.deleting, s.duplicates, s.cloud) = (true, vec![duplicate(Some("Delete2"), false)], one(|_| ())),
            Step::Delete(call("Delete")),
        ),
        (
            "deleting, the delete was answered",
            |s| (s.deleting, s.cloud) = (true, one(|f| f.unseen.delete = true)),
            Step::Wait(Wait::Cloud(Reason::Deleting)),
        ),
        (
            "deleting, absent, create in doubt",
            |s| (s.deleting, s.intent) = (true, IntentState::Unconfirmed),
            Step::Wait(Wait::UnconfirmedCreate),
        ),
        (
            "deleting, being deleted",
            |s| (s.deleting, s.cloud) = (true, one(|f| f.phase = ResourcePhase::Deleting)),
            Step::Wait(Wait::Cloud(Reason::Deleting)),
        ),
        (
            "deleting, referred to",
            |s| (s.deleting, s.dependants, s.cloud) = (true, who(), one(|_| ())),
            Step::Wait(Wait::Dependants(who())),
        ),
        ("deleting, there, id not in status", |s| (s.deleting, s.cloud) = (true, one(|f| f.recorded = false)), Step::Adopt("1".into())),
        (
            "deleting, on its way out, id not in status",
            |s| (s.deleting, s.cloud) = (true, one(|f| (f.phase, f.recorded) = (ResourcePhase::Deleting, false))),
            Step::Adopt("1".into()),
        ),
        ("deleting, there", |s| (s.deleting, s.cloud) = (true, one(|_| ())), Step::Delete(call("Delete"))),
        (
            "deleting, failed",
            |s| (s.deleting, s.cloud) = (true, one(|f| f.phase = ResourcePhase::Failed(Reason::CloudFailed, "x".into()))),
            Step::Delete(call("Delete")),
        ),
        (
            "deleting, somebody else's",
            |s| (s.deleting, s.cloud) = (true, one(|f| f.owner = Ownership::Foreign("x".into()))),
            Step::RemoveFinalizer,
        ),
        (
            "deleting, left by an earlier object and never taken up",
            |s| (s.deleting, s.cloud) = (true, one(|f| (f.recorded, f.differences) = (false, vec![difference("vpcId", false)]))),
            Step::RemoveFinalizer,
        ),
        (
            "deleting, import never made",
            |s| (s.deleting, s.cloud) = (true, one(|f| (f.owner, f.recorded) = (Ownership::Imported, false))),
            Step::RemoveFinalizer,
        ),
        (
            "deleting, goes with what holds it",
            |s| (s.deleting, s.cloud) = (true, one(|f| f.obstacle = Some(Obstacle::DeletedWithParent))),
            Step::Wait(Wait::Parent),
        ),
        ("not visible yet", |s| s.cloud = Presence::NotVisible("1".into()), Step::Wait(Wait::Visible("1".into()))),
        ("absent, reference not ready", |s| s.references = who(), Step::Wait(Wait::References(who()))),
        ("absent, no intent", |_| (), Step::RecordIntent),
        ("absent, intent fresh", |s| s.intent = IntentState::Fresh, Step::Create(call("Create"))),
        ("absent, create in doubt", |s| s.intent = IntentState::Unconfirmed, Step::Wait(Wait::UnconfirmedCreate)),
        ("absent, secret unusable", |s| s.create = Some(Creation::NeedsSecret(unusable())), Step::Wait(Wait::Secret(unusable()))),
        ("ours, id not in status", |s| s.cloud = one(|f| f.recorded = false), Step::Adopt("1".into())),
        ("imported", |s| s.cloud = one(|f| (f.owner, f.recorded) = (Ownership::Imported, false)), Step::Adopt("1".into())),
        ("settling", |s| s.cloud = one(|f| f.phase = ResourcePhase::Settling(Reason::Creating)), Step::Wait(Wait::Cloud(Reason::Creating))),
        (
            "failed",
            |s| s.cloud = one(|f| f.phase = ResourcePhase::Failed(Reason::CloudFailed, "x".into())),
            Step::Stall(Reason::CloudFailed, "x".into()),
        ),
        ("differs, correct", |s| s.cloud = one(differing), update()),
        (
            "differs, shut down for a test",
            |s| {
                s.cloud = one(|f| {
                    differing(f);
                    f.obstacle = Some(Obstacle::ShutDown);
                });
            },
            Step::Wait(Wait::Cloud(Reason::AdminShutdown)),
        ),
        ("the same, shut down for a test", |s| s.cloud = one(|f| f.obstacle = Some(Obstacle::ShutDown)), Step::NoChange),
        (
            "deleting, shut down for a test",
            |s| (s.deleting, s.cloud) = (true, one(|f| f.obstacle = Some(Obstacle::ShutDown))),
            Step::Wait(Wait::Cloud(Reason::AdminShutdown)),
        ),
        (
            "an immutable field and another differ",
            |s| {
                s.cloud = one(|f| {
                    differing(f);
                    f.differences.push(difference("vlan", false));
                });
            },
            update(),
        ),
        ("differs, the update was answered", |s| s.cloud = one(unseen), Step::Wait(Wait::VisibleChange)),
        (
            "differs, the update was answered, detect",
            |s| (s.drift, s.cloud) = (DriftPolicy::Detect, one(unseen)),
            Step::Wait(Wait::VisibleChange),
        ),
        (
            "orphaned, the delete was answered",
            |s| {
                s.cloud =
                    one(|f| (f.orphaned, f.unseen.delete, f.differences) = (true, true, vec![difference("virtualGatewayRef", false)]));
            },
            Step::Wait(Wait::Cloud(Reason::Deleting)),
        ),
        ("differs, detect, spec changed", |s| (s.drift, s.spec_changed, s.cloud) = (DriftPolicy::Detect, true, one(differing)), update()),
        ("differs, detect", |s| (s.drift, s.cloud) = (DriftPolicy::Detect, one(differing)), Step::Report(vec![difference("name", true)])),
        ("differs, ignore", |s| (s.drift, s.cloud) = (DriftPolicy::Ignore, one(differing)), Step::NoChange),
        (
            "differs, observed",
            |s| (s.management, s.cloud) = (Management::ObserveOnly, one(differing)),
            Step::Report(vec![difference("name", true)]),
        ),
        (
            "too many tags, and something else differs, too",
            |s| (s.too_many_tags, s.cloud) = (Some(many_tags(true)), one(differing)),
            update(),
        ),
        (
            "too many tags, detect",
            |s| {
                (s.too_many_tags, s.drift, s.cloud) =
                    (Some(many_tags(true)), DriftPolicy::Detect, one(|f| f.differences = vec![difference("tags", true)]));
            },
            Step::Report(vec![difference("tags", true)]),
        ),
        (
            "differs, corrected often, detect",
            |s| (s.contested, s.drift, s.cloud) = (vec!["name"], DriftPolicy::Detect, one(differing)),
            Step::Report(vec![difference("name", true)]),
        ),
        (
            "set often in vain, ignore, spec changed",
            |s| (s.contested, s.drift, s.spec_changed, s.cloud) = (vec!["name"], DriftPolicy::Ignore, true, one(differing)),
            update(),
        ),
        ("differs, another field was corrected often", |s| (s.contested, s.cloud) = (vec!["vlan"], one(differing)), update()),
        ("lost, correct", |s| s.lost = Some("7".into()), Step::RecordIntent),
        (
            "lost, detect, spec changed",
            |s| (s.drift, s.spec_changed, s.lost) = (DriftPolicy::Detect, true, Some("7".into())),
            Step::RecordIntent,
        ),
        ("the same", |s| s.cloud = one(|_| ()), Step::NoChange),
    ];
    for (row, change, expected) in rows {
        let mut situation = situation();
        change(&mut situation);
        assert_eq!(decide(&situation), expected, "{row}");
    }
}

/// Rows whose step carries a text: it names what must be known.
#[test]
fn a_stall_says_why() {
    let rows: Vec<(Change, Reason, &str)> = vec![
        (|s| s.cloud = Presence::Ambiguous(vec!["1".into(), "2".into()]), Reason::Conflict, "1, 2"),
        (|s| s.cloud = one(|f| f.owner = Ownership::Foreign("c:other/gw".into())), Reason::Conflict, "c:other/gw"),
        (|s| s.cloud = Presence::Unreadable("1: vlan".into()), Reason::Unreadable, "1: vlan"),
        (|s| (s.deleting, s.cloud) = (true, Presence::Unreadable("1: vlan".into())), Reason::Unreadable, "1: vlan"),
        (|s| s.cloud = one(|f| f.differences = vec![difference("vlan", false)]), Reason::Immutable, "vlan"),
        (|s| s.cloud = Presence::ImportNotFound("9".into()), Reason::NotFound, "9"),
        (|s| s.management = Management::ObserveOnly, Reason::NotFound, "ObserveOnly"),
        (
            |s| {
                s.cloud = one(|f| (f.owner, f.recorded, f.differences) = (Ownership::Imported, false, vec![difference("vpcId", false)]));
            },
            Reason::Immutable,
            "vpcId",
        ),
        (
            |s| s.cloud = one(|f| (f.recorded, f.differences) = (false, vec![difference("enterpriseRouterId", false)])),
            Reason::Immutable,
            "an earlier object with this name",
        ),
        (|s| (s.contested, s.cloud) = (vec!["name"], one(differing)), Reason::Drifted, "name was corrected repeatedly"),
        (|s| (s.contested, s.spec_changed, s.cloud) = (vec!["name"], true, one(differing)), Reason::Drifted, "did not keep its value"),
        (|s| s.too_many_tags = Some(many_tags(true)), Reason::Invalid, "spec.tags: 11 tags"),
        (|s| s.too_many_tags = Some(many_tags(true)), Reason::Invalid, "allows 10: remove some"),
        (|s| s.too_many_tags = Some(many_tags(false)), Reason::Invalid, "remove some of the account's default tags, or delete the object"),
        (
            |s| (s.too_many_tags, s.cloud) = (Some(many_tags(true)), one(|f| f.differences = vec![difference("tags", true)])),
            Reason::Invalid,
            "allows 10: remove some",
        ),
        (
            |s| (s.too_many_tags, s.cloud) = (Some(many_tags(false)), one(|f| f.differences = vec![difference("tags", false)])),
            Reason::Immutable,
            "add tags to spec.policy.ignoreFields",
        ),
        (
            |s| {
                s.drift = DriftPolicy::Detect;
                s.cloud = one(|f| (f.orphaned, f.differences) = (true, vec![difference("virtualGatewayRef", false)]));
            },
            Reason::Immutable,
            "virtualGatewayRef",
        ),
        (|s| (s.drift, s.lost) = (DriftPolicy::Detect, Some("7".into())), Reason::NotFound, "7"),
        (|s| s.cloud = one(|f| f.differences = vec![difference("createOwner", false)]), Reason::Immutable, "management: ObserveOnly"),
        (|s| s.create = Some(Creation::Never), Reason::NotFound, "does not create"),
    ];
    for (change, reason, told) in rows {
        let mut situation = situation();
        change(&mut situation);
        let Step::Stall(stalled, message) = decide(&situation) else { panic!("{told}: {:?}", decide(&situation)) };
        assert_eq!(stalled, reason);
        assert!(message.contains(told), "{message}");
    }
}

fn presences() -> impl Strategy<Value = Presence> {
    let owners = prop_oneof![Just(Ownership::Ours), Just(Ownership::Imported), Just(Ownership::Foreign("x".into()))];
    let phases = prop_oneof![
        Just(ResourcePhase::Settled),
        Just(ResourcePhase::Settling(Reason::Creating)),
        Just(ResourcePhase::Deleting),
        Just(ResourcePhase::Gone),
        Just(ResourcePhase::Failed(Reason::CloudFailed, "x".into()))
    ];
    let differences = proptest::collection::vec(any::<bool>().prop_map(|mutable| difference("name", mutable)), 0..3);
    let flags = any::<([bool; 4], [bool; 3])>();
    let one =
        (owners, phases, differences, flags).prop_map(|(owner, phase, differences, (flags, [update_seen, delete_seen, deletable]))| {
            let [recorded, update, with_parent, orphaned] = flags;
            let obstacle = with_parent.then_some(Obstacle::DeletedWithParent);
            let unseen = Unseen { update: !update_seen, delete: !delete_seen };
            let (update, delete) = (update.then(|| call("Update")), deletable.then(|| call("Delete")));
            let found = Found { owner, recorded, phase, differences, update, delete, unseen, obstacle, orphaned, ..found() };
            Presence::Present(Box::new(found))
        });
    prop_oneof![
        Just(Presence::Unknown),
        Just(Presence::Absent),
        Just(Presence::NotVisible("1".into())),
        Just(Presence::ImportNotFound("1".into())),
        one,
        Just(Presence::Ambiguous(vec!["1".into()])),
        Just(Presence::Unreadable("1".into()))
    ]
}

prop_compose! {
    fn situations()(
        (deleting, observed, retain, spec_changed) in any::<(bool, bool, bool, bool)>(),
        drift in prop_oneof![Just(DriftPolicy::Correct), Just(DriftPolicy::Detect), Just(DriftPolicy::Ignore)],
        (needed, needs, lost, create, never, many) in any::<(bool, bool, bool, bool, bool, bool)>(),
        intent in prop_oneof![Just(IntentState::None), Just(IntentState::Fresh), Just(IntentState::Unconfirmed)],
        cloud in presences(),
        duplicates in proptest::collection::vec(any::<(bool, bool)>().prop_map(|(ours, going)| duplicate(ours.then_some("Delete2"), going)), 0..3),
    ) -> Situation {
        Situation {
            deleting, drift, spec_changed, intent, cloud, duplicates,
            management: if observed { Management::ObserveOnly } else { Management::Managed },
            deletion: if retain { DeletionPolicy::Retain } else { DeletionPolicy::Delete },
            dependants: if needed { who() } else { vec![] },
            references: if needs { who() } else { vec![] },
            lost: lost.then(|| "0".to_owned()),
            contested: if lost { vec!["name"] } else { vec![] },
            create: Some(if never { Creation::Never } else if create { Creation::Call(call("Create")) } else { Creation::NeedsSecret(unusable()) }),
            too_many_tags: many.then_some(many_tags(true)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn nothing_is_created_when_something_of_ours_may_exist(situation in situations()) {
        if let Step::Create(_) = decide(&situation) {
            prop_assert_eq!(&situation.cloud, &Presence::Absent);
            prop_assert_eq!(situation.intent, IntentState::Fresh);
            prop_assert!(!situation.deleting && situation.references.is_empty());
        }
    }

    #[test]
    fn nothing_is_deleted_under_retain_or_observation_or_that_is_not_ours(situation in situations()) {
        if let Step::Delete(deleted) = decide(&situation) {
            prop_assert!(situation.deleting);
            prop_assert_eq!(situation.deletion, DeletionPolicy::Delete);
            prop_assert_eq!(situation.management, Management::Managed);
            let ours = matches!(&situation.cloud, Presence::Present(found) if found.owner == Ownership::Ours && found.recorded)
                && situation.dependants.is_empty();
            let created = situation.duplicates.iter().any(|duplicate| duplicate.delete.as_ref() == Some(&deleted));
            prop_assert!(ours || created);
        }
    }

    #[test]
    fn only_what_is_ours_of_no_use_and_not_kept_is_replaced(situation in situations()) {
        if let Step::Replace(..) = decide(&situation) {
            prop_assert!(!situation.deleting && situation.drift == DriftPolicy::Correct);
            prop_assert_eq!((situation.deletion, situation.management), (DeletionPolicy::Delete, Management::Managed));
            let orphaned = matches!(&situation.cloud, Presence::Present(found) if found.orphaned && found.recorded);
            prop_assert!(orphaned);
        }
    }

    #[test]
    fn what_was_answered_is_not_sent_again_before_reads_can_show_it(situation in situations()) {
        let step = decide(&situation);
        if let Presence::Present(found) = &situation.cloud {
            prop_assert!(!found.unseen.update || !matches!(step, Step::Update(..)), "{:?}", step);
            prop_assert!(!found.unseen.delete || found.delete.clone().map(Step::Delete) != Some(step.clone()) && !matches!(step, Step::Replace(..)), "{:?}", step);
        }
        prop_assert!(!matches!(situation.cloud, Presence::NotVisible(_)) || !step.is_cloud_write(), "{:?}", step);
    }

    #[test]
    fn an_observed_object_never_writes_to_the_cloud(situation in situations()) {
        let step = decide(&situation);
        prop_assert!(situation.management == Management::Managed || !step.is_cloud_write(), "{:?}", step);
    }

    #[test]
    fn the_finalizer_stays_while_something_of_ours_may_exist(situation in situations()) {
        let kept = situation.deletion == DeletionPolicy::Retain || situation.management == Management::ObserveOnly;
        if decide(&situation) == Step::RemoveFinalizer && !kept {
            prop_assert!(situation.deleting && !matches!(situation.cloud, Presence::Unknown | Presence::NotVisible(_)));
            prop_assert!(situation.duplicates.iter().all(|duplicate| duplicate.delete.is_none()));
            if let Presence::Present(found) = &situation.cloud {
                // Never taken up, made by no create of this object, lost by nobody, and different where the cloud can't change it.
                let never_taken = !found.recorded && situation.intent == IntentState::None && situation.lost.is_none();
                let left_over = never_taken && found.differences.iter().any(|difference| !difference.mutable);
                prop_assert!(found.owner != Ownership::Ours || found.phase == ResourcePhase::Gone || left_over || found.delete.is_none());
            }
            prop_assert!(situation.intent != IntentState::Unconfirmed);
            prop_assert!(!matches!(situation.cloud, Presence::Ambiguous(_) | Presence::Unreadable(_)));
        }
    }

    #[test]
    fn what_is_never_created_or_deleted_is_not(situation in situations()) {
        let step = decide(&situation);
        if situation.create == Some(Creation::Never) {
            prop_assert!(!matches!(step, Step::RecordIntent | Step::Create(_)), "{:?}", step);
        }
        if matches!(&situation.cloud, Presence::Present(found) if found.delete.is_none()) {
            prop_assert!(step != Step::Delete(call("Delete")) && !matches!(step, Step::Replace(..)), "{:?}", step);
        }
    }

    #[test]
    fn a_foreign_resource_is_never_written(situation in situations()) {
        let foreign = matches!(&situation.cloud, Presence::Present(found) if matches!(found.owner, Ownership::Foreign(_)));
        let step = decide(&situation);
        let is_of_duplicate = situation.duplicates.iter().any(|duplicate| duplicate.delete.clone().map(Step::Delete).as_ref() == Some(&step));
        prop_assert!(!foreign || !step.is_cloud_write() || is_of_duplicate);
    }

    #[test]
    fn a_deletion_begins_nothing_and_an_object_that_stays_keeps_its_finalizer(situation in situations()) {
        let step = decide(&situation);
        let ends = matches!(step, Step::RemoveFinalizer | Step::Delete(_));
        let begins = matches!(step, Step::RecordIntent | Step::Create(_) | Step::Update(..) | Step::Replace(..) | Step::Report(_) | Step::NoChange);
        prop_assert!(if situation.deleting { !begins } else { !ends }, "{:?}", step);
    }
}

#[test]
fn only_what_nobody_asked_for_lets_others_pass() {
    let rows = [
        (Step::Update(call("Update"), vec![]), false, false, Priority::Background),
        (Step::Update(call("Update"), vec![]), true, false, Priority::Change),
        (Step::Replace(call("Delete"), "1".into()), false, false, Priority::Background),
        (Step::Replace(call("Delete"), "1".into()), true, false, Priority::Change),
        (Step::Replace(call("Delete"), "1".into()), false, true, Priority::Change),
        (Step::Delete(call("Delete")), false, true, Priority::Change),
        (Step::RecordIntent, false, false, Priority::Change),
        (Step::Create(call("Create")), false, false, Priority::Change),
    ];
    for (step, spec_changed, deleting, priority) in rows {
        let situation = Situation { deleting, spec_changed, ..situation() };
        assert_eq!(step.priority(&situation), priority, "{} {spec_changed} {deleting}", step.label());
    }
}
