//! Metrics for Prometheus.
//!
//! Other modules are given a part of the metrics ([`Reconcile`], [`Cloud`]) and record events in it; states are read at the time of the scrape
//! ([`Source`]). There are no globals, so that tests do not share metrics.
//!
//! The values of labels are closed sets that are known when the program is built, so that neither the cloud nor a user can create new series,
//! and no label contains a name or a secret.

mod cloud;
mod metric;
pub mod objects;
mod process;
mod readings;
mod reconcile;
pub mod table;

pub use cloud::{Answered, Cloud, Flight};
pub use metric::{Catalogue, Label, Labels, Measure, Metric, Registered, Row, Section, Values};
pub use readings::{Readings, Source};
pub use reconcile::{Attempt, Drift, Reconcile, ReconcileResult};

use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::Arc;

use readings::{Reader, Sources};

/// Content type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics of a process. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    /// Metrics of reconciles and objects.
    pub reconcile: Reconcile,
    /// Of the calls to the cloud.
    pub cloud: Cloud,
    sources: Arc<Sources>,
    registry: Arc<Registry>,
}

impl Metrics {
    /// Metrics that show only those of the process itself until [`Self::lead`].
    #[must_use]
    pub fn new() -> Self {
        let (mut registry, sources) = (Registry::default(), Arc::<Sources>::default());
        registry.register_collector(Box::new(Reader(Arc::clone(&sources))));
        let (reconcile, cloud) = (Reconcile::register(&mut registry), Cloud::register(&mut registry));
        Self { reconcile, cloud, sources, registry: Arc::new(registry) }
    }

    /// Shows all metrics from now on, with these kinds, for as long as `leads` returns true.
    pub fn lead(&self, registered: &Registered, leads: impl Fn() -> bool + Send + Sync + 'static) {
        self.reconcile.open(registered);
        self.cloud.open(registered);
        self.sources.lead(leads);
    }

    /// Reads `source` at every scrape while the process is the leader.
    pub fn attach(&self, source: Arc<dyn Source>) {
        self.sources.attach(source);
    }

    /// All metrics in the text format of `OpenMetrics`.
    ///
    /// # Errors
    /// Never in practice: it writes to a string.
    pub fn render(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    struct Two;

    impl Source for Two {
        fn read(&self, readings: &mut Readings) {
            readings.add(&table::OBJECTS, ["Peer", "Available"], 1.0);
            readings.add(&table::OBJECTS, ["Peer", "Available"], 1.0);
            readings.lowest(&table::RATE_LIMIT_RATIO, ["read"], 1.0);
            readings.lowest(&table::RATE_LIMIT_RATIO, ["read"], 0.5);
            readings.open(&table::INTERFACES);
        }
    }

    fn names(text: &str) -> BTreeSet<&str> {
        text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split([' ', '{']).next()).collect()
    }

    #[test]
    fn a_standby_shows_metrics_of_the_process_only() {
        let metrics = Metrics::new();
        metrics.attach(Arc::new(Two));
        let text = metrics.render().unwrap();
        let names = names(&text);
        assert!(
            names.iter().all(|name| name.starts_with("process_") || ["directconnect_build_info", "directconnect_leader"].contains(name))
        );
        assert_eq!(names.iter().filter(|name| name.starts_with("process_")).count(), 6, "{names:?}");
        assert!(text.contains("\ndirectconnect_leader 0.0\n") && text.ends_with("# EOF\n"), "{text}");
    }

