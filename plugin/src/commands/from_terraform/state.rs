//! What Terraform writes of its state: `terraform show -json` of a state or of a plan, or a state file of version 4.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

use crate::error::Error;

/// An instance of a managed resource.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Its whole address, e.g. `module.lines["a"].huaweicloud_dc_virtual_interface.office[0]`.
    pub address: String,
    /// Type of the resource.
    pub type_: String,
    /// Alias of its provider, where that is told and is not the default one.
    pub alias: Option<String>,
    /// What is to become of it.
    pub mark: Mark,
}

/// What Terraform is to do with an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Nothing special.
    None,
    /// It is to be replaced.
    Tainted,
    /// It was replaced, and is still to be deleted.
    Deposed,
    /// It is not there yet.
    Planned,
}

/// Instances with their attributes, which may be secret: they have no `Debug`.
pub struct State(pub Vec<(Instance, Map<String, Value>)>);

/// Reads any of the forms. Data sources are left out.
///
/// # Errors
/// It is none of them.
pub fn read(text: &str) -> Result<State, Error> {
    // Not the error of the parser, which may show a secret.
    let document: Value =
        serde_json::from_str(text).map_err(|error| Error::Usage(format!("no JSON: line {}, column {}", error.line(), error.column())))?;
    if document.get("format_version").is_some_and(Value::is_string) {
        return Ok(State(of_show(&document)));
    }
    match (document.get("version").and_then(Value::as_u64), document.get("resources").and_then(Value::as_array)) {
        (Some(4), Some(resources)) => Ok(State(resources.iter().flat_map(of_state_file).collect())),
        (Some(version), _) => Err(Error::Usage(format!("a state file of version {version}: give the output of `terraform show -json`"))),
        _ => Err(Error::Usage("neither the output of `terraform show -json` nor a state file".to_owned())),
    }
}

/// The instances of one resource of a state file.
fn of_state_file(resource: &Value) -> Vec<(Instance, Map<String, Value>)> {
    let text = |key: &str| resource[key].as_str().unwrap_or_default();
    if text("mode") != "managed" {
        return Vec::new();
    }
    let module = Some(text("module")).filter(|module| !module.is_empty()).map(|module| format!("{module}.")).unwrap_or_default();
    let address = format!("{module}{}.{}", text("type"), text("name"));
    // provider["registry.terraform.io/huaweicloud/huaweicloud"].alias
    let alias =
        text("provider").rsplit_once("\"]").map(|(_, alias)| alias.trim_start_matches('.').to_owned()).filter(|alias| !alias.is_empty());
    let instances = resource["instances"].as_array().into_iter().flatten();
    let read = instances.map(|instance| {
        let key = match &instance["index_key"] {
            Value::Null => String::new(),
            key => format!("[{key}]"),
        };
        let mark = match (&instance["deposed"], instance["status"].as_str()) {
            (Value::String(_), _) => Mark::Deposed,
            (_, Some("tainted")) => Mark::Tainted,
            _ => Mark::None,
        };
        let told = Instance { address: format!("{address}{key}"), type_: text("type").to_owned(), alias: alias.clone(), mark };
        (told, instance["attributes"].as_object().cloned().unwrap_or_default())
    });
    read.collect()
}

/// The instances of `terraform show -json`: of a plan those that were there before it, and those that it adds.
fn of_show(document: &Value) -> Vec<(Instance, Map<String, Value>)> {
    let part = |path: &str| document.pointer(path).unwrap_or(&Value::Null);
    let aliases = aliases(part("/configuration/root_module"), "");
    let values = if part("/values").is_object() { part("/values/root_module") } else { part("/prior_state/values/root_module") };
    let (mut there, mut planned) = (Vec::new(), Vec::new());
    of_module(values, &aliases, &mut there);
    of_module(part("/planned_values/root_module"), &aliases, &mut planned);
    planned.retain(|(one, _)| there.iter().all(|(other, _)| other.address != one.address));
    for (instance, _) in &mut planned {
        instance.mark = Mark::Planned;
    }
    there.into_iter().chain(planned).collect()
}

fn of_module(module: &Value, aliases: &BTreeMap<String, String>, found: &mut Vec<(Instance, Map<String, Value>)>) {
    for resource in module["resources"].as_array().into_iter().flatten().filter(|resource| resource["mode"] == "managed") {
        let text = |key: &str| resource[key].as_str().unwrap_or_default().to_owned();
        let mark = match (&resource["deposed_key"], &resource["tainted"]) {
            (Value::String(_), _) => Mark::Deposed,
            (_, Value::Bool(true)) => Mark::Tainted,
            _ => Mark::None,
        };
        let address = text("address");
        let alias = aliases.get(&without_keys(&address)).cloned();
        found.push((Instance { address, type_: text("type"), alias, mark }, resource["values"].as_object().cloned().unwrap_or_default()));
    }
    for child in module["child_modules"].as_array().into_iter().flatten() {
        of_module(child, aliases, found);
    }
}

