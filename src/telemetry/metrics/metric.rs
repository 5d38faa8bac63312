//! The definition of a metric: name, type, labels with their values, and help.

use prometheus_client::encoding::EncodeMetric;
use prometheus_client::metrics::TypedMetric;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

/// Labels with their values, in the order of the metric.
pub type Labels<const N: usize> = [(&'static str, &'static str); N];

/// A metric with `N` labels.
#[derive(Debug)]
pub struct Metric<const N: usize> {
    /// Without the suffix `_total` of a counter.
    pub name: &'static str,
    pub measure: Measure,
    /// Without a full stop at the end.
    pub help: &'static str,
    pub labels: [Label; N],
}

/// The type of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// Only increases.
    Counter,
    /// Goes up and down.
    Gauge,
    /// With these upper bounds of the buckets, in seconds.
    Histogram(&'static [f64]),
}

/// A label. Its values are a closed set.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    pub name: &'static str,
    pub values: Values,
}

/// The values of a label.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    /// These, each with a description.
    Listed(&'static [(&'static str, &'static str)]),
    /// Those of a catalogue in another module, which this describes.
    Of(&'static str),
    /// Those of the registered kinds, which this describes.
    Registered(Catalogue, &'static str),
}

/// Sets of values that depend on the registered kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Catalogue {
    /// The kinds.
    Kinds,
    /// The kinds and `CloudAccount`.
    KindsAndAccounts,
    /// All kinds of the API group.
    AllKinds,
    /// The collections of the kinds.
    Collections,
}

/// The registered kinds, as far as labels depend on them.
#[derive(Clone, Debug, Default)]
pub struct Registered {
    pub kinds: Vec<&'static str>,
    /// The collections that are listed; some kinds share one.
    pub collections: Vec<&'static str>,
}

impl Registered {
    /// The values of a catalogue.
    #[must_use]
    pub fn values(&self, catalogue: Catalogue) -> Vec<&'static str> {
        let mut values = match catalogue {
            Catalogue::Kinds => self.kinds.clone(),
            Catalogue::KindsAndAccounts => std::iter::once("CloudAccount").chain(self.kinds.iter().copied()).collect(),
            Catalogue::AllKinds => ["CloudAccount", "DirectConnectGrant"].into_iter().chain(self.kinds.iter().copied()).collect(),
            Catalogue::Collections => self.collections.clone(),
        };
        let mut seen = HashSet::new();
        values.retain(|value| seen.insert(*value));
        values
    }
}

/// A metric of any number of labels.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub name: &'static str,
    pub measure: Measure,
    pub help: &'static str,
    pub labels: &'static [Label],
}

/// Metrics that belong together.
#[derive(Debug)]
pub struct Section {
    pub title: &'static str,
    /// Describes all of them.
    pub text: &'static str,
    /// Labels of the same name have the same values.
    pub metrics: &'static [Row],
}

impl<const N: usize> Metric<N> {
    /// The metric without the number of its labels in the type.
    #[must_use]
    pub const fn row(&'static self) -> Row {
        Row { name: self.name, measure: self.measure, help: self.help, labels: &self.labels }
    }

