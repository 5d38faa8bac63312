//! What `/metrics` tells, on a real control plane: the figures that dashboards and alerts are built on, held against the cloud's own count and
//! the objects' own words; and nothing but what `docs/metrics.md` lists.

#![allow(clippy::float_cmp, reason = "counts are whole numbers")]

use direct_connect_operator::docgen::label_values;
use direct_connect_operator::telemetry::metrics::Row;
use direct_connect_operator::telemetry::metrics::table::TABLE;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::eventually;
use support::group::Group;
use support::line::{gateway, id, interface, peer, with};
use support::metrics::Scrape;
use support::operator::Operator;
use support::secrets::leaks;
use support::simulator::{LINE_B, MISSING_VPC, TEMPORARY};
use support::world::{BOUND, LINE, World, is, start_operator};

/// Its operator counts what is in the whole cluster.
static GROUP: Group = Group::new();

struct Story {
    world: World,
    operator: Operator,
}

#[tokio::test]
async fn a_scrape_tells_what_users_rely_on_and_nothing_else() {
    let world = World::without_operator_in(&GROUP).await;
    let namespace = world.namespace.clone();
    let election = ["--leader-elect", "--lease-namespace", &namespace];
    let operator = start_operator(&world.plane, "metrics", &election).await;
    let story = Story { world, operator };
    let standby = start_operator(&story.world.plane, "metrics-standby", &election).await;
    tells_only_of_itself(&standby).await;
    story.a_line_comes_up().await;
    story.passes_and_queues_are_told().await;
    story.what_is_wrong_is_told().await;
    story.drift_is_told_once().await;
    story.a_session_goes_down().await;
    story.requests_are_those_that_the_cloud_counted().await;
    story.a_fight_is_told_while_it_lasts().await;
    story.keys_that_end_are_told().await;
    let scrape = Scrape::of(&story.operator).await;
    nothing_but_what_is_documented(&scrape);
    story.names_nobody(&scrape);
    story.what_is_gone_is_not_told_of().await;
    tells_only_of_itself(&standby).await;
}

