//! Compares what two versions do and tell in the same tests.
//!
//! ```text
//! DC_RECORD=/tmp/before cargo test --test lifecycle -- lives samples        # in a work tree of the version before
//! DC_RECORD=/tmp/after cargo test --test lifecycle -- lives samples         # in this one
//! cargo run --example compare-recordings -- /tmp/before /tmp/after
//! ```
//!
//! Several folders of the version before may be given, the last is the one after: then only that differs which is in each run before and not in the one
//! after, or in the one after and in no run before. So what a run shows only at times, by its timing, is no difference.
//!
//! States in which the cloud was busy are left out, since it depends on timing whether the operator looked just then; `--all-states` compares them, too.
//!
//! Prints the tests that differ and how, and ends with 1 if any does. The mutations about one resource that took place are compared in their
//! order, those about different ones in none; refused ones, conditions' states and events are compared as sets, since how often they come depends on timing.
//! `--ignore-messages` leaves out texts for people, `--rename OLD=NEW` takes a word of the version before for another, `--ignore WORD` leaves out lines with
//! WORD, `--ignore-states` leaves out the states that objects went through.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a tool of tests fails by panicking")]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const MESSAGES: [&str; 2] = ["message", "note"];
/// Reasons of `Reconciling` while the cloud works on something.
const BUSY: [&str; 4] = ["Creating", "Settling", "Updating", "Deleting"];

#[derive(Default)]
struct Options {
    folders: Vec<PathBuf>,
    ignore_messages: bool,
    ignore_states: bool,
    all_states: bool,
    ignored: Vec<String>,
    renamed: Vec<(String, String)>,
}

impl Options {
    /// A recording of the version before in the words of the one after.
    fn renamed(&self, text: &str) -> String {
        self.renamed.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    }
}

fn main() -> ExitCode {
    let options = options();
    let Some((after, before)) = options.folders.split_last().filter(|(_, before)| !before.is_empty()) else {
        eprintln!(
            "usage: compare-recordings [--ignore-messages] [--ignore-states | --all-states] [--ignore WORD]… [--rename OLD=NEW]… BEFORE… AFTER"
        );
        return ExitCode::from(2);
    };
    let new = recordings(after);
    let old: Vec<_> = before.iter().map(|folder| recordings(folder)).collect();
    let tests: BTreeSet<&String> = old.iter().flat_map(BTreeMap::keys).chain(new.keys()).collect();
    let mut differ = 0;
    for test in &tests {
        let runs: Vec<BTreeSet<String>> =
            old.iter().filter_map(|run| run.get(*test)).map(|text| lines(&options.renamed(text), &options)).collect();
        let (Some(new), false) = (new.get(*test), runs.is_empty()) else {
            println!("{test}: recorded only {}", if runs.is_empty() { "after" } else { "before" });
            differ += 1;
            continue;
        };
        let new = lines(new, &options);
        let always = runs.iter().skip(1).fold(runs[0].clone(), |always, run| &always & run);
        let ever = runs.iter().flatten().cloned().collect();
        let mut all: Vec<_> =
            always.difference(&new).map(|line| (line, '-')).chain(new.difference(&ever).map(|line| (line, '+'))).collect();
        all.sort();
        if all.is_empty() {
            continue;
        }
        println!("{test}:");
        differ += 1;
        for (line, sign) in all {
            println!("  {sign} {line}");
        }
    }
    println!("{differ} of {} recordings differ", tests.len());
    if differ == 0 && !tests.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn options() -> Options {
    let mut options = Options::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--ignore-messages" => options.ignore_messages = true,
            "--all-states" => options.all_states = true,
            "--ignore-states" => options.ignore_states = true,
            "--ignore" => options.ignored.push(arguments.next().expect("a word after --ignore")),
            "--rename" => {
                let pair = arguments.next().expect("OLD=NEW after --rename");
                let (from, to) = pair.split_once('=').expect("OLD=NEW after --rename");
                options.renamed.push((from.to_owned(), to.to_owned()));
            }
            folder => options.folders.push(folder.into()),
        }
    }
    options
}

/// The text of each recording, by its test.
fn recordings(folder: &Path) -> BTreeMap<String, String> {
    let files = folder.read_dir().unwrap_or_else(|error| panic!("{}: {error}", folder.display())).flatten().map(|entry| entry.path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap())).collect()
}

/// What a recording says, a fact a line.
fn lines(text: &str, options: &Options) -> BTreeSet<String> {
    let mut recording: Value = serde_json::from_str(text).unwrap();
    if options.ignore_messages {
        without_messages(&mut recording["objects"]);
        without_messages(&mut recording["events"]);
    }
    let mut lines = BTreeSet::new();
    for (about, mutations) in recording["mutations"].as_object().unwrap() {
        let mut number = 0;
        for mutation in mutations.as_array().unwrap() {
            let took_place = mutation["status"].as_u64().is_none_or(|status| status < 400);
            number += usize::from(took_place);
            let which = if took_place { format!("mutation {number}") } else { "refused mutation".to_owned() };
            lines.insert(format!("{which} of {about}: {} {}", mutation["call"], without_call(mutation)));
        }
    }
    for (object, told) in recording["objects"].as_object().unwrap() {
        let mut told = told.clone();
        for condition in told["last"]["conditions"].as_object_mut().into_iter().flat_map(serde_json::Map::values_mut) {
            if condition["status"] == "Unknown" {
                condition["reason"] = Value::Null;
            }
        }
        leaves(&format!("{object}: last status"), &told["last"], &mut lines);
        if !options.ignore_states {
            let states = told["states"].as_array().unwrap().iter().filter_map(Value::as_str);
            let states = states.filter(|state| options.all_states || !is_busy(state));
            lines.extend(states.map(|state| format!("{object}: state {}", without_guess(state))));
        }
    }
    lines.extend(recording["events"].as_array().unwrap().iter().map(|event| format!("event {event}")));
    lines.retain(|line| !options.ignored.iter().any(|word| line.contains(word)));
    lines
}

fn is_busy(state: &str) -> bool {
    let reason = state.split(' ').find_map(|condition| condition.strip_prefix("Reconciling=True/"));
    reason.is_some_and(|reason| BUSY.contains(&reason))
}

/// A state whose unknown conditions have no reason: it is that of an earlier state at times.
fn without_guess(state: &str) -> String {
    let conditions = state.split(' ').map(|condition| condition.split_once("=Unknown/").map_or(condition, |(name, _)| name));
    conditions.collect::<Vec<_>>().join(" ")
}

fn without_call(mutation: &Value) -> Value {
    let fields = mutation.as_object().unwrap().iter().filter(|(field, value)| *field != "call" && !value.is_null());
    fields.map(|(field, value)| (field.clone(), value.clone())).collect()
}

fn without_messages(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|field, _| !MESSAGES.contains(&field.as_str()));
            fields.values_mut().for_each(without_messages);
        }
        Value::Array(list) => list.iter_mut().for_each(without_messages),
        _ => {}
    }
}

/// Every plain value with its path.
fn leaves(path: &str, value: &Value, lines: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(field, one)| leaves(&format!("{path}.{field}"), one, lines));
        }
        Value::Array(list) if !list.is_empty() => {
            list.iter().enumerate().for_each(|(index, one)| leaves(&format!("{path}[{index}]"), one, lines));
        }
        plain => {
            lines.insert(format!("{path} = {plain}"));
        }
    }
}
