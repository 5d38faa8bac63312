//! What comes with every object and nobody here reads: dropped before it is kept, since it is often larger than the rest.

use kube::Resource;

/// The whole object once more, as `kubectl apply` last sent it.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Drops who wrote which field, and what `kubectl apply` keeps for itself.
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
    fn only_what_nobody_reads_goes() {
        let slimmed = |metadata: Value| {
            let mut namespace: Namespace = serde_json::from_value(json!({ "metadata": metadata })).unwrap();
            strip_metadata(&mut namespace);
            serde_json::to_value(namespace.metadata).unwrap()
        };
        let kept = json!({ "name": "a", "resourceVersion": "7", "labels": { "team": "a" }, "annotations": { "example.com/a": "1" } });
        let mut whole = kept.clone();
        whole["managedFields"] = json!([{ "manager": "kubectl", "operation": "Apply" }]);
        whole["annotations"][LAST_APPLIED] = json!("{}");
        assert_eq!([slimmed(whole), slimmed(kept.clone())], [kept.clone(), kept]);
        assert_eq!(slimmed(json!({ "name": "a" })), json!({ "name": "a" }));
    }
}
