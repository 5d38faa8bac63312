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

/// What all objects have in common.
#[derive(Clone, Copy, Debug, Default)]
pub struct Common<'a> {
    /// What they do at first.
    pub mode: Mode,
    /// Their namespace, if the user named it; else it is that of `kubectl apply`.
    pub namespace: Option<&'a str>,
}

/// The manifests for all, in the order of the kinds, then by name; and those of which there can be none.
#[must_use]
pub fn manifests(candidates: Vec<Candidate>, present: &Present, common: Common<'_>) -> (Vec<Manifest>, Vec<Skipped>) {
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
            Ok(spec) => manifests.extend(manifest(candidate, name, spec, common)),
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
fn manifest(candidate: &Candidate, name: &str, spec: Value, common: Common<'_>) -> Vec<Manifest> {
    let (kind, also) = (candidate.kind, &candidate.also);
    let Value::Object(mut spec) = spec else { return Vec::new() };
    let mut comments = also.comments.clone();
    spec.extend(also.spec.clone());
    spec.retain(|_, value| !value.is_null());
    if let Some(account) = &also.account {
        spec.insert("accountRef".to_owned(), json!({ "name": account }));
    }
    let mut policy = Map::new();
    let only_observed = candidate.resource.only_observed.filter(|_| common.mode == Mode::Managed);
    comments.extend(only_observed.map(|why| format!("It can only be observed: {why}.")));
    if common.mode == Mode::Observe || only_observed.is_some() {
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
        // An interface and its second peer may have one name, and each its key.
        let secret = format!("{}-{name}-bgp", short_name(kind));
        match &also.bgp_key {
            BgpKey::None => {}
            BgpKey::Unknown => comments.extend(stub("If its BGP session has a key, which the cloud does not show,", &secret)),
            BgpKey::Withheld => comments.extend(stub("Its BGP session has a key, which --with-secrets prints,", &secret)),
            BgpKey::Known(key) => {
                spec.insert(SECRET_FIELD.to_owned(), json!({ "name": secret, "key": SECRET_KEY }));
                manifests.push(secret_manifest(&secret, key, common));
            }
        }
    }
    let version = format!("{}/{}", api::GROUP, api::VERSION);
    let metadata = metadata(name, &also.annotations, common);
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

/// The metadata of an object. What is empty is left out.
fn metadata(name: &str, annotations: &BTreeMap<String, String>, common: Common<'_>) -> Map<String, Value> {
    let mut metadata = Map::from_iter([("name".to_owned(), json!(name))]);
    metadata.extend(common.namespace.map(|namespace| ("namespace".to_owned(), json!(namespace))));
    if !annotations.is_empty() {
        metadata.insert("annotations".to_owned(), json!(annotations));
    }
    metadata
}

/// The Secret with a key, in the namespace of the object that names it.
fn secret_manifest(name: &str, key: &secrecy::SecretString, common: Common<'_>) -> Manifest {
    let metadata = metadata(name, &BTreeMap::new(), common);
    let object = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": { SECRET_KEY: key.expose_secret() } });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::takeover::Also;
    use direct_connect_operator::kinds;
    use secrecy::SecretString;

    /// An interface with a second peer, each with a key.
    fn dual_stack(name: &str) -> Vec<Candidate> {
        let peer = |id: &str, family: &str, local: &str, remote: &str| {
            json!({
                "id": id, "name": name, "address_family": family, "route_mode": "bgp", "bgp_asn": 65010, "local_gateway_ip": local,
                "remote_gateway_ip": remote, "remote_ep_group": [],
            })
        };
        let interface = json!({
            "id": "vif", "name": name, "direct_connect_id": "line", "vgw_id": "vgw", "service_type": "VGW", "vlan": 1, "bandwidth": 2,
            "address_family": "ipv4",
            "vif_peers": [peer("first", "ipv4", "10.0.0.1/30", "10.0.0.2/30"), peer("second", "ipv6", "fd00::1/64", "fd00::2/64")],
        });
        let candidates = kinds::ALL.iter().filter(|kind| ["VirtualInterface", "Peer"].contains(&kind.kind)).flat_map(|kind| {
            kind.existing_in(&interface).unwrap().into_iter().map(move |resource| {
                let bgp_key = BgpKey::Known(SecretString::from(format!("key of {}", resource.id)));
                Candidate { kind, resource, also: Also { bgp_key, ..Also::default() } }
            })
        });
        candidates.collect()
    }

    fn made(name: &str, common: Common<'_>) -> Vec<Manifest> {
        let (manifests, skipped) = manifests(dual_stack(name), &Present::default(), common);
        assert!(skipped.is_empty(), "{skipped:?}");
        manifests
    }

    #[test]
    fn an_interface_and_its_peer_of_one_name_have_a_secret_each() {
        let made = made("office", Common::default());
        let secret = |name: &Value| {
            let found: Vec<&Manifest> = made.iter().filter(|one| one.is_secret && json!(one.name) == *name).collect();
            assert_eq!(found.len(), 1, "{name}");
            found[0].object["stringData"][SECRET_KEY].as_str().unwrap().to_owned()
        };
        let objects: Vec<&Manifest> = made.iter().filter(|one| !one.is_secret).collect();
        let keys: Vec<String> = objects.iter().map(|one| secret(&one.object["spec"][SECRET_FIELD]["name"])).collect();
        assert_eq!(objects.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["office", "office"]);
        assert_eq!(keys, ["key of vif", "key of second"]);
    }

    #[test]
    fn the_namespace_is_written_where_the_user_named_it() {
        let network = made("office", Common { namespace: Some("network"), ..Common::default() });
        assert!(network.len() == 4 && network.iter().all(|one| one.object["metadata"]["namespace"] == "network"));
        assert!(made("office", Common::default()).iter().all(|one| one.object["metadata"].get("namespace").is_none()));
    }

    #[test]
    fn a_name_that_no_spec_can_hold_stays_in_its_comment() {
        let made = made("a\n---\nkind: X", Common::default());
        assert!(made.iter().any(|one| one.comments.iter().any(|line| line.contains("kind: X"))), "a comment tells the name");
        let folder = tempfile::tempdir().unwrap();
        super::super::write::write(&made, &[], &[], Some(folder.path())).unwrap();
        for file in folder.path().read_dir().unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            assert!(text.lines().all(|line| line != "---" && line != "kind: X"), "{text}");
        }
    }
}
