//! Rules of `CloudAccount`.

use serde_json::{Value, json};

use super::table::{Case, PROJECT, Table, UUID, many, prove, spec, tags};

const SECRET: &str = "secretRef";

fn endpoints() -> Vec<Case> {
    let with = |field: &str, url: &str| spec(json!({ "endpoints": { field: url } }));
    vec![
        (with("dc", "http://dc.example"), &["spec.endpoints.dc", "endpoints.dc must start with https://", "endpoints.insecure: true"]),
        (with("iam", "http://iam.example"), &["spec.endpoints.iam", "endpoints.iam must start with https://"]),
        (with("sts", "http://sts.example"), &["spec.endpoints.sts", "endpoints.sts must start with https://"]),
        (with("dc", "dc.example"), &["spec.endpoints.dc", "endpoints.dc must be a base URL"]),
        (with("dc", "ftp://dc.example"), &["spec.endpoints.dc", "endpoints.dc must be a base URL"]),
        (with("dc", "https://user:secret@dc.example"), &["spec.endpoints.dc", "endpoints.dc must be a base URL"]),
        (with("iam", "https://iam.example/?a=b"), &["spec.endpoints.iam", "endpoints.iam must be a base URL"]),
        (with("sts", "https://sts.example/#a"), &["spec.endpoints.sts", "endpoints.sts must be a base URL"]),
        (with("caBundle", "nothing"), &["spec.endpoints.caBundle", "endpoints.caBundle must contain PEM-encoded certificates"]),
    ]
}

fn credentials() -> Vec<Case> {
    let one: &[&str] =
        &["spec.credentials", "credentials must have exactly one of accessKey, password, workloadIdentity, metadata, podIdentity"];
    let with = |credentials: Value| {
        let mut all = json!({ "accessKey": null, "password": null, "workloadIdentity": null, "metadata": null, "podIdentity": null });
        all.as_object_mut().unwrap().extend(credentials.as_object().unwrap().clone());
        spec(json!({ "credentials": all }))
    };
    let workload = |field: &str, value: &str| {
        let mut identity = json!({ "providerUrn": "iam::1:oidc-provider:k", "agencyUrn": "iam::1:agency:a", "tokenPath": "/token" });
        identity[field] = json!(value);
        with(json!({ "workloadIdentity": identity }))
    };
    let exchange = |identity: Value| with(json!({ "workloadIdentity": identity }));
    let service: &[&str] = &["spec.credentials.workloadIdentity", "workloadIdentity must have providerUrn and agencyUrn, or only idpId"];
    let agency = |agency: Value| spec(json!({ "credentials": { "assumeAgency": agency } }));
    let form: &[&str] =
        &["spec.credentials.assumeAgency", "assumeAgency must have urn, which may have externalId with it, or agencyName and domainName"];
    let signed: &[&str] = &[
        "spec.credentials.assumeAgency",
        "assumeAgency.urn needs access keys, and password and workloadIdentity.idpId give a token; use assumeAgency.agencyName and domainName",
    ];
    let by_urn = json!({ "urn": "iam::2:agency:b" });
    let secret = |field: &str, value: &str| spec(json!({ "credentials": { "accessKey": { SECRET: { field: value } } } }));
    vec![
        (exchange(json!({})), service),
        (exchange(json!({ "tokenPath": "/token" })), service),
        (exchange(json!({ "providerUrn": "iam::1:oidcProvider:k" })), service),
        (exchange(json!({ "agencyUrn": "iam::1:agency:a" })), service),
        (exchange(json!({ "agencyUrn": "iam::1:agency:a", "idpId": "k" })), service),
        (exchange(json!({ "providerUrn": "iam::1:oidcProvider:k", "agencyUrn": "iam::1:agency:a", "idpId": "k" })), service),
        (
            exchange(json!({ "idpId": "a b" })),
            &["spec.credentials.workloadIdentity.idpId", "idpId must be the name of an identity provider"],
        ),
        (
            exchange(json!({ "idpId": "k", "tokenPath": "/var/run/secrets/kubernetes.io/serviceaccount/token" })),
            &["spec.credentials.workloadIdentity.tokenPath", "tokenPath must not be the token for the API server"],
        ),
        (agency(json!({})), form),
        (agency(json!({ "externalId": "e" })), form),
        (agency(json!({ "agencyName": "a" })), form),
        (agency(json!({ "domainName": "d" })), form),
        (agency(json!({ "urn": "iam::2:agency:b", "agencyName": "a", "domainName": "d" })), form),
        (agency(json!({ "agencyName": "a", "domainName": "d", "externalId": "e" })), form),
        (agency(json!({ "urn": "a b" })), &["spec.credentials.assumeAgency.urn", "urn must be a URN"]),
        (
            agency(json!({ "urn": "iam::2:agency:b", "externalId": "a b" })),
            &["spec.credentials.assumeAgency.externalId", "externalId must be an external ID without spaces"],
        ),
        (with(json!({ "password": { SECRET: { "namespace": "n", "name": "s" } }, "assumeAgency": by_urn })), signed),
        (with(json!({ "workloadIdentity": { "idpId": "k" }, "assumeAgency": by_urn })), signed),
        (with(json!({ "assumeAgency": by_urn })), one),
        (with(json!({})), one),
        (spec(json!({ "credentials": { "metadata": {} } })), one),
        (with(json!({ "metadata": {}, "podIdentity": {} })), one),
        (with(json!({ "password": { SECRET: { "namespace": "n", "name": "s" } }, "podIdentity": {} })), one),
        (workload("providerUrn", "a b"), &["spec.credentials.workloadIdentity.providerUrn", "providerUrn must be a URN"]),
        (workload("agencyUrn", "a b"), &["spec.credentials.workloadIdentity.agencyUrn", "agencyUrn must be a URN"]),
        (workload("tokenPath", "token"), &["spec.credentials.workloadIdentity.tokenPath", "tokenPath must be an absolute path"]),
        (secret("name", "A"), &["spec.credentials.accessKey.secretRef.name", "name must be the name of an object"]),
        (secret("namespace", "a.b"), &["spec.credentials.accessKey.secretRef.namespace", "namespace must be the name of a namespace"]),
    ]
}

