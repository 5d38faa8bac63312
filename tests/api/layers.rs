//! The modules of the operator know only those above them in the list of `src/lib.rs`.

use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// Names behind `prefix` in a text, up to the first character that is not of a name.
fn names<'t>(text: &'t str, prefix: &'static str) -> impl Iterator<Item = &'t str> {
    text.split(prefix).skip(1).filter_map(|rest| rest.split(|character: char| !(character.is_alphanumeric() || character == '_')).next())
}

#[test]
fn every_module_knows_only_those_above_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let library = std::fs::read_to_string(src.join("lib.rs")).unwrap();
    let order: Vec<&str> = names(&library, "//! - [`").collect();
    let declared: Vec<&str> = names(&library, "pub mod ").collect();
    let missing: Vec<&&str> = declared.iter().filter(|module| **module != "docgen" && !order.contains(module)).collect();
    assert!(missing.is_empty() && order.len() > 8, "not in the list: {missing:?}");
    let rank = |module: &str| order.iter().position(|other| *other == module);
    let mut edges = 0;
    for path in sources(&src) {
        let module = path.strip_prefix(&src).unwrap().iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for other in names(code, "crate::") {
            if let (Some(here), Some(there)) = (rank(&module), rank(other)) {
                assert!(there <= here, "{}: {module} must not know {other}", path.display());
                edges += usize::from(there < here);
            }
        }
    }
    assert!(edges > 100, "the sources were not read: {edges}");
}
