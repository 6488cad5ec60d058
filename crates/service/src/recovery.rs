//! Resume tokens, by which a client resumes a connection that it lost. A token contains what is needed to resume, and a
//! MAC that proves that this server issued it; the server stores nothing.
//!
//! What must stay true: a token is valid only for the user, the namespace and the data that it was issued for. It
//! authenticates nobody: the client has to authenticate as that user as well.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use quintet_domain::{ConnectionId, Refusal, User};
use quintet_store::{LogPage, MissedSince, Party, Replayed};
use sha2::Sha256;

use crate::Service;

/// The first byte of each token: the version of its layout.
const VERSION: u8 = 1;
/// Bytes of the version, the dialect, the session and the start.
const BODY_BYTES: usize = 18;
/// Bytes of the MAC: 128 bits of an HMAC cannot be guessed.
const PROOF_BYTES: usize = 16;

/// The contents of a resume token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResumeToken {
    /// The dialect that the connection was opened with, as a number that the gateway assigns.
    pub dialect: u8,
    /// The id of the session, which stays the same when a connection is resumed.
    pub session: ConnectionId,
    /// The position in the commit order after which the connection received everything.
    pub start: u64,
}

/// Issues and verifies resume tokens.
#[derive(Clone)]
pub struct ResumeTokens(Hmac<Sha256>);

impl std::fmt::Debug for ResumeTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ResumeTokens(..)")
    }
}

impl Service {
    /// Returns the issuer of resume tokens for this server and its data.
    ///
    /// # Errors
    /// An internal error if the store fails.
    pub async fn resume_tokens(&self) -> Result<ResumeTokens, Refusal> {
        let data = self.store().identity().await?;
        Ok(ResumeTokens::new(self.0.tokens.own_key(), &data))
    }

    /// Returns the events that a user missed since a position.
    ///
    /// # Errors
    /// An internal error.
    pub async fn replay_since(&self, user: &User, since: MissedSince) -> Result<Replayed, Refusal> {
        Ok(self.store().replay_since(user.id.clone(), user.is_guest(), since).await?)
    }
}

impl Service {
    /// Returns everything that was committed after a position and is still kept, of at most `limit` positions, for somebody
    /// who is told everything.
    ///
    /// # Errors
    /// An internal error.
    pub async fn log_page(&self, by: Party, after: u64, limit: u64) -> Result<LogPage, Refusal> {
        Ok(self.store().log_page(by, after, limit).await?)
    }
}

impl ResumeTokens {
    /// Creates an issuer. `key` is the key that only this server has; `data` identifies the database.
    pub(crate) fn new(key: &[u8], data: &str) -> Self {
        let mut mac = keyed(key);
        mac.update(b"quintet connection recovery\0");
        mac.update(data.as_bytes());
        mac.update(b"\0");
        Self(mac)
    }

    fn proof(&self, body: &[u8], user: &User, namespace: &str) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(body);
        // A token of a guest is not valid for the account that gets the guest's id.
        mac.update(if user.is_guest() { b"guest\0" } else { b"user\0" });
        // Ids have no control characters, so the zero bytes separate the parts unambiguously.
        for text in [user.id.as_str(), namespace] {
            mac.update(text.as_bytes());
            mac.update(b"\0");
        }
        mac
    }

    /// Issues the resume token of a connection.
    #[must_use]
    pub fn issue(&self, token: ResumeToken, user: &User, namespace: &str) -> String {
        let mut bytes = Vec::with_capacity(BODY_BYTES + PROOF_BYTES);
        bytes.extend([VERSION, token.dialect]);
        bytes.extend(token.session.0.to_be_bytes());
        bytes.extend(token.start.to_be_bytes());
        let proof = self.proof(&bytes, user, namespace).finalize().into_bytes();
        bytes.extend(&proof[..PROOF_BYTES]);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Verifies a resume token. Returns `None` unless it was issued here for this user, namespace and data.
    #[must_use]
    pub fn read(&self, secret: &str, user: &User, namespace: &str) -> Option<ResumeToken> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(secret).ok()?;
        let (body, proof) = bytes.split_at_checked(BODY_BYTES)?;
        if proof.len() != PROOF_BYTES || body[0] != VERSION {
            return None;
        }
        self.proof(body, user, namespace).verify_truncated_left(proof).ok()?;
        Some(ResumeToken {
            dialect: body[1],
            session: ConnectionId(u64::from_be_bytes(body[2..10].try_into().ok()?)),
            start: u64::from_be_bytes(body[10..].try_into().ok()?),
        })
    }
}

fn keyed(secret: &[u8]) -> Hmac<Sha256> {
    match Hmac::new_from_slice(secret) {
        Ok(mac) => mac,
        // HMAC accepts keys of any length (RFC 2104).
        Err(error) => unreachable!("{error}"),
    }
}

#[cfg(test)]
mod tests {
    use quintet_domain::{Timestamp, UserId, UserKind};

    use super::*;

    fn user(id: &str) -> User {
        User {
            id: UserId::trusted(id),
            username: id.to_owned(),
            name: id.to_owned(),
            last_name: None,
            avatar: None,
            kind: UserKind::Registered,
            last_seen: None,
            created_at: Timestamp(0),
        }
    }

    #[test]
    fn a_secret_is_good_for_what_it_was_made_for() {
        let resume_tokens = ResumeTokens::new(b"secret", "data");
        let token = ResumeToken { dialect: 3, session: ConnectionId(7), start: 42 };
        let secret = resume_tokens.issue(token, &user("ada"), "/chat");
        assert_eq!(resume_tokens.read(&secret, &user("ada"), "/chat"), Some(token));
        assert_eq!(resume_tokens.read(&secret, &user("bob"), "/chat"), None);
        assert_eq!(resume_tokens.read(&secret, &User { kind: UserKind::Guest, ..user("ada") }, "/chat"), None);
        assert_eq!(resume_tokens.read(&secret, &user("ada"), "/"), None);
        assert_eq!(ResumeTokens::new(b"secret", "other data").read(&secret, &user("ada"), "/chat"), None);
        assert_eq!(ResumeTokens::new(b"other secret", "data").read(&secret, &user("ada"), "/chat"), None);
    }

    #[test]
    fn a_secret_that_was_changed_anywhere_is_none() {
        let resume_tokens = ResumeTokens::new(b"secret", "data");
        let user = user("ada");
        let secret = resume_tokens.issue(ResumeToken { dialect: 0, session: ConnectionId(1), start: 2 }, &user, "/");
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&secret).expect("base64");
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(resume_tokens.read(&BASE64_URL_SAFE_NO_PAD.encode(changed), &user, "/"), None, "byte {at}");
        }
        for length in 0..bytes.len() {
            assert_eq!(resume_tokens.read(&BASE64_URL_SAFE_NO_PAD.encode(&bytes[..length]), &user, "/"), None);
        }
        assert_eq!(resume_tokens.read("no base64!", &user, "/"), None);
    }
}
