//! Writes about users, guests and services, and their results.

use crate::{Claims, NewUser, ProfileChange, Scopes, ServerRole, Timestamp, UserId};

/// Creates a registered user. Refused with `ERR_CONFLICT` if the id, name or email address is taken. A guest who has
/// the id loses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterUser {
    /// The user to create.
    pub new: NewUser,
}

/// Finds the user of a token, or creates it from the claims of the token. A guest who has the id loses it, and nothing
/// that the guest did is attributed to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdoptUser {
    /// The claims of the token.
    pub claims: Claims,
}

/// Changes a user's profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeProfile {
    /// The user to change.
    pub user: UserId,
    /// The changes to make.
    pub change: ProfileChange,
}

/// Stores that somebody logged in to an account from a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteLogin {
    /// The user who logged in.
    pub user: UserId,
    /// A keyed hash of the network, computed by the caller.
    pub network: String,
}

/// Replaces the password's hash, and revokes all tokens of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetPassword {
    /// The user whose password it is.
    pub user: UserId,
    /// The new hash, as a PHC string.
    pub hash: String,
}

/// Replaces a hash of a user's password by another hash of the same password, unless the user has another one by now.
/// It revokes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewHash {
    /// The user whose password it is.
    pub user: UserId,
    /// The hash that the password was checked against.
    pub old: String,
    /// The hash to store instead, as a PHC string.
    pub new: String,
}

/// Revokes all tokens of a user; its open connections end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokeTokens {
    /// The user whose tokens they are.
    pub user: UserId,
}

/// Disables a user, or enables it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetDisabled {
    /// The user to disable or enable.
    pub user: UserId,
    /// Whether the user is disabled from now on.
    pub disabled: bool,
}

/// Changes what a person may do on the whole server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetServerRole {
    /// The person who gets the role.
    pub user: UserId,
    /// The role from now on.
    pub role: ServerRole,
}

/// Erases a person: name, email address, credentials, meetups and files at once, memberships and messages by
/// [`ContinueErasure`]. The sequence numbers of the messages stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EraseUser {
    /// The user to erase.
    pub user: UserId,
    /// The user or service that asked for it, for the audit log; none if the operator did.
    pub by: Option<UserId>,
}

/// Ends some of the memberships, then deletes some of the messages, of a user who is being erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContinueErasure {
    /// The user who is being erased.
    pub user: UserId,
}

/// Stores when users were last seen. It causes no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSeen {
    /// The users, each with the moment when it was last seen.
    pub users: Vec<(UserId, Timestamp)>,
}

/// Creates a service, or gives a service without a key a new key. Refused with `ERR_CONFLICT` if the name is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddService {
    /// The name of the service.
    pub name: String,
    /// The SHA-256 hash of its key, in hexadecimal.
    pub hash: String,
    /// What the key is good for.
    pub scopes: Scopes,
}

/// Revokes the key of a service and disables it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoveService {
    /// The name of the service.
    pub name: String,
}

/// Removes some expired rows: changes that are older than the retention of the log, and rows that belong to them; old
/// read notifications; daily counts of past days; bans and silences that have ended; acts that are older than the retention
/// of the audit log; and guests that own nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prune {
    /// The cursor that the previous call returned; 0 for the first call.
    pub after: i64,
}

/// The result of [`Prune`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Whether more rows can be removed at once.
    pub more: bool,
    /// The cursor at which the next call continues.
    pub after: i64,
}

/// Changes nothing, but writes a page of the database, to find out whether anything can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe;
