//! The file of a token. It is read anew for each exchange: the kubelet replaces it before the token expires.

use secrecy::SecretString;
use std::path::Path;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use crate::cloud::errors::catalogue::OwnCode;
use crate::cloud::errors::{CloudError, RequestOutcome};

/// Longest token that STS takes, in characters.
const LONGEST: u64 = 20_000;
/// Where the token for the API server lies in each pod, links followed.
const OF_API_SERVER: [&str; 2] = ["/run/secrets/kubernetes.io", "/var/run/secrets/kubernetes.io"];

/// The content of the file, without white space around it.
///
/// # Errors
/// It is missing, empty or too long.
pub(in crate::cloud) async fn read(operation: &'static str, path: &Path) -> Result<SecretString, CloudError> {
    let missing = |what: String| CloudError::local(operation, OwnCode::TokenMissing, what, RequestOutcome::Refused);
    let file = File::open(path).await.map_err(|error| missing(format!("the token file {}: {error}", path.display())))?;
    let mut text = String::new();
    let read = file.take(LONGEST + 1).read_to_string(&mut text).await;
    if text.len() as u64 > LONGEST {
        return Err(invalid(operation, path, &format!("has more than {LONGEST} characters")));
    }
    read.map_err(|error| missing(format!("the token file {}: {error}", path.display())))?;
    match text.trim() {
        "" => Err(missing(format!("the token file {} is empty", path.display()))),
        token => Ok(SecretString::from(token)),
    }
}

/// The same of an id token. It goes to the endpoint that the account names, so that nothing but an id token may.
///
/// # Errors
/// As [`read`]; also if it is no id token, or the one for the API server.
pub(in crate::cloud) async fn read_id_token(operation: &'static str, path: &Path) -> Result<SecretString, CloudError> {
    // A file that is not there is told by the read.
    let real = tokio::fs::canonicalize(path).await.unwrap_or_else(|_| path.to_owned());
    if OF_API_SERVER.iter().any(|folder| real.starts_with(folder)) {
        return Err(invalid(
            operation,
            path,
            "is for the API server and is never sent elsewhere; project a token with an audience of its own",
        ));
    }
    let token = read(operation, path).await?;
    if is_id_token(secrecy::ExposeSecret::expose_secret(&token)) {
        Ok(token)
    } else {
        Err(invalid(operation, path, "is no id token: three parts of base64url with dots between them"))
    }
}

fn invalid(operation: &'static str, path: &Path, what: &str) -> CloudError {
    CloudError::local(operation, OwnCode::TokenInvalid, format!("the token file {} {what}", path.display()), RequestOutcome::Refused)
}

fn is_id_token(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let is_base64 = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte));
    parts.len() == 3 && parts.iter().all(is_base64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::errors::class::ErrorClass;
    use secrecy::ExposeSecret;

    /// What is in the file; the token, or what is told and the class.
    type Row<'a> = (&'a [u8], Result<&'a str, (&'a str, ErrorClass)>);

    #[tokio::test]
    async fn a_token_is_read_and_what_is_none_is_told_by_its_path_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        let long = format!("e30.{}.c2ln", "a".repeat(20_000));
        let rows: [Row; 8] = [
            (b"e30.SECRET.c2ln", Ok("e30.SECRET.c2ln")),
            (b" \n e30.SECRET.c2ln\n", Ok("e30.SECRET.c2ln")),
            (b"", Err(("is empty", ErrorClass::Auth))),
            (b" \n", Err(("is empty", ErrorClass::Auth))),
            (b"\xff\xfeSECRET", Err(("utf-8", ErrorClass::Auth))),
            (b"root:SECRET:0:0\nuser", Err(("no id token", ErrorClass::Invalid))),
            (b"e30..c2ln", Err(("no id token", ErrorClass::Invalid))),
            (long.as_bytes(), Err(("more than 20000", ErrorClass::Invalid))),
        ];
        for (content, expected) in rows {
            std::fs::write(&path, content).unwrap();
            match (read_id_token("x", &path).await, expected) {
                (Ok(token), Ok(expected)) => assert_eq!(token.expose_secret(), expected),
                (Err(error), Err((what, class))) => {
                    assert!(error.message.contains(what) && error.message.contains(path.to_str().unwrap()), "{error}");
                    assert!(!error.to_string().contains("SECRET"), "{error}");
                    assert_eq!(error.class, class, "{error}");
                }
                (got, _) => panic!("{content:?}: {:?}", got.err()),
            }
        }
        std::fs::remove_file(&path).unwrap();
        let missing = read_id_token("x", &path).await.err().unwrap();
        assert_eq!((missing.code.as_str(), missing.class), ("TokenMissing", ErrorClass::Auth));
    }
}
