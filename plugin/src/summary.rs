//! What the conditions of an object say, in one line.

use direct_connect_operator::api::{ConditionType, Drift, Reason};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use serde::Serialize;

use crate::object::Object;

/// How an object is, from the worst to the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum State {
    /// It does not work, or will not without somebody's help.
    Failing,
    /// The operator works on it or waits for something, or holds still because somebody said so.
    Pending,
    /// It says nothing: it was not reconciled yet, or can't be read.
    Unknown,
    /// It is Ready, and Healthy where it can be.
    Working,
}

/// An object in one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// How it is.
    pub state: State,
    /// Status of the condition `Ready`; empty without one.
    pub ready: String,
    /// Status of the condition `Healthy`; empty without one: some kinds can't be healthy or not.
    pub healthy: String,
    /// Reason of the condition that tells most.
    pub reason: String,
    /// Message of that condition.
    pub message: String,
    /// Since when that condition has its status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// Fields in which the cloud differs from the spec.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Drift>,
}

impl Summary {
    /// Of an object.
    #[must_use]
    pub fn of(object: &Object) -> Self {
        let [ready, healthy, synced, stalled] =
            [ConditionType::Ready, ConditionType::Healthy, ConditionType::Synced, ConditionType::Stalled]
                .map(|type_| object.condition(type_));
        let is = |condition: &Option<Condition>, status: &str| condition.as_ref().is_some_and(|condition| condition.status == status);
        // What is paused tells of it in `Synced` alone, and keeps what `Ready` said before.
        let paused = synced.as_ref().filter(|synced| synced.reason == Reason::Paused.as_str());
        let is_known = object.is_current() && ready.is_some();
        let state = if is(&stalled, "True") || is(&healthy, "False") {
            State::Failing
        } else if paused.is_some() || object.is_deleting() || is(&synced, "False") || is(&ready, "False") {
            State::Pending
        } else if !is_known || is(&healthy, "Unknown") {
            State::Unknown
        } else {
            State::Working
        };
        let down = healthy.as_ref().filter(|healthy| healthy.status == "False" && !is(&stalled, "True"));
        let differing = synced.as_ref().filter(|synced| synced.status == "False" && is(&ready, "True"));
        let telling = paused.or(down).or(differing).or(ready.as_ref());
        Self {
            state,
            reason: telling.map(|condition| condition.reason.clone()).unwrap_or_default(),
            message: telling.map(|condition| condition.message.clone()).unwrap_or_default(),
            since: telling.map(|condition| condition.last_transition_time.clone()),
            drift: object.read("/status/drift").unwrap_or_default(),
            ready: ready.map(|condition| condition.status).unwrap_or_default(),
            healthy: healthy.map(|condition| condition.status).unwrap_or_default(),
        }
    }

    /// Whether it is Ready, and Healthy where it can be; paused or not.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.ready == "True" && ["True", ""].contains(&self.healthy.as_str())
    }

    /// What is worth reading at a glance: of what works the reason alone.
    #[must_use]
    pub fn brief(&self) -> String {
        if self.state == State::Working { self.reason.clone() } else { self.told() }
    }

    /// Reason and message as one text.
    #[must_use]
    pub fn told(&self) -> String {
        match (self.reason.as_str(), self.message.as_str()) {
            (reason, "") => reason.to_owned(),
            (reason, message) => format!("{reason}: {message}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    use crate::fixtures;

    /// An interface with these conditions: type, status, reason.
    fn interface(metadata: &Value, conditions: &[(&str, &str, &str)]) -> Object {
        let messages: Vec<String> = conditions.iter().map(|(type_, ..)| format!("of {type_}")).collect();
        let conditions: Vec<_> = conditions
            .iter()
            .zip(&messages)
            .map(|((type_, status, reason), message)| (*type_, *status, *reason, message.as_str()))
            .collect();
        let mut object = fixtures::conditions(fixtures::object("VirtualInterface", "team", "office", json!({})), &conditions);
        object.value["metadata"].as_object_mut().unwrap().extend(metadata.as_object().unwrap().clone());
        object
    }

    #[test]
    fn the_worst_condition_tells() {
        let (ready, healthy, synced) = (("Ready", "True", "Available"), ("Healthy", "True", "Up"), ("Synced", "True", "Available"));
        let rows = [
            ("works", json!({}), vec![ready, healthy, synced], State::Working, "of Ready"),
            ("has no health", json!({}), vec![ready, synced], State::Working, "of Ready"),
            ("is down", json!({}), vec![ready, ("Healthy", "False", "Down"), synced], State::Failing, "of Healthy"),
            ("is not settled", json!({}), vec![ready, ("Healthy", "Unknown", "Creating"), synced], State::Unknown, "of Ready"),
            (
                "is being created",
                json!({}),
                vec![("Ready", "False", "Creating"), ("Healthy", "Unknown", "Creating"), ("Reconciling", "True", "Creating")],
                State::Pending,
                "of Ready",
            ),
            (
                "is stalled, and down too",
                json!({}),
                vec![("Ready", "False", "Invalid"), ("Stalled", "True", "Invalid"), ("Healthy", "False", "Down")],
                State::Failing,
                "of Ready",
            ),
            ("differs", json!({}), vec![ready, healthy, ("Synced", "False", "Drifted")], State::Pending, "of Synced"),
            ("is paused", json!({}), vec![ready, healthy, ("Synced", "False", "Paused")], State::Pending, "of Synced"),
            ("is being deleted", json!({ "deletionTimestamp": "2026-01-02T03:04:05Z" }), vec![ready, healthy], State::Pending, "of Ready"),
            ("has changed since", json!({ "generation": 2 }), vec![ready, healthy, synced], State::Unknown, "of Ready"),
            ("says nothing", json!({}), vec![], State::Unknown, ""),
        ];
        for (row, metadata, conditions, state, message) in rows {
            let summary = Summary::of(&interface(&metadata, &conditions));
            assert_eq!((summary.state, summary.message.as_str()), (state, message), "{row}");
            let works = ["works", "has no health", "differs", "is paused", "is being deleted", "has changed since"].contains(&row);
            assert_eq!(summary.is_healthy(), works, "{row}");
        }
    }

    #[test]
    fn failing_ones_come_first() {
        let mut states = [State::Working, State::Unknown, State::Failing, State::Pending];
        states.sort();
        assert_eq!(states, [State::Failing, State::Pending, State::Unknown, State::Working]);
    }
}
