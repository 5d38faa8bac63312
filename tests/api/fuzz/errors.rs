//! Answers that are no success: any status with any body.

use direct_connect_operator::cloud::{CATALOGUE, CloudError, ErrorClass, RequestOutcome};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::mutation::{mutated, mutations};

/// Longest message: 512 characters and the mark of a cut.
const MESSAGE: usize = 513;

fn read(status: u16, body: &[u8]) -> CloudError {
    CloudError::from_answer("ShowVirtualGateway", status, None, body)
}

fn code() -> impl Strategy<Value = String> {
    let known: Vec<String> = CATALOGUE.iter().map(|row| row.code.to_owned()).collect();
    prop_oneof![3 => select(known), 1 => "(DC|APIGW|IAM)\\.[0-9]{4}", 1 => ".{0,12}"]
}

/// An error in one of the shapes of `docs/design/cloud-api.md#shapes-of-errors`.
fn documented() -> impl Strategy<Value = Value> {
    (code(), ".{0,40}", 0..5usize).prop_map(|(code, text, shape)| match shape {
        0 => json!({ "error_code": code, "error_msg": text, "request_id": "r" }),
        1 => json!({ "requestId": "r", "errorCode": code, "errorMsg": text }),
        2 => json!({ "code": code, "message": text }),
        3 => json!({ "error": { "code": 401, "message": text, "title": "Unauthorized" } }),
        _ => json!({ "outer": { "inner": { "error_code": code, "error_msg": text } } }),
    })
}

/// What holds for every error, whatever was answered.
fn sound(error: &CloudError, status: u16, body: &[u8]) -> Result<(), TestCaseError> {
    prop_assert!(error.message.chars().count() <= MESSAGE);
    prop_assert_eq!(error.http_status, Some(status));
    prop_assert_eq!(error, &read(status, body), "the same answer is the same error");
    if status >= 500 {
        prop_assert_eq!(
            (error.class, error.outcome),
            (ErrorClass::Server, RequestOutcome::Unknown),
            "a server that is not well refuses nothing"
        );
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_answer_is_an_error_of_some_class(status in 100u16..1000, body in proptest::collection::vec(any::<u8>(), 0..2000)) {
        sound(&read(status, &body), status, &body)?;
    }

    /// Neither bytes nor JSON without any key of an error say anything: nothing is gone, and nothing was refused but for the rate.
    #[test]
    fn what_is_no_error_of_the_service_says_nothing(
        status in 100u16..1000,
        body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            "<html>.{0,100}</html>".prop_map(String::into_bytes),
            "[0-9\\[\\]{}, ]{0,60}".prop_map(String::into_bytes),
            (documented(), any::<proptest::sample::Index>()).prop_map(|(error, cut)| {
                let mut text = error.to_string().into_bytes();
                text.truncate(cut.index(text.len()));
                text
            }),
        ],
    ) {
        let error = read(status, &body);
        sound(&error, status, &body)?;
        if status == 429 {
            prop_assert_eq!((error.class, error.outcome), (ErrorClass::Throttled, RequestOutcome::Refused));
        } else {
            prop_assert_eq!((error.class, error.outcome), (ErrorClass::Server, RequestOutcome::Unknown), "{}", String::from_utf8_lossy(&body));
        }
    }

    #[test]
    fn an_error_of_the_service_has_the_class_of_its_code(status in 400u16..500, row in 0..CATALOGUE.len(), shape in 0..3usize) {
        let (code, class) = (CATALOGUE[row].code, CATALOGUE[row].class);
        let body = match shape {
            0 => json!({ "error_code": code, "error_msg": "m" }),
            1 => json!({ "errorCode": code, "errorMsg": "m" }),
            _ => json!({ "error": { "code": code, "message": "m" } }),
        };
        let error = read(status, body.to_string().as_bytes());
        prop_assert_eq!((error.class, error.outcome, error.code.as_str()), (class, RequestOutcome::Refused, code));
    }

    /// A spoilt error may lose what it said, but a 404 of the gateway never turns into a resource that is gone.
    #[test]
    fn a_spoilt_error_is_an_error(status in 400u16..600, document in documented(), mutations in mutations()) {
        let text = mutated(&document, &mutations);
        let error = read(status, text.as_bytes());
        sound(&error, status, text.as_bytes())?;
        if error.code.starts_with("APIGW.") {
            prop_assert_ne!(error.class, ErrorClass::Absent, "{}", text);
        }
        if serde_json::from_str::<Value>(&text).is_err() {
            prop_assert!(error.class != ErrorClass::Absent && (status == 429 || error.outcome == RequestOutcome::Unknown), "{text}");
        }
    }
}

#[test]
fn long_and_deep_bodies_are_no_harm() {
    let long = json!({ "error_code": "DC.0001", "error_msg": "ü".repeat(1 << 20) }).to_string();
    assert_eq!(read(400, long.as_bytes()).message.chars().count(), MESSAGE);
    let deep = format!("{}0{}", "{\"error\":".repeat(200_000), "}".repeat(200_000));
    assert_eq!(read(404, deep.as_bytes()).class, ErrorClass::Server);
}
