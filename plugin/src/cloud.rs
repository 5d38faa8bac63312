//! The cloud, with the credentials of an account. [`ReadOnly`] can send no call that writes, [`EndSwitchover`] exactly one: that which ends a switchover
//! test. No other client leaves this module.

use clap::Args;
use direct_connect_operator::accounts::{self, CloudResources};
use direct_connect_operator::api::CloudAccount;
use direct_connect_operator::api::cloud_account::Features;
use direct_connect_operator::cloud::{Answer, Call, Client, CloudError, Item, Listed, Method, Priority, Surroundings, VirtualInterface};
use direct_connect_operator::reconcile::plan::Views;
use direct_connect_operator::reconcile::{ExistingResources, Registration};
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, ResourceExt};
use serde_json::json;
use std::path::Path;

use crate::cluster::Cluster;
use crate::credentials::{self, OfTools};
use crate::error::Error;
use crate::escape::Line;

/// Which account.
#[derive(Args, Clone, Debug)]
pub struct CloudArgs {
    /// Read the cloud with the credentials of this `CloudAccount`. Needs the right to read it and its Secret.
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
}

/// Which account, or whose credentials.
#[allow(clippy::doc_markdown, reason = "the help is plain text")]
#[derive(Args, Clone, Debug)]
pub struct CredentialsArgs {
    /// Read the cloud with the credentials of this CloudAccount. Needs the right to read it and its Secret. The default is what the vendor's tools
    /// use: the variables HUAWEICLOUD_SDK_… or HW_…, ~/.huaweicloud/credentials, or the current profile of KooCLI if it is not encrypted.
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Region, where the credentials are those of the vendor's tools. The default is HW_REGION_NAME.
    #[arg(long, value_name = "REGION", conflicts_with = "account")]
    pub region: Option<String>,
    /// Base URL of all services, where the credentials are those of the vendor's tools and the region is not the vendor's.
    #[arg(long, value_name = "URL", conflicts_with = "account", hide = true)]
    pub endpoint: Option<String>,
}

/// A client that only reads.
pub struct ReadOnly(Client);

impl ReadOnly {
    /// The client that the arguments ask for, with the account's name, if it has one, and what it does without. Tells whose keys it has, where nobody
    /// named an account.
    ///
    /// # Errors
    /// The account or its Secret can't be read; or there are no credentials.
    pub async fn of_source(cluster: &Cluster, args: &CredentialsArgs) -> Result<(Option<String>, Features, Self), Error> {
        if let Some(name) = &args.account {
            let (account, client) = Self::of_account(cluster, name).await?;
            return Ok((Some(name.clone()), account.spec.features.unwrap_or_default(), client));
        }
        let (variable, file) = (|name: &str| std::env::var(name).ok(), |file: &Path| std::fs::read_to_string(file).ok());
        let around = credentials::Surroundings { variable: &variable, file: &file };
        let OfTools { account, secret, source } = credentials::of_tools(args.region.as_deref(), args.endpoint.as_deref(), &around)?;
        anstream::eprintln!("using {}", Line(&source));
        let client = accounts::connect(&account, Some(&secret), &surroundings()).map_err(Error::Usage)?;
        Ok((None, Features::default(), Self(client)))
    }

    /// What the cloud shows for a kind; `None` where the account does without it.
    ///
    /// # Errors
    /// The cloud refuses or does not answer.
    pub async fn existing(&self, kind: &Registration, features: &Features) -> Result<Option<ExistingResources>, CloudError> {
        kind.existing(&self.0, features).await
    }

    /// The client of an account, whose Secret is read with the user's rights.
    ///
    /// # Errors
    /// The account or its Secret can't be read, or has not what it needs.
    pub async fn of_account(cluster: &Cluster, name: &str) -> Result<(CloudAccount, Self), Error> {
        let (account, client) = connect(cluster, name).await?;
        Ok((account, Self(client)))
    }

    /// The resources of a kind.
    ///
    /// # Errors
    /// The cloud refuses or does not answer.
    pub async fn resources(&self, kind: &Registration) -> Result<CloudResources, CloudError> {
        kind.resources(&self.0).await
    }

    /// Reads a whole collection.
    ///
    /// # Errors
    /// The cloud refuses or does not answer.
    pub async fn list<R: Listed>(&self) -> Result<Vec<Item<R>>, CloudError> {
        self.0.list::<R>(Priority::Wait).await
    }

