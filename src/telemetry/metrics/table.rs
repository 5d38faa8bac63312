//! The table of all metrics. Both the registry and `docs/metrics.md` are generated from it.

use super::metric::{Catalogue, Label, Measure, Metric, Section, Values};
use Measure::{Counter, Gauge, Histogram};
use Values::{Listed, Of, Registered};

const fn label(name: &'static str, values: Values) -> Label {
    Label { name, values }
}

const KIND: Label = label("kind", Registered(Catalogue::KindsAndAccounts, "the kind of the objects"));
const NETWORK_KIND: Label = label("kind", Registered(Catalogue::Kinds, "the kind of the objects"));
const STORED_KIND: Label = label("kind", Registered(Catalogue::AllKinds, "the kind of the objects"));
const RESULT: Label = label(
    "result",
    Listed(&[
        ("up_to_date", "there was nothing to do"),
        ("changed", "the cloud resource or the object was changed"),
        ("waiting", "the object waits for the cloud or for another object"),
        ("stalled", "the object is stalled until somebody changes something"),
        ("paused", "the object is paused by its annotation"),
        ("account_not_ready", "the CloudAccount is not ready or does not allow the namespace"),
        ("cloud_error", "a request to the cloud failed"),
        ("kubernetes_error", "a request to the API server failed"),
    ]),
);
const REASON: Label = label(
    "reason",
    Of("a reason of [conditions.md](conditions.md); `none` without the condition, `other` for a reason of another version"),
);
const ACTION: Label = label(
    "action",
    Listed(&[
        ("detected", "a difference was detected, whether or not it is corrected"),
        ("corrected", "differences were corrected"),
        ("recreated", "a resource that was deleted in the cloud was created again"),
    ]),
);
const HEALTH: Label = label(
    "health",
    Listed(&[
        ("up", "the interface is up"),
        ("down", "it is provisioned but down"),
        ("admin_shutdown", "it was shut down on purpose"),
        ("unknown", "the cloud has not finished a change, or the state could not be read"),
    ]),
);
const SESSION: Label = label(
    "state",
    Listed(&[
        ("up", "the session is established"),
        ("down", "the session is not established"),
        ("unknown", "the cloud does not report the state, or it could not be read"),
    ]),
);
const GATEWAY_INTERFACES: Label = label(
    "interfaces",
    Listed(&[
        ("none", "no interface of known health references the gateway"),
        ("all_up", "no interface is down"),
        ("some_down", "at least one interface is down, and at least one may be up"),
        ("all_down", "each interface is down or shut down on purpose"),
    ]),
);
const OPERATION: Label = label("operation", Of("the operation id of the cloud's API, as in `status.lastError.operation`"));
const CLASS: Label = label("class", Of("`ok`, or an error class of [error-codes.md](error-codes.md)"));
const CODE: Label =
    label("code", Of("an error code of [error-codes.md](error-codes.md), `other` for any other, `none` with the class `ok`"));
const DIRECTION: Label =
    label("direction", Listed(&[("read", "requests that change nothing"), ("write", "requests that change something")]));
const PRIORITY: Label = label(
    "priority",
    Listed(&[
        ("change", "a user changed a spec"),
        ("settle", "a change is in progress in the cloud"),
        ("resync", "the periodic check for drift and its correction, for which nobody waits"),
    ]),
);
const ENDPOINT: Label = label("endpoint", Listed(&[("dc", "Direct Connect"), ("iam", "IAM"), ("sts", "STS")]));
const CIRCUIT_BREAKER_STATE: Label = label(
    "state",
    Listed(&[
        ("closed", "requests are sent"),
        ("half_open", "one request at a time probes the endpoint"),
        ("open", "no requests are sent"),
    ]),
);
const COLLECTION: Label =
    label("collection", Registered(Catalogue::Collections, "what is listed, by the name that it has in the cloud's answer"));
const LIST_RESULT: Label = label("result", Listed(&[("ok", "all pages were read"), ("failed", "a page could not be read")]));
const WHY: Label = label(
    "reason",
    Listed(&[
        ("no_tag", "no owner tag says whose it is: it was made in the console or by another tool"),
        ("another_cluster", "its owner tag is of another cluster"),
        ("object_gone", "its owner tag is of this cluster, and the object does not exist any more"),
    ]),
);
const QUOTA_TYPE: Label = label("type", Of("the cloud's name of the quota, `other` for any other"));

