//! Why a command failed, and with which exit code it ends.

use std::borrow::Cow;
use std::error::Error as _;
use std::process::ExitCode;

/// What the API server answers for a path that it does not serve.
const NO_SUCH_PATH: [&str; 2] = ["404 page not found", "the server could not find the requested resource"];

/// How a command that did its work ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is nothing to report: exit code 0.
    Done,
    /// It found what it looks for: differences, orphans, lines that do not work. Exit code 1, as of `kubectl diff`.
    Found,
}

impl Outcome {
    /// [`Self::Found`] if `found`.
    #[must_use]
    pub const fn found(found: bool) -> Self {
        if found { Self::Found } else { Self::Done }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::Found => Self::from(1),
        }
    }
}

/// Why a command failed. Each message says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no usable kubeconfig.
    #[error("no Kubernetes configuration: {0}; set KUBECONFIG or --kubeconfig")]
    Kubeconfig(#[from] kube::config::KubeconfigError),
    /// The API server refused, or did not answer.
    #[error("{what}: {}{hint}", says(error))]
    Kubernetes {
        /// What was asked for.
        what: String,
        /// What the API server or the client says.
        error: kube::Error,
        /// What to do about it, behind its message; or nothing.
        hint: Cow<'static, str>,
    },
    /// The cloud refused, or did not answer.
    #[error("{what}: {error}")]
    Cloud {
        /// What was asked for.
        what: String,
        /// What the cloud says.
        error: Box<direct_connect_operator::cloud::CloudError>,
    },
    /// A file, standard input or output.
    #[error("{what}: {error}")]
    File {
        /// Its name.
        what: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// The arguments or a file ask for what there is not.
    #[error("{0}")]
    Usage(String),
    /// The time of `--timeout` is over.
    #[error("{0}")]
    Timeout(String),
}

impl Error {
    /// 3 when the time was up, 2 otherwise, as for wrong arguments.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(if matches!(self, Self::Timeout(_)) { 3 } else { 2 })
    }

    /// Whether the user lacks the right.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Kubernetes { error: kube::Error::Api(status), .. } if status.code == 403)
    }

    /// Whether the API server does not serve the kind.
    #[must_use]
    pub fn is_kind_missing(&self) -> bool {
        matches!(self, Self::Kubernetes { error: kube::Error::Api(status), .. } if is_kind_missing(status))
    }

    /// With what to do where the user lacks the right.
    #[must_use]
    pub fn if_forbidden(mut self, what_to_do: impl Into<Cow<'static, str>>) -> Self {
        let is_forbidden = self.is_forbidden();
        if let Self::Kubernetes { hint, .. } = &mut self
            && is_forbidden
        {
            *hint = what_to_do.into();
        }
        self
    }

    /// Tells what was asked of the API server.
    pub fn kubernetes(what: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let what = what.into();
        move |error| Self::Kubernetes { what, error, hint: Cow::Borrowed("") }
    }

    /// Tells what was asked of the cloud.
    pub fn cloud(what: impl Into<String>) -> impl FnOnce(direct_connect_operator::cloud::CloudError) -> Self {
        let what = what.into();
        move |error| Self::Cloud { what, error: Box::new(error) }
    }

    /// Tells which file it was.
    pub fn file(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |error| Self::File { what, error }
    }
}

/// What the API server or the client says, in the words that kubectl uses: the message alone, or all causes.
fn says(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if is_kind_missing(status) => {
            "the API server does not serve it: the CRDs of the operator are not installed, or are older than this plugin".to_owned()
        }
        kube::Error::Api(status) if !status.message.is_empty() => status.message.clone(),
        kube::Error::Api(status) => format!("the API server answers {} {}", status.code, status.reason),
        other => {
            let mut text = other.to_string();
            let mut cause = other.source();
            while let Some(because) = cause {
                let because_of = because.to_string();
                if !text.contains(&because_of) {
                    text = format!("{text}: {because_of}");
                }
                cause = because.source();
            }
            text
        }
    }
}

/// Of an object that is not there the answer names the object.
fn is_kind_missing(status: &kube::core::Status) -> bool {
    let names_none = status.details.as_ref().is_none_or(|details| details.name.is_empty());
    status.code == 404 && names_none && (status.message.is_empty() || NO_SUCH_PATH.contains(&status.message.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::core::Status;

    #[test]
    fn the_api_server_is_told_by_its_message() {
        let told = |message: &str, reason: &str, code: u16| {
            let status = Status::failure(message, reason).with_code(code).boxed();
            Error::kubernetes("virtualgateways")(kube::Error::Api(status)).if_forbidden("; try -n").to_string()
        };
        assert_eq!(
            told("is forbidden: User \"a\" cannot list", "Forbidden", 403),
            "virtualgateways: is forbidden: User \"a\" cannot list; try -n"
        );
        assert_eq!(told("\"x\" not found", "NotFound", 404), "virtualgateways: \"x\" not found");
        assert_eq!(told("", "InternalError", 500), "virtualgateways: the API server answers 500 InternalError");
        for nothing in ["404 page not found\n", "the server could not find the requested resource"] {
            assert!(told(nothing, "NotFound", 404).contains("CRDs of the operator are not installed"), "{nothing}");
        }
    }

    #[test]
    fn a_client_that_fails_tells_each_cause_once() {
        let refused = std::io::Error::new(std::io::ErrorKind::ConnectionRefused, "connection refused");
        let error = Error::kubernetes("cloudaccounts")(kube::Error::Service(Box::new(refused)));
        assert_eq!(error.to_string().matches("connection refused").count(), 1, "{error}");
    }
}
