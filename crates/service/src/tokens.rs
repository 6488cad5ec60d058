//! JSON Web Tokens (RFC 7519): those that Quintet issues, and those of other back ends that share its secret.
//!
//! What must stay true: a token counts as Quintet's own only if it is signed with the key that only Quintet has, and
//! names that key in its header. No claim in a token of another issuer makes it Quintet's own.

use jsonwebtoken::{DecodingKey, EncodingKey, Header};
use quintet_domain::limits::{CLOCK_AHEAD_SECONDS, FRESH_TOKEN_SECONDS, TOKEN_BYTES_MAX};
use quintet_domain::{Account, Claims, LoginSessionId};
use quintet_domain::{Refusal, Timestamp};
use serde_json::{Map, Value, json};

use crate::claims::{self, Rules};

/// The `kid` of tokens that are signed with Quintet's own key. The number is the version of their form.
const OWN_KEY_ID: &str = "quintet-1";
/// The `iss` of tokens that Quintet issues.
const OWN_ISSUER: &str = "quintet";

/// The algorithms of signatures that can be configured. The algorithm that a token names is not trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256, the default.
    #[default]
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

impl Algorithm {
    /// Parses the name of an algorithm in JSON Web Algorithms (RFC 7518, section 3.1).
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "HS256" => Some(Self::Hs256),
            "HS384" => Some(Self::Hs384),
            "HS512" => Some(Self::Hs512),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    fn of_library(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Hs256 => jsonwebtoken::Algorithm::HS256,
            Self::Hs384 => jsonwebtoken::Algorithm::HS384,
            Self::Hs512 => jsonwebtoken::Algorithm::HS512,
        }
    }
}

/// The keys that sign tokens.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The key that only Quintet has.
    pub own: Vec<u8>,
    /// When the own key was generated, in seconds since 1970. Version 0.1 issued no tokens after that.
    pub own_made_s: i64,
    /// The secret that Quintet shares with other back ends.
    pub shared: Option<Vec<u8>>,
    /// The secret that version 0.1 generated for itself. Only tokens of that version are verified with it.
    pub retired: Option<Vec<u8>>,
}

/// The key with which Quintet signs tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignWith {
    /// The own key, which no other program has.
    #[default]
    Own,
    /// The secret shared with other back ends, so that they can verify the tokens. Quintet's tokens then cannot be
    /// distinguished from theirs, so none is refreshed.
    Shared,
}

/// How tokens are issued and verified.
#[derive(Clone, Debug, Default)]
pub struct TokenSettings {
    /// The algorithm of all signatures.
    pub algorithm: Algorithm,
    /// The days for which an issued token is valid.
    pub days: u64,
    /// The key with which issued tokens are signed.
    pub sign_with: SignWith,
    /// The claims that tokens of other issuers must have.
    pub rules: Rules,
}

/// The issuer of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// Quintet, with its own key.
    Quintet,
    /// Version 0.1 of Quintet, with a secret that it may have shared.
    Version01,
    /// Another back end, with the shared secret.
    Other,
}

/// How a user authenticated, for changes that need more than any valid token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The issuer of the token.
    pub issuer: Issuer,
    /// When the user logged in, in seconds since 1970, if the token says so. A refreshed token of Quintet keeps the
    /// moment of the log-in.
    pub authenticated_s: Option<i64>,
    /// The session that the token belongs to; none for other issuers and for tokens of earlier versions.
    pub session: Option<LoginSessionId>,
}

impl Credential {
    /// Returns whether the user logged in so recently that it is probably present.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.authenticated_s
            .is_some_and(|at| (now.seconds() - FRESH_TOKEN_SECONDS..=now.seconds() + CLOCK_AHEAD_SECONDS).contains(&at))
    }
}

/// The contents of a valid token.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// The user that the token describes.
    pub(crate) claims: Claims,
    /// When the token expires; none if it does not.
    pub(crate) expires_at: Option<Timestamp>,
    /// When the token was issued, in seconds since 1970; 0 if the token does not say.
    pub(crate) issued_s: i64,
    /// The generation of the user's tokens when Quintet issued this one; none for other issuers.
    pub(crate) generation: Option<u64>,
    /// The dialect of the client that the token was issued to: the one of the listener or path that the client logged
    /// in at, else the one in which the user registered.
    pub(crate) dialect: Option<String>,
    /// The issuer, and when the user logged in.
    pub(crate) credential: Credential,
}

