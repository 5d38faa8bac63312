//! A scrape, read strictly: what Prometheus would choke on fails here.

use std::collections::{BTreeMap, BTreeSet};

use crate::operator::Operator;
use crate::simulator::http_client;

/// One scrape.
pub struct Scrape {
    pub text: String,
    /// Types by family.
    pub families: BTreeMap<String, String>,
    pub series: Vec<Series>,
}

#[derive(Debug)]
pub struct Series {
    /// Family, without `_total`, `_bucket`, `_count` and `_sum`.
    pub family: String,
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

impl Scrape {
    pub async fn of(operator: &Operator) -> Self {
        let answer = http_client(false).get(format!("http://127.0.0.1:{}/metrics", operator.port())).send().await.unwrap();
        let type_ = answer.headers()["content-type"].to_str().unwrap().to_owned();
        assert_eq!(type_, "application/openmetrics-text; version=1.0.0; charset=utf-8");
        Self::read(answer.text().await.unwrap())
    }

    /// Reads the text format: each family in one piece, begun by its help and type, with the suffixes of its type; an end.
    fn read(text: String) -> Self {
        let (mut families, mut series) = (BTreeMap::new(), Vec::new());
        let (mut family, mut helped) = (String::new(), String::new());
        let body = text.strip_suffix("# EOF\n").expect("it ends with # EOF");
        for line in body.lines() {
            if let Some((name, help)) = line.strip_prefix("# HELP ").map(|rest| rest.split_once(' ').unwrap()) {
                assert!(help.ends_with('.') && !help.ends_with(".."), "{line}");
                name.clone_into(&mut helped);
            } else if let Some((name, type_)) = line.strip_prefix("# TYPE ").map(|rest| rest.split_once(' ').unwrap()) {
                assert_eq!(name, helped);
                assert!(families.insert(name.to_owned(), type_.to_owned()).is_none(), "{name} stands twice");
                name.clone_into(&mut family);
            } else {
                assert!(!line.starts_with('#'), "{line}");
                series.push(sample(line, &family, &families[&family]));
            }
        }
        let mut seen = BTreeSet::new();
        for Series { name, labels, .. } in &series {
            assert!(seen.insert((name, labels)), "{name} {labels:?} stands twice");
        }
        let scrape = Self { text, families, series };
        scrape.buckets_are_sound();
        scrape
    }

    fn buckets_are_sound(&self) {
        for count in self.series.iter().filter(|series| series.name == format!("{}_count", series.family)) {
            let without = |labels: &BTreeMap<String, String>| {
                let mut labels = labels.clone();
                labels.remove("le");
                labels
            };
            let buckets = self.series.iter().filter(|series| series.name == format!("{}_bucket", count.family));
            let buckets: Vec<&Series> = buckets.filter(|series| without(&series.labels) == count.labels).collect();
            let bounds: Vec<f64> = buckets.iter().map(|bucket| bucket.labels["le"].replace("+Inf", "inf").parse().unwrap()).collect();
            assert!(bounds.is_sorted() && bounds.last() == Some(&f64::INFINITY), "{count:?}: {bounds:?}");
            assert!(buckets.is_sorted_by(|a, b| a.value <= b.value) && buckets.last().unwrap().value >= count.value, "{count:?}");
        }
    }

    /// Sum over the series of this name that have these labels.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.matching(name, labels).map(|series| series.value).sum()
    }

    /// The value of the one series of this name that has these labels.
    pub fn get(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let found: Vec<&Series> = self.matching(name, labels).collect();
        assert!(found.len() < 2, "{name} {labels:?}: {found:?}");
        found.first().map(|series| series.value)
    }

    fn matching<'a>(&'a self, name: &'a str, labels: &'a [(&str, &str)]) -> impl Iterator<Item = &'a Series> {
        let has = |series: &Series| labels.iter().all(|(label, value)| series.labels.get(*label).is_some_and(|found| found == value));
        self.series.iter().filter(move |series| series.name == name && has(series))
    }
}

fn sample(line: &str, family: &str, type_: &str) -> Series {
    let (head, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = head.split_once('{').map_or((head, ""), |(name, labels)| (name, labels.strip_suffix('}').expect(line)));
    let suffixes: &[&str] = match type_ {
        "counter" => &["_total"],
        "gauge" => &[""],
        "histogram" => &["_bucket", "_count", "_sum"],
        other => panic!("{other}: {line}"),
    };
    assert!(suffixes.iter().any(|suffix| name == format!("{family}{suffix}")), "{line} in the family {family}, a {type_}");
    let is_legal = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    assert!(is_legal(name), "{line}");
    let labels: BTreeMap<String, String> = labels
        .split_terminator(',')
        .map(|pair| {
            let (label, value) = pair.split_once('=').expect(line);
            let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).expect(line);
            assert!(is_legal(label) && !value.contains(['"', '\\']), "{line}");
            (label.to_owned(), value.to_owned())
        })
        .collect();
    Series { family: family.to_owned(), name: name.to_owned(), labels, value: value.parse().expect(line) }
}
