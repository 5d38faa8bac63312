//! Faults that a test asks for.
//!
//! A rule waits for requests of its operation, lets some pass, strikes a number of times and is gone.

use serde::{Deserialize, Serialize};

/// A rule as the admin API takes and shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// Operation id, or `*` for every operation.
    pub operation: String,
    #[serde(flatten)]
    pub fault: Fault,
    /// How many requests it strikes.
    #[serde(default = "once")]
    pub times: u32,
    /// How many requests pass before.
    #[serde(default)]
    pub after: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// The operation is executed, the connection dropped.
    LoseAnswer,
    /// The connection is dropped, nothing is executed.
    ResetBefore,
    /// This answer in place of execution.
    Status {
        status: u16,
        #[serde(default)]
        code: Option<String>,
        #[serde(default)]
        message: Option<String>,
    },
    /// The operation is executed, its answer replaced by something that is none.
    Garbage {
        #[serde(default)]
        format: Format,
        #[serde(default)]
        body: Option<String>,
        #[serde(default = "default_mib")]
        mib: usize,
    },
    /// Execution waits.
    Delay { ms: u64 },
    /// The operation is executed, and its answer waits.
    LateAnswer { ms: u64 },
    /// The change settles into ERROR. Reads are not struck.
    ErrorState { reason: String },
}

/// What garbage looks like.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    #[default]
    Html,
    Truncated,
    NotJson,
    Huge,
    Empty,
}

/// The rules that still wait.
#[derive(Default)]
pub struct Faults {
    rules: Vec<Rule>,
}

/// The faults that strike one request: at most one of each kind.
#[derive(Default)]
pub struct Strike {
    faults: Vec<Fault>,
}

impl Faults {
    pub fn add(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    pub fn clear(&mut self) {
        self.rules.clear();
    }

    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What strikes a request of an operation.
    pub fn strike(&mut self, operation: &str, is_read: bool) -> Strike {
        let mut strike = Strike::default();
        for rule in &mut self.rules {
            let spared = is_read && matches!(rule.fault, Fault::ErrorState { .. });
            let concerned = rule.operation == "*" || rule.operation == operation;
            if spared || !concerned || strike.has_kind(&rule.fault) {
                continue;
            }
            if rule.after > 0 {
                rule.after -= 1;
            } else if rule.times > 0 {
                rule.times -= 1;
                strike.faults.push(rule.fault.clone());
            }
        }
        self.rules.retain(|rule| rule.times > 0);
        strike
    }
}

impl Strike {
    pub fn delay_ms(&self) -> u64 {
        self.faults.iter().map(|fault| if let Fault::Delay { ms } = fault { *ms } else { 0 }).sum()
    }

    pub fn late_ms(&self) -> u64 {
        self.faults.iter().map(|fault| if let Fault::LateAnswer { ms } = fault { *ms } else { 0 }).sum()
    }

    pub fn error_reason(&self) -> Option<&str> {
        self.faults.iter().find_map(|fault| if let Fault::ErrorState { reason } = fault { Some(reason.as_str()) } else { None })
    }

    /// The fault that decides what becomes of the request or its answer.
    pub fn of_the_answer(&self) -> Option<&Fault> {
        self.faults.iter().find(|fault| !matches!(fault, Fault::Delay { .. } | Fault::LateAnswer { .. } | Fault::ErrorState { .. }))
    }

    fn has_kind(&self, fault: &Fault) -> bool {
        self.faults.iter().any(|other| std::mem::discriminant(other) == std::mem::discriminant(fault))
    }
}

impl Fault {
    /// The kind, as the admin API names it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::LoseAnswer => "lose_answer",
            Self::ResetBefore => "reset_before",
            Self::Status { .. } => "status",
            Self::Garbage { .. } => "garbage",
            Self::Delay { .. } => "delay",
            Self::LateAnswer { .. } => "late_answer",
            Self::ErrorState { .. } => "error_state",
        }
    }
}

/// A body of the wanted kind in place of the true one.
pub fn garbage(format: Format, body: Option<&str>, mib: usize, answer: &[u8]) -> Vec<u8> {
    match (body, format) {
        (Some(body), _) => body.as_bytes().to_vec(),
        (None, Format::Html) => b"<html><body><h1>502 Bad Gateway</h1></body></html>".to_vec(),
        (None, Format::Truncated) => answer.get(..answer.len() / 2).unwrap_or_default().to_vec(),
        (None, Format::NotJson) => b"\x00\xff{]not json".to_vec(),
        (None, Format::Huge) => [b"{\"huge\":\"".as_slice(), &vec![b'x'; mib << 20], b"\"}"].concat(),
        (None, Format::Empty) => Vec::new(),
    }
}

fn once() -> u32 {
    1
}

fn default_mib() -> usize {
    64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_lets_pass_strikes_and_goes() {
        let mut faults = Faults::default();
        let rule = serde_json::json!({"operation": "CreateVirtualGateway", "kind": "lose_answer", "times": 2, "after": 1});
        faults.add(serde_json::from_value(rule).unwrap());
        let mut struck = |operation| faults.strike(operation, false).of_the_answer().is_some();
        assert!(!struck("DeleteVirtualGateway"));
        let strikes = [(); 4].map(|()| struck("CreateVirtualGateway"));
        assert_eq!(strikes, [false, true, true, false]);
        assert!(faults.rules().is_empty());
    }
}
