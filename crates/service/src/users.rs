//! Registering, logging in, profiles, and the end of a person.

use std::collections::HashMap;
use std::sync::Arc;

use quintet_domain::limits::{NAME_CHARS_MAX, URL_BYTES_MAX};
use quintet_domain::{Refusal, Timestamp, User, UserId, validate_email, validate_username};
use quintet_store::{Account, NewUser, Page, Party, ProfileChange};

use crate::Service;

/// A registration as it was asked for.
#[derive(Clone, Debug, Default)]
pub struct NewAccount {
    /// The id, where a service has one for the user.
    pub id: Option<UserId>,
    /// The username.
    pub username: String,
    /// The email address; only a user that a service makes has none.
    pub email: Option<String>,
    /// The password; only a user that a service makes has none, and cannot log in with one.
    pub password: Option<String>,
    /// The full name.
    pub name: Option<String>,
    /// A picture.
    pub avatar: Option<String>,
    /// The dialect whose client registers.
    pub home_dialect: Option<String>,
    /// The end of the name that is its last name, where it is given apart.
    pub last_name: Option<String>,
    /// The country.
    pub country: Option<String>,
    /// Whether a taken username gets a number, for clients that know none.
    pub any_username: bool,
}

/// Turns of an erasure that was left behind, each time that it is gone on with.
const ERASURE_TURNS: usize = 20;

/// Reads that one search may take.
pub(crate) const SEARCH_READS_MAX: usize = 20;

/// A token and whose it is.
#[derive(Clone, Debug)]
pub struct Session {
    /// The token.
    pub token: String,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Whose.
    pub account: Account,
}

fn check_name(field: &str, name: Option<&String>) -> Result<(), Refusal> {
    match name {
        Some(name) if name.chars().count() > NAME_CHARS_MAX => {
            Err(Refusal::too_large(field, format!("has at most {NAME_CHARS_MAX} characters")))
        }
        Some(name) if name.trim().is_empty() => Err(Refusal::invalid(field, "must not be blank")),
        _ => Ok(()),
    }
}

fn check_avatar(avatar: Option<&String>) -> Result<(), Refusal> {
    match avatar {
        Some(url) if url.len() > URL_BYTES_MAX => {
            Err(Refusal::too_large("avatar", format!("has at most {URL_BYTES_MAX} bytes")))
        }
        _ => Ok(()),
    }
}

impl Service {
    /// Registers a user and logs it in.
    ///
    /// # Errors
    /// What is wrong with the fields; `ERR_CONFLICT` on a taken name or email.
    pub async fn register(&self, new: NewAccount) -> Result<Session, Refusal> {
        let account = self.make_user(new).await?;
        self.session(account, None)
    }

    /// Makes a user.
    ///
    /// # Errors
    /// What is wrong with the fields; `ERR_CONFLICT` on a taken id, name or email.
    pub async fn make_user(&self, new: NewAccount) -> Result<Account, Refusal> {
        validate_username(&new.username)?;
        new.email.as_deref().map_or(Ok(()), validate_email)?;
        check_name("name", new.name.as_ref())?;
        check_avatar(new.avatar.as_ref())?;
        check_name("country", new.country.as_ref())?;
        let password_hash = match new.password {
            Some(password) => Some(self.0.passwords.hash("password", password).await?),
            None => None,
        };
        let new = NewUser {
            id: new.id,
            username: new.username,
            email: new.email,
            name: new.name,
            avatar: new.avatar,
            password_hash,
            home_dialect: new.home_dialect,
            last_name: new.last_name,
            country: new.country,
            any_username: new.any_username,
        };
        self.write(|store, done| store.register(new, done)).await
    }

    /// A session in a vocabulary: the one that the client is known to speak, else the user's home.
    fn session(&self, account: Account, spoken: Option<&str>) -> Result<Session, Refusal> {
        let dialect = spoken.map(str::to_owned).or_else(|| account.home_dialect.clone());
        let (token, expires_at) = self.0.tokens.issue(&account, dialect.as_deref(), self.0.environment.now())?;
        Ok(Session { token, expires_at, account })
    }

    /// Logs in by email or username, with a client of a vocabulary where that is known. An unknown user gets the same
    /// answer in the same time as a wrong password.
    ///
    /// # Errors
    /// `ERR_UNAUTHENTICATED`.
    pub async fn log_in(&self, login: &str, password: String, spoken: Option<&str>) -> Result<Session, Refusal> {
        let account = self.store().account_by_login(Party::Server, login.to_owned()).await?;
        let account = account.filter(|account| !account.disabled);
        let hash = account.as_ref().and_then(|account| account.password_hash.clone());
        let fits = self.0.passwords.verify(hash, password).await;
        match account {
            Some(account) if fits => self.session(account, spoken),
            _ => Err(Refusal::unauthenticated("the name or the password is wrong")),
        }
    }

    /// A new token for who has one, in the same vocabulary.
    ///
    /// # Errors
    /// An internal error.
    pub fn refresh(&self, account: Account, spoken: Option<&str>) -> Result<Session, Refusal> {
        self.session(account, spoken)
    }

    /// Makes all tokens of a user worthless and ends its connections.
    ///
    /// # Errors
    /// An internal error.
    pub async fn revoke(&self, user: UserId) -> Result<(), Refusal> {
        self.write(|store, done| store.revoke_tokens(user, done)).await.map(|_| ())
    }

