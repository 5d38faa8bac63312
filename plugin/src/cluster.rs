//! The API server, through the user's kubeconfig and with the user's rights.

use clap::Args;
use direct_connect_operator::api::CloudAccount;
use direct_connect_operator::cluster::timeouts;
use direct_connect_operator::kinds;
use direct_connect_operator::reconcile::Registration;
use futures::future::try_join_all;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, ApiResource, DynamicObject, ListParams};
use kube::client::ClientBuilder;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config, ResourceExt};
use serde::Deserialize;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;
use tower::timeout::TimeoutLayer;

use crate::duration::seconds;
use crate::error::Error;
use crate::object::{Object, api_resource, kind_of};

/// The namespace whose uid identifies the cluster in owner tags.
pub const KUBE_SYSTEM: &str = "kube-system";

/// For who may list in a namespace only.
const ONE_NAMESPACE: &str = "; -n NAMESPACE in place of -A looks in one namespace";

/// Which cluster, and as whom: as of kubectl.
#[derive(Args, Clone, Debug, Default)]
pub struct ClusterArgs {
    /// Kubeconfig file. The default is KUBECONFIG, then ~/.kube/config.
    #[arg(long, value_name = "FILE", global = true, help_heading = "Cluster")]
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig.
    #[arg(long, global = true, help_heading = "Cluster")]
    pub context: Option<String>,
    /// Namespace. The default is that of the context.
    #[arg(short, long, global = true, help_heading = "Cluster")]
    pub namespace: Option<String>,
    /// User to impersonate.
    #[arg(long = "as", value_name = "USER", global = true, help_heading = "Cluster")]
    pub as_user: Option<String>,
    /// Group to impersonate; can be repeated.
    #[arg(long = "as-group", value_name = "GROUP", global = true, help_heading = "Cluster")]
    pub as_groups: Vec<String>,
    /// Longest time to wait for one answer of the API server, e.g. 30s or 1m; a number is in seconds, 0 waits without end.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = seconds, global = true, help_heading = "Cluster")]
    pub request_timeout: Duration,
}

/// Which objects a command is about.
#[derive(Args, Clone, Debug, Default)]
pub struct Scope {
    /// Objects of all namespaces.
    #[arg(short = 'A', long)]
    pub all_namespaces: bool,
    /// Only objects with these labels, as of kubectl.
    #[arg(short = 'l', long)]
    pub selector: Option<String>,
}

impl Scope {
    /// All objects of all namespaces.
    pub const EVERYWHERE: Self = Self { all_namespaces: true, selector: None };

    /// Objects that are named are of one namespace, and need no labels: as of kubectl.
    ///
    /// # Errors
    /// The scope has labels, or is all namespaces.
    pub fn check_names(&self) -> Result<(), Error> {
        if self.all_namespaces {
            return Err(Error::Usage("an object is named in one namespace: leave out -A, or name the namespace with -n".to_owned()));
        }
        if self.selector.is_some() {
            return Err(Error::Usage("name objects, or select them by -l, not both".to_owned()));
        }
        Ok(())
    }
}

/// The cluster.
#[derive(Clone)]
pub struct Cluster {
    /// The client.
    pub client: Client,
    /// The namespace of the arguments, or of the context.
    pub namespace: String,
}

impl Cluster {
    /// Reads the kubeconfig, and runs the program that it names for credentials. Without a kubeconfig: the service account of the pod.
    ///
    /// # Errors
    /// There is none, or it does not have the context.
    pub async fn connect(args: &ClusterArgs) -> Result<Self, Error> {
        let options = KubeConfigOptions { context: args.context.clone(), ..KubeConfigOptions::default() };
        let mut config = match &args.kubeconfig {
            Some(file) => Config::from_custom_kubeconfig(Kubeconfig::read_from(file)?, &options).await?,
            None => match Config::from_kubeconfig(&options).await {
                Err(problem) if args.context.is_none() && std::env::var_os("KUBECONFIG").is_none() => {
                    Config::incluster().map_err(|_| problem)?
                }
                read => read?,
            },
        };
        let bound = (!args.request_timeout.is_zero()).then_some(args.request_timeout);
        set_timeouts(&mut config, bound);
        if args.as_user.is_some() {
            config.auth_info.impersonate.clone_from(&args.as_user);
        }
        if !args.as_groups.is_empty() {
            config.auth_info.impersonate_groups = Some(args.as_groups.clone());
        }
        let namespace = args.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
        let builder = ClientBuilder::try_from(config).map_err(Error::kubernetes("kubeconfig"))?;
        // Of a watch the answer begins at once.
        let client = match bound {
            Some(bound) => builder.with_layer(&TimeoutLayer::new(bound)).build(),
            None => builder.build(),
        };
        Ok(Self { client, namespace })
    }

