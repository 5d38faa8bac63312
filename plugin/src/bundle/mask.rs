//! What looks like a key is masked: in texts by their form, in objects also by the names of fields.
//!
//! It errs on the side of masking: a bundle that lacks a harmless value can still be used, one with a key can't be taken back.

use regex::{Captures, Regex};
use serde_json::Value;

/// What stands for a masked text.
pub const MASK: &str = "***";

/// Names whose values are secret, and access keys with them: half of a secret. Part of a pattern; the name ends where this ends.
const NAMES: &str = r"(?:[\w.-]*(?:access[_-]?key|access[_-]?key[_-]?id|secret[_-]?key|secret|token|passw(?:or)?d|md5|api[_-]?key|private[_-]?key|signature|authorization|cookie)|(?:[\w.-]*[_.-])?(?:ak|sk))";

/// Whether a text that has the form of a secret is one.
type Test = fn(&str) -> bool;

/// One form of a secret in a text.
struct Pattern {
    /// The form. What the group `keep` holds stays.
    form: Regex,
    /// Whether what has the form is one.
    is_secret: Test,
}

/// All forms of secrets.
pub struct Masks {
    patterns: Vec<Pattern>,
    names: Regex,
}

impl Masks {
    /// All forms, in the order in which they are looked for.
    ///
    /// # Errors
    /// Never in practice: the patterns are constants.
    pub fn new() -> Result<Self, regex::Error> {
        let named = format!(
            r#"(?i)(?P<keep>\b{NAMES}(?:\\?["'])?[ \t]*[:=][ \t]*)(?:(?P<double>\\?")[^"\\\r\n]*|(?P<single>')[^'\r\n]*|[^\s"'\\,;}}&{{\[*|>][^\s"'\\,;}}&]*)"#
        );
        let patterns: [(&str, Test); 9] = [
            // PEM blocks, also those whose end is cut off, and those in JSON, where lines end with \n.
            (r"(?s)-----BEGIN [A-Z0-9 ]+-----.*?-----END [A-Z0-9 ]+-----", always),
            (r"-----BEGIN [A-Z0-9 ]+-----(?:[A-Za-z0-9+/=\s]|\\[nr])*", always),
            // The user and the password of a URL, as of a proxy.
            (r"(?P<keep>://)[^\s/@:]*:[^\s/@]*@", always),
            // Headers that authenticate, to the end of the line or of the quoted text; the signature of Huawei Cloud anywhere.
            (r#"(?i)(?P<keep>\b(?:proxy-)?authorization(?:\\?["'])?[ \t]*[:=][ \t]*(?:\\?["'])?)[^\r\n"'\\]+"#, always),
            (r#"SDK-HMAC-SHA256[^\r\n"'\\]*"#, always),
            (r"(?i)(?P<keep>\bbearer[ \t]+)[A-Za-z0-9+/=._~-]{8,}", always),
            // JSON web tokens.
            (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?", always),
            // Names and values: secretKey: …, "token": "…", HW_SECRET_KEY=….
            (&named, is_value),
            // Keys and tokens by themselves.
            (r"[A-Za-z0-9+/]{20,}", is_key),
        ];
        let patterns = patterns.into_iter().map(|(form, is_secret)| Ok(Pattern { form: Regex::new(form)?, is_secret }));
        Ok(Self { patterns: patterns.collect::<Result<_, regex::Error>>()?, names: Regex::new(&format!("^(?i){NAMES}$"))? })
    }

    /// A text without secrets.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        self.patterns.iter().fold(text.to_owned(), |text, Pattern { form, is_secret }| {
            form.replace_all(&text, |found: &Captures| {
                let group = |name| found.name(name).map_or("", |group| group.as_str());
                let whole = found.get(0).map_or("", |whole| whole.as_str());
                let kept = format!("{}{}{}", group("keep"), group("double"), group("single"));
                if is_secret(whole.strip_prefix(&kept).unwrap_or(whole)) { format!("{kept}{MASK}") } else { whole.to_owned() }
            })
            .into_owned()
        })
    }

    /// An object without secrets and without `managedFields`.
    pub fn object(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.string(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.object(item)),
            Value::Object(fields) => {
                fields.remove("managedFields");
                // An environment variable: its name stands in one field, its value in another.
                let is_secret = fields.get("name").and_then(Value::as_str).is_some_and(|name| self.names.is_match(name));
                for (name, field) in fields.iter_mut() {
                    match field {
                        Value::String(text) if self.names.is_match(name) || (is_secret && name == "value") => MASK.clone_into(text),
                        other => self.object(other),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A string of an object: some hold an object themselves, like the annotation of `kubectl apply`.
    fn string(&self, text: &str) -> String {
        if text.starts_with(['{', '['])
            && let Ok(mut inner) = serde_json::from_str::<Value>(text)
        {
            self.object(&mut inner);
            return inner.to_string();
        }
        self.text(text)
    }
}

#[cfg(test)]
#[path = "mask_tests.rs"]
mod tests;

const fn always(_: &str) -> bool {
    true
}

/// Whether what follows a secret's name is a value of its own.
fn is_value(text: &str) -> bool {
    !matches!(text, "" | "true" | "false" | "null" | "nil" | "None") && !text.starts_with(MASK)
}

/// Whether a run of letters, digits, `+` and `/` has the form of an access key, a secret key or an encoded token. Names, UUIDs, and hashes have not.
fn is_key(run: &str) -> bool {
    let has = |test: fn(&u8) -> bool| run.bytes().any(|byte| test(&byte));
    let (upper, lower, digit) = (has(u8::is_ascii_uppercase), has(u8::is_ascii_lowercase), has(u8::is_ascii_digit));
    match run.len() {
        20 => upper && digit && !lower && run.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        40 => upper && lower && digit,
        length => length >= 100 && upper && lower && digit,
    }
}
