//! Words for what differs from run to run by nature: ids, times, ports, durations, numbers of worlds.

use serde_json::Value;
use std::collections::HashMap;

use crate::simulator::{PARTNER, PROJECT};

/// Made for one recording.
pub struct Normal {
    namespace: String,
    /// What each id stands for.
    ids: HashMap<String, String>,
    /// How many ids stand for things of this name.
    times: HashMap<String, u32>,
}

impl Normal {
    pub fn new(namespace: &str) -> Self {
        Self { namespace: namespace.to_owned(), ids: HashMap::new(), times: HashMap::new() }
    }

    /// The kind and name that the body of a request or answer is about.
    pub fn named(body: &Value) -> Option<(&str, &str)> {
        let (kind, resource) = body.as_object()?.iter().find(|(_, resource)| resource.is_object())?;
        Some((kind, resource["name"].as_str()?))
    }

    /// Takes from a request and its answer what the ids in them stand for.
    pub fn learn_exchange(&mut self, entry: &Value) {
        if entry["method"] != "POST" {
            return;
        }
        let Some((kind, name)) = Self::named(&entry["response_body"]) else { return };
        let resource = &entry["response_body"][kind];
        // The owner's tag begins with the cluster's id.
        for tag in resource["tags"].as_array().into_iter().flatten() {
            let owner = tag["value"].as_str().and_then(|owner| owner.split_once(':'));
            if let Some((cluster, _)) = owner.filter(|(cluster, _)| is_random_id(cluster)) {
                self.learn(cluster, "cluster");
            }
        }
        let name = self.without_ids(name);
        self.learn_id(resource, &format!("{kind} {name}"));
        for peer in resource["vif_peers"].as_array().into_iter().flatten() {
            self.learn_id(peer, &format!("peer of {kind} {name}"));
        }
    }

    fn learn_id(&mut self, resource: &Value, what: &str) {
        if let Some(id) = resource["id"].as_str() {
            self.learn(id, what);
        }
    }

    pub fn learn_object(&mut self, name: &str, versions: &[Value]) {
        let name = self.without_ids(name);
        for version in versions {
            // A VPC is none of what the tests make: a manifest names it.
            if let Some(vpc) = version["spec"]["vpcId"].as_str() {
                self.ids.insert(vpc.to_owned(), vpc.to_owned());
            }
            for (id, what) in [(&version["metadata"]["uid"], "uid of"), (&version["status"]["id"], "id of")] {
                if let Some(id) = id.as_str() {
                    self.learn(id, &format!("{what} {name}"));
                }
            }
        }
    }

    fn learn(&mut self, id: &str, what: &str) -> String {
        if let Some(known) = self.ids.get(id) {
            return known.clone();
        }
        let times = self.times.entry(what.to_owned()).or_default();
        *times += 1;
        let word = if *times == 1 { format!("<{what}>") } else { format!("<{what} #{times}>") };
        self.ids.insert(id.to_owned(), word.clone());
        word
    }

    pub fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(list) => list.iter().map(|one| self.value(one)).collect(),
            Value::Object(fields) => fields.iter().map(|(field, one)| (self.text(field), self.value(one))).collect(),
            plain => plain.clone(),
        }
    }

    pub fn text(&mut self, text: &str) -> String {
        let is_word = |c: char| c.is_ascii_alphanumeric() || "-.:+".contains(c);
        let mut normal = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let end = rest.find(|c| is_word(c) != is_word(first)).unwrap_or(rest.len());
            let (run, after) = rest.split_at(end);
            normal += &if is_word(first) { self.word(run) } else { run.to_owned() };
            rest = after;
        }
        normal
    }

    /// `text` without what may be an id: a name for a thing names no other.
    fn without_ids(&mut self, text: &str) -> String {
        self.text(text).replace(['<', '>'], "")
    }

    /// A run of letters, digits, hyphens, dots and colons.
    fn word(&mut self, word: &str) -> String {
        let core = word.trim_end_matches(['.', ':', '-']);
        let tail = &word[core.len()..];
        if is_time(core) {
            return format!("<time>{tail}");
        }
        if is_duration(core) {
            return format!("<duration>{tail}");
        }
        if let Some(host) =
            ["127.0.0.1", "localhost"].iter().find(|host| core.strip_prefix(**host).is_some_and(|rest| rest.starts_with(':')))
        {
            return format!("{host}:<port>{tail}");
        }
        word.split_inclusive(['.', ':']).map(|piece| self.piece(piece)).collect()
    }

    /// A run of letters, digits and hyphens with what it ends in.
    fn piece(&mut self, piece: &str) -> String {
        let core = piece.trim_end_matches(['.', ':']);
        let tail = &piece[core.len()..];
        if is_random_id(core) || self.ids.contains_key(core) {
            return self.learn(core, "id") + tail;
        }
        if let Some(rest) = core.strip_prefix(&self.namespace)
            && (rest.is_empty() || rest.starts_with('-'))
        {
            return format!("<world>{rest}{tail}");
        }
        if let Some(rest) = core.strip_prefix("world-").map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit())) {
            return format!("<another world>{rest}{tail}");
        }
        piece.to_owned()
    }
}

/// RFC 3339, or its beginning.
fn is_time(word: &str) -> bool {
    let mut shape = word.chars().map(|c| if c.is_ascii_digit() { 'd' } else { c });
    "dddd-dd-ddTdd".chars().all(|expected| shape.next() == Some(expected))
}

fn is_duration(word: &str) -> bool {
    let unit = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    unit.len() < word.len() && ["ms", "s", "m", "min", "h"].contains(&unit)
}

/// A UUID, with hyphens or without, that no person made up.
fn is_random_id(word: &str) -> bool {
    /// So many equal digits on end come by no chance.
    const RUN: usize = 6;
    let hex = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit());
    let is_id = match word.len() {
        32 => hex(word),
        36 => word.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && word.split('-').all(hex),
        _ => false,
    };
    is_id && ![PROJECT, PARTNER].contains(&word) && !word.as_bytes().windows(RUN).any(|run| run.iter().all(|digit| *digit == run[0]))
}
