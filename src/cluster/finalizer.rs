//! Adds finalizers to objects and removes them, and leaves those of others alone.

use kube::api::PatchParams;
use kube::{Resource, ResourceExt};
use serde_json::{Value, json};

use crate::api::FIELD_MANAGER;

/// Whether `finalizer` is on `object`.
#[must_use]
pub fn is_on(object: &impl Resource, finalizer: &str) -> bool {
    object.finalizers().iter().any(|name| name == finalizer)
}

/// The merge patch that adds `finalizer` to `object`, or removes it. The resource version guards against a concurrent change, the uid against
/// another object of the same name.
#[must_use]
pub fn patch(object: &impl Resource, finalizer: &str, present: bool) -> Value {
    patch_without(object, [finalizer], present.then_some(finalizer))
}

/// Parameters of these patches: they name the operator as the field's manager.
#[must_use]
pub fn patch_params() -> PatchParams {
    PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() }
}

/// A finalizer under its present name, and the names under which the same operator may have added it before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenamedFinalizer {
    pub name: String,
    pub former: Vec<String>,
}

impl RenamedFinalizer {
    /// Whether it is on `object` under any of its names.
    #[must_use]
    pub fn is_on(&self, object: &impl Resource) -> bool {
        self.names().any(|name| is_on(object, name))
    }

    /// Whether it is on `object` under its present name alone.
    #[must_use]
    pub fn is_current(&self, object: &impl Resource) -> bool {
        is_on(object, &self.name) && !self.former.iter().any(|name| is_on(object, name))
    }

    /// As [`patch`]; it removes the former names in any case.
    #[must_use]
    pub fn patch(&self, object: &impl Resource, present: bool) -> Value {
        patch_without(object, self.names(), present.then_some(&self.name))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.name).chain(&self.former).map(String::as_str)
    }
}

fn patch_without<'a>(object: &impl Resource, removed: impl IntoIterator<Item = &'a str>, added: Option<&str>) -> Value {
    let removed: Vec<&str> = removed.into_iter().collect();
    let mut finalizers: Vec<&str> = object.finalizers().iter().map(String::as_str).filter(|name| !removed.contains(name)).collect();
    finalizers.extend(added);
    json!({ "metadata": { "finalizers": finalizers, "resourceVersion": object.resource_version(), "uid": object.uid() } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::Secret;

    fn secret(finalizers: &[&str]) -> Secret {
        let metadata = json!({ "name": "a", "uid": "u", "resourceVersion": "7", "finalizers": finalizers });
        serde_json::from_value(json!({ "metadata": metadata })).unwrap()
    }

    type Names = &'static [&'static str];

    #[test]
    fn a_finalizer_takes_the_place_of_its_former_names_and_of_no_others() {
        let ours = RenamedFinalizer { name: "new".into(), former: vec!["old".into(), "older".into()] };
        let rows: [(Names, bool, bool, Names, Names); 5] = [
            (&[], false, false, &["new"], &[]),
            (&["other"], false, false, &["other", "new"], &["other"]),
            (&["old", "other"], true, false, &["other", "new"], &["other"]),
            (&["new", "older"], true, false, &["new"], &[]),
            (&["other", "new"], true, true, &["other", "new"], &["other"]),
        ];
        for (finalizers, is_on, is_current, added, removed) in rows {
            let secret = secret(finalizers);
            assert_eq!((ours.is_on(&secret), ours.is_current(&secret)), (is_on, is_current), "{finalizers:?}");
            let patched = |present| ours.patch(&secret, present)["metadata"]["finalizers"].clone();
            assert_eq!((patched(true), patched(false)), (json!(added), json!(removed)), "{finalizers:?}");
        }
        assert_eq!(
            patch(&secret(&["other"]), "ours", true),
            json!({ "metadata": { "finalizers": ["other", "ours"], "resourceVersion": "7", "uid": "u" } })
        );
    }
}
