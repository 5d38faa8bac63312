//! Requests, with the decoding of their query.

use axum::{
    body::Bytes,
    http::{HeaderMap, Method},
};
use percent_encoding::percent_decode_str;

pub struct Request {
    pub method: Method,
    /// Not decoded, as signatures need it.
    pub path: String,
    pub query: Query,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Request {
    /// The value of a header; several values of the same name are joined by commas.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        if values.is_empty() { None } else { Some(values.join(",")) }
    }
}

/// The query parameters, decoded, in the order in which they were sent.
#[derive(Default)]
pub struct Query {
    pub raw: String,
    pub pairs: Vec<(String, String)>,
}

impl Query {
    /// Splits and decodes a query. A plus sign is not a space.
    pub fn parse(raw: &str) -> Self {
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let pair = |part: &str| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(key), decode(value))
        };
        let pairs = raw.split('&').filter(|part| !part.is_empty()).map(pair).collect();
        Self { raw: raw.to_owned(), pairs }
    }

    /// All values of a repeated parameter.
    pub fn all(&self, key: &str) -> Vec<&str> {
        self.pairs.iter().filter(|(name, _)| name == key).map(|(_, value)| value.as_str()).collect()
    }

    /// All values of a parameter that is a comma-separated list, repeated, or both.
    pub fn comma_separated(&self, key: &str) -> Vec<&str> {
        self.all(key).into_iter().flat_map(|value| value.split(',')).collect()
    }

    pub fn first(&self, key: &str) -> Option<&str> {
        self.all(key).first().copied()
    }
}
