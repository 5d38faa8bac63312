//! What looks like a key is masked: in texts by their form, in objects also by the names of fields.
//!
//! It errs on the side of masking: a bundle that lacks a harmless value can still be used, one with a key can't be taken back.

use regex::Regex;
use serde_json::Value;

use super::forms::{Forms, NAMES};

/// What stands for a masked text.
pub const MASK: &str = "***";

/// All that is masked.
pub struct Masks {
    forms: Forms,
    /// Names whose values are secret.
    names: Regex,
    /// Flags whose arguments are.
    flags: Regex,
}

impl Masks {
    /// All of it.
    ///
    /// # Errors
    /// Never in practice: the patterns are constants.
    pub fn new() -> Result<Self, regex::Error> {
        let (names, flags) = (Regex::new(&format!("^(?i){NAMES}$"))?, Regex::new(&format!("^--?(?i){NAMES}$"))?);
        Ok(Self { forms: Forms::new()?, names, flags })
    }

    /// A text without secrets.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        self.forms.masked(text)
    }

    /// An object without secrets and without `managedFields`.
    pub fn object(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.string(text),
            Value::Array(items) => self.items(items),
            Value::Object(fields) => {
                fields.remove("managedFields");
                // An environment variable: its name stands in one field, its value in another.
                let is_secret = fields.get("name").and_then(Value::as_str).is_some_and(|name| self.names.is_match(name));
                for (name, field) in fields.iter_mut() {
                    if self.names.is_match(name) || (is_secret && name == "value") {
                        self.hide(field);
                    } else {
                        self.object(field);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A list, in which an argument may follow its flag: `["--token", "…"]`.
    fn items(&self, items: &mut [Value]) {
        let mut is_after_flag = false;
        for item in items {
            let text = item.as_str().unwrap_or_default();
            let is_flag = self.flags.is_match(text);
            if is_after_flag && !text.starts_with("--") {
                self.hide(item);
            } else {
                self.object(item);
            }
            is_after_flag = is_flag;
        }
    }

    /// The value below a secret's name. What is an object refers to a Secret, or has names of its own.
    fn hide(&self, value: &mut Value) {
        match value {
            Value::String(_) | Value::Number(_) => *value = MASK.into(),
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide(item)),
            other => self.object(other),
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
