//! JSON Web Tokens (RFC 7519): ours, and those of an existing backend that shares its secret.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use quintet_domain::limits::{NAME_CHARS_MAX, URL_BYTES_MAX};
use quintet_domain::{Refusal, Timestamp, UserId};
use quintet_store::{Account, Claims};
use serde_json::{Map, Value, json};

/// The claims that can hold the user's id, the first present counts.
const ID_CLAIMS: [&str; 5] = ["sub", "userId", "id", "user_id", "_id"];

/// The algorithms that can be configured; what a token says of itself is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256, the default.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

impl Algorithm {
    /// The algorithm of a name as JSON Web Algorithms has it (RFC 7518).
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "HS256" => Some(Self::Hs256),
            "HS384" => Some(Self::Hs384),
            "HS512" => Some(Self::Hs512),
            _ => None,
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

/// What a good token says.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) claims: Claims,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) issued_s: i64,
    /// The generation of a token of ours.
    pub(crate) generation: Option<u64>,
    /// The dialect of the client that a token of ours was issued to: of the door that it logged in through, else of
    /// where its user is at home.
    pub(crate) dialect: Option<String>,
}

/// Makes and reads tokens.
pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    secret: Vec<u8>,
    algorithm: Algorithm,
    days: u64,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("algorithm", &self.algorithm).field("days", &self.days).finish_non_exhaustive()
    }
}

impl Tokens {
    /// Tokens with this secret; issued ones live `days`.
    #[must_use]
    pub fn new(secret: &[u8], algorithm: Algorithm, days: u64) -> Self {
        crate::token_hmac::install_token_cryptography();
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            secret: secret.to_vec(),
            algorithm,
            days,
        }
    }

    /// What other proofs of this server are made with, each in its own way.
    pub(crate) fn secret(&self) -> &[u8] {
        &self.secret
    }

    /// Issues a token. Its id stands under every name that the five documents' clients read.
    pub(crate) fn issue(
        &self,
        account: &Account,
        dialect: Option<&str>,
        now: Timestamp,
    ) -> Result<(String, Timestamp), Refusal> {
        let id = account.user.id.as_str();
        let expires_s = now.seconds() + self.days as i64 * 24 * 60 * 60;
        let mut claims = json!({
            "sub": id,
            "userId": id,
            "id": id,
            "username": account.user.username,
            "gen": account.token_generation,
            "iat": now.seconds(),
            "exp": expires_s,
        });
        if let Some(dialect) = dialect {
            claims["dialect"] = dialect.into();
        }
        let token = jsonwebtoken::encode(&Header::new(self.algorithm.of_library()), &claims, &self.encoding);
        let token = token.map_err(|error| {
            tracing::error!(%error, "a token could not be issued");
            Refusal::internal()
        })?;
        Ok((token, Timestamp(expires_s * 1_000)))
    }

    /// Reads a token.
    ///
    /// # Errors
    /// `ERR_UNAUTHENTICATED` with what is wrong, `ERR_TOKEN_EXPIRED`.
    pub(crate) fn read(&self, token: &str, now: Timestamp) -> Result<Token, Refusal> {
        let mut validation = Validation::new(self.algorithm.of_library());
        validation.required_spec_claims.clear();
        validation.validate_aud = false;
        // The clock is passed in, so expiry is looked at below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let data = jsonwebtoken::decode::<Map<String, Value>>(token, &self.decoding, &validation).map_err(|error| {
            Refusal::unauthenticated(match error.kind() {
                ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => {
                    "the token's algorithm is not accepted"
                }
                ErrorKind::InvalidSignature => "the token's signature is wrong",
                _ => "the token is malformed",
            })
        })?;
        let claims = data.claims;
        let moment = |name: &str| match claims.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Number(s)) => Ok(s.as_f64().map(|s| s as i64)),
            // RFC 7519, section 2: a NumericDate. What cannot be read is not taken for no end.
            Some(_) => Err(Refusal::unauthenticated(&format!("the token's `{name}` must be a number"))),
        };
        let expires_s = moment("exp")?;
        if expires_s.is_some_and(|at| at <= now.seconds()) {
            return Err(Refusal::token_expired());
        }
        if moment("nbf")?.is_some_and(|from| from > now.seconds()) {
            return Err(Refusal::unauthenticated("the token is not valid yet"));
        }
        let id = ID_CLAIMS.iter().find_map(|name| claims.get(*name).filter(|value| !value.is_null()));
        let id = match id {
            Some(Value::String(id)) => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            _ => return Err(Refusal::unauthenticated("the token names no user")),
        };
        let id = UserId::new(&id).map_err(|error| Refusal::unauthenticated(&format!("the token's user: {error}")))?;
        let text = |name: &str| {
            let text = claims.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())?;
            Some(text.chars().filter(|c| !c.is_control()).collect::<String>())
        };
        // A long name is cut; half a link or half an address would be another's.
        let name = |claim: &str| text(claim).map(|text| text.chars().take(NAME_CHARS_MAX).collect::<String>());
        Ok(Token {
            claims: Claims {
                id,
                username: name("username"),
                name: name("name"),
                email: text("email").filter(|email| quintet_domain::validate_email(email).is_ok()),
                avatar: text("avatar").or_else(|| text("picture")).filter(|url| url.len() <= URL_BYTES_MAX),
            },
            expires_at: expires_s.map(|s| Timestamp(s.saturating_mul(1_000))),
            issued_s: moment("iat")?.unwrap_or(0),
            generation: claims.get("gen").and_then(Value::as_u64),
            dialect: text("dialect"),
        })
    }
}
