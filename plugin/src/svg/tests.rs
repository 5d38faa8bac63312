//! The picture of a topology.

use serde_json::json;

use super::svg;
use crate::object::Object;
use crate::page::sample::{LINE, MARKUP, WELL, interface, object, objects, peer};
use crate::topology::{Grants, Topology};

fn picture(objects: &[Object]) -> String {
    svg(&Topology::new(objects, &Grants::default()))
}

/// The texts that are shown, in order.
fn texts(svg: &str) -> Vec<String> {
    let texts = svg.split("<text ").skip(1).filter_map(|text| text.split_once("</text>"));
    texts.map(|(text, _)| text.rsplit(['>']).next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_line_goes_from_left_to_right() {
    let line = json!({ "connectionId": LINE, "virtualGatewayRef": { "name": "main" } });
    let down = [("Ready", "True", "Available", ""), ("Healthy", "False", "Down", "no light")];
    let picture = picture(&[
        object("VirtualGateway", "team", "main", json!({ "vpcId": "df17aa72-3bde-4468-a13b-ecb9733ba43b", "localEpGroup": [] }), &WELL),
        interface("team", "office", &line, &down),
        peer("team", "office-ipv6", "office"),
    ]);
    let shown = texts(&picture);
    assert_eq!(shown[..4], ["Connections", "Interfaces and peers", "Gateways", "Networks"], "{picture}");
    let card = shown.iter().position(|text| text == "vif/office").unwrap();
    assert_eq!(
        shown[card..card + 6],
        ["vif/office", "team", "VLAN 30 · 50 Mbit/s", "Failing: Down", "vifpeer/office-ipv6", "ipv6"],
        "{shown:?}"
    );
    // The interface's card stands apart by colour, and by a diamond; the others have a disc.
    assert_eq!(picture.matches("class=\"card failing\"").count(), 1);
    assert_eq!(picture.matches("<path class=\"failing\"").count(), 1);
    assert_eq!(picture.matches("<path class=\"working\"").count(), 2);
    // What is known by its id alone has a dashed border and no state.
    assert_eq!(picture.matches("class=\"card plain bare\"").count(), 2, "{picture}");
    assert_eq!(picture.matches("class=\"tie\"").count(), 3, "{picture}");
    assert!(picture.contains("vif/office, team, office-id, Failing Down no light, VLAN 30"), "{picture}");
}

#[test]
fn what_is_cut_has_the_whole_in_a_title() {
    let name = "a-name-that-is-longer-than-a-card-of-a-topology-can-ever-be";
    let picture = picture(&[object("VirtualGateway", "team", name, json!({}), &WELL)]);
    let shown = texts(&picture);
    assert!(shown.iter().any(|text| text.starts_with("vgw/a-name") && text.ends_with('…')), "{shown:?}");
    assert!(picture.contains(&format!("<title>vgw/{name}</title>")), "{picture}");
}

#[test]
fn the_same_objects_give_the_same_bytes_in_any_order() {
    let mut all = objects(20);
    let picture_of_all = picture(&all);
    all.reverse();
    assert_eq!(picture(&all), picture_of_all);
}

#[test]
fn it_is_one_picture_that_loads_nothing_and_runs_nothing() {
    let picture = picture(&[object("VirtualGateway", "team", "main", json!({}), &[("Ready", "False", MARKUP, MARKUP)])]);
    assert!(picture.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && picture.ends_with("</svg>\n"));
    for absent in ["<script", "href", "url(", "@import", "<image", "<foreignObject"] {
        assert!(!picture.contains(absent), "{absent}");
    }
    assert!(picture.contains("&lt;script&gt;"));
    for needed in [
        "role=\"img\"",
        "<title id=\"dc-topology-title\">",
        "<desc id=\"dc-topology-desc\">1 node, 0 failing",
        "prefers-color-scheme: dark",
    ] {
        assert!(picture.contains(needed), "{needed}");
    }
}

#[test]
fn nothing_gives_an_empty_picture() {
    let picture = picture(&[]);
    assert!(texts(&picture).is_empty() && picture.contains("0 nodes"), "{picture}");
}
