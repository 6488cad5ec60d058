//! Registration, logging in, profiles, and the erasure of people.

use std::net::IpAddr;
use std::sync::Arc;

use quintet_domain::{
    Account, ChangeProfile, ContinueErasure, EraseUser, Login, Metadata, NewUser, NoteSeen, ProfileChange, Refusal,
    RegisterUser, RevokeTokens, ServerRole, SetDisabled, SetPassword, SetServerRole, Timestamp, User, UserId,
    display_name, display_name_from, parse_email, parse_username, refuse_reserved, validate_link,
};
use quintet_store::{Page, Party};

use crate::{MovedHash, Service, failures};

/// The data of a registration, before it is checked.
#[derive(Clone, Debug, Default)]
pub struct NewAccount {
    /// The id that a service has for the user; a new id is generated if there is none.
    pub id: Option<UserId>,
    /// The username to register.
    pub username: String,
    /// The email address. Only users that a service creates may have none.
    pub email: Option<String>,
    /// The password. Only users that a service creates may have none; they cannot log in by a password.
    pub password: Option<String>,
    /// The hash of the password that another back end has for the user, in place of the password.
    pub password_hash: Option<MovedHash>,
    /// The full name.
    pub name: Option<String>,
    /// A link to a picture.
    pub avatar: Option<String>,
    /// The dialect of the client that registers.
    pub home_dialect: Option<String>,
    /// The last name, if it is given separately: the end of `name`.
    pub last_name: Option<String>,
    /// The country of the user.
    pub country: Option<String>,
    /// The custom data of the profile.
    pub metadata: Option<Metadata>,
    /// Whether a taken or reserved username gets a number appended, for clients that let nobody choose another one.
    pub any_username: bool,
    /// How a reserved username is treated.
    pub reserved: Reserved,
    /// The code of the invitation by which somebody registers.
    pub invitation: Option<String>,
}

/// How a reserved username is treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reserved {
    /// It is refused: for people who register.
    #[default]
    Refused,
    /// A number is appended: for other back ends, whose users have the name already.
    Numbered,
    /// It is accepted: for the operator.
    Allowed,
}

/// Maximum number of transactions by which an unfinished erasure is continued in one call.
const ERASURE_WRITES: usize = 20;

/// Maximum number of reads of the store in one search.
pub(crate) const SEARCH_READS_MAX: usize = 20;

/// Where a log-in comes from.
#[derive(Clone, Debug)]
pub struct LoginSource {
    /// The address of the client.
    pub address: IpAddr,
    /// What the client says of itself, as its `User-Agent`.
    pub client: Option<String>,
}

/// A session: a token and its user.
#[derive(Clone, Debug)]
pub struct Session {
    /// The token, which the client sends with each request.
    pub token: String,
    /// When the token expires.
    pub expires_at: Timestamp,
    /// The account of the user.
    pub account: Account,
}

/// Checks and normalises a name, if there is one.
fn checked_name(field: &str, name: Option<String>) -> Result<Option<String>, Refusal> {
    name.map(|name| display_name(field, &name)).transpose()
}

/// Normalises a last name in the same way as the whole name.
fn last_name(last: Option<String>) -> Option<String> {
    last.map(|last| display_name_from(&last).unwrap_or_default())
}

fn check_avatar(avatar: Option<&String>) -> Result<(), Refusal> {
    avatar.map_or(Ok(()), |url| validate_link("avatar", url))
}

impl Service {
    /// Registers a user who asks for it, and logs the user in.
    ///
    /// # Errors
    /// `ERR_FORBIDDEN` if the operator closed registration, or if an invitation is needed that is good; a refusal that names an invalid field; `ERR_CONFLICT` if
    /// the name or email address is taken.
    pub async fn register(&self, new: NewAccount, from: LoginSource) -> Result<Session, Refusal> {
        // Before the password is hashed, which costs time.
        self.invited(new.invitation.as_deref())?;
        let account = self.make_user(new).await?;
        self.note_login(&account.user.id, from.address).await;
        self.begin_session(account, None, from.client.as_deref(), None).await
    }