async fn tells_only_of_itself(standby: &Operator) {
    let scrape = Scrape::of(standby).await;
    let told: BTreeSet<&str> = scrape.series.iter().map(|series| series.family.as_str()).collect();
    let own: BTreeSet<&str> = TABLE[0].metrics.iter().map(|row| row.name).collect();
    assert_eq!(told, own);
    assert_eq!(scrape.get("directconnect_leader", &[]), Some(0.0));
    assert_eq!(scrape.get("directconnect_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), Some(1.0));
    assert!(scrape.get("process_open_fds", &[]).unwrap() > 3.0 && scrape.get("process_resident_memory_bytes", &[]).unwrap() > 1e6);
}

/// Beside a gateway that nobody uses a gateway with a line of BGP, and one of static routes with two peers.
fn line() -> Vec<Value> {
    let bgp = json!({ "routeMode": "bgp", "bgpAsn": 65001 });
    let other = json!({ "connectionId": LINE_B, "localGatewayIp": "10.0.1.1/30", "remoteGatewayIp": "10.0.1.2/30" });
    vec![
        gateway("spare", 2),
        gateway("frankfurt", 1),
        with(interface("first", "frankfurt", 30), &bgp),
        with(interface("second", "frankfurt", 31), &other),
        peer("sixth", "second"),
    ]
}

impl Story {
    /// Scrapes until `test` holds.
    async fn until(&self, what: &str, test: impl Fn(&Scrape) -> bool) -> Scrape {
        eventually(what, BOUND, || async {
            let scrape = Scrape::of(&self.operator).await;
            test(&scrape).then_some(scrape)
        })
        .await
    }

    async fn a_line_comes_up(&self) {
        let begun = std::time::Instant::now();
        for object in line() {
            self.world.apply(&object).await;
        }
        for object in line() {
            self.world.wait_ready(object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap()).await;
        }
        let took = begun.elapsed().as_secs_f64() + 1.0;
        let scrape = self
            .until("all objects are told ready", |scrape| {
                LINE.iter().all(|kind| scrape.sum("directconnect_objects", &[("kind", kind)]) == count(kind))
                    && scrape.sum("directconnect_objects", &[("reason", "Available")]) == 6.0
                    && scrape.get("directconnect_gateways", &[("interfaces", "all_up")]) == Some(1.0)
            })
            .await;
        assert_eq!(scrape.get("directconnect_objects", &[("kind", "CloudAccount"), ("reason", "Available")]), Some(1.0));
        for kind in LINE {
            assert_eq!(scrape.get("directconnect_ready_seconds_count", &[("kind", kind)]), Some(count(kind)), "{kind}");
            // The API server tells the time of creation in whole seconds.
            assert!(scrape.get("directconnect_ready_seconds_sum", &[("kind", kind)]).unwrap() <= took * count(kind), "{kind}");
        }
        assert_eq!(scrape.get("directconnect_ready_seconds_count", &[("kind", "CloudAccount")]), Some(1.0));
        assert_eq!(scrape.get("directconnect_leader", &[]), Some(1.0));
        assert_eq!(scrape.sum("directconnect_objects_stalled", &[]), 0.0);
        assert_eq!(health(&scrape), [2.0, 0.0, 0.0, 0.0]);
        assert_eq!(scrape.get("directconnect_gateways", &[("interfaces", "none")]), Some(1.0));
        // The static interface has no session.
        assert_eq!(scrape.get("directconnect_bgp_sessions", &[("state", "up")]), Some(1.0));
        assert_eq!(scrape.sum("directconnect_bgp_sessions", &[]), 1.0);
        assert_eq!(scrape.get("directconnect_cache_size", &[("collection", "virtual_gateways")]), Some(2.0));
        assert_eq!(scrape.get("directconnect_cache_size", &[("collection", "virtual_interfaces")]), Some(2.0));
        assert_eq!(scrape.get("directconnect_quota_limit", &[("type", "virtualInterface")]), Some(50.0));
        assert_eq!(scrape.get("directconnect_quota_used", &[("type", "virtualInterface")]), Some(0.0), "read before there was any");
        assert_eq!(scrape.get("directconnect_circuit_breaker", &[("endpoint", "dc"), ("state", "closed")]), Some(1.0));
        assert_eq!(scrape.get("directconnect_rate_limit_rate_ratio", &[("direction", "write")]), Some(1.0));
        assert_eq!(scrape.sum("directconnect_rate_limit_paused", &[]), 0.0);
        assert_eq!(scrape.get("directconnect_credentials_expiry_timestamp_seconds", &[]), None, "permanent keys");
    }

    async fn passes_and_queues_are_told(&self) {
        let scrape = self
            .until("nothing is queued or under way", |scrape| {
                scrape.sum("directconnect_queue_depth", &[]) == 0.0 && scrape.sum("directconnect_reconciles_in_flight", &[]) == 0.0
            })
            .await;
        assert_eq!(scrape.sum("directconnect_queue_oldest_seconds", &[]), 0.0);
        for kind in LINE.into_iter().chain(["CloudAccount"]) {
            for result in ["up_to_date", "changed"] {
                assert!(
                    scrape.get("directconnect_reconciles_total", &[("kind", kind), ("result", result)]).unwrap() >= 1.0,
                    "{kind} {result}"
                );
            }
            let passes = scrape.sum("directconnect_reconciles_total", &[("kind", kind)]);
            assert_eq!(scrape.get("directconnect_reconcile_duration_seconds_count", &[("kind", kind)]), Some(passes), "{kind}");
        }
        assert_eq!(scrape.sum("directconnect_reconciles_total", &[("result", "cloud_error")]), 0.0);
        for (direction, priority) in [("write", "change"), ("read", "settle")] {
            let labels = [("direction", direction), ("priority", priority)];
            assert!(scrape.get("directconnect_rate_limit_wait_seconds_count", &labels).unwrap() >= 1.0, "{labels:?}");
        }
    }

    async fn what_is_wrong_is_told(&self) {
        let world = &self.world;
        world.apply(&with(gateway("lost", 3), &json!({ "vpcId": MISSING_VPC }))).await;
        world.wait("VirtualGateway", "lost", "Stalled", |object| is(object, "Stalled", "True")).await;
        let scrape = self
            .until("the stalled gateway is told", |scrape| {
                scrape.get("directconnect_objects_stalled", &[("kind", "VirtualGateway")]) == Some(1.0)
            })
            .await;
        assert_eq!(scrape.get("directconnect_objects", &[("kind", "VirtualGateway"), ("reason", "Invalid")]), Some(1.0));
        assert_eq!(scrape.get("directconnect_ready_seconds_count", &[("kind", "VirtualGateway")]), Some(2.0));
        let refused = [("operation", "CreateVirtualGateway"), ("class", "invalid"), ("code", "DC.0007")];
        assert_eq!(scrape.get("directconnect_cloud_requests_total", &refused), Some(1.0));
        assert!(scrape.get("directconnect_reconciles_total", &[("kind", "VirtualGateway"), ("result", "cloud_error")]).unwrap() >= 1.0);
        // A code that nobody knows, a page that can't be read, a cloud that is away.
        for fault in [
            json!({ "kind": "status", "status": 500, "code": "DC.9999-of-tomorrow", "message": "" }),
            json!({ "kind": "garbage", "format": "html" }),
            json!({ "kind": "status", "status": 503, "code": "APIGW.0613", "message": "" }),
        ] {
            let before = self.world.cloud.count("ListVirtualGateways").await;
            let mut rule = fault;
            rule["operation"] = json!("ListVirtualGateways");
            world.cloud.fault(rule).await;
            world.ask("VirtualGateway", "spare", &format!("mark-{before}")).await;
            eventually("it was struck and is well again", BOUND, || async {
                (world.cloud.count("ListVirtualGateways").await >= before + 2).then_some(())
            })
            .await;
        }
        let scrape = Scrape::of(&self.operator).await;
        for code in ["other", "Malformed", "APIGW.0613"] {
            let failed = [("operation", "ListVirtualGateways"), ("class", "server"), ("code", code)];
            assert_eq!(scrape.get("directconnect_cloud_requests_total", &failed), Some(1.0), "{code}");
        }
        assert_eq!(scrape.get("directconnect_cache_lists_total", &[("collection", "virtual_gateways"), ("result", "failed")]), Some(3.0));
        assert_eq!(scrape.get("directconnect_cache_lists_total", &[("collection", "virtual_interfaces"), ("result", "failed")]), Some(0.0));
    }

    async fn drift_is_told_once(&self) {
        let world = &self.world;
        let cloud = id(&world.get("VirtualInterface", "second").await);
        world.cloud.patch(&cloud, json!({ "bandwidth": 99 })).await;
        world.look("VirtualInterface", "second").await;
        world.wait_ready("VirtualInterface", "second").await;
        world.told("VirtualInterface", "second", "DriftCorrected", 1).await;
        let gone = id(&world.get("VirtualGateway", "spare").await);
        world.cloud.delete(&gone).await;
        world.look("VirtualGateway", "spare").await;
        world
            .wait("VirtualGateway", "spare", "made anew", |object| is(object, "Ready", "True") && object["status"]["id"] != json!(gone))
            .await;
        let frankfurt = id(&world.get("VirtualGateway", "frankfurt").await);
        world.patch("VirtualGateway", "frankfurt", json!({ "spec": { "policy": { "drift": "Detect" } } })).await;
        world.wait_ready("VirtualGateway", "frankfurt").await;
        world.cloud.patch(&frankfurt, json!({ "description": "theirs", "name": "theirs" })).await;
        world.look("VirtualGateway", "frankfurt").await;
        let scrape = self
            .until("the drift that stays is told", |scrape| {
                scrape.get("directconnect_drift_objects", &[("kind", "VirtualGateway")]) == Some(1.0)
            })
            .await;
        let drift = |kind, action| scrape.get("directconnect_drift_total", &[("kind", kind), ("action", action)]).unwrap();
        assert_eq!((drift("VirtualInterface", "detected"), drift("VirtualInterface", "corrected")), (1.0, 1.0));
        assert_eq!((drift("VirtualGateway", "detected"), drift("VirtualGateway", "recreated")), (1.0, 1.0));
        assert_eq!(scrape.sum("directconnect_drift_total", &[]), 4.0);
        assert_eq!(scrape.sum("directconnect_drift_conflicts", &[]), 0.0);
        // What is ready again is not ready for the first time.
        assert_eq!(scrape.sum("directconnect_ready_seconds_count", &[]), 6.0);
    }

    async fn a_session_goes_down(&self) {
        let world = &self.world;
        let first = world.cloud.find(&id(&world.get("VirtualInterface", "first").await)).await.unwrap();
        world.cloud.patch(first["vif_peers"][0]["id"].as_str().unwrap(), json!({ "bgp_status": "DOWN" })).await;
        world.look("VirtualInterface", "first").await;
        let scrape = self
            .until("the session is told down", |scrape| scrape.get("directconnect_bgp_sessions", &[("state", "down")]) == Some(1.0))
            .await;
        assert_eq!(health(&scrape), [1.0, 1.0, 0.0, 0.0]);
        assert_eq!(scrape.get("directconnect_gateways", &[("interfaces", "some_down")]), Some(1.0));
        let second = id(&world.get("VirtualInterface", "second").await);
        world.cloud.patch(&second, json!({ "status": "ADMIN_SHUTDOWN" })).await;
        world.look("VirtualInterface", "second").await;
        let scrape = self
            .until("both lines are told down", |scrape| scrape.get("directconnect_gateways", &[("interfaces", "all_down")]) == Some(1.0))
            .await;
        assert_eq!(health(&scrape), [0.0, 1.0, 1.0, 0.0]);
        world.cloud.patch(&second, json!({ "status": "ACTIVE" })).await;
        world.look("VirtualInterface", "second").await;
    }

    /// Each operation and each status of it.
    async fn requests_are_those_that_the_cloud_counted(&self) {
        eventually("the counts are the same", BOUND, || async {
            let before = self.world.cloud.counters().await;
            let scrape = Scrape::of(&self.operator).await;
            let after = self.world.cloud.counters().await;
            // Something was under way between the two.
            if before != after || scrape.get("directconnect_cloud_requests_in_flight", &[]) != Some(0.0) {
                return None;
            }
            let counted = before.as_object().unwrap();
            for (operation, count) in counted {
                let label = [("operation", operation.as_str())];
                let requests = scrape.sum("directconnect_cloud_requests_total", &label);
                assert_eq!(requests, count["total"].as_f64().unwrap(), "{operation}: {count}");
                assert_eq!(scrape.get("directconnect_cloud_request_duration_seconds_count", &label), Some(requests), "{operation}");
            }
            let all: f64 = counted.values().map(|count| count["total"].as_f64().unwrap()).sum();
            assert_eq!(scrape.sum("directconnect_cloud_requests_total", &[]), all, "{counted:?}");
            let pages = scrape.sum("directconnect_cache_pages_total", &[]);
            assert_eq!(pages, scrape.sum("directconnect_cache_lists_total", &[("result", "ok")]), "one page each");
            support::figure(&format!("metrics: {} series in {} bytes, {all} requests counted", scrape.series.len(), scrape.text.len()));
            Some(())
        })
        .await;
    }

    async fn a_fight_is_told_while_it_lasts(&self) {
        let world = &self.world;
        let cloud = id(&world.get("VirtualInterface", "second").await);
        // It was set back once before.
        for _ in 1..5 {
            world.cloud.patch(&cloud, json!({ "bandwidth": 99 })).await;
            world.look("VirtualInterface", "second").await;
            world.wait_ready("VirtualInterface", "second").await;
        }
        assert_eq!(Scrape::of(&self.operator).await.sum("directconnect_drift_conflicts", &[]), 0.0);
        world.cloud.patch(&cloud, json!({ "bandwidth": 99 })).await;
        world.look("VirtualInterface", "second").await;
        world.wait_reason("VirtualInterface", "second", "Drifted").await;
        let scrape = self
            .until("the fight is told", |scrape| scrape.get("directconnect_drift_conflicts", &[("kind", "VirtualInterface")]) == Some(1.0))
            .await;
        let corrected = [("kind", "VirtualInterface"), ("action", "corrected")];
        assert_eq!(scrape.get("directconnect_drift_total", &corrected), Some(5.0));
        world.patch("VirtualInterface", "second", json!({ "spec": { "bandwidth": 99 } })).await;
        world.wait_ready("VirtualInterface", "second").await;
        self.until("the fight is over", |scrape| scrape.sum("directconnect_drift_conflicts", &[]) == 0.0).await;
    }

    async fn keys_that_end_are_told(&self) {
        let [key, secret, token] = TEMPORARY;
        let data = json!({ "accessKey": key, "secretKey": secret, "securityToken": token, "expiresAt": "2100-01-01T00:00:00Z" });
        let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "credentials" }, "stringData": data });
        self.world.apply(&secret).await;
        self.until("their end is told", |scrape| {
            scrape.get("directconnect_credentials_expiry_timestamp_seconds", &[]) == Some(4_102_444_800.0)
        })
        .await;
        eventually("their end is in the status", BOUND, || async {
            (self.world.get_account().await["status"]["credentialsExpireAt"] == "2100-01-01T00:00:00Z").then_some(())
        })
        .await;
    }

    fn names_nobody(&self, scrape: &Scrape) {
        let names = line().into_iter().map(|object| object["metadata"]["name"].as_str().unwrap().to_owned());
        for name in names.chain([self.world.namespace.clone(), "lost".to_owned(), "of-tomorrow".to_owned()]) {
            let found = scrape.series.iter().find(|series| series.labels.values().any(|value| value.contains(&name)));
            assert!(found.is_none(), "{name}: {found:?}");
        }
        assert!(leaks("metrics", &scrape.text).is_empty());
    }

    async fn what_is_gone_is_not_told_of(&self) {
        self.world.finish().await;
        let scrape = self
            .until("all is gone", |scrape| {
                scrape.sum("directconnect_objects", &[]) == 1.0 && scrape.sum("directconnect_cache_size", &[]) == 0.0
            })
            .await;
        for gone in ["interfaces", "bgp_sessions", "gateways", "objects_stalled", "drift_objects", "queue_depth", "reconciles_in_flight"] {
            assert_eq!(scrape.sum(&format!("directconnect_{gone}"), &[]), 0.0, "{gone}");
        }
    }
}

