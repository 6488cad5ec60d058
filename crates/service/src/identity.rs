//! The authentication of users by tokens, and of guests and trusted clients by the id that they claim.

use std::net::IpAddr;
use std::sync::Arc;

use quintet_domain::{Account, AdoptUser, Contact, LoginSessionId, Refusal, Timestamp, User, UserId, UserKind};
use quintet_store::{Memberships, Party, PendingNotifications, TokenHolder, UserState};

use crate::tokens::Token;
use crate::{Credential, Service};

/// The user of a connection or request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user who was authenticated.
    pub user: Arc<User>,
    /// When the token expires; none for guests, trusted clients, and tokens that do not expire.
    pub expires_at: Option<Timestamp>,
    /// The generation of the user's tokens at the authentication. A revocation ends connections of earlier ones.
    pub generation: u64,
    /// The session of the token, if it belongs to one. The end of the session ends its connections.
    pub session: Option<LoginSessionId>,
}

/// The result of verifying a token.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The user whose token it is.
    pub identity: Identity,
    /// The account of the user.
    pub account: Account,
    /// The dialect of the client that the token was issued to, if the token names one.
    pub dialect: Option<String>,
    /// The issuer of the token, and when its user logged in.
    pub credential: Credential,
}

/// What was read of a user together with its account, for a connection that is opened. It is what the user had at the
/// position of the read, and the stream of commits tells what has changed since.
#[derive(Clone, Debug)]
pub struct ReadAhead {
    /// The conversations of the user.
    pub memberships: Memberships,
    /// The notifications that were not delivered.
    pub pending: PendingNotifications,
}

fn split(state: UserState) -> (Option<Account>, Box<ReadAhead>) {
    let UserState { account, memberships, pending, .. } = state;
    (account, Box::new(ReadAhead { memberships, pending }))
}

fn service_without_key() -> Refusal {
    Refusal::unauthenticated("a service authenticates with its key, over the HTTP API")
}

impl Service {
    /// Authenticates a user by a token. The first token of another issuer creates the user from its claims; a guest who
    /// has the id loses it.
    ///
    /// # Errors
    /// `ERR_UNAUTHENTICATED` or `ERR_TOKEN_EXPIRED`.
    pub async fn verify(&self, token: &str) -> Result<Verified, Refusal> {
        let token = self.0.tokens.read(token, self.0.environment.now())?;
        let (id, session) = (&token.claims.id, token.credential.session.clone());
        let found = self.store().token_holder(Party::from(id), id.clone(), session).await?;
        self.verified(token, found).await
    }

    /// Authenticates a user by a token as [`Self::verify`] does, for a connection that is opened: the same read gives
    /// what the connection needs beside the account. `None` if the user was only created now.
    ///
    /// # Errors
    /// `ERR_UNAUTHENTICATED` or `ERR_TOKEN_EXPIRED`.
    pub async fn verify_ahead(&self, token: &str) -> Result<(Verified, Option<Box<ReadAhead>>), Refusal> {
        let token = self.0.tokens.read(token, self.0.environment.now())?;
        let (id, session) = (&token.claims.id, token.credential.session.clone());
        let mut state = self.store().user_state(Party::from(id), id.clone(), session).await?;
        let session = state.session.take();
        let (account, ahead) = split(state);
        let known = account.as_ref().is_some_and(|account| !account.user.is_guest());
        let verified = self.verified(token, TokenHolder { account, session }).await?;
        Ok((verified, known.then_some(ahead)))
    }

