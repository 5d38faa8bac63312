//! The exchanges that give an account keys or a token, carried out.

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

use super::answer::Answer;
use super::authenticate::Identity;
use super::dispatch::Dispatcher;
use super::transport::{Auth, Failed, Request};
use crate::cloud::auth::credentials::{Agency, Credentials};
use crate::cloud::auth::exchange::{Exchange, Reply, refusal};
use crate::cloud::auth::proof::{Fresh, Proof};
use crate::cloud::auth::rejection::Refused;
use crate::cloud::auth::renewed::Source;
use crate::cloud::auth::{id_token, metadata, password, pod_identity, sts, token_file};
use crate::cloud::call::Method;
use crate::cloud::errors::catalogue::OwnCode;
use crate::cloud::errors::{CloudError, RequestOutcome};

/// Where keys or a token come from.
pub(in crate::cloud) struct Exchanges {
    pub dispatcher: Arc<Dispatcher>,
    pub way: Way,
}

pub(in crate::cloud) enum Way {
    /// From these credentials.
    Own {
        credentials: Credentials,
        /// A token is for the account's project.
        of_project: bool,
    },
    /// From an agency, which is assumed by somebody.
    Agency { by: Identity, agency: Agency },
}

impl Source for Exchanges {
    type Value = Proof;

    fn operation(&self) -> &'static str {
        match &self.way {
            Way::Own { credentials, of_project: _ } => own_operation(credentials),
            Way::Agency { by: _, agency } => agency.operation(),
        }
    }

    fn now(&self) -> Timestamp {
        self.dispatcher.clock.now()
    }

    async fn exchange(&self) -> Result<Fresh<Proof>, CloudError> {
        self.dispatcher.rejection.check()?;
        let fresh = match &self.way {
            Way::Agency { by, agency } => {
                let exchange = agency.exchange();
                let answer = by.send(&request(&exchange), None).await.map_err(refusal)?;
                read(&exchange, &answer)
            }
            Way::Own { credentials, of_project } => self.own(credentials, *of_project).await,
        }?;
        self.dispatcher.transport.known().learn(fresh.value.secrets());
        Ok(fresh)
    }
}

const fn own_operation(credentials: &Credentials) -> &'static str {
    match credentials {
        Credentials::Password { .. } => password::OPERATION,
        Credentials::WebIdentity { .. } => sts::OPERATION,
        Credentials::IdToken { .. } => id_token::OPERATION,
        Credentials::Metadata { .. } => metadata::OPERATION,
        Credentials::PodIdentity(_) => pod_identity::OPERATION,
        Credentials::AccessKey { .. } | Credentials::Agency { .. } => "Exchange",
    }
}

impl Exchanges {
    async fn own(&self, credentials: &Credentials, of_project: bool) -> Result<Fresh<Proof>, CloudError> {
        let operation = own_operation(credentials);
        let project = of_project.then(|| self.project());
        match credentials {
            Credentials::Password { domain, user, password } => {
                let sent = self.send(password::exchange(domain, user, password, project)).await;
                // The cloud locks a user after a few wrong passwords.
                sent.inspect_err(|error| self.dispatcher.rejection.record(error, Refused::Login))
            }
            Credentials::WebIdentity { provider_urn, agency_urn, token_path } => {
                let id_token = self.id_token(operation, token_path).await?;
                self.send(sts::exchange(provider_urn, agency_urn, id_token)).await.map_err(refusal)
            }
            Credentials::IdToken { idp_id, token_path } => {
                let id_token = self.id_token(operation, token_path).await?;
                self.send(id_token::exchange(idp_id, id_token, project)).await.map_err(refusal)
            }
            Credentials::Metadata { endpoint } => {
                let answer = self.local(operation, Method::Get, metadata::ask(endpoint)).await?;
                metadata::read(&answer.body).map_err(|what| malformed(operation, &answer, &what))
            }
            Credentials::PodIdentity(identity) => {
                let token = token_file::read(operation, &identity.token_file).await?;
                self.dispatcher.transport.known().learn([token.clone()]);
                let answer = self.local(operation, Method::Post, pod_identity::ask(identity, &token)).await?;
                pod_identity::read(&answer.body).map_err(|what| malformed(operation, &answer, &what))
            }
            Credentials::AccessKey { .. } | Credentials::Agency { .. } => {
                Err(CloudError::local(operation, OwnCode::Internal, "they are exchanged by nobody", RequestOutcome::Refused))
            }
        }
    }

    /// The account's project by its id, or else by its name.
    fn project(&self) -> Value {
        let settings = &self.dispatcher.settings;
        settings.project_id.as_ref().map_or_else(|| json!({ "name": settings.region }), |id| json!({ "id": id }))
    }

    async fn id_token(&self, operation: &'static str, path: &Path) -> Result<SecretString, CloudError> {
        let token = token_file::read_id_token(operation, path).await?;
        self.dispatcher.transport.known().learn([token.clone()]);
        Ok(token)
    }

    /// Sends an exchange that carries all that it needs in its body.
    async fn send(&self, exchange: Exchange) -> Result<Fresh<Proof>, CloudError> {
        let Dispatcher { clock, .. } = &*self.dispatcher;
        let sent_at = clock.now();
        let answer = self.dispatcher.dispatch(&request(&exchange), &Auth::None).await?;
        // The expiry is in the cloud's time.
        if let Some(date) = answer.date {
            clock.adjust(sent_at, date);
        }
        read(&exchange, &answer)
    }

    /// Asks a service near the pod. Its clock may be the pod's, so that it corrects none.
    async fn local(
        &self,
        operation: &'static str,
        method: Method,
        ask: impl Future<Output = Result<Vec<u8>, CloudError>>,
    ) -> Result<Answer, CloudError> {
        let secrets = self.dispatcher.transport.known().with(None);
        let asked = async {
            match ask.await {
                Ok(body) => Ok(Answer { secrets: Arc::clone(&secrets), ..Answer::of(body) }),
                Err(error) => Err(Failed::from(secrets.redact(error))),
            }
        };
        self.dispatcher.observed(operation, method, asked).await.map_err(CloudError::from)
    }
}

fn request(exchange: &Exchange) -> Request<'_> {
    Request {
        operation: exchange.operation,
        method: Method::Post,
        endpoint: exchange.endpoint,
        path: exchange.path.to_owned(),
        query: &exchange.query,
        header: exchange.header.as_ref().map(|(name, value)| (*name, value.as_str())),
        body: exchange.body.to_string().into_bytes(),
        secret: exchange.secret.as_ref(),
        begin_by: None,
        waits_for_breaker: false,
    }
}

fn read(exchange: &Exchange, answer: &Answer) -> Result<Fresh<Proof>, CloudError> {
    let reply = Reply { subject_token: answer.subject_token.as_deref(), body: &answer.body };
    (exchange.read)(&reply).map_err(|what| malformed(exchange.operation, answer, &what))
}

fn malformed(operation: &'static str, answer: &Answer, what: &str) -> CloudError {
    let error = CloudError::local(operation, OwnCode::Malformed, what, RequestOutcome::Refused);
    answer.unreadable(CloudError { http_status: Some(answer.status), request_id: answer.request_id.clone(), ..error })
}
