//! The one table of all metrics: what is registered and what `docs/metrics.md` shows come from here.

use super::metric::{Label, Measure, Metric, Section, Values};
use Measure::{Counter, Gauge, Histogram};
use Values::{Listed, Of};

const fn label(name: &'static str, values: Values) -> Label {
    Label { name, values }
}

const ACCOUNT: (&str, &str) = ("CloudAccount", "accounts");
const GATEWAY: (&str, &str) = ("VirtualGateway", "virtual gateways");
const INTERFACE: (&str, &str) = ("VirtualInterface", "virtual interfaces");
const PEER: (&str, &str) = ("Peer", "peers");

const KIND: Label = label("kind", Listed(&[ACCOUNT, GATEWAY, INTERFACE, PEER]));
const LINE_KIND: Label = label("kind", Listed(&[GATEWAY, INTERFACE, PEER]));
const RESULT: Label = label(
    "result",
    Listed(&[
        ("rested", "nothing was left to do"),
        ("wrote", "the cloud or the object was written"),
        ("waited", "something is waited for"),
        ("stalled", "nothing goes on before somebody changes something"),
        ("paused", "the object is paused by its annotation"),
        ("no_account", "the account is not ready or not open to the namespace"),
        ("cloud_error", "the cloud said no, or nothing"),
        ("kubernetes_error", "the API server said no, or nothing"),
    ]),
);
const REASON: Label = label(
    "reason",
    Of("a reason of [conditions.md](conditions.md); `none` where nothing was told yet, `other` for one of another version"),
);
const ACTION: Label = label(
    "action",
    Listed(&[
        ("detected", "a difference was seen for the first time, whatever was done about it"),
        ("corrected", "differences were set back"),
        ("recreated", "a resource that was gone from the cloud was made anew"),
    ]),
);
const HEALTH: Label = label(
    "health",
    Listed(&[
        ("up", "the line works"),
        ("down", "it was built and does not"),
        ("admin_shutdown", "it was shut on purpose"),
        ("unknown", "the cloud has not settled it, or could not be asked"),
    ]),
);
const SESSION: Label = label(
    "state",
    Listed(&[("up", "the session is established"), ("down", "it is not"), ("unknown", "the cloud does not say, or could not be asked")]),
);
const LINES: Label = label(
    "lines",
    Listed(&[
        ("none", "no interface of known health refers to it"),
        ("all_up", "no interface is down"),
        ("some_down", "at least one is down, and at least one may work"),
        ("all_down", "every interface is down or shut"),
    ]),
);
const OPERATION: Label = label("operation", Of("the vendor's id of the operation, as in `status.lastError.operation`"));
const CLASS: Label = label("class", Of("`ok`, or a class of [error-codes.md](error-codes.md)"));
const CODE: Label = label("code", Of("a code of [error-codes.md](error-codes.md), `other` for any other, `none` with the class `ok`"));
const DIRECTION: Label = label("direction", Listed(&[("read", "calls that change nothing"), ("write", "calls that change something")]));
const PRIORITY: Label = label(
    "priority",
    Listed(&[
        ("change", "somebody changed a spec"),
        ("wait", "something settles and is waited for"),
        ("look", "nobody waits: drift is looked for"),
    ]),
);
const ENDPOINT: Label = label("endpoint", Listed(&[("dc", "Direct Connect"), ("iam", "IAM")]));
const BREAKER_STATE: Label = label(
    "state",
    Listed(&[("closed", "calls go out"), ("half_open", "a single call tries whether the endpoint is back"), ("open", "no call goes out")]),
);
const COLLECTION: Label = label(
    "collection",
    Listed(&[("virtual_gateways", "virtual gateways"), ("virtual_interfaces", "virtual interfaces, with their peers")]),
);
const LIST_RESULT: Label = label("result", Listed(&[("ok", "all pages were read"), ("failed", "a page could not be read")]));
const QUOTA_TYPE: Label = label("type", Of("the cloud's name of what is counted, `other` for any other"));

