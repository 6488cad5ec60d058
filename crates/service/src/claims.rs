//! The contents of a token: its header, its times, the claims that the operator requires, and the user that it
//! describes.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use quintet_domain::Claims;
use quintet_domain::limits::URL_BYTES_MAX;
use quintet_domain::{Refusal, UserId, display_name_from, parse_email};
use quintet_input::json;
use serde_json::{Map, Value};

/// The claims that can hold the user's id; the first one that is present is used.
const ID_CLAIMS: [&str; 5] = ["sub", "userId", "id", "user_id", "_id"];

/// A claim that tokens of other issuers must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredClaim {
    name: String,
    value: Option<String>,
}

impl RequiredClaim {
    /// Parses `name` or `name=value`. Returns `None` if the name is empty.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim().to_owned())),
            None => (text.trim(), None),
        };
        (!name.is_empty()).then(|| Self { name: name.to_owned(), value })
    }

    fn is_met(&self, claims: &Map<String, Value>) -> bool {
        let found = claims.get(&self.name).filter(|value| !value.is_null());
        match &self.value {
            None => found.is_some(),
            Some(wanted) => found.is_some_and(|found| holds(found, wanted)),
        }
    }
}

/// Returns whether a claim equals a value, or is a list that contains it.
fn holds(claim: &Value, wanted: &str) -> bool {
    match claim {
        Value::String(text) => text == wanted,
        Value::Array(items) => items.iter().any(|item| !item.is_array() && holds(item, wanted)),
        Value::Number(number) => number.to_string() == wanted,
        Value::Bool(is) => wanted.parse() == Ok(*is),
        Value::Null | Value::Object(_) => false,
    }
}

/// The claims that a token of another issuer must have. Every back end that has the shared secret can sign tokens for
/// any purpose: a password-reset token, for example, must not grant access.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The required `iss`, if any.
    pub issuer: Option<String>,
    /// The value that `aud` must be or contain, if any.
    pub audience: Option<String>,
    /// Further required claims.
    pub required: Vec<RequiredClaim>,
}

impl Rules {
    /// Refuses claims that do not meet the rules. Without a configured audience, tokens for any audience are accepted.
    pub(crate) fn check(&self, claims: &Map<String, Value>) -> Result<(), Refusal> {
        let differs = |name: &str, wanted: Option<&String>| {
            wanted.is_some_and(|wanted| !claims.get(name).is_some_and(|found| holds(found, wanted)))
        };
        if differs("iss", self.issuer.as_ref()) {
            return Err(Refusal::unauthenticated("the token is of another issuer"));
        }
        if differs("aud", self.audience.as_ref()) {
            return Err(Refusal::unauthenticated("the token is for another audience"));
        }
        match self.required.iter().find(|claim| !claim.is_met(claims)) {
            Some(claim) => {
                Err(Refusal::unauthenticated(&format!("the token's `{}` does not have the required value", claim.name)))
            }
            None => Ok(()),
        }
    }

    /// Adds the required claims, so that an issued token meets the rules.
    pub(crate) fn satisfy(&self, claims: &mut Value) {
        for (name, value) in [("iss", &self.issuer), ("aud", &self.audience)] {
            if let Some(value) = value {
                claims[name] = value.as_str().into();
            }
        }
        for RequiredClaim { name, value } in &self.required {
            match value {
                Some(value) => claims[name] = value.as_str().into(),
                None if claims.get(name).is_none() => claims[name] = true.into(),
                None => {}
            }
        }
    }
}

/// Decodes the header of a token, before the signature is verified.
///
/// # Errors
/// `ERR_UNAUTHENTICATED` if it cannot be decoded, or requires an extension (RFC 7515, section 4.1.11).
pub(crate) fn header(token: &str) -> Result<Map<String, Value>, Refusal> {
    let malformed = || Refusal::unauthenticated("the token is malformed");
    let (header, _) = token.split_once('.').ok_or_else(malformed)?;
    let header = decoded(header).ok_or_else(malformed)?;
    if header.contains_key("crit") {
        return Err(Refusal::unauthenticated("the token's header has `crit`, but no extension is supported"));
    }
    Ok(header)
}

/// Decodes a part of a token, which is a JSON object, or returns `None` if it is none.
pub(crate) fn decoded(part: &str) -> Option<Map<String, Value>> {
    let json = BASE64_URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&json::well_formed_bytes(&json)).ok()
}

/// Returns a claim that is a moment (RFC 7519, section 2: a NumericDate), in seconds since 1970.
///
/// # Errors
/// `ERR_UNAUTHENTICATED` if it is not a number, because ignoring an unreadable `exp` would make the token valid for
/// ever.
pub(crate) fn moment(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, Refusal> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(s)) => Ok(s.as_f64().map(|s| s as i64)),
        Some(_) => Err(Refusal::unauthenticated(&format!("the token's `{name}` must be a number"))),
    }
}

/// Returns a claim that is text, unless it is blank.
pub(crate) fn text<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c str> {
    claims.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// Returns the user that a token describes. Values that a registration would refuse are left out, because nobody can be
/// asked to correct them.
///
/// # Errors
/// `ERR_UNAUTHENTICATED` if the token has no valid user id.
pub(crate) fn profile(claims: &Map<String, Value>) -> Result<Claims, Refusal> {
    let id = ID_CLAIMS.iter().find_map(|name| claims.get(*name).filter(|value| !value.is_null()));
    let id = match id {
        Some(Value::String(id)) => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        _ => return Err(Refusal::unauthenticated("the token names no user")),
    };
    let id = UserId::new(&id).map_err(|error| Refusal::unauthenticated(&format!("the token's user: {error}")))?;
    let is_true = |name: &str| match claims.get(name) {
        Some(Value::Bool(is)) => *is,
        Some(Value::String(text)) => text == "true",
        _ => false,
    };
    Ok(Claims {
        id,
        // The rule that adopts the user makes it a valid username that is free.
        username: text(claims, "username").map(str::to_owned),
        name: text(claims, "name").and_then(display_name_from),
        email: text(claims, "email").and_then(|email| parse_email(email).ok()),
        email_verified: is_true("email_verified"),
        avatar: text(claims, "avatar")
            .or_else(|| text(claims, "picture"))
            .filter(|url| url.len() <= URL_BYTES_MAX && !url.chars().any(char::is_control))
            .map(str::to_owned),
    })
}