    /// Creates a user.
    ///
    /// # Errors
    /// A refusal that names an invalid field; `ERR_CONFLICT` if the id, name or email address is taken.
    pub async fn make_user(&self, new: NewAccount) -> Result<Account, Refusal> {
        let invited = new.invitation.as_deref().map(|code| self.invited(Some(code))).transpose()?;
        let username = parse_username(&new.username)?;
        if new.reserved == Reserved::Refused && !new.any_username {
            refuse_reserved(&username)?;
        }
        let email = new.email.as_deref().map(parse_email).transpose()?;
        let name = checked_name("name", new.name)?;
        let avatar = self.bases().stored_picture(new.avatar);
        check_avatar(avatar.as_ref())?;
        let country = checked_name("country", new.country)?;
        let password_hash = match new.password {
            Some(password) => Some(self.0.passwords.hash("password", password).await?),
            None => new.password_hash.map(MovedHash::into_text),
        };
        let new = NewUser {
            id: new.id,
            username,
            email,
            name,
            avatar,
            password_hash,
            home_dialect: new.home_dialect,
            last_name: last_name(new.last_name),
            country,
            metadata: new.metadata,
            any_username: new.any_username,
            number_reserved: new.reserved == Reserved::Numbered,
            email_unverified: false,
            invited: invited.flatten(),
        };
        self.write(RegisterUser { new }).await
    }

    /// Logs a user in by email address or username. `dialect` is the dialect of the client, if it is known. An unknown
    /// user gets the same answer in the same time as a wrong password. `from` is where the client is: from a
    /// network from which the account was logged in to before, failures elsewhere do not count.
    ///
    /// # Errors
    /// `ERR_UNAUTHENTICATED`; `ERR_RATE_LIMITED` after many failures; `ERR_BUSY` if too many log-ins wait.
    pub async fn log_in(
        &self,
        login: Login,
        password: String,
        dialect: Option<&str>,
        from: LoginSource,
    ) -> Result<Session, Refusal> {
        let LoginSource { address: from, client } = from;
        let key = failures::login_key(&login);
        let account =
            self.store().account_by_login(Party::Address(from), login).await?.filter(|account| !account.disabled);
        self.attempt(&key, account.as_ref().map(|account| &account.user.id), from).await?;
        let matching = self.matches(&key, account.as_ref(), password).await?;
        match account {
            Some(account) if matching => {
                self.succeeded(&key, &account.user.id, from).await;
                self.begin_session(account, dialect, client.as_deref(), None).await
            }
            _ => Err(Refusal::unauthenticated("the name or the password is wrong")),
        }
    }

    /// Revokes all tokens of a user and ends its connections.
    ///
    /// # Errors
    /// An internal error.
    pub async fn revoke(&self, user: UserId) -> Result<(), Refusal> {
        self.write(RevokeTokens { user }).await.map(|_| ())
    }

    /// Changes a user's profile.
    ///
    /// # Errors
    /// A refusal that names an invalid field; `ERR_CONFLICT` if the name or email address is taken.
    pub async fn change_profile(&self, user: UserId, mut change: ProfileChange) -> Result<Account, Refusal> {
        if let Some(wanted) = change.username.take() {
            change.username = self.new_username(&user, &wanted).await?;
        }
        change.email = change.email.as_deref().map(parse_email).transpose()?;
        change.name = checked_name("name", change.name)?;
        change.last_name = last_name(change.last_name);
        change.avatar = change.avatar.map(|avatar| self.bases().stored_picture(avatar));
        check_avatar(change.avatar.as_ref().and_then(Option::as_ref))?;
        change.country = checked_name("country", change.country)?;
        self.write(ChangeProfile { user, change }).await
    }

    /// Checks the new username of a user. Returns `None` if the user has it already: it may be one that an earlier
    /// version accepted and that nobody could choose now.
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

    /// Sets a password without asking for the current one, and revokes the user's tokens. Only the operator calls this.
    ///
    /// # Errors
    /// A refusal that names `field` if the password is invalid.
    pub async fn set_password(&self, user: UserId, field: &str, new: String) -> Result<Account, Refusal> {
        let hash = self.0.passwords.hash(field, new).await?;
        self.write(SetPassword { user, hash }).await
    }