    /// The objects of one kind, in one namespace or in all.
    #[must_use]
    pub fn api(&self, kind: &Registration, namespace: Option<&str>) -> Api<DynamicObject> {
        let resource = api_resource(kind);
        match namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &resource),
            None => Api::all_with(self.client.clone(), &resource),
        }
    }

    /// All objects of the operator's kinds in scope, in the order of the kinds, then by namespace and name.
    ///
    /// # Errors
    /// The API server refuses or does not answer.
    pub async fn objects(&self, scope: &Scope) -> Result<Vec<Object>, Error> {
        let list = |kind| async move {
            match self.list(kind, scope).await {
                // An operator that is older than the plugin does not have every kind, but it has some.
                Err(error) if error.is_kind_missing() => Ok(Err(error)),
                listed => listed.map(Ok),
            }
        };
        let listed = try_join_all(kinds::ALL.iter().map(list)).await?;
        let (found, mut missing): (Vec<_>, Vec<_>) = listed.into_iter().partition(Result::is_ok);
        if found.is_empty()
            && let Some(Err(missing)) = missing.pop()
        {
            return Err(missing);
        }
        Ok(found.into_iter().flatten().flatten().collect())
    }

    /// The objects of one kind in scope.
    ///
    /// # Errors
    /// The API server refuses or does not answer.
    pub async fn list(&self, kind: &'static Registration, scope: &Scope) -> Result<Vec<Object>, Error> {
        let namespace = (!scope.all_namespaces).then_some(self.namespace.as_str());
        let parameters = ListParams { label_selector: scope.selector.clone(), ..ListParams::default() };
        let listed = self.api(kind, namespace).list(&parameters).await.map_err(Error::kubernetes(kind.plural()));
        let listed = if scope.all_namespaces { listed.map_err(|error| error.if_forbidden(ONE_NAMESPACE)) } else { listed }?;
        let mut objects: Vec<Object> = listed.items.iter().filter_map(|object| Object::new(kind, object).ok()).collect();
        objects.sort_by(|one, other| (one.namespace(), one.name()).cmp(&(other.namespace(), other.name())));
        Ok(objects)
    }

    /// One object.
    ///
    /// # Errors
    /// There is none, or the API server refuses.
    pub async fn get(&self, name: &Named) -> Result<Object, Error> {
        let object = self.api(name.kind, Some(&self.namespace)).get(&name.name).await;
        let object = object.map_err(Error::kubernetes(format!("{name} in namespace {}", self.namespace)))?;
        Object::new(name.kind, &object).map_err(|error| Error::Usage(format!("{name}: {error}")))
    }

    /// One object of any namespace; `None` if there is none, or if the user may not read it.
    ///
    /// # Errors
    /// The API server does not answer.
    pub async fn find(&self, kind: &'static Registration, namespace: &str, name: &str) -> Result<Option<Object>, Error> {
        match self.api(kind, Some(namespace)).get(name).await {
            Ok(object) => Ok(Object::new(kind, &object).ok()),
            Err(kube::Error::Api(status)) if status.code == 403 || status.code == 404 => Ok(None),
            Err(error) => Err(Error::kubernetes(format!("{} in namespace {namespace}", Named { kind, name: name.to_owned() }))(error)),
        }
    }

    /// Merges `patch` into one object, and returns the new one.
    ///
    /// # Errors
    /// There is none, or the API server refuses.
    pub async fn merge(&self, name: &Named, patch: &Value) -> Result<Object, Error> {
        let parameters = kube::api::PatchParams { field_manager: Some("kubectl-dc".to_owned()), ..Default::default() };
        let patched = self.api(name.kind, Some(&self.namespace)).patch(&name.name, &parameters, &kube::api::Patch::Merge(patch)).await;
        let object = patched.map_err(Error::kubernetes(format!("{name} in namespace {}", self.namespace)))?;
        Object::new(name.kind, &object).map_err(|error| Error::Usage(format!("{name}: {error}")))
    }

    /// All accounts, if the user may read them: tenants may not.
    ///
    /// # Errors
    /// The API server does not answer.
    pub async fn accounts(&self) -> Result<Option<Vec<CloudAccount>>, Error> {
        match self.account_api().list(&ListParams::default()).await {
            Ok(accounts) => Ok(Some(accounts.items.into_iter().filter_map(|account| readable(&account).ok()).collect())),
            Err(kube::Error::Api(status)) if status.code == 403 => Ok(None),
            Err(error) => Err(Error::kubernetes("cloudaccounts")(error)),
        }
    }

    /// One account.
    ///
    /// # Errors
    /// There is none, or the API server refuses.
    pub async fn account(&self, name: &str) -> Result<CloudAccount, kube::Error> {
        readable(&self.account_api().get(name).await?).map_err(kube::Error::SerdeError)
    }

    /// The uid of the namespace `kube-system`: how owner tags name the cluster, unless the operator was given another name.
    ///
    /// # Errors
    /// The API server refuses or does not answer.
    pub async fn uid(&self) -> kube::Result<Option<String>> {
        Ok(Api::<Namespace>::all(self.client.clone()).get_metadata(KUBE_SYSTEM).await?.uid())
    }

    fn account_api(&self) -> Api<DynamicObject> {
        Api::all_with(self.client.clone(), &ApiResource::erase::<CloudAccount>(&()))
    }
}

