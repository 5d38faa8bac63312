//! Connections that die without a word: they stay open and carry nothing.

use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::controlplane::ControlPlane;
use support::eventually;
use support::line::gateway;
use support::operator::Operator;
use support::simulator::Simulator;
use support::world::{BOUND, READ_LAG, World, condition, is, start_operator};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The cloud by TLS and HTTP/2, where all calls of an account share one connection.
#[tokio::test]
async fn a_frozen_connection_to_the_cloud_is_given_up() {
    let plane = Arc::new(ControlPlane::start().await);
    plane.install_crds();
    let world = World::on(Arc::clone(&plane), "frozen").await;
    let (mut cloud, certificate) = Simulator::start_with_tls(plane.dir(), "tls").await;
    cloud.settings(json!({ "settle_ms": { "create": 300, "update": 200, "delete": 300 } })).await;
    world.furnish_with(&json!({ "endpoints": { "dc": cloud.url(), "iam": cloud.url(), "caBundle": certificate } })).await;
    let limits = ["--breaker-rest", "200ms", "--breaker-rest-max", "1s"];
    let operator = start_operator(&plane, "frozen", &limits).await;
    world.apply(&gateway("gw", 1)).await;
    world.wait_ready("VirtualGateway", "gw").await;

    // At rest: the next change needs a connection.
    cloud.freeze_connections().await;
    world.patch("VirtualGateway", "gw", json!({ "spec": { "description": "at rest" } })).await;
    world.wait_ready("VirtualGateway", "gw").await;
    assert_eq!(cloud.all("virtual_gateways").await[0]["description"], "at rest");

    // With a call under way.
    cloud.fault(json!({ "operation": "UpdateVirtualGateway", "kind": "late_answer", "ms": 1000 })).await;
    world.patch("VirtualGateway", "gw", json!({ "spec": { "description": "under way" } })).await;
    eventually("the call is under way", BOUND, || async { (cloud.faults_to_come("UpdateVirtualGateway").await == 0).then_some(()) }).await;
    cloud.freeze_connections().await;
    world.wait_ready("VirtualGateway", "gw").await;
    assert_eq!(cloud.all("virtual_gateways").await[0]["description"], "under way");

    // A cloud that does not answer at all: the account says so, its objects stay as they are, and it comes back by itself.
    let before = world.get("VirtualGateway", "gw").await["metadata"]["resourceVersion"].clone();
    cloud.pause();
    let unanswered = |account: &serde_json::Value| is(account, "Ready", "False");
    eventually("the account says that the cloud does not answer", BOUND * 3, || async {
        let account = world.get_account().await;
        unanswered(&account).then(|| {
            let ready = condition(&account, "Ready").unwrap();
            assert!(ready["message"].as_str().unwrap().starts_with("the cloud has not answered since "), "{ready}");
            assert!(["EndpointUnreachable", "CloudUnavailable"].contains(&ready["reason"].as_str().unwrap()), "{ready}");
        })
    })
    .await;
    assert_eq!(world.get("VirtualGateway", "gw").await["metadata"]["resourceVersion"], before, "no object was touched");
    cloud.resume();
    eventually("the account is ready again", BOUND, || async { is(&world.get_account().await, "Ready", "True").then_some(()) }).await;
    drop(operator);
}

/// Passes bytes on to the API server, until its connections are frozen.
struct Relay {
    port: u16,
    frozen: Arc<AtomicUsize>,
}

impl Relay {
    async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, frozen) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let epoch = Arc::clone(&frozen);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(server).await else { continue };
                let (born, (client_in, client_out), (server_in, server_out)) =
                    (epoch.load(Ordering::SeqCst), client.into_split(), server.into_split());
                for (from, to) in [(client_in, server_out), (server_in, client_out)] {
                    tokio::spawn(pass(from, to, Arc::clone(&epoch), born));
                }
            }
        });
        Self { port, frozen }
    }

    fn freeze(&self) {
        self.frozen.fetch_add(1, Ordering::SeqCst);
    }
}

/// One direction of a connection. A frozen one holds both ends open and passes nothing on.
async fn pass(mut from: tokio::net::tcp::OwnedReadHalf, mut to: tokio::net::tcp::OwnedWriteHalf, epoch: Arc<AtomicUsize>, born: usize) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if epoch.load(Ordering::SeqCst) > born {
            std::future::pending::<()>().await;
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn frozen_connections_to_the_api_server_are_given_up() {
    let plane = Arc::new(ControlPlane::start().await);
    plane.install_crds();
    let world = World::on(Arc::clone(&plane), "relay").await;
    world.furnish().await;
    let url = plane.url();
    let server: SocketAddr = url.rsplit('/').next().unwrap().parse().unwrap();
    let relay = Relay::start(server).await;
    let kubeconfig = plane.dir().join("kubeconfig-relay");
    let direct = std::fs::read_to_string(plane.kubeconfig()).unwrap();
    std::fs::write(&kubeconfig, direct.replace(&server.port().to_string(), &relay.port.to_string())).unwrap();
    let arguments = ["run", "--call-timeout", "2s", "--read-lag", READ_LAG, "--settle-interval", "200ms", "--api-server-timeout", "2s"];
    let operator = Operator::start(&kubeconfig, &plane.dir().join("operator-relay.log"), &arguments.map(str::to_owned), &[]).await;
    world.apply(&gateway("before", 1)).await;
    world.wait_ready("VirtualGateway", "before").await;

    // At rest: the watches say nothing any more.
    relay.freeze();
    world.apply(&gateway("at-rest", 2)).await;
    world.wait_ready("VirtualGateway", "at-rest").await;

    // With calls under way.
    for number in 3..=5 {
        world.apply(&gateway(&format!("under-way-{number}"), number)).await;
    }
    relay.freeze();
    for number in 3..=5 {
        world.wait_ready("VirtualGateway", &format!("under-way-{number}")).await;
    }
    assert_eq!(world.cloud.count("CreateVirtualGateway").await, 5);
    assert_eq!(operator.readiness().await.as_deref(), Some("ok\n"));
    world.finish().await;
}
