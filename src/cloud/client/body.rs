//! The body of a request that is to begin by an instant. The connection asks for it when it can send it, and only then is it held against the
//! instant: before, the request may have waited for the connection, or the process may have stood still.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::time::Instant;

use crate::cloud::errors::catalogue::OwnCode;
use crate::cloud::errors::{CloudError, RequestOutcome};

/// A body that is not sent after an instant.
pub(super) struct TimelyBody {
    content: Option<Bytes>,
    begin_by: Instant,
}

/// It was to be sent too late: nothing of it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not sent: its deadline passed while it waited")]
pub(super) struct TooLate;

impl TooLate {
    pub fn of(self, operation: &'static str) -> CloudError {
        CloudError::local(operation, OwnCode::Timeout, self, RequestOutcome::Refused)
    }
}

impl TimelyBody {
    pub fn new(content: Vec<u8>, begin_by: Instant) -> Self {
        Self { content: Some(content.into()), begin_by }
    }
}

impl Body for TimelyBody {
    type Data = Bytes;
    type Error = TooLate;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, TooLate>>> {
        let is_late = self.begin_by < Instant::now();
        let frame = self.content.take().map(|content| if is_late { Err(TooLate) } else { Ok(Frame::data(content)) });
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.content.as_ref().map_or(0, |content| content.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// What a server reads of a POST with a body that is to begin within `left`, and how the request ends.
    async fn sent(left: Duration) -> (String, Result<u16, reqwest::Error>) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let server = async {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut read = vec![0; 4096];
            let length = connection.read(&mut read).await.unwrap();
            read.truncate(length);
            if length > 0 {
                connection.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            }
            String::from_utf8(read).unwrap()
        };
        let body = TimelyBody::new(b"{\"name\":\"a\"}".to_vec(), Instant::now() + left);
        let request = reqwest::Client::new().post(url).body(reqwest::Body::wrap(body));
        // It has the time that a paused process would lose.
        let client = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            request.send().await.map(|answer| answer.status().as_u16())
        };
        tokio::join!(server, client)
    }

    #[tokio::test]
    async fn a_body_in_time_is_sent_with_its_length() {
        let (read, ended) = sent(Duration::from_mins(1)).await;
        assert_eq!(ended.unwrap(), 201);
        assert!(read.contains("content-length: 12\r\n") && !read.contains("chunked") && read.ends_with("{\"name\":\"a\"}"), "{read}");
    }

    #[tokio::test]
    async fn of_a_request_that_is_late_nothing_is_sent() {
        let (read, ended) = sent(Duration::ZERO).await;
        assert_eq!(read, "");
        let error = ended.unwrap_err();
        let mut causes = std::iter::successors(std::error::Error::source(&error), |&cause| cause.source());
        assert_eq!(causes.find_map(|cause| cause.downcast_ref::<TooLate>()), Some(&TooLate), "{error:?}");
    }
}
