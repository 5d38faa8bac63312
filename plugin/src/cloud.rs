//! The cloud, with the credentials of an account. Reads only: nothing here can send a call that writes.

use clap::Args;
use direct_connect_operator::accounts;
use direct_connect_operator::api::CloudAccount;
use direct_connect_operator::cloud::{Answer, Call, Client, CloudError, Item, Listed, Method, Priority, Surroundings};
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, ResourceExt};

use crate::cluster::Cluster;
use crate::error::Error;

/// Which account.
#[derive(Args, Clone, Debug)]
pub struct CloudArgs {
    /// Read the cloud with the credentials of this `CloudAccount`. Needs the right to read it and its Secret.
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
}

/// A client that only reads.
pub struct ReadOnly(Client);

impl ReadOnly {
    /// The client of an account, whose Secret is read with the user's rights.
    ///
    /// # Errors
    /// The account or its Secret can't be read, or has not what it needs.
    pub async fn of_account(cluster: &Cluster, name: &str) -> Result<(CloudAccount, Self), Error> {
        let what = format!("cloudaccount/{name}");
        let account = Api::<CloudAccount>::all(cluster.client.clone()).get(name).await.map_err(Error::kubernetes(&what))?;
        let secret = match account.spec.credentials.secret() {
            None => None,
            Some(reference) => {
                let what = format!("Secret {}/{} of {what}", reference.namespace, reference.name);
                let secrets = Api::<Secret>::namespaced(cluster.client.clone(), &reference.namespace);
                Some(secrets.get(&reference.name).await.map_err(Error::kubernetes(what))?)
            }
        };
        let surroundings = Surroundings { metadata_endpoint: "http://169.254.169.254".to_owned(), pod_identity: None };
        let client = accounts::connect(&account, secret.as_ref(), &surroundings)
            .map_err(|problem| Error::Usage(format!("cloudaccount/{}: {problem}", account.name_any())))?;
        Ok((account, Self(client)))
    }

    /// Reads a whole collection.
    ///
    /// # Errors
    /// The cloud refuses or does not answer.
    pub async fn list<R: Listed>(&self) -> Result<Vec<Item<R>>, CloudError> {
        self.0.list::<R>(Priority::Wait).await
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
