//! Rows of users, their credentials and counts, and the secrets of guests, and the operations on them.
//!
//! What must stay true: usernames and email addresses are unique by their keys; the key of a user is never reused while
//! the log refers to it.

use std::sync::Arc;

use quintet_domain::{Account, Metadata, Scopes, ServerRole, Timestamp, User, UserId};

use crate::{ConversationKey, FileKey, RowResult, SecretKey, UserKey};

/// The keys by which a username is compared; see [`NameKeys`](quintet_domain::NameKeys).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserNames {
    /// The username in lower case, which is unique.
    pub username_key: String,
    /// The comparison key; `None` for users who are erased.
    pub key: Option<String>,
    /// The key of the name's appearance; `None` for users who are erased.
    pub look: Option<String>,
}

/// The progress of the deletion of an erased person's messages, conversation by conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErasureProgress {
    /// The conversation whose messages are being deleted. Conversations with smaller keys are done.
    pub conversation: ConversationKey,
    /// The sequence number up to which the messages of that conversation are done.
    pub sequence: u64,
}

impl ErasureProgress {
    /// The progress of an erasure that has deleted no message.
    pub const START: Self = Self { conversation: ConversationKey(0), sequence: 0 };
}

/// The row of a user: registered, guest or service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    /// The key of the row.
    pub key: UserKey,
    /// The user as others see it.
    pub user: Arc<User>,
    /// The keys of the username; `None` for guests, whose names are not unique.
    pub names: Option<UserNames>,
    /// The email address as it was given.
    pub email: Option<String>,
    /// The email address in lower case, which is unique; `None` if the address is not verified.
    pub email_key: Option<String>,
    /// The hash of the password, as a PHC string.
    pub password_hash: Option<String>,
    /// The dialect in which the user registered.
    pub home_dialect: Option<String>,
    /// The country that the user gave.
    pub country: Option<String>,
    /// The custom data of the profile; `None` if there is none.
    pub metadata: Option<Metadata>,
    /// The generation of tokens that are valid. It is incremented to revoke all tokens of the user.
    pub token_generation: u64,
    /// The time in seconds since 1970 before which tokens of other issuers are revoked.
    pub tokens_from_s: i64,
    /// Whether the user is disabled and cannot log in.
    pub disabled: bool,
    /// Whether somebody is hidden from the user: it has blocked the user, or has not accepted that the user writes to it.
    pub is_blocked: bool,
    /// The position of the last change of the user's own blocks; `None` if they never changed.
    pub blocks_position: Option<u64>,
    /// What the user may do on the whole server.
    pub server_role: ServerRole,
    /// Whether the person was erased for good.
    pub erased: bool,
    /// The progress of the deletion of an erased person's messages; `None` when it is complete, or for other users.
    pub erasing: Option<ErasureProgress>,
    /// The uploaded file that is the user's picture, and that the profile keeps available.
    pub picture: Option<FileKey>,
    /// The id that a guest had before an account took it.
    pub former_id: Option<UserId>,
}

impl UserRow {
    /// The user as an account.
    #[must_use]
    pub fn account(&self) -> Account {
        Account {
            user: Arc::clone(&self.user),
            email: self.email.clone(),
            password_hash: self.password_hash.clone(),
            home_dialect: self.home_dialect.clone(),
            country: self.country.clone(),
            metadata: self.metadata.clone(),
            token_generation: self.token_generation,
            tokens_from_s: self.tokens_from_s,
            disabled: self.disabled,
            is_blocked: self.is_blocked,
            server_role: self.server_role,
        }
    }
}

/// The number of rows and bytes that a user has, kept so that a limit is checked by one read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserCounts {
    /// The number of conversations that the user is a member of.
    pub conversations: i64,
    /// The number of notifications that are kept for the user.
    pub notifications: i64,
    /// The number of bytes of all files that the user uploaded.
    pub file_bytes: i64,
}

/// A change of [`UserCounts`].
pub type CountDelta = UserCounts;