/// A pass that finds nothing to do takes a millisecond; one that waits for the budget or for a slow cloud takes minutes.
const PASS_BUCKETS: &[f64] = &[0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 2.5, 10.0, 30.0, 60.0, 120.0, 300.0];
/// The cloud answers within 50 ms to some seconds; a call ends after 60 s by default.
const REQUEST_BUCKETS: &[f64] = &[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// A gateway takes seconds, a line minutes, and an hour is a line for which somebody has to be asked.
const READY_BUCKETS: &[f64] = &[1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0];
/// No wait at all up to the ten minutes for which the cloud may be left alone at its word.
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
    BUILD_INFO[1] = "directconnect_build_info", Gauge, [label("version", Of("the version of the operator"))], "Always 1: which version runs";
    LEADER[0] = "directconnect_leader", Gauge, [], "1 while this replica works, else 0";
    CPU_SECONDS[0] = "process_cpu_seconds", Counter, [], "Time of the processor that was used, in seconds";
    RESIDENT_MEMORY[0] = "process_resident_memory_bytes", Gauge, [], "ObjectState in use";
    VIRTUAL_MEMORY[0] = "process_virtual_memory_bytes", Gauge, [], "Address space";
    OPEN_FDS[0] = "process_open_fds", Gauge, [], "Open file descriptors";
    MAX_FDS[0] = "process_max_fds", Gauge, [], "How many file descriptors may be open";
    START_TIME[0] = "process_start_time_seconds", Gauge, [], "When the process began, in seconds since 1970";

    PASSES[2] = "directconnect_reconciles", Counter, [KIND, RESULT], "Passes over objects";
    PASS_DURATION[1] = "directconnect_reconcile_duration_seconds", Histogram(PASS_BUCKETS), [KIND], "How long a pass took, with its waits for the budget and the cloud";
    PASSES_IN_FLIGHT[1] = "directconnect_reconciles_in_flight", Gauge, [KIND], "Passes under way";
    QUEUE_DEPTH[1] = "directconnect_queue_depth", Gauge, [KIND], "Objects that were changed or woken and whose pass has not begun";
    QUEUE_OLDEST[1] = "directconnect_queue_oldest_seconds", Gauge, [KIND], "For how long the first of them has waited; 0 when none does";

    OBJECTS[2] = "directconnect_objects", Gauge, [KIND, REASON], "Objects by the reason of their condition Ready";
    STALLED[1] = "directconnect_objects_stalled", Gauge, [KIND], "Objects with the condition Stalled";
    READY[1] = "directconnect_ready_seconds", Histogram(READY_BUCKETS), [KIND], "From the creation of an object to its first Ready";
    DRIFT[2] = "directconnect_drift", Counter, [LINE_KIND, ACTION], "What somebody else changed in the cloud, each as often as an event tells of it";
    DRIFT_OBJECTS[1] = "directconnect_drift_objects", Gauge, [LINE_KIND], "Objects that differ from the cloud now (status.drift)";
    FIGHTS[1] = "directconnect_drift_fights", Gauge, [LINE_KIND], "Objects that stall because a field was set 5 times within an hour and did not stay";

    INTERFACES[1] = "directconnect_interfaces", Gauge, [HEALTH], "Virtual interfaces that are in the cloud, by their condition Healthy";
    SESSIONS[1] = "directconnect_bgp_sessions", Gauge, [SESSION], "BGP sessions of virtual interfaces, one for each of their peers";
    GATEWAYS[1] = "directconnect_gateways", Gauge, [LINES], "Virtual gateways by the health of the interfaces that refer to them";

    REQUESTS[3] = "directconnect_cloud_requests", Counter, [OPERATION, CLASS, CODE], "Requests to the cloud, logins among them";
    REQUEST_DURATION[1] = "directconnect_cloud_request_duration_seconds", Histogram(REQUEST_BUCKETS), [OPERATION], "From the sending of a request to the end of its answer";
    REQUESTS_IN_FLIGHT[0] = "directconnect_cloud_requests_in_flight", Gauge, [], "Requests that are not answered yet";
    BREAKER[2] = "directconnect_breaker", Gauge, [ENDPOINT, BREAKER_STATE], "Accounts by the state of the breaker of an endpoint";

    BUDGET_WAIT[2] = "directconnect_budget_wait_seconds", Histogram(WAIT_BUCKETS), [DIRECTION, PRIORITY], "How long calls waited for their turn";
    BUDGET_WAITING[2] = "directconnect_budget_waiting", Gauge, [DIRECTION, PRIORITY], "Calls that wait for their turn, so many of an account and class at most as its line is long";
    BUDGET_TURNED_AWAY[2] = "directconnect_budget_turned_away", Counter, [DIRECTION, PRIORITY], "Passes that found a line full and ended, to come back later";
    BUDGET_RATIO[1] = "directconnect_budget_rate_ratio", Gauge, [DIRECTION], "The present rate as a part of its limit, 0 to 1: of the account where that is lowest";
    BUDGET_PAUSED[1] = "directconnect_budget_paused", Gauge, [DIRECTION], "Accounts whose calls rest because the cloud answered 429";

    MIRROR_AGE[1] = "directconnect_mirror_age_seconds", Gauge, [COLLECTION], "Age of the last good LIST, of the account where that is highest; before the first one, since it was asked for";
    MIRROR_OVERDUE[1] = "directconnect_mirror_overdue_seconds", Gauge, [COLLECTION], "By how much the latest LIST is later than the sync interval of its account and a fifth of it; 0 when none is";
    LISTS[2] = "directconnect_mirror_lists", Counter, [COLLECTION, LIST_RESULT], "LISTs of whole collections";
    PAGES[1] = "directconnect_mirror_pages", Counter, [COLLECTION], "Pages of LISTs that were read";
    MIRROR_SIZE[1] = "directconnect_mirror_size", Gauge, [COLLECTION], "Resources of the cloud that are held in state, over all accounts";

    QUOTA_USED[1] = "directconnect_quota_used", Gauge, [QUOTA_TYPE], "How much of a quota is used, of the account that is nearest to its limit";
    QUOTA_LIMIT[1] = "directconnect_quota_limit", Gauge, [QUOTA_TYPE], "The limit of that account; absent where there is none";
    CREDENTIALS_EXPIRY[0] = "directconnect_credentials_expiry_timestamp_seconds", Gauge, [], "When the first credentials expire that are not renewed by themselves, in seconds since 1970; absent when no such time is known";
}

