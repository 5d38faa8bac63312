//! Drift conflicts: a field that is set again and again does not stay, because somebody else sets it, too, or the cloud does not keep it.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

/// Which fields of an object were corrected, when, and for which generation of the spec.
#[derive(Clone, Debug, Default)]
pub struct DriftConflicts(HashMap<&'static str, VecDeque<(Instant, Option<i64>)>>);

impl DriftConflicts {
    /// So many corrections of one field …
    const LIMIT: usize = 5;
    /// … within this time are a conflict.
    const WINDOW: Duration = Duration::from_hours(1);

    /// Counts a correction of these fields.
    pub fn corrected(&mut self, fields: impl IntoIterator<Item = &'static str>, generation: Option<i64>) {
        for field in fields {
            let times = self.0.entry(field).or_default();
            times.push_back((Instant::now(), generation));
            if times.len() > Self::LIMIT {
                times.pop_front();
            }
        }
    }

    /// Fields in conflict. A spec that is `new` has not been tried: only corrections of its own generation count.
    #[must_use]
    pub fn fields(&self, new: bool, generation: Option<i64>) -> Vec<&'static str> {
        let concerned = self.0.iter().filter(|(_, times)| !new || times.back().is_some_and(|(_, last)| *last == generation));
        concerned.filter(|(_, times)| Self::end(times).is_some()).map(|(field, _)| *field).collect()
    }

    /// When the first of the conflicts ends.
    #[must_use]
    pub fn until(&self) -> Option<Instant> {
        self.0.values().filter_map(Self::end).min()
    }

    fn end(times: &VecDeque<(Instant, Option<i64>)>) -> Option<Instant> {
        let (first, _) = times.front().filter(|_| times.len() >= Self::LIMIT)?;
        Some(*first + Self::WINDOW).filter(|end| *end > Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn five_corrections_within_an_hour_are_a_conflict_until_the_first_is_an_hour_old() {
        let minute = Duration::from_mins(1);
        let mut conflicts = DriftConflicts::default();
        for _ in 0..4 {
            conflicts.corrected(["name", "bandwidth"], Some(1));
            tokio::time::advance(minute * 10).await;
        }
        assert!(conflicts.fields(false, Some(1)).is_empty());
        conflicts.corrected(["name"], Some(1));
        assert_eq!((conflicts.fields(false, Some(1)), conflicts.until()), (vec!["name"], Some(Instant::now() + minute * 20)));
        assert!(conflicts.fields(true, Some(2)).is_empty(), "another spec may be tried once");
        assert_eq!((conflicts.fields(true, Some(1)), conflicts.fields(false, Some(2))), (vec!["name"], vec!["name"]));
        tokio::time::advance(minute * 20).await;
        assert!(conflicts.fields(false, Some(1)).is_empty() && conflicts.until().is_none());
        // One more within the hour of the other four.
        conflicts.corrected(["name"], Some(1));
        assert_eq!(conflicts.fields(false, Some(1)), ["name"]);
        tokio::time::advance(minute * 120).await;
        assert!(conflicts.fields(false, Some(1)).is_empty());
    }
}
