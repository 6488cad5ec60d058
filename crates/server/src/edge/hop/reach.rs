//! How a node is reached by others, as it says itself in the table of nodes, and connections to it.
//!
//! What must stay true: to connect takes a bounded time, and goes where the table says, whatever a request says.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tower::Service;

use super::tls::{self, Fingerprint};
use crate::config::Endpoint;

/// Maximum time to connect to a node, with its TLS handshake.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);

/// How a node is reached: `http://HOST:PORT`, or `https://HOST:PORT#FINGERPRINT` of its certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reach {
    pub(super) endpoint: Endpoint,
    /// The certificate of the node, unless it is reached without TLS.
    pub(super) certificate: Option<Fingerprint>,
}

impl Reach {
    /// Reads what a node says; `None` if it is not understood, as of a newer version.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let read = |endpoint: &str| Endpoint::try_from(endpoint.to_owned()).ok();
        if let Some(plain) = text.strip_prefix("http://") {
            // Another machine is never reached without TLS, whatever the table says.
            let endpoint = read(plain).filter(Endpoint::is_loopback)?;
            return Some(Self { endpoint, certificate: None });
        }
        let (endpoint, fingerprint) = text.strip_prefix("https://")?.split_once('#')?;
        Some(Self { endpoint: read(endpoint)?, certificate: Some(Fingerprint::parse(fingerprint)?) })
    }

    /// Returns the target of a request to the node.
    pub(super) fn uri(&self, path: &Uri) -> Option<Uri> {
        // The scheme says nothing of TLS here, which the connector makes.
        let path = path.path_and_query()?.clone();
        Uri::builder().scheme("http").authority(self.endpoint.to_string()).path_and_query(path).build().ok()
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.certificate {
            None => write!(f, "http://{}", self.endpoint),
            Some(fingerprint) => write!(f, "https://{}#{fingerprint}", self.endpoint),
        }
    }
}

/// A byte stream to a node.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Connection for Box<dyn Stream> {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

/// Connects to one node.
#[derive(Clone)]
pub(super) struct Connector {
    host: String,
    port: u16,
    tls: Option<TlsConnector>,
}

impl Connector {
    /// Returns what connects to a node; `None` if TLS cannot be had.
    pub(super) fn to(reach: &Reach) -> Option<Self> {
        let tls = match reach.certificate {
            None => None,
            Some(fingerprint) => Some(tls::connector(fingerprint)?),
        };
        Some(Self { host: reach.endpoint.host.clone(), port: reach.endpoint.port, tls })
    }

    async fn connect(self) -> io::Result<TokioIo<Box<dyn Stream>>> {
        let stream = match self.host.parse::<IpAddr>() {
            Ok(address) => TcpStream::connect((address, self.port)).await?,
            Err(_) => TcpStream::connect((self.host.as_str(), self.port)).await?,
        };
        stream.set_nodelay(true)?;
        let stream: Box<dyn Stream> = match self.tls {
            None => Box::new(stream),
            Some(tls) => Box::new(tls.connect(tls::name(), stream).await?),
        };
        Ok(TokioIo::new(stream))
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Box<dyn Stream>>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move {
            let connected = tokio::time::timeout(CONNECT_WITHIN, connector.connect()).await;
            connected.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "it took too long to connect")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_node_is() {
        let fingerprint = "0f".repeat(32);
        for text in [
            "http://127.0.0.1:7000".to_owned(),
            "http://[::1]:7000".to_owned(),
            format!("https://10.0.0.5:7000#{fingerprint}"),
            format!("https://node-1.internal:7000#{fingerprint}"),
            format!("https://[2001:db8::1]:7000#{fingerprint}"),
        ] {
            let reach = Reach::parse(&text).expect("understood");
            assert_eq!(reach.to_string(), text);
            let uri = reach.uri(&Uri::from_static("http://evil.example/socket.io/?sid=a")).expect("a target");
            assert_eq!(uri.to_string(), format!("http://{}/socket.io/?sid=a", reach.endpoint));
        }
        for wrong in [
            "",
            "127.0.0.1:7000",
            // Without TLS, only this machine.
            "http://10.0.0.5:7000",
            "http://localhost:7000",
            "https://10.0.0.5:7000",
            "https://10.0.0.5:7000#0f",
            "quic://10.0.0.5:7000",
        ] {
            assert_eq!(Reach::parse(wrong), None, "{wrong}");
        }
    }
}
