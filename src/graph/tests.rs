use super::*;
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

fn key(kind: &'static str, name: &str) -> ObjectKey {
    ObjectKey { kind, namespace: "team".into(), name: name.into() }
}

fn woken(receiver: &mut UnboundedReceiver<ObjectKey>) -> Vec<String> {
    std::iter::from_fn(|| receiver.try_recv().ok()).map(|key| key.name).collect()
}

#[test]
fn a_change_wakes_those_whom_it_concerns_and_nobody_else() {
    let index = Index::default();
    let (gateways, mut to_gateways) = unbounded_channel();
    let (interfaces, mut to_interfaces) = unbounded_channel();
    index.register("VirtualGateway", gateways);
    index.register("VirtualInterface", interfaces);
    let gateway = key("VirtualGateway", "gw");
    let summary = |ready| ResourceSummary { id: Some("1".into()), ready, ..ResourceSummary::default() };

    index.apply(&key("VirtualInterface", "a"), ResourceSummary { needs: vec![gateway.clone()], ..ResourceSummary::default() });
    index.apply(&key("VirtualInterface", "b"), ResourceSummary::default());
    assert_eq!(woken(&mut to_gateways), ["gw"], "somebody needs it");
    index.apply(&gateway, summary(false));
    assert_eq!(woken(&mut to_interfaces), ["a"], "the gateway appeared");
    index.apply(&gateway, summary(false));
    assert!(woken(&mut to_interfaces).is_empty(), "nothing changed");
    index.apply(&gateway, summary(true));
    assert_eq!(woken(&mut to_interfaces), ["a"], "it became ready");
    assert_eq!(index.dependants(&gateway), [WaitingFor { kind: "VirtualInterface".into(), namespace: None, name: "a".into() }]);
    assert!(woken(&mut to_gateways).is_empty());
    index.forget(&key("VirtualInterface", "a"));
    assert_eq!(woken(&mut to_gateways), ["gw"], "its last dependant went");
    assert!(index.dependants(&gateway).is_empty());
}

#[test]
fn one_resource_has_one_holder() {
    let index = Index::default();
    let (first, second) = (key("VirtualGateway", "first"), key("VirtualGateway", "second"));
    assert_eq!(index.claim(&first, "1"), Ok(()));
    assert_eq!(index.claim(&first, "1"), Ok(()), "again");
    assert_eq!(index.claim(&second, "1"), Err(first.clone()));
    assert_eq!(index.claim(&key("VirtualInterface", "vif"), "1"), Ok(()), "another kind");
    let (waker, mut woken_gateways) = unbounded_channel();
    index.register("VirtualGateway", waker);
    assert_eq!((index.other_holder(&first, "1"), index.other_holder(&second, "1")), (None, Some(first.clone())));
    index.forget(&first);
    assert_eq!((index.other_holder(&second, "1"), woken(&mut woken_gateways)), (None, vec!["second".to_owned()]));
    assert_eq!(index.claim(&second, "1"), Ok(()));
    // After a restart both summaries say so: the older one holds it.
    let index = Index::default();
    let summary = |since: &str| ResourceSummary { id: Some("1".into()), since: since.into(), ..ResourceSummary::default() };
    index.apply(&first, summary("2026-02"));
    index.apply(&second, summary("2026-01"));
    assert_eq!(index.holder("VirtualGateway", "1"), Some(second.clone()));
    let (gateways, mut to_gateways) = unbounded_channel();
    index.register("VirtualGateway", gateways);
    index.forget(&second);
    assert_eq!((index.holder("VirtualGateway", "1"), woken(&mut to_gateways)), (Some(first), vec!["first".to_owned()]));
}

