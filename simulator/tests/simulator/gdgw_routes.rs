//! Route tables of global gateways.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    global_gateways::{HOURS, PATH, global_gateway, on_global},
    harness::*,
};

/// A gateway with an interface, and what its routes are about.
struct Table {
    cloud: Simulator,
    gateway: String,
    interface: String,
    peer: String,
}

impl Table {
    async fn start(settings: Value) -> Self {
        let cloud = Simulator::start(json!({})).await;
        let gateway = global_gateway(&cloud, "g").await;
        let interface = format!("dcaas/virtual-interfaces/{}", cloud.interface(on_global(&gateway, LINE_A, 30)).await);
        let shown = cloud.get(&interface).await;
        let peer = shown.body["virtual_interface"]["vif_peers"][0]["id"].as_str().unwrap().to_owned();
        cloud.settings(settings).await;
        Self { cloud, gateway, interface, peer }
    }

    fn path(&self) -> String {
        format!("dcaas/gdgw/{}/routetables", self.gateway)
    }

    fn route(&self, destination: &str) -> Value {
        json!({"destination": destination, "nexthop": self.peer, "type": "vif_peer"})
    }

    async fn change(&self, action: &str, routes: Vec<Value>) -> Answer {
        self.cloud.put(&self.path(), json!({"gdgw_routetable": {action: routes}})).await
    }

    async fn list(&self, query: &str) -> Answer {
        self.cloud.get(&format!("{}?{query}", self.path())).await
    }

    async fn remote_subnets(&self) -> Value {
        self.cloud.get(&self.interface).await.body["virtual_interface"]["vif_peers"][0]["remote_ep_group"].clone()
    }
}

fn destinations(answer: &Answer, wrapper: &str) -> Vec<String> {
    let list = answer.body[wrapper].as_array().unwrap_or_else(|| panic!("no routes: {}", answer.body));
    let mut found: Vec<String> = list.iter().map(|route| route["destination"].as_str().unwrap().to_owned()).collect();
    found.sort();
    found
}

#[tokio::test]
async fn life_of_a_route() {
    let table = Table::start(json!({"settle_ms": {"create": HOURS}})).await;
    let route = with(table.route("1.1.1.0/24"), json!({"description": ""}));
    let added = table.change("add_routes", vec![route]).await;
    let shown = &added.body["gdgw_routetable"][0];
    let id = shown["id"].clone();
    let mut expected = json!({
        "id": id, "type": "vif_peer", "destination": "1.1.1.0/24", "nexthop": table.peer, "description": "", "address_family": "ipv4",
        "gateway_id": table.gateway, "obtain_mode": "specific", "status": "PENDING_CREATE", "tenant_id": PROJECT,
    });
    assert_eq!((added.status, shown), (200, &expected));
    assert_eq!(table.change("del_routes", vec![table.route("1.1.1.0/24")]).await.code(), "DC.1118", "pending is locked");
    assert_eq!(table.remote_subnets().await, json!(["10.1.123.0/24"]));
    table.cloud.settle().await;
    expected["status"] = json!("ACTIVE");
    assert_eq!(table.list("").await.body["gdgw_routetables"], json!([expected]));
    assert_eq!(table.remote_subnets().await, json!(["10.1.123.0/24", "1.1.1.0/24"]), "the peer shows the route");
    let list = json!({"virtual_interface": {"remote_ep_group": ["10.7.0.0/16"]}});
    assert_eq!(table.cloud.put(&table.interface, list).await.status, 200);
    assert_eq!(table.remote_subnets().await, json!(["10.7.0.0/16", "1.1.1.0/24"]), "an update of the interface leaves the route");

    let described =
        table.change("update_routes", vec![with(table.route("1.1.1.0/24"), json!({"type": null, "description": "branch"}))]).await;
    assert_eq!(
        (&described.body["gdgw_routetable"][0]["description"], &described.body["gdgw_routetable"][0]["id"]),
        (&json!("branch"), &id)
    );
    let deleted = table.change("del_routes", vec![table.route("1.1.1.0/24")]).await;
    assert_eq!((deleted.status, destinations(&deleted, "gdgw_routetable")), (200, vec!["1.1.1.0/24".to_owned()]));
    assert_eq!(table.list("").await.body["gdgw_routetables"], json!([]));
    assert_eq!(table.remote_subnets().await, json!(["10.7.0.0/16"]));
    for action in ["del_routes", "update_routes"] {
        let kind = if action == "del_routes" { json!("vif_peer") } else { Value::Null };
        let gone = table.change(action, vec![with(table.route("1.1.1.0/24"), json!({"type": kind}))]).await;
        assert_eq!((gone.status, gone.code()), (400, "DC.2720"));
    }
}

