//! HTTPS with HTTP/2, and connections that can be frozen: they stay open and carry nothing, as if a middle box had forgotten them.

use std::{
    io,
    path::Path,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

/// How often connections were frozen: those that were accepted before the last time are.
#[derive(Clone, Default)]
pub struct Freezer(Arc<AtomicU64>);

impl Freezer {
    /// Freezes all connections that are open.
    pub fn freeze(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn times(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// The configuration of a certificate chain and its key, both PEM files.
pub fn config(certificate: &Path, key: &Path) -> Result<ServerConfig, Box<dyn std::error::Error>> {
    let chain = CertificateDer::pem_file_iter(certificate)?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(key)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Serves `router` until the process ends.
pub async fn serve(listener: TcpListener, config: ServerConfig, router: Router, freezer: Freezer) -> io::Result<()> {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    loop {
        let (stream, _) = listener.accept().await?;
        let stream = Freezable { stream, born: freezer.times(), freezer: freezer.clone() };
        let (acceptor, router) = (acceptor.clone(), router.clone());
        tokio::spawn(async move {
            // Whoever breaks off a handshake or a connection harms no other.
            if let Ok(stream) = acceptor.accept(stream).await {
                let service = TowerToHyperService::new(router);
                let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
            }
        });
    }
}

struct Freezable {
    stream: TcpStream,
    freezer: Freezer,
    /// How often connections had been frozen when it was accepted.
    born: u64,
}

impl Freezable {
    fn is_frozen(&self) -> bool {
        self.freezer.times() > self.born
    }
}

impl AsyncRead for Freezable {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.is_frozen() {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Freezable {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_frozen() {
            return Poll::Ready(Ok(data.len()));
        }
        Pin::new(&mut self.stream).poll_write(context, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    /// A frozen connection stays open.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_frozen() {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
