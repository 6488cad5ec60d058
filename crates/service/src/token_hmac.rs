//! The cryptography of tokens: HMAC with SHA-2 (RFC 7518, section 3.2), and nothing else.
//!
//! jsonwebtoken's own implementations would add RSA and elliptic curves, which no token here uses and whose libraries
//! have had security advisories. It accepts an external implementation, which is this one.

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};
use sha2::{Sha256, Sha384, Sha512};

static PROVIDER: CryptoProvider =
    CryptoProvider { signer_factory: signer, verifier_factory: verifier, key_utils: KeyUtils::new_unimplemented() };

/// Installs this implementation in jsonwebtoken for the whole process. Calls after the first have no effect.
pub fn install_token_cryptography() {
    // It is not an error if it is installed already.
    let _ = PROVIDER.install_default();
}

/// An HMAC with its key, and the name of its algorithm.
struct Keyed<M> {
    mac: M,
    algorithm: Algorithm,
}

impl<M: Mac + Clone> Signer<Vec<u8>> for Keyed<M> {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.mac.clone().chain_update(message).finalize().into_bytes().to_vec())
    }
}

impl<M: Mac + Clone> Verifier<Vec<u8>> for Keyed<M> {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let mac = self.mac.clone().chain_update(message);
        // The comparison takes constant time.
        mac.verify_slice(signature).map_err(signature::Error::from_source)
    }
}

impl<M: Mac + Clone> JwtSigner for Keyed<M> {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl<M: Mac + Clone> JwtVerifier for Keyed<M> {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

fn keyed<M: Mac + KeyInit + Clone>(secret: &[u8], algorithm: Algorithm) -> Result<Keyed<M>, Error> {
    let mac = <M as Mac>::new_from_slice(secret).map_err(|_| ErrorKind::InvalidKeyFormat)?;
    Ok(Keyed { mac, algorithm })
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    if key.family() != AlgorithmFamily::Hmac {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    let secret = key.as_bytes();
    Ok(match algorithm {
        Algorithm::HS256 => Box::new(keyed::<Hmac<Sha256>>(secret, *algorithm)?),
        Algorithm::HS384 => Box::new(keyed::<Hmac<Sha384>>(secret, *algorithm)?),
        Algorithm::HS512 => Box::new(keyed::<Hmac<Sha512>>(secret, *algorithm)?),
        _ => return Err(ErrorKind::InvalidAlgorithm.into()),
    })
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    if key.family() != AlgorithmFamily::Hmac {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    let secret = key.try_get_as_bytes()?;
    Ok(match algorithm {
        Algorithm::HS256 => Box::new(keyed::<Hmac<Sha256>>(secret, *algorithm)?),
        Algorithm::HS384 => Box::new(keyed::<Hmac<Sha384>>(secret, *algorithm)?),
        Algorithm::HS512 => Box::new(keyed::<Hmac<Sha512>>(secret, *algorithm)?),
        _ => return Err(ErrorKind::InvalidAlgorithm.into()),
    })
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Header, Validation};
    use serde_json::{Map, Value, json};

    use super::*;

    /// The example of RFC 7515, appendix A.1.
    #[test]
    fn the_example_of_the_rfc() {
        install_token_cryptography();
        let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                     eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
                     dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let key = DecodingKey::from_base64_secret(&format!("{}==", key.replace('-', "+").replace('_', "/")));
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        let key = key.expect("a key");
        let read = jsonwebtoken::decode::<Map<String, Value>>(token, &key, &validation).expect("good");
        assert_eq!(read.claims["iss"], "joe");
        let forged = format!("{}A", &token[..token.len() - 1]);
        assert!(jsonwebtoken::decode::<Map<String, Value>>(&forged, &key, &validation).is_err());
    }

    #[test]
    fn what_is_signed_is_verified_and_nothing_else_is_signed() {
        install_token_cryptography();
        let (encoding, decoding) = (EncodingKey::from_secret(b"secret"), DecodingKey::from_secret(b"secret"));
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let token =
                jsonwebtoken::encode(&Header::new(algorithm), &json!({ "exp": u32::MAX }), &encoding).expect("signed");
            let validation = Validation::new(algorithm);
            assert!(jsonwebtoken::decode::<Value>(&token, &decoding, &validation).is_ok());
            let other = DecodingKey::from_secret(b"Secret");
            assert!(jsonwebtoken::decode::<Value>(&token, &other, &validation).is_err());
        }
        assert!(jsonwebtoken::encode(&Header::new(Algorithm::RS256), &json!({}), &encoding).is_err());
    }
}
