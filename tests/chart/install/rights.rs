//! What the chart lets the operator do, against what the operator did: the one from the roles that are bound to its service account, the other
//! from the API server's audit log. Neither may have what the other has not.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;

use support::controlplane::ControlPlane;
use support::release::Release;

/// Any namespace, or any name.
const ANY: &str = "*";

/// One thing that may be done, or was. Of a role the namespace and the name may be [`ANY`]; of a request they are empty where it has none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    group: String,
    resource: String,
    verb: String,
    namespace: String,
    name: String,
}

impl fmt::Display for Right {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, resource, verb, namespace, name } = self;
        write!(formatter, "{verb} {group}/{resource}, namespace {namespace:?}, name {name:?}")
    }
}

impl Right {
    pub fn is(&self, verb: &str, resource: &str, namespace: &str) -> bool {
        (self.verb.as_str(), self.resource.as_str(), self.namespace.as_str()) == (verb, resource, namespace)
    }

    fn covers(&self, used: &Self) -> bool {
        let is = |granted: &str, used: &str| granted == ANY || granted == used;
        self.is_alike(used) && is(&self.namespace, &used.namespace) && is(&self.name, &used.name)
    }

    fn is_alike(&self, used: &Self) -> bool {
        (&self.group, &self.resource, &self.verb) == (&used.group, &used.resource, &used.verb)
    }

    /// Whether it is used, and that to its extent: what is granted for all namespaces for all at once or in several, and what is granted for all
    /// names with several, be it in other namespaces.
    fn is_taken(&self, done: &BTreeSet<Self>) -> bool {
        let alike = done.iter().filter(|used| self.is_alike(used));
        let (names, covered) = (alike.clone().map(|used| used.name.as_str()), alike.filter(|used| self.covers(used)));
        let namespaces: BTreeSet<&str> = covered.map(|used| used.namespace.as_str()).collect();
        let several = |all: &BTreeSet<&str>| all.contains("") || all.len() > 1;
        !namespaces.is_empty() && (self.namespace != ANY || several(&namespaces)) && (self.name != ANY || several(&names.collect()))
    }
}

/// What all roles together give that are bound to the service account, other than to everybody.
pub fn granted(plane: &ControlPlane, release: &Release, service_account: &str) -> BTreeSet<Right> {
    let get = |what: &str| -> Vec<Value> {
        let all: Value = serde_json::from_str(&plane.kubectl(&["get", what, "--all-namespaces", "-o", "json"])).unwrap();
        all["items"].as_array().unwrap().clone()
    };
    let is_subject = |subject: &Value| {
        subject["kind"] == "ServiceAccount" && subject["name"] == service_account && subject["namespace"] == release.namespace
    };
    let roles = [get("clusterroles"), get("roles")].concat();
    let mut rights = BTreeSet::new();
    for binding in [get("clusterrolebindings"), get("rolebindings")].concat() {
        if !binding["subjects"].as_array().is_some_and(|subjects| subjects.iter().any(is_subject)) {
            continue;
        }
        let namespace = binding["metadata"]["namespace"].as_str().unwrap_or(ANY);
        let named = |role: &&Value| {
            let of_the_cluster = binding["roleRef"]["kind"] == "ClusterRole";
            role["metadata"]["name"] == binding["roleRef"]["name"]
                && role["metadata"]["namespace"].as_str() == Some(namespace).filter(|_| !of_the_cluster)
        };
        let role = roles.iter().find(named).unwrap_or_else(|| panic!("no role: {}", binding["roleRef"]));
        for rule in role["rules"].as_array().unwrap() {
            rights.extend(of_rule(rule, namespace));
        }
    }
    rights
}

fn of_rule(rule: &Value, namespace: &str) -> Vec<Right> {
    let list =
        |key: &str| -> Vec<String> { rule[key].as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect() };
    let names = if rule["resourceNames"].is_array() { list("resourceNames") } else { vec![ANY.to_owned()] };
    let (groups, resources, verbs) = (list("apiGroups"), list("resources"), list("verbs"));
    assert!(rule["nonResourceURLs"].is_null() && !groups.is_empty() && !resources.is_empty(), "only resources are compared: {rule}");
    assert!([&groups, &resources, &verbs].iter().all(|list| !list.contains(&ANY.to_owned())), "each is named: {rule}");
    let mut rights = Vec::new();
    for group in &groups {
        for resource in &resources {
            for verb in &verbs {
                rights.extend(names.iter().map(|name| Right {
                    group: group.clone(),
                    resource: resource.clone(),
                    verb: verb.clone(),
                    namespace: namespace.to_owned(),
                    name: name.clone(),
                }));
            }
        }
    }
    rights
}

/// What the service account asked of the API server since it had written `before` entries: what was done, and what was refused for want of a
/// right.
pub fn used(plane: &ControlPlane, release: &Release, service_account: &str, before: usize) -> (BTreeSet<Right>, BTreeSet<Right>) {
    let user = format!("system:serviceaccount:{}:{service_account}", release.namespace);
    let entries = plane.audit().into_iter().skip(before).filter(|entry| entry["user"]["username"] == user.as_str());
    // Requests without a resource, like the one for the server's version, everybody may make.
    let (refused, done): (Vec<Value>, Vec<Value>) = entries
        .filter(|entry| entry["objectRef"].is_object())
        .partition(|entry| entry["annotations"]["authorization.k8s.io/decision"] == "forbid");
    (done.iter().map(of_request).collect(), refused.iter().map(of_request).collect())
}

fn of_request(entry: &Value) -> Right {
    let about = &entry["objectRef"];
    let text = |key: &str| about[key].as_str().unwrap_or_default().to_owned();
    let resource = match about["subresource"].as_str() {
        Some(subresource) => format!("{}/{subresource}", text("resource")),
        None => text("resource"),
    };
    let verb = entry["verb"].as_str().unwrap_or_default().to_owned();
    // A namespace is said to lie in itself.
    let namespace = if resource == "namespaces" { String::new() } else { text("namespace") };
    // No right to create depends on a name.
    let name = if verb == "create" { String::new() } else { text("name") };
    Right { group: text("apiGroup"), resource, verb, namespace, name }
}

/// What is wrong with `granted`, in words; nothing if all is well.
pub fn compare(granted: &BTreeSet<Right>, done: &BTreeSet<Right>, refused: &BTreeSet<Right>) -> Vec<String> {
    let missing = refused.iter().map(|right| format!("missing, it was refused: {right}"));
    let elsewhere = done.iter().filter(|used| !granted.iter().any(|right| right.covers(used)));
    let elsewhere = elsewhere.map(|right| format!("missing, it was allowed by no role of the chart: {right}"));
    let surplus = granted.iter().filter(|right| !right.is_taken(done));
    missing.chain(elsewhere).chain(surplus.map(|right| format!("surplus, never used to its extent: {right}"))).collect()
}
