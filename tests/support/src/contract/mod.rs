//! Holds requests and answers against the vendor's documents.
//!
//! The documents come from the crate `huawei-cloud-api-definitions-DC` and its siblings, whose packages hold one per operation;
//! they are read from there, not copied. Where they contradict themselves or what is known of the service, an
//! exception is made, and these are all:
//!
//! 1. `enterprise_project_id` may be `"0"`: the schema wants a UUID, the examples show the default project.
//! 2. A gateway may be created on an `enterprise_router_id`, without VPC and subnets, and with a `type`: only an example
//!    shows it.
//! 3. `null` in an answer means absence: no schema is nullable, the examples are full of nulls.
//! 4. `tenant_id` of a peer has 32 characters, as everywhere else, not 36.
//! 5. Headers are not held against the documents: with signatures there is no `X-Auth-Token`.
//! 6. Answers of 400 and above have no schema; they must have one of the three known shapes.
//! 7. Of the identity services, only the documents of the exchange of identities for keys are read; sign-in, the list of projects and
//!    the metadata service are known by their path only.
//! 8. The update of an interface needs no `request_id` in its body: the schema requires one that it does not
//!    even list, the examples have none.
//! 9. Answers may hold fields that no schema lists; requests may not.
//! 10. Answers about hosted connections hold `hosted_connect` or `hosted_connects`: the schemas require keys that they do
//!     not list, the examples have none of them.
//! 11. The status of a bound global EIP may be one of the words of the examples.
//! 12. Answers to bindings and unbindings may hold lists, as the examples do, and need no `binding_global_eips`, which no
//!     schema lists.
//! 13. The list of global gateways is documented twice; `ListGlobalDcGateways` counts, `ListGlobalDcGateway` does not.
//! 14. A global gateway's `bgp_asn` may be text in its create, as the example has it, and above 65535 in answers, as its create has it.
//! 15. `destination` and `tenant_id` of a route have fewer than 64 characters.
//! 16. The pod identity agent takes an empty object, and answers as `AssumeAgencyForPodIdentity`, which it asks; its errors have no form.
//! 17. The effect of a statement of a policy may be `allow`, as in an example.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test ends at the first surprise")]

pub mod identity;
mod schemas;
pub mod sources;

use std::{collections::BTreeMap, sync::OnceLock};

use jsonschema::Validator;
use serde_json::{Value, json};

use schemas::{closed, validator, without_nulls};
pub use sources::{documents, example_requests, examples};

const IDENTITY: [&str; 4] = ["/v3/auth/tokens", "/v3/projects", "/meta-data/latest/api/token", "/openstack/latest/securitykey"];

/// What one entry of the simulator's log does against the documents; nothing if all is well.
pub fn check(entry: &Value) -> Vec<String> {
    let text = |key: &str| entry[key].as_str().unwrap_or_default();
    if IDENTITY.contains(&text("path")) {
        return Vec::new();
    }
    let Some((operation, values)) = find(text("method"), text("path"), text("operation")) else {
        return vec![format!("{} {} is no documented operation", text("method"), text("path"))];
    };
    let mut found = operation.check_path(&values);
    found.extend(operation.check_query(text("query")));
    found.extend(operation.check_request(&entry["request_body"]));
    // An injected answer is not the simulator's own.
    if entry["fault"] != "status" && !entry["status"].is_null() {
        found.extend(operation.check_answer(&entry["status"], &entry["response_body"]));
    }
    found.into_iter().map(|message| format!("{}: {message}", operation.name)).collect()
}

/// One documented operation with its compiled schemas.
struct Operation {
    name: String,
    method: String,
    /// The segments of the path, placeholders in braces.
    template: Vec<String>,
    parameters: Vec<Parameter>,
    request: Option<Validator>,
    /// Schemas of answers by status; `None` where the answer has no body.
    answers: BTreeMap<String, Option<Validator>>,
}

struct Parameter {
    place: String,
    name: String,
    required: bool,
    /// Of a list: whether its values come as repeated keys, not joined by commas.
    repeated: bool,
    schema: Value,
    validator: Validator,
}

impl Operation {
    fn check_path(&self, values: &[(String, String)]) -> Vec<String> {
        let mut found = Vec::new();
        for parameter in self.parameters.iter().filter(|parameter| parameter.place == "path") {
            let value = values.iter().find(|(name, _)| *name == parameter.name).map_or("", |(_, value)| value);
            let errors =
                parameter.validator.iter_errors(&json!(value)).map(|error| format!("path {}: {error}", parameter.name)).collect::<Vec<_>>();
            found.extend(errors);
        }
        found
    }

