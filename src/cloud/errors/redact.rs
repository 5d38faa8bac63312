//! Keeps what a call knows of secrets out of what is told of it.
//!
//! A careless server, or a proxy before it, may repeat in an error what it was sent: the access key in a refusal, the whole body in a page. The
//! texts of errors go into statuses, events and logs, so every error is looked through on its way out of the transport and of the client.

use crate::cloud::errors::CloudError;

/// What stands in a secret's place.
const HIDDEN: &str = "***";
/// Of a secret that the end of a shortened text cuts off, fewer characters than this tell nothing.
const TELLING: usize = 4;
/// Ends of texts that were shortened: ours, and what is left of a character that was cut in two.
const CUT: [char; 2] = ['…', char::REPLACEMENT_CHARACTER];

/// Secrets of one call, in all ways in which a text may show them. Has no `Debug`.
#[derive(Default)]
pub(in crate::cloud) struct Secrets(Vec<String>);

impl Secrets {
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Self {
        let mut all: Vec<String> = secrets.into_iter().filter(|secret| !secret.is_empty()).flat_map(ways).collect();
        // One may hold another: the longest first.
        all.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        all.dedup();
        Self(all)
    }

    /// The error without the secrets.
    pub fn hidden_in(&self, error: CloudError) -> CloudError {
        CloudError {
            code: self.hide(&error.code),
            message: self.hide(&error.message),
            request_id: error.request_id.map(|id| self.hide(&id)),
            ..error
        }
    }

    fn hide(&self, text: &str) -> String {
        let text = self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, HIDDEN));
        let (kept, end) = text.split_at(text.trim_end_matches(CUT).len());
        match self.0.iter().filter_map(|secret| begun(kept, secret)).min() {
            Some(start) => format!("{}{HIDDEN}{end}", kept.get(..start).unwrap_or_default()),
            None => text,
        }
    }
}

/// As it is, and as it stands in JSON, where some also escape the slash.
fn ways(secret: &str) -> [String; 3] {
    let quoted = serde_json::Value::from(secret).to_string();
    let escaped = quoted.trim_start_matches('"').strip_suffix('"').unwrap_or(secret).to_owned();
    let slashes = escaped.replace('/', "\\/");
    [secret.to_owned(), escaped, slashes]
}

/// Where the beginning of `secret` begins with which `text` ends.
fn begun(text: &str, secret: &str) -> Option<usize> {
    let beginnings = secret.char_indices().skip(TELLING).map(|(end, _)| secret.get(..end).unwrap_or_default());
    beginnings.filter(|beginning| text.ends_with(beginning)).map(|beginning| text.len() - beginning.len()).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::errors::RequestOutcome;
    use crate::cloud::errors::catalogue::OwnCode;
    use proptest::prelude::*;

    #[test]
    fn what_is_repeated_is_hidden() {
        let secrets = Secrets::new(["SK/abcdef", "p\"ä\\ss", "SK/abc", ""]);
        let rows = [
            ("nothing to hide", "nothing to hide"),
            ("key SK/abcdef is wrong", "key *** is wrong"),
            ("SK/abc, SK/abcdef", "***, ***"),
            (r#"{"key":"SK\/abcdef"}"#, r#"{"key":"***"}"#),
            (r#"{"password":"p\"ä\\ss"}"#, r#"{"password":"***"}"#),
            ("p\"ä\\ss", "***"),
            // Shortened within a secret.
            ("the key is SK/abcd", "the key is ***d"),
            ("the key is SK/ab…", "the key is ***…"),
            ("p\"ä\\s\u{fffd}", "***\u{fffd}"),
            // Too little to tell anything.
            ("the key is SK/", "the key is SK/"),
        ];
        for (text, told) in rows {
            assert_eq!(secrets.hide(text), told);
        }
    }

    #[test]
    fn no_field_of_an_error_is_forgotten() {
        let secret = "AK000001";
        let error = CloudError {
            code: secret.to_owned(),
            request_id: Some(secret.to_owned()),
            ..CloudError::local("ShowQuotas", OwnCode::Malformed, secret, RequestOutcome::Refused)
        };
        let told = Secrets::new([secret]).hidden_in(error);
        assert!(!format!("{told:?} {told}").contains(secret), "{told:?}");
    }

    proptest! {
        #[test]
        fn no_text_holds_a_secret(before in ".{0,20}", secret in "[^*]{1,20}", after in ".{0,20}", end in 0..60usize) {
            let text: String = format!("{before}{secret}{after}").chars().take(end).collect();
            let told = Secrets::new([secret.as_str()]).hide(&text);
            prop_assert!(!told.contains(&secret), "{told}");
        }
    }
}
