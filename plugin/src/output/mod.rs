//! What commands print. Standard output is data, standard error is for people: progress, warnings, questions.

mod age;
mod listing;
pub mod style;
mod table;

use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::Error;

pub use age::age;
pub use listing::{Column, list, number};
pub use table::Table;

/// `apiVersion` of the JSON and YAML output. Fields are added without a new version; none is removed or changes its meaning.
pub const API_VERSION: &str = "plugin.directconnect.huaweicloud.com/v1alpha1";

/// Formats of `-o`, as kubectl has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table.
    #[default]
    Table,
    /// A table with more columns.
    Wide,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// Names only, as `kubectl get -o name`.
    Name,
}

/// Whether output has colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Sets it for all output of the process.
    pub fn set(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// Prints `content` as a document of this kind, in JSON or YAML.
///
/// # Errors
/// Standard output is closed.
pub fn document(kind: &str, content: &impl Serialize, format: Format) -> Result<(), Error> {
    print(&document_text(kind, content, format)?)
}

/// `content` as a document of this kind, in JSON or YAML.
///
/// # Errors
/// Never in practice: what is printed is plain data.
pub fn document_text(kind: &str, content: &impl Serialize, format: Format) -> Result<String, Error> {
    let mut document = json!({ "apiVersion": API_VERSION, "kind": kind });
    let content = serde_json::to_value(content).map_err(|error| Error::Usage(format!("{kind}: {error}")))?;
    if let (Value::Object(document), Value::Object(content)) = (&mut document, content) {
        document.extend(content);
    }
    text(&document, format)
}

/// A value as JSON, or as YAML where the format is not JSON.
///
/// # Errors
/// Never in practice: a value is plain data.
pub fn text(value: &Value, format: Format) -> Result<String, Error> {
    let text = if format == Format::Json {
        serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(|error| error.to_string())
    } else {
        serde_saphyr::to_string(value).map_err(|error| error.to_string())
    };
    text.map_err(|error| Error::Usage(format!("output: {error}")))
}

/// Writes to standard output; a reader that has gone, like `head`, is no error.
///
/// # Errors
/// Standard output can't be written.
pub fn print(text: &str) -> Result<(), Error> {
    print_on(text).map(drop)
}

/// As [`print()`], and tells whether the reader is still there.
///
/// # Errors
/// Standard output can't be written.
pub fn print_on(text: &str) -> Result<bool, Error> {
    use std::io::Write;
    let mut output = anstream::stdout();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        written => written.map(|()| true).map_err(Error::file("standard output")),
    }
}

/// The beginning of a text, with `…` where it goes on behind `limit` characters.
#[must_use]
pub fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    text.chars().take(limit.saturating_sub(1)).chain(['…']).collect()
}
