//! What each value of the operator itself does.

use serde_json::json;

use super::harness::{Effect, Row, comes, container, env, everywhere, goes, is, pod, row};

const CRDS: [&str; 12] = [
    "cloudaccounts",
    "peers",
    "directconnectgrants",
    "virtualgateways",
    "virtualinterfaces",
    "connectgateways",
    "globaleipassociations",
    "globalgateways",
    "peerlinks",
    "globalgatewayroutes",
    "connections",
    "hostedconnections",
];
/// Whose requests are served first.
const SUBJECT: &str = "/spec/rules/0/subjects/0/serviceAccount/name";

fn definition(plural: &str) -> String {
    format!("CustomResourceDefinition/{plural}.directconnect.huaweicloud.com")
}

/// The same field of the pods of the operator and of the simulator.
fn both_pods(pointer: &str, value: &serde_json::Value) -> Vec<super::harness::Effect> {
    vec![pod(pointer, value.clone()), is("Deployment/simulator", &format!("/spec/template/spec{pointer}"), value.clone())]
}

/// The same field of both containers.
fn both_containers(pointer: &str, value: &serde_json::Value) -> Vec<super::harness::Effect> {
    let simulator = format!("/spec/template/spec/containers/simulator{pointer}");
    vec![container(pointer, value.clone()), is("Deployment/simulator", &simulator, value.clone())]
}

/// A field of the token that is projected for the cloud.
fn token(pointer: &str, value: impl Into<serde_json::Value>) -> Effect {
    pod(&format!("/volumes/workload-identity/projected/sources/0/serviceAccountToken{pointer}"), value)
}

/// Names, labels, image, account of the cluster, rights.
pub fn identity() -> Vec<Row> {
    // Whose documents have the whole name and nothing more.
    let few = json!({ "rbac": { "create": false }, "protection": { "enabled": false } });
    let small = || json!({ "rbac": { "create": false }, "protection": { "enabled": false }, "simulator": { "enabled": true } });
    let digest = "sha256:0000000000000000000000000000000000000000000000000000000000000001";
    let definitions =
        |effect: fn(&str) -> super::harness::Effect| CRDS.iter().map(|plural| effect(&definition(plural))).collect::<Vec<_>>();
    let roles = |effect: fn(&str) -> super::harness::Effect| {
        ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"].map(effect).into_iter().collect::<Vec<_>>()
    };
    let projected = || json!({ "workloadIdentity": { "enabled": true, "audience": "direct-connect" } });
    let tenants = || ["ClusterRole/view", "ClusterRole/edit", "ClusterRole/admin"].map(goes).into_iter();
    let policies = ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"];
    let policies = |which: &str| policies.map(|kind| goes(&format!("{kind}/{which}"))).into_iter();
    vec![
        row("/nameOverride", "lines", vec![everywhere("/metadata/labels/app.kubernetes.io~1name", "lines")]).given(few.clone()),
        row("/fullnameOverride", "lines", vec![everywhere("/metadata/name", "lines")]).given(few),
        row(
            "/commonLabels",
            json!({ "team": "network" }),
            vec![
                everywhere("/metadata/labels/team", "network"),
                is("Deployment", "/spec/template/metadata/labels/team", "network"),
                is("Deployment/simulator", "/spec/template/metadata/labels/team", "network"),
            ],
        )
        .given(small()),
        row(
            "/image/repository",
            "registry.example.com/operator",
            vec![container("/image", concat!("registry.example.com/operator:", env!("CARGO_PKG_VERSION")))],
        ),
        row("/image/tag", "dev", vec![container("/image", "direct-connect-operator:dev")]),
        row("/image/digest", digest, vec![container("/image", format!("direct-connect-operator@{digest}"))])
            .given(json!({ "image": { "tag": "dev" } })),
        row("/image/pullPolicy", "Always", vec![container("/imagePullPolicy", "Always")]),
        row("/imagePullSecrets", json!([{ "name": "registry" }]), both_pods("/imagePullSecrets/registry/name", &json!("registry")))
            .given(small()),
        row(
            "/serviceAccount/create",
            false,
            vec![goes("ServiceAccount"), pod("/serviceAccountName", "default"), is("FlowSchema", SUBJECT, "default")],
        )
        .given(small()),
        row(
            "/serviceAccount/name",
            "lines",
            vec![
                goes("ServiceAccount"),
                comes("ServiceAccount/lines"),
                pod("/serviceAccountName", "lines"),
                is("FlowSchema", SUBJECT, "lines"),
                is("ClusterRoleBinding", "/subjects/lines/namespace", "system"),
                is("RoleBinding", "/subjects/lines/namespace", "system"),
            ],
        ),
        row("/workloadIdentity/enabled", true, {
            let mounted = "/var/run/secrets/directconnect.huaweicloud.com/serviceaccount";
            vec![
                token("", json!({ "audience": "direct-connect", "expirationSeconds": 3600, "path": "token" })),
                container("/volumeMounts/workload-identity/mountPath", mounted),
                container("/volumeMounts/workload-identity/readOnly", true),
            ]
        })
        .given(json!({ "workloadIdentity": { "audience": "direct-connect" } })),
        row("/workloadIdentity/audience", "other", vec![token("/audience", "other")]).given(projected()),
        row("/workloadIdentity/expirationSeconds", 7200, vec![token("/expirationSeconds", 7200)]).given(projected()),
        row("/serviceAccount/annotations", json!({ "a": "b" }), vec![is("ServiceAccount", "/metadata/annotations/a", "b")]),
        row("/rbac/create", false, roles(goes).into_iter().chain(tenants()).collect()),
        row("/rbac/aggregateClusterRoles", false, tenants().collect()),
        row("/crds/enabled", true, definitions(comes)),
        row("/crds/keep", false, {
            let unkept = CRDS.map(|plural| is(&definition(plural), "/metadata/annotations/helm.sh~1resource-policy", json!(null)));
            unkept.into_iter().chain(policies("protected-definitions")).collect()
        })
        .given(json!({ "crds": { "enabled": true } })),
        row(
            "/protection/enabled",
            false,
            policies("protected-definitions").chain(policies("protected-objects")).chain(policies("finalizers")).collect(),
        ),
    ]
}

