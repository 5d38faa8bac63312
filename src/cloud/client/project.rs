//! The project of an account, if its spec names none.

use serde::Deserialize;

use super::Client;
use super::transport::Request;
use crate::cloud::auth::proof::{Proof, Token};
use crate::cloud::call::Method;
use crate::cloud::endpoint::Endpoint;
use crate::cloud::errors::catalogue::OwnCode;
use crate::cloud::errors::{CloudError, RequestOutcome};

const OPERATION: &str = "KeystoneListProjects";

/// Answer of the lookup.
#[derive(Deserialize)]
struct Projects {
    projects: Vec<Project>,
}

#[derive(Deserialize)]
struct Project {
    id: String,
}

impl Client {
    /// The project that a token is for, or else the one of the region's name.
    pub(super) async fn find_project(&self) -> Result<String, CloudError> {
        if let Proof::Token(Token { value: _, project_id: Some(project) }) = self.identity.proof().await? {
            return Ok(project);
        }
        let query = [("name".to_owned(), self.settings().region.clone())];
        let request = Request {
            operation: OPERATION,
            method: Method::Get,
            endpoint: Endpoint::Iam,
            path: "/v3/projects".to_owned(),
            query: &query,
            header: None,
            body: Vec::new(),
            secret: None,
            begin_by: None,
            waits_for_breaker: false,
        };
        let answer = self.identity.send(&request, None).await?;
        let projects: Projects = serde_json::from_slice(&answer.body)
            .map_err(|error| answer.unreadable(CloudError::local(OPERATION, OwnCode::Malformed, error, RequestOutcome::Unknown)))?;
        match projects.projects.as_slice() {
            [project] => Ok(project.id.clone()),
            found => Err(CloudError {
                http_status: Some(answer.status),
                request_id: answer.request_id,
                ..CloudError::local(
                    OPERATION,
                    OwnCode::ProjectUnknown,
                    format!("{} projects are named {}; set spec.projectId", found.len(), self.settings().region),
                    RequestOutcome::Refused,
                )
            }),
        }
    }
}
