//! `quintet health`: asks the server on this machine whether it is ready, for whoever watches over a process or container and
//! has no program that speaks HTTP.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use crate::config::Config;
use crate::edge::hop;
use crate::failure::Failure;

/// The time that the server has to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The largest answer in bytes that is read.
const ANSWER_BYTES_MAX: usize = 64 * 1_024;

/// The part of an answer that says why the server is not ready.
#[derive(serde::Deserialize)]
struct Problem {
    detail: String,
}

/// Asks the server at the first of its addresses, and prints that it is ready.
///
/// # Errors
/// A sentence that says why it is not, or that it does not answer.
pub(crate) async fn run(config: &Config) -> Result<(), Failure> {
    let address = asked(config.server.listen.first().map(|listen| listen.address))?;
    let answer = tokio::time::timeout(PATIENCE, ask(config, address)).await;
    let (status, body) = answer
        .unwrap_or_else(|_| Err(format!("it has not answered within {} seconds", PATIENCE.as_secs())))
        .map_err(|why| format!("the server at {address} cannot be asked: {why}"))?;
    if status == StatusCode::OK {
        println!("The server at {address} is ready.");
        return Ok(());
    }
    let detail = serde_json::from_slice(&body).map_or_else(|_| status.to_string(), |problem: Problem| problem.detail);
    Err(format!("the server at {address} is not ready: {detail}"))
}

/// Returns the address at which a server answers this machine, whether or not it is ready.
pub(crate) async fn answers(config: &Config) -> Option<SocketAddr> {
    let address = asked(config.server.listen.first().map(|listen| listen.address)).ok()?;
    let (status, _) = tokio::time::timeout(PATIENCE, ask(config, address)).await.ok()?.ok()?;
    matches!(status, StatusCode::OK | StatusCode::SERVICE_UNAVAILABLE).then_some(address)
}

/// Returns the address at which a server that listens at another one is asked by its own machine.
fn asked(listens: Option<SocketAddr>) -> Result<SocketAddr, Failure> {
    let address = listens.ok_or("the settings name no address at which the server listens")?;
    if address.port() == 0 {
        return Err("the settings leave the port to the system (0), so that it is not known here".to_owned());
    }
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    Ok(SocketAddr::new(ip, address.port()))
}

async fn ask(config: &Config, address: SocketAddr) -> Result<(StatusCode, Bytes), Failure> {
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let Some(file) = &config.tls.cert else { return exchange(stream, address).await };
    let certificate = CertificateDer::from_pem_file(file)
        .map_err(|error| format!("cannot read the certificate {}: {error}", file.display()))?;
    let tls = hop::connector_to(&certificate).ok_or("this build cannot speak TLS")?;
    let stream = tls.connect(hop::tls_name(), stream).await;
    exchange(stream.map_err(|error| format!("it does not have the certificate {}: {error}", file.display()))?, address)
        .await
}

async fn exchange<S>(stream: S, address: SocketAddr) -> Result<(StatusCode, Bytes), Failure>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let failed = |error: hyper::Error| error.to_string();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    tokio::spawn(connection);
    let request = Request::get("/readyz")
        .header(header::HOST, address.to_string())
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let (head, body) = sender.send_request(request).await.map_err(failed)?.into_parts();
    let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|error| error.to_string())?;
    Ok((head.status, body.to_bytes()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn where_a_server_is_asked() {
        let asked = |text: &str| super::asked(text.parse().ok()).map(|address| address.to_string());
        assert_eq!(asked("0.0.0.0:3000").as_deref(), Ok("127.0.0.1:3000"));
        assert_eq!(asked("[::]:3000").as_deref(), Ok("[::1]:3000"));
        assert_eq!(asked("192.0.2.7:80").as_deref(), Ok("192.0.2.7:80"));
        assert!(asked("0.0.0.0:0").is_err());
    }
}
