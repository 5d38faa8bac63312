//! An object of any kind of the operator, as the API server shows it.

use direct_connect_operator::api::{self, ConditionType};
use direct_connect_operator::graph::owner::OWNER_TAG;
use direct_connect_operator::kinds;
use direct_connect_operator::reconcile::{Reference, Registration};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinitionNames;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::LazyLock;

/// A namespaced object.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its kind.
    pub kind: &'static Registration,
    /// All of it, as JSON.
    pub value: Value,
}

impl Object {
    /// The object that a client has read.
    ///
    /// # Errors
    /// It can't be written as JSON.
    pub fn new(kind: &'static Registration, object: &DynamicObject) -> serde_json::Result<Self> {
        Ok(Self { kind, value: serde_json::to_value(object)? })
    }

    /// What a manifest or an answer of the API server shows, if it is of a kind of the operator.
    #[must_use]
    pub fn of(value: Value) -> Option<Self> {
        let is_ours = is(&value, "apiVersion", &format!("{}/{}", api::GROUP, api::VERSION));
        let kind = value.get("kind").and_then(Value::as_str).filter(|_| is_ours).and_then(kinds::named)?;
        Some(Self { kind, value })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.field("/metadata/name").as_str().unwrap_or_default()
    }

    /// Its namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.field("/metadata/namespace").as_str().unwrap_or_default()
    }

    /// As messages and arguments name it: `vif/office`.
    #[must_use]
    pub fn slash_name(&self) -> String {
        format!("{}/{}", short_name(self.kind), self.name())
    }

    /// Value of an annotation.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.field("/metadata/annotations").get(key)?.as_str()
    }

    /// A field by its path, e.g. `/spec/vlan`; null if it is absent.
    #[must_use]
    pub fn field(&self, pointer: &str) -> &Value {
        self.value.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// A field as text: of a string without quotes, of what is absent nothing.
    #[must_use]
    pub fn text(&self, pointer: &str) -> String {
        match self.field(pointer) {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// A field as a type; `None` if it is absent or of another type.
    #[must_use]
    pub fn read<T: DeserializeOwned>(&self, pointer: &str) -> Option<T> {
        T::deserialize(self.field(pointer)).ok()
    }

    /// ID of its cloud resource.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.field("/status/id").as_str()
    }

    /// A condition.
    #[must_use]
    pub fn condition(&self, type_: ConditionType) -> Option<Condition> {
        let conditions = self.field("/status/conditions").as_array()?;
        Condition::deserialize(conditions.iter().find(|condition| is(condition, "type", type_.as_str()))?).ok()
    }

    /// Whether a condition is true.
    #[must_use]
    pub fn is(&self, type_: ConditionType) -> bool {
        self.condition(type_).is_some_and(|condition| condition.status == "True")
    }

    /// Whether the status is of the present spec.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.field("/status/observedGeneration") == self.field("/metadata/generation")
    }

    /// Whether it is being deleted.
    #[must_use]
    pub fn is_deleting(&self) -> bool {
        self.field("/metadata/deletionTimestamp").is_string()
    }

    /// Objects that it refers to by name.
    #[must_use]
    pub fn references(&self) -> Vec<Reference> {
        self.kind.references_of(&self.value).unwrap_or_default()
    }
}

/// Whether a field is this text.
fn is(value: &Value, field: &str, text: &str) -> bool {
    value.get(field).and_then(Value::as_str) == Some(text)
}

/// The names of each kind, in the order of [`kinds::ALL`]: to make a definition takes long.
static NAMES: LazyLock<Vec<CustomResourceDefinitionNames>> =
    LazyLock::new(|| kinds::ALL.iter().map(|kind| kind.definition().spec.names).collect());

/// The cluster in the owner tag of an object's resource, if that tag names the object.
#[must_use]
pub fn cluster_shown(object: &Value) -> Option<String> {
    let [namespace, name] =
        ["/metadata/namespace", "/metadata/name"].map(|field| object.pointer(field).and_then(Value::as_str).unwrap_or_default());
    let tag = object.pointer("/status/observed/tags")?.get(OWNER_TAG)?.as_str()?;
    tag.strip_suffix(&format!(":{namespace}/{name}")).map(str::to_owned)
}

/// Short name of a kind, e.g. `vif`.
#[must_use]
pub fn short_name(kind: &Registration) -> String {
    let short = NAMES.iter().find(|names| names.kind == kind.kind).and_then(|names| names.short_names.as_ref()?.first());
    short.cloned().unwrap_or_else(|| kind.plural())
}

/// The kind that an argument names: its kind, plural, singular or a short name, in any case.
#[must_use]
pub fn kind_of(word: &str) -> Option<&'static Registration> {
    let word = word.to_ascii_lowercase();
    let word = word.strip_suffix(&format!(".{}", api::GROUP)).unwrap_or(&word);
    let is_named = |names: &CustomResourceDefinitionNames| {
        let all = [Some(&names.plural), names.singular.as_ref()];
        let mut all = all.into_iter().flatten().chain(names.short_names.iter().flatten());
        names.kind.to_ascii_lowercase() == word || all.any(|name| name == word)
    };
    kinds::ALL.iter().zip(NAMES.iter()).find_map(|(kind, names)| is_named(names).then_some(kind))
}

/// How the API server serves a kind.
#[must_use]
pub fn api_resource(kind: &Registration) -> ApiResource {
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(api::GROUP, api::VERSION, kind.kind), &kind.plural())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_named_as_for_kubectl() {
        for word in
            ["VirtualInterface", "virtualinterfaces", "virtualinterface", "vif", "VIF", "virtualinterfaces.directconnect.huaweicloud.com"]
        {
            assert_eq!(kind_of(word).map(|kind| kind.kind), Some("VirtualInterface"), "{word}");
        }
        assert!(kind_of("pod").is_none());
        for kind in kinds::ALL {
            assert_eq!(kind_of(&short_name(kind)).map(|found| found.kind), Some(kind.kind));
        }
    }
}
