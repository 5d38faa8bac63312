//! The forms that secrets have in texts.

use regex::{Captures, Regex};

use super::mask::MASK;

/// Names whose values are secret, and access keys with them: half of a secret. Part of a pattern; the name ends where this ends.
pub const NAMES: &str = r"(?:[\w.-]*(?:access[_-]?key|access[_-]?key[_-]?id|secret[_-]?key|secret|token|passw(?:or)?d|md5|api[_-]?key|private[_-]?key|signature|authorization|cookie|external[_-]?id)|(?:[\w.-]*[_.-])?(?:ak|sk))";

/// A value: in quotation marks, in those of a JSON text within a text, or up to white space or punctuation.
const VALUE: &str = r#"(?:(?P<double>")(?:[^"\\\r\n]|\\.)*|(?P<escaped>\\")(?:[^"\\\r\n]|\\[^"\r\n])*|(?P<single>')[^'\r\n]*|[^\s"'\\,;}&{\[][^\s"'\\,;}&]*)"#;

/// A quotation mark, or none.
const MARK: &str = r#"(?:\\?["'])?"#;

/// Whether a text that has the form of a secret is one.
type Test = fn(&str) -> bool;

/// One form of a secret in a text.
struct Form {
    /// The form. What its named groups hold stays.
    pattern: Regex,
    /// Whether what has the form is one.
    is_secret: Test,
}

/// All forms.
pub struct Forms {
    forms: Vec<Form>,
    header: Regex,
}