    /// Changes a profile.
    ///
    /// # Errors
    /// What is wrong with the fields; `ERR_CONFLICT` on a taken name or email.
    pub async fn change_profile(&self, user: UserId, change: ProfileChange) -> Result<Account, Refusal> {
        if let Some(username) = &change.username {
            validate_username(username)?;
        }
        if let Some(email) = &change.email {
            validate_email(email)?;
        }
        check_name("name", change.name.as_ref())?;
        check_avatar(change.avatar.as_ref().and_then(Option::as_ref))?;
        check_name("country", change.country.as_ref())?;
        self.write(|store, done| store.change_profile(user, change, done)).await
    }

    /// Changes a password, given the current one; other sessions end, and a new token comes back.
    ///
    /// # Errors
    /// `ERR_FORBIDDEN` when the current password is wrong; what is wrong with the new one.
    pub async fn change_password(
        &self,
        user: UserId,
        current: String,
        new: String,
        spoken: Option<&str>,
    ) -> Result<Session, Refusal> {
        let account = self
            .store()
            .account(Party::from(&user), user.clone())
            .await?
            .ok_or_else(|| Refusal::not_found("user", &user))?;
        if !self.0.passwords.verify(account.password_hash, current).await {
            return Err(Refusal::forbidden("The current password is wrong."));
        }
        let account = self.set_password(user, "newPassword", new).await?;
        self.session(account, spoken)
    }

    /// Sets a password without asking for the current one, and ends what came in by it: for the operator.
    ///
    /// # Errors
    /// What is wrong with the new one.
    pub async fn set_password(&self, user: UserId, field: &str, new: String) -> Result<Account, Refusal> {
        let hash = self.0.passwords.hash(field, new).await?;
        self.write(|store, done| store.set_password(user, hash, done)).await
    }

    /// Bars a user, or lets it in again: for the operator.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`.
    pub async fn set_disabled(&self, user: UserId, disabled: bool) -> Result<(), Refusal> {
        self.write(|store, done| store.set_disabled(user, disabled, done)).await
    }

    /// Erases a person, and its messages after it: this is over when all of them are gone.
    ///
    /// # Errors
    /// An internal error.
    pub async fn erase(&self, user: UserId) -> Result<(), Refusal> {
        self.write(|store, done| store.erase(user.clone(), done)).await?;
        while self.write(|store, done| store.erase_on(user.clone(), done)).await? {}
        Ok(())
    }

    /// Goes on for a while with erasures that an end of the program, or of a client's patience, left behind.
    ///
    /// # Errors
    /// An internal error.
    pub async fn erase_on(&self) -> Result<(), Refusal> {
        let mut failed = Ok(());
        for user in self.store().erasing().await? {
            for _ in 0..ERASURE_TURNS {
                match self.write(|store, done| store.erase_on(user.clone(), done)).await {
                    Ok(true) => {}
                    Ok(false) => break,
                    // One that fails keeps nobody else waiting.
                    Err(refusal) => {
                        failed = Err(refusal);
                        break;
                    }
                }
            }
        }
        failed
    }

    /// Notes when users were last seen.
    pub async fn seen(&self, users: Vec<(UserId, Timestamp)>) {
        if let Err(error) = self.write(|store, done| store.seen(users, done)).await {
            tracing::warn!(%error, "the time when users were last seen was not kept");
        }
    }

    /// A registered user.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`.
    pub async fn user(&self, by: Party, id: &UserId) -> Result<Arc<User>, Refusal> {
        match self.store().account(by, id.clone()).await? {
            Some(account) if !account.user.is_guest() && !account.disabled => Ok(account.user),
            _ => Err(Refusal::not_found("user", id)),
        }
    }

    /// The addresses of those among some users with whom one shares a conversation, and one's own.
    ///
    /// # Errors
    /// An internal error.
    pub async fn emails(&self, user: UserId, of: Vec<UserId>) -> Result<HashMap<UserId, String>, Refusal> {
        Ok(self.store().emails(user, of).await?)
    }

    /// An account by its email or username: for the operator.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`.
    pub async fn account_by_login(&self, login: &str) -> Result<Account, Refusal> {
        let found = self.store().account_by_login(Party::Server, login.to_owned()).await?;
        found.ok_or_else(|| Refusal::not_found("user", login))
    }

    /// All accounts: for the operator.
    ///
    /// # Errors
    /// An internal error.
    pub async fn accounts(&self) -> Result<Vec<Account>, Refusal> {
        Ok(self.store().accounts().await?)
    }

    /// Registered users whose username or name holds a text, whatever the case. A page may have fewer than it could and
    /// still name a next one; it has none only where a very great number of names was looked at in vain.
    ///
    /// # Errors
    /// An internal error.
    pub async fn users(
        &self,
        by: UserId,
        query: String,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<Page<Arc<User>>, Refusal> {
        let mut page = self.store().users(Party::from(&by), query.clone(), cursor, limit).await?;
        // Each in its turn.
        for _ in 1..SEARCH_READS_MAX {
            if page.next.is_none() || !page.items.is_empty() {
                break;
            }
            page = self.store().users(Party::from(&by), query.clone(), page.next, limit).await?;
        }
        Ok(page)
    }

    /// The first users of a search, for clients that know no pages: as many reads as it takes, each in its turn, up to a
    /// number that any one request may cost.
    ///
    /// # Errors
    /// An internal error.
    pub async fn first_users(&self, by: UserId, query: String, limit: usize) -> Result<Vec<Arc<User>>, Refusal> {
        let (mut found, mut cursor) = (Vec::new(), None);
        for _ in 0..SEARCH_READS_MAX {
            let missing = u32::try_from(limit - found.len()).unwrap_or(u32::MAX);
            let page = self.store().users(Party::from(&by), query.clone(), cursor, missing).await?;
            found.extend(page.items);
            cursor = page.next;
            if cursor.is_none() || found.len() >= limit {
                break;
            }
        }
        Ok(found)
    }
}
