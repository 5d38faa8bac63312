//! `dc-operator`: arguments → run | crd | docs.

use clap::Parser;
use direct_connect_operator::config::{Cli, Command};
use direct_connect_operator::telemetry::logs::{self, error_chain};
use direct_connect_operator::{api, docgen, kinds, operator};
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match work(Cli::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dc-operator: {}", error_chain(&*error));
            // At once: the runtime's own end would wait for what is under way, and another replica may be working already.
            std::process::exit(1)
        }
    }
}

async fn work(command: Command) -> Result<(), Box<dyn Error + Send + Sync>> {
    match command {
        Command::Run(config) => {
            // One provider of cryptography for all clients.
            rustls::crypto::ring::default_provider().install_default().map_err(|_| "a TLS provider is installed already")?;
            let telemetry = logs::install(&config.log, config.log_format, config.otlp_endpoint.as_ref().and_then(Option::as_deref))?;
            operator::run(&config, kinds::ALL).await?;
            telemetry.flush().await;
            Ok(())
        }
        Command::Crd { dir: None } => {
            for (_, yaml) in api::crds_yaml(&kinds::crds())? {
                println!("---\n{}", yaml.trim_end());
            }
            Ok(())
        }
        Command::Crd { dir: Some(dir) } => write(&dir, api::crds_yaml(&kinds::crds())?),
        Command::Docs { dir } => write(&dir, docgen::files()),
    }
}

fn write(dir: &Path, files: Vec<(String, String)>) -> Result<(), Box<dyn Error + Send + Sync>> {
    for (name, text) in files {
        let path = dir.join(name);
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}
