//! Verifies each kind of token, and which issuer it is attributed to.

use std::sync::Arc;

use quintet_domain::{User, UserId, UserKind};

use super::*;
use crate::RequiredClaim;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const OWN: &[u8] = b"the key that quintet alone has";
const SHARED: &[u8] = b"the secret of two back ends";

fn tokens(shared: Option<&[u8]>, retired: Option<&[u8]>, settings: TokenSettings) -> Tokens {
    let keys = Keys {
        own: OWN.to_vec(),
        own_made_s: NOW.seconds() - 3_600,
        shared: shared.map(<[u8]>::to_vec),
        retired: retired.map(<[u8]>::to_vec),
    };
    Tokens::new(keys, TokenSettings { days: 7, ..settings })
}

fn account(tokens_from_s: i64) -> Account {
    let user = User {
        id: UserId::trusted("ada"),
        username: "ada".to_owned(),
        name: "Ada".to_owned(),
        last_name: None,
        avatar: None,
        kind: UserKind::Registered,
        last_seen: None,
        created_at: NOW,
    };
    Account {
        user: Arc::new(user),
        email: None,
        password_hash: None,
        home_dialect: None,
        country: None,
        token_generation: 3,
        tokens_from_s,
        disabled: false,
        is_blocked: false,
        server_role: quintet_domain::ServerRole::User,
        metadata: None,
    }
}

fn signed(header: &Header, claims: &Value, secret: &[u8]) -> String {
    jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(secret)).expect("a token")
}

fn of_version_0_1(issued_s: i64) -> Value {
    json!({
        "sub": "ada", "userId": "ada", "id": "ada", "username": "ada", "gen": 3, "iat": issued_s,
        "exp": issued_s + 7 * 24 * 3_600,
    })
}

/// Returns the issuer of a token, and the generation that is compared.
fn read(tokens: &Tokens, token: &str) -> Result<(Issuer, Option<u64>), String> {
    let token = tokens.read(token, NOW).map_err(|refusal| refusal.message)?;
    Ok((token.credential.issuer, token.generation))
}

#[test]
fn the_key_id_chooses_the_key() {
    let both = tokens(Some(SHARED), None, TokenSettings::default());
    let (own, _) =
        both.issue(&account(0), Some("chat"), Some(&LoginSessionId::trusted("s-1")), None, NOW).expect("issued");
    assert_eq!(read(&both, &own), Ok((Issuer::Quintet, Some(3))));
    let without_key_id = Header::default();
    let with_key_id = Header { kid: Some(OWN_KEY_ID.to_owned()), ..Header::default() };
    let older = NOW.seconds() - 7_200;
    let as_ours = json!({ "sub": "ada", "iss": OWN_ISSUER, "gen": 3, "auth_time": older });
    let wrong = Err("Authentication error: the token's signature is wrong".to_owned());
    let mut with_more = of_version_0_1(older);
    with_more["purpose"] = "reset".into();
    for (token, expected) in [
        // The claims of another issuer do not make its token Quintet's own.
        (signed(&without_key_id, &as_ours, SHARED), Ok((Issuer::Other, None))),
        (signed(&without_key_id, &with_more, SHARED), Ok((Issuer::Other, None))),
        (signed(&with_key_id, &as_ours, SHARED), wrong.clone()),
        (signed(&without_key_id, &as_ours, OWN), wrong.clone()),
        // Version 0.1 issued no tokens after the own key was generated.
        (signed(&without_key_id, &of_version_0_1(older), SHARED), Ok((Issuer::Version01, Some(3)))),
        (signed(&without_key_id, &of_version_0_1(NOW.seconds() - 60), SHARED), Ok((Issuer::Other, None))),
        (
            signed(&with_key_id, &json!({ "sub": "ada" }), OWN),
            Err("Authentication error: the token is not an access token".to_owned()),
        ),
    ] {
        assert_eq!(read(&both, &token), expected, "{token}");
    }
    // No other program has the secret that version 0.1 generated for itself.
    let upgraded = tokens(None, Some(SHARED), TokenSettings::default());
    let unknown = Err("Authentication error: the token's issuer is not known to this server".to_owned());
    let old = signed(&without_key_id, &of_version_0_1(older), SHARED);
    assert_eq!(read(&upgraded, &old), Ok((Issuer::Version01, Some(3))));
    assert_eq!(read(&upgraded, &signed(&without_key_id, &as_ours, SHARED)), unknown);
    let fresh = tokens(None, None, TokenSettings::default());
    assert_eq!(read(&fresh, &old), unknown);
    assert_eq!(read(&fresh, &own), Ok((Issuer::Quintet, Some(3))));
}

/// A program that has the secret of version 0.1 cannot forge a token that expires later than those of that version.
#[test]
fn tokens_of_version_0_1_expire_like_its_last_one() {
    const DAY: i64 = 24 * 3_600;
    let upgraded = tokens(None, Some(SHARED), TokenSettings::default());
    let made = NOW.seconds() - 3_600;
    let lasting = |issued_s: i64, days: i64| {
        let mut claims = of_version_0_1(issued_s);
        claims["exp"] = (issued_s + days * DAY).into();
        signed(&Header::default(), &claims, SHARED)
    };
    let (last, longer) = (lasting(made, 7), lasting(made, 8));
    let at = |s: i64, token: &str| upgraded.read(token, Timestamp(s * 1_000)).map(|token| token.credential.issuer);
    assert_eq!(at(made + 7 * DAY - 1, &last).ok(), Some(Issuer::Version01));
    assert!(at(made + 7 * DAY, &last).is_err());
    assert!(at(made + 1, &longer).is_err());
    assert!(at(made + 1, &lasting(made - 3_650 * DAY, 7_300)).is_err());
}