fn namespaces_and_grants() -> Vec<Case> {
    let one: &[&str] = &["namespaces must have exactly one of names, selector"];
    let grant = |field: &str, value: Value| spec(json!({ "grants": [{ "namespaces": { "names": ["a"] }, field: value }] }));
    let vlans: &[&str] = &["spec.grants[0].vlans[0]", "vlans must be a VLAN from 0 to 3999 or a range"];
    let mut cases: Vec<Case> =
        ["4000", "1-4000", "200-100", "a", "-1", "1-", "01", "1 - 2"].map(|range| (grant("vlans", json!([range])), vlans)).to_vec();
    cases.extend([
        (spec(json!({ "allowedNamespaces": {} })), one),
        (spec(json!({ "allowedNamespaces": { "names": ["a"], "selector": {} } })), one),
        (
            spec(json!({ "allowedNamespaces": { "names": ["A"] } })),
            &["spec.allowedNamespaces.names[0]", "names must be the name of a namespace"],
        ),
        (spec(json!({ "allowedNamespaces": { "names": many(257, |i| format!("n{i}")) } })), &["spec.allowedNamespaces.names", "256"]),
        (
            spec(json!({ "allowedNamespaces": { "selector": { "matchExpressions": [{ "key": "k", "operator": "Is" }] } } })),
            &["spec.allowedNamespaces.selector.matchExpressions[0].operator", "\"In\", \"NotIn\", \"Exists\", \"DoesNotExist\""],
        ),
        (spec(json!({ "grants": [{ "namespaces": {} }] })), one),
        (spec(json!({ "grants": [{}] })), &["spec.grants[0].namespaces", "Required"]),
        (grant("connectionIds", json!(["c"])), &["spec.grants[0].connectionIds[0]", "connectionIds must be a UUID"]),
        (grant("vpcIds", json!(["v"])), &["spec.grants[0].vpcIds[0]", "vpcIds must be a UUID"]),
        (grant("globalEipIds", json!(["e"])), &["spec.grants[0].globalEipIds[0]", "globalEipIds must be a UUID"]),
        (grant("gcbIds", json!(["g"])), &["spec.grants[0].gcbIds[0]", "gcbIds must be a UUID"]),
        (grant("maxBandwidth", json!(1)), &["spec.grants[0].maxBandwidth", "greater than or equal to 2"]),
        (grant("import", json!("Maybe")), &["spec.grants[0].import", "\"Allow\", \"Deny\""]),
    ]);
    cases
}