    #[test]
    fn a_leader_shows_all_metrics_and_zero_for_events_that_did_not_happen() {
        let (metrics, leads) = (Metrics::new(), Arc::new(AtomicBool::new(true)));
        let registered = Registered { kinds: vec!["Peer"], collections: Vec::new() };
        metrics.attach(Arc::new(Two));
        metrics.lead(&registered, {
            let leads = Arc::clone(&leads);
            move || leads.load(Ordering::Relaxed)
        });
        let text = metrics.render().unwrap();
        for line in [
            "directconnect_leader 1.0",
            r#"directconnect_objects{kind="Peer",reason="Available"} 2.0"#,
            r#"directconnect_rate_limit_rate_ratio{direction="read"} 0.5"#,
            r#"directconnect_interfaces{health="down"} 0.0"#,
            r#"directconnect_drift_total{kind="Peer",action="detected"} 0"#,
            r#"directconnect_reconciles_in_flight{kind="Peer"} 0"#,
            "directconnect_cloud_requests_in_flight 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        leads.store(false, Ordering::Relaxed);
        let text = metrics.render().unwrap();
        assert!(text.contains("\ndirectconnect_leader 0.0\n") && !text.contains("directconnect_objects{"));
    }

    #[test]
    fn dropped_attempts_and_requests_are_no_longer_in_flight() {
        let metrics = Metrics::new();
        let shown = |line: &str| metrics.render().unwrap().lines().any(|found| found == line);
        let (pass, flight) = (metrics.reconcile.begin("Peer"), metrics.cloud.begin("ShowQuotas"));
        assert!(shown(r#"directconnect_reconciles_in_flight{kind="Peer"} 1"#) && shown("directconnect_cloud_requests_in_flight 1"));
        drop((pass, flight));
        assert!(shown(r#"directconnect_reconciles_in_flight{kind="Peer"} 0"#) && shown("directconnect_cloud_requests_in_flight 0"));
        assert!(!metrics.render().unwrap().contains("directconnect_cloud_requests_total{"));
    }

    #[test]
    fn a_request_counts_once_by_its_result() {
        let metrics = Metrics::new();
        drop(metrics.cloud.begin("ShowQuotas").answered());
        metrics.cloud.begin("ShowQuotas").answered().unreadable("server", "Malformed");
        metrics.cloud.begin("ShowQuotas").failed("throttled", "APIGW.0308");
        let text = metrics.render().unwrap();
        for labels in [r#"class="ok",code="none""#, r#"class="server",code="Malformed""#, r#"class="throttled",code="APIGW.0308""#] {
            let line = format!(r#"directconnect_cloud_requests_total{{operation="ShowQuotas",{labels}}} 1"#);
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(text.contains(r#"directconnect_cloud_request_duration_seconds_count{operation="ShowQuotas"} 3"#), "{text}");
    }

    #[test]
    fn the_table_is_consistent() {
        let mut seen = BTreeSet::new();
        for section in table::TABLE {
            let mut labels: Vec<Label> = Vec::new();
            for row in section.metrics {
                assert!(seen.insert(row.name), "{} is duplicate", row.name);
                // Both go to the scrape as they are.
                assert!(!row.help.contains(['\\', '\n', '"', '|']) && !row.help.ends_with('.'), "{}", row.name);
                for label in row.labels {
                    let same = labels.iter().find(|other| other.name == label.name);
                    assert!(same.is_none_or(|same| format!("{same:?}") == format!("{label:?}")), "{} of {}", label.name, row.name);
                    labels.push(*label);
                }
                if let Measure::Histogram(buckets) = row.measure {
                    assert!(buckets.is_sorted() && row.name.ends_with("_seconds"), "{}", row.name);
                }
            }
        }
    }

    #[test]
    fn registered_metrics_are_in_the_table() {
        let metrics = Metrics::new();
        metrics.lead(&Registered::default(), || true);
        metrics.cloud.begin("ShowQuotas").failed("quota", "other");
        metrics.cloud.listed("virtual_gateways", 1, true);
        metrics.cloud.waited("read", "resync", Duration::from_secs(1));
        metrics.cloud.queue_full("write", "resync");
        let text = metrics.render().unwrap();
        let table: BTreeSet<&str> = table::TABLE.iter().flat_map(|section| section.metrics).map(|row| row.name).collect();
        for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
            let (name, type_) = line.split_once(' ').unwrap();
            let row = table::TABLE.iter().flat_map(|section| section.metrics).find(|row| row.name == name);
            let wanted = match row.unwrap_or_else(|| panic!("{name}: not in {table:?}")).measure {
                Measure::Counter => "counter",
                Measure::Gauge => "gauge",
                Measure::Histogram(_) => "histogram",
            };
            assert_eq!(type_, wanted, "{name}");
        }
    }
}
