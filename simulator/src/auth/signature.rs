//! Verification of `SDK-HMAC-SHA256` signatures.
//!
//! The canonical request is built from the request as it was sent and from the names of the signed headers, as the cloud
//! has to do it.

use hmac::{Hmac, KeyInit, Mac};
use jiff::{Timestamp, civil::DateTime, fmt::strtime, tz::TimeZone};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::{
    Caller,
    accounts::{AccessKey, Account},
    temporary_keys::TemporaryKeys,
    unauthorized,
};
use crate::http::{ApiError, Request};

const ALGORITHM: &str = "SDK-HMAC-SHA256";
const MAX_SKEW_SECONDS: i64 = 15 * 60;
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// All characters but the unreserved ones of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

struct AuthorizationHeader<'h> {
    access_key: &'h str,
    signed_headers: Vec<&'h str>,
    signature: &'h str,
}

pub struct Signer {
    pub caller: Caller,
    /// The id of the key.
    pub access_key: String,
}

/// Returns the caller whose key signed the request. Whether a temporary key has expired is for the caller of this function to decide.
pub fn verify(
    request: &Request,
    authorization: &str,
    accounts: &[Account],
    temporary: &TemporaryKeys,
    now: Timestamp,
) -> Result<Signer, ApiError> {
    let header = parse(authorization).ok_or_else(|| invalid_signature("the Authorization header is malformed"))?;
    let (caller, key) =
        find_key(header.access_key, accounts, temporary).ok_or_else(|| invalid_signature("the access key does not exist"))?;
    let date = request.header("x-sdk-date").ok_or_else(|| invalid_signature("X-Sdk-Date is missing"))?;
    check_date(&date, now)?;
    check_security_token(request, key)?;
    check_signed_headers(&header, key)?;
    if signature(request, &header.signed_headers, &date, &key.secret) != header.signature {
        return Err(invalid_signature("the signature does not match"));
    }
    Ok(Signer { caller, access_key: key.id.clone() })
}

/// A key of an account, or one that was issued, with the caller that it stands for.
fn find_key<'k>(id: &str, accounts: &'k [Account], temporary: &'k TemporaryKeys) -> Option<(Caller, &'k AccessKey)> {
    let own = |account: &'k Account| Some((Caller::for_project(account), account.keys.iter().find(|key| key.id == id)?));
    let issued = || temporary.find(id).map(|issued| (issued.caller.clone(), &issued.key));
    accounts.iter().find_map(own).or_else(issued)
}

fn parse(authorization: &str) -> Option<AuthorizationHeader<'_>> {
    let mut parts = authorization.strip_prefix(ALGORITHM)?.trim_start().split(", ");
    let access_key = parts.next()?.strip_prefix("Access=")?;
    let signed_headers = parts.next()?.strip_prefix("SignedHeaders=")?.split(';').collect();
    let signature = parts.next()?.strip_prefix("Signature=")?;
    Some(AuthorizationHeader { access_key, signed_headers, signature })
}

fn check_date(date: &str, now: Timestamp) -> Result<(), ApiError> {
    let signed_at = strtime::parse("%Y%m%dT%H%M%SZ", date)
        .and_then(|parsed| parsed.to_datetime())
        .and_then(|civil: DateTime| civil.to_zoned(TimeZone::UTC))
        .map_err(|_| invalid_signature("X-Sdk-Date is malformed"))?;
    if (now.as_second() - signed_at.timestamp().as_second()).abs() > MAX_SKEW_SECONDS {
        return Err(unauthorized(
            "APIGW.0303",
            "Incorrect app authentication information: the signature has expired, X-Sdk-Date is more than 15 minutes off",
        ));
    }
    Ok(())
}

fn check_security_token(request: &Request, key: &AccessKey) -> Result<(), ApiError> {
    let sent = request.header("x-security-token");
    if sent == key.security_token { Ok(()) } else { Err(invalid_signature("the security token does not belong to the access key")) }
}

/// The date must be signed, and a security token. The vendor signs the host too, but a signature without it is valid.
fn check_signed_headers(header: &AuthorizationHeader<'_>, key: &AccessKey) -> Result<(), ApiError> {
    let token = key.security_token.as_ref().map(|_| "x-security-token");
    match std::iter::once("x-sdk-date").chain(token).find(|name| !header.signed_headers.contains(name)) {
        None => Ok(()),
        Some(name) => Err(invalid_signature(&format!("{name} is not signed"))),
    }
}

fn signature(request: &Request, signed_headers: &[&str], date: &str, secret: &str) -> String {
    let request = canonical_request(request, signed_headers);
    let to_sign = format!("{ALGORITHM}\n{date}\n{}", hex(&Sha256::digest(request)));
    // An HMAC key may have any length, so the error cannot occur; no signature equals the empty string.
    Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_or_else(
        |_| String::new(),
        |mut mac| {
            mac.update(to_sign.as_bytes());
            hex(&mac.finalize().into_bytes())
        },
    )
}

fn canonical_request(request: &Request, signed_headers: &[&str]) -> String {
    let mut headers = String::new();
    for name in signed_headers {
        let value = request.header(name).unwrap_or_default();
        headers.extend([name, ":", value.trim(), "\n"]);
    }
    let payload = match request.header("x-sdk-content-sha256") {
        Some(value) if value == UNSIGNED => value,
        _ => hex(&Sha256::digest(&request.body)),
    };
    [
        request.method.as_str(),
        &canonical_path(&request.path),
        &canonical_query(&request.query.pairs),
        &headers,
        &signed_headers.join(";"),
        &payload,
    ]
    .join("\n")
}

/// The path is decoded before it is split, so that an escaped slash becomes a separator, as in the vendor's clients.
fn canonical_path(path: &str) -> String {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let mut canonical = decoded.split('/').map(escape).collect::<Vec<_>>().join("/");
    if !canonical.ends_with('/') {
        canonical.push('/');
    }
    canonical
}

fn canonical_query(pairs: &[(String, String)]) -> String {
    let mut sorted: Vec<_> = pairs.iter().collect();
    sorted.sort();
    sorted.iter().map(|(key, value)| format!("{}={}", escape(key), escape(value))).collect::<Vec<_>>().join("&")
}

fn escape(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.filter_map(|nibble| DIGITS.get(usize::from(nibble))).collect()
}

fn invalid_signature(detail: &str) -> ApiError {
    unauthorized("APIGW.0301", &format!("Incorrect IAM authentication information: {detail}"))
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
