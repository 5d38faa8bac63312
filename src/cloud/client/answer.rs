//! Reads a successful answer: one object, or a page of a list.
//!
//! Pure. Strict about the list itself, since a resource that is missing from it counts as deleted: anything that is not clearly a list of items with
//! IDs is an error and never an empty list. Inside an item unknown and null fields are tolerated, and fields that can't be read are told.

use jiff::Timestamp;
use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::fmt;

use crate::cloud::errors::catalogue::{OwnCode, code_label};
use crate::cloud::errors::redact::Secrets;
use crate::cloud::errors::{CloudError, RequestOutcome};
use crate::cloud::resources::{Item, Listed};
use crate::telemetry::metrics::Answered;

/// A successful answer. Has no `Debug`: it may hold a token, and the cloud echoes keys.
pub struct Answer {
    pub(in crate::cloud) status: u16,
    pub(in crate::cloud) request_id: Option<String>,
    pub(in crate::cloud) subject_token: Option<String>,
    /// The cloud's time when it answered.
    pub(in crate::cloud) date: Option<Timestamp>,
    pub(in crate::cloud) body: Vec<u8>,
    /// To be redacted in errors about the answer.
    pub(in crate::cloud) secrets: Secrets,
    /// Counts the request by whether its answer can be read.
    pub(in crate::cloud) counted: Option<Answered>,
}

/// A page of a list, in the cloud's order.
#[derive(Debug, PartialEq)]
pub struct Page<R> {
    pub items: Vec<Item<R>>,
    /// Marker of the next page; `None` for the last one.
    pub next_marker: Option<String>,
}

#[derive(Deserialize)]
struct PageInfo {
    next_marker: Option<String>,
}

impl Answer {
    /// An answer with status 200 and no headers.
    #[must_use]
    pub fn of(body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            request_id: None,
            subject_token: None,
            date: None,
            body: body.into(),
            secrets: Secrets::default(),
            counted: None,
        }
    }

    /// Reads the object under `key`; other keys are ignored.
    ///
    /// # Errors
    /// `Malformed` when the answer is not a JSON object or has no such object.
    pub fn object<T: DeserializeOwned>(&self, operation: &'static str, key: &str) -> Result<T, CloudError> {
        self.field(operation, &self.fields(operation)?, key, '{')
    }

    /// Reads a page of `R`. An answer without `page_info` is the only page; an unreadable `page_info` is an error, since there may be a next page.
    ///
    /// # Errors
    /// `Malformed` when the answer is not a JSON object, has no such list, or an item has no ID that can be read.
    pub fn page<R: Listed>(&self) -> Result<Page<R>, CloudError> {
        const INFO: &str = "page_info";
        let (operation, _) = R::OPERATIONS;
        let fields = self.fields(operation)?;
        let texts: Vec<&RawValue> = self.field(operation, &fields, R::PLURAL, '[')?;
        let items = texts.into_iter().enumerate().map(|(index, text)| {
            Item::read(text).map_err(|problem| self.malformed(operation, format!("{}[{index}]: {problem}", R::PLURAL)))
        });
        let items = items.collect::<Result<_, _>>()?;
        let info = match fields.0.get(INFO) {
            Some(info) if info.get() != "null" => self.field::<PageInfo>(operation, &fields, INFO, '{')?,
            _ => PageInfo { next_marker: None },
        };
        Ok(Page { items, next_marker: info.next_marker.filter(|marker| !marker.is_empty()) })
    }

    fn fields(&self, operation: &'static str) -> Result<Fields<'_>, CloudError> {
        serde_json::from_slice(&self.body).map_err(|error| self.malformed(operation, format!("not a JSON object: {error}")))
    }

    /// Checks the first character too, since serde reads a list as an object of its fields.
    fn field<'a, T: Deserialize<'a>>(&self, operation: &'static str, fields: &Fields<'a>, key: &str, first: char) -> Result<T, CloudError> {
        let value = fields.0.get(key).ok_or_else(|| self.malformed(operation, format!("the answer has no {key}")))?;
        if !value.get().starts_with(first) {
            return Err(self.malformed(operation, format!("{key} does not begin with {first}")));
        }
        serde_json::from_str(value.get()).map_err(|error| self.malformed(operation, format!("{key}: {error}")))
    }

    fn malformed(&self, operation: &'static str, what: String) -> CloudError {
        let error = CloudError::local(operation, OwnCode::Malformed, what, RequestOutcome::Unknown);
        self.unreadable(CloudError { http_status: Some(self.status), request_id: self.request_id.clone(), ..error })
    }

    /// Counts the answer as unreadable and redacts the secrets in `error`, which says why.
    pub(in crate::cloud) fn unreadable(&self, error: CloudError) -> CloudError {
        if let Some(counted) = &self.counted {
            counted.unreadable(error.class.label(), code_label(&error.code));
        }
        self.secrets.redact(error)
    }
}

/// The top level of an answer. A duplicate key is an error: one of the two values would be lost silently.
struct Fields<'a>(HashMap<String, &'a RawValue>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TopLevel)
    }
}

struct TopLevel;

impl<'de> Visitor<'de> for TopLevel {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = HashMap::new();
        while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
            if fields.contains_key(&key) {
                return Err(A::Error::custom(format_args!("duplicate key {key}")));
            }
            fields.insert(key, value);
        }
        Ok(Fields(fields))
    }
}