fn count(kind: &str) -> f64 {
    f64::from(u8::try_from(line().iter().filter(|object| object["kind"] == kind).count()).unwrap())
}

fn health(scrape: &Scrape) -> [f64; 4] {
    ["up", "down", "admin_shutdown", "unknown"].map(|health| scrape.get("directconnect_interfaces", &[("health", health)]).unwrap())
}

/// Every series is of the table, with exactly its labels and values out of their sets; and every metric of the table is told.
fn nothing_but_what_is_documented(scrape: &Scrape) {
    let rows: Vec<&Row> = TABLE.iter().flat_map(|section| section.metrics).collect();
    for series in &scrape.series {
        let row = rows.iter().find(|row| row.name == series.family).unwrap_or_else(|| panic!("{series:?} is not in the table"));
        let mut labels = series.labels.clone();
        assert_eq!(labels.remove("le").is_some(), series.name.ends_with("_bucket"), "{series:?}");
        let names: BTreeSet<&str> = labels.keys().map(String::as_str).collect();
        assert_eq!(names, row.labels.iter().map(|label| label.name).collect(), "{series:?}");
        for label in row.labels {
            assert!(label_values(label).contains(&labels[label.name].as_str()), "{series:?}: {} is not listed", label.name);
        }
    }
    let families: BTreeSet<&str> = scrape.families.keys().map(String::as_str).collect();
    let missing: Vec<&str> = rows.iter().map(|row| row.name).filter(|name| !families.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
