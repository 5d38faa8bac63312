//! Removes metadata that the operator does not read before an object is kept: it is often larger than the rest of the object.

use kube::Resource;

/// The whole object again, as `kubectl apply` last sent it.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Removes `managedFields` and the annotation of `kubectl apply`.
pub fn strip_metadata(object: &mut impl Resource) {
    let meta = object.meta_mut();
    meta.managed_fields = None;
    if let Some(annotations) = &mut meta.annotations {
        annotations.remove(LAST_APPLIED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::Namespace;
    use serde_json::{Value, json};

    #[test]
    fn only_what_nobody_reads_is_removed() {
        let stripped = |metadata: Value| {
            let mut namespace: Namespace = serde_json::from_value(json!({ "metadata": metadata })).unwrap();
            strip_metadata(&mut namespace);
            serde_json::to_value(namespace.metadata).unwrap()
        };
        let kept = json!({ "name": "a", "resourceVersion": "7", "labels": { "team": "a" }, "annotations": { "example.com/a": "1" } });
        let mut whole = kept.clone();
        whole["managedFields"] = json!([{ "manager": "kubectl", "operation": "Apply" }]);
        whole["annotations"][LAST_APPLIED] = json!("{}");
        assert_eq!([stripped(whole), stripped(kept.clone())], [kept.clone(), kept]);
        assert_eq!(stripped(json!({ "name": "a" })), json!({ "name": "a" }));
    }
}
