//! Rows of users, their credentials and counts, and the secrets of guests.

use std::sync::Arc;

use quintet_domain::{Account, Timestamp, User, UserId};

use crate::{FileKey, MessageKey, RowResult, SecretKey, UserKey};

/// The keys by which a username is compared; see [`NameKeys`](quintet_domain::NameKeys).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserNames {
    /// The username in lower case, which is unique.
    pub username_key: String,
    /// The comparison key; none for users who are erased.
    pub key: Option<String>,
    /// The look of the name; none for users who are erased.
    pub look: Option<String>,
}

/// A user: registered, guest or service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    /// The key of the row.
    pub key: UserKey,
    /// The user as others see it.
    pub user: Arc<User>,
    /// The keys of the username; none for guests, whose names are not theirs alone.
    pub names: Option<UserNames>,
    /// The email address as it was given.
    pub email: Option<String>,
    /// The email address in lower case, which is unique; none where the address is not verified.
    pub email_key: Option<String>,
    /// The hash of the password, as a PHC string.
    pub password_hash: Option<String>,
    /// The dialect in which the user registered.
    pub home_dialect: Option<String>,
    /// The country that the user gave.
    pub country: Option<String>,
    /// Counted up when all tokens of the user are revoked.
    pub token_generation: u64,
    /// Tokens of other issuers that were issued before this moment are revoked; in seconds since 1970.
    pub tokens_from_s: i64,
    /// Whether the user is barred.
    pub disabled: bool,
    /// Whether the person is erased for good.
    pub erased: bool,
    /// The newest message that was deleted while messages of an erased person are being deleted; none otherwise.
    pub erasing_from: Option<MessageKey>,
    /// The file of this server that is the user's picture, where the profile keeps it alive.
    pub picture: Option<FileKey>,
    /// The id that a guest had before an account took it.
    pub former_id: Option<UserId>,
}

impl UserRow {
    /// The account of this user.
    #[must_use]
    pub fn account(&self) -> Account {
        Account {
            user: Arc::clone(&self.user),
            email: self.email.clone(),
            password_hash: self.password_hash.clone(),
            home_dialect: self.home_dialect.clone(),
            country: self.country.clone(),
            token_generation: self.token_generation,
            tokens_from_s: self.tokens_from_s,
            disabled: self.disabled,
        }
    }
}

/// How much a user has, kept beside its row so that a limit is checked by one read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserCounts {
    /// Conversations that the user is a member of.
    pub conversations: i64,
    /// Notifications that are kept for the user.
    pub notifications: i64,
    /// Bytes of all files that the user uploaded.
    pub file_bytes: i64,
}

/// A change of [`UserCounts`].
pub type CountDelta = UserCounts;

/// Users.
pub trait UserRows {
    /// The user who has an id now.
    fn user(&self, id: &UserId) -> RowResult<Option<UserRow>>;
    /// A user by its key.
    fn user_by_key(&self, key: UserKey) -> RowResult<Option<UserRow>>;
    /// The user whose email address is this one, in lower case.
    fn user_by_email_key(&self, email_key: &str) -> RowResult<Option<UserRow>>;
    /// The user whose username is this one, in lower case.
    fn user_by_username_key(&self, username_key: &str) -> RowResult<Option<UserRow>>;
    /// Up to `limit` users whose username has this comparison key, by their keys.
    fn users_by_name_key(&self, name_key: &str, limit: usize) -> RowResult<Vec<UserKey>>;
    /// Whether a user other than `except` has this username key, or a comparison key or look that equals one of these.
    fn name_is_taken(&self, username_key: &str, key: &str, look: &str, except: Option<UserKey>) -> RowResult<bool>;
    /// Adds a user, whose `key` is ignored; gives its new key.
    fn insert_user(&mut self, row: &UserRow) -> RowResult<UserKey>;
    /// Replaces a user.
    fn update_user(&mut self, row: &UserRow) -> RowResult<()>;
    /// Removes a user, unless another row refers to it; says whether it is gone.
    fn delete_user(&mut self, key: UserKey) -> RowResult<bool>;
    /// Remembers when a user was last seen.
    fn set_last_seen(&mut self, key: UserKey, at: Timestamp) -> RowResult<()>;
    /// How much a user has.
    fn user_counts(&self, key: UserKey) -> RowResult<UserCounts>;
    /// Adds to the counts of a user; gives the sums.
    fn add_user_counts(&mut self, key: UserKey, delta: CountDelta) -> RowResult<UserCounts>;
    /// Some guests whose keys are greater than `after`, by their keys.
    fn guests(&self, after: UserKey, limit: usize) -> RowResult<Vec<UserRow>>;
    /// The greatest key of all users.
    fn newest_user(&self) -> RowResult<Option<UserKey>>;

    /// Adds to what a user did on a day (since 1970, UTC): people added to conversations, and strangers written to.
    /// Counts of an earlier day start again at 0. Gives the sums of that day.
    fn add_contacts(&mut self, key: UserKey, day: i64, added: i64, direct: i64) -> RowResult<(i64, i64)>;
    /// Removes up to `limit` of the counts of days before `day`; gives how many.
    fn prune_contacts(&mut self, day: i64, limit: usize) -> RowResult<usize>;

    /// Remembers that a user logged in from a network, at a moment.
    fn set_login_network(&mut self, key: UserKey, network: &str, at: Timestamp) -> RowResult<()>;
    /// When a user last logged in from a network.
    fn login_network(&self, key: UserKey, network: &str) -> RowResult<Option<Timestamp>>;
    /// Removes all networks of a user.
    fn delete_login_networks(&mut self, key: UserKey) -> RowResult<()>;
    /// Removes the networks of a user that were used longest ago, so that at most `keep` stay.
    fn trim_login_networks(&mut self, key: UserKey, keep: usize) -> RowResult<()>;
    /// Removes up to `limit` networks that were last used before a moment; gives how many.
    fn prune_login_networks(&mut self, before: Timestamp, limit: usize) -> RowResult<usize>;

    /// Gives a service its key; says whether it had none.
    fn insert_service_key(&mut self, key: UserKey, hash: &str, at: Timestamp) -> RowResult<bool>;
    /// Takes a service's key away; says whether it had one.
    fn delete_service_key(&mut self, key: UserKey) -> RowResult<bool>;
}

/// Secrets by which guests prove what they own.
pub trait GuestRows {
    /// The secret of a guest that has a name, and its SHA-256 hash.
    fn guest_secret(&self, guest: UserKey, name: &str) -> RowResult<Option<(SecretKey, Vec<u8>)>>;
    /// Adds a secret; none where another one has the name.
    fn insert_guest_secret(
        &mut self,
        guest: UserKey,
        name: &str,
        hash: &[u8],
        at: Timestamp,
    ) -> RowResult<Option<SecretKey>>;
    /// Removes all secrets of a guest.
    fn delete_guest_secrets(&mut self, guest: UserKey) -> RowResult<()>;
}
