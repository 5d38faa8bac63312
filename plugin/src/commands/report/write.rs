//! Puts the page and the archive where the user wants them.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Write, stdout};
use std::path::Path;

use crate::error::Error;
use crate::output::print;

/// As the name of a file: standard output.
const STDOUT: &str = "-";

/// Writes the page.
///
/// # Errors
/// It can't be written.
pub fn page(file: &Path, text: &str) -> Result<(), Error> {
    if file == Path::new(STDOUT) {
        return print(text);
    }
    put(file, text.as_bytes(), &mut OpenOptions::new(), |_| Ok(()))
}

/// Writes the archive, into a file for its user only.
///
/// # Errors
/// It can't be written.
pub fn archive(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    if file == Path::new(STDOUT) {
        return match stdout().lock().write_all(bytes) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(Error::file("standard output")),
        };
    }
    put(file, bytes, &mut of_user(), for_user)
}

/// Whether the archive can be written there: a terminal can't show it.
///
/// # Errors
/// It can't.
pub fn check(file: &Path) -> Result<(), Error> {
    if file == Path::new(STDOUT) && stdout().is_terminal() {
        return Err(Error::Usage("--bundle -: standard output is a terminal; write to a file or into a pipe".to_owned()));
    }
    Ok(())
}

/// Name of the folder in the archive.
pub fn folder(file: &Path) -> String {
    let name = file.file_stem().filter(|_| file != Path::new(STDOUT));
    name.map_or_else(|| "report".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Writes a file. `prepare` is called before anything is in it.
fn put(file: &Path, bytes: &[u8], options: &mut OpenOptions, prepare: fn(&File) -> io::Result<()>) -> Result<(), Error> {
    let write = |mut opened: File| prepare(&opened).and_then(|()| opened.write_all(bytes));
    options.write(true).create(true).truncate(true).open(file).and_then(write).map_err(Error::file(file.display().to_string()))?;
    anstream::eprintln!("{} written", file.display());
    Ok(())
}

/// Options by which a new file is for its user only.
fn of_user() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "other systems have no modes"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The same for a file that was there. Pipes and devices are left as they are.
#[cfg_attr(not(unix), expect(clippy::unnecessary_wraps, reason = "other systems have no modes"))]
fn for_user(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{archive, folder};

    #[test]
    fn the_folder_has_the_name_of_the_file() {
        assert_eq!((folder(Path::new("a/support.zip")).as_str(), folder(Path::new("-")).as_str()), ("support", "report"));
    }

    #[cfg(unix)]
    #[test]
    fn an_archive_is_for_its_user_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("support.zip");
        let mode = || std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        archive(&file, b"bytes").unwrap();
        assert_eq!(mode(), 0o600);
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
        archive(&file, b"others").unwrap();
        assert_eq!((mode(), std::fs::read(&file).unwrap().as_slice()), (0o600, b"others".as_slice()));
    }
}
