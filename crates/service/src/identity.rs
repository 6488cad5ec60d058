//! Who somebody is: by a token, or, for guests, by their word.

use std::net::IpAddr;
use std::sync::Arc;

use quintet_domain::{Account, AdoptUser, Refusal, Timestamp, User, UserId, UserKind};
use quintet_store::Party;

use crate::{Credential, Service};

/// Who a connection or request is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user: Arc<User>,
    /// When the token expires; none for guests, trusted words, and tokens without an end.
    pub expires_at: Option<Timestamp>,
    /// The generation of the user's tokens when this was found out; a revocation ends earlier ones.
    pub generation: u64,
}

/// An identity by token, with what the token says of its dialect.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Who.
    pub identity: Identity,
    /// The account.
    pub account: Account,
    /// The dialect of the client that the token was issued to, as it carries it.
    pub dialect: Option<String>,
    /// Who issued the token, and when its user logged in.
    pub credential: Credential,
}

fn service_elsewhere() -> Refusal {
    Refusal::unauthenticated("a service comes with its key, over the HTTP API")
}

impl Service {
    /// Who a token is. A user seen first this way is made from the claims; a guest who has the id gives it up.
    ///
    /// # Errors
    /// `ERR_UNAUTHENTICATED` or `ERR_TOKEN_EXPIRED`.
    pub async fn verify(&self, token: &str) -> Result<Verified, Refusal> {
        let token = self.0.tokens.read(token, self.0.environment.now())?;
        let account = match self.store().account(Party::from(&token.claims.id), token.claims.id.clone()).await? {
            Some(account) if account.user.is_service() => return Err(service_elsewhere()),
            Some(account) if !account.user.is_guest() => account,
            // Quintet issued the token to a user that was there: this one is gone.
            _ if token.generation.is_some() => return Err(Refusal::unauthenticated("the user is not known")),
            _ => {
                let claims = token.claims;
                self.write(AdoptUser { claims }).await?
            }
        };
        let revoked = match token.generation {
            Some(generation) => generation != account.token_generation,
            None => token.issued_s < account.tokens_from_s,
        };
        if revoked || account.disabled {
            return Err(Refusal::unauthenticated("the token was revoked"));
        }
        let identity = Identity {
            user: Arc::clone(&account.user),
            expires_at: token.expires_at,
            generation: account.token_generation,
        };
        Ok(Verified { identity, account, dialect: token.dialect, credential: token.credential })
    }

    /// A guest by the id that it claims from an address, which proves nothing. Nothing is stored before it joins or makes a
    /// room.
    ///
    /// # Errors
    /// `ERR_UNAUTHENTICATED` when guests are off or the id is a registered user's.
    pub async fn guest(&self, id: &UserId, from: IpAddr) -> Result<Identity, Refusal> {
        self.may_be_guests(id)?;
        self.guest_of(id, self.store().account(Party::Address(from), id.clone()).await?)
    }

    /// Refuses an id that no guest may have.
    fn may_be_guests(&self, id: &UserId) -> Result<(), Refusal> {
        if !self.0.settings.guests {
            return Err(Refusal::unauthenticated("this server lets no guests in"));
        }
        if id.is_former_guests() {
            return Err(Refusal::unauthenticated("only the server gives ids of this form"));
        }
        Ok(())
    }

    /// The guest of an id, and of the account that was found under it.
    fn guest_of(&self, id: &UserId, found: Option<Account>) -> Result<Identity, Refusal> {
        let user = match found {
            Some(account) if !account.user.is_guest() => {
                return Err(Refusal::unauthenticated("this id belongs to a registered user; a token is needed"));
            }
            Some(account) => account.user,
            None => Arc::new(User {
                id: id.clone(),
                username: User::guest_name(id),
                name: User::guest_name(id),
                last_name: None,
                avatar: None,
                kind: UserKind::Guest,
                last_seen: None,
                created_at: self.0.environment.now(),
            }),
        };
        Ok(Identity { user, expires_at: None, generation: 0 })
    }

    /// Anybody by its word, on a listener that trusts.
    ///
    /// # Errors
    /// `ERR_UNAUTHENTICATED` when the user is barred, or unknown and guests are off.
    pub async fn trusted(&self, id: &UserId) -> Result<Identity, Refusal> {
        match self.store().account(Party::from(id), id.clone()).await? {
            Some(account) if account.disabled => Err(Refusal::unauthenticated("the user is barred")),
            Some(account) if account.user.is_service() => Err(service_elsewhere()),
            Some(account) if !account.user.is_guest() => {
                Ok(Identity { user: account.user, expires_at: None, generation: account.token_generation })
            }
            found => {
                self.may_be_guests(id)?;
                self.guest_of(id, found)
            }
        }
    }

    /// Whether guests are let in.
    #[must_use]
    pub fn lets_guests_in(&self) -> bool {
        self.0.settings.guests
    }
}