#[test]
fn another_namespace_needs_a_grant_and_its_names_are_not_told() {
    let index = Index::default();
    let (interfaces, mut to_interfaces) = unbounded_channel();
    index.register("VirtualInterface", interfaces);
    let gateway = key("VirtualGateway", "gw");
    let abroad = ObjectKey { namespace: "others".into(), ..key("VirtualInterface", "secret-project") };
    index.apply(&abroad, ResourceSummary { needs: vec![gateway.clone()], ..ResourceSummary::default() });
    assert!(!index.is_granted(&abroad, &gateway) && index.dependants(&gateway).is_empty(), "nobody holds what was not given");
    let grant: DirectConnectGrantSpec = serde_json::from_value(
        json!({ "from": [{ "kind": "VirtualInterface", "namespace": "others" }], "to": [{ "kind": "VirtualGateway" }] }),
    )
    .unwrap();
    index.grant("team", "open", Some(&grant));
    assert_eq!(woken(&mut to_interfaces), ["secret-project"]);
    assert!(index.is_granted(&abroad, &gateway));
    let told = [WaitingFor { kind: "VirtualInterface".into(), namespace: Some("others".into()), name: "*".into() }];
    assert_eq!(index.dependants(&gateway), told);
    index.grant("team", "open", Some(&grant));
    assert!(woken(&mut to_interfaces).is_empty(), "nothing changed");
    index.grant("team", "open", None);
    assert_eq!(woken(&mut to_interfaces), ["secret-project"]);
    assert!(!index.is_granted(&abroad, &gateway) && index.dependants(&gateway).is_empty());
    // What came about while it was granted is still protected, but to have something elsewhere is no hold.
    let (gateways, mut to_gateways) = unbounded_channel();
    index.register("VirtualGateway", gateways);
    index.apply(&gateway, ResourceSummary { id: Some("9".into()), ..ResourceSummary::default() });
    for (parent_id, holds) in [(None, false), (Some("8"), false), (Some("9"), true), (Some("8"), false)] {
        let summary = ResourceSummary {
            needs: vec![gateway.clone()],
            id: Some("1".into()),
            parent_ids: parent_id.map(str::to_owned).into_iter().collect(),
            ..ResourceSummary::default()
        };
        index.apply(&abroad, summary);
        assert_eq!(index.dependants(&gateway), if holds { &told[..] } else { &[] }, "{parent_id:?}");
        assert_eq!(woken(&mut to_gateways).is_empty(), parent_id.is_none(), "{parent_id:?}");
    }
}

#[test]
fn who_yields_holds_nobody() {
    let index = Index::default();
    let (interfaces, mut to_interfaces) = unbounded_channel();
    index.register("VirtualInterface", interfaces);
    let (interface, peer) = (key("VirtualInterface", "vif"), key("Peer", "first"));
    let summary = |yields| ResourceSummary { id: Some("1".into()), needs: vec![interface.clone()], yields, ..ResourceSummary::default() };
    index.apply(&peer, summary(false));
    assert_eq!((index.dependants(&interface).len(), woken(&mut to_interfaces).len()), (1, 1));
    index.apply(&peer, summary(true));
    assert_eq!((index.dependants(&interface).len(), woken(&mut to_interfaces).len()), (0, 1));
}

#[test]
fn a_namespace_wakes_its_own_objects() {
    let index = Index::default();
    let (gateways, mut to_gateways) = unbounded_channel();
    index.register("VirtualGateway", gateways);
    let abroad = ObjectKey { namespace: "others".into(), ..key("VirtualGateway", "abroad") };
    for key in [&key("VirtualGateway", "a"), &key("VirtualGateway", "b"), &abroad] {
        index.apply(key, ResourceSummary::default());
    }
    index.wake_namespace("team");
    let mut names = woken(&mut to_gateways);
    names.sort();
    assert_eq!(names, ["a", "b"]);
    index.forget(&abroad);
    index.wake_namespace("others");
    assert!(woken(&mut to_gateways).is_empty());
}

#[test]
fn a_grant_is_of_its_own_namespace_and_wakes_both_ends_there() {
    let index = Index::default();
    let (objects, mut woken_keys) = unbounded_channel();
    index.register("VirtualGateway", objects.clone());
    index.register("VirtualInterface", objects);
    let (near, far) = (key("VirtualGateway", "near"), ObjectKey { namespace: "others".into(), ..key("VirtualGateway", "far") });
    let summary = |need: &ObjectKey| ResourceSummary { needs: vec![need.clone()], ..ResourceSummary::default() };
    index.apply(&key("VirtualInterface", "at-home"), summary(&near));
    index.apply(&key("VirtualInterface", "out"), summary(&far));
    let abroad = ObjectKey { namespace: "others".into(), ..key("VirtualInterface", "in") };
    index.apply(&abroad, summary(&near));
    assert_eq!(woken(&mut woken_keys).len(), 2, "each gateway once, when it was first needed");
    let grant = |kind: &str| -> DirectConnectGrantSpec {
        serde_json::from_value(json!({ "from": [{ "kind": kind, "namespace": "others" }], "to": [{ "kind": "VirtualGateway" }] })).unwrap()
    };
    index.grant("team", "gateways", Some(&grant("VirtualInterface")));
    assert_eq!(woken(&mut woken_keys), ["in", "near"]);
    assert!(index.is_granted(&abroad, &near) && !index.is_granted(&key("VirtualInterface", "out"), &far));
    // Several grants add up, and each goes by itself.
    index.grant("team", "more", Some(&grant("VirtualInterface")));
    index.grant("team", "gateways", None);
    assert!(index.is_granted(&abroad, &near));
    index.grant("team", "more", Some(&grant("Peer")));
    assert!(!index.is_granted(&abroad, &near));
    assert!(index.is_granted(&abroad, &ObjectKey::account("default")), "an account opens itself");
}

