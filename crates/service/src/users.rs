//! Registering, logging in, profiles, and the end of a person.

use std::net::IpAddr;
use std::sync::Arc;

use quintet_domain::{
    Account, ChangeProfile, ContinueErasure, EraseUser, Login, NewUser, NoteSeen, ProfileChange, Refusal, RegisterUser,
    RevokeTokens, SetDisabled, SetPassword, Timestamp, User, UserId, display_name, display_name_from, parse_username,
    refuse_reserved, validate_email, validate_link,
};
use quintet_store::{Page, Party};

use crate::{Service, failures};

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
    /// Whether a taken or reserved username gets a number, for clients that know none.
    pub any_username: bool,
    /// What to do about a reserved username.
    pub reserved: Reserved,
}

/// What to do about a reserved username.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reserved {
    /// Refuse it: for people.
    #[default]
    Refused,
    /// Append a number: for other back ends, whose users have it already.
    Numbered,
    /// Accept it: for the operator.
    Allowed,
}

/// Turns of an erasure that was left behind, each time that it is gone on with.
const ERASURE_TURNS: usize = 20;

/// Maximum number of reads of the store in one search.
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

/// A name as it is stored, if there is one.
fn checked_name(field: &str, name: Option<String>) -> Result<Option<String>, Refusal> {
    name.map(|name| display_name(field, &name)).transpose()
}

/// The end of a name, normalised as the whole is.
fn last_name(last: Option<String>) -> Option<String> {
    last.map(|last| display_name_from(&last).unwrap_or_default())
}

fn check_avatar(avatar: Option<&String>) -> Result<(), Refusal> {
    avatar.map_or(Ok(()), |url| validate_link("avatar", url))
}

impl Service {
    /// Registers a user that asks for it itself, and logs it in.
    ///
    /// # Errors
    /// `ERR_FORBIDDEN` where the operator closed registration; what is wrong with the fields; `ERR_CONFLICT` on a taken
    /// name or email.
    pub async fn register(&self, new: NewAccount, from: IpAddr) -> Result<Session, Refusal> {
        if !self.0.settings.registration {
            return Err(Refusal::forbidden("Registration is closed on this server; its operator makes accounts."));
        }
        let account = self.make_user(new).await?;
        self.note_login(&account.user.id, from).await;
        self.session(account, None, None)
    }

    /// Makes a user.
    ///
    /// # Errors
    /// What is wrong with the fields; `ERR_CONFLICT` on a taken id, name or email.
    pub async fn make_user(&self, new: NewAccount) -> Result<Account, Refusal> {
        let username = parse_username(&new.username)?;
        if new.reserved == Reserved::Refused && !new.any_username {
            refuse_reserved(&username)?;
        }
        new.email.as_deref().map_or(Ok(()), validate_email)?;
        let name = checked_name("name", new.name)?;
        check_avatar(new.avatar.as_ref())?;
        let country = checked_name("country", new.country)?;
        let password_hash = match new.password {
            Some(password) => Some(self.0.passwords.hash("password", password).await?),
            None => None,
        };
        let new = NewUser {
            id: new.id,
            username,
            email: new.email,
            name,
            avatar: new.avatar,
            password_hash,
            home_dialect: new.home_dialect,
            last_name: last_name(new.last_name),
            country,
            any_username: new.any_username,
            number_reserved: new.reserved == Reserved::Numbered,
            email_unverified: false,
        };
        self.write(RegisterUser { new }).await
    }

    /// A session in a vocabulary: the one that the client is known to speak, else the user's home. A session that
    /// follows another keeps the moment of the log-in.
    pub(crate) fn session(
        &self,
        account: Account,
        spoken: Option<&str>,
        authenticated_s: Option<i64>,
    ) -> Result<Session, Refusal> {
        let dialect = spoken.map(str::to_owned).or_else(|| account.home_dialect.clone());
        let now = self.0.environment.now();
        let (token, expires_at) = self.0.tokens.issue(&account, dialect.as_deref(), authenticated_s, now)?;
        Ok(Session { token, expires_at, account })
    }