fn refused() -> Vec<Case> {
    let interval: &[&str] = &["spec.syncInterval", "syncInterval must be a duration from 30s to 24h, like 90s, 5m or 1h30m"];
    let mut cases: Vec<Case> = ["", "5", "29s", "29999ms", "24h1s", "-5m", "5 m", "1d", "five"]
        .map(|text| (spec(json!({ "syncInterval": text })), interval))
        .to_vec();
    cases.extend(endpoints());
    cases.extend(credentials());
    cases.extend(namespaces_and_grants());
    // The same rules as of other kinds, one level deeper.
    cases.extend(
        tags()
            .into_iter()
            .map(|(change, _)| (spec(json!({ "defaults": change["spec"] })), &["spec.defaults.tags"] as &'static [&'static str])),
    );
    cases.extend([
        (
            spec(json!({ "defaults": { "ignoreTags": ["a/b"] } })),
            &["spec.defaults.ignoreTags", "ignoreTags must contain only keys of tags"] as &[_],
        ),
        (spec(json!({ "region": "EU West" })), &["spec.region", "region must be a region like eu-west-101"] as &[_]),
        (spec(json!({ "region": "a.b/c" })), &["spec.region", "region must be a region like eu-west-101"]),
        (spec(json!({ "region": null })), &["spec.region", "Required"]),
        (spec(json!({ "projectId": "p" })), &["spec.projectId", "projectId must be 32 hexadecimal digits"]),
        (
            spec(json!({ "defaults": { "enterpriseProjectId": "p" } })),
            &["spec.defaults.enterpriseProjectId", "must be a UUID in lower case, or 0"],
        ),
        (spec(json!({ "defaults": { "deletionPolicy": "Keep" } })), &["spec.defaults.deletionPolicy", "\"Delete\", \"Retain\""]),
        (spec(json!({ "defaults": { "driftPolicy": "Fix" } })), &["spec.defaults.driftPolicy", "\"Correct\", \"Detect\", \"Ignore\""]),
        (spec(json!({ "rateLimit": { "readsPerMinute": 0 } })), &["spec.rateLimit.readsPerMinute", "greater than or equal to 1"]),
        (spec(json!({ "rateLimit": { "writesPerMinute": 60001 } })), &["spec.rateLimit.writesPerMinute", "less than or equal to 60000"]),
        (spec(json!({ "rateLimit": { "burst": 1001 } })), &["spec.rateLimit.burst", "less than or equal to 1000"]),
        (spec(json!({ "features": { "tags": "maybe" } })), &["spec.features.tags", "\"auto\", \"enabled\", \"disabled\""]),
    ]);
    cases
}

