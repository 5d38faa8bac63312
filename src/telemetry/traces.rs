//! Traces for an OpenTelemetry collector: a span for each pass, and within it one for each call to the cloud.
//!
//! The spans are those of the log. They go out as OTLP over HTTP, in batches, from a thread of their own: a collector that is away holds up
//! nothing, and what it misses is dropped. The variables `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_EXPORTER_OTLP_TIMEOUT`, `OTEL_SERVICE_NAME`,
//! `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_BSP_*` hold as OpenTelemetry says.

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use crate::api::FIELD_MANAGER;
use crate::telemetry::logs::is_ours;

/// Traces that are exported.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Begins to export to the collector at this base URL. A provider of cryptography MUST be installed.
    ///
    /// # Errors
    /// When there can be no exporter; the text says why. That the collector is away is no error.
    pub fn begin<S>(endpoint: &str) -> Result<(impl Layer<S> + use<S>, Self), String>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{endpoint}/v1/traces"))
            .build()
            .map_err(|error| format!("--otlp-endpoint {endpoint}: {error}"))?;
        let resource = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
        let named = std::env::var_os("OTEL_SERVICE_NAME").is_some();
        let resource = if named { resource } else { resource.with_service_name(FIELD_MANAGER) };
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build();
        let layer = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer(FIELD_MANAGER))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|metadata| metadata.is_span() && is_ours(metadata)));
        Ok((layer, Self(provider)))
    }

    /// Exports what was not exported yet, within the exporter's time limit.
    pub async fn end(self) {
        // It waits for the exporter's thread.
        let ended = tokio::task::spawn_blocking(move || self.0.shutdown()).await;
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last traces were not exported"),
            Err(error) => tracing::warn!(%error, "the last traces were not exported"),
        }
    }
}
