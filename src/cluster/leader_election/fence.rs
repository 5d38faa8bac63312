//! A layer of the Kubernetes client that lets writes pass only while leadership holds. It is below all controllers, so that none can forget the
//! check, and above the client's own retries and connections, each of which is checked again.

use futures::future::{BoxFuture, FutureExt, TryFutureExt};
use http::{Method, Request};
use std::task::{Context, Poll};
use tower::{BoxError, Layer, Service};

use super::{Leadership, NotLeading};

/// Makes the writes of a client depend on leadership. Reads always pass.
pub struct Fence(pub Leadership);

/// A service behind a [`Fence`].
pub struct Fenced<S> {
    inner: S,
    leadership: Leadership,
}

impl<S> Layer<S> for Fence {
    type Service = Fenced<S>;

    fn layer(&self, inner: S) -> Fenced<S> {
        Fenced { inner, leadership: self.0.clone() }
    }
}

impl<S, B> Service<Request<B>> for Fenced<S>
where
    S: Service<Request<B>>,
    S::Error: Into<BoxError> + 'static,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if request.method() == Method::GET {
            return self.inner.call(request).map_err(Into::into).boxed();
        }
        if !self.leadership.holds() {
            return async { Err(NotLeading.into()) }.boxed();
        }
        let (leadership, answer) = (self.leadership.clone(), self.inner.call(request));
        async move { leadership.guard(answer).await?.map_err(Into::into) }.boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;
    use tokio::sync::watch;
    use tokio::time::{Instant, sleep};

    /// A server that takes a second to reach, and the number of requests that reached it.
    fn server() -> (impl Service<Request<()>, Response = (), Error = BoxError, Future: Send + 'static>, Arc<AtomicU32>) {
        let arrived = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&arrived);
        let service = tower::service_fn(move |_| {
            let count = Arc::clone(&count);
            async move {
                sleep(Duration::from_secs(1)).await;
                count.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
        });
        (service, arrived)
    }

    #[tokio::test(start_paused = true)]
    async fn reads_always_pass_and_writes_only_within_the_term() {
        let (_term, until) = watch::channel(Instant::now() + Duration::from_millis(4_500));
        let (server, arrived) = server();
        let mut fenced = Fence(Leadership::until(until)).layer(server);
        // Each takes a second: the fourth write is pending when the term ends.
        let requests = [
            (Method::POST, true),
            (Method::PATCH, true),
            (Method::PUT, true),
            (Method::GET, true),
            (Method::DELETE, false),
            (Method::PATCH, false),
            (Method::GET, true),
        ];
        let passing = requests.iter().filter(|(_, passes)| *passes).count();
        for (number, (method, passes)) in requests.into_iter().enumerate() {
            let answer = fenced.call(Request::builder().method(&method).body(()).unwrap()).await;
            assert_eq!(answer.is_ok(), passes, "{number}: {method}");
            if let Err(error) = answer {
                assert!(error.is::<NotLeading>(), "{error}");
            }
        }
        assert_eq!(arrived.load(Ordering::Relaxed) as usize, passing);
    }
}
