//! TLS between nodes. Each node makes a certificate when it starts, and says its fingerprint beside its address in the
//! table of nodes; others accept that certificate and no other.
//!
//! What must stay true: nothing but a loopback address is reached without TLS.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, ServerConfig, SignatureScheme,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::failure::Failure;

/// The name in the certificates, which nobody looks up.
const NAME: &str = "node.quintet.invalid";

/// The SHA-256 of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint([u8; 32]);

impl Fingerprint {
    fn of(certificate: &CertificateDer<'_>) -> Self {
        Self(Sha256::digest(certificate).into())
    }

    /// Reads a fingerprint in hexadecimal.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Makes a certificate for this process. Returns what answers handshakes with it, and its fingerprint.
pub(super) fn make() -> Result<(TlsAcceptor, Fingerprint), Failure> {
    let failed = |error: &dyn std::fmt::Display| format!("cannot make a certificate for other nodes: {error}");
    let made = rcgen::generate_simple_self_signed(vec![NAME.to_owned()]).map_err(|error| failed(&error))?;
    let certificate = made.cert.der().clone();
    let fingerprint = Fingerprint::of(&certificate);
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .map_err(|error| failed(&error))?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .map_err(|error| failed(&error))?;
    Ok((TlsAcceptor::from(Arc::new(config)), fingerprint))
}

/// Returns what makes handshakes with the one node that has the certificate.
pub(super) fn connector(fingerprint: Fingerprint) -> Option<TlsConnector> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(Pinned { fingerprint, provider: Arc::clone(&provider) });
    let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&TLS13]).ok()?;
    let config = config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    Some(TlsConnector::from(Arc::new(config)))
}

/// Returns what makes handshakes with the one server that has a certificate, whatever name is in it.
pub(crate) fn connector_to(certificate: &CertificateDer<'_>) -> Option<TlsConnector> {
    connector(Fingerprint::of(certificate))
}

/// The name that is sent in a handshake.
pub(crate) fn name() -> ServerName<'static> {
    match ServerName::try_from(NAME) {
        Ok(name) => name,
        Err(error) => unreachable!("{NAME}: {error}"),
    }
}

/// Accepts one certificate.
#[derive(Debug)]
struct Pinned {
    fingerprint: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match Fingerprint::of(end_entity).0.ct_eq(&self.fingerprint.0).into() {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes a handshake between a node and another one that expects a fingerprint.
    async fn handshake(acceptor: TlsAcceptor, expected: Fingerprint) -> std::io::Result<()> {
        let (here, there) = tokio::io::duplex(16_384);
        let accepted = tokio::spawn(async move { acceptor.accept(there).await.map(drop) });
        let made = connector(expected).expect("TLS").connect(name(), here).await.map(drop);
        let _ = accepted.await.expect("no panic");
        made
    }

    #[tokio::test]
    async fn one_certificate_is_accepted() {
        let ((ours, fingerprint), (theirs, other)) = (make().expect("made"), make().expect("made"));
        assert_ne!(fingerprint, other, "each process has its own");
        assert!(handshake(ours.clone(), fingerprint).await.is_ok());
        assert!(handshake(ours, other).await.is_err() && handshake(theirs, fingerprint).await.is_err());
    }

    #[test]
    fn a_fingerprint_reads_as_it_is_shown() {
        let fingerprint = Fingerprint([0xA7; 32]);
        assert_eq!(Fingerprint::parse(&fingerprint.to_string()), Some(fingerprint));
        for wrong in ["", "a7", &"+7".repeat(32), &"é".repeat(32), &"a7".repeat(33)] {
            assert_eq!(Fingerprint::parse(wrong), None, "{wrong}");
        }
    }
}
