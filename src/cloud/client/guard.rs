//! What no request may do, whoever asks for it: order a connection, change what it costs, or cancel it.
//!
//! A connection is a leased line of the customer. No type of the resources has such a call; this holds all that is sent, as it is sent, against
//! the same promise, so that no mistake elsewhere can break it. A request that could be read as one to a connection counts as one.

use percent_encoding::percent_decode;
use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;

use crate::cloud::call::Method;

/// The collection of connections in a path. Hosted connections and tags have other paths.
const CONNECTIONS: &str = "direct-connects";

/// All that an update of a connection may carry.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only their names and types are looked at")]
struct Harmless {
    direct_connect: Fields,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only their names and types are looked at")]
struct Fields {
    name: Option<String>,
    description: Option<String>,
    peer_location: Option<String>,
}

/// Whether a request may be sent.
///
/// # Errors
/// With what it could do to a connection.
pub(in crate::cloud) fn check(method: Method, url: &Url, body: &[u8]) -> Result<(), &'static str> {
    if method.is_read() || !names_connections(url.path()) {
        return Ok(());
    }
    match method {
        Method::Put if is_one_connection(url) && is_harmless(body) => Ok(()),
        Method::Put => Err("an update of a connection may change only its name, description and peer location"),
        Method::Delete => Err("a connection is never deleted by the operator"),
        Method::Get | Method::Post => Err("a connection is never ordered by the operator"),
    }
}

/// Whether a body names only what may change. A field that stands there twice, or a list in the place of an object, does not.
fn is_harmless(body: &[u8]) -> bool {
    let is_objects = serde_json::from_slice::<Value>(body).is_ok_and(|body| body.get("direct_connect").is_some_and(Value::is_object));
    is_objects && serde_json::from_slice::<Harmless>(body).is_ok()
}

/// Whether any server on the way could read connections in a path, however often it removes escapes.
fn names_connections(path: &str) -> bool {
    let mut path = path.as_bytes().to_ascii_lowercase();
    loop {
        if path.windows(CONNECTIONS.len()).any(|window| window == CONNECTIONS.as_bytes()) {
            return true;
        }
        let unescaped: Vec<u8> = percent_decode(&path).collect();
        if unescaped.len() == path.len() {
            return false;
        }
        path = unescaped.to_ascii_lowercase();
    }
}

