//! `SDK-HMAC-SHA256`: the signature of a request by access key and secret key (`docs/design/cloud-api.md#signing`).
//!
//! Pure: it is given the time and the request and returns the header. The query that is signed is the query that must be
//! sent, so this module also writes it ([`canonical_query`]) and the transport puts exactly that on the wire.

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Name of the scheme, as it stands in the `Authorization` header and in the string to sign.
const ALGORITHM: &str = "SDK-HMAC-SHA256";

/// Header that carries the time of the request, `YYYYMMDDTHHMMSSZ` in UTC; the cloud accepts a skew of 15 minutes.
pub const DATE_HEADER: &str = "X-Sdk-Date";

/// Everything outside RFC 3986's unreserved characters is escaped.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What of a request is signed.
pub struct Signable<'a> {
    /// HTTP method in upper case.
    pub method: &'a str,
    /// Path as it is sent or in clear; both give the same signature.
    pub path: &'a str,
    /// Query pairs in clear, in any order.
    pub query: &'a [(String, String)],
    /// All headers to sign, `Host` and [`DATE_HEADER`] among them.
    pub headers: &'a [(String, String)],
    /// Body as it is sent; empty for none.
    pub body: &'a [u8],
}

/// Value of the `Authorization` header.
#[must_use]
pub fn authorization(request: &Signable<'_>, access_key: &str, secret_key: &SecretString) -> String {
    let headers = canonical_headers(request.headers);
    let signed: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    let signed = signed.join(";");
    let text = string_to_sign(&canonical_request(request, &headers, &signed), date(request.headers));
    let signature = keyed_hash(secret_key.expose_secret().as_bytes(), text.as_bytes());
    format!("{ALGORITHM} Access={access_key}, SignedHeaders={signed}, Signature={signature}")
}

/// The query in the order and spelling that is both signed and sent; empty for no pairs.
#[must_use]
pub fn canonical_query(query: &[(String, String)]) -> String {
    let mut pairs: Vec<&(String, String)> = query.iter().collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("{}={}", escape(key), escape(value))).collect();
    pairs.join("&")
}

/// One path segment, key or value with everything but RFC 3986's unreserved characters escaped.
#[must_use]
pub fn escape(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

fn canonical_request(request: &Signable<'_>, headers: &[(String, String)], signed: &str) -> String {
    let mut block = String::new();
    for (name, value) in headers {
        block.push_str(name);
        block.push(':');
        block.push_str(value);
        block.push('\n');
    }
    [request.method, &canonical_path(request.path), &canonical_query(request.query), &block, signed, &hex(&Sha256::digest(request.body))]
        .join("\n")
}

/// The path is decoded before it is split, so an escaped slash separates; the vendor's own client does the same.
fn canonical_path(path: &str) -> String {
    let clear = percent_decode_str(path).decode_utf8_lossy();
    let mut canonical = clear.split('/').map(escape).collect::<Vec<_>>().join("/");
    if !canonical.ends_with('/') {
        canonical.push('/');
    }
    canonical
}

/// Lower-case names in order; names with an underscore are left out, as gateways drop them.
fn canonical_headers(headers: &[(String, String)]) -> Vec<(String, String)> {
    let mut canonical: Vec<(String, String)> = headers
        .iter()
        .filter(|(name, _)| !name.contains('_'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    canonical.sort();
    canonical
}

fn date(headers: &[(String, String)]) -> &str {
    headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(DATE_HEADER)).map_or("", |(_, value)| value)
}

fn string_to_sign(canonical_request: &str, date: &str) -> String {
    format!("{ALGORITHM}\n{date}\n{}", hex(&Sha256::digest(canonical_request.as_bytes())))
}

fn keyed_hash(key: &[u8], text: &[u8]) -> String {
    // HMAC takes a key of any length: the error of the signature's type can't occur, and an empty signature is refused by the cloud.
    Hmac::<Sha256>::new_from_slice(key).map_or_else(
        |_| String::new(),
        |mut mac| {
            mac.update(text);
            hex(&mac.finalize().into_bytes())
        },
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