/// A reconcile with nothing to do takes a millisecond; one that waits for the rate limiter or for a slow cloud takes minutes.
const RECONCILE_BUCKETS: &[f64] = &[0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 2.5, 10.0, 30.0, 60.0, 120.0, 300.0];
/// The cloud responds within 50 ms to several seconds; the default timeout is 60 s.
const REQUEST_BUCKETS: &[f64] = &[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// A gateway takes seconds, an interface minutes. An hour means that somebody has to act.
const READY_BUCKETS: &[f64] = &[1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0];
/// From no wait to ten minutes, the longest pause that a 429 response can ask for.
const WAIT_BUCKETS: &[f64] = &[0.001, 0.01, 0.1, 0.5, 1.0, 2.5, 5.0, 15.0, 30.0, 60.0, 300.0, 600.0];

/// One metric of a constant's name: name, type, labels, help.
macro_rules! metrics {
    ($($constant:ident[$count:literal] = $name:literal, $measure:expr, $labels:expr, $help:literal;)+) => {
        $(
            #[doc = concat!("`", $name, "`: ", $help, ".")]
            pub const $constant: Metric<$count> = Metric { name: $name, measure: $measure, labels: $labels, help: $help };
        )+
    };
}

metrics! {
    BUILD_INFO[1] = "directconnect_build_info", Gauge, [label("version", Of("the version of the operator"))], "Always 1; the label is the running version";
    LEADER[0] = "directconnect_leader", Gauge, [], "1 if this replica is the leader, otherwise 0";
    CPU_SECONDS[0] = "process_cpu_seconds", Counter, [], "Total CPU time, in seconds";
    RESIDENT_MEMORY[0] = "process_resident_memory_bytes", Gauge, [], "Resident memory, in bytes";
    VIRTUAL_MEMORY[0] = "process_virtual_memory_bytes", Gauge, [], "Virtual memory, in bytes";
    OPEN_FDS[0] = "process_open_fds", Gauge, [], "Number of open file descriptors";
    MAX_FDS[0] = "process_max_fds", Gauge, [], "Maximum number of open file descriptors";
    START_TIME[0] = "process_start_time_seconds", Gauge, [], "Start time of the process, in seconds since the Unix epoch";

    RECONCILES[2] = "directconnect_reconciles", Counter, [KIND, RESULT], "Number of reconciles";
    RECONCILE_DURATION[1] = "directconnect_reconcile_duration_seconds", Histogram(RECONCILE_BUCKETS), [KIND], "Duration of a reconcile, in seconds, including waits for the rate limiter and the cloud";
    RECONCILES_IN_FLIGHT[1] = "directconnect_reconciles_in_flight", Gauge, [KIND], "Number of reconciles in progress";
    FORBIDDEN[0] = "directconnect_forbidden_requests", Gauge, [], "Number of kinds of requests (verb, resource, namespace) that the API server currently refuses as forbidden; the log names them";
    QUEUE_DEPTH[1] = "directconnect_queue_depth", Gauge, [KIND], "Number of objects in the work queue, whose reconcile has not started";
    QUEUE_OLDEST[1] = "directconnect_queue_oldest_seconds", Gauge, [KIND], "Time for which the oldest object has been in the work queue, in seconds; 0 if it is empty";

    OBJECTS[2] = "directconnect_objects", Gauge, [KIND, REASON], "Number of objects by the reason of the condition Ready";
    STALLED[1] = "directconnect_objects_stalled", Gauge, [KIND], "Number of objects with the condition Stalled";
    UNREADABLE[1] = "directconnect_unreadable_objects", Gauge, [STORED_KIND], "Number of objects that are stored in a form that the operator can't read; nothing is done for them";
    READY[1] = "directconnect_ready_seconds", Histogram(READY_BUCKETS), [KIND], "Time from the creation of an object to its first Ready, in seconds";
    DRIFT[2] = "directconnect_drift", Counter, [NETWORK_KIND, ACTION], "Number of drift events: changes in the cloud by other clients, counted like the Kubernetes events";
    DRIFT_OBJECTS[1] = "directconnect_drift_objects", Gauge, [NETWORK_KIND], "Number of objects that currently differ from the cloud (status.drift)";
    DRIFT_CONFLICTS[1] = "directconnect_drift_conflicts", Gauge, [NETWORK_KIND], "Number of objects that are stalled because a field was corrected 5 times within an hour and changed again each time";
    DUPLICATED[1] = "directconnect_duplicated_objects", Gauge, [NETWORK_KIND], "Number of objects whose owner tag is on other cloud resources, too (condition Duplicated)";

    INTERFACES[1] = "directconnect_interfaces", Gauge, [HEALTH], "Number of virtual interfaces that exist in the cloud, by the condition Healthy";
    SESSIONS[1] = "directconnect_bgp_sessions", Gauge, [SESSION], "Number of BGP sessions of virtual interfaces, one for each peer";
    GATEWAYS[1] = "directconnect_gateways", Gauge, [GATEWAY_INTERFACES], "Number of virtual gateways by the health of the interfaces that reference them";

    REQUESTS[3] = "directconnect_cloud_requests", Counter, [OPERATION, CLASS, CODE], "Number of requests to the cloud, including logins";
    REQUEST_DURATION[1] = "directconnect_cloud_request_duration_seconds", Histogram(REQUEST_BUCKETS), [OPERATION], "Time from sending a request to the end of its response, in seconds";
    REQUESTS_IN_FLIGHT[0] = "directconnect_cloud_requests_in_flight", Gauge, [], "Number of requests without a response yet";
    CIRCUIT_BREAKER[2] = "directconnect_circuit_breaker", Gauge, [ENDPOINT, CIRCUIT_BREAKER_STATE], "Number of accounts by the state of an endpoint's circuit breaker";

    RATE_LIMIT_WAIT[2] = "directconnect_rate_limit_wait_seconds", Histogram(WAIT_BUCKETS), [DIRECTION, PRIORITY], "Time for which requests waited for the rate limiter, in seconds";
    RATE_LIMIT_WAITING[2] = "directconnect_rate_limit_waiting", Gauge, [DIRECTION, PRIORITY], "Number of requests that wait for the rate limiter; --queue-limit bounds it per account, direction and priority";
    RATE_LIMIT_QUEUE_FULL[2] = "directconnect_rate_limit_queue_full", Counter, [DIRECTION, PRIORITY], "Number of reconciles that ended because the queue of the rate limiter was full, and are repeated later";
    RATE_LIMIT_RATIO[1] = "directconnect_rate_limit_rate_ratio", Gauge, [DIRECTION], "Current rate as a fraction of its limit, 0 to 1, of the account where it is lowest";
    RATE_LIMIT_PAUSED[1] = "directconnect_rate_limit_paused", Gauge, [DIRECTION], "Number of accounts whose requests are paused after a 429 response";

    CACHE_AGE[1] = "directconnect_cache_age_seconds", Gauge, [COLLECTION], "Age of the last successful LIST, in seconds, of the account where it is highest; before the first one, the time since it was requested";
    CACHE_OVERDUE[1] = "directconnect_cache_overdue_seconds", Gauge, [COLLECTION], "Time by which the most delayed LIST exceeds 1.2 times the sync interval of its account, in seconds; 0 if none does";
    LISTS[2] = "directconnect_cache_lists", Counter, [COLLECTION, LIST_RESULT], "Number of LISTs of whole collections";
    PAGES[1] = "directconnect_cache_pages", Counter, [COLLECTION], "Number of pages of LISTs that were read";
    CACHE_SIZE[1] = "directconnect_cache_size", Gauge, [COLLECTION], "Number of cloud resources in the caches of all accounts";
    CACHE_UNREADABLE[1] = "directconnect_cache_unreadable", Gauge, [COLLECTION], "Number of cloud resources with a field that the operator can't read; nothing is done to them";

    UNOWNED[2] = "directconnect_unowned_resources", Gauge, [NETWORK_KIND, WHY], "Number of cloud resources that no object manages or observes, of the collections that are listed; not told by an operator of one shard";

    QUOTA_USED[1] = "directconnect_quota_used", Gauge, [QUOTA_TYPE], "Usage of a quota, of the account closest to its limit";
    QUOTA_LIMIT[1] = "directconnect_quota_limit", Gauge, [QUOTA_TYPE], "Limit of the quota of that account; absent without a limit";
    CREDENTIALS_EXPIRY[0] = "directconnect_credentials_expiry_timestamp_seconds", Gauge, [], "Earliest expiry of credentials that are not renewed automatically, or whose renewal has failed for long, in seconds since the Unix epoch; absent if none is known";
}

/// Every metric, in the order of the documentation.
pub const TABLE: &[Section] = &[
    Section {
        title: "Process",
        text: "Each replica exports these. All other metrics are exported by the leader only.",
        metrics: &[
            BUILD_INFO.row(),
            LEADER.row(),
            CPU_SECONDS.row(),
            RESIDENT_MEMORY.row(),
            VIRTUAL_MEMORY.row(),
            OPEN_FDS.row(),
            MAX_FDS.row(),
            START_TIME.row(),
        ],
    },
    Section {
        title: "Reconciles",
        text: "A reconcile observes one object, takes at most one step and updates its status.",
        metrics: &[
            RECONCILES.row(),
            RECONCILE_DURATION.row(),
            RECONCILES_IN_FLIGHT.row(),
            FORBIDDEN.row(),
            QUEUE_DEPTH.row(),
            QUEUE_OLDEST.row(),
        ],
    },
    Section {
        title: "Objects",
        text: "`directconnect_objects` has no series for a reason that no object has. `kubectl get directconnect -A` lists the objects.",
        metrics: &[OBJECTS.row(), STALLED.row(), READY.row()],
    },
    Section {
        title: "Stored objects",
        text: "See [Objects that cannot be read](troubleshooting.md#objects-that-cannot-be-read).",
        metrics: &[UNREADABLE.row()],
    },
    Section {
        title: "Drift",
        text: "Changes in the cloud by other clients. Objects that are paused or whose drift policy is `Ignore` are not counted.",
        metrics: &[DRIFT.row(), DRIFT_OBJECTS.row(), DRIFT_CONFLICTS.row(), DUPLICATED.row()],
    },
    Section {
        title: "Interfaces and gateways",
        text: "The state in the cloud as of the last LIST. A gateway with an interface of unknown health is never `all_down`.",
        metrics: &[INTERFACES.row(), SESSIONS.row(), GATEWAYS.row()],
    },
    Section {
        title: "Requests to the cloud",
        text: "Each retry of a request is counted. A request that was aborted because the process stopped is not counted.",
        metrics: &[REQUESTS.row(), REQUEST_DURATION.row(), REQUESTS_IN_FLIGHT.row(), CIRCUIT_BREAKER.row()],
    },
    Section {
        title: "Rate limiter",
        text: "Each account has a rate for reads and one for writes (`spec.rateLimit`). A 429 response halves it and pauses the requests; each successful response raises it again.",
        metrics: &[
            RATE_LIMIT_WAIT.row(),
            RATE_LIMIT_WAITING.row(),
            RATE_LIMIT_QUEUE_FULL.row(),
            RATE_LIMIT_RATIO.row(),
            RATE_LIMIT_PAUSED.row(),
        ],
    },
    Section {
        title: "Cache of the cloud",
        text: "The operator caches LISTs of whole collections, one in each sync interval and more while a resource settles.",
        metrics: &[CACHE_AGE.row(), CACHE_OVERDUE.row(), LISTS.row(), PAGES.row(), CACHE_SIZE.row(), CACHE_UNREADABLE.row()],
    },
    Section {
        title: "Resources that nobody owns",
        text: "As `status.inventory` of the accounts tells them. Two accounts of one project show the same resources twice.",
        metrics: &[UNOWNED.row()],
    },
    Section {
        title: "Quotas and credentials",
        text: "Quotas are read once an hour, and every 15 seconds while an object waits for one. The expiry of temporary credentials is known if the account's Secret has the key `expiresAt`.",
        metrics: &[QUOTA_USED.row(), QUOTA_LIMIT.row(), CREDENTIALS_EXPIRY.row()],
    },
];
