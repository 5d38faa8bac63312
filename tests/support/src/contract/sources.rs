//! The vendor's documents, one per operation, and their examples.

use std::{collections::BTreeMap, ffi::OsStr, path::PathBuf, process::Command, sync::OnceLock};

use serde_json::{Map, Value};

const DEFINITIONS: &str = "huawei-cloud-api-definitions-DC";

/// All documents, read once.
pub fn documents() -> &'static [Value] {
    static DOCUMENTS: OnceLock<Vec<Value>> = OnceLock::new();
    DOCUMENTS.get_or_init(|| read_documents(DEFINITIONS, None))
}

/// The documents in the sources of a crate, which cargo knows where to find: all, or those of these operations.
pub fn read_documents(package: &str, operations: Option<&[&str]>) -> Vec<Value> {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let package = packages.iter().find(|found| found["name"] == package).expect("the definitions are a dependency");
    let manifest = PathBuf::from(package["manifest_path"].as_str().expect("a path"));
    let sources = manifest.with_file_name("src").read_dir().expect("the definitions have sources");
    let files = sources.map(|entry| entry.expect("an entry").path()).filter(|path| path.extension().is_some_and(|ext| ext == "json"));
    let is_asked = |path: &PathBuf| {
        let name = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
        operations.is_none_or(|operations| operations.contains(&name))
    };
    let read = |path: PathBuf| serde_json::from_slice(&std::fs::read(path).expect("readable")).expect("a document is JSON");
    files.filter(is_asked).map(read).collect()
}

/// What cargo knows of the dependencies.
///
/// The platform is stated because packages of other platforms are not there offline.
fn metadata() -> &'static Value {
    static METADATA: OnceLock<Value> = OnceLock::new();
    METADATA.get_or_init(read_metadata)
}

fn read_metadata() -> Value {
    let host = output_of("rustc", &["--print", "host-tuple"]);
    let host = String::from_utf8(host).expect("text");
    let metadata = output_of("cargo", &["metadata", "--format-version", "1", "--offline", "--filter-platform", host.trim()]);
    serde_json::from_slice(&metadata).expect("cargo metadata is JSON")
}

fn output_of(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).output().expect("the toolchain is there");
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The answers that the documents show as examples, by operation.
pub fn examples() -> BTreeMap<String, Vec<Value>> {
    let documents = documents();
    let methods = documents.iter().flat_map(|document| document["paths"].as_object().expect("paths").values());
    let definitions = methods.flat_map(|methods| methods.as_object().expect("methods").values());
    definitions.map(|definition| (definition["operationId"].as_str().unwrap_or_default().to_owned(), examples_of(definition))).collect()
}

/// The bodies that the documents show as examples of requests of an operation.
pub fn example_requests(operation: &str) -> Vec<Value> {
    let documents = documents();
    let methods = documents.iter().flat_map(|document| document["paths"].as_object().expect("paths").values());
    let definitions = methods.flat_map(|methods| methods.as_object().expect("methods").values());
    let definition = definitions.into_iter().find(|definition| definition["operationId"] == operation).expect("a documented operation");
    let fields = definition.as_object().expect("an operation").iter();
    let is_number = |text: &str| text.parse::<u32>().is_ok();
    let named = fields.filter(|(key, _)| key.strip_prefix("x-request-examples-").is_some_and(is_number)).map(|(_, body)| body);
    let bodies = definition["requestBody"]["content"].as_object().into_iter().flat_map(Map::values);
    let mut found: Vec<Value> = named.chain(bodies.filter_map(|body| body.get("example"))).cloned().collect();
    found.dedup();
    found
}

/// An example is beside the schema of the answer, or has a key of its own.
fn examples_of(definition: &Value) -> Vec<Value> {
    let answers = definition["responses"].as_object().expect("responses").values();
    let fields = answers.filter_map(Value::as_object).flatten();
    let contents = fields.filter(|(key, _)| *key == "content" || key.starts_with("x-response-examples-")).map(|(_, content)| content);
    let bodies = contents.filter_map(Value::as_object).flat_map(Map::values);
    bodies.map(|body| body.get("example").unwrap_or(body)).filter(|body| body.get("schema").is_none()).cloned().collect()
}