/// How it works, and what it is told.
pub fn work() -> Vec<Row> {
    let wide = ["ClusterRole", "ClusterRoleBinding", "FlowSchema"];
    let renamed = || wide.map(goes).into_iter().chain(wide.map(|kind| comes(&format!("{kind}/system"))));
    let narrow =
        ["a", "b"].into_iter().flat_map(|namespace| ["Role", "RoleBinding"].map(|kind| comes(&format!("{kind}/system@{namespace}"))));
    // A role for each namespace in place of the rule of the ClusterRole.
    let secrets = ["a", "b"]
        .into_iter()
        .flat_map(|namespace| ["Role", "RoleBinding"].map(|kind| comes(&format!("{kind}/secrets@{namespace}"))))
        .chain([Effect::Differs("ClusterRole".to_owned(), "/rules".to_owned())]);
    let operator = |name: &str, value: &str| vec![env(&format!("DC_OPERATOR_{name}"), value)];
    let shard = || operator("SHARD", "test-direct-connect-operator-system");
    vec![
        row("/replicaCount", 3, vec![is("Deployment", "/spec/replicas", 3)]),
        row("/replicaCount", 1, vec![is("Deployment", "/spec/replicas", 1), goes("PodDisruptionBudget")]),
        row(
            "/leaderElection/enabled",
            false,
            vec![
                is("Deployment", "/spec/strategy/type", "Recreate"),
                env("DC_OPERATOR_LEADER_ELECT", "false"),
                container("/env/DC_OPERATOR_LEASE_NAME", json!(null)),
                goes("Role"),
                goes("RoleBinding"),
                goes("FlowSchema"),
            ],
        )
        .given(json!({ "replicaCount": 1 })),
        row("/leaderElection/flowSchema/enabled", false, vec![goes("FlowSchema")]),
        row("/leaderElection/leaseDuration", "30s", operator("LEASE_DURATION", "30s")),
        row("/leaderElection/renewDeadline", "9s", operator("LEASE_RENEW_DEADLINE", "9s")),
        row("/leaderElection/retryPeriod", "1s", operator("LEASE_RETRY_PERIOD", "1s")),
        row(
            "/watchNamespaces",
            json!(["a", "b"]),
            operator("WATCH_NAMESPACES", "a,b").into_iter().chain(shard()).chain(renamed()).chain(narrow).collect(),
        ),
        row("/rbac/secretNamespaces", json!(["a", "b"]), operator("SECRET_NAMESPACES", "a,b").into_iter().chain(secrets).collect()),
        row("/selector", "shard in (a,b)", operator("SELECTOR", "shard in (a,b)").into_iter().chain(shard()).chain(renamed()).collect()),
        row("/shard", "a", operator("SHARD", "a")),
        row("/config/logLevel", "debug", operator("LOG", "debug")),
        row("/config/logFormat", "text", operator("LOG_FORMAT", "text")),
        row("/config/callTimeout", "20s", vec![env("DC_OPERATOR_CALL_TIMEOUT", "20s"), pod("/terminationGracePeriodSeconds", 50)]),
        row("/config/settleInterval", "1s", operator("SETTLE_INTERVAL", "1s")),
        row("/config/settleIntervalMax", "30s", operator("SETTLE_INTERVAL_MAX", "30s")),
        row("/config/clusterId", "blue", operator("CLUSTER_ID", "blue")),
        row("/extraArgs", json!(["--log=debug"]), vec![container("/args", json!(["run", "--log=debug"]))]),
        row("/volumes", json!([{ "name": "more", "emptyDir": {} }]), vec![pod("/volumes/more/emptyDir", json!({}))]),
        row("/volumeMounts", json!([{ "name": "more", "mountPath": "/more" }]), vec![container("/volumeMounts/more/mountPath", "/more")]),
        row("/hostNetwork", true, vec![pod("/hostNetwork", true), pod("/dnsPolicy", "ClusterFirstWithHostNet")]),
        row("/extraEnv", json!([{ "name": "HTTPS_PROXY", "value": "http://proxy" }]), vec![env("HTTPS_PROXY", "http://proxy")]),
    ]
}

