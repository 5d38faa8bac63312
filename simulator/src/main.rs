//! A simulator of Huawei Cloud Direct Connect, IAM and STS, with an admin API for tests, all on one port.
//!
//! It is written from the vendor's API documents and shares no code with the operator, so that a mistake in one of them
//! shows as a disagreement. `docs/simulator.md` describes its flags, settings and admin API. The modules, from the top:
//!
//! - `server`: a request from arrival to response, and the state that requests share. `admin`: the admin API.
//! - `operations`: the operations of the cloud's API. `rules`: the conditions under which it rejects a request.
//! - `identity`: the services that issue temporary keys and tokens. `auth`: accounts, tokens, signatures. `faults`, `rate_limit`, `journal`: what surrounds an operation.
//! - `state`: the resources, and changes that are pending. `settings`: how the cloud behaves.
//! - `http`: requests, responses, error formats. `clock`: the time of the cloud.

mod admin;
mod auth;
mod clock;
mod faults;
mod http;
mod identity;
mod journal;
mod operations;
mod rate_limit;
mod rules;
mod server;
mod settings;
mod state;

use std::{
    error::Error,
    io::{self, Write},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};

use clap::Parser;
use serde::de::DeserializeOwned;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use auth::accounts::{self, AccessKey, Account};
use server::{Simulator, tls};
use settings::Settings;
use state::seeds::Seeds;

/// A simulated Direct Connect cloud; all credentials are fake.
#[derive(Parser)]
#[command(name = "dc-simulator", version)]
struct Arguments {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, env = "DC_SIMULATOR_LISTEN", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// JSON file with settings that differ from the defaults.
    #[arg(long, env = "DC_SIMULATOR_SETTINGS")]
    settings: Option<PathBuf>,
    /// JSON file with connections that exist at the start besides the built-in ones.
    #[arg(long, env = "DC_SIMULATOR_SEEDS")]
    seeds: Option<PathBuf>,
    /// PEM file with a certificate chain: it is then served with TLS, by HTTP/2 and HTTP/1.1.
    #[arg(long, env = "DC_SIMULATOR_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// PEM file with the key of the certificate.
    #[arg(long, env = "DC_SIMULATOR_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Region, which is also the name of the project.
    #[arg(long, env = "DC_SIMULATOR_REGION", default_value = "eu-west-101")]
    region: String,
    #[arg(long, env = "DC_SIMULATOR_PROJECT_ID", default_value = "0605768a3300d5762f82c01180692873")]
    project_id: String,
    #[arg(long, env = "DC_SIMULATOR_ACCESS_KEY", default_value = "AKSIMULATOR000000001")]
    access_key: String,
    #[arg(long, env = "DC_SIMULATOR_SECRET_KEY", default_value = "SKsimulator/000000000000000000000000000+", hide_env_values = true)]
    secret_key: String,
    #[arg(long, env = "DC_SIMULATOR_DOMAIN", default_value = "simulated-domain")]
    domain: String,
    #[arg(long, env = "DC_SIMULATOR_USER", default_value = "operator")]
    user: String,
    #[arg(long, env = "DC_SIMULATOR_PASSWORD", default_value = "Simulated-Pass1", hide_env_values = true)]
    password: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let settings: Settings = read_or_default(arguments.settings.as_deref())?;
    let seeds: Seeds = read_or_default(arguments.seeds.as_deref())?;
    let listener = listen(arguments.listen).await?;
    let tls = match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(certificate), Some(key)) => Some(tls::config(certificate, key)?),
        _ => None,
    };
    announce(listener.local_addr()?, tls.is_some())?;
    let simulator = Simulator::new(accounts(arguments), settings, seeds);
    let freezer = simulator.freezer().clone();
    let router = server::router(simulator);
    match tls {
        None => axum::serve(listener, router).with_graceful_shutdown(stop_signal()).await?,
        Some(config) => tokio::select! {
            served = tls::serve(listener, config, router, freezer) => served?,
            () = stop_signal() => {}
        },
    }
    Ok(())
}

fn read_or_default<T: Default + DeserializeOwned>(path: Option<&Path>) -> Result<T, Box<dyn Error>> {
    let Some(path) = path else { return Ok(T::default()) };
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?)
}

/// Listens at `address`; where all IPv6 addresses are asked for and the machine has none, at all IPv4 addresses.
async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    match TcpListener::bind(address).await {
        Err(_) if address.ip() == Ipv6Addr::UNSPECIFIED => TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).await,
        bound => bound,
    }
}

/// Tells the parent process that the simulator is ready, and its address.
fn announce(address: SocketAddr, tls: bool) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "dc-simulator listening on {}://{address}", if tls { "https" } else { "http" })?;
    out.flush()
}

fn accounts(arguments: Arguments) -> Vec<Account> {
    let Arguments {
        region,
        project_id,
        access_key,
        secret_key,
        domain,
        user,
        password,
        listen: _,
        settings: _,
        seeds: _,
        tls_cert: _,
        tls_key: _,
    } = arguments;
    let key = AccessKey { id: access_key, secret: secret_key, security_token: None };
    let partner = accounts::partner(&region);
    let keys = vec![key, accounts::temporary_key()];
    vec![Account { domain, user, password, project_id, project_name: region, keys }, partner]
}

/// Completes on SIGTERM or SIGINT. A signal for which no handler can be installed is ignored.
async fn stop_signal() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminated) => drop(terminated.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = terminated => {}
        () = interrupted => {}
    }
}
