//! Metrics that are read at the time of a scrape from the state of other modules, so that they are never stale.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::metric::{Measure, Metric, Registered};
use super::process;
use super::table::{BUILD_INFO, LEADER, TABLE};

/// Largest number of labels of a metric that is read.
const MAX_LABELS: usize = 2;

/// Provides readings.
pub trait Source: Send + Sync + 'static {
    /// Called on every scrape: MUST be cheap, and MUST NOT block.
    fn read(&self, readings: &mut Readings);
}

/// The values of one scrape by metric and labels.
#[derive(Debug, Default)]
pub struct Readings(BTreeMap<&'static str, BTreeMap<[&'static str; MAX_LABELS], f64>>);

impl Readings {
    /// Adds to a series, which starts at zero.
    pub fn add<const N: usize>(&mut self, metric: &Metric<N>, values: [&'static str; N], amount: f64) {
        self.merge(metric, values, amount, |sum, amount| sum + amount);
    }

    /// Adds a count.
    pub fn count<const N: usize>(&mut self, metric: &Metric<N>, values: [&'static str; N], number: usize) {
        self.add(metric, values, u32::try_from(number).map_or(f64::from(u32::MAX), f64::from));
    }

    /// Keeps the highest value.
    pub fn highest<const N: usize>(&mut self, metric: &Metric<N>, values: [&'static str; N], value: f64) {
        self.merge(metric, values, value, f64::max);
    }

    /// Keeps the lowest value.
    pub fn lowest<const N: usize>(&mut self, metric: &Metric<N>, values: [&'static str; N], value: f64) {
        self.merge(metric, values, value, f64::min);
    }

    /// Adds all series of a metric, at zero. Its labels MUST have listed values.
    pub fn open<const N: usize>(&mut self, metric: &Metric<N>) {
        metric.combinations(&Registered::default()).into_iter().for_each(|values| self.add(metric, values, 0.0));
    }

    /// The value of a series.
    #[must_use]
    pub fn get<const N: usize>(&self, metric: &Metric<N>, values: [&'static str; N]) -> Option<f64> {
        self.0.get(metric.name)?.get(&widen(values)).copied()
    }

    fn merge<const N: usize>(&mut self, metric: &Metric<N>, values: [&'static str; N], value: f64, merge: fn(f64, f64) -> f64) {
        const { assert!(N <= MAX_LABELS) };
        let series = self.0.entry(metric.name).or_default();
        series.entry(widen(values)).and_modify(|old| *old = merge(*old, value)).or_insert(value);
    }
}

fn widen<const N: usize>(values: [&'static str; N]) -> [&'static str; MAX_LABELS] {
    let mut wide = [""; MAX_LABELS];
    wide.iter_mut().zip(values).for_each(|(slot, value)| *slot = value);
    wide
}

/// All sources.
#[derive(Default)]
pub(super) struct Sources {
    /// Whether this process is the leader; unset means it is not.
    leads: OnceLock<Box<dyn Fn() -> bool + Send + Sync>>,
    /// What is read while it is.
    sources: Mutex<Vec<Arc<dyn Source>>>,
}

impl Sources {
    pub fn lead(&self, leads: impl Fn() -> bool + Send + Sync + 'static) {
        // A process becomes the leader at most once.
        let _ = self.leads.set(Box::new(leads));
    }

    pub fn attach(&self, source: Arc<dyn Source>) {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner).push(source);
    }

    fn read(&self) -> Readings {
        let mut readings = Readings::default();
        readings.add(&BUILD_INFO, [env!("CARGO_PKG_VERSION")], 1.0);
        process::read(&mut readings);
        let leads = self.leads.get().is_some_and(|leads| leads());
        readings.add(&LEADER, [], f64::from(u8::from(leads)));
        if leads {
            let sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner).clone();
            for source in &sources {
                source.read(&mut readings);
            }
        }
        readings
    }
}

/// Exports the readings.
pub(super) struct Reader(pub Arc<Sources>);

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reader")
    }
}

impl Collector for Reader {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let readings = self.0.read();
        for row in TABLE.iter().flat_map(|section| section.metrics) {
            let Some(series) = readings.0.get(row.name) else { continue };
            let is_counter = row.measure == Measure::Counter;
            let type_ = if is_counter { MetricType::Counter } else { MetricType::Gauge };
            // The library adds the full stop for registered metrics only.
            let help = format!("{}.", row.help);
            let mut metric = encoder.encode_descriptor(row.name, &help, None, type_)?;
            for (values, value) in series {
                let labels: Vec<(&str, &str)> = row.labels.iter().map(|label| label.name).zip(*values).collect();
                let labels = labels.as_slice();
                match (labels.is_empty(), is_counter) {
                    (true, true) => metric.encode_counter::<NoLabelSet, f64, f64>(value, None)?,
                    (true, false) => metric.encode_gauge(value)?,
                    (false, true) => metric.encode_family(&labels)?.encode_counter::<NoLabelSet, f64, f64>(value, None)?,
                    (false, false) => metric.encode_family(&labels)?.encode_gauge(value)?,
                }
            }
        }
        Ok(())
    }
}
