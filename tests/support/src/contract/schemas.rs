//! The schemas of the documents, with the exceptions that concern them. The numbers are those of the list in the module above.

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

/// Compiles a schema beside the components to which its references lead.
pub fn validator(schema: &Value, components: &Value) -> Validator {
    let whole = corrected(json!({"allOf": [schema], "components": components}));
    jsonschema::options().with_draft(Draft::Draft7).should_validate_formats(false).build(&whole).expect("the schema compiles")
}

/// Forbids keys that are not listed.
pub fn closed(schema: Value) -> Value {
    each_object(schema, &|fields| {
        if fields.get("properties").is_some_and(Value::is_object) && !fields.contains_key("additionalProperties") {
            fields.insert("additionalProperties".to_owned(), json!(false));
        }
    })
}

/// Makes one schema of one that consists of several, as each of them forbids the keys of the others.
fn merge(fields: &mut Map<String, Value>, schemas: &Value) {
    let Some(Value::Array(parts)) = fields.get("allOf").filter(|parts| parts.as_array().is_some_and(|parts| parts.len() > 1)).cloned()
    else {
        return;
    };
    fields.remove("allOf");
    for part in &parts {
        let name = part["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
        let part = name.map_or(part, |name| &schemas[name]);
        for (key, value) in part.as_object().expect("a schema") {
            match (fields.get_mut(key), value) {
                (Some(Value::Object(present)), Value::Object(more)) => present.extend(more.clone()),
                (Some(Value::Array(present)), Value::Array(more)) => present.extend(more.clone()),
                (Some(_), _) => {}
                (None, value) => drop(fields.insert(key.clone(), value.clone())),
            }
        }
    }
}

/// Makes the exceptions that concern schemas.
fn corrected(schema: Value) -> Value {
    let schemas = schema["components"]["schemas"].clone();
    let mut schema = each_object(schema, &|fields| {
        merge(fields, &schemas);
        // 1: the default enterprise project.
        if let Some(project) = fields.get_mut("enterprise_project_id").filter(|project| project["type"] == "string") {
            *project = json!({"anyOf": [project.take(), {"const": "0"}]});
        }
    });
    // 4: the project of a peer.
    if let Some(Value::Object(tenant)) = schema.pointer_mut("/components/schemas/VifPeer/properties/tenant_id") {
        tenant.insert("minLength".to_owned(), json!(32));
    }
    // 8: a request id in a request.
    if let Some(required) = schema.pointer_mut("/components/schemas/UpdateVirtualInterfaceRequestBody/required") {
        *required = json!(["virtual_interface"]);
    }
    // 10: hosted connections.
    for (answer, key) in [("ShowHostedDirectConnect", "hosted_connect"), ("ListHostedDirectConnects", "hosted_connects")] {
        if let Some(required) = schema.pointer_mut(&format!("/components/schemas/{answer}ResponseBody/required")) {
            *required.as_array_mut().and_then(|keys| keys.first_mut()).expect("a key") = json!(key);
        }
    }
    // 11: bound global EIPs.
    if let Some(words) = schema.pointer_mut("/components/schemas/ListBindingGeip/properties/status/enum") {
        *words = json!(["ACTIVE", "ERROR", "BINDING", "BIND_SUCCESSFULLY", "UNBINDING"]);
    }
    // 12: bindings and unbindings.
    for answer in ["CreateBindingGeip", "CreateUnbindingGeip"] {
        if let Some(answer) = schema.pointer_mut(&format!("/components/schemas/{answer}ResponseBody")) {
            let one = answer["properties"]["global_eips"].take();
            answer["properties"]["global_eips"] = json!({"anyOf": [one, {"type": "array", "items": one}]});
            answer["required"] = json!(["global_eips", "request_id"]);
        }
    }
    // 14: the ASN of a global gateway.
    if let Some(asn) = schema.pointer_mut("/components/schemas/CreateGlobalDcGateway/properties/bgp_asn") {
        *asn = json!({"anyOf": [asn.take(), {"type": "string", "pattern": "^[0-9]+$"}]});
    }
    for shown in ["CreateGlobalDcGatewayEntry", "GlobalDcGatewayEntry"] {
        if let Some(Value::Object(asn)) = schema.pointer_mut(&format!("/components/schemas/{shown}/properties/bgp_asn")) {
            asn.insert("maximum".to_owned(), json!(4_294_967_295_u64));
        }
    }
    // 15: routes.
    for field in ["destination", "tenant_id"] {
        if let Some(Value::Object(text)) = schema.pointer_mut(&format!("/components/schemas/CommonRoutetable/properties/{field}")) {
            text.remove("minLength");
        }
    }
    // 17: the effect of a statement.
    if let Some(Value::Array(words)) = schema.pointer_mut("/components/schemas/ServiceStatement/properties/Effect/enum") {
        words.push(json!("allow"));
    }
    // 2: gateways on an enterprise router.
    if let Some(Value::Object(gateway)) = schema.pointer_mut("/components/schemas/CreateVirtualGateway") {
        gateway["properties"]["enterprise_router_id"] = json!({"type": "string", "minLength": 36, "maxLength": 36});
        gateway["properties"]["type"] = json!({"const": "default"});
        let required = gateway.remove("required").unwrap_or_default();
        gateway.insert("anyOf".to_owned(), json!([{"required": required}, {"required": ["enterprise_router_id"]}]));
    }
    schema
}

/// Applies a change to every object in a document, inner ones first.
fn each_object(value: Value, change: &dyn Fn(&mut Map<String, Value>)) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields = fields.into_iter().map(|(key, inner)| (key, each_object(inner, change))).collect();
            change(&mut fields);
            Value::Object(fields)
        }
        Value::Array(list) => list.into_iter().map(|inner| each_object(inner, change)).collect(),
        plain => plain,
    }
}

/// 3: null means absence.
pub fn without_nulls(body: &Value) -> Value {
    each_object(body.clone(), &|fields| {
        fields.retain(|_, value| !value.is_null());
    })
}
