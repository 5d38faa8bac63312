//! Where manifests are written to: a stream of YAML, or a folder with a file for each.

use serde_json::Value;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use super::Skipped;
use super::manifests::Manifest;
use crate::error::Error;
use crate::escape::Line;
use crate::output::{self, Format};

/// Writes the manifests, then `last` as comments. To a folder, what is skipped goes with them.
///
/// # Errors
/// Standard output or a file can't be written.
pub fn write(manifests: &[Manifest], last: &[String], skipped: &[Skipped], directory: Option<&Path>) -> Result<(), Error> {
    let Some(directory) = directory else {
        let mut stream = String::new();
        for manifest in manifests {
            write!(stream, "---\n{}", text(manifest)?).unwrap_or_default();
        }
        return output::print(&(stream + &lines("# ", last)));
    };
    std::fs::create_dir_all(directory).map_err(Error::file(directory.display().to_string()))?;
    for manifest in manifests {
        file(&directory.join(format!("{}-{}.yaml", manifest.kind, manifest.name)), &text(manifest)?, manifest.is_secret)?;
    }
    let left_out: Vec<String> = skipped.iter().map(ToString::to_string).collect();
    file(&directory.join("skipped.txt"), &lines("", &left_out), false)?;
    if last.is_empty() { Ok(()) } else { file(&directory.join("terraform.txt"), &lines("", last), false) }
}

/// Tells what is skipped, and how many of each kind there are.
pub fn tell(manifests: &[Manifest], skipped: &[Skipped]) {
    for skipped in skipped {
        anstream::eprintln!("skipped {skipped}");
    }
    let objects: Vec<&str> = manifests.iter().filter_map(|manifest| manifest.object.get("kind").and_then(Value::as_str)).collect();
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for kind in objects {
        match counts.last_mut() {
            Some((last, count)) if *last == kind => *count += 1,
            _ => counts.push((kind, 1)),
        }
    }
    let told: Vec<String> = counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let told = if told.is_empty() { "no manifests".to_owned() } else { told.join(", ") };
    anstream::eprintln!("{told}; {} skipped", skipped.len());
}

fn text(manifest: &Manifest) -> Result<String, Error> {
    Ok(lines("# ", &manifest.comments) + &output::text(&manifest.object, Format::Yaml)?)
}

/// Each on a line of its own, whatever a name in it holds.
fn lines(before: &str, all: &[String]) -> String {
    all.iter().map(|line| format!("{before}{}", Line(line)).trim_end().to_owned() + "\n").collect()
}

/// Writes a file; one with a secret is its owner's only. It comes into its place whole, with nothing of one that was there: neither its mode nor its
/// other names.
fn file(path: &Path, text: &str, is_secret: bool) -> Result<(), Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = fill(&temporary, text, is_secret).and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        // Why it can't be written matters more.
        let _ = std::fs::remove_file(&temporary);
    }
    written.map_err(Error::file(path.display().to_string()))
}

/// Writes a new file.
fn fill(path: &Path, text: &str, is_secret: bool) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if is_secret { 0o600 } else { 0o644 });
    options.open(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn manifest(comment: &str, is_secret: bool) -> Manifest {
        let object = json!({ "kind": "Secret", "metadata": { "name": "a" } });
        Manifest { kind: "secret".to_owned(), name: "a".to_owned(), comments: vec![comment.to_owned()], object, is_secret }
    }

    #[test]
    fn a_comment_is_no_document() {
        for name in ["a\n---\nkind: X", "a\r---\rkind: X", "a\u{85}---\u{85}kind: X", "a\u{2028}kind: X\u{2029}"] {
            let text = text(&manifest(&format!("Its name: {name}"), false)).unwrap();
            let (comment, rest) = text.split_once('\n').unwrap();
            assert!(comment.starts_with("# Its name: a\\") && comment.ends_with(&name.escape_default().to_string()[1..]), "{comment}");
            assert!(rest.starts_with("kind: Secret\n") && !rest.contains("kind: X"), "{rest}");
        }
        let skipped = Skipped { what: "a\nb".to_owned(), why: "c\u{2028}d".to_owned() };
        let folder = tempfile::tempdir().unwrap();
        write(&[], &["state rm 'x\ny'".to_owned()], &[skipped], Some(folder.path())).unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!((read("skipped.txt"), read("terraform.txt")), ("a\\nb: c\\u{2028}d\n".to_owned(), "state rm 'x\\ny'\n".to_owned()));
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_takes_nothing_of_the_file_that_was_there() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("secret-a.yaml"), folder.path().join("other"));
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        std::fs::hard_link(&path, &other).unwrap();
        write(&[manifest("new", true)], &[], &[], Some(folder.path())).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("# new\n"));
        assert_eq!(std::fs::read_to_string(&other).unwrap(), "old");
        let mut names: Vec<_> = folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["other", "secret-a.yaml", "skipped.txt"], "nothing is left beside them");
    }
}
