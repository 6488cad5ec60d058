//! What a browser and its push service make of a request: the message is read with the browser's private key by another
//! implementation, and the token is verified with the server's public key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quintet_push::{Delivery, PushRequest, Subscription, Urgency, VapidKey, request};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Value, json};
use web_push_native::p256::{SecretKey, elliptic_curve::sec1::ToEncodedPoint};

const NOW_S: u64 = 1_700_000_000;

/// A browser, with the private half of its key.
struct Browser {
    private: SecretKey,
    auth: [u8; 16],
}

impl Browser {
    fn new() -> Self {
        let random = SystemRandom::new();
        let (mut private, mut auth) = ([0; 32], [0; 16]);
        random.fill(&mut private).expect("random bytes");
        random.fill(&mut auth).expect("random bytes");
        Self { private: SecretKey::from_slice(&private).expect("a key"), auth }
    }

    fn subscription(&self) -> Subscription {
        let public = self.private.public_key().to_encoded_point(false);
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let endpoint = "https://push.example.org:8443/send/abc";
        Subscription::parse(endpoint, &encoded(public.as_bytes()), &encoded(&self.auth)).expect("a subscription")
    }

    fn read(&self, body: &[u8]) -> Option<Vec<u8>> {
        web_push_native::decrypt(body.to_vec(), &self.private, &self.auth.into()).ok()
    }
}

fn key() -> VapidKey {
    VapidKey::make().and_then(|stored| VapidKey::stored(&stored)).expect("a key")
}

fn sent(browser: &Browser, key: &VapidKey, topic: Option<&str>, contact: Option<&str>) -> PushRequest {
    let delivery = Delivery { ttl_s: 60, urgency: Urgency::High, topic: topic.map(str::to_owned) };
    request(&browser.subscription(), b"hello", &delivery, (key, contact), NOW_S).expect("a request")
}

fn header<'r>(request: &'r PushRequest, name: &str) -> Option<&'r str> {
    request.headers.iter().find(|(header, _)| header == name).and_then(|(_, value)| value.to_str().ok())
}

/// The claims of a token, if the key in the header has signed it.
fn claims(authorization: &str) -> Option<(Value, String)> {
    let (token, public) = authorization.strip_prefix("vapid t=")?.split_once(", k=")?;
    let (signed, signature) = token.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let bytes = URL_SAFE_NO_PAD.decode(public).ok()?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes).verify(signed.as_bytes(), &signature).ok()?;
    let (header, claims) = signed.split_once('.')?;
    let read = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    (read(header)? == json!({ "typ": "JWT", "alg": "ES256" })).then_some((read(claims)?, public.to_owned()))
}

#[test]
fn only_the_browser_reads_the_message() {
    let (browser, other, key) = (Browser::new(), Browser::new(), key());
    let request = sent(&browser, &key, Some("c-1"), None);
    assert_eq!(request.url, "https://push.example.org:8443/send/abc");
    assert_eq!(browser.read(&request.body).as_deref(), Some(&b"hello"[..]));
    assert_eq!(other.read(&request.body), None);
    let again = sent(&browser, &key, Some("c-1"), None);
    assert_ne!(again.body, request.body, "each message has a salt and a key of its own");
}

#[test]
fn the_token_is_for_this_push_service_and_ends() {
    let (browser, key) = (Browser::new(), key());
    let request = sent(&browser, &key, None, Some("mailto:admin@example.org"));
    let (claims, public) = claims(header(&request, "authorization").expect("a token")).expect("a good signature");
    let expected =
        json!({ "aud": "https://push.example.org:8443", "exp": NOW_S + 43_200, "sub": "mailto:admin@example.org" });
    assert_eq!((claims, public), (expected, key.public()));
}

#[test]
fn the_push_service_is_told_what_to_do_and_not_of_what() {
    let (browser, other, key) = (Browser::new(), Browser::new(), key());
    let request = sent(&browser, &key, Some("the id of a conversation"), None);
    let told = ["ttl", "urgency", "content-encoding"].map(|name| header(&request, name));
    assert_eq!(told, [Some("60"), Some("high"), Some("aes128gcm")]);
    let topic = |browser: &Browser, text: &str| {
        header(&sent(browser, &key, Some(text), None), "topic").map(str::to_owned).expect("a topic")
    };
    let own = header(&request, "topic").expect("a topic");
    assert_eq!((own, own.len()), (&*topic(&browser, "the id of a conversation"), 32));
    assert_ne!(own, topic(&browser, "the id of another"));
    assert_ne!(own, topic(&other, "the id of a conversation"), "push services cannot compare two browsers");
    assert_eq!(header(&sent(&browser, &key, None, None), "topic"), None);
}
