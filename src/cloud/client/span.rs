//! The span of one call, for the log and for traces.

use std::time::Duration;
use tracing::Span;
use tracing::field::Empty;

use crate::cloud::call::Method;
use crate::cloud::client::answer::Answer;
use crate::cloud::client::transport::Failed;

/// Opens the span of a call before it is sent.
pub(in crate::cloud) fn open(operation: &'static str) -> Span {
    // Without the feature `otlp` the fields of OpenTelemetry stay empty, so that logs do not show them.
    let span = tracing::error_span!(
        "call",
        operation,
        request_id = Empty,
        http_status = Empty,
        code = Empty,
        duration_ms = Empty,
        otel.name = Empty,
        otel.kind = Empty,
        otel.status_code = Empty,
    );
    if cfg!(feature = "otlp") {
        span.record("otel.name", operation);
        span.record("otel.kind", "client");
    }
    span
}

/// Records the result of the call, which took `took`, and logs it.
pub(in crate::cloud) fn close(span: &Span, method: Method, answer: &Result<Answer, Failed>, took: Duration) {
    let (request_id, status) = match answer {
        Ok(answer) => (answer.request_id.as_deref(), Some(answer.status)),
        Err(failed) => (failed.error.request_id.as_deref(), failed.error.http_status),
    };
    span.record("request_id", request_id);
    span.record("http_status", status);
    span.record("duration_ms", u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    if let Err(failed) = answer {
        span.record("code", failed.error.code.as_str());
        if cfg!(feature = "otlp") {
            span.record("otel.status_code", "ERROR");
        }
    }
    span.in_scope(|| match answer {
        // The caller logs what the error means.
        Err(_) => tracing::debug!("call failed"),
        Ok(_) if method.is_read() => tracing::debug!("call answered"),
        Ok(_) => tracing::info!("call answered"),
    });
}
