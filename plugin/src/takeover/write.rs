//! Where manifests are written to: a stream of YAML, or a folder with a file for each.

use serde_json::Value;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use super::Skipped;
use super::manifests::Manifest;
use crate::error::Error;
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
        return output::print(&(stream + &comments(last)));
    };
    std::fs::create_dir_all(directory).map_err(Error::file(directory.display().to_string()))?;
    for manifest in manifests {
        file(&directory.join(format!("{}-{}.yaml", manifest.kind, manifest.name)), &text(manifest)?, manifest.is_secret)?;
    }
    let lines = skipped.iter().fold(String::new(), |lines, skipped| lines + &skipped.to_string() + "\n");
    file(&directory.join("skipped.txt"), &lines, false)?;
    if last.is_empty() { Ok(()) } else { file(&directory.join("terraform.txt"), &(last.join("\n") + "\n"), false) }
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
    Ok(comments(&manifest.comments) + &output::text(&manifest.object, Format::Yaml)?)
}

fn comments(lines: &[String]) -> String {
    lines.iter().map(|line| format!("# {line}").trim_end().to_owned() + "\n").collect()
}

/// Writes a file; one with a secret is its owner's only.
fn file(path: &Path, text: &str, is_secret: bool) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if is_secret { 0o600 } else { 0o644 });
    let name = || path.display().to_string();
    let mut file = options.open(path).map_err(Error::file(name()))?;
    file.write_all(text.as_bytes()).map_err(Error::file(name()))
}