    fn check_query(&self, query: &str) -> Vec<String> {
        let mut given: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            given.entry(decoded(name)).or_default().push(decoded(value));
        }
        let known: Vec<&Parameter> = self.parameters.iter().filter(|parameter| parameter.place == "query").collect();
        let unknown = given.keys().filter(|name| known.iter().all(|parameter| parameter.name != **name));
        let mut found: Vec<String> = unknown.map(|name| format!("query {name} is no documented parameter")).collect();
        for parameter in known {
            match given.get(&parameter.name) {
                None if parameter.required => {
                    found.push(format!("query {} is required", parameter.name));
                }
                None => {}
                Some(values) => found.extend(parameter.check(values)),
            }
        }
        found
    }

    fn check_request(&self, body: &Value) -> Vec<String> {
        match (&self.request, body) {
            (None, Value::Null) => Vec::new(),
            (None, _) => vec!["request has a body, but the operation takes none".to_owned()],
            (Some(validator), body) => complaints("request", validator, body),
        }
    }

    fn check_answer(&self, status: &Value, body: &Value) -> Vec<String> {
        if status.as_u64().is_some_and(|status| status >= 400) {
            // 16: errors of the agent.
            return if self.name == "AssumeAgencyForPodIdentity" { Vec::new() } else { check_error(body) };
        }
        match self.answers.get(&status.to_string()) {
            None => vec![format!("answer {status} is no documented status")],
            Some(None) if body.is_null() => Vec::new(),
            Some(None) => vec![format!("answer {status} has a body, but is documented without")],
            Some(Some(validator)) => complaints("answer", validator, &without_nulls(body)),
        }
    }
}

impl Parameter {
    fn check(&self, values: &[String]) -> Vec<String> {
        let is_list = self.schema["type"] == "array";
        let value = match (is_list, values) {
            (true, values) if self.repeated => json!(values),
            (true, values) => values.iter().flat_map(|value| value.split(',')).map(Value::from).collect(),
            (false, [value]) if self.schema["type"] == "integer" => value.parse::<i64>().map_or_else(|_| json!(value), Value::from),
            (false, [value]) if self.schema["type"] == "boolean" => value.parse::<bool>().map_or_else(|_| json!(value), Value::from),
            (false, [value]) => json!(value),
            (false, _) => return vec![format!("query {} is given more than once", self.name)],
        };
        self.validator.iter_errors(&value).map(|error| format!("query {}: {error}", self.name)).collect()
    }
}

fn check_error(body: &Value) -> Vec<String> {
    let flat = body["error_code"].is_string() && body["error_msg"].is_string();
    let nested = body["error"]["code"].is_u64() && body["error"]["message"].is_string();
    if flat || nested { Vec::new() } else { vec!["answer is an error without error_code and error_msg".to_owned()] }
}

fn complaints(side: &str, validator: &Validator, body: &Value) -> Vec<String> {
    validator.iter_errors(body).map(|error| format!("{side} {}: {error}", error.instance_path())).collect()
}

/// The operation of a request and the values of its placeholders; of several that fit, the one of that name, or else the most literal.
fn find(method: &str, path: &str, name: &str) -> Option<(&'static Operation, Vec<(String, String)>)> {
    let segments: Vec<String> = path.split('/').map(decoded).collect();
    let fitting = operations().iter().filter(|operation| operation.method.eq_ignore_ascii_case(method));
    let matched = fitting.filter_map(|operation| Some((operation, placeholders(&operation.template, &segments)?)));
    matched.min_by_key(|(operation, values)| (operation.name != name, values.len()))
}

fn placeholders(template: &[String], segments: &[String]) -> Option<Vec<(String, String)>> {
    if template.len() != segments.len() {
        return None;
    }
    let mut values = Vec::new();
    for (expected, segment) in template.iter().zip(segments) {
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !segment.is_empty() => values.push((name.to_owned(), segment.clone())),
            None if expected == segment => {}
            _ => return None,
        }
    }
    Some(values)
}

/// All operations, read and compiled once.
fn operations() -> &'static [Operation] {
    static OPERATIONS: OnceLock<Vec<Operation>> = OnceLock::new();
    // 13: the list of global gateways.
    let counts = |operation: &Operation| operation.name != "ListGlobalDcGateway";
    OPERATIONS.get_or_init(|| documents().iter().chain(&identity::documents()).flat_map(compile).filter(counts).collect())
}

fn compile(document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, definition) in methods.as_object().expect("methods") {
            operations.push(operation(document, path, method, definition));
        }
    }
    operations
}

fn operation(document: &Value, path: &str, method: &str, definition: &Value) -> Operation {
    let components = &document["components"];
    let parameters = definition["parameters"].as_array().into_iter().flatten();
    let request = body_schema(&definition["requestBody"]);
    let answers = definition["responses"].as_object().expect("responses").iter();
    Operation {
        name: definition["operationId"].as_str().unwrap_or_default().to_owned(),
        method: method.to_owned(),
        template: path.split('/').map(str::to_owned).collect(),
        parameters: parameters.map(|parameter| self::parameter(components, resolve(document, parameter))).collect(),
        request: request.map(|schema| validator(&closed(schema.clone()), &closed(components.clone()))),
        answers: answers
            .map(|(status, answer)| (status.clone(), body_schema(answer).map(|schema| validator(schema, components))))
            .collect(),
    }
}

fn parameter(components: &Value, definition: &Value) -> Parameter {
    let schema = definition["schema"].clone();
    Parameter {
        place: definition["in"].as_str().unwrap_or_default().to_owned(),
        name: definition["name"].as_str().unwrap_or_default().to_owned(),
        required: definition["required"] == true,
        repeated: definition["explode"] != false,
        validator: validator(&schema, components),
        schema,
    }
}

/// The schema of a request or answer, whatever its media type.
fn body_schema(definition: &Value) -> Option<&Value> {
    definition["content"].as_object()?.values().next()?.get("schema")
}

fn resolve<'d>(document: &'d Value, definition: &'d Value) -> &'d Value {
    let pointer = definition["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.map_or(definition, |pointer| document.pointer(pointer).expect("the reference leads somewhere"))
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}