#[test]
fn malformed_tokens_and_algorithms_are_refused() {
    let both = tokens(Some(SHARED), None, TokenSettings::default());
    let part = |value: Value| {
        use base64::Engine as _;
        base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
    };
    let token = signed(&Header::default(), &json!({ "sub": "ada" }), SHARED);
    let rest = token.split_once('.').expect("parts").1;
    let refused = |token: &str| read(&both, token).expect_err(token);
    assert!(refused(&format!("{}.{rest}", part(json!({ "alg": "HS256", "crit": ["b64"] })))).contains("`crit`"));
    assert!(refused(&format!("{}.{rest}", part(json!({ "alg": "none" })))).contains("Authentication error"));
    assert!(refused(&format!("{}.{rest}", part(json!({ "alg": "HS512" })))).contains("algorithm"));
    assert!(refused(&format!("{}.{rest}", part(json!([])))).contains("malformed"));
    assert!(refused(&"a".repeat(TOKEN_BYTES_MAX + 1)).contains("has at most"));
    for token in ["", ".", "..", "a.b.c", "é.é.é"] {
        assert!(refused(token).contains("malformed"), "{token}");
    }
}

#[test]
fn tokens_of_others_need_the_required_claims() {
    let required = ["use=access", "level=2", "scope=chat", "tenant"];
    let rules = Rules {
        issuer: Some("shop".to_owned()),
        audience: Some("chat".to_owned()),
        required: required.iter().filter_map(|text| RequiredClaim::parse(text)).collect(),
    };
    let strict = tokens(Some(SHARED), None, TokenSettings { rules: rules.clone(), ..TokenSettings::default() });
    let good = json!({
        "sub": "ada", "iss": "shop", "aud": ["chat", "mail"], "use": "access", "level": 2, "scope": ["mail", "chat"],
        "tenant": 7,
    });
    assert_eq!(read(&strict, &signed(&Header::default(), &good, SHARED)), Ok((Issuer::Other, None)));
    for (claim, other) in [
        ("iss", json!("mall")),
        ("aud", json!("mail")),
        ("aud", json!({ "chat": true })),
        ("use", json!("reset")),
        ("level", json!(3)),
        ("scope", json!([["chat"]])),
        ("tenant", Value::Null),
    ] {
        let mut bad = good.clone();
        bad[claim] = other;
        assert!(read(&strict, &signed(&Header::default(), &bad, SHARED)).is_err(), "{bad}");
        bad.as_object_mut().expect("an object").remove(claim);
        assert!(read(&strict, &signed(&Header::default(), &bad, SHARED)).is_err(), "{bad}");
    }
    // Tokens that Quintet signs with the shared secret meet the same rules, also right after a revocation.
    let settings = TokenSettings { sign_with: SignWith::Shared, rules, ..TokenSettings::default() };
    let sharing = tokens(Some(SHARED), None, settings);
    let (token, _) = sharing.issue(&account(NOW.seconds() + 1), None, None, None, NOW).expect("issued");
    assert_eq!(read(&sharing, &token), Ok((Issuer::Other, None)));
    assert_eq!(read(&strict, &token), Ok((Issuer::Other, None)));
    assert_eq!(sharing.read(&token, NOW).expect("good").issued_s, NOW.seconds() + 1);
    assert!(read(&tokens(None, None, TokenSettings::default()), &token).is_err());
}

#[test]
fn freshness_is_measured_from_the_log_in() {
    let own = tokens(None, None, TokenSettings::default());
    let fresh = |authenticated_s: i64| {
        let (token, _) = own.issue(&account(0), None, None, Some(authenticated_s), NOW).expect("issued");
        own.read(&token, NOW).expect("good").credential.is_fresh(NOW)
    };
    let now = NOW.seconds();
    for (at, is_fresh) in [(now, true), (now - 600, true), (now - 601, false), (now + 60, true), (now + 61, false)] {
        assert_eq!(fresh(at), is_fresh, "{}", at - now);
    }
    let unknown = Credential { issuer: Issuer::Other, authenticated_s: None, session: None };
    assert!(!unknown.is_fresh(NOW));
}

#[test]
fn claims_that_could_not_register_are_left_out() {
    let both = tokens(Some(SHARED), None, TokenSettings::default());
    let claims = |claims: Value| both.read(&signed(&Header::default(), &claims, SHARED), NOW).map(|token| token.claims);
    let ada = claims(json!({
        "sub": "ada", "name": " A\u{200B}da \u{202E} King", "email": "ada @example.org", "picture": "https://e\nvil",
        "email_verified": "true",
    }))
    .expect("good");
    assert_eq!(ada.name.as_deref(), Some("Ada King"));
    assert_eq!((ada.email, ada.avatar, ada.email_verified), (None, None, true));
    let bob = claims(json!({ "userId": 7, "email": "b@example.org", "email_verified": "yes" })).expect("good");
    assert_eq!((bob.id.as_str(), bob.email.as_deref(), bob.email_verified), ("7", Some("b@example.org"), false));
    for bad in
        [json!({}), json!({ "sub": "" }), json!({ "sub": "a b" }), json!({ "sub": "a\u{2800}" }), json!({ "sub": [1] })]
    {
        assert!(claims(bad.clone()).is_err(), "{bad}");
    }
}
