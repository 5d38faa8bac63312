//! What is told after which looks.

use super::*;
use crate::graph::ResourceSummary;
use serde_json::json;

const GATEWAYS: ResourceType = ResourceType {
    kind: "VirtualGateway",
    collection: "virtual_gateways",
    behind: None,
    shown: |_| None,
    allocates: false,
    is_ordered_elsewhere: false,
};
const INTERFACES: ResourceType = ResourceType { kind: "VirtualInterface", collection: "virtual_interfaces", allocates: true, ..GATEWAYS };
const PEERS: ResourceType = ResourceType { kind: "Peer", allocates: false, ..INTERFACES };
const LINES: ResourceType = ResourceType { kind: "Connection", collection: "direct_connects", is_ordered_elsewhere: true, ..GATEWAYS };

fn resource(id: &str, owner: Option<&str>) -> CloudResource {
    CloudResource { id: id.to_owned(), name: Some(format!("name of {id}")), owner: owner.map(str::to_owned), ..CloudResource::default() }
}

/// An object `team/NAME` with this status and import.
fn object(index: &Index, kind: &'static str, name: &str, id: Option<&str>, import: Option<&str>) {
    let key = ObjectKey { kind, namespace: "team".to_owned(), name: name.to_owned() };
    let [id, import] = [id, import].map(|id| id.map(str::to_owned));
    index.apply(&key, ResourceSummary { id, import, ..ResourceSummary::default() });
}

#[test]
fn what_no_object_holds_imports_or_is_named_for_is_told() {
    let index = Index::default();
    object(&index, "VirtualGateway", "held", Some("1"), None);
    object(&index, "VirtualGateway", "imported", None, Some("2"));
    object(&index, "VirtualGateway", "named", None, None);
    let takes = Allocation { connection: "line".to_owned(), bandwidth: 50, vlan: Some(7) };
    let shown = |type_: &ResourceType| match type_.kind {
        "VirtualGateway" => Some(vec![
            resource("1", None),
            resource("2", None),
            resource("3", Some("here:team/named")),
            resource("4", None),
            resource("5", Some("there:team/named")),
            resource("6", Some("here:team/gone")),
        ]),
        "VirtualInterface" => Some(vec![CloudResource { allocation: Some(takes.clone()), ..resource("1", None) }]),
        "Peer" => Some(vec![CloudResource { is_part: true, ..resource("7", None) }]),
        "Connection" => Some(vec![resource("line", None)]),
        _ => None,
    };
    let shown = |type_: &ResourceType| shown(type_).map(|resources| CloudResources { listed: resources.len(), resources, is_whole: true });
    let unlisted = ResourceType { kind: "PeerLink", collection: "peer_links", ..GATEWAYS };
    let look = Look::at(&[&LINES, &GATEWAYS, &INTERFACES, &PEERS, &unlisted], shown, &index, "here");
    let suspects = look.suspects();
    let line: Connection = serde_json::from_value(json!({ "id": "line", "bandwidth": 1000 })).unwrap();
    let told = look.told(&suspects, Some(&Lines::of([&line])));
    let unowned: Vec<_> = told.unowned.iter().map(|one| (one.kind.as_str(), one.id.as_str(), one.reason)).collect();
    assert_eq!(
        unowned,
        [
            ("VirtualGateway", "4", Unowned::NoTag),
            ("VirtualGateway", "5", Unowned::AnotherCluster),
            ("VirtualGateway", "6", Unowned::ObjectGone),
            ("VirtualInterface", "1", Unowned::NoTag),
        ],
        "the interface has the ID of a gateway"
    );
    assert_eq!(told.unowned[1].owner.as_deref(), Some("there:team/named"));
    assert_eq!(told.counts[&("VirtualGateway", Unowned::NoTag)], 1);
    assert_eq!((told.counts.len(), told.total()), (4, 4));
    let collections: Vec<_> = told.collections.iter().map(|one| (one.name.as_str(), one.resources)).collect();
    assert_eq!(collections, [("direct_connects", 1), ("virtual_gateways", 6), ("virtual_interfaces", 1)]);
    assert_eq!(told.connections[0].allocated, Some(50));
    // The next process begins with that.
    assert_eq!(Lines::of_status(&told.inventory(now())), Some(Lines::of([&line])));
}

