//! The files of a bundle as a zip archive.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Files by their paths. Their order is that of the paths, and their time is none, so that the same files give the same bytes.
pub type Files = BTreeMap<String, String>;

/// The files as a zip archive, in one folder of this name.
///
/// # Errors
/// The archive can't hold them: it is larger than the format allows.
pub fn zip(folder: &str, files: &Files) -> Result<Vec<u8>, zip::result::ZipError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o600);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        writer.start_file(format!("{folder}/{path}"), options)?;
        writer.write_all(content.as_bytes())?;
    }
    Ok(writer.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::{Files, zip};
    use std::io::{Cursor, Read};

    #[test]
    fn files_are_in_order_and_the_same_files_give_the_same_bytes() {
        let files: Files =
            [("b/two.yaml", "two"), ("a.txt", "one"), ("b/three.yaml", "")].map(|(path, text)| (path.into(), text.into())).into();
        let bytes = zip("report", &files).unwrap();
        assert_eq!(bytes, zip("report", &files).unwrap());
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
        assert_eq!(names, ["report/a.txt", "report/b/three.yaml", "report/b/two.yaml"]);
        let mut text = String::new();
        archive.by_name("report/b/two.yaml").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "two");
    }
}