#[tokio::test]
async fn invalid_routes_are_rejected() {
    let table = Table::start(json!({})).await;
    let other = global_gateway(&table.cloud, "other").await;
    table.change("add_routes", vec![table.route("10.20.0.0/16")]).await;
    table.cloud.settle().await;
    let learned = json!({"kind": "gdgw_route", "body":
        with(table.route("10.30.0.0/16"), json!({"gateway_id": table.gateway, "obtain_mode": "bgp"}))});
    table.cloud.admin(Method::POST, "resources", Some(learned)).await;
    let route = |changes: Value| with(table.route("10.40.0.0/16"), changes);
    let many: Vec<Value> = (0..101).map(|n| table.route(&format!("10.50.{n}.0/24"))).collect();
    let rules = [
        ("a route has a destination", "add_routes", vec![route(json!({"destination": null}))], "DC.0001"),
        ("a route has a next hop", "add_routes", vec![route(json!({"nexthop": null}))], "DC.0001"),
        ("a route has a type", "add_routes", vec![route(json!({"type": null}))], "DC.0001"),
        ("what is deleted has a type", "del_routes", vec![with(table.route("10.20.0.0/16"), json!({"type": null}))], "DC.0001"),
        ("the destination is a network", "add_routes", vec![route(json!({"destination": "10.0.0.0/33"}))], "DC.0004"),
        ("the description is plain", "add_routes", vec![route(json!({"description": "a`b"}))], "DC.0001"),
        ("the type is known", "add_routes", vec![route(json!({"type": "er"}))], "DC.0001"),
        ("the next hop is a peer of the gateway", "add_routes", vec![route(json!({"nexthop": NOBODY}))], "DC.0001"),
        ("a peer is no gateway", "add_routes", vec![route(json!({"type": "gdgw"}))], "DC.0001"),
        ("a gateway is no peer", "add_routes", vec![route(json!({"nexthop": other, "type": "vif_peer"}))], "DC.0001"),
        ("a gateway is not its next hop", "add_routes", vec![route(json!({"nexthop": table.gateway, "type": "gdgw"}))], "DC.0001"),
        ("the families are the same", "add_routes", vec![route(json!({"destination": "fd00::/48"}))], "DC.0001"),
        ("a route is there once", "add_routes", vec![table.route("10.20.0.0/16")], "DC.0001"),
        ("a route is there once, however it is written", "add_routes", vec![table.route("10.20.1.0/16")], "DC.0001"),
        ("a request has a route once", "add_routes", vec![route(json!({})), route(json!({}))], "DC.0001"),
        ("a request has a hundred routes", "add_routes", many, "DC.0001"),
        ("all or none", "add_routes", vec![route(json!({})), route(json!({"nexthop": NOBODY}))], "DC.0001"),
        ("what is deleted has no description", "del_routes", vec![route(json!({"description": ""}))], "DC.0001"),
        ("the type is that of the route", "del_routes", vec![with(table.route("10.20.0.0/16"), json!({"type": "gdgw"}))], "DC.2720"),
        ("BGP's routes stay", "del_routes", vec![table.route("10.30.0.0/16")], "DC.0001"),
        ("a description changes, no type", "update_routes", vec![with(table.route("10.20.0.0/16"), json!({"type": "gdgw"}))], "DC.0001"),
        ("actions are known", "replace_routes", vec![], "DC.0001"),
    ];
    for (rule, action, routes, code) in rules {
        let answer = table.change(action, routes).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{rule}: {}", answer.body);
    }
    let both = json!({"add_routes": [route(json!({}))], "del_routes": [table.route("10.20.0.0/16")]});
    assert_eq!(table.cloud.put(&table.path(), json!({"gdgw_routetable": both})).await.code(), "DC.0001", "actions exclude each other");
    assert_eq!(table.cloud.put(&table.path(), json!({"dry_run": true})).await.code(), "DC.0000", "the wrapper is there");
    for method in [Method::GET, Method::PUT] {
        let body = (method == Method::PUT).then(|| json!({"gdgw_routetable": {}}));
        let absent = table.cloud.call(method, &format!("dcaas/gdgw/{NOBODY}/routetables"), body).await;
        assert_eq!((absent.status, absent.code()), (404, "DC.0002"));
    }
    assert_eq!(destinations(&table.list("").await, "gdgw_routetables"), ["10.20.0.0/16", "10.30.0.0/16"], "nothing was changed");
}

