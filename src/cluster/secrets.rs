//! The Secrets that the operator may read. RBAC can't restrict a watch to those that are referenced, but to namespaces.

use k8s_openapi::api::core::v1::Secret;
use kube::core::PartialObjectMeta;
use kube::{Api, Client};
use std::collections::BTreeSet;

use super::apis_in;

/// The namespaces in which Secrets may be read; all when empty. Nothing is requested outside of them, as the API server would refuse it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretNamespaces(BTreeSet<String>);

impl SecretNamespaces {
    /// All namespaces when empty.
    #[must_use]
    pub const fn new(namespaces: BTreeSet<String>) -> Self {
        Self(namespaces)
    }

    /// Whether Secrets of `namespace` may be read.
    #[must_use]
    pub fn include(&self, namespace: &str) -> bool {
        self.0.is_empty() || self.0.contains(namespace)
    }

    /// Reads a Secret. `None` if it does not exist or may not be read.
    ///
    /// # Errors
    /// When the API server refuses or can't be reached.
    pub async fn get(&self, client: &Client, namespace: &str, name: &str) -> Result<Option<Secret>, kube::Error> {
        if self.include(namespace) {
            return Api::namespaced(client.clone(), namespace).get_opt(name).await;
        }
        tracing::warn!(namespace, name, "the Secret counts as missing: its namespace is not in --secret-namespaces");
        Ok(None)
    }

    /// What to watch: the metadata of all Secrets, or of those of each namespace.
    #[must_use]
    pub fn apis(&self, client: &Client) -> Vec<Api<PartialObjectMeta<Secret>>> {
        apis_in(&self.0, client)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{Request, Response};
    use kube::client::Body;
    use serde_json::json;
    use std::convert::Infallible;
    use std::sync::{Arc, Mutex};

    /// An API server with a Secret of any name, and the paths that it was asked for.
    fn server() -> (Client, Arc<Mutex<Vec<String>>>) {
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&asked);
        let service = tower::service_fn(move |request: Request<Body>| {
            log.lock().unwrap().push(request.uri().path().to_owned());
            let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "keys" } });
            std::future::ready(Ok::<_, Infallible>(Response::new(Body::from(secret.to_string().into_bytes()))))
        });
        (Client::new(service, "default"), asked)
    }

    #[tokio::test]
    async fn a_secret_outside_of_the_namespaces_is_missing_and_not_asked_for() {
        let (client, asked) = server();
        let some = SecretNamespaces::new(["platform".to_owned(), "team".to_owned()].into());
        assert!(some.get(&client, "team", "keys").await.unwrap().is_some());
        assert!(some.get(&client, "other", "keys").await.unwrap().is_none());
        assert!(SecretNamespaces::default().get(&client, "other", "keys").await.unwrap().is_some());
        assert_eq!(*asked.lock().unwrap(), ["/api/v1/namespaces/team/secrets/keys", "/api/v1/namespaces/other/secrets/keys"]);
        let watched =
            |namespaces: &SecretNamespaces| namespaces.apis(&client).iter().map(|api| api.resource_url().to_owned()).collect::<Vec<_>>();
        assert_eq!(watched(&some), ["/api/v1/namespaces/platform/secrets", "/api/v1/namespaces/team/secrets"]);
        assert_eq!(watched(&SecretNamespaces::default()), ["/api/v1/secrets"]);
    }
}
