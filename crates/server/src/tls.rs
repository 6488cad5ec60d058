//! TLS with rustls. The files are read again on SIGHUP.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::Config;
use crate::failure::Failure;

/// The current certificate and key, and their files.
pub(crate) struct Tls {
    cert: PathBuf,
    key: PathBuf,
    current: RwLock<TlsAcceptor>,
}

impl Tls {
    /// Reads the files that the configuration names. Returns `None` if it names none.
    pub(crate) fn of(config: &Config) -> Result<Option<Arc<Self>>, Failure> {
        let (Some(cert), Some(key)) = (config.tls.cert.clone(), config.tls.key.clone()) else { return Ok(None) };
        let current = RwLock::new(read(&cert, &key)?);
        Ok(Some(Arc::new(Self { cert, key, current })))
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the files again. If they are not valid, the current ones stay in use.
    pub(crate) fn reload(&self) -> Result<(), Failure> {
        let acceptor = read(&self.cert, &self.key)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = acceptor;
        Ok(())
    }
}

fn read(cert: &PathBuf, key: &PathBuf) -> Result<TlsAcceptor, Failure> {
    let bad = |file: &PathBuf, why: &dyn std::fmt::Display| format!("cannot use {} for TLS: {why}", file.display());
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| bad(cert, &error))?;
    if chain.is_empty() {
        return Err(bad(cert, &"it holds no certificate"));
    }
    let key_der = PrivateKeyDer::from_pem_file(key).map_err(|error| bad(key, &error))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(cert, &error))?
        .with_no_client_auth()
        .with_single_cert(chain, key_der)
        .map_err(|error| bad(cert, &error))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