#[test]
fn who_waited_is_woken_once_and_not_after_its_end() {
    let index = Index::default();
    let (gateways, mut to_gateways) = unbounded_channel();
    index.register("VirtualGateway", gateways);
    let [holder, other, second, third] = ["holder", "other", "second", "third"].map(|name| key("VirtualGateway", name));
    let summary = |id: Option<&str>| ResourceSummary { id: id.map(str::to_owned), ..ResourceSummary::default() };
    for (holder, id) in [(&holder, "1"), (&other, "2")] {
        assert_eq!(index.claim(holder, id), Ok(()));
        assert_eq!([index.claim(&second, id), index.claim(&third, id)], [Err(holder.clone()), Err(holder.clone())]);
    }
    index.forget(&third);
    for holder in [&holder, &other] {
        index.forget(holder);
        assert_eq!(woken(&mut to_gateways), ["second"]);
    }
    assert_eq!((index.claim(&second, "1"), index.holder("VirtualGateway", "2")), (Ok(()), None));
    // An id that a summary no longer has is released too.
    index.apply(&second, summary(Some("3")));
    assert_eq!(index.claim(&third, "3"), Err(second.clone()));
    index.apply(&second, summary(Some("4")));
    assert_eq!((woken(&mut to_gateways), index.claim(&third, "3")), (vec!["third".to_owned()], Ok(())));
}

#[test]
fn an_object_claims_one_resource_at_a_time_until_it_has_one() {
    let index = Index::default();
    let (gateways, mut to_gateways) = unbounded_channel();
    index.register("VirtualGateway", gateways);
    let [first, second] = ["first", "second"].map(|name| key("VirtualGateway", name));
    let taken = || Err(first.clone());
    let having = |id: &str| ResourceSummary { id: Some(id.to_owned()), ..ResourceSummary::default() };
    // What it wanted before it was renamed.
    assert_eq!((index.claim(&first, "a/old"), index.claim(&second, "a/old")), (Ok(()), taken()));
    assert_eq!((index.claim(&first, "a/new"), woken(&mut to_gateways)), (Ok(()), vec!["second".to_owned()]));
    assert_eq!((index.claim(&second, "a/new"), index.holder("VirtualGateway", "a/old")), (taken(), None));
    // Until its create is refused.
    index.unclaim(&first);
    assert_eq!(
        (woken(&mut to_gateways), index.claim(&first, "a/new"), index.claim(&second, "a/new")),
        (vec!["second".to_owned()], Ok(()), taken())
    );
    // Until it is made, and known by its id.
    index.apply(&first, ResourceSummary::default());
    assert_eq!((index.claim(&second, "a/new"), woken(&mut to_gateways)), (taken(), vec![]));
    index.apply(&first, having("1"));
    assert_eq!((woken(&mut to_gateways), index.claim(&second, "a/new")), (vec!["second".to_owned()], Ok(())));
    // One that is replaced is held until the new one is known.
    assert_eq!((index.claim(&first, "2"), index.claim(&second, "2")), (Ok(()), taken()));
    index.apply(&first, having("1"));
    assert_eq!((index.claim(&second, "2"), index.claim(&second, "1")), (taken(), taken()));
    index.apply(&first, having("2"));
    assert_eq!((woken(&mut to_gateways), index.claim(&second, "2")), (vec!["second".to_owned()], taken()));
}

#[tokio::test]
async fn a_change_of_what_an_object_depends_on_through_others_wakes_it() {
    let index = Index::default();
    let (waker, mut woken) = tokio::sync::mpsc::unbounded_channel();
    for kind in ["VirtualGateway", "VirtualInterface", "Peer"] {
        index.register(kind, waker.clone());
    }
    let [gateway, interface, peer] = [key("VirtualGateway", "gw"), key("VirtualInterface", "vif"), key("Peer", "peer")];
    let gateway_at = |revision| ResourceSummary { revision, ..ResourceSummary::default() };
    index.apply(&gateway, gateway_at(1));
    index.apply(&interface, ResourceSummary { needs: vec![gateway.clone()], ..ResourceSummary::default() });
    index.apply(&peer, ResourceSummary { needs: vec![interface.clone()], ..ResourceSummary::default() });
    let before = index.revision(&interface);
    while woken.try_recv().is_ok() {}
    index.apply(&gateway, gateway_at(1));
    assert!(woken.try_recv().is_err() && index.revision(&interface) == before, "nothing has changed");
    index.apply(&gateway, gateway_at(2));
    let mut names: Vec<String> = std::iter::from_fn(|| woken.try_recv().ok()).map(|key| key.name).collect();
    names.sort();
    assert_eq!(names, ["peer", "vif"]);
    assert_ne!(index.revision(&interface), before);
}

