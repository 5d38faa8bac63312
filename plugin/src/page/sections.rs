//! The sections of the page: tables, each with a heading.

use std::fmt::{Result, Write};

use super::{Account, Checked, Condition, Drift, Line, Quota, Unread};
use crate::escape::Text;
use crate::marks;
use crate::summary::State;

/// The lines; what is wrong with one stands below it, in full.
pub fn lines(lines: &[Line], out: &mut String) -> Result {
    out.write_str("<section id=\"lines\">\n<h2>Lines</h2>\n")?;
    if lines.is_empty() {
        return out.write_str("<p class=\"empty\">There is no virtual interface here.</p>\n</section>\n");
    }
    let columns = [
        ("state", "State"),
        ("name", "Line"),
        ("gateway", "Gateway"),
        ("connection", "Connection"),
        ("number", "VLAN"),
        ("number", "Mbit/s"),
        ("routing", "Routing"),
        ("since", "Since"),
    ];
    begin_table("lines", &columns, out)?;
    for line in lines {
        let class = marks::class(line.state);
        write!(out, "<tbody class=\"{class}\">\n<tr><td>")?;
        state(line.state, out)?;
        out.write_str("</td><th scope=\"row\">")?;
        name(&line.namespace, &line.name, out)?;
        writeln!(
            out,
            "</th><td>{}</td><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td><td>{}</td><td class=\"since\">{}</td></tr>",
            or_dash(&line.gateway),
            or_dash(&line.connection),
            or_dash(&line.vlan),
            or_dash(&line.bandwidth),
            or_dash(&line.routing),
            or_dash(&line.since),
        )?;
        if !line.message.is_empty() {
            writeln!(out, "<tr class=\"message\"><td></td><td colspan=\"7\">{}</td></tr>", Text(&line.message))?;
        }
        out.write_str("</tbody>\n")?;
    }
    end_table(out)
}

/// The conditions: of what is not well with messages and advice, of the others folded.
pub fn conditions(objects: &[Checked], out: &mut String) -> Result {
    out.write_str("<section id=\"conditions\">\n<h2>Conditions</h2>\n")?;
    let (well, sick): (Vec<&Checked>, Vec<&Checked>) = objects.iter().partition(|object| object.state == State::Working);
    if sick.is_empty() {
        out.write_str("<p class=\"empty\">No object needs attention.</p>\n")?;
    }
    for object in sick {
        write!(out, "<article class=\"{}\">\n<h3>", marks::class(object.state))?;
        state(object.state, out)?;
        name(&object.namespace, &object.name, out)?;
        out.write_str("</h3>\n")?;
        condition_table(&object.conditions, out)?;
        if !object.advice.is_empty() {
            out.write_str("<dl class=\"advice\">\n")?;
            for (reason, advice) in &object.advice {
                writeln!(out, "<div><dt>{}</dt><dd>{}</dd></div>", Text(reason), code(advice))?;
            }
            out.write_str("</dl>\n")?;
        }
        out.write_str("</article>\n")?;
    }
    if !well.is_empty() {
        let (count, objects) = (well.len(), if well.len() == 1 { "object" } else { "objects" });
        writeln!(out, "<details>\n<summary>{count} {objects} without complaint</summary>")?;
        begin_rows("well", &[("name", "Object"), ("conditions", "Conditions")], out)?;
        for object in well {
            out.write_str("<tr><th scope=\"row\">")?;
            name(&object.namespace, &object.name, out)?;
            out.write_str("</th><td>")?;
            for (number, condition) in object.conditions.iter().enumerate() {
                let comma = if number == 0 { "" } else { " · " };
                let Condition { name, reason, .. } = condition;
                write!(out, "{comma}{} <span class=\"quiet\">{}</span>", Text(name), Text(reason))?;
            }
            out.write_str("</td></tr>\n")?;
        }
        out.write_str("</tbody>\n</table>\n</details>\n")?;
    }
    out.write_str("</section>\n")
}

fn condition_table(conditions: &[Condition], out: &mut String) -> Result {
    if conditions.is_empty() {
        return out.write_str("<p class=\"empty\">It has no conditions yet: no operator has looked at it.</p>\n");
    }
    let columns = [("type", "Condition"), ("status", "Status"), ("reason", "Reason"), ("since", "Since"), ("text", "Message")];
    begin_rows("conditions", &columns, out)?;
    for condition in conditions {
        writeln!(
            out,
            "<tr class=\"{}\"><th scope=\"row\">{}</th><td class=\"status\">{}</td><td>{}</td><td class=\"since\">{}</td><td>{}</td></tr>",
            marks::class(condition.state),
            Text(&condition.name),
            Text(&condition.status),
            Text(&condition.reason),
            or_dash(&condition.since),
            or_dash(&condition.message),
        )?;
    }
    out.write_str("</tbody>\n</table>\n")
}

/// The fields that differ in the cloud.
pub fn drift(drift: &[Drift], out: &mut String) -> Result {
    out.write_str("<section id=\"drift\">\n<h2>Drift</h2>\n")?;
    if drift.is_empty() {
        return out.write_str("<p class=\"empty\">No drift is known.</p>\n</section>\n");
    }
    begin_rows("drift", &[("name", "Object"), ("path", "Field"), ("value", "Spec"), ("value", "Cloud")], out)?;
    for Drift { namespace, name: object, path, desired, observed } in drift {
        out.write_str("<tr><th scope=\"row\">")?;
        name(namespace, object, out)?;
        writeln!(out, "</th><td><code>{}</code></td><td>{}</td><td>{}</td></tr>", Text(path), or_dash(desired), or_dash(observed))?;
    }
    out.write_str("</tbody>\n")?;
    end_table(out)
}

