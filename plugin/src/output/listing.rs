//! A list of rows in each format of `-o`.

use serde::Serialize;
use serde_json::json;

use super::{Format, Table, document, print};
use crate::error::Error;

/// A column of a list.
pub struct Column<T> {
    /// Header.
    pub header: &'static str,
    /// Whether only `-o wide` shows it.
    pub is_wide: bool,
    /// The cell of a row.
    pub cell: fn(&T) -> String,
}

impl<T> Column<T> {
    /// A column that each table has.
    pub const fn new(header: &'static str, cell: fn(&T) -> String) -> Self {
        Self { header, is_wide: false, cell }
    }

    /// A column of `-o wide`.
    pub const fn wide(header: &'static str, cell: fn(&T) -> String) -> Self {
        Self { header, is_wide: true, cell }
    }
}

/// Prints `items` as a table, as names by `name`, or as a document of this kind with the field `items`.
///
/// # Errors
/// Standard output can't be written.
pub fn list<T: Serialize>(kind: &str, items: &[T], format: Format, columns: &[Column<T>], name: fn(&T) -> String) -> Result<(), Error> {
    match format {
        Format::Json | Format::Yaml => document(kind, &json!({ "items": items }), format),
        Format::Name => print(&items.iter().map(|item| name(item) + "\n").collect::<String>()),
        Format::Table | Format::Wide => {
            let shown: Vec<&Column<T>> = columns.iter().filter(|column| format == Format::Wide || !column.is_wide).collect();
            let mut table = Table::new(shown.iter().map(|column| column.header));
            for item in items {
                table.row(shown.iter().map(|column| (column.cell)(item)));
            }
            if table.is_empty() { Ok(()) } else { print(&table.to_string()) }
        }
    }
}

/// A number, or nothing.
#[must_use]
pub fn number(number: Option<i64>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}
