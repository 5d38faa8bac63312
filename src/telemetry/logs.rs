//! Logs, and traces if they are built in.
//!
//! A log line includes the fields of the spans around it, so that it shows the object of the reconcile and the call to the cloud. In JSON all
//! fields are at the top level, where log pipelines expect them.

use clap::ValueEnum;
use serde_json::{Map, Value};
use std::error::Error;
use std::fmt;
use tracing::{Event, Metadata, Span, Subscriber};
use tracing_subscriber::filter::{FilterExt, ParseError, filter_fn};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::proxy;
#[cfg(feature = "otlp")]
use crate::telemetry::traces::Traces;

/// The Kubernetes client logs the whole text of an unreadable answer as a warning, and that may be a Secret.
const REQUIRED_DIRECTIVE: &str = "kube_client::client=error";

/// Log formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Human-readable text.
    Text,
    /// One JSON object per line.
    Json,
}

/// Handle of the installed logs and traces.
#[must_use = "flushes traces that are not exported yet"]
pub struct Telemetry {
    #[cfg(feature = "otlp")]
    traces: Option<Traces>,
}

/// Installs the logger of the process, and the export of traces. Nothing that may contain a secret is logged, whatever the filter.
///
/// # Errors
/// When the filter is invalid, or a logger is installed already.
pub fn install(filter: &str, format: LogFormat, otlp_endpoint: Option<&str>) -> Result<Telemetry, String> {
    let lines = lines(filter, format, std::io::stderr)?;
    #[cfg(feature = "otlp")]
    {
        let (layer, traces) = otlp_endpoint.map(Traces::begin).transpose()?.unzip();
        tracing_subscriber::registry().with(lines).with(layer).try_init().map_err(|error| error.to_string())?;
        Ok(Telemetry { traces })
    }
    #[cfg(not(feature = "otlp"))]
    {
        tracing_subscriber::registry().with(lines).try_init().map_err(|error| error.to_string())?;
        if otlp_endpoint.is_some() {
            // Not an error: some clusters set the variable for all pods.
            tracing::warn!("--otlp-endpoint is set, but no traces are exported: this build does not have the feature otlp");
        }
        Ok(Telemetry {})
    }
}

impl Telemetry {
    /// Exports the traces that are not exported yet.
    #[cfg_attr(not(feature = "otlp"), expect(clippy::unused_async, reason = "there is nothing to wait for"))]
    pub async fn flush(self) {
        #[cfg(feature = "otlp")]
        if let Some(traces) = self.traces {
            traces.end().await;
        }
    }
}

/// The layer that writes log lines to `writer`.
fn lines<S, W>(filter: &str, format: LogFormat, writer: W) -> Result<Box<dyn Layer<S> + Send + Sync>, String>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = filter_of(filter).map_err(|error| format!("--log {filter}: {error}"))?;
    // Spans of other crates would only repeat the fields of ours.
    let filter = filter.and(filter_fn(|metadata| metadata.is_event() || is_ours(metadata)));
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer);
    Ok(match format {
        LogFormat::Text => layer.map_event_format(WithoutUserinfo).with_filter(filter).boxed(),
        LogFormat::Json => layer.fmt_fields(JsonFields::new()).event_format(WithoutUserinfo(Flat)).with_filter(filter).boxed(),
    })
}

/// Whether it is from this crate.
pub(crate) fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with(env!("CARGO_CRATE_NAME"))
}

fn filter_of(filter: &str) -> Result<EnvFilter, ParseError> {
    // Of two directives for one target the later applies, and a longer target takes precedence over a shorter one.
    Ok(EnvFilter::try_new(filter)?.add_directive(REQUIRED_DIRECTIVE.parse()?))
}

/// Lines in which no URL has a user and password, whoever logs them.
struct WithoutUserinfo<F>(F);

impl<S, N, F> FormatEvent<S, N> for WithoutUserinfo<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        writer.write_str(&proxy::without_userinfo(&line))
    }
}

/// One JSON object per line: time, level, target and message, the fields of the spans from the outermost inwards, the event's own.
struct Flat;

