//! Which server and database: the parsed URL, with how its certificate is checked.
//!
//! What must stay true: `sslmode` means what it means to every other client of PostgreSQL. With `verify-full`, or with
//! `sslrootcert`, the certificate and the name of the server are checked; `prefer` and `require` only encrypt.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::{Client, Config, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::OpenError;

/// Maximum time to connect to one address of a server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The time after which the operating system asks whether a silent server is still there.
const KEEPALIVE: Duration = Duration::from_secs(10);

/// The stream of an encrypted or plain connection.
pub(super) type Stream = <MakeRustlsConnect as tokio_postgres::tls::MakeTlsConnect<Socket>>::Stream;

/// A database of a PostgreSQL server, and how to connect to it.
#[derive(Clone)]
pub struct PostgresTarget {
    config: Config,
    tls: MakeRustlsConnect,
}

impl fmt::Debug for PostgresTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresTarget").field("name", &self.name()).finish_non_exhaustive()
    }
}

/// Which certificates of a server are accepted.
enum Trust {
    /// Every certificate: the connection is encrypted, but the server may be another.
    Any,
    /// Certificates of the authorities that the operating system trusts.
    System,
    /// Certificates of the authorities in a file.
    File(String),
}

impl PostgresTarget {
    /// Parses a URL such as `postgres://user:password@host:port/database?sslmode=verify-full`. `password` is used if the
    /// URL has none.
    ///
    /// # Errors
    /// [`OpenError::Url`], without the password, if the URL is not valid.
    pub fn parse(url: &str, password: Option<&str>) -> Result<Self, OpenError> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(OpenError::Url("it must begin with postgres://".to_owned()));
        }
        let (plain, trust) = without_tls(url)?;
        let mut config: Config = plain.parse().map_err(|error| OpenError::Url(super::error::explained(&error)))?;
        if config.get_hosts().is_empty() {
            return Err(OpenError::Url("it names no host".to_owned()));
        }
        if config.get_password().is_none()
            && let Some(password) = password
        {
            config.password(password);
        }
        config.application_name("quintet").connect_timeout(CONNECT_TIMEOUT).keepalives_idle(KEEPALIVE);
        let tls = MakeRustlsConnect::new(tls(trust)?);
        Ok(Self { config, tls })
    }

    /// The server and the database, without user and password, for messages.
    #[must_use]
    pub fn name(&self) -> String {
        let hosts = self.config.get_hosts().iter().map(|host| match host {
            tokio_postgres::config::Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            tokio_postgres::config::Host::Unix(path) => path.display().to_string(),
        });
        let hosts = hosts.collect::<Vec<_>>().join(",");
        format!("{hosts}/{}", self.config.get_dbname().or_else(|| self.config.get_user()).unwrap_or_default())
    }

    /// Connects.
    pub(super) async fn connect(&self) -> Result<(Client, Connection<Socket, Stream>), tokio_postgres::Error> {
        self.config.connect(self.tls.clone()).await
    }

    /// Cancels the statement that a client runs.
    pub(super) async fn cancel(&self, client: &Client) {
        // The caller waits for the statement to end, and gives the connection up if it does not.
        let _ = client.cancel_token().cancel_query(self.tls.clone()).await;
    }
}

/// Takes the settings of TLS that the client library does not know out of a URL.
fn without_tls(url: &str) -> Result<(String, Trust), OpenError> {
    let Some((address, query)) = url.split_once('?') else { return Ok((url.to_owned(), Trust::Any)) };
    let mut kept = form_urlencoded::Serializer::new(String::new());
    let (mut verifies, mut file) = (false, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match (&*name, &*value) {
            ("sslmode", "verify-full" | "verify-ca") => {
                verifies = true;
                kept.append_pair("sslmode", "require");
            }
            ("sslmode", "disable" | "prefer" | "require") => {
                kept.append_pair("sslmode", &value);
            }
            ("sslmode", other) => {
                let known = "disable, prefer, require or verify-full";
                return Err(OpenError::Url(format!("sslmode is {other}, and must be {known}")));
            }
            ("sslrootcert", path) => file = Some(path.to_owned()),
            _ => {
                kept.append_pair(&name, &value);
            }
        }
    }
    let trust = match file {
        Some(system) if system == "system" => Trust::System,
        Some(path) => Trust::File(path),
        None if verifies => Trust::System,
        None => Trust::Any,
    };
    // The library reads percent-encoded values, but no plus signs for spaces.
    Ok((format!("{address}?{}", kept.finish().replace('+', "%20")), trust))
}

fn tls(trust: Trust) -> Result<ClientConfig, OpenError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| OpenError::Url(error.to_string()))?;
    let roots = match trust {
        Trust::Any => {
            let verifier = Arc::new(AnyServer(provider));
            return Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth());
        }
        Trust::System => rustls_native_certs::load_native_certs().certs,
        Trust::File(path) => {
            let unread = |why: &dyn fmt::Display| OpenError::Url(format!("sslrootcert {path} cannot be read: {why}"));
            let found = CertificateDer::pem_file_iter(&path).map_err(|error| unread(&error))?;
            found.collect::<Result<_, _>>().map_err(|error| unread(&error))?
        }
    };
    let mut store = RootCertStore::empty();
    if store.add_parsable_certificates(roots).0 == 0 {
        return Err(OpenError::Url("no certificate authority is known by which to check the server".to_owned()));
    }
    Ok(builder.with_root_certificates(store).with_no_client_auth())
}

/// Accepts every certificate, as `sslmode=require` does.
#[derive(Debug)]
struct AnyServer(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use tokio_postgres::config::SslMode;

    use super::*;

    #[test]
    fn what_a_url_says() {
        let target = PostgresTarget::parse("postgres://ada:secret@db.example.org:5433/chat", None).unwrap();
        assert_eq!(target.name(), "db.example.org/chat");
        assert!(!format!("{target:?}").contains("secret"));
        assert_eq!(target.config.get_ssl_mode(), SslMode::Prefer);
        let target =
            PostgresTarget::parse("postgresql://ada@a,b/chat?sslmode=verify-full&sslrootcert=system", Some("p"));
        let target = target.unwrap();
        assert_eq!((target.config.get_ssl_mode(), target.config.get_password()), (SslMode::Require, Some(&b"p"[..])));
        assert_eq!(target.name(), "a,b/chat");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (url, why) in [
            ("mysql://db", "must begin with postgres://"),
            ("postgres://db/chat?sslmode=perhaps", "sslmode is perhaps"),
            ("postgres://db/chat?sslrootcert=/nowhere/root.pem", "/nowhere/root.pem cannot be read"),
            ("postgres://db:port/chat", "port"),
        ] {
            let error = PostgresTarget::parse(url, None).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