/// The pod, and where it runs.
pub fn placement() -> Vec<Row> {
    let simulator = || json!({ "simulator": { "enabled": true } });
    let pods = |path, pointer: &str, value: serde_json::Value| row(path, value.clone(), both_pods(pointer, &value)).given(simulator());
    let containers =
        |path, pointer: &str, value: serde_json::Value| row(path, value.clone(), both_containers(pointer, &value)).given(simulator());
    let budget = |field: &str, value: serde_json::Value| is("PodDisruptionBudget", &format!("/spec/{field}"), value);
    let zone = json!({ "maxSkew": 2, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule" });
    let own = json!({ "matchLabels": { "app.kubernetes.io/name": "direct-connect-operator", "app.kubernetes.io/instance": "test" } });
    let theirs = json!({ "matchLabels": { "app": "other" } });
    let with_selector = |selector: &serde_json::Value| {
        let mut constraint = zone.clone();
        constraint["labelSelector"] = selector.clone();
        constraint
    };
    let mut rows = vec![
        row("/podDisruptionBudget/enabled", false, vec![goes("PodDisruptionBudget")]),
        row("/podDisruptionBudget/minAvailable", 0, vec![budget("minAvailable", json!(0)), budget("maxUnavailable", json!(null))]),
        row("/podDisruptionBudget/minAvailable", "50%", vec![budget("minAvailable", json!("50%"))]),
        row("/podDisruptionBudget/maxUnavailable", "25%", vec![budget("maxUnavailable", json!("25%"))]),
        row("/topologySpreadConstraints", json!([zone]), vec![pod("/topologySpreadConstraints", json!([with_selector(&own)]))]),
        row(
            "/topologySpreadConstraints",
            json!([with_selector(&theirs)]),
            vec![pod("/topologySpreadConstraints/0/labelSelector", theirs.clone())],
        ),
        row("/resources/requests/cpu", "1", vec![container("/resources/requests/cpu", "1")]),
        row("/resources/requests/memory", "1Gi", vec![container("/resources/requests/memory", "1Gi")]),
        row("/resources/limits/memory", "2Gi", vec![container("/resources/limits/memory", "2Gi")]),
        row("/podAnnotations", json!({ "a": "b" }), vec![is("Deployment", "/spec/template/metadata/annotations/a", "b")]),
        row("/podLabels", json!({ "a": "b" }), vec![is("Deployment", "/spec/template/metadata/labels/a", "b")]),
        row("/priorityClassName", "high", vec![pod("/priorityClassName", "high")]),
        row("/affinity", json!({ "nodeAffinity": {} }), vec![pod("/affinity/nodeAffinity", json!({}))]),
        pods("/nodeSelector/kubernetes.io~1os", "/nodeSelector/kubernetes.io~1os", json!("other")),
        pods("/tolerations", "/tolerations", json!([{ "operator": "Exists" }])),
        pods("/podSecurityContext/runAsNonRoot", "/securityContext/runAsNonRoot", json!(false)),
        pods("/podSecurityContext/runAsUser", "/securityContext/runAsUser", json!(1000)),
        // null leaves it to the cluster.
        pods("/podSecurityContext/runAsUser", "/securityContext/runAsUser", json!(null)),
        pods("/podSecurityContext/runAsGroup", "/securityContext/runAsGroup", json!(1000)),
        pods("/podSecurityContext/fsGroup", "/securityContext/fsGroup", json!(1000)),
        pods("/podSecurityContext/seccompProfile/type", "/securityContext/seccompProfile/type", json!("Localhost")),
    ];
    for (path, field, value) in [
        ("/containerSecurityContext/allowPrivilegeEscalation", "allowPrivilegeEscalation", json!(true)),
        ("/containerSecurityContext/readOnlyRootFilesystem", "readOnlyRootFilesystem", json!(false)),
        ("/containerSecurityContext/capabilities/drop", "capabilities/drop", json!(["NET_RAW"])),
    ] {
        rows.push(containers(path, &format!("/securityContext/{field}"), value));
    }
    for path in [
        "/startupProbe/periodSeconds",
        "/startupProbe/timeoutSeconds",
        "/startupProbe/failureThreshold",
        "/livenessProbe/periodSeconds",
        "/livenessProbe/timeoutSeconds",
        "/livenessProbe/failureThreshold",
        "/readinessProbe/periodSeconds",
        "/readinessProbe/timeoutSeconds",
        "/readinessProbe/failureThreshold",
    ] {
        rows.push(row(path, 77, vec![container(path, 77)]));
    }
    rows
}