/// Every metric, in the order of the documentation.
pub const TABLE: &[Section] = &[
    Section {
        title: "Process",
        text: "Every replica tells these. All others are told only by the one that leads.",
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
        title: "Passes",
        text: "A pass looks at one object, takes at most one step, and tells what came of it.",
        metrics: &[PASSES.row(), PASS_DURATION.row(), PASSES_IN_FLIGHT.row(), QUEUE_DEPTH.row(), QUEUE_OLDEST.row()],
    },
    Section {
        title: "Objects",
        text: "`directconnect_objects` shows no series for a reason that no object has. Which objects they are, `kubectl get directconnect -A` shows.",
        metrics: &[OBJECTS.row(), STALLED.row(), READY.row()],
    },
    Section {
        title: "Drift",
        text: "What somebody changed behind the operator's back. An object that is paused or whose drift policy is `Ignore` is not counted.",
        metrics: &[DRIFT.row(), DRIFT_OBJECTS.row(), FIGHTS.row()],
    },
    Section {
        title: "Lines",
        text: "What the cloud says of the lines, as of the last LIST. A gateway with an interface whose health is not known is never `all_down`.",
        metrics: &[INTERFACES.row(), SESSIONS.row(), GATEWAYS.row()],
    },
    Section {
        title: "Requests to the cloud",
        text: "A request that is repeated counts again. One that was given up because the process ended is not counted.",
        metrics: &[REQUESTS.row(), REQUEST_DURATION.row(), REQUESTS_IN_FLIGHT.row(), BREAKER.row()],
    },
    Section {
        title: "RateLimiter",
        text: "Each account has a rate for reads and one for writes (`spec.rateLimit`). A 429 halves it and makes calls rest for a while; good answers raise it again.",
        metrics: &[BUDGET_WAIT.row(), BUDGET_WAITING.row(), BUDGET_TURNED_AWAY.row(), BUDGET_RATIO.row(), BUDGET_PAUSED.row()],
    },
    Section {
        title: "CloudCaches",
        text: "What the operator knows of the cloud comes from LISTs of whole collections, one after each sync interval and more often while something settles.",
        metrics: &[MIRROR_AGE.row(), MIRROR_OVERDUE.row(), LISTS.row(), PAGES.row(), MIRROR_SIZE.row()],
    },
    Section {
        title: "Quotas and credentials",
        text: "Quotas are read once an hour, and every 15 seconds while an object waits for room in one. The end of temporary keys is known where the Secret of the account names it under `expiresAt`.",
        metrics: &[QUOTA_USED.row(), QUOTA_LIMIT.row(), CREDENTIALS_EXPIRY.row()],
    },
];
