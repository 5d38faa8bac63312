//! Reads what a tree or a status is about: objects, those that they refer to elsewhere, and grants. What the user may not read is left out.

use direct_connect_operator::api::DirectConnectGrant;
use direct_connect_operator::kinds;
use direct_connect_operator::reconcile::Registration;
use futures::StreamExt;
use futures::stream;
use kube::Api;
use kube::api::ListParams;
use std::collections::{BTreeSet, HashSet};

use crate::cluster::{Cluster, Scope};
use crate::error::Error;
use crate::object::Object;
use crate::topology::{Grants, Topology};

/// Objects that are read at once one by one.
const AT_ONCE: usize = 16;

/// What was read.
#[derive(Debug, Default)]
pub struct Survey {
    /// Those in scope, then those that they refer to.
    pub objects: Vec<Object>,
    /// Grants of the namespaces that may be read.
    pub grants: Grants,
    /// What the objects are of.
    pub scope: Scope,
}

impl Survey {
    /// Of what is in scope.
    ///
    /// # Errors
    /// The API server refuses or does not answer.
    pub async fn of(cluster: &Cluster, scope: &Scope) -> Result<Self, Error> {
        let (objects, grants) = tokio::join!(cluster.objects(scope), grants(cluster));
        let mut survey = Self { objects: objects?, grants: grants?, scope: scope.clone() };
        survey.follow(cluster).await?;
        Ok(survey)
    }

    /// Of all namespaces, or of one, where the user may not read all.
    ///
    /// # Errors
    /// The API server refuses or does not answer.
    pub async fn of_all_or_own(cluster: &Cluster) -> Result<Self, Error> {
        match Self::of(cluster, &Scope::EVERYWHERE).await {
            Err(error) if error.is_forbidden() => Self::of(cluster, &Scope::default()).await,
            survey => survey,
        }
    }

    /// What hangs on what.
    #[must_use]
    pub fn topology(&self) -> Topology {
        Topology::new(&self.objects, &self.grants)
    }

    /// Reads what the objects refer to by name and what was not read yet, and what those refer to.
    async fn follow(&mut self, cluster: &Cluster) -> Result<(), Error> {
        let mut known: HashSet<(&'static str, String, String)> =
            self.objects.iter().map(|object| (object.kind.kind, object.namespace().to_owned(), object.name().to_owned())).collect();
        let mut first = 0;
        while first < self.objects.len() {
            let mut wanted: Vec<(&'static Registration, String, String)> = Vec::new();
            for object in self.objects.iter().skip(first) {
                for reference in object.references() {
                    let namespace = reference.namespace.unwrap_or_else(|| object.namespace().to_owned());
                    let kind = kinds::named(reference.kind);
                    if let Some(kind) = kind.filter(|kind| known.insert((kind.kind, namespace.clone(), reference.name.clone()))) {
                        wanted.push((kind, namespace, reference.name));
                    }
                }
            }
            first = self.objects.len();
            let reads = wanted.into_iter().map(|(kind, namespace, name)| async move { cluster.find(kind, &namespace, &name).await });
            let found: Vec<Result<Option<Object>, Error>> = stream::iter(reads).buffered(AT_ONCE).collect().await;
            for object in found {
                self.objects.extend(object?);
            }
        }
        Ok(())
    }
}

/// All grants that the user may read.
async fn grants(cluster: &Cluster) -> Result<Grants, Error> {
    let forbidden = |error: &kube::Error| matches!(error, kube::Error::Api(status) if status.code == 403 || status.code == 404);
    let all = Api::<DirectConnectGrant>::all(cluster.client.clone());
    match all.list(&ListParams::default()).await {
        Ok(all) => return Ok(Grants { grants: all.items, namespaces: None }),
        Err(error) if forbidden(&error) => {}
        Err(error) => return Err(Error::kubernetes("directconnectgrants")(error)),
    }
    let own = Api::<DirectConnectGrant>::namespaced(cluster.client.clone(), &cluster.namespace);
    match own.list(&ListParams::default()).await {
        Ok(own) => Ok(Grants { grants: own.items, namespaces: Some(BTreeSet::from([cluster.namespace.clone()])) }),
        Err(error) if forbidden(&error) => Ok(Grants { grants: Vec::new(), namespaces: Some(BTreeSet::new()) }),
        Err(error) => Err(Error::kubernetes("directconnectgrants")(error)),
    }
}
