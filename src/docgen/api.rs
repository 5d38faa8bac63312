//! `docs/api.md`: every kind with its fields, read from its definition.

use serde_json::Value;
use std::fmt::{self, Write};

use super::GENERATED;
use crate::{api, kinds};

pub(super) fn reference(text: &mut String) -> fmt::Result {
    writeln!(text, "{GENERATED}\n\n# API reference\n")?;
    writeln!(text, "Group `{}`, version `{}`. `kubectl explain` shows the same, for example", api::GROUP, api::VERSION)?;
    writeln!(text, "`kubectl explain vif.spec.extendAttribute`.\n")?;
    writeln!(
        text,
        "A field is optional unless it is *required*, which applies if its parent is present. *Immutable* fields keep their value, or"
    )?;
    writeln!(
        text,
        "their absence, as long as the object lives; *immutable once set* means that it may be added later. `[]` means each item of a"
    )?;
    writeln!(
        text,
        "list, `.*` for each key of a map. The reasons of conditions are described in [conditions.md](conditions.md), annotations in"
    )?;
    writeln!(text, "[concepts.md](concepts.md#annotations).\n")?;
    let kinds: Vec<Value> = kinds::crds().iter().filter_map(|crd| serde_json::to_value(crd).ok()).collect();
    writeln!(text, "| Kind | Short | Of | What it is |\n|---|---|---|---|")?;
    for crd in &kinds {
        let (names, (_, schema)) = (at(crd, "/spec/names"), version(crd));
        let kind = word(at(names, "/kind"));
        let scope = if at(crd, "/spec/scope") == "Cluster" { "cluster" } else { "namespace" };
        let short = words(at(names, "/shortNames")).join(", ");
        writeln!(text, "| [{kind}](#{}) | `{short}` | {scope} | {} |", kind.to_lowercase(), prose(at(schema, "/description")))?;
    }
    kinds.iter().try_for_each(|crd| kind(text, crd))
}

/// The value at a JSON pointer, or null.
fn at<'v>(value: &'v Value, pointer: &str) -> &'v Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

/// The only version, and its schema.
fn version(crd: &Value) -> (&Value, &Value) {
    let version = at(crd, "/spec/versions/0");
    (version, at(version, "/schema/openAPIV3Schema"))
}

fn kind(text: &mut String, crd: &Value) -> fmt::Result {
    let (names, (version, schema)) = (at(crd, "/spec/names"), version(crd));
    let kind = word(at(names, "/kind"));
    writeln!(text, "\n## {kind}\n\n{}\n", prose(at(schema, "/description")))?;
    let columns = at(version, "/additionalPrinterColumns").as_array().into_iter().flatten();
    let (usual, wide): (Vec<_>, Vec<_>) = columns.partition(|column| at(column, "/priority").as_i64().unwrap_or(0) == 0);
    let listed = |columns: &[&Value]| columns.iter().map(|column| word(at(column, "/name")).to_owned()).collect::<Vec<_>>().join(", ");
    write!(text, "`kubectl get {}` shows {}", word(at(names, "/plural")), listed(&usual))?;
    if !wide.is_empty() {
        write!(text, "; with `-o wide` also {}", listed(&wide))?;
    }
    writeln!(text, ".")?;
    for part in ["spec", "status"] {
        let fields = fields(part, at(schema, &format!("/properties/{part}")));
        if fields.is_empty() {
            continue;
        }
        writeln!(text, "\n### {kind} {part}\n\n| Field | Type | Allowed | Meaning |\n|---|---|---|---|")?;
        for field in &fields {
            writeln!(text, "| `{}` | {} | {} | {} |", field.path, field.form(), field.allowed(), prose(at(field.schema, "/description")))?;
        }
    }
    rules(text, kind, schema)
}

/// The CEL rules that combine fields, or restrict one further. Immutability is shown at the field.
fn rules(text: &mut String, kind: &str, schema: &Value) -> fmt::Result {
    let mut rules: Vec<(String, String)> = Vec::new();
    for (path, schema) in std::iter::once((String::new(), schema)).chain(below("spec", at(schema, "/properties/spec"))) {
        for rule in validations(schema).filter(|rule| !is_transition(rule)) {
            let place = format!("{path}{}", at(rule, "/fieldPath").as_str().unwrap_or_default());
            rules.push((place.trim_start_matches('.').to_owned(), prose(at(rule, "/message"))));
        }
    }
    if rules.is_empty() {
        return Ok(());
    }
    writeln!(
        text,
        "\n### {kind} rules\n\nAn object that breaks one of these is rejected with this message.\n\n| At | Message |\n|---|---|"
    )?;
    rules.sort();
    rules.dedup();
    rules.iter().try_for_each(|(place, message)| writeln!(text, "| `{place}` | {message} |"))
}

struct Field<'s> {
    path: String,
    schema: &'s Value,
    required: bool,
    /// Immutable, by its own schema or its parent's.
    fixed: Option<&'static str>,
}