#[test]
fn only_collections_that_objects_need_are_looked_at() {
    let types = [LINES, GATEWAYS, INTERFACES, PEERS];
    let user = |kind| ObjectKey { kind, namespace: "team".to_owned(), name: "one".to_owned() };
    let kinds = |users: &[ObjectKey]| in_use(&types, users).into_iter().map(|type_| type_.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&[user("Peer")]), ["VirtualInterface", "Peer"], "peers are listed with their interfaces");
    assert_eq!(kinds(&[user("VirtualGateway"), user("Connection")]), ["Connection", "VirtualGateway"]);
    assert!(kinds(&[user("GlobalGateway")]).is_empty());
}

#[test]
fn what_one_look_shows_alone_is_not_told_and_lists_are_bounded() {
    let index = Index::default();
    let ids: Vec<String> = (0..250).map(|number| format!("{number:03}")).collect();
    let shown = |_: &ResourceType| {
        Some(CloudResources { listed: ids.len(), resources: ids.iter().map(|id| resource(id, None)).collect(), is_whole: true })
    };
    let look = Look::at(&[&GATEWAYS], shown, &index, "here");
    assert!(look.told(&BTreeSet::new(), None).unowned.is_empty());
    let inventory = look.told(&look.suspects(), None).inventory(now());
    assert_eq!((inventory.unowned.len(), inventory.unowned_total), (INVENTORY_LIMIT, 250));
    assert!(inventory.connections.is_empty());
}

#[test]
fn time_alone_is_no_reason_to_write_within_the_hour() {
    let at = |minutes: i64| Time(jiff::Timestamp::from_second(60 * minutes).unwrap());
    let told = |resources| Told { collections: vec![Collection { name: "virtual_gateways".to_owned(), resources }], ..Told::default() };
    let last = Some(told(1).inventory(at(100)));
    let rows = [(1, 130, 100), (2, 130, 130), (1, 160, 160), (1, 90, 90)];
    for (resources, now, written) in rows {
        assert_eq!(told(resources).after(last.clone(), at(now)).last_update_time, at(written), "{resources} at {now}");
    }
    assert_eq!(told(1).after(None, at(5)).last_update_time, at(5));
}

#[tokio::test(start_paused = true)]
async fn a_new_process_tells_no_less_than_the_one_before_it_while_its_caches_are_being_filled() {
    let index = Index::default();
    let look = |shown: &[&str]| {
        let resources: Vec<CloudResource> = shown.iter().map(|id| resource(id, None)).collect();
        let shown = |_: &ResourceType| Some(CloudResources { listed: resources.len(), resources: resources.clone(), is_whole: true });
        Look::at(if resources.is_empty() { &[] } else { &[&GATEWAYS] }, shown, &index, "here")
    };
    let take = |looks: &mut Looks, shown: &[&str], last: Option<&Inventory>| {
        let look = look(shown);
        let told = look.told(&looks.suspects, looks.lines.as_deref());
        looks.take(look.suspects(), told, last);
        looks.told.as_ref().map(|told| told.unowned.iter().map(|one| one.id.clone()).collect::<Vec<_>>())
    };
    // The first process tells what two looks have shown.
    let mut first = Looks::after(None, &[GATEWAYS]);
    assert_eq!(take(&mut first, &["1"], None), None);
    assert!(first.is_to_be_confirmed);
    assert_eq!(take(&mut first, &["1"], None), Some(vec!["1".to_owned()]));
    assert!(!first.is_to_be_confirmed);
    assert_eq!(take(&mut first, &["1", "2"], None), Some(vec!["1".to_owned()]));
    assert!(first.is_to_be_confirmed);
    let last = first.told.as_ref().unwrap().inventory(now());
    // The next one has the first's word for it.
    let mut second = Looks::after(Some(&last), &[GATEWAYS]);
    assert_eq!(take(&mut second, &[], Some(&last)), None);
    assert_eq!(take(&mut second, &[], Some(&last)), None, "its cache is not filled");
    assert_eq!(take(&mut second, &["1"], Some(&last)), None, "a second look is to confirm it");
    assert_eq!(take(&mut second, &["1"], Some(&last)), Some(vec!["1".to_owned()]));
    let mut third = Looks::after(Some(&last), &[GATEWAYS]);
    assert_eq!(take(&mut third, &["1"], Some(&last)), None);
    assert_eq!(take(&mut third, &["1"], Some(&last)), Some(vec!["1".to_owned()]));
}