#[tokio::test]
async fn routes_are_listed() {
    let table = Table::start(json!({})).await;
    let other = global_gateway(&table.cloud, "other").await;
    let by_gateway = json!({"destination": "fd00::/48", "nexthop": other, "type": "gdgw"});
    let added = table.change("add_routes", vec![table.route("10.1.0.0/16"), table.route("10.2.0.0/16"), by_gateway]).await;
    assert_eq!(added.body["gdgw_routetable"][2]["address_family"], "ipv6");
    let queries = [
        (String::new(), vec!["10.1.0.0/16", "10.2.0.0/16", "fd00::/48"]),
        (format!("nexthop={}", table.peer), vec!["10.1.0.0/16", "10.2.0.0/16"]),
        ("destination=10.1.0.0/16&destination=fd00::/48".to_owned(), vec!["10.1.0.0/16", "fd00::/48"]),
        ("address_family=ipv6".to_owned(), vec!["fd00::/48"]),
    ];
    for (query, expected) in queries {
        let found = table.list(&query).await;
        assert_eq!(
            (destinations(&found, "gdgw_routetables"), &found.body["total_count"]),
            (expected.iter().map(|one| (*one).to_owned()).collect(), &json!(expected.len())),
            "{query}"
        );
    }
    let first = table.list("limit=2").await;
    let marker = first.body["page_info"]["next_marker"].as_str().unwrap();
    let second = table.list(&format!("limit=2&marker={marker}&fields=destination")).await;
    assert_eq!((&first.body["total_count"], second.body["gdgw_routetables"].as_array().unwrap().len()), (&json!(3), 1));
    assert_eq!(second.body["page_info"].get("next_marker"), None);

    assert_eq!(table.cloud.delete(&format!("{PATH}/{other}")).await.status, 204);
    let dry = json!({"dry_run": true, "gdgw_routetable": {"add_routes": [table.route("10.3.0.0/16")]}});
    assert_eq!(destinations(&table.cloud.put(&table.path(), dry).await, "gdgw_routetable"), ["10.3.0.0/16"]);
    assert_eq!(table.list("").await.body["total_count"], 3, "a dry run changes nothing");
}

#[tokio::test]
async fn switches_change_routes() {
    let table = Table::start(json!({"switches": {
        "u30_routes_in_remote_subnets": false, "u31_absent_route_code": "DC.0001", "u32_routes_answer": "table",
        "u50_delete_in_error": false, "u51_gateway_next_hop": "peer_link",
    }}))
    .await;
    table.change("add_routes", vec![table.route("10.1.0.0/16")]).await;
    table.cloud.settle().await;
    assert_eq!(table.remote_subnets().await, json!(["10.1.123.0/24"]), "routes are apart from the interface");
    assert_eq!(table.change("del_routes", vec![table.route("10.9.0.0/16")]).await.code(), "DC.0001");
    table.cloud.fault(json!({"operation": "UpdateGdgwRouteTable", "kind": "error_state", "reason": "no room"})).await;
    let whole = table.change("add_routes", vec![table.route("10.2.0.0/16")]).await;
    assert_eq!(destinations(&whole, "gdgw_routetable"), ["10.1.0.0/16", "10.2.0.0/16"], "the whole table");
    table.cloud.settle().await;
    let failed = table.list("destination=10.2.0.0/16").await.body["gdgw_routetables"][0].clone();
    assert_eq!((&failed["status"], failed.get("reason")), (&json!("ERROR"), None));
    assert_eq!(table.change("del_routes", vec![table.route("10.2.0.0/16")]).await.code(), "DC.0001", "a route in ERROR");
    table.cloud.settings(json!({"switches": {"u50_delete_in_error": null, "u32_routes_answer": "empty"}})).await;
    let deleted = table.change("del_routes", vec![table.route("10.2.0.0/16")]).await;
    assert_eq!((deleted.status, &deleted.body["gdgw_routetable"]), (200, &json!([])));

    let other = global_gateway(&table.cloud, "other").await;
    let site = json!({"gateway_id": other, "project_id": PROJECT, "region_id": "eu-west-101"});
    let links = format!("{PATH}/{}/peer-links", table.gateway);
    let link = table.cloud.post(&links, json!({"peer_link": {"name": "l", "peer_site": site}})).await.id("peer_link");
    for (next_hop, status) in [(other, 400), (link, 200)] {
        let route = json!({"destination": "10.5.0.0/16", "nexthop": next_hop, "type": "gdgw"});
        assert_eq!(table.change("add_routes", vec![route]).await.status, status);
    }
}
