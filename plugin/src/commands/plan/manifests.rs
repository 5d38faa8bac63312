//! Manifests: of files, folders, standard input and kustomizations.

use direct_connect_operator::api::{self, CloudAccount, DirectConnectGrant};
use k8s_openapi::api::core::v1::Secret;
use kube::Resource;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;
use crate::object::Object;

/// What the manifests contain, in their order.
#[derive(Default)]
pub struct Manifests {
    /// Objects of the operator's kinds.
    pub objects: Vec<Object>,
    /// Accounts.
    pub accounts: Vec<CloudAccount>,
    /// Grants between namespaces.
    pub grants: Vec<DirectConnectGrant>,
    /// Secrets: a create may need one.
    pub secrets: Vec<Secret>,
    /// What looks like an object of the operator and is none that the plugin knows.
    pub left_out: Vec<String>,
}

impl Manifests {
    /// Reads them all. What names no namespace is in `namespace`.
    ///
    /// # Errors
    /// A file can't be read, or holds no manifests.
    pub fn read(files: &[PathBuf], kustomize: Option<&Path>, namespace: &str) -> Result<Self, Error> {
        let mut manifests = Self::default();
        for (name, text) in files.iter().map(|file| texts(file)).collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
            manifests.add(&name, &text, namespace)?;
        }
        if let Some(folder) = kustomize {
            manifests.add(&folder.display().to_string(), &built(folder)?, namespace)?;
        }
        Ok(manifests)
    }

    fn add(&mut self, name: &str, text: &str, namespace: &str) -> Result<(), Error> {
        let documents: Vec<Value> = serde_saphyr::from_multiple(text).map_err(|error| {
            // Not the error of the parser, which may show a secret.
            let place = error.location().map(|at| format!(": line {}, column {}", at.line(), at.column())).unwrap_or_default();
            Error::Usage(format!("{name}: no YAML or JSON{place}"))
        })?;
        for document in documents.into_iter().flat_map(items) {
            self.add_one(name, document, namespace)?;
        }
        Ok(())
    }

    fn add_one(&mut self, name: &str, mut manifest: Value, namespace: &str) -> Result<(), Error> {
        let text = |field: &str| manifest.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (kind, api_version) = (text("kind"), text("apiVersion"));
        let manifest_name = manifest.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let wrong = |error: serde_json::Error| Error::Usage(format!("{name}: {kind} {manifest_name}: {error}"));
        // Not the error of the reader, which may show a secret.
        let wrong_secret = |_| Error::Usage(format!("{name}: Secret {manifest_name} is not well formed"));
        let ours = format!("{}/{}", api::GROUP, api::VERSION);
        let is_ours = api_version == ours;
        if !(is_ours && kind == CloudAccount::kind(&()))
            && let Some(metadata) = manifest.get_mut("metadata").and_then(Value::as_object_mut)
        {
            metadata.entry("namespace").or_insert_with(|| json!(namespace));
        }
        match kind.as_str() {
            "CloudAccount" if is_ours => self.accounts.push(CloudAccount::deserialize(&manifest).map_err(wrong)?),
            "DirectConnectGrant" if is_ours => self.grants.push(DirectConnectGrant::deserialize(&manifest).map_err(wrong)?),
            "Secret" if api_version == "v1" => self.secrets.push(secret(&manifest).map_err(wrong_secret)?),
            _ => match Object::of(manifest) {
                Some(object) => self.objects.push(object),
                None if is_ours => self.left_out.push(format!("{name}: {kind} {manifest_name}: there is no such kind")),
                None if api_version.split('/').next() == Some(api::GROUP) => {
                    self.left_out.push(format!("{name}: {kind} {manifest_name}: this plugin knows {ours}, not {api_version}"));
                }
                // Others are no business of the operator.
                None => {}
            },
        }
        Ok(())
    }
}

/// A Secret, with its `stringData` where the API server puts it.
fn secret(manifest: &Value) -> serde_json::Result<Secret> {
    let mut secret = Secret::deserialize(manifest)?;
    let texts = secret.string_data.take().unwrap_or_default();
    let data = secret.data.get_or_insert_default();
    data.extend(texts.into_iter().map(|(key, text)| (key, k8s_openapi::ByteString(text.into_bytes()))));
    Ok(secret)
}

/// The objects of a list, or the one object.
fn items(document: Value) -> Vec<Value> {
    match document {
        Value::Null => Vec::new(),
        Value::Object(mut list) if list.get("items").is_some_and(Value::is_array) => match list.remove("items") {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        },
        object => vec![object],
    }
}

