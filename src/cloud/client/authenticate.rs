//! Authenticates requests: with keys that nobody renews, or with keys or a token that is renewed.
//!
//! What the cloud refuses is exchanged for a new one once. If that is refused, too, the credentials count as rejected, and nothing more is sent.

use std::sync::Arc;
use tokio::sync::watch;

use super::answer::Answer;
use super::dispatch::Dispatcher;
use super::exchanges::{Exchanges, Way};
use super::transport::{Auth, Failed, Request};
use crate::cloud::auth::clock::agree;
use crate::cloud::auth::credentials::Credentials;
use crate::cloud::auth::proof::{Keys, Proof, Token};
use crate::cloud::auth::rejection::Refused;
use crate::cloud::auth::renewed::{Current, RenewalFailure, Renewed};
use crate::cloud::errors::class::ErrorClass;
use crate::cloud::errors::{CloudError, RequestOutcome};

/// Who sends requests.
pub(in crate::cloud) struct Identity {
    dispatcher: Arc<Dispatcher>,
    proof: ProofSource,
}

enum ProofSource {
    /// Keys that nobody renews.
    Fixed(Keys),
    Renewed(Renewed<Exchanges>),
}

/// The cloud refused a request.
struct Refusal {
    error: CloudError,
    refused: Refused,
}

impl Identity {
    /// Nothing is sent before the first request. A token is for the account's project.
    pub fn new(dispatcher: Arc<Dispatcher>, credentials: Credentials) -> Self {
        Self::in_scope(dispatcher, credentials, true)
    }

    /// Without `of_project` a token is for no project: it is to assume an agency, which is a matter of the whole account.
    fn in_scope(dispatcher: Arc<Dispatcher>, credentials: Credentials, of_project: bool) -> Self {
        let way = match credentials {
            Credentials::AccessKey { keys, expires_at: _ } => return Self { dispatcher, proof: ProofSource::Fixed(keys) },
            Credentials::Agency { by, agency } => Way::Agency { by: Self::in_scope(Arc::clone(&dispatcher), *by, false), agency },
            credentials => Way::Own { credentials, of_project },
        };
        let exchanges = Exchanges { dispatcher: Arc::clone(&dispatcher), way };
        Self { dispatcher, proof: ProofSource::Renewed(Renewed::new(exchanges)) }
    }

    /// What the next request carries.
    ///
    /// # Errors
    /// There is nothing, and the exchange failed.
    pub async fn proof(&self) -> Result<Proof, CloudError> {
        match &self.proof {
            ProofSource::Fixed(keys) => Ok(Proof::Keys(keys.clone())),
            ProofSource::Renewed(renewed) => renewed.get().await.map(|current| current.value),
        }
    }

    /// Sends a request.
    ///
    /// # Errors
    /// Those of the request, or of the exchange before it.
    pub async fn send(&self, request: &Request<'_>, project: Option<&str>) -> Result<Answer, CloudError> {
        match &self.proof {
            ProofSource::Fixed(keys) => {
                self.signed(request, keys, project).await.map_err(|Refusal { error, refused }| self.reject(error, refused))
            }
            ProofSource::Renewed(renewed) => self.send_renewed(renewed, request, project).await,
        }
    }

    async fn send_renewed(&self, renewed: &Renewed<Exchanges>, request: &Request<'_>, project: Option<&str>) -> Result<Answer, CloudError> {
        let current = renewed.get().await.map_err(not_sent)?;
        let refusal = match self.present(request, &current.value, project).await {
            Ok(answer) => return Ok(answer),
            Err(refusal) => refusal,
        };
        // It may have been revoked, or have ended in flight. The request was refused, so nothing is created twice.
        if refusal.error.class != ErrorClass::Auth || self.dispatcher.rejection.get().is_some() {
            return Err(refusal.error);
        }
        if !renewed.refused(&current) {
            // It is as new as can be, and may have served: who asks again gets another one.
            return Err(CloudError { class: ErrorClass::Server, ..refusal.error });
        }
        let Current { value, expires_at, .. } = renewed.get().await.map_err(not_sent)?;
        self.present(request, &value, project).await.map_err(|Refusal { error, refused }| {
            // What has ended says nothing about what comes next.
            if self.dispatcher.clock.now() < expires_at { self.reject(error, refused) } else { error }
        })
    }

    async fn present(&self, request: &Request<'_>, proof: &Proof, project: Option<&str>) -> Result<Answer, Refusal> {
        match proof {
            Proof::Keys(keys) => self.signed(request, keys, project).await,
            Proof::Token(Token { value, project_id: _ }) => {
                let answer = self.dispatcher.dispatch(request, &Auth::Token(value)).await;
                answer.map_err(|failed| Refusal { error: failed.error, refused: Refused::Token })
            }
        }
    }

    async fn signed(&self, request: &Request<'_>, keys: &Keys, project: Option<&str>) -> Result<Answer, Refusal> {
        let Dispatcher { clock, .. } = &*self.dispatcher;
        let sign = |at| Auth::Sign { keys, project, at };
        let mut signed_at = clock.now();
        let mut answer = self.dispatcher.dispatch(request, &sign(signed_at)).await;
        // The clock may have been wrong: retry with the cloud's time. The request was refused, so nothing is created twice.
        if let Err(Failed { error, date: Some(date) }) = &answer
            && error.class == ErrorClass::Auth
            && clock.adjust(signed_at, *date)
        {
            signed_at = clock.now();
            answer = self.dispatcher.dispatch(request, &sign(signed_at)).await;
        }
        answer.map_err(|Failed { error, date }| {
            let clock_agrees = date.is_some_and(|date| agree(signed_at, date));
            Refusal { error, refused: Refused::Signature { clock_agrees } }
        })
    }

    fn reject(&self, error: CloudError, refused: Refused) -> CloudError {
        self.dispatcher.rejection.record(&error, refused);
        error
    }

    /// Whether the renewal has failed for long.
    pub fn renewal_failure(&self) -> Option<RenewalFailure> {
        match &self.proof {
            ProofSource::Fixed(_) => None,
            ProofSource::Renewed(renewed) => renewed.failure(),
        }
    }

    /// Whether the last exchange failed.
    pub fn fails(&self) -> bool {
        match &self.proof {
            ProofSource::Fixed(_) => false,
            ProofSource::Renewed(renewed) => renewed.fails(),
        }
    }

    /// Changes whenever an exchange ends; `None` if there are none.
    pub fn exchanges(&self) -> Option<watch::Receiver<u64>> {
        match &self.proof {
            ProofSource::Fixed(_) => None,
            ProofSource::Renewed(renewed) => Some(renewed.exchanges()),
        }
    }
}

/// An error of a step before a call: the call has no effect, and a missing project says nothing about the call's resource.
pub(in crate::cloud) fn not_sent(error: CloudError) -> CloudError {
    let class = if error.class == ErrorClass::Absent { ErrorClass::Invalid } else { error.class };
    CloudError { class, outcome: RequestOutcome::Refused, ..error }
}