/// The accounts with their quotas.
pub fn accounts(accounts: &[Account], out: &mut String) -> Result {
    if accounts.is_empty() {
        return Ok(());
    }
    out.write_str("<section id=\"accounts\">\n<h2>Accounts</h2>\n")?;
    for account in accounts {
        write!(out, "<article class=\"{}\">\n<h3>", marks::class(account.state))?;
        state(account.state, out)?;
        writeln!(out, "<span class=\"name\">{}</span></h3>\n<dl class=\"facts\">", Text(&account.name))?;
        let facts = [
            ("Region", &account.region),
            ("Project", &account.project),
            ("Objects", &account.objects),
            ("Credentials end", &account.keys_end),
            ("Last answer of the cloud", &account.synced),
        ];
        for (fact, value) in facts.into_iter().filter(|(_, value)| !value.is_empty()) {
            writeln!(out, "<div><dt>{fact}</dt><dd>{}</dd></div>", Text(value))?;
        }
        out.write_str("</dl>\n")?;
        quotas(&account.quotas, out)?;
        out.write_str("</article>\n")?;
    }
    out.write_str("</section>\n")
}

fn quotas(quotas: &[Quota], out: &mut String) -> Result {
    if quotas.is_empty() {
        return Ok(());
    }
    begin_rows("quotas", &[("name", "Quota"), ("number", "Used"), ("number", "Limit"), ("bar", "")], out)?;
    for Quota { name, used, limit } in quotas {
        write!(out, "<tr><th scope=\"row\">{}</th><td class=\"number\">{used}</td>", Text(name))?;
        if *limit < 0 {
            out.write_str("<td class=\"number\">none</td><td></td></tr>\n")?;
            continue;
        }
        let percent = if *limit == 0 { 100 } else { (used.saturating_mul(100) / limit).clamp(0, 100) };
        let state = if percent >= 100 {
            State::Failing
        } else if percent >= 80 {
            State::Pending
        } else {
            State::Working
        };
        writeln!(
            out,
            "<td class=\"number\">{limit}</td><td><svg class=\"bar {}\" role=\"img\" aria-label=\"{percent} % used\" viewBox=\"0 0 100 6\" \
             preserveAspectRatio=\"none\"><rect class=\"track\" width=\"100\" height=\"6\"/><rect width=\"{percent}\" height=\"6\"/></svg></td></tr>",
            marks::class(state)
        )?;
    }
    out.write_str("</tbody>\n</table>\n")
}

/// What is missing on the page.
pub fn unread(unread: &[Unread], out: &mut String) -> Result {
    if unread.is_empty() {
        return Ok(());
    }
    out.write_str("<section id=\"unread\">\n<h2>Not read</h2>\n")?;
    begin_rows("unread", &[("name", "What"), ("text", "Why")], out)?;
    for Unread { what, why } in unread {
        writeln!(out, "<tr><th scope=\"row\">{}</th><td>{}</td></tr>", Text(what), Text(why))?;
    }
    out.write_str("</tbody>\n")?;
    end_table(out)
}

/// A state as shape and word.
fn state(state: State, out: &mut String) -> Result {
    write!(
        out,
        "<span class=\"state {}\"><svg class=\"mark\" viewBox=\"0 0 11 11\" aria-hidden=\"true\" focusable=\"false\"><path fill-rule=\"evenodd\" \
         d=\"M0 0{}\"/></svg>{}</span>",
        marks::class(state),
        marks::shape(state),
        marks::word(state)
    )
}

/// A name, with the namespace before it in a quieter tone.
fn name(namespace: &str, name: &str, out: &mut String) -> Result {
    out.write_str("<span class=\"name\">")?;
    if !namespace.is_empty() {
        write!(out, "<span class=\"quiet\">{}/</span><wbr>", Text(namespace))?;
    }
    write!(out, "{}</span>", Text(name))
}

/// A text, or a dash if there is none.
fn or_dash(text: &str) -> Text<'_> {
    Text(if text.is_empty() { "–" } else { text })
}

/// A text in which backticks mark code.
fn code(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(number, part)| if number % 2 == 1 { format!("<code>{}</code>", Text(part)) } else { Text(part).to_string() }).collect()
}

/// A table of one body.
fn begin_rows(class: &str, columns: &[(&str, &str)], out: &mut String) -> Result {
    begin_table(class, columns, out)?;
    out.write_str("<tbody>\n")
}

/// A table whose columns have these classes and headings.
fn begin_table(class: &str, columns: &[(&str, &str)], out: &mut String) -> Result {
    write!(out, "<table class=\"{class}\">\n<colgroup>")?;
    for (class, _) in columns {
        write!(out, "<col class=\"{class}\">")?;
    }
    out.write_str("</colgroup>\n<thead><tr>")?;
    for (class, heading) in columns {
        match (*heading, *class) {
            ("", _) => out.write_str("<td></td>")?,
            (heading, "number") => write!(out, "<th scope=\"col\" class=\"number\">{heading}</th>")?,
            (heading, _) => write!(out, "<th scope=\"col\">{heading}</th>")?,
        }
    }
    out.write_str("</tr></thead>\n")
}

fn end_table(out: &mut String) -> Result {
    out.write_str("</table>\n</section>\n")
}
