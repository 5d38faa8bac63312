//! Text that comes from the cluster, the cloud or a file, where it must not become more than text: inside of HTML and SVG, on a line, and on a terminal.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// Whether a character does something in place of being seen: control characters, and those that turn the direction of what follows.
fn is_unseen(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Shows a text so that it can be neither markup nor the end of an attribute, and stays where it stands: control characters and those that turn
/// the direction of writing become U+FFFD.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a>(pub &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            '\n' | '\r' | '\t' => f.write_char(' '),
            '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}'),
            unseen if is_unseen(unseen) => f.write_char('\u{fffd}'),
            other => f.write_char(other),
        })
    }
}

/// Shows a text so that it stays on its line: what ends a line somewhere, other control characters, and those that turn the direction of writing are
/// written as escapes, `\n` or `\u{2028}`.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a>(pub &'a str);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => write!(f, "{}", character.escape_default()),
            unseen if is_unseen(unseen) => write!(f, "{}", unseen.escape_default()),
            other => f.write_char(other),
        })
    }
}

/// Text that others wrote, on one line, and without a say over the terminal: control characters are seen, and do nothing.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unseen) {
        return Cow::Borrowed(text);
    }
    let mut seen = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '\n' | '\r' | '\t' => seen.push(' '),
            one if is_unseen(one) => seen.extend(one.escape_unicode()),
            one => seen.push(one),
        }
    }
    Cow::Owned(seen)
}

#[cfg(test)]
mod tests {
    use super::{Line, Text, visible};

    #[test]
    fn a_line_stays_one() {
        for (text, shown) in [
            ("office", "office"),
            ("a\n---\nkind: X", "a\\n---\\nkind: X"),
            ("a\r\tb\0\u{1b}[2J\u{7f}", "a\\r\\tb\\u{0}\\u{1b}[2J\\u{7f}"),
            ("a\u{85}b\u{2028}c\u{2029}d", "a\\u{85}b\\u{2028}c\\u{2029}d"),
            ("\u{202e}reversed", "\\u{202e}reversed"),
            ("専線 é \\ 'x'", "専線 é \\ 'x'"),
        ] {
            assert_eq!(Line(text).to_string(), shown);
        }
    }

    #[test]
    fn text_is_no_markup() {
        for (text, shown) in [
            ("office", "office"),
            ("<script>alert('1')</script>", "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"),
            ("\" onload=\"x", "&quot; onload=&quot;x"),
            ("a & b &lt;", "a &amp; b &amp;lt;"),
            ("two\nlines", "two lines"),
            ("bell\u{7} and \u{202e}reversed", "bell\u{fffd} and \u{fffd}reversed"),
            ("専線 é", "専線 é"),
        ] {
            assert_eq!(Text(text).to_string(), shown);
        }
    }

    #[test]
    fn what_others_wrote_has_no_say_over_the_terminal() {
        let rows = [
            ("plain – text", "plain – text"),
            ("two\r\nlines", "two  lines"),
            ("\u{1b}[2Jgone\u{7}", "\\u{1b}[2Jgone\\u{7}"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("a\u{202e}b", "a\\u{202e}b"),
        ];
        for (text, expected) in rows {
            assert_eq!(visible(text), expected);
        }
    }
}
