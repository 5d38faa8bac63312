//! Traces for an OpenTelemetry collector: a span for each reconcile, and within it one for each call to the cloud.
//!
//! The spans are those of the log. They are exported as OTLP over HTTP, in batches, by a separate thread: an unavailable collector blocks
//! nothing, and spans that it misses are dropped. The variables `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_EXPORTER_OTLP_TIMEOUT`, `OTEL_SERVICE_NAME`,
//! `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_BSP_*` have the meaning that OpenTelemetry defines.

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

/// The export of traces.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Starts the export to the collector at this base URL. A TLS crypto provider MUST be installed.
    ///
    /// # Errors
    /// When the exporter can't be created. An unavailable collector is not an error.
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

    /// Exports the traces that are not exported yet, within the exporter's timeout.
    pub async fn end(self) {
        // The shutdown blocks until the exporter's thread has ended.
        let ended = tokio::task::spawn_blocking(move || self.0.shutdown()).await;
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last traces were not exported"),
            Err(error) => tracing::warn!(%error, "the last traces were not exported"),
        }
    }
}