/// A key that signs and verifies.
struct Key {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Key {
    fn new(secret: &[u8]) -> Self {
        Self { encoding: EncodingKey::from_secret(secret), decoding: DecodingKey::from_secret(secret) }
    }
}

/// Issues and verifies tokens.
pub struct Tokens {
    own: Key,
    shared: Option<Key>,
    retired: Option<Key>,
    keys: Keys,
    settings: TokenSettings,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Tokens {
    /// Creates an issuer and verifier with these keys.
    #[must_use]
    pub fn new(keys: Keys, settings: TokenSettings) -> Self {
        crate::token_hmac::install_token_cryptography();
        let optional = |secret: &Option<Vec<u8>>| secret.as_deref().map(Key::new);
        Self {
            own: Key::new(&keys.own),
            shared: optional(&keys.shared),
            retired: optional(&keys.retired),
            keys,
            settings,
        }
    }

    /// Returns the key that only Quintet has. Other secrets of this server are derived from it, each with a prefix of
    /// its own.
    pub(crate) fn own_key(&self) -> &[u8] {
        &self.keys.own
    }

    /// Returns which key signs issued tokens.
    pub(crate) fn sign_with(&self) -> SignWith {
        self.settings.sign_with
    }

    /// Returns when a token expires that is issued now.
    pub(crate) fn expires_at(&self, now: Timestamp) -> Timestamp {
        Timestamp((now.seconds() + self.settings.days as i64 * 24 * 60 * 60) * 1_000)
    }

    /// Issues a token. It has the user's id under every name that clients of the five dialects read. A token that
    /// replaces another keeps the moment of the log-in, `authenticated_s`. Also returns when the token expires.
    pub(crate) fn issue(
        &self,
        account: &Account,
        dialect: Option<&str>,
        session: Option<&LoginSessionId>,
        authenticated_s: Option<i64>,
        now: Timestamp,
    ) -> Result<(String, Timestamp), Refusal> {
        let id = account.user.id.as_str();
        let expires_at = self.expires_at(now);
        let mut claims = json!({
            "sub": id,
            "userId": id,
            "id": id,
            "username": account.user.username,
            "iat": now.seconds(),
            "exp": expires_at.seconds(),
        });
        if let Some(dialect) = dialect {
            claims["dialect"] = dialect.into();
        }
        let mut header = Header::new(self.settings.algorithm.of_library());
        let key = match (self.settings.sign_with, &self.shared) {
            (SignWith::Shared, Some(shared)) => {
                // The token is verified like any token of the shared secret. It must be valid even in the second of a
                // revocation.
                claims["iat"] = now.seconds().max(account.tokens_from_s).into();
                claims["iss"] = OWN_ISSUER.into();
                self.settings.rules.satisfy(&mut claims);
                shared
            }
            (SignWith::Own | SignWith::Shared, _) => {
                header.kid = Some(OWN_KEY_ID.to_owned());
                claims["iss"] = OWN_ISSUER.into();
                claims["gen"] = account.token_generation.into();
                claims["auth_time"] = authenticated_s.unwrap_or(now.seconds()).into();
                if let Some(session) = session {
                    claims["sid"] = session.as_str().into();
                }
                &self.own
            }
        };
        let token = jsonwebtoken::encode(&header, &claims, &key.encoding).map_err(|error| {
            tracing::error!(%error, "a token could not be issued");
            Refusal::internal()
        })?;
        Ok((token, expires_at))
    }

    /// Verifies a token and returns its contents.
    ///
    /// # Errors
    /// `ERR_UNAUTHENTICATED` with the reason, or `ERR_TOKEN_EXPIRED`.
    pub(crate) fn read(&self, token: &str, now: Timestamp) -> Result<Token, Refusal> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Refusal::unauthenticated(&format!("a token has at most {TOKEN_BYTES_MAX} bytes")));
        }
        let header = claims::header(token)?;
        // `kid` only chooses the key; the verified signature alone decides who issued the token.
        let is_own = header.get("kid").and_then(Value::as_str) == Some(OWN_KEY_ID);
        let key = match (is_own, &self.shared, &self.retired) {
            (true, ..) => &self.own,
            (false, Some(key), _) | (false, None, Some(key)) => key,
            (false, None, None) => {
                return Err(Refusal::unauthenticated("the token's issuer is not known to this server"));
            }
        };
        let claims = self.verified(token, &header, key)?;
        let expires_s = claims::moment(&claims, "exp")?;
        if expires_s.is_some_and(|at| at <= now.seconds()) {
            return Err(Refusal::token_expired());
        }
        if claims::moment(&claims, "nbf")?.is_some_and(|from| from > now.seconds()) {
            return Err(Refusal::unauthenticated("the token is not valid yet"));
        }
        let issued_s = claims::moment(&claims, "iat")?;
        let issuer = if is_own {
            // Only Quintet has the key, but it may sign other things than tokens one day.
            if claims.get("iss").and_then(Value::as_str) != Some(OWN_ISSUER) {
                return Err(Refusal::unauthenticated("the token is not an access token"));
            }
            Issuer::Quintet
        } else if self.is_of_version_0_1(&header, &claims, issued_s, expires_s) {
            Issuer::Version01
        } else if self.shared.is_some() {
            self.settings.rules.check(&claims)?;
            Issuer::Other
        } else {
            return Err(Refusal::unauthenticated("the token's issuer is not known to this server"));
        };
        let is_ours = issuer != Issuer::Other;
        let authenticated_s = if is_own { claims::moment(&claims, "auth_time")? } else { issued_s };
        let session = claims::text(&claims, "sid").filter(|_| is_own).map(LoginSessionId::trusted);
        Ok(Token {
            expires_at: expires_s.map(|s| Timestamp(s.saturating_mul(1_000))),
            issued_s: issued_s.unwrap_or(0),
            generation: claims.get("gen").and_then(Value::as_u64).filter(|_| is_ours),
            dialect: claims::text(&claims, "dialect").map(str::to_owned),
            credential: Credential { issuer, authenticated_s, session },
            claims: claims::profile(&claims)?,
        })
    }

    /// Verifies the signature of a token with a key and the configured algorithm, and returns the claims. The library
    /// verifies the signature only: it would parse the claims as well, and refuse some that JavaScript writes.
    fn verified(&self, token: &str, header: &Map<String, Value>, key: &Key) -> Result<Map<String, Value>, Refusal> {
        let malformed = || Refusal::unauthenticated("the token is malformed");
        if header.get("alg").and_then(Value::as_str) != Some(self.settings.algorithm.name()) {
            return Err(Refusal::unauthenticated("the token's algorithm is not accepted"));
        }
        let (message, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (_, claims) = message.split_once('.').ok_or_else(malformed)?;
        let algorithm = self.settings.algorithm.of_library();
        match jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key.decoding, algorithm) {
            // Base64 has no dots, so that a token of more than three parts is refused here.
            Ok(true) => claims::decoded(claims).ok_or_else(malformed),
            Ok(false) => Err(Refusal::unauthenticated("the token's signature is wrong")),
            Err(_) => Err(malformed()),
        }
    }

    /// Returns whether a token looks like one that version 0.1 issued, with a secret that it may have shared: it has
    /// exactly the claims of that version, is older than the own key, and is valid no longer than issued tokens are.
    /// Another program that has the secret can forge such a token, but gains little: it cannot be refreshed, and
    /// expires at the latest when the last token of that version does.
    fn is_of_version_0_1(
        &self,
        header: &Map<String, Value>,
        claims: &Map<String, Value>,
        issued_s: Option<i64>,
        expires_s: Option<i64>,
    ) -> bool {
        const DAY_SECONDS: i64 = 24 * 60 * 60;
        let days_max = i64::try_from(self.settings.days).unwrap_or(i64::MAX);
        let known = |name: &str| ["sub", "userId", "id", "username", "gen", "iat", "exp", "dialect"].contains(&name);
        let ids = ["sub", "userId", "id"].map(|name| claims.get(name).and_then(Value::as_str));
        header.keys().all(|name| ["typ", "alg"].contains(&name.as_str()))
            && claims.keys().all(|name| known(name))
            && ids[0].is_some()
            && ids.iter().all(|id| *id == ids[0])
            && claims.get("username").is_some_and(Value::is_string)
            && claims.get("gen").is_some_and(Value::is_u64)
            && issued_s.is_some_and(|at| at <= self.keys.own_made_s)
            && issued_s.zip(expires_s).is_some_and(|(from, to)| {
                let seconds = to.saturating_sub(from);
                (1..=days_max).contains(&(seconds / DAY_SECONDS)) && seconds % DAY_SECONDS == 0
            })
    }
}

#[cfg(test)]
mod tests;