#[test]
fn what_objects_add_to_a_list_stays_while_one_of_them_does() {
    let index = Index::default();
    let (one, other) = (key("Route", "one"), key("Route", "other"));
    let adding = |entries: &[&str]| ResourceSummary {
        contributions: entries.iter().map(|entry| ("peer".to_owned(), (*entry).to_owned())).collect(),
        ..ResourceSummary::default()
    };
    let added = || index.contributions(None).to("peer").cloned().collect::<Vec<_>>();
    index.apply(&one, adding(&["10.0.0.0/8", "10.1.0.0/16"]));
    index.apply(&other, adding(&["10.0.0.0/8"]));
    let before = index.contributions(None);
    assert_eq!(added(), ["10.0.0.0/8", "10.1.0.0/16"]);
    index.apply(&one, adding(&["10.2.0.0/16"]));
    assert_eq!(added(), ["10.0.0.0/8", "10.2.0.0/16"]);
    index.forget(&one);
    assert_eq!(added(), ["10.0.0.0/8"]);
    index.forget(&other);
    assert!(added().is_empty() && index.contributions(None).to("another").next().is_none());
    assert_eq!(*index.contributions(None), *Contributions::none(), "nothing is kept of it");
    assert_eq!(before.to("peer").count(), 2, "what was read does not change");
}

#[tokio::test(start_paused = true)]
async fn what_was_withdrawn_since_a_look_may_still_be_shown_by_it() {
    let index = Index::default();
    let route = key("Route", "one");
    let adding = |entry: &str| ResourceSummary { contributions: vec![("peer".to_owned(), entry.to_owned())], ..ResourceSummary::default() };
    let at = |looked: Instant| index.contributions(Some(looked)).to("peer").cloned().collect::<Vec<_>>();
    let second = Duration::from_secs(1);
    index.apply(&route, adding("10.0.0.0/8"));
    let before = Instant::now();
    tokio::time::advance(second).await;
    index.apply(&route, adding("10.1.0.0/16"));
    let between = Instant::now() + second / 2;
    tokio::time::advance(second).await;
    index.forget(&route);
    assert_eq!(at(before), ["10.0.0.0/8", "10.1.0.0/16"]);
    assert_eq!(at(between), ["10.1.0.0/16"]);
    assert!(at(Instant::now() + second).is_empty() && index.contributions(None).to("peer").next().is_none());
}

#[tokio::test(start_paused = true)]
async fn whoever_manages_a_list_is_woken_when_another_adds_to_it_no_more() {
    let index = Index::default();
    let (objects, mut woken_objects) = unbounded_channel();
    for kind in ["VirtualInterface", "Peer"] {
        index.register(kind, objects.clone());
    }
    let [interface, peer, other] = [key("VirtualInterface", "line"), key("Peer", "six"), key("VirtualInterface", "other")];
    let part = |id: &str| ResourceSummary { parts: BTreeMap::from([("ipv4", id.to_owned())]), ..ResourceSummary::default() };
    index.apply(&interface, part("four"));
    index.apply(&other, part("another"));
    index.apply(&peer, ResourceSummary { id: Some("six".into()), ..ResourceSummary::default() });
    let adding = |lists: &[&str]| ResourceSummary {
        contributions: lists.iter().map(|list| ((*list).to_owned(), "10.0.0.0/8".to_owned())).collect(),
        ..ResourceSummary::default()
    };
    let (one, second) = (key("Route", "one"), Duration::from_secs(1));
    let ended = |list: &str, looked| index.withdrawn(&["x", list], Some(looked));
    let before = Instant::now();
    tokio::time::advance(second).await;
    index.apply(&one, adding(&["four", "six"]));
    assert_eq!((woken(&mut woken_objects), ended("four", before)), (vec![], None), "what is added shows by itself");
    index.apply(&one, adding(&["six"]));
    assert_eq!((woken(&mut woken_objects), ended("four", before)), (vec!["line".to_owned()], Some(Instant::now())));
    assert_eq!((ended("six", before), ended("four", Instant::now() + second)), (None, None));
    index.forget(&one);
    assert_eq!(woken(&mut woken_objects), ["six"]);
    assert!(ended("six", before).is_some() && ended("another", before).is_none());
}