/// A request must be answered in time; a watch may be silent for longer. Without a bound all is waited for.
const fn set_timeouts(config: &mut Config, bound: Option<Duration>) {
    if let Some(bound) = bound {
        timeouts::limit(config, bound);
    } else {
        (config.connect_timeout, config.read_timeout, config.write_timeout) = (None, None, None);
    }
}

/// An account; without its status if an operator of another version has written that and it can't be read.
fn readable(account: &DynamicObject) -> serde_json::Result<CloudAccount> {
    let mut value = serde_json::to_value(account)?;
    CloudAccount::deserialize(&value).or_else(|_| {
        value.as_object_mut().map(|fields| fields.remove("status"));
        CloudAccount::deserialize(&value)
    })
}

/// An object that an argument names: `KIND/NAME`.
#[derive(Clone, Debug)]
pub struct Named {
    /// Its kind.
    pub kind: &'static Registration,
    /// Its name.
    pub name: String,
}

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", crate::object::short_name(self.kind), self.name)
    }
}

/// The kind that an argument names.
///
/// # Errors
/// There is no such kind.
pub fn kind(word: &str) -> Result<&'static Registration, Error> {
    let kinds = || kinds::ALL.iter().map(crate::object::short_name).collect::<Vec<_>>().join(", ");
    kind_of(word).ok_or_else(|| Error::Usage(format!("{word}: no kind of Direct Connect; the kinds are {}", kinds())))
}

