//! The frame of the page: head, summary, sections, foot.

use std::fmt::Write;

use super::{Page, sections};
use crate::escape::Text;
use crate::marks;
use crate::summary::State;

/// All of the design: colours of both schemes, print, columns.
const STYLE: &str = include_str!("page.css");
/// Lines whose picture can be read on one printed page.
const ON_ONE_PAGE: usize = 8;

/// The page as one HTML file.
#[must_use]
pub fn html(page: &Page) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write(page, &mut out);
    out
}

fn write(page: &Page, out: &mut String) -> std::fmt::Result {
    let scope = Text(&page.scope);
    // Nothing may be loaded or run, whatever a name or a message holds.
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>Direct Connect, {scope}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>"
    )?;
    header(page, out)?;
    out.write_str("<main>\n")?;
    if !page.is_unreadable {
        sections::lines(&page.lines, out)?;
        topology(page, out)?;
    }
    sections::conditions(&page.objects, out)?;
    if !page.is_unreadable {
        sections::drift(&page.drift, out)?;
    }
    sections::accounts(&page.accounts, out)?;
    sections::unread(&page.unread, out)?;
    out.write_str("</main>\n")?;
    footer(page, out)?;
    out.write_str("</body>\n</html>\n")
}

fn header(page: &Page, out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "<header>\n<p class=\"kicker\">Direct Connect</p>\n<h1>{}</h1>\n<p class=\"scope\">{} · <time>{}</time></p>\n<ul class=\"summary\">",
        headline(page),
        Text(&page.scope),
        Text(&page.at)
    )?;
    for state in [State::Failing, State::Pending, State::Unknown, State::Working] {
        let count = page.lines.iter().filter(|line| line.state == state).count();
        let class = if count == 0 { "none" } else { marks::class(state) };
        writeln!(out, "<li class=\"{class}\"><b>{count}</b> {}</li>", marks::word(state).to_lowercase())?;
    }
    let class = if page.drift.is_empty() { "none" } else { "pending" };
    let fields = if page.drift.len() == 1 { "field" } else { "fields" };
    writeln!(out, "<li class=\"{class}\"><b>{}</b> drifted {fields}</li>\n</ul>\n<nav>", page.drift.len())?;
    let sections = [
        ("lines", "Lines", !page.is_unreadable),
        ("topology", "Topology", !page.topology.is_empty()),
        ("conditions", "Conditions", true),
        ("drift", "Drift", !page.is_unreadable),
        ("accounts", "Accounts", !page.accounts.is_empty()),
        ("unread", "Not read", !page.unread.is_empty()),
    ];
    for (id, heading, _) in sections.into_iter().filter(|(_, _, is_there)| *is_there) {
        writeln!(out, "<a href=\"#{id}\">{heading}</a>")?;
    }
    out.write_str("</nav>\n</header>\n")
}

/// The picture. On paper a small one is kept on one page.
fn topology(page: &Page, out: &mut String) -> std::fmt::Result {
    if page.topology.is_empty() {
        return Ok(());
    }
    let class = if page.lines.len() > ON_ONE_PAGE { "figure tall" } else { "figure" };
    writeln!(out, "<section id=\"topology\">\n<h2>Topology</h2>\n<div class=\"{class}\">\n{}</div>\n</section>", page.topology)
}

/// What matters most, as a sentence.
fn headline(page: &Page) -> String {
    let sick = page.lines.iter().filter(|line| line.state != State::Working).count();
    match (page.lines.len(), sick) {
        _ if page.is_unreadable => "No lines can be read".to_owned(),
        (0, _) => "No lines".to_owned(),
        (1, 0) => "The line works".to_owned(),
        (1, _) => "The line needs attention".to_owned(),
        (all, 0) => format!("All {all} lines work"),
        (all, 1) => format!("1 of {all} lines needs attention"),
        (all, sick) => format!("{sick} of {all} lines need attention"),
    }
}

fn footer(page: &Page, out: &mut String) -> std::fmt::Result {
    write!(out, "<footer>\n<p>Made by <code>kubectl dc report</code> {} from the statuses of the objects", Text(&page.plugin))?;
    match page.operators.as_slice() {
        [] => {}
        operators => {
            out.write_str("; the operator is ")?;
            for (number, image) in operators.iter().enumerate() {
                write!(out, "{}<code>{}</code>", if number == 0 { "" } else { ", " }, Text(image))?;
            }
        }
    }
    out.write_str(".</p>\n</footer>\n")
}