/// Whether it is the plain address of one connection.
fn is_one_connection(url: &Url) -> bool {
    let Some((before, id)) = url.path().rsplit_once('/') else { return false };
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_id && url.query().is_none() && before.ends_with("/dcaas/direct-connects")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::{
        Call, Connection, CreateHostedConnection, HostedConnection, Listed, Tag, TagAction, UpdateConnection, UpdateHostedConnection,
        change_tags,
    };
    use percent_encoding::percent_encode_byte;
    use proptest::prelude::*;
    use serde_json::json;

    /// The address of a call, as the transport makes it.
    fn url(call: &Call) -> Url {
        Url::parse(&format!("https://dcaas.example.com{}", call.path("0605768a3300d5762f82c01180692873"))).unwrap()
    }

    fn passes(call: &Call) -> bool {
        check(call.method, &url(call), &call.bytes()).is_ok()
    }

    fn call(method: Method, segments: &[&str], body: Option<Value>) -> Call {
        let call = Call::new("Any", method, segments, "");
        match body {
            Some(body) => call.with_bare_body(body),
            None => call,
        }
    }

    #[test]
    fn what_costs_or_ends_a_connection_is_not_sent() {
        let update = |fields: Value| Some(json!({ "direct_connect": fields }));
        let (one, all): (&[&str], &[&str]) = (&["dcaas", "direct-connects", "c-1"], &["dcaas", "direct-connects"]);
        let rows: Vec<(&str, Method, &[&str], Option<Value>)> = vec![
            ("delete", Method::Delete, one, None),
            ("delete of all", Method::Delete, all, None),
            ("order", Method::Post, all, update(json!({ "name": "a" }))),
            ("an action on one", Method::Post, &["dcaas", "direct-connects", "c-1", "renew"], None),
            ("bandwidth", Method::Put, one, update(json!({ "name": "a", "bandwidth": 2 }))),
            ("status", Method::Put, one, update(json!({ "status": "APPLY" }))),
            ("the carrier's switch", Method::Put, one, update(json!({ "provider_status": "DOWN" }))),
            ("a field beside the wrapper", Method::Put, one, Some(json!({ "direct_connect": {}, "bandwidth": 2 }))),
            ("without the wrapper", Method::Put, one, Some(json!({ "bandwidth": 2 }))),
            ("no body", Method::Put, one, None),
            ("a name that is none", Method::Put, one, update(json!({ "name": { "bandwidth": 2 } }))),
            ("a list", Method::Put, one, Some(json!([{ "direct_connect": { "name": "a" } }]))),
            ("a list of values", Method::Put, one, Some(json!({ "direct_connect": ["a", "b", "c"] }))),
            ("an update of all", Method::Put, all, update(json!({ "name": "a" }))),
            ("an update below one", Method::Put, &["dcaas", "direct-connects", "c-1", "order"], update(json!({ "name": "a" }))),
            ("by dots", Method::Delete, &["dcaas", "hosted-connects", "..", "direct-connects", "c-1"], None),
            ("by an id with dots", Method::Delete, &["dcaas", "hosted-connects", "../direct-connects/c-1"], None),
            ("by an id with escapes", Method::Delete, &["dcaas", "hosted-connects", "%2e%2e%2fdirect%2dconnects%2fc-1"], None),
            ("in other letters", Method::Delete, &["dcaas", "Direct-Connects", "c-1"], None),
            ("with a parameter", Method::Delete, &["dcaas", "direct-connects;v=1", "c-1"], None),
        ];
        for (row, method, segments, body) in rows {
            assert!(!passes(&call(method, segments, body)), "{row}");
        }
        let with_query = call(Method::Put, one, update(json!({ "name": "a" })));
        let with_query = (Url::parse(&format!("{}?bandwidth=2", url(&with_query))).unwrap(), with_query.bytes());
        assert!(check(Method::Put, &with_query.0, &with_query.1).is_err());
        let twice = br#"{ "direct_connect": { "name": "a" }, "direct_connect": { "name": "b" } }"#;
        assert!(check(Method::Put, &url(&call(Method::Put, one, None)), twice).is_err(), "which of two is read is not known");
    }

    #[test]
    fn all_else_is_sent() {
        let id = "c0000000-0000-4000-8000-000000000001";
        let tag = Tag { key: "direct-connects".into(), value: "direct-connects".into() };
        let hosted = CreateHostedConnection { name: "direct-connects".into(), vlan: 5, bandwidth: 10, ..CreateHostedConnection::default() };
        let update = UpdateConnection { name: Some("a".into()), description: Some(String::new()), peer_location: Some("b".into()) };
        let calls = [
            Connection::show(id, None),
            update.call(id),
            change_tags("dc-directconnect", id, TagAction::Create, &[tag]),
            hosted.call(),
            UpdateHostedConnection { bandwidth: Some(20), ..UpdateHostedConnection::default() }.call(id),
            HostedConnection::delete(id),
            call(Method::Get, &["dcaas", "direct-connects"], None),
            call(Method::Delete, &["dcaas", "virtual-gateways", id], None),
        ];
        for call in calls {
            assert!(passes(&call), "{call:?}");
        }
    }

    /// Segments that make up the path of a connection, in many spellings, and any others.
    fn segment() -> impl Strategy<Value = String> {
        const PARTS: &[&str] =
            &["dcaas", "direct-connects", "hosted-connects", "..", ".", "", "c-1", "/", "\\", "%2f", "%2e", "DIRECT", "-", "connects"];
        let part = prop_oneof![8 => proptest::sample::select(PARTS).prop_map(str::to_owned), 1 => ".{0,3}"];
        let escaped = (part, 0..3_u8).prop_map(|(text, times)| (0..times).fold(text, |text, _| escape_all(&text)));
        proptest::collection::vec(escaped, 0..4).prop_map(|parts| parts.concat())
    }

    fn escape_all(text: &str) -> String {
        text.bytes().map(percent_encode_byte).collect()
    }

    /// A path as a server may read it that removes escapes `times`, goes by dots, and knows no case.
    fn read(path: &str, times: u8) -> Vec<String> {
        let read = (0..times).fold(path.as_bytes().to_vec(), |path, _| percent_decode(&path).collect());
        let mut segments: Vec<String> = Vec::new();
        for segment in String::from_utf8_lossy(&read).to_lowercase().split(['/', '\\']) {
            match segment {
                "" | "." => {}
                ".." => _ = segments.pop(),
                segment => segments.push(segment.to_owned()),
            }
        }
        segments
    }

    fn body() -> impl Strategy<Value = Option<Value>> {
        const KEYS: &[&str] =
            &["name", "description", "peer_location", "bandwidth", "status", "provider_status", "direct_connect", "Bandwidth"];
        let value = prop_oneof![Just(json!("x")), Just(json!(2)), Just(Value::Null), Just(json!({ "bandwidth": 2 }))];
        let fields = proptest::collection::btree_map(proptest::sample::select(KEYS), value, 0..4).prop_map(|fields| json!(fields));
        let wrapped = (fields.clone(), any::<bool>())
            .prop_map(|(fields, is_wrapped)| if is_wrapped { json!({ "direct_connect": fields }) } else { fields });
        proptest::option::of(wrapped)
    }

    fn method() -> impl Strategy<Value = Method> {
        proptest::sample::select(&[Method::Get, Method::Post, Method::Put, Method::Delete][..])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        /// Whatever is asked for, and however a server reads it.
        #[test]
        fn no_call_orders_changes_the_price_of_or_ends_a_connection(
            method in method(), segments in proptest::collection::vec(segment(), 1..5), in_place in any::<bool>(), body in body(),
        ) {
            let head: &[&str] = if in_place { &["dcaas", "direct-connects"] } else { &["dcaas"] };
            let segments: Vec<&str> = head.iter().copied().chain(segments.iter().map(String::as_str)).collect();
            let call = call(method, &segments, body.clone());
            let reads = (0..4).map(|times| read(url(&call).path(), times));
            let is_connections = reads.into_iter().any(|segments| segments.iter().any(|segment| segment == "direct-connects"));
            if !passes(&call) || !is_connections || method.is_read() {
                return Ok(());
            }
            prop_assert_eq!(method, Method::Put);
            let body = body.unwrap_or_default();
            let top: Vec<&String> = body.as_object().unwrap().keys().collect();
            prop_assert_eq!(top, ["direct_connect"]);
            for (key, value) in body["direct_connect"].as_object().unwrap() {
                prop_assert!(["name", "description", "peer_location"].contains(&key.as_str()) && (value.is_string() || value.is_null()), "{body}");
            }
        }

        /// What is not one to connections is not held up.
        #[test]
        fn a_call_to_other_collections_is_sent(method in method(), collection in "[a-z]{3,12}-[a-z]{3,12}", id in "[0-9a-f-]{36}", body in body()) {
            prop_assume!(!collection.contains("direct-connects"));
            prop_assert!(passes(&call(method, &["dcaas", &collection, &id], body)));
        }
    }
}
