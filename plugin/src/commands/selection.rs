//! The objects that a command changes: named one by one, or selected.

use direct_connect_operator::reconcile::Registration;
use futures::future::try_join_all;

use crate::cluster::{Cluster, Named, Scope, named};
use crate::error::Error;
use crate::object::Object;

/// Which objects.
#[derive(clap::Args, Clone, Debug)]
pub struct Selection {
    /// Objects: KIND/NAME …, or KIND NAME …; or a KIND alone with --all or -l.
    #[arg(value_name = "KIND/NAME", add = super::completion::objects())]
    pub objects: Vec<String>,
    /// All objects of the namespace, or with -A of all namespaces.
    #[arg(long)]
    pub all: bool,
    /// Labels and namespaces.
    #[command(flatten)]
    pub scope: Scope,
}

/// An object that a command is to change.
pub struct Selected {
    /// The cluster, in the namespace of the object.
    pub cluster: Cluster,
    /// Kind and name.
    pub name: Named,
    /// As messages name it: with its namespace where several are selected.
    pub label: String,
    /// What was read of it.
    pub object: Object,
}

impl Selection {
    /// Reads the objects.
    ///
    /// # Errors
    /// There is no such object, nothing is selected, or the API server refuses.
    pub async fn read(&self, cluster: &Cluster) -> Result<Vec<Selected>, Error> {
        if self.is_by_name() {
            if self.objects.is_empty() || self.scope.all_namespaces {
                return Err(Error::Usage("name objects as KIND/NAME, or select them by --all or -l, with -A in all namespaces".to_owned()));
            }
            let names = named(&self.objects)?;
            let objects = try_join_all(names.iter().map(|name| cluster.get(name))).await?;
            return Ok(objects.into_iter().map(|object| self.selected(cluster, object)).collect());
        }
        let objects = match self.kind()? {
            Some(kind) => cluster.list(kind, &self.scope).await?,
            None => cluster.objects(&self.scope).await?,
        };
        if objects.is_empty() {
            return Err(Error::Usage("no object is selected".to_owned()));
        }
        Ok(objects.into_iter().map(|object| self.selected(cluster, object)).collect())
    }

    /// Whether the objects are named, not selected.
    #[must_use]
    pub const fn is_by_name(&self) -> bool {
        !self.all && self.scope.selector.is_none()
    }

    /// The only kind to select from, if there is one.
    fn kind(&self) -> Result<Option<&'static Registration>, Error> {
        match self.objects.as_slice() {
            [] => Ok(None),
            [word] if !word.contains('/') => crate::cluster::kind(word).map(Some),
            _ => Err(Error::Usage("name objects, or select them by --all or -l, not both".to_owned())),
        }
    }

    fn selected(&self, cluster: &Cluster, object: Object) -> Selected {
        let name = Named { kind: object.kind, name: object.name().to_owned() };
        let namespace = if self.scope.all_namespaces { format!(" in {}", object.namespace()) } else { String::new() };
        let cluster = Cluster { namespace: object.namespace().to_owned(), ..cluster.clone() };
        Selected { cluster, label: format!("{name}{namespace}"), name, object }
    }
}
