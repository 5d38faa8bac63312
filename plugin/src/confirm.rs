//! A question before something that can't be taken back.

use std::io::{BufRead, Write};

use crate::error::Error;

/// Asks on standard error and reads the answer from standard input: only `y` and `yes` are one.
///
/// # Errors
/// The answer is another one, or there is none.
pub fn confirm(question: &str) -> Result<(), Error> {
    anstream::eprint!("{question} [y/N] ");
    std::io::stderr().flush().map_err(Error::file("standard error"))?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(Error::file("standard input"))?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        "" => Err(Error::Usage("not confirmed, nothing was done; --yes answers in advance".to_owned())),
        _ => Err(Error::Usage("not confirmed, nothing was done".to_owned())),
    }
}
