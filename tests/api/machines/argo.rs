//! Argo CD's side: the health check of `deploy/argocd` in a Lua 5.1 that has what Argo CD's has: the base library and tables.

use mlua::serde::SerializeOptions;
use mlua::{Lua, LuaOptions, LuaSerdeExt, StdLib};
use serde_json::Value;

use support::controlplane::root;

/// The script for all kinds of the group, out of the `ConfigMap`.
pub fn script() -> String {
    let yaml = std::fs::read_to_string(root().join("deploy/argocd/argocd-cm.yaml")).unwrap();
    let map: Value = serde_saphyr::from_str(&yaml).unwrap();
    assert_eq!((map["kind"].as_str(), map["metadata"]["name"].as_str()), (Some("ConfigMap"), Some("argocd-cm")));
    let customizations: Value = serde_saphyr::from_str(map["data"]["resource.customizations"].as_str().unwrap()).unwrap();
    customizations["directconnect.huaweicloud.com/*"]["health.lua"].as_str().unwrap().to_owned()
}

/// The health and its message.
pub fn health(script: &str, object: &Value) -> (String, String) {
    let lua = Lua::new_with(StdLib::TABLE, LuaOptions::default()).unwrap();
    // Argo CD gives nil for null.
    let plain = SerializeOptions::new().serialize_none_to_null(false).serialize_unit_to_null(false);
    lua.globals().set("obj", lua.to_value_with(object, plain).unwrap()).unwrap();
    let health: Value = lua.from_value(lua.load(script).eval().unwrap_or_else(|error| panic!("{error}\n{object:#}"))).unwrap();
    let text = |key: &str| health[key].as_str().unwrap_or_else(|| panic!("no {key}: {health}")).to_owned();
    (text("status"), text("message"))
}
