//! HTTP requests, responses and error bodies as the cloud reads and writes them.

mod error;
mod request;
mod response;

pub use error::ApiError;
pub use request::{Query, Request};
pub use response::{HttpResponse, dropped_connection, new_request_id};
