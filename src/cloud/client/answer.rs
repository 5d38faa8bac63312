//! Reads a successful answer: one object, or a page of a list.
//!
//! Pure. Strict about the list itself, since a resource that is missing from it counts as deleted: anything that is not clearly a list of items with
//! IDs is an error and never an empty list. Inside an item unknown and null fields are tolerated, and fields that can't be read are told.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::sync::Arc;

use crate::cloud::errors::catalogue::{OwnCode, code_label};
use crate::cloud::errors::redact::Secrets;
use crate::cloud::errors::{CloudError, RequestOutcome};
use crate::cloud::resources::Fields;
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
    pub(in crate::cloud) secrets: Arc<Secrets>,
    /// Counts the request by whether its answer can be read.
    pub(in crate::cloud) counted: Option<Answered>,
}

/// A page of a list, in the cloud's order.
#[derive(Debug, PartialEq)]
pub struct Page<T> {
    pub items: Vec<T>,
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
        Self { status: 200, request_id: None, subject_token: None, date: None, body: body.into(), secrets: Arc::default(), counted: None }
    }

    /// Reads the object under `key`; other keys are ignored.
    ///
    /// # Errors
    /// `Malformed` when the answer is not a JSON object or has no such object.
    pub fn object<T: DeserializeOwned>(&self, operation: &'static str, key: &str) -> Result<T, CloudError> {
        self.field(operation, &self.fields(operation)?, key, '{')
    }

    /// Reads a page of the list under `key`, each item by `read`. An answer without `page_info` is the only page; an unreadable `page_info` is an
    /// error, since there may be a next page.
    ///
    /// # Errors
    /// `Malformed` when the answer is not a JSON object or has no such list, or when an item can't be read.
    pub fn page<T>(
        &self,
        operation: &'static str,
        key: &str,
        read: impl Fn(&RawValue) -> Result<T, String>,
    ) -> Result<Page<T>, CloudError> {
        const INFO: &str = "page_info";
        let fields = self.fields(operation)?;
        let texts: Vec<&RawValue> = self.field(operation, &fields, key, '[')?;
        let items = texts
            .into_iter()
            .enumerate()
            .map(|(index, text)| read(text).map_err(|problem| self.malformed(operation, format!("{key}[{index}]: {problem}"))));
        let items = items.collect::<Result<_, _>>()?;
        let info = match fields.get(INFO).map_err(|problem| self.malformed(operation, problem))? {
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
        let value = fields.get(key).map_err(|problem| self.malformed(operation, problem))?;
        let value = value.ok_or_else(|| self.malformed(operation, format!("the answer has no {key}")))?;
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
