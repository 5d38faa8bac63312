//! Tables as kubectl prints them: upper-case headers, columns three spaces apart, no lines.

use anstyle::Style;
use comfy_table::{ContentArrangement, TableStyle};

use crate::escape::visible;

/// A table. Cells have one line each.
pub struct Table {
    cells: comfy_table::Table,
    /// Of each row.
    styles: Vec<Style>,
}

impl Table {
    /// With these headers.
    #[must_use]
    pub fn new<'a>(headers: impl IntoIterator<Item = &'a str>) -> Self {
        let mut cells = comfy_table::Table::new();
        cells.load_style(TableStyle::new()).set_content_arrangement(ContentArrangement::Disabled).set_header(headers);
        cells.column_iter_mut().for_each(|column| _ = column.set_padding((0, 3)));
        Self { cells, styles: Vec::new() }
    }

    /// Adds a row. A cell without a value is `-`.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.styled_row(Style::new(), cells);
    }

    /// Adds a row that stands out.
    pub fn styled_row(&mut self, style: Style, cells: impl IntoIterator<Item = String>) {
        let cells = cells.into_iter().map(|cell| if cell.is_empty() { "-".to_owned() } else { visible(&cell).into_owned() });
        self.cells.add_row(cells);
        self.styles.push(style);
    }

    /// Whether it has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.styles.is_empty()
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let styles = std::iter::once(Style::new()).chain(self.styles.iter().copied());
        for (line, style) in self.cells.lines().zip(styles) {
            writeln!(f, "{style}{}{style:#}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_three_spaces_apart_and_no_line_ends_with_spaces() {
        let mut table = Table::new(["NAME", "READY", "MESSAGE"]);
        table.row(["office".to_owned(), "True".to_owned(), String::new()]);
        table.row(["a-longer-name".to_owned(), "False".to_owned(), "two\nlines\u{1b}[8m".to_owned()]);
        assert_eq!(
            table.to_string(),
            "NAME            READY   MESSAGE\noffice          True    -\na-longer-name   False   two lines\\u{1b}[8m\n"
        );
    }
}
