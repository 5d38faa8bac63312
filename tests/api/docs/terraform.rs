//! `docs/from-terraform.md`: every resource and every argument of the provider has its place, and every field that is named is there.

use direct_connect_operator::kinds::ALL;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

use super::links::titled;

const PAGE: &str = include_str!("../../../docs/from-terraform.md");

/// The resources of the provider (version of August 2026), each with its arguments and attributes.
const ARGUMENTS: &str = include_str!("../../fixtures/terraform-arguments.txt");

fn resources() -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut resources: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (resource, argument) in ARGUMENTS.lines().map(|line| line.split_once(' ').unwrap()) {
        resources.entry(resource).or_default().push(argument);
    }
    resources
}

/// What stands in backticks, up to the first character that is of no name.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let names = text.split('`').skip(1).step_by(2);
    names.map(|name| name.split(|letter: char| !letter.is_alphanumeric() && !"_.".contains(letter)).next().unwrap_or_default())
}

/// The cells of the rows of all tables.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().filter(|line| line.starts_with("| `")).map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
}

/// What the first column of the tables names.
fn named(text: &str) -> BTreeSet<&str> {
    rows(text).flat_map(|cells| code(cells[0]).collect::<Vec<_>>()).collect()
}

/// Which kind stands for which resource of the provider: the first table of the page.
fn kinds() -> BTreeMap<&'static str, &'static str> {
    let table = PAGE.split_once("\n## Mapping\n").unwrap().1.trim_start().split("\n\n").next().unwrap();
    let kinds = table.lines().skip(2).filter_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        Some((code(cells[0]).next()?, cells[1].trim_matches('`')))
    });
    kinds.collect()
}

/// Whether the schema has the field, lists being those of their items.
fn has(schema: &Value, path: &str) -> bool {
    let below =
        |schema: &Value| [&schema["properties"], &schema["items"]["properties"]].into_iter().find(|below| below.is_object()).cloned();
    let mut schema = schema.clone();
    path.split('.').all(|field| {
        schema = below(&schema).map_or(Value::Null, |fields| fields[field].clone());
        schema.is_object()
    })
}

fn schema(kind: &str) -> Option<Value> {
    let registration = ALL.iter().find(|registration| registration.kind == kind)?;
    let schema = registration.definition().spec.versions.remove(0).schema.unwrap().open_api_v3_schema.unwrap();
    Some(serde_json::to_value(schema).unwrap())
}

fn camel_case(name: &str) -> String {
    let mut upper = false;
    let letters = name.chars().filter_map(|letter| {
        let shown = (letter != '_').then_some(if upper { letter.to_ascii_uppercase() } else { letter });
        upper = letter == '_';
        shown
    });
    letters.collect()
}

#[test]
fn every_resource_of_the_provider_and_every_kind_has_a_row() {
    let kinds = kinds();
    let missing: Vec<&str> = resources().into_keys().filter(|resource| !kinds.contains_key(resource)).collect();
    assert!(missing.is_empty(), "no row for {missing:?}");
    let missing: Vec<&str> = ALL.iter().map(|kind| kind.kind).filter(|kind| !kinds.values().any(|told| told == kind)).collect();
    assert!(missing.is_empty(), "no row for {missing:?}");
}

#[test]
fn every_argument_has_a_field_of_its_name_or_a_row() {
    let (mapping, sections) = PAGE.split_once("\n## Mapping\n").unwrap().1.split_once("\n### ").unwrap();
    assert!(sections.contains("### "));
    let common = named(mapping);
    let mut missing = Vec::new();
    for (resource, arguments) in resources() {
        let kind = kinds()[resource];
        if kind == "None" {
            continue;
        }
        let schema = schema(kind).unwrap_or_else(|| panic!("{resource}: there is no kind {kind}"));
        let own = named(titled(PAGE, kind).unwrap_or_else(|| panic!("no section for {kind}")));
        let is_told = |argument: &str| {
            let name = camel_case(argument);
            let is_plain = ["spec", "status.observed"].iter().any(|part| has(&schema, &format!("{part}.{name}")));
            is_plain || own.contains(argument) || (common.contains(argument) && !argument.contains('.'))
        };
        missing.extend(arguments.into_iter().filter(|argument| !is_told(argument)).map(|argument| format!("{resource}: {argument}")));
    }
    assert!(missing.is_empty(), "neither a field of the name nor a row: {missing:#?}");
}

#[test]
fn every_field_that_a_section_names_is_in_its_kind() {
    let mut wrong = Vec::new();
    for kind in ALL.iter().map(|registration| registration.kind) {
        let schema = schema(kind).unwrap();
        let section = titled(PAGE, kind).unwrap_or_else(|| panic!("no section for {kind}"));
        let fields = code(section).filter(|name| name.starts_with("spec.") || name.starts_with("status."));
        wrong.extend(fields.filter(|field| !has(&schema, field)).map(|field| format!("{kind}: {field}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
