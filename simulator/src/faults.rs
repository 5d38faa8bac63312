//! Fault injection. A rule skips the first requests of its operation, applies to the next ones and is then removed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::state::Object;

/// A rule as in the admin API.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FaultRule {
    /// Operation id, or `*` for every operation.
    pub operation: String,
    #[serde(flatten)]
    pub fault: Fault,
    /// The number of requests to which it applies.
    #[serde(default = "once")]
    pub times: u32,
    /// The number of requests that it skips first.
    #[serde(default)]
    pub after: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// The operation is executed, then the connection is dropped.
    LoseAnswer,
    /// The connection is dropped, nothing is executed.
    ResetBefore,
    /// The operation is not executed, and this response is sent.
    Status {
        status: u16,
        #[serde(default)]
        code: Option<String>,
        #[serde(default)]
        message: Option<String>,
        /// Seconds of the header `Retry-After`.
        #[serde(default)]
        retry_after_s: Option<u32>,
    },
    /// The operation is executed, and the body of its response is replaced.
    Garbage {
        #[serde(default)]
        format: GarbageFormat,
        #[serde(default)]
        body: Option<String>,
        #[serde(default = "default_mib")]
        mib: usize,
    },
    /// The operation is executed, and fields of the resources in its response are replaced or removed.
    SetFields {
        /// The resource, which can be a peer. Without it: the resource of the response, or each one of its list.
        #[serde(default)]
        id: Option<String>,
        #[serde(default)]
        fields: Object,
        #[serde(default)]
        remove: Vec<String>,
    },
    /// Execution is delayed.
    Delay { ms: u64 },
    /// The operation is executed, and its response is delayed.
    LateAnswer { ms: u64 },
    /// The change ends in status ERROR. Does not apply to reads.
    ErrorState { reason: String },
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GarbageFormat {
    #[default]
    Html,
    Truncated,
    NotJson,
    Huge,
    Empty,
}

#[derive(Default)]
pub struct Faults {
    rules: Vec<FaultRule>,
}

/// The faults that apply to one request, at most one of each kind.
#[derive(Default)]
pub struct ActiveFaults {
    faults: Vec<Fault>,
}

impl Faults {
    pub fn add(&mut self, rule: FaultRule) {
        self.rules.push(rule);
    }

    pub fn clear(&mut self) {
        self.rules.clear();
    }

    pub fn rules(&self) -> &[FaultRule] {
        &self.rules
    }

    /// The faults that apply to this request of an operation, which the rules count.
    pub fn take(&mut self, operation: &str, is_read: bool) -> ActiveFaults {
        let mut active = ActiveFaults::default();
        for rule in &mut self.rules {
            let skips_reads = is_read && matches!(rule.fault, Fault::ErrorState { .. });
            let matches = rule.operation == "*" || rule.operation == operation;
            if skips_reads || !matches || active.has_kind(&rule.fault) {
                continue;
            }
            if rule.after > 0 {
                rule.after -= 1;
            } else if rule.times > 0 {
                rule.times -= 1;
                active.faults.push(rule.fault.clone());
            }
        }
        self.rules.retain(|rule| rule.times > 0);
        active
    }
}

impl ActiveFaults {
    pub fn delay_ms(&self) -> u64 {
        self.faults.iter().map(|fault| if let Fault::Delay { ms } = fault { *ms } else { 0 }).sum()
    }

    pub fn response_delay_ms(&self) -> u64 {
        self.faults.iter().map(|fault| if let Fault::LateAnswer { ms } = fault { *ms } else { 0 }).sum()
    }

    pub fn error_reason(&self) -> Option<&str> {
        self.faults.iter().find_map(|fault| if let Fault::ErrorState { reason } = fault { Some(reason.as_str()) } else { None })
    }

    /// The fault that replaces or drops the response.
    pub fn response_fault(&self) -> Option<&Fault> {
        self.faults.iter().find(|fault| !matches!(fault, Fault::Delay { .. } | Fault::LateAnswer { .. } | Fault::ErrorState { .. }))
    }

    fn has_kind(&self, fault: &Fault) -> bool {
        self.faults.iter().any(|other| std::mem::discriminant(other) == std::mem::discriminant(fault))
    }
}

impl Fault {
    /// The kind in the admin API.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::LoseAnswer => "lose_answer",
            Self::ResetBefore => "reset_before",
            Self::Status { .. } => "status",
            Self::Garbage { .. } => "garbage",
            Self::SetFields { .. } => "set_fields",
            Self::Delay { .. } => "delay",
            Self::LateAnswer { .. } => "late_answer",
            Self::ErrorState { .. } => "error_state",
        }
    }
}

/// Replaces `fields` and removes `remove` in the resources of a response body.
pub fn set_fields(body: &[u8], id: Option<&str>, fields: &Object, remove: &[String]) -> Vec<u8> {
    let Ok(Value::Object(mut document)) = serde_json::from_slice(body) else {
        return body.to_vec();
    };
    let inner = document.iter_mut().filter(|(key, _)| *key != "page_info").map(|(_, value)| value);
    let mut resources = inner.flat_map(objects).collect::<Vec<_>>();
    while let Some(resource) = resources.pop() {
        if id.is_none_or(|id| resource.get("id").is_some_and(|found| found == id)) {
            resource.extend(fields.clone());
            resource.retain(|key, _| !remove.contains(key));
        } else {
            resources.extend(resource.values_mut().flat_map(objects));
        }
    }
    Value::Object(document).to_string().into_bytes()
}

/// The object, or the objects of the list.
fn objects(value: &mut Value) -> Vec<&mut Object> {
    match value {
        Value::Object(object) => vec![object],
        Value::Array(list) => list.iter_mut().filter_map(Value::as_object_mut).collect(),
        _ => Vec::new(),
    }
}

/// The body that replaces the one of the response.
pub fn garbage(format: GarbageFormat, body: Option<&str>, mib: usize, original: &[u8]) -> Vec<u8> {
    match (body, format) {
        (Some(body), _) => body.as_bytes().to_vec(),
        (None, GarbageFormat::Html) => b"<html><body><h1>502 Bad Gateway</h1></body></html>".to_vec(),
        (None, GarbageFormat::Truncated) => original.get(..original.len() / 2).unwrap_or_default().to_vec(),
        (None, GarbageFormat::NotJson) => b"\x00\xff{]not json".to_vec(),
        (None, GarbageFormat::Huge) => [b"{\"huge\":\"".as_slice(), &vec![b'x'; mib << 20], b"\"}"].concat(),
        (None, GarbageFormat::Empty) => Vec::new(),
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
    fn a_rule_skips_requests_applies_and_is_removed() {
        let mut faults = Faults::default();
        let rule = serde_json::json!({"operation": "CreateVirtualGateway", "kind": "lose_answer", "times": 2, "after": 1});
        faults.add(serde_json::from_value(rule).unwrap());
        let mut is_lost = |operation| faults.take(operation, false).response_fault().is_some();
        assert!(!is_lost("DeleteVirtualGateway"));
        let lost = [(); 4].map(|()| is_lost("CreateVirtualGateway"));
        assert_eq!(lost, [false, true, true, false]);
        assert!(faults.rules().is_empty());
    }
}