impl Field<'_> {
    fn form(&self) -> String {
        form(self.schema)
    }

    fn allowed(&self) -> String {
        let mut all: Vec<String> = Vec::new();
        all.extend(self.required.then(|| "*required*".to_owned()));
        all.extend(self.fixed.map(|fixed| format!("*{fixed}*")));
        let values = words(at(self.schema, "/enum"));
        all.extend((!values.is_empty()).then(|| values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")));
        all.extend(range(self.schema, "minimum", "maximum", ""));
        all.extend(range(self.schema, "minLength", "maxLength", " characters"));
        all.extend(range(self.schema, "minItems", "maxItems", " items"));
        all.extend(range(self.schema, "minProperties", "maxProperties", " keys"));
        let items = at(self.schema, "/items");
        all.extend(range(items, "minLength", "maxLength", " characters each"));
        all.extend(range(at(self.schema, "/additionalProperties"), "minLength", "maxLength", " characters each"));
        all.extend(at(self.schema, "/pattern").as_str().map(|pattern| format!("`{pattern}`")));
        all.extend(Some(at(self.schema, "/default")).filter(|default| !default.is_null()).map(|default| format!("default `{default}`")));
        all.join("; ")
    }
}

fn form(schema: &Value) -> String {
    let format = at(schema, "/format").as_str();
    match (at(schema, "/type").as_str().unwrap_or("any"), format) {
        ("array", _) => format!("list of {}", form(at(schema, "/items"))),
        ("object", _) if at(schema, "/additionalProperties").is_object() => format!("map of {}", form(at(schema, "/additionalProperties"))),
        (_, Some("date-time")) => "time".to_owned(),
        (type_, _) => type_.to_owned(),
    }
}

/// A range with one or two bounds.
fn range(schema: &Value, least: &str, most: &str, unit: &str) -> Option<String> {
    let number = |name: &str| at(schema, &format!("/{name}")).as_f64().map(|number| format!("{number}"));
    match (number(least), number(most)) {
        (Some(least), Some(most)) if least == most => Some(format!("{most}{unit}")),
        (Some(least), Some(most)) => Some(format!("{least} to {most}{unit}")),
        (None, Some(most)) => Some(format!("at most {most}{unit}")),
        (Some(least), None) => Some(format!("at least {least}{unit}")),
        (None, None) => None,
    }
}

/// The fields below `path`, each before its own fields.
fn fields<'s>(path: &str, schema: &'s Value) -> Vec<Field<'s>> {
    let required = words(at(schema, "/required"));
    let mut all = Vec::new();
    for (name, field) in at(schema, "/properties").as_object().into_iter().flatten() {
        let required = required.contains(&name.as_str());
        let path = format!("{path}.{name}");
        all.push(Field { fixed: fixed(schema, name, field, required), path: path.clone(), schema: field, required });
        if is_of_kubernetes(name) {
            continue;
        }
        let within = match at(field, "/type").as_str() {
            Some("array") => fields(&format!("{path}[]"), at(field, "/items")),
            _ => fields(&path, field),
        };
        all.extend(within);
    }
    all
}

/// Every schema below `path` and that of `path` itself, with its path.
fn below<'s>(path: &str, schema: &'s Value) -> Vec<(String, &'s Value)> {
    let mut all = vec![(path.to_owned(), schema)];
    for (name, field) in at(schema, "/properties").as_object().into_iter().flatten() {
        all.extend(below(&format!("{path}.{name}"), field));
    }
    if at(schema, "/items").is_object() {
        all.extend(below(&format!("{path}[]"), at(schema, "/items")));
    }
    all
}

/// Label selectors and conditions are types of Kubernetes and described there.
fn is_of_kubernetes(name: &str) -> bool {
    name == "selector" || name == "conditions"
}

fn validations(schema: &Value) -> impl Iterator<Item = &Value> {
    at(schema, "/x-kubernetes-validations").as_array().into_iter().flatten()
}

/// Whether a rule compares with the old value.
fn is_transition(rule: &Value) -> bool {
    at(rule, "/rule").as_str().is_some_and(|rule| rule.contains("oldSelf"))
}

fn fixed(parent: &Value, name: &str, field: &Value, required: bool) -> Option<&'static str> {
    let by_parent = validations(parent).any(|rule| is_transition(rule) && *at(rule, "/fieldPath") == format!(".{name}"));
    let by_itself = validations(field).any(is_transition);
    match (by_parent, by_itself, required) {
        (true, _, _) | (_, true, true) => Some("immutable"),
        (false, true, false) => Some("immutable once set"),
        (false, false, _) => None,
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn words(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// A description as one line of a table, with everything but code between backticks escaped.
fn prose(value: &Value) -> String {
    let line = word(value).split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    let parts = line.split('`').enumerate().map(|(index, part)| match index % 2 {
        0 => ["*", "_", "<"].iter().fold(part.to_owned(), |text, mark| text.replace(mark, &format!("\\{mark}"))),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("`")
}
