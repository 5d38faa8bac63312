//! Why a command failed, and with which exit code it ends.

use std::process::ExitCode;

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
    #[error("{what}: {error}")]
    Kubernetes {
        /// What was asked for.
        what: String,
        /// What the API server or the client says.
        error: kube::Error,
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
        self.has_code(403)
    }

    /// Whether there is no such object, or no such kind.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.has_code(404)
    }

    fn has_code(&self, code: u16) -> bool {
        matches!(self, Self::Kubernetes { error: kube::Error::Api(status), .. } if status.code == code)
    }

    /// Tells what was asked of the API server.
    pub fn kubernetes(what: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let what = what.into();
        move |error| Self::Kubernetes { what, error }
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
