//! Writes about users, guests and services, and their results.

use crate::{Claims, NewUser, ProfileChange, Timestamp, UserId};

/// Makes a registered user; `ERR_CONFLICT` on a taken id, name or email address. A guest who has the id gives it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterUser {
    /// The user to make.
    pub new: NewUser,
}

/// Finds the user of a token, or makes it from the token's claims. A guest who has the id gives it up, and nothing that
/// the guest did becomes the user's.
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
    /// The changes.
    pub change: ProfileChange,
}

/// Remembers that an account was logged in to from a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteLogin {
    /// The user who logged in.
    pub user: UserId,
    /// A keyed hash of the network, made by the caller.
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

/// Revokes all tokens of a user; its open connections end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokeTokens {
    /// The user whose tokens they are.
    pub user: UserId,
}

/// Bars a user, or lets it in again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetDisabled {
    /// The user to bar.
    pub user: UserId,
    /// Whether the user is barred from now on.
    pub disabled: bool,
}

/// Erases a person: name, email address, credentials, meetups and files at once, memberships and messages by
/// [`ContinueErasure`]. Sequence numbers keep their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EraseUser {
    /// The user to erase.
    pub user: UserId,
}

/// Ends some of the memberships, then deletes some of the messages, of a user who is erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContinueErasure {
    /// The user who is erased.
    pub user: UserId,
}

/// Remembers when users were last seen; nobody is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSeen {
    /// The users, each with the moment.
    pub users: Vec<(UserId, Timestamp)>,
}

/// Makes a service, or gives one without a key a new one; `ERR_CONFLICT` on a taken name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddService {
    /// The name of the service.
    pub name: String,
    /// The SHA-256 hash of its key, in hexadecimal.
    pub hash: String,
}

/// Takes a service's key away and bars it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoveService {
    /// The name of the service.
    pub name: String,
}

/// Removes some expired rows: changes beyond the days that they are kept, and rows that belong to them; notifications
/// that were read long ago; daily counts of past days; and guests that own nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prune {
    /// The mark that the previous call returned; 0 at first.
    pub after: i64,
}

/// The result of [`Prune`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Whether there is more to remove at once.
    pub more: bool,
    /// The mark at which the next call continues.
    pub after: i64,
}

/// Changes nothing, but writes a page of the database, to find out whether anything can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe;
