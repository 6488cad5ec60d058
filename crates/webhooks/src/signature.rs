//! The headers of a delivery, as Standard Webhooks has them.
//!
//! What must stay true: what is signed is the id, the time and the body, exactly as they are sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use quintet_domain::{Timestamp, WebhookSecret};
use quintet_service::WEBHOOK_SECRET_PREFIX;
use sha2::Sha256;

/// Returns the signature of a body.
fn signature(secret: &WebhookSecret, id: &str, seconds: i64, body: &[u8]) -> String {
    let encoded = secret.0.strip_prefix(WEBHOOK_SECRET_PREFIX).unwrap_or(&secret.0);
    // A secret that is no base64 is none of this server's, and its bytes are the key.
    let key = BASE64.decode(encoded).unwrap_or_else(|_| encoded.as_bytes().to_vec());
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else { return String::new() };
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
}

/// Returns the headers of a request whose body is signed at a moment.
pub(crate) fn headers(secret: &WebhookSecret, id: &str, at: Timestamp, body: &[u8]) -> HeaderMap {
    let seconds = at.seconds();
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let values = [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", signature(secret, id, seconds, body)),
    ];
    for (name, value) in values {
        // Ids and signatures are ASCII.
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's libraries.
    #[test]
    fn a_signature_is_that_of_standard_webhooks() {
        let secret = WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let body = br#"{"test": 2432232314}"#;
        let headers = headers(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", Timestamp(1_614_265_330_000), body);
        assert_eq!(headers["webhook-id"], "msg_p5jXN8AQM9LWM0D4loKWxJek");
        assert_eq!(headers["webhook-timestamp"], "1614265330");
        assert_eq!(headers["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