fn accepted() -> Vec<Value> {
    let by_name = json!({ "agencyName": "a", "domainName": "d" });
    let by_urn = json!({ "urn": "iam::2:agency:b", "externalId": "e" });
    vec![
        spec(json!({ "endpoints": { "dc": "https://dc.example:8443/base/", "iam": "https://10.0.0.1", "sts": "https://[fd00::1]:443" } })),
        spec(json!({ "endpoints": { "dc": "http://127.0.0.1:8080", "insecure": true } })),
        spec(json!({ "projectId": PROJECT, "syncInterval": "30s" })),
        spec(json!({ "syncInterval": "1h30m" })),
        spec(json!({ "syncInterval": "24h" })),
        spec(json!({ "allowedNamespaces": { "names": [] } })),
        spec(json!({ "allowedNamespaces": { "selector": { "matchLabels": { "a": "b" } } } })),
        spec(json!({ "grants": [{
            "namespaces": { "selector": { "matchExpressions": [{ "key": "k", "operator": "In", "values": ["v"] }] } },
            "connectionIds": [UUID], "vpcIds": [UUID], "globalEipIds": [UUID], "gcbIds": [UUID], "vlans": ["0", "100-199", "7-7", "3999"], "maxBandwidth": 2, "import": "Deny",
        }] })),
        spec(
            json!({ "defaults": { "deletionPolicy": "Retain", "driftPolicy": "Detect", "tags": { "a": "" }, "enterpriseProjectId": "0" } }),
        ),
        spec(json!({ "rateLimit": { "readsPerMinute": 60000, "writesPerMinute": 1, "burst": 1000 }, "features": { "tags": "disabled" } })),
        spec(json!({ "credentials": { "accessKey": null, "metadata": {} } })),
        spec(json!({ "credentials": { "accessKey": null, "podIdentity": {} } })),
        spec(json!({ "credentials": { "accessKey": null, "password": { SECRET: { "namespace": "n", "name": "s.1" } } } })),
        spec(json!({ "credentials": { "accessKey": null, "workloadIdentity": {
            "providerUrn": "iam::1:oidc-provider:k", "agencyUrn": "iam::1:agency:a", "tokenPath": "/var/run/token",
        } } })),
        spec(json!({ "credentials": { "accessKey": null, "workloadIdentity": { "idpId": "my-cluster_1" }, "assumeAgency": by_name } })),
        spec(json!({ "credentials": { "accessKey": null, "workloadIdentity": {
            "providerUrn": "iam::1:oidcProvider:k", "agencyUrn": "iam::1:agency:a",
        }, "assumeAgency": by_urn } })),
        spec(
            json!({ "credentials": { "accessKey": null, "password": { SECRET: { "namespace": "n", "name": "s" } }, "assumeAgency": by_name } }),
        ),
        spec(json!({ "credentials": { "accessKey": null, "podIdentity": {}, "assumeAgency": by_urn } })),
        spec(json!({ "credentials": { "accessKey": null, "metadata": {}, "assumeAgency": { "urn": "iam::2:agency:b" } } })),
        spec(json!({ "credentials": { "assumeAgency": by_name } })),
    ]
}

#[tokio::test]
async fn accounts_are_checked() {
    let base = json!({
        "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "CloudAccount", "metadata": { "name": "account" },
        "spec": {
            "region": "eu-west-101", "projectId": "0605768a3300d5762f82c01180692873",
            "credentials": { "accessKey": { SECRET: { "namespace": "n", "name": "s" } } },
        },
    });
    let other = spec(json!({ "projectId": "ffffffffffffffffffffffffffffffff" }));
    let none = spec(json!({ "projectId": null }));
    let mutable = vec![
        spec(json!({ "syncInterval": "1m", "credentials": { "accessKey": null, "metadata": {} } })),
        // A wrong one can be mended while nothing is in it.
        other.clone(),
        none.clone(),
    ];
    let region: Case = (spec(json!({ "region": "eu-west-0" })), &["spec.region", "region is immutable"]);
    let unused = Table { base: base.clone(), accepted: accepted(), refused: refused(), mutable, immutable: vec![region] };

    let mut in_use = base;
    in_use["metadata"]["name"] = json!("in-use");
    in_use["status"] = json!({ "managedObjects": 2, "projectId": "0123456789abcdef0123456789abcdef" });
    let held: &[&str] = &["spec.projectId", "projectId can change only while no object uses the account"];
    let used = Table {
        base: in_use,
        accepted: vec![],
        refused: vec![],
        mutable: vec![spec(json!({ "syncInterval": "1m" })), spec(json!({ "projectId": "0123456789abcdef0123456789abcdef" }))],
        immutable: vec![(other.clone(), held), (none.clone(), held)],
    };
    let mut emptied = used.base.clone();
    emptied["metadata"]["name"] = json!("emptied");
    emptied["status"]["managedObjects"] = json!(0);
    let mut never_ready = used.base.clone();
    never_ready["metadata"]["name"] = json!("never-ready");
    never_ready["status"]["projectId"] = json!(null);
    // A shard that does not know all objects counts none.
    let mut sharded = used.base.clone();
    sharded["metadata"]["name"] = json!("sharded");
    sharded["status"]["managedObjects"] = json!(null);
    let table = |base, mutable, immutable| Table { base, accepted: vec![], refused: vec![], mutable, immutable };
    let (changes, refusals) = (|| vec![other.clone(), none.clone()], || vec![(other.clone(), held), (none.clone(), held)]);
    let tables = vec![table(emptied, changes(), vec![]), table(never_ready, changes(), vec![]), table(sharded, vec![], refusals())];
    prove([unused, used].into_iter().chain(tables).collect()).await;
}