    /// Checks a token against the account that was found under its user's id, and its session.
    async fn verified(&self, token: Token, found: TokenHolder) -> Result<Verified, Refusal> {
        let account = match found.account {
            Some(account) if account.user.is_service() => return Err(service_without_key()),
            Some(account) if !account.user.is_guest() => account,
            // Quintet issued the token to a user who existed: the user was erased since.
            _ if token.generation.is_some() => return Err(Refusal::unauthenticated("the user is not known")),
            _ => {
                let mut claims = token.claims;
                claims.avatar = self.bases().stored_picture(claims.avatar);
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
        if token.credential.session.is_some() {
            self.check_session(&account.user.id, found.session)?;
        }
        let identity = Identity {
            user: Arc::clone(&account.user),
            expires_at: token.expires_at,
            generation: account.token_generation,
            session: token.credential.session.clone(),
        };
        Ok(Verified { identity, account, dialect: token.dialect, credential: token.credential })
    }

    /// Authenticates a guest by the id that it claims from an address, which proves nothing. Nothing is stored before
    /// the guest joins or creates a room.
    ///
    /// # Errors
    /// `ERR_UNAUTHENTICATED` if guests are not admitted or the id belongs to a registered user.
    pub async fn guest(&self, id: &UserId, from: IpAddr) -> Result<Identity, Refusal> {
        self.check_guest_id(id)?;
        self.guest_of(id, self.store().account(Party::Address(from), id.clone()).await?)
    }

    /// Authenticates a guest as [`Self::guest`] does, for a connection that is opened.
    ///
    /// # Errors
    /// `ERR_UNAUTHENTICATED` if guests are not admitted or the id belongs to a registered user.
    pub async fn guest_ahead(&self, id: &UserId, from: IpAddr) -> Result<(Identity, Box<ReadAhead>), Refusal> {
        self.check_guest_id(id)?;
        let (found, ahead) = split(self.store().user_state(Party::Address(from), id.clone(), None).await?);
        Ok((self.guest_of(id, found)?, ahead))
    }

    /// Refuses an id that no guest may claim.
    fn check_guest_id(&self, id: &UserId) -> Result<(), Refusal> {
        if !self.0.settings.guests {
            return Err(Refusal::unauthenticated("this server does not admit guests"));
        }
        if id.is_former_guests() {
            return Err(Refusal::unauthenticated("only the server assigns ids of this form"));
        }
        Ok(())
    }

    /// Returns the guest with an id, given the account that was found under the id.
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
        Ok(Identity { user, expires_at: None, generation: 0, session: None })
    }

    /// Authenticates a user or guest by the id alone, on a listener that trusts its clients, for a connection that is
    /// opened.
    ///
    /// # Errors
    /// `ERR_UNAUTHENTICATED` if the user is disabled, or if there is no such user and guests are not admitted.
    pub async fn trusted_ahead(&self, id: &UserId) -> Result<(Identity, Box<ReadAhead>), Refusal> {
        let (found, ahead) = split(self.store().user_state(Party::from(id), id.clone(), None).await?);
        let identity = match found {
            Some(account) if account.disabled => Err(Refusal::unauthenticated("the user is disabled")),
            Some(account) if account.user.is_service() => Err(service_without_key()),
            Some(account) if !account.user.is_guest() => Ok(Identity {
                user: account.user,
                expires_at: None,
                generation: account.token_generation,
                session: None,
            }),
            found => {
                self.check_guest_id(id)?;
                self.guest_of(id, found)
            }
        };
        Ok((identity?, ahead))
    }

    /// Returns the profile and the conversations of a user who is connected to another node, at one position of the commit
    /// order. There is no profile of a guest who owns nothing yet.
    ///
    /// # Errors
    /// An internal error.
    pub async fn state_elsewhere(&self, user: UserId) -> Result<(Option<Arc<User>>, Memberships), Refusal> {
        let (account, ahead) = split(self.store().user_state(Party::from(&user), user, None).await?);
        Ok((account.map(|account| account.user), ahead.memberships))
    }

    /// Returns whether guests are admitted.
    #[must_use]
    pub fn lets_guests_in(&self) -> bool {
        self.0.settings.guests
    }

    /// Returns who may begin a direct conversation with a person, and add one to a group.
    #[must_use]
    pub fn contact(&self) -> Contact {
        self.0.settings.contact
    }
}
