//! Documents that are almost right: a valid one with some places spoilt, as JSON text, which can say more than a value can.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

/// What becomes of a place in a document.
#[derive(Clone, Debug)]
pub enum Damage {
    /// The value is another.
    Replaced(String),
    /// The field, or the element, is missing.
    Removed,
    /// The field stands a second time, with this value. An element stands twice.
    Repeated(String),
}

/// One damage, at some place.
pub type Mutation = (Index, Damage);

/// JSON that has its place nowhere in particular.
fn stray() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("null".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
        Just("[null]".to_owned()),
        Just("[[]]".to_owned()),
        Just("[{}]".to_owned()),
        Just("\"\"".to_owned()),
        Just("-0".to_owned()),
        Just("1e999".to_owned()),
        Just("1.5".to_owned()),
        Just("NaN".to_owned()),
        Just("\"\\ud800\"".to_owned()),
        Just(String::new()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        "[1-9][0-9]{18,60}",
        ".{0,20}".prop_map(|text| Value::from(text).to_string()),
        (1..3000usize).prop_map(|depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth))),
        (1..3000usize).prop_map(|depth| format!("{}0{}", "{\"id\":".repeat(depth), "}".repeat(depth))),
    ]
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![4 => stray().prop_map(Damage::Replaced), 2 => Just(Damage::Removed), 1 => stray().prop_map(Damage::Repeated)]
}

/// One to three mutations.
pub fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    proptest::collection::vec((any::<Index>(), damage()), 1..4)
}

/// The document's text with the damages done.
pub fn mutated(document: &Value, mutations: &[Mutation]) -> String {
    let mut places = 0;
    count(document, &mut places);
    let damages: Vec<(usize, &Damage)> = mutations.iter().map(|(index, damage)| (index.index(places), damage)).collect();
    let mut text = String::new();
    write(document, &damages, &mut 0, &mut text);
    text
}

fn count(value: &Value, places: &mut usize) {
    *places += 1;
    match value {
        Value::Object(fields) => fields.values().for_each(|inner| count(inner, places)),
        Value::Array(elements) => elements.iter().for_each(|inner| count(inner, places)),
        _ => {}
    }
}

/// Writes a value; places are numbered in the order in which [`count`] comes by them.
fn write(value: &Value, damages: &[(usize, &Damage)], place: &mut usize, text: &mut String) {
    let here = *place;
    *place += 1;
    let inner = match value {
        Value::Object(fields) => {
            let members: Vec<String> = fields
                .iter()
                .filter_map(|(key, inner)| member(&format!("{}:", Value::from(key.as_str())), inner, damages, place))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(elements) => {
            let members: Vec<String> = elements.iter().filter_map(|inner| member("", inner, damages, place)).collect();
            format!("[{}]", members.join(","))
        }
        leaf => leaf.to_string(),
    };
    match at(damages, here) {
        Some(Damage::Replaced(other)) => text.push_str(other),
        _ => text.push_str(&inner),
    }
}

/// A field or an element: `None` when it is removed.
fn member(key: &str, value: &Value, damages: &[(usize, &Damage)], place: &mut usize) -> Option<String> {
    let damage = at(damages, *place);
    let mut text = key.to_owned();
    write(value, damages, place, &mut text);
    match damage {
        Some(Damage::Removed) => None,
        Some(Damage::Repeated(other)) => Some(format!("{text},{key}{other}")),
        Some(Damage::Replaced(_)) | None => Some(text),
    }
}

fn at<'a>(damages: &[(usize, &'a Damage)], place: usize) -> Option<&'a Damage> {
    damages.iter().find(|(damaged, _)| *damaged == place).map(|(_, damage)| *damage)
}

#[test]
fn damages_are_done_where_they_should() {
    let document = serde_json::json!({ "a": [1, 2], "b": {} });
    let table = [
        (0, Damage::Replaced("x".into()), "x"),
        (1, Damage::Removed, r#"{"b":{}}"#),
        (1, Damage::Repeated("[]".into()), r#"{"a":[1,2],"a":[],"b":{}}"#),
        (3, Damage::Removed, r#"{"a":[1],"b":{}}"#),
        (4, Damage::Replaced("1e999".into()), r#"{"a":[1,2],"b":1e999}"#),
    ];
    for (place, damage, expected) in table {
        let mut text = String::new();
        write(&document, &[(place, &damage)], &mut 0, &mut text);
        assert_eq!(text, expected);
    }
}