/// The texts of a file, of the files of a folder in the order of their names, or of standard input.
fn texts(file: &Path) -> Result<Vec<(String, String)>, Error> {
    let name = file.display().to_string();
    if name == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(Error::file("standard input"))?;
        return Ok(vec![(name, text)]);
    }
    if !file.is_dir() {
        return Ok(vec![(name.clone(), std::fs::read_to_string(file).map_err(Error::file(name))?)]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(file).map_err(Error::file(&*name))? {
        files.push(entry.map_err(Error::file(&*name))?.path());
    }
    files.retain(|file| file.extension().is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known)));
    files.sort();
    let read = |file: PathBuf| {
        let name = file.display().to_string();
        std::fs::read_to_string(file).map_err(Error::file(&*name)).map(|text| (name, text))
    };
    files.into_iter().map(read).collect()
}

/// What kubectl builds of a kustomization.
fn built(folder: &Path) -> Result<String, Error> {
    let output = Command::new("kubectl").arg("kustomize").arg(folder).output().map_err(Error::file("kubectl kustomize"))?;
    if !output.status.success() {
        let problem = String::from_utf8_lossy(&output.stderr);
        return Err(Error::Usage(format!("kubectl kustomize {}: {}", folder.display(), problem.trim())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_and_lists_are_read_in_their_order_and_others_are_left_out() {
        let text = "\
apiVersion: directconnect.huaweicloud.com/v1alpha1
kind: VirtualGateway
metadata: { name: a }
---
# nothing
---
apiVersion: v1
kind: List
items:
- apiVersion: directconnect.huaweicloud.com/v1alpha1
  kind: Peer
  metadata: { name: b, namespace: other }
- { apiVersion: v1, kind: ConfigMap, metadata: { name: c } }
- { apiVersion: v1, kind: Secret, metadata: { name: d }, stringData: { key: text } }
---
{ \"apiVersion\": \"directconnect.huaweicloud.com/v1alpha1\", \"kind\": \"CloudAccount\", \"metadata\": { \"name\": \"e\" },
  \"spec\": { \"region\": \"r\", \"credentials\": { \"metadata\": {} } } }
";
        let mut manifests = Manifests::default();
        manifests.add("-", text, "team").unwrap();
        let told: Vec<_> = manifests.objects.iter().map(|object| (object.slash_name(), object.namespace().to_owned())).collect();
        assert_eq!(told, [("vgw/a".to_owned(), "team".to_owned()), ("vifpeer/b".to_owned(), "other".to_owned())]);
        let secret = manifests.secrets.first().unwrap();
        assert_eq!(secret.data.as_ref().unwrap()["key"].0, b"text");
        assert_eq!(manifests.accounts.len(), 1);
        let error = Manifests::default().add("x.yaml", "a: [", "team").unwrap_err().to_string();
        assert!(error.contains("x.yaml: no YAML or JSON: line"), "{error}");
    }

    #[test]
    fn what_is_wrong_with_a_secret_is_told_without_what_is_in_it() {
        let secret = "apiVersion: v1\nkind: Secret\nmetadata: { name: keys }\n";
        for rest in
            ["data: { key: 12345 }", "stringData: { key: 12345 }", "data: { key: '12345' }", "data: [12345", "data: &12345 {}\nx: *54321"]
        {
            let error = Manifests::default().add("x.yaml", &format!("{secret}{rest}\n"), "team").unwrap_err().to_string();
            assert!(error.starts_with("x.yaml: ") && !error.contains("12345") && !error.contains("54321"), "{rest}: {error}");
        }
    }

    #[test]
    fn kinds_of_others_and_versions_that_are_not_known_are_told_apart() {
        let manifest = |version: &str, kind: &str| {
            format!("{{ \"apiVersion\": \"{version}\", \"kind\": \"{kind}\", \"metadata\": {{ \"name\": \"a\" }} }}")
        };
        let ours = "directconnect.huaweicloud.com";
        let rows = [
            (
                format!("{ours}/v1"),
                "VirtualGateway",
                vec!["x: VirtualGateway a: this plugin knows directconnect.huaweicloud.com/v1alpha1, not directconnect.huaweicloud.com/v1"],
            ),
            (
                format!("{ours}/v1beta1"),
                "CloudAccount",
                vec![
                    "x: CloudAccount a: this plugin knows directconnect.huaweicloud.com/v1alpha1, not directconnect.huaweicloud.com/v1beta1",
                ],
            ),
            (format!("{ours}/v1alpha1"), "VirtualGatway", vec!["x: VirtualGatway a: there is no such kind"]),
            ("example.org/v1".to_owned(), "CloudAccount", vec![]),
            ("example.org/v1".to_owned(), "Secret", vec![]),
            ("example.org/v1".to_owned(), "DirectConnectGrant", vec![]),
        ];
        for (version, kind, expected) in rows {
            let mut manifests = Manifests::default();
            manifests.add("x", &manifest(&version, kind), "team").unwrap();
            assert_eq!(manifests.left_out, expected);
            assert!(
                manifests.objects.is_empty()
                    && manifests.accounts.is_empty()
                    && manifests.secrets.is_empty()
                    && manifests.grants.is_empty()
            );
        }
    }
}