    /// Disables a user, or enables it again. Only the operator calls this.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if there is no such user.
    pub async fn set_disabled(&self, user: UserId, disabled: bool) -> Result<(), Refusal> {
        self.write(SetDisabled { user, disabled }).await
    }

    /// Changes what a person may do on the whole server.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if there is no such person.
    pub async fn set_server_role(&self, user: UserId, role: ServerRole) -> Result<(), Refusal> {
        self.write(SetServerRole { user, role }).await
    }

    /// Erases a person and all of its messages, because `by` asked for it; the operator if nobody did. It returns once all
    /// of them are erased.
    ///
    /// # Errors
    /// An internal error.
    pub async fn erase(&self, user: UserId, by: Option<UserId>) -> Result<(), Refusal> {
        self.write(EraseUser { user: user.clone(), by }).await?;
        while self.write(ContinueErasure { user: user.clone() }).await? {}
        Ok(())
    }

    /// Continues erasures that were interrupted by a stop of the process or by a client that did not wait.
    ///
    /// # Errors
    /// An internal error.
    pub async fn continue_erasure(&self) -> Result<(), Refusal> {
        let mut failed = Ok(());
        for user in self.store().erasing().await? {
            for _ in 0..ERASURE_WRITES {
                match self.write(ContinueErasure { user: user.clone() }).await {
                    Ok(true) => {}
                    Ok(false) => break,
                    // The erasure of one user that fails does not delay those of others.
                    Err(refusal) => {
                        failed = Err(refusal);
                        break;
                    }
                }
            }
        }
        failed
    }

    /// Stores when users were last seen.
    pub async fn note_seen(&self, users: Vec<(UserId, Timestamp)>) {
        let written = self.write(NoteSeen { users: users.clone() }).await;
        self.presence().stored(&users);
        if let Err(error) = written {
            tracing::warn!(%error, "the time when users were last seen was not recorded");
        }
    }

    /// Returns a registered user who is not disabled.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if there is no such user.
    pub async fn user(&self, by: Party, id: &UserId) -> Result<Arc<User>, Refusal> {
        Ok(self.profile(by, id).await?.0)
    }

    /// Returns a registered user who is not disabled, with the custom data of the profile.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if there is no such user.
    pub async fn profile(&self, by: Party, id: &UserId) -> Result<(Arc<User>, Option<Metadata>), Refusal> {
        match self.store().account(by, id.clone()).await? {
            Some(Account { user, metadata, disabled: false, .. }) if !user.is_guest() => Ok((user, metadata)),
            _ => Err(Refusal::not_found("user", id)),
        }
    }

    /// Returns an account by its email address or username. Only the operator calls this.
    ///
    /// # Errors
    /// An internal error.
    pub async fn account_by_login(&self, login: Login) -> Result<Option<Account>, Refusal> {
        Ok(self.store().account_by_login(Party::Server, login).await?)
    }

    /// Returns an account by its id; guests have none. Only the operator calls this.
    ///
    /// # Errors
    /// An internal error.
    pub async fn account_by_id(&self, id: &str) -> Result<Option<Account>, Refusal> {
        let Ok(id) = UserId::new(id) else { return Ok(None) };
        Ok(self.store().account(Party::Server, id).await?.filter(|account| !account.user.is_guest()))
    }

    /// Returns all accounts. Only the operator calls this.
    ///
    /// # Errors
    /// An internal error.
    pub async fn accounts(&self) -> Result<Vec<Account>, Refusal> {
        Ok(self.store().accounts().await?)
    }

    /// Finds registered users whose username or name contains a text, ignoring case. A page may have fewer users than
    /// `limit` and still have a next one. It is empty only if a very large number of names was searched in vain.
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
        // Each read takes its turn, so that one search does not delay others.
        for _ in 1..SEARCH_READS_MAX {
            if page.next.is_none() || !page.items.is_empty() {
                break;
            }
            page = self.store().users(Party::from(&by), query.clone(), page.next, limit).await?;
        }
        Ok(page)
    }

    /// Returns the first users of a search, for clients without pages. It reads as often as needed, up to
    /// `SEARCH_READS_MAX` times; each read takes its turn.
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