    /// Logs in by email or by username, whichever the client named, with a client of a vocabulary where that is known.
    /// An unknown user gets the same answer in the same time as a wrong password. `from` is the address that asks: one
    /// from which the account was logged in to before does not wait for what others tried elsewhere.
    ///
    /// # Errors
    /// `ERR_UNAUTHENTICATED`; `ERR_RATE_LIMITED` after many failures; `ERR_BUSY` where too many log in at once.
    pub async fn log_in(
        &self,
        login: Login,
        password: String,
        spoken: Option<&str>,
        from: IpAddr,
    ) -> Result<Session, Refusal> {
        let said = failures::said(&login);
        let account =
            self.store().account_by_login(Party::Address(from), login).await?.filter(|account| !account.disabled);
        self.attempt(&said, account.as_ref().map(|account| &account.user.id), from).await?;
        let hash = account.as_ref().and_then(|account| account.password_hash.clone());
        let fits = self.fits(&said, hash, password).await?;
        match account {
            Some(account) if fits => {
                self.succeeded(&said, &account.user.id, from).await;
                self.session(account, spoken, None)
            }
            _ => Err(Refusal::unauthenticated("the name or the password is wrong")),
        }
    }

    /// Makes all tokens of a user worthless and ends its connections.
    ///
    /// # Errors
    /// An internal error.
    pub async fn revoke(&self, user: UserId) -> Result<(), Refusal> {
        self.write(RevokeTokens { user }).await.map(|_| ())
    }

    /// Changes a profile.
    ///
    /// # Errors
    /// What is wrong with the fields; `ERR_CONFLICT` on a taken name or email.
    pub async fn change_profile(&self, user: UserId, mut change: ProfileChange) -> Result<Account, Refusal> {
        if let Some(wanted) = change.username.take() {
            change.username = self.new_username(&user, &wanted).await?;
        }
        if let Some(email) = &change.email {
            validate_email(email)?;
        }
        change.name = checked_name("name", change.name)?;
        change.last_name = last_name(change.last_name);
        check_avatar(change.avatar.as_ref().and_then(Option::as_ref))?;
        change.country = checked_name("country", change.country)?;
        self.write(ChangeProfile { user, change }).await
    }

    /// The username that a user is to have from now on; none where it is the one that it has, which may be one that
    /// nobody could choose now.
    async fn new_username(&self, user: &UserId, wanted: &str) -> Result<Option<String>, Refusal> {
        let checked = parse_username(wanted).and_then(|name| refuse_reserved(&name).map(|()| name));
        match checked {
            Ok(name) => Ok(Some(name)),
            Err(refusal) => match self.store().account(Party::from(user), user.clone()).await? {
                Some(account) if account.user.username == wanted => Ok(None),
                _ => Err(refusal),
            },
        }
    }

    /// Sets a password without asking for the current one, and ends what came in by it: for the operator.
    ///
    /// # Errors
    /// What is wrong with the new one.
    pub async fn set_password(&self, user: UserId, field: &str, new: String) -> Result<Account, Refusal> {
        let hash = self.0.passwords.hash(field, new).await?;
        self.write(SetPassword { user, hash }).await
    }

    /// Bars a user, or lets it in again: for the operator.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`.
    pub async fn set_disabled(&self, user: UserId, disabled: bool) -> Result<(), Refusal> {
        self.write(SetDisabled { user, disabled }).await
    }

    /// Erases a person, and its messages after it: this is over when all of them are gone.
    ///
    /// # Errors
    /// An internal error.
    pub async fn erase(&self, user: UserId) -> Result<(), Refusal> {
        self.write(EraseUser { user: user.clone() }).await?;
        while self.write(ContinueErasure { user: user.clone() }).await? {}
        Ok(())
    }

    /// Goes on for a while with erasures that an end of the program, or of a client's patience, left behind.
    ///
    /// # Errors
    /// An internal error.
    pub async fn continue_erasure(&self) -> Result<(), Refusal> {
        let mut failed = Ok(());
        for user in self.store().erasing().await? {
            for _ in 0..ERASURE_TURNS {
                match self.write(ContinueErasure { user: user.clone() }).await {
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

    /// Records when users were last seen.
    pub async fn note_seen(&self, users: Vec<(UserId, Timestamp)>) {
        if let Err(error) = self.write(NoteSeen { users }).await {
            tracing::warn!(%error, "the time when users were last seen was not recorded");
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

    /// An account by its email or username: for the operator.
    ///
    /// # Errors
    /// An internal error.
    pub async fn account_by_login(&self, login: Login) -> Result<Option<Account>, Refusal> {
        Ok(self.store().account_by_login(Party::Server, login).await?)
    }

    /// A user's account by its id, guests aside: for the operator.
    ///
    /// # Errors
    /// An internal error.
    pub async fn account_by_id(&self, id: &str) -> Result<Option<Account>, Refusal> {
        let Ok(id) = UserId::new(id) else { return Ok(None) };
        Ok(self.store().account(Party::Server, id).await?.filter(|account| !account.user.is_guest()))
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