/// Aliases of providers by addresses without keys: only the configuration of a plan tells them.
fn aliases(module: &Value, prefix: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for resource in module["resources"].as_array().into_iter().flatten() {
        let key = resource["provider_config_key"].as_str().unwrap_or_default();
        // module.lines:huaweicloud.alias
        let provider = key.rsplit(':').next().unwrap_or_default();
        if let (Some(address), Some((_, alias))) = (resource["address"].as_str(), provider.split_once('.')) {
            found.insert(format!("{prefix}{address}"), alias.to_owned());
        }
    }
    for (name, call) in module["module_calls"].as_object().into_iter().flatten() {
        found.extend(aliases(&call["module"], &format!("{prefix}module.{name}.")));
    }
    found
}

/// An address of all instances: without what stands in brackets. Keys are texts in quotes, in which brackets may stand.
#[must_use]
pub fn without_keys(address: &str) -> String {
    let (mut kept, mut in_key, mut in_text, mut escaped) = (String::new(), false, false, false);
    for letter in address.chars() {
        match letter {
            '[' if !in_key => in_key = true,
            ']' if in_key && !in_text => in_key = false,
            '"' if in_key && !escaped => in_text = !in_text,
            _ if !in_key => kept.push(letter),
            _ => {}
        }
        escaped = in_text && letter == '\\' && !escaped;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(document: &Value) -> Vec<(String, Option<String>, Mark)> {
        let state = read(&document.to_string()).unwrap_or_else(|error| panic!("{error}"));
        state.0.into_iter().map(|(instance, _)| (instance.address, instance.alias, instance.mark)).collect()
    }

    #[test]
    fn a_state_file_has_instances_with_keys_in_modules() {
        let provider = "provider[\"registry.terraform.io/huaweicloud/huaweicloud\"]";
        let document = json!({ "version": 4, "terraform_version": "1.9.0", "resources": [
            { "mode": "managed", "type": "huaweicloud_dc_virtual_gateway", "name": "main", "provider": provider, "instances": [{ "attributes": {} }] },
            { "module": "module.lines[\"a\"].module.inner[0]", "mode": "managed", "type": "huaweicloud_dc_virtual_interface", "name": "office",
              "provider": format!("module.lines.{provider}.eu"), "instances": [
                { "index_key": "b.c", "attributes": {}, "status": "tainted" },
                { "index_key": 1, "attributes": {} },
                { "index_key": 1, "deposed": "0123abcd", "attributes": {} },
            ] },
            { "mode": "data", "type": "huaweicloud_dc_connections", "name": "all", "provider": provider, "instances": [{ "attributes": {} }] },
        ] });
        let inner = "module.lines[\"a\"].module.inner[0].huaweicloud_dc_virtual_interface.office";
        let eu = || Some("eu".to_owned());
        assert_eq!(
            told(&document),
            [
                ("huaweicloud_dc_virtual_gateway.main".to_owned(), None, Mark::None),
                (format!("{inner}[\"b.c\"]"), eu(), Mark::Tainted),
                (format!("{inner}[1]"), eu(), Mark::None),
                (format!("{inner}[1]"), eu(), Mark::Deposed),
            ]
        );
    }

    #[test]
    fn a_shown_state_or_plan_has_addresses() {
        let resource = |address: &str| json!({ "address": address, "mode": "managed", "type": "t", "values": { "id": "1" } });
        let root = |resources: Value, children: Value| json!({ "root_module": { "resources": resources, "child_modules": children } });
        let child = json!([{ "address": "module.a", "resources": [resource("module.a.t.x[0]")] }]);
        let shown =
            json!({ "format_version": "1.0", "values": root(json!([resource("t.x"), { "mode": "data", "address": "data.t.x" }]), child) });
        assert_eq!(told(&shown).iter().map(|one| one.0.as_str()).collect::<Vec<_>>(), ["t.x", "module.a.t.x[0]"]);
        let plan = json!({
            "format_version": "1.2", "planned_values": root(json!([resource("t.x"), resource("t.new")]), json!([])),
            "prior_state": { "format_version": "1.0", "values": root(json!([resource("t.x")]), json!([])) },
            "configuration": { "root_module": { "resources": [{ "address": "t.x", "provider_config_key": "huaweicloud.eu" }] } },
        });
        let eu = Some("eu".to_owned());
        assert_eq!(told(&plan), [("t.x".to_owned(), eu, Mark::None), ("t.new".to_owned(), None, Mark::Planned)]);
    }

    #[test]
    fn what_is_neither_is_told_without_its_text() {
        for (text, wanted) in
            [("{ \"bgp_md5\": key }", "no JSON: line 1"), ("{}", "terraform show -json"), ("{\"version\":3}", "version 3")]
        {
            let told = read(text).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(told.contains(wanted) && !told.contains("key"), "{told}");
        }
    }

    #[test]
    fn keys_are_taken_out_of_addresses() {
        assert_eq!(without_keys("module.a[\"x.y[0]\"].t.b[12]"), "module.a.t.b");
        assert_eq!(without_keys("t.b[\"a\\\"]c\"]"), "t.b");
    }
}