    /// Reads the collection that shows the resources of a kind into `views`.
    ///
    /// # Errors
    /// The cloud refuses or does not answer.
    pub async fn read(&self, kind: &Registration, views: &mut Views) -> Result<(), CloudError> {
        kind.read(&self.0, views).await
    }

    /// Sends a call that reads.
    ///
    /// # Errors
    /// The cloud refuses or does not answer; or the call is none that reads.
    pub async fn get(&self, call: &Call) -> Result<Answer, Error> {
        if call.method != Method::Get {
            return Err(Error::Usage(format!("{}: this client only reads", call.operation)));
        }
        self.0.permit(call, Priority::Wait).await;
        self.0.send(call).await.map_err(Error::cloud(call.operation))
    }
}

/// The one write of the plugin: it ends a switchover test, by which somebody shut down an interface. It can send nothing else.
pub struct EndSwitchover(Client);

impl EndSwitchover {
    /// With the credentials of an account, whose Secret is read with the user's rights.
    ///
    /// # Errors
    /// The account or its Secret can't be read, or has not what it needs.
    pub async fn of_account(cluster: &Cluster, name: &str) -> Result<Self, Error> {
        Ok(Self(connect(cluster, name).await?.1))
    }

    /// Whether an interface is shut down; `None` if the account has no such interface.
    ///
    /// # Errors
    /// The cloud refuses or does not answer.
    pub async fn is_shut_down(&self, interface: &str) -> Result<Option<bool>, Error> {
        self.0.permit(&Client::read_call::<VirtualInterface>(interface, None), Priority::Wait).await;
        let found = self.0.show::<VirtualInterface>(interface, None).await.map_err(Error::cloud("ShowVirtualInterface"))?;
        Ok(found.map(|interface| interface.status.as_deref() == Some("ADMIN_SHUTDOWN")))
    }

    /// Ends the test of an interface. Consumes the client: it sends one call.
    ///
    /// # Errors
    /// The cloud refuses or does not answer.
    pub async fn send(self, interface: &str) -> Result<(), Error> {
        let call = undo_shutdown(interface);
        self.0.permit(&call, Priority::Change).await;
        self.0.send(&call).await.map(drop).map_err(Error::cloud(call.operation))
    }
}

/// The vendor's operation `SwitchoverTest` with `undo_shutdown`.
fn undo_shutdown(interface: &str) -> Call {
    let record = json!({ "resource_id": interface, "operation": "undo_shutdown", "resource_type": "virtual_interface" });
    Call::new("SwitchoverTest", Method::Post, &["dcaas", "switchover-test"], "switchover_test_record").with_body(&record)
}

/// The client of an account, whose Secret is read with the user's rights.
async fn connect(cluster: &Cluster, name: &str) -> Result<(CloudAccount, Client), Error> {
    let what = format!("cloudaccount/{name}");
    let account = cluster.account(name).await.map_err(Error::kubernetes(&what))?;
    let secret = match account.spec.credentials.secret() {
        None => None,
        Some(reference) => {
            let what = format!("Secret {}/{} of {what}", reference.namespace, reference.name);
            let secrets = Api::<Secret>::namespaced(cluster.client.clone(), &reference.namespace);
            Some(secrets.get(&reference.name).await.map_err(Error::kubernetes(what))?)
        }
    };
    let client = accounts::connect(&account, secret.as_ref(), &surroundings())
        .map_err(|problem| Error::Usage(format!("cloudaccount/{}: {problem}", account.name_any())))?;
    Ok((account, client))
}

/// Where the metadata service of a node is. There is no pod here whose identity could be used.
fn surroundings() -> Surroundings {
    Surroundings { metadata_endpoint: "http://169.254.169.254".to_owned(), pod_identity: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_write_ends_a_test() {
        let call = undo_shutdown("0a");
        assert_eq!((call.method, call.path("p").as_str()), (Method::Post, "/v3/p/dcaas/switchover-test"));
        let record = json!({ "resource_id": "0a", "operation": "undo_shutdown", "resource_type": "virtual_interface" });
        assert_eq!(call.body, Some(json!({ "switchover_test_record": record })));
    }
}