/// The objects that arguments name: `vif/office peer/office`, or `vif office branch`.
///
/// # Errors
/// There is no such kind, or no name.
pub fn named(arguments: &[String]) -> Result<Vec<Named>, Error> {
    match arguments {
        [word, names @ ..] if !word.contains('/') => {
            let kind = kind(word)?;
            if names.is_empty() {
                return Err(Error::Usage(format!("{word}: name an object, as in {word}/office")));
            }
            Ok(names.iter().map(|name| Named { kind, name: name.clone() }).collect())
        }
        arguments => arguments
            .iter()
            .map(|argument| {
                let (word, name) = argument.split_once('/').unwrap_or((argument, ""));
                if name.is_empty() {
                    return Err(Error::Usage(format!("{argument}: write it as KIND/NAME, as in vif/office")));
                }
                Ok(Named { kind: kind(word)?, name: name.to_owned() })
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_account_whose_status_is_of_another_version_is_read_without_it() {
        let account = |status: Value| {
            let account = json!({
                "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "CloudAccount", "metadata": { "name": "main" },
                "spec": { "region": "eu-west-101", "credentials": { "metadata": {} } }, "status": status,
            });
            readable(&serde_json::from_value(account).unwrap()).unwrap()
        };
        assert!(account(json!({ "projectId": "p" })).status.is_some_and(|status| status.project_id.as_deref() == Some("p")));
        let odd = account(json!({ "projectId": "p", "inventory": { "a": "field of tomorrow" } }));
        assert_eq!((odd.spec.region.as_str(), odd.status), ("eu-west-101", None));
    }
    use http::{Request, Response, StatusCode};
    use kube::client::Body;

    /// A cluster whose API server serves these plurals, with no objects.
    fn serving(plurals: &'static [&'static str]) -> Cluster {
        let service = tower::service_fn(move |request: Request<Body>| async move {
            let is_served = plurals.iter().any(|plural| request.uri().path().ends_with(plural));
            let (status, body) = if is_served {
                (StatusCode::OK, json!({ "apiVersion": "v1", "kind": "List", "metadata": {}, "items": [] }).to_string())
            } else {
                (StatusCode::NOT_FOUND, "404 page not found\n".to_owned())
            };
            Ok::<_, std::convert::Infallible>(Response::builder().status(status).body(Body::from(body.into_bytes())).unwrap())
        });
        Cluster { client: Client::new(service, "team"), namespace: "team".to_owned() }
    }

    #[tokio::test]
    async fn a_cluster_without_the_definitions_is_told_from_one_without_objects() {
        let none = serving(&[]).objects(&Scope::default()).await.unwrap_err().to_string();
        assert!(none.contains("the CRDs of the operator are not installed"), "{none}");
        let old = serving(&["virtualgateways"]);
        assert!(old.objects(&Scope::default()).await.unwrap().is_empty(), "an older operator lacks some kinds");
        let interfaces = old.list(kind("vif").unwrap(), &Scope::default()).await.unwrap_err().to_string();
        assert!(interfaces.contains("or are older than this plugin"), "{interfaces}");
    }

    #[test]
    fn a_watch_may_be_silent_for_longer_than_a_request() {
        let mut config = Config::new("https://cluster.example".parse().unwrap());
        set_timeouts(&mut config, Some(Duration::from_secs(30)));
        assert!(config.read_timeout > Some(Duration::from_mins(1)), "bookmarks come once a minute");
        assert_eq!(config.connect_timeout, Some(Duration::from_secs(30)));
        set_timeouts(&mut config, None);
        assert_eq!((config.connect_timeout, config.read_timeout, config.write_timeout), (None, None, None));
    }

    #[test]
    fn objects_that_are_named_are_not_selected_too() {
        let scope = |all_namespaces, selector: Option<&str>| Scope { all_namespaces, selector: selector.map(str::to_owned) };
        assert!(scope(false, None).check_names().is_ok());
        assert!(scope(true, None).check_names().is_err() && scope(false, Some("a=b")).check_names().is_err());
    }

    #[test]
    fn objects_are_named_as_for_kubectl() {
        let named = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            named(&words).map(|named| named.iter().map(ToString::to_string).collect::<Vec<_>>()).map_err(|error| error.to_string())
        };
        assert_eq!(named(&["vif/office", "vgw/main"]).unwrap(), ["vif/office", "vgw/main"]);
        assert_eq!(named(&["virtualinterface", "office", "branch"]).unwrap(), ["vif/office", "vif/branch"]);
        assert!(named(&["vif"]).unwrap_err().contains("vif/office"));
        assert!(named(&["pod/office"]).unwrap_err().contains("the kinds are dcconn,"));
        assert!(named(&["vif/a", "b"]).unwrap_err().contains("KIND/NAME"));
    }
}