impl<S> FormatEvent<S, JsonFields> for Flat
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(&self, context: &FmtContext<'_, S, JsonFields>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = Map::new();
        for span in context.event_scope().into_iter().flat_map(tracing_subscriber::registry::Scope::from_root) {
            if let Some(fields) = span.extensions().get::<FormattedFields<JsonFields>>() {
                add(&mut line, &fields.fields);
            }
        }
        let mut own = String::new();
        JsonFields::new().format_fields(Writer::new(&mut own), event)?;
        add(&mut line, &own);
        let metadata = event.metadata();
        line.insert("timestamp".to_owned(), jiff::Timestamp::now().to_string().into());
        line.insert("level".to_owned(), metadata.level().as_str().into());
        line.insert("target".to_owned(), metadata.target().into());
        writeln!(writer, "{}", Value::Object(line))
    }
}

/// Adds the fields of a JSON object. An inner field replaces an outer one of the same name.
fn add(line: &mut Map<String, Value>, fields: &str) {
    if let Ok(Value::Object(fields)) = serde_json::from_str(fields) {
        line.extend(fields);
    }
}

/// The span of a reconcile, so that all logs and calls within show the object. `namespace` is empty for cluster-scoped objects.
#[must_use]
pub fn reconcile_span(kind: &'static str, namespace: &str, name: &str, account: &str) -> Span {
    let namespace = (!namespace.is_empty()).then_some(namespace);
    // At the highest level, so that a warning shows its object even if only warnings are logged.
    tracing::error_span!(parent: None, "reconcile", kind, namespace, name, account)
}

/// An error with its causes, without the password of any URL. No level repeats its source.
#[must_use]
pub fn error_chain(error: &dyn Error) -> String {
    proxy::without_userinfo(&chain(error))
}

fn chain(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {}", chain(source)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is logged within a call of a reconcile at the level of warnings.
    fn logged(format: LogFormat) -> String {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let subscriber = tracing_subscriber::registry().with(lines("warn", format, move || writer.clone()).unwrap());
        tracing::subscriber::with_default(subscriber, || {
            let _foreign =
                tracing::error_span!(target: "kube_runtime::controller", "reconciling object", object.reason = "unknown").entered();
            let _reconcile = reconcile_span("Peer", "team", "a", "main").entered();
            let call = tracing::error_span!("call", operation = "DeleteVifPeer", request_id = tracing::field::Empty).entered();
            call.record("request_id", "abc");
            tracing::warn!(code = "DC.1", url = "http://user:secret@proxy:3128/", "said \"no\"\nand more");
            tracing::info!("filtered out");
        });
        String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_json_line_is_one_flat_object() {
        let text = logged(LogFormat::Json);
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        let mut line: Map<String, Value> = serde_json::from_str(&text).unwrap();
        let time = line.remove("timestamp").unwrap();
        assert!(time.as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
        let wanted = serde_json::json!({
            "level": "WARN", "target": "direct_connect_operator::telemetry::logs::tests", "message": "said \"no\"\nand more", "code": "DC.1", "url": "http://proxy:3128/",
            "kind": "Peer", "namespace": "team", "name": "a", "account": "main", "operation": "DeleteVifPeer", "request_id": "abc",
        });
        assert_eq!(Value::Object(line), wanted);
    }

    #[test]
    fn a_text_line_shows_the_object_and_the_call() {
        let text = logged(LogFormat::Text);
        let spans = r#"reconcile{kind="Peer" namespace="team" name="a" account="main"}:call{operation="DeleteVifPeer" request_id="abc"}: "#;
        assert!(text.contains(&format!(" WARN {spans}direct_connect_operator::")), "{text}");
        assert!(text.contains(r#"url="http://proxy:3128/""#) && !text.contains("secret"), "{text}");
    }

    #[test]
    fn no_filter_overrides_the_required_directive() {
        for filter in ["trace", "kube_client::client=trace", "kube_client=trace,info"] {
            let filter = filter_of(filter).unwrap().to_string();
            assert!(filter.contains(REQUIRED_DIRECTIVE) && !filter.contains("kube_client::client=trace"), "{filter}");
        }
    }
}