    /// The labels with these values.
    #[must_use]
    pub fn labels(&self, values: [&'static str; N]) -> Labels<N> {
        let mut values = values.into_iter();
        self.labels.map(|label| (label.name, values.next().unwrap_or_default()))
    }

    /// All combinations of the values; none where the values of a label stand elsewhere.
    #[must_use]
    pub fn combinations(&self, registered: &Registered) -> Vec<[&'static str; N]> {
        let mut all = vec![[""; N]];
        for (place, label) in self.labels.iter().enumerate() {
            let values = match label.values {
                Values::Listed(values) => values.iter().map(|(value, _)| *value).collect(),
                Values::Registered(catalogue, _) => registered.values(catalogue),
                Values::Of(_) => Vec::new(),
            };
            let with = |base: &[&'static str; N], value| {
                let mut values = *base;
                if let Some(slot) = values.get_mut(place) {
                    *slot = value;
                }
                values
            };
            all = all.iter().flat_map(|base| values.iter().map(move |value| with(base, *value))).collect();
        }
        all
    }
}

impl Row {
    /// Name of its series, without the suffixes of a histogram.
    #[must_use]
    pub fn series(&self) -> String {
        let suffix = if self.measure == Measure::Counter { "_total" } else { "" };
        format!("{}{suffix}", self.name)
    }
}

/// All series of a registered metric.
#[derive(Clone)]
pub(super) struct Series<const N: usize, M> {
    metric: &'static Metric<N>,
    family: Family<Labels<N>, M, New>,
}

pub(super) type Counters<const N: usize> = Series<N, Counter>;
pub(super) type Histograms<const N: usize> = Series<N, Histogram>;
pub(super) type Gauges<const N: usize> = Series<N, Gauge>;

/// Constructs a series of this type.
#[derive(Clone, Copy)]
pub(super) struct New(Measure);

impl MetricConstructor<Counter> for New {
    fn new_metric(&self) -> Counter {
        Counter::default()
    }
}

impl MetricConstructor<Gauge> for New {
    fn new_metric(&self) -> Gauge {
        Gauge::default()
    }
}

impl MetricConstructor<Histogram> for New {
    fn new_metric(&self) -> Histogram {
        let buckets = if let Measure::Histogram(buckets) = self.0 { buckets } else { &[] };
        Histogram::new(buckets.iter().copied())
    }
}

impl<const N: usize, M> Series<N, M>
where
    M: EncodeMetric + TypedMetric + Clone + fmt::Debug + Send + Sync + 'static,
    New: MetricConstructor<M>,
{
    pub fn register(registry: &mut Registry, metric: &'static Metric<N>) -> Self {
        let family = Family::new_with_constructor(New(metric.measure));
        registry.register(metric.name, metric.help, family.clone());
        Self { metric, family }
    }

    /// Creates all series at zero: a query for an increase does not see the first event of a series that starts with it.
    pub fn open(&self, registered: &Registered) {
        self.metric.combinations(registered).into_iter().for_each(|values| drop(self.of(values)));
    }

    fn of(&self, values: [&'static str; N]) -> M {
        self.family.get_or_create_owned(&self.metric.labels(values))
    }
}

impl<const N: usize> Counters<N> {
    pub fn add(&self, values: [&'static str; N], amount: u64) {
        self.of(values).inc_by(amount);
    }
}

impl<const N: usize> Histograms<N> {
    pub fn observe(&self, values: [&'static str; N], time: Duration) {
        self.of(values).observe(time.as_secs_f64());
    }
}

impl<const N: usize> Gauges<N> {
    /// Increases the gauge until the returned value is dropped, so that cancelled work is no longer counted.
    pub fn increment(&self, values: [&'static str; N]) -> Increment {
        let gauge = self.of(values);
        gauge.inc();
        Increment(gauge)
    }

    pub fn get(&self, values: [&'static str; N]) -> i64 {
        self.of(values).get()
    }
}

pub(super) struct Increment(Gauge);

impl Drop for Increment {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: Label = Label { name: "two", values: Values::Listed(&[("a", ""), ("b", "")]) };
    const ELSEWHERE: Label = Label { name: "elsewhere", values: Values::Of("") };
    const COLLECTION: Label = Label { name: "collection", values: Values::Registered(Catalogue::Collections, "") };

    #[test]
    fn combinations_are_all_or_none() {
        let metric = |labels| Metric { name: "x", measure: Measure::Gauge, help: "", labels };
        let registered = Registered { kinds: vec!["A", "B"], collections: vec!["c", "c"] };
        assert_eq!(metric([TWO, TWO]).combinations(&registered), [["a", "a"], ["a", "b"], ["b", "a"], ["b", "b"]]);
        assert!(metric([TWO, ELSEWHERE]).combinations(&registered).is_empty());
        assert_eq!(metric([TWO, COLLECTION]).combinations(&registered), [["a", "c"], ["b", "c"]]);
        let none: Metric<0> = Metric { name: "x", measure: Measure::Gauge, help: "", labels: [] };
        assert_eq!(none.combinations(&registered), [[""; 0]]);
    }
}
