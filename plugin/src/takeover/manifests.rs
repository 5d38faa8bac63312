//! The objects for resources: they refer to each other, and to objects that are in the cluster.

use direct_connect_operator::api::{self, ObjectReference};
use direct_connect_operator::reconcile::Registration;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

use super::names::{Named, names};
use super::{BgpKey, Candidate, Mode, Skipped};
use crate::object::{Object, short_name};

/// Key of a Secret with a BGP key.
const SECRET_KEY: &str = "md5";
/// Field of a spec that names such a Secret.
const SECRET_FIELD: &str = "bgpMd5SecretRef";

/// An object to be applied.
pub struct Manifest {
    /// Its kind in lower case, as a part of the name of its file.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Lines above it.
    pub comments: Vec<String>,
    /// All of it.
    pub object: Value,
    /// Whether nobody else may read it.
    pub is_secret: bool,
}

/// Objects that are in the cluster.
#[derive(Default)]
pub struct Present {
    /// By their kind and the ID of their resource or of a part of it; only those that can be referred to by their name alone.
    by_id: BTreeMap<(&'static str, String), String>,
    /// Kinds and names in the namespace.
    names: BTreeSet<(&'static str, String)>,
}

impl Present {
    /// The objects of `namespace` among these.
    #[must_use]
    pub fn new(objects: &[Object], namespace: &str) -> Self {
        let mut present = Self::default();
        for object in objects.iter().filter(|object| object.namespace() == namespace) {
            let (kind, name) = (object.kind.kind, object.name().to_owned());
            let peers = object.field("/status/observed/peers").as_array().into_iter().flatten();
            let parts = peers.filter_map(|peer| peer["id"].as_str());
            for id in object.id().into_iter().chain(parts) {
                present.by_id.insert((kind, id.to_owned()), name.clone());
            }
            present.names.insert((kind, name));
        }
        present
    }
}

/// The manifests for all, in the order of the kinds, then by name; and those of which there can be none.
#[must_use]
pub fn manifests(candidates: Vec<Candidate>, present: &Present, mode: Mode) -> (Vec<Manifest>, Vec<Skipped>) {
    let mut skipped = Vec::new();
    let possible = |candidate: &Candidate| match candidate.resource.spec(&|_, _| None) {
        Ok(_) => true,
        Err(why) => {
            skipped.push(Skipped { what: title(candidate), why });
            false
        }
    };
    let candidates: Vec<Candidate> = { candidates.into_iter().filter(possible).collect() };
    let named: Vec<Named<'_>> = candidates
        .iter()
        .map(|candidate| Named { kind: candidate.kind.kind, id: &candidate.resource.id, name: candidate.resource.name() })
        .collect();
    let chosen = names(&named, |kind, name| present.names.iter().any(|(taken, by)| *taken == kind && by == name));
    let mut by_id: BTreeMap<(&'static str, &str), &String> = BTreeMap::new();
    for (candidate, name) in candidates.iter().zip(&chosen) {
        for id in candidate.resource.parts.values().chain([&candidate.resource.id]) {
            by_id.insert((candidate.kind.kind, id), name);
        }
    }
    let refer = |kind: &'static str, id: &str| {
        let name = by_id.get(&(kind, id)).copied().or_else(|| present.by_id.get(&(kind, id.to_owned())))?;
        Some(ObjectReference { name: name.clone(), namespace: None })
    };
    let mut manifests = Vec::new();
    for (candidate, name) in candidates.iter().zip(&chosen) {
        match candidate.resource.spec(&refer) {
            Ok(spec) => manifests.extend(manifest(candidate, name, spec, mode)),
            Err(why) => skipped.push(Skipped { what: title(candidate), why }),
        }
    }
    manifests.sort_by(|one, other| (order(one), &one.name).cmp(&(order(other), &other.name)));
    (manifests, skipped)
}

/// How messages name a resource: as its source does, or by its kind, its ID and its name.
#[must_use]
pub fn title(candidate: &Candidate) -> String {
    if let Some(source) = &candidate.also.source {
        return source.clone();
    }
    let name = candidate.resource.name().map(|name| format!(" ({name})")).unwrap_or_default();
    format!("{} {}{name}", short_name(candidate.kind), candidate.resource.id)
}

/// The place of its kind; a Secret is before what refers to it.
fn order(manifest: &Manifest) -> Option<usize> {
    direct_connect_operator::kinds::ALL.iter().position(|kind| kind.kind.to_ascii_lowercase() == manifest.kind)
}

/// The object, and the Secret that it needs.
fn manifest(candidate: &Candidate, name: &str, spec: Value, mode: Mode) -> Vec<Manifest> {
    let (kind, also) = (candidate.kind, &candidate.also);
    let Value::Object(mut spec) = spec else { return Vec::new() };
    let mut comments = also.comments.clone();
    spec.extend(also.spec.clone());
    spec.retain(|_, value| !value.is_null());
    if let Some(account) = &also.account {
        spec.insert("accountRef".to_owned(), json!({ "name": account }));
    }
    let mut policy = Map::new();
    let only_observed = candidate.resource.only_observed.filter(|_| mode == Mode::Managed);
    comments.extend(only_observed.map(|why| format!("It can only be observed: {why}.")));
    if mode == Mode::Observe || only_observed.is_some() {
        policy.extend([("management".to_owned(), json!("ObserveOnly")), ("deletion".to_owned(), json!("Retain"))]);
    }
    if spec.get("name").and_then(Value::as_str) == Some(name) {
        spec.remove("name");
    } else if has_field(kind, "name") && !spec.contains_key("name") {
        let told = candidate
            .resource
            .name()
            .map_or("It has no name in the cloud".to_owned(), |name| format!("A spec can't hold its name in the cloud: {name}"));
        comments.push(format!("{told}. The name is left as it is there."));
        policy.insert("ignoreFields".to_owned(), json!(["name"]));
    }
    if !policy.is_empty() {
        spec.insert("policy".to_owned(), policy.into());
    }
    let mut manifests = Vec::new();
    if has_field(kind, SECRET_FIELD) && spec.get("routeMode").and_then(Value::as_str) == Some("bgp") {
        let secret = format!("{name}-bgp");
        match &also.bgp_key {
            BgpKey::None => {}
            BgpKey::Unknown => comments.extend(stub("If its BGP session has a key, which the cloud does not show,", &secret)),
            BgpKey::Withheld => comments.extend(stub("Its BGP session has a key, which --with-secrets prints,", &secret)),
            BgpKey::Known(key) => {
                spec.insert(SECRET_FIELD.to_owned(), json!({ "name": secret, "key": SECRET_KEY }));
                manifests.push(secret_manifest(&secret, key));
            }
        }
    }
    let annotations = Some(&also.annotations).filter(|annotations| !annotations.is_empty());
    let metadata = annotations.map_or_else(|| json!({ "name": name }), |annotations| json!({ "annotations": annotations, "name": name }));
    let version = format!("{}/{}", api::GROUP, api::VERSION);
    let object = json!({ "apiVersion": version, "kind": kind.kind, "metadata": metadata, "spec": spec });
    manifests.push(Manifest { kind: kind.kind.to_ascii_lowercase(), name: name.to_owned(), comments, object, is_secret: false });
    manifests
}

/// What to do about a key that is not in the manifest.
fn stub(what: &str, secret: &str) -> Vec<String> {
    vec![
        what.to_owned(),
        "put it into a Secret and add this to the spec before you apply it, as it can't be added later:".to_owned(),
        format!("  {SECRET_FIELD}: {{ name: {secret}, key: {SECRET_KEY} }}"),
    ]
}

fn secret_manifest(name: &str, key: &secrecy::SecretString) -> Manifest {
    let object = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name }, "stringData": { SECRET_KEY: key.expose_secret() },
    });
    Manifest { kind: "secret".to_owned(), name: name.to_owned(), comments: Vec::new(), object, is_secret: true }
}

/// Whether specs of the kind have a field.
#[must_use]
pub fn has_field(kind: &Registration, field: &str) -> bool {
    let version = kind.definition().spec.versions.into_iter().next();
    let schema = version.and_then(|version| version.schema?.open_api_v3_schema);
    let spec = schema.and_then(|schema| schema.properties?.remove("spec"));
    spec.and_then(|spec| spec.properties).is_some_and(|fields| fields.contains_key(field))
}
