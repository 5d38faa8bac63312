//! What a metric is: its name, its type, its labels with their values, and what it tells. Everything that is shown of it comes from here.

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
    /// Name without the `_total` of a counter.
    pub name: &'static str,
    /// Type.
    pub measure: Measure,
    /// What it tells, without the full stop at the end.
    pub help: &'static str,
    /// Labels.
    pub labels: [Label; N],
}

/// How a metric is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// Grows only.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Spread over buckets with these upper bounds, in seconds.
    Histogram(&'static [f64]),
}

/// A label. Its values are a closed set.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    /// Name.
    pub name: &'static str,
    /// Values.
    pub values: Values,
}

/// The values of a label.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    /// These, each with what it means.
    Listed(&'static [(&'static str, &'static str)]),
    /// Those of a catalogue that stands elsewhere: which one.
    Of(&'static str),
    /// Those that are known once the process knows which kinds it runs, and what they are.
    Registered(Catalogue, &'static str),
}

/// Values that come from the kinds that are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Catalogue {
    /// Names of the kinds.
    Kinds,
    /// The same and the kind of accounts.
    KindsAndAccounts,
    /// Collections whose LISTs show their resources.
    Collections,
}

/// The kinds that are run, as far as labels tell of them.
#[derive(Clone, Debug, Default)]
pub struct Registered {
    /// Their names.
    pub kinds: Vec<&'static str>,
    /// The collections whose LISTs show their resources; some kinds share one.
    pub collections: Vec<&'static str>,
}

impl Registered {
    /// The values of a catalogue.
    #[must_use]
    pub fn values(&self, catalogue: Catalogue) -> Vec<&'static str> {
        let mut values = match catalogue {
            Catalogue::Kinds => self.kinds.clone(),
            Catalogue::KindsAndAccounts => std::iter::once("CloudAccount").chain(self.kinds.iter().copied()).collect(),
            Catalogue::Collections => self.collections.clone(),
        };
        let mut told = HashSet::new();
        values.retain(|value| told.insert(*value));
        values
    }
}

/// A metric of any number of labels.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// As in [`Metric`].
    pub name: &'static str,
    /// As in [`Metric`].
    pub measure: Measure,
    /// As in [`Metric`].
    pub help: &'static str,
    /// As in [`Metric`].
    pub labels: &'static [Label],
}

/// Metrics that belong together.
#[derive(Debug)]
pub struct Section {
    /// Heading.
    pub title: &'static str,
    /// What is to be known of all of them.
    pub text: &'static str,
    /// The metrics. Of two that have a label of one name it is the same label.
    pub metrics: &'static [Row],
}

impl<const N: usize> Metric<N> {
    /// The metric as one of many.
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
    /// Name of its series, but for the suffixes of a histogram.
    #[must_use]
    pub fn series(&self) -> String {
        let suffix = if self.measure == Measure::Counter { "_total" } else { "" };
        format!("{}{suffix}", self.name)
    }
}

/// All series of a metric that is registered.
#[derive(Clone)]
pub(super) struct Series<const N: usize, M> {
    metric: &'static Metric<N>,
    family: Family<Labels<N>, M, New>,
}

/// Counts, by labels.
pub(super) type Counters<const N: usize> = Series<N, Counter>;
/// Times, by labels.
pub(super) type Histograms<const N: usize> = Series<N, Histogram>;
/// What is under way, by labels.
pub(super) type Gauges<const N: usize> = Series<N, Gauge>;

/// Makes a series of what is measured so.
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

    /// Shows all series, at zero: what is absent until it happens once is not seen when it does.
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
    /// One more, for as long as the value returned lives: also where work is given up half-way.
    pub fn one_more(&self, values: [&'static str; N]) -> OneMore {
        let gauge = self.of(values);
        gauge.inc();
        OneMore(gauge)
    }
}

pub(super) struct OneMore(Gauge);

impl Drop for OneMore {
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
