//! Requests that the API server refuses as forbidden: each kind of request is reported once, and once more when it is allowed again.
//!
//! A layer of the Kubernetes client sees all of them. Rights can be taken away while the operator runs: a role that is changed, a namespace that is
//! deleted with its role binding.

use futures::future::{BoxFuture, FutureExt};
use http::{Method, Request, Response, StatusCode, Uri};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;
use tower::{Layer, Service};

use crate::telemetry::metrics::table::FORBIDDEN;
use crate::telemetry::metrics::{Readings, Source};

/// One that was not tried again for so long is not needed any more: its namespace may be gone.
const FORGOTTEN_AFTER: Duration = Duration::from_mins(10);

/// The kinds of requests that are refused at present, each with the time of the last refusal.
#[derive(Clone, Default)]
pub struct Forbidden(Arc<Mutex<BTreeMap<Right, Instant>>>);

/// A kind of request, as RBAC knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Right {
    verb: &'static str,
    /// With its subresource and group, e.g. `peers/status.directconnect.huaweicloud.com`.
    resource: String,
    namespace: Option<String>,
}

impl Right {
    /// The right that a request needs; `None` if it is for no resource.
    fn of(method: &Method, uri: &Uri) -> Option<Self> {
        let mut path = uri.path().trim_matches('/').split('/').filter(|part| !part.is_empty());
        let group = match path.next()? {
            "api" => "",
            "apis" => path.next()?,
            _ => return None,
        };
        path.next()?;
        let parts: Vec<&str> = path.collect();
        let (namespace, rest) = match parts.as_slice() {
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some((*namespace).to_owned()), rest),
            rest => (None, rest),
        };
        let (resource, name) = match rest {
            [resource] => ((*resource).to_owned(), None),
            [resource, name] => ((*resource).to_owned(), Some(name)),
            [resource, name, subresource, ..] => (format!("{resource}/{subresource}"), Some(name)),
            [] => return None,
        };
        let is_watch = uri.query().is_some_and(|query| query.split('&').any(|parameter| matches!(parameter, "watch=true" | "watch=1")));
        let verb = match (method, name) {
            (&Method::GET, Some(_)) => "get",
            (&Method::GET, None) if is_watch => "watch",
            (&Method::GET, None) => "list",
            (&Method::POST, _) => "create",
            (&Method::PUT, _) => "update",
            (&Method::PATCH, _) => "patch",
            (&Method::DELETE, _) => "delete",
            _ => return None,
        };
        let resource = if group.is_empty() { resource } else { format!("{resource}.{group}") };
        Some(Self { verb, resource, namespace })
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        self.namespace.iter().try_for_each(|namespace| write!(f, " in namespace {namespace}"))
    }
}

impl Forbidden {
    fn answered(&self, right: &Right, status: StatusCode) {
        let mut all = self.all();
        all.retain(|_, last| last.elapsed() < FORGOTTEN_AFTER);
        if status == StatusCode::FORBIDDEN {
            if all.insert(right.clone(), Instant::now()).is_none() {
                tracing::warn!(
                    "forbidden by the API server: {right}; the operator's role lacks this right, or an admission policy forbids the request (see the runbook DirectConnectForbidden)"
                );
            }
        } else if all.remove(right).is_some() {
            tracing::info!("allowed again by the API server: {right}");
        }
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Right, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for Forbidden {
    fn read(&self, readings: &mut Readings) {
        readings.count(&FORBIDDEN, [], self.all().values().filter(|last| last.elapsed() < FORGOTTEN_AFTER).count());
    }
}

impl<S> Layer<S> for Forbidden {
    type Service = Watched<S>;

    fn layer(&self, inner: S) -> Watched<S> {
        Watched { inner, forbidden: self.clone() }
    }
}

/// A service whose answers are watched for refusals.
pub struct Watched<S> {
    inner: S,
    forbidden: Forbidden,
}

impl<S, B, R> Service<Request<B>> for Watched<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: 'static,
    S::Future: Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<R>, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (right, forbidden) = (Right::of(request.method(), request.uri()), self.forbidden.clone());
        let answer = self.inner.call(request);
        async move {
            let answer = answer.await?;
            if let Some(right) = right {
                forbidden.answered(&right, answer.status());
            }
            Ok(answer)
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_named_as_rbac_names_it() {
        let group = "/apis/directconnect.huaweicloud.com/v1alpha1";
        let rows = [
            (Method::GET, format!("{group}/peers?limit=500"), "list peers.directconnect.huaweicloud.com"),
            (Method::GET, format!("{group}/peers?watch=true"), "watch peers.directconnect.huaweicloud.com"),
            (
                Method::PATCH,
                format!("{group}/namespaces/team/peers/one/status"),
                "patch peers/status.directconnect.huaweicloud.com in namespace team",
            ),
            (Method::GET, "/api/v1/namespaces/team/secrets/keys".to_owned(), "get secrets in namespace team"),
            (Method::GET, "/api/v1/namespaces/kube-system".to_owned(), "get namespaces"),
            (Method::POST, "/apis/events.k8s.io/v1/namespaces/team/events".to_owned(), "create events.events.k8s.io in namespace team"),
            (Method::PUT, "/api/v1/namespaces/a/configmaps/b".to_owned(), "update configmaps in namespace a"),
            (Method::DELETE, "/api/v1/namespaces/a/configmaps/b".to_owned(), "delete configmaps in namespace a"),
        ];
        for (method, uri, expected) in rows {
            assert_eq!(Right::of(&method, &uri.parse().unwrap()).unwrap().to_string(), expected);
        }
        for uri in ["/openapi/v3", "/version", "/apis", "/api/v1"] {
            assert_eq!(Right::of(&Method::GET, &uri.parse().unwrap()), None, "{uri}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_counts_until_it_is_allowed_or_not_tried_any_more() {
        let forbidden = Forbidden::default();
        let right = |name: &str| Right::of(&Method::GET, &format!("/api/v1/{name}").parse().unwrap()).unwrap();
        let count = || forbidden.all().len();
        for _ in 0..2 {
            forbidden.answered(&right("secrets"), StatusCode::FORBIDDEN);
        }
        forbidden.answered(&right("pods"), StatusCode::FORBIDDEN);
        assert_eq!(count(), 2);
        forbidden.answered(&right("secrets"), StatusCode::NOT_FOUND);
        assert_eq!(count(), 1);
        tokio::time::advance(FORGOTTEN_AFTER).await;
        forbidden.answered(&right("secrets"), StatusCode::OK);
        assert_eq!(count(), 0);
    }
}