/// Operations on the rows of users and their details.
pub trait UserRows {
    /// The user who has an id now.
    fn user(&self, id: &UserId) -> RowResult<Option<UserRow>>;
    /// A user by its key.
    fn user_by_key(&self, key: UserKey) -> RowResult<Option<UserRow>>;
    /// The user with an email address, in lower case.
    fn user_by_email_key(&self, email_key: &str) -> RowResult<Option<UserRow>>;
    /// The user with a username, in lower case.
    fn user_by_username_key(&self, username_key: &str) -> RowResult<Option<UserRow>>;
    /// Users whose username has a comparison key, by their keys; at most `limit`.
    fn users_by_name_key(&self, name_key: &str, limit: usize) -> RowResult<Vec<UserKey>>;
    /// Whether a user other than `except` has this username key, comparison key or appearance.
    fn name_is_taken(&self, username_key: &str, key: &str, look: &str, except: Option<UserKey>) -> RowResult<bool>;
    /// Inserts a user, whose `key` is ignored. Returns its new key.
    fn insert_user(&mut self, row: &UserRow) -> RowResult<UserKey>;
    /// Replaces a user.
    fn update_user(&mut self, row: &UserRow) -> RowResult<()>;
    /// Deletes a user, unless another row refers to it. Returns whether it was deleted.
    fn delete_user(&mut self, key: UserKey) -> RowResult<bool>;
    /// Records when a user was last seen.
    fn set_last_seen(&mut self, key: UserKey, at: Timestamp) -> RowResult<()>;
    /// The counts of a user.
    fn user_counts(&self, key: UserKey) -> RowResult<UserCounts>;
    /// Adds to the counts of a user. Returns the sums.
    fn add_user_counts(&mut self, key: UserKey, delta: CountDelta) -> RowResult<UserCounts>;
    /// Guests whose keys are greater than `after`, by their keys; at most `limit`.
    fn guests(&self, after: UserKey, limit: usize) -> RowResult<Vec<UserRow>>;
    /// The greatest key of all users.
    fn newest_user(&self) -> RowResult<Option<UserKey>>;

    /// Adds to the counts of a user on a day (in days since 1970, UTC): people added to conversations, and strangers
    /// written to. Counts of an earlier day restart at 0. Returns the sums of the day.
    fn add_contacts(&mut self, key: UserKey, day: i64, added: i64, direct: i64) -> RowResult<(i64, i64)>;
    /// Deletes up to `limit` counts of days before `day`. Returns how many were deleted.
    fn prune_contacts(&mut self, day: i64, limit: usize) -> RowResult<usize>;

    /// Records that a user logged in from a network at a time.
    fn set_login_network(&mut self, key: UserKey, network: &str, at: Timestamp) -> RowResult<()>;
    /// When a user last logged in from a network.
    fn login_network(&self, key: UserKey, network: &str) -> RowResult<Option<Timestamp>>;
    /// Deletes all networks of a user.
    fn delete_login_networks(&mut self, key: UserKey) -> RowResult<()>;
    /// Deletes the networks of a user that were used longest ago, so that at most `keep` remain.
    fn trim_login_networks(&mut self, key: UserKey, keep: usize) -> RowResult<()>;
    /// Deletes up to `limit` networks that were last used before a time. Returns how many were deleted.
    fn prune_login_networks(&mut self, before: Timestamp, limit: usize) -> RowResult<usize>;

    /// Sets the key of a service, by its hash, and what it is good for. Returns whether it had none.
    fn insert_service_key(&mut self, key: UserKey, of: (&str, Scopes), at: Timestamp) -> RowResult<bool>;
    /// Deletes the key of a service. Returns whether it had one.
    fn delete_service_key(&mut self, key: UserKey) -> RowResult<bool>;
}

/// Operations on the secrets by which guests prove what they own.
pub trait GuestRows {
    /// The secret of a guest with a name, and its SHA-256 hash.
    fn guest_secret(&self, guest: UserKey, name: &str) -> RowResult<Option<(SecretKey, Vec<u8>)>>;
    /// Inserts a secret. Returns `None` if another secret of the guest has the name.
    fn insert_guest_secret(
        &mut self,
        guest: UserKey,
        name: &str,
        hash: &[u8],
        at: Timestamp,
    ) -> RowResult<Option<SecretKey>>;
    /// Deletes all secrets of a guest.
    fn delete_guest_secrets(&mut self, guest: UserKey) -> RowResult<()>;
}