impl Forms {
    /// All forms, in the order in which they are looked for.
    ///
    /// # Errors
    /// Never in practice: the patterns are constants.
    pub fn new() -> Result<Self, regex::Error> {
        let named = format!(r"(?i)(?P<keep>\b{NAMES}{MARK}[ \t]*[:=][ \t]*)");
        let value = format!("{named}{VALUE}");
        let list = format!(r"{named}\[[^\]\r\n]*\]?");
        let block = format!(r#"{named}[|>][0-9+-]*(?:\\r)?(?:\\n +[^\\"\r\n]*)+"#);
        // An environment variable: its name stands in one field, its value in another.
        let variable = format!(
            r"(?i)(?P<keep>\bname{MARK}[ \t]*:[ \t]*{MARK}{NAMES}{MARK}[ \t]*(?:,|\r?\n)[ \t]*{MARK}value{MARK}[ \t]*:[ \t]*){VALUE}"
        );
        // The argument after a flag: on a command line, in a list of JSON, in one of YAML.
        let argument = format!(r#"(?im)(?P<keep>(?:^|[\s"'\[,])--?{NAMES}{MARK}(?:[ \t]*,[ \t]*|[ \t]+|[ \t]*\r?\n[ \t]*-[ \t]+)){VALUE}"#);
        let forms: [(&str, Test); 14] = [
            // PEM blocks, also those whose end is cut off, and those in JSON, where lines end with \n.
            (r"(?s)-----BEGIN [A-Z0-9 ]+-----.*?-----END [A-Z0-9 ]+-----", always),
            (r"-----BEGIN [A-Z0-9 ]+-----(?:[A-Za-z0-9+/=\s]|\\[nr])*", always),
            // The user and the password of a URL, as of a proxy; or a token. A password may hold what should be encoded.
            (r#"(?P<keep>://)[^\s/?#"'\\,]*@(?:sha256:)?"#, is_user),
            (r#"(?P<keep>://)[^\s/@:"'\\]+:[^\s"'\\]*@"#, is_password),
            // Headers that authenticate, to the end of the line or of the quoted text; the signature of Huawei Cloud anywhere.
            (r#"(?i)(?P<keep>\b(?:proxy-)?authorization(?:\\?["'])?[ \t]*[:=][ \t]*(?:\\?["'])?)[^\r\n"'\\]+"#, always),
            (r#"SDK-HMAC-SHA256[^\r\n"'\\]*"#, always),
            (r"(?i)(?P<keep>\bbearer[ \t]+)[A-Za-z0-9+/=._~-]{8,}", always),
            // JSON web tokens.
            (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?", always),
            // Names and values: secretKey: …, "token": "…", HW_SECRET_KEY=….
            (&block, always),
            (&list, |text| !matches!(text, "[" | "[]")),
            (&value, is_value),
            (&variable, is_value),
            (&argument, is_argument),
            // Keys and tokens by themselves, and an access key and its secret key as one.
            (r"[A-Za-z0-9+/]{20,}", |run| is_key(run) || run.split(['/', '+']).any(is_key)),
        ];
        let forms = forms.into_iter().map(|(pattern, is_secret)| Ok(Form { pattern: Regex::new(pattern)?, is_secret }));
        let header = format!(r#"(?i)^(?P<indent>[ \t]*(?:- +)*)["']?{NAMES}["']?[ \t]*:(?P<block>[ \t]+[|>][0-9+-]*)?[ \t]*(?:#.*)?$"#);
        Ok(Self { forms: forms.collect::<Result<_, regex::Error>>()?, header: Regex::new(&header)? })
    }

    /// A text without secrets.
    pub fn masked(&self, text: &str) -> String {
        self.forms.iter().fold(self.without_blocks(text), |text, Form { pattern, is_secret }| {
            pattern
                .replace_all(&text, |found: &Captures| {
                    let group = |name| found.name(name).map_or("", |group| group.as_str());
                    let whole = found.get(0).map_or("", |whole| whole.as_str());
                    let kept = ["keep", "double", "escaped", "single"].map(group).concat();
                    if is_secret(whole.strip_prefix(&kept).unwrap_or(whole)) { format!("{kept}{MASK}") } else { whole.to_owned() }
                })
                .into_owned()
        })
    }

    /// YAML: a text without the lines that are the value of a secret's name. They are those of a block (`secretKey: |`), which are indented deeper
    /// than the name, or those of a list of texts.
    fn without_blocks(&self, text: &str) -> String {
        let mut masked = String::with_capacity(text.len());
        // How deep the name is, and whether its value is a block.
        let mut name: Option<(usize, bool)> = None;
        for line in text.split_inclusive('\n') {
            let content = line.trim();
            let depth = line.len() - line.trim_start().len();
            if let Some((indent, is_block)) = name {
                let is_value = if is_block { content.is_empty() || depth > indent } else { content.starts_with("- ") && depth >= indent };
                if is_value {
                    if !content.is_empty() {
                        let start = line.get(..depth).unwrap_or_default();
                        let (item, end) = (if is_block { "" } else { "- " }, if line.ends_with('\n') { "\n" } else { "" });
                        masked.extend([start, item, MASK, end]);
                    }
                    continue;
                }
            }
            let header = self.header.captures(line.trim_end());
            name = header.map(|found| (found.name("indent").map_or(0, |indent| indent.len()), found.name("block").is_some()));
            masked.push_str(line);
        }
        masked
    }
}

const fn always(_: &str) -> bool {
    true
}

/// Whether what follows a secret's name is a value of its own. The signs of a block of YAML are not: its lines are.
fn is_value(text: &str) -> bool {
    let is_block = text.strip_prefix(['|', '>']).is_some_and(|rest| rest.bytes().all(|byte| matches!(byte, b'+' | b'-' | b'0'..=b'9')));
    !is_block && !matches!(text, "" | "true" | "false" | "null" | "nil" | "None") && !text.starts_with(MASK)
}

/// Whether what follows a flag is its argument, and not another flag.
fn is_argument(text: &str) -> bool {
    is_value(text) && !text.starts_with("--")
}

/// Whether what stands before the @ of a URL is a user. It is none in the reference of an image by its digest.
fn is_user(text: &str) -> bool {
    !text.ends_with("@sha256:")
}

/// Whether what stands before the @ of a URL is a user with a password. It is none where the colon is that of a port.
fn is_password(text: &str) -> bool {
    let rest = text.split_once(':').map_or("", |(_, rest)| rest);
    let port = rest.split_once(['/', '?', '#']).map(|(port, _)| port);
    !port.is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
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
