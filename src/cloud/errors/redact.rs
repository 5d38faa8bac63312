//! Redacts secrets in errors.
//!
//! A careless server, or a proxy before it, may repeat in an error what it was sent: the access key in a message, the whole body in a page. The
//! texts of errors go into statuses, events and logs, so every error is redacted before it leaves the transport and the client.

use crate::cloud::errors::CloudError;

/// The replacement of a secret.
const REDACTED: &str = "***";
/// Fewer characters than this, left at the end of a truncated text, reveal nothing of a secret.
const SHORTEST_PREFIX: usize = 4;
/// Ends of truncated texts: our own mark, and the rest of a character that was cut in two.
const TRUNCATION_MARKS: [char; 2] = ['…', char::REPLACEMENT_CHARACTER];

/// Secrets of one call, in all encodings in which a text may contain them. Has no `Debug`.
#[derive(Default)]
pub(in crate::cloud) struct Secrets(Vec<String>);

impl Secrets {
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Self {
        let mut all: Vec<String> = secrets.into_iter().filter(|secret| !secret.is_empty()).flat_map(encodings).collect();
        // The longest first: one may contain another.
        all.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        all.dedup();
        Self(all)
    }

    /// The error without the secrets.
    pub fn redact(&self, error: CloudError) -> CloudError {
        CloudError {
            code: self.redact_text(&error.code),
            message: self.redact_text(&error.message),
            request_id: error.request_id.map(|id| self.redact_text(&id)),
            ..error
        }
    }

    fn redact_text(&self, text: &str) -> String {
        let text = self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, REDACTED));
        let (kept, end) = text.split_at(text.trim_end_matches(TRUNCATION_MARKS).len());
        match self.0.iter().filter_map(|secret| cut_off_at(kept, secret)).min() {
            Some(start) => format!("{}{REDACTED}{end}", kept.get(..start).unwrap_or_default()),
            None => text,
        }
    }
}

/// As it is, and as a JSON string, with and without an escaped slash.
fn encodings(secret: &str) -> [String; 3] {
    let quoted = serde_json::Value::from(secret).to_string();
    let escaped = quoted.trim_start_matches('"').strip_suffix('"').unwrap_or(secret).to_owned();
    let slashes = escaped.replace('/', "\\/");
    [secret.to_owned(), escaped, slashes]
}

/// Where in `text` the longest prefix of `secret` starts that `text` ends with.
fn cut_off_at(text: &str, secret: &str) -> Option<usize> {
    let prefixes = secret.char_indices().skip(SHORTEST_PREFIX).map(|(end, _)| secret.get(..end).unwrap_or_default());
    prefixes.filter(|prefix| text.ends_with(prefix)).map(|prefix| text.len() - prefix.len()).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::errors::RequestOutcome;
    use crate::cloud::errors::catalogue::OwnCode;
    use proptest::prelude::*;

    #[test]
    fn repeated_secrets_are_redacted() {
        let secrets = Secrets::new(["SK/abcdef", "p\"ä\\ss", "SK/abc", ""]);
        let rows = [
            ("nothing secret", "nothing secret"),
            ("key SK/abcdef is wrong", "key *** is wrong"),
            ("SK/abc, SK/abcdef", "***, ***"),
            (r#"{"key":"SK\/abcdef"}"#, r#"{"key":"***"}"#),
            (r#"{"password":"p\"ä\\ss"}"#, r#"{"password":"***"}"#),
            ("p\"ä\\ss", "***"),
            // Truncated within a secret.
            ("the key is SK/abcd", "the key is ***d"),
            ("the key is SK/ab…", "the key is ***…"),
            ("p\"ä\\s\u{fffd}", "***\u{fffd}"),
            // Too short to reveal anything.
            ("the key is SK/", "the key is SK/"),
        ];
        for (text, redacted) in rows {
            assert_eq!(secrets.redact_text(text), redacted);
        }
    }

    #[test]
    fn all_fields_of_an_error_are_redacted() {
        let secret = "AK000001";
        let error = CloudError {
            code: secret.to_owned(),
            request_id: Some(secret.to_owned()),
            ..CloudError::local("ShowQuotas", OwnCode::Malformed, secret, RequestOutcome::Refused)
        };
        let redacted = Secrets::new([secret]).redact(error);
        assert!(!format!("{redacted:?} {redacted}").contains(secret), "{redacted:?}");
    }

    proptest! {
        #[test]
        fn no_text_contains_a_secret(before in ".{0,20}", secret in "[^*]{1,20}", after in ".{0,20}", end in 0..60usize) {
            let text: String = format!("{before}{secret}{after}").chars().take(end).collect();
            let redacted = Secrets::new([secret.as_str()]).redact_text(&text);
            prop_assert!(!redacted.contains(&secret), "{redacted}");
        }
    }
}
