//! Accounts: a user with what only the server and the user itself may know.

use std::sync::Arc;

use crate::{User, UserId};

/// A registered user with its credentials and private fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user as others see it.
    pub user: Arc<User>,
    /// The email address, which is shown to its owner only.
    pub email: Option<String>,
    /// The hash of the password, as a PHC string; none for users who come with a token of another issuer.
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
}

/// The identifier that a client logs in by. A username is never matched against email addresses, nor the reverse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// An email address, whatever the case.
    Email(String),
    /// A username, in any spelling that is compared equal to one user's alone.
    Username(String),
}

/// A registration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewUser {
    /// The id, where another backend has one for the user; a new one is made where there is none.
    pub id: Option<UserId>,
    /// The username: unique among registered users, compared by [`NameKeys`](crate::NameKeys).
    pub username: String,
    /// The email address: unique, whatever the case.
    pub email: Option<String>,
    /// The full name; the username where there is none.
    pub name: Option<String>,
    /// A link to a picture.
    pub avatar: Option<String>,
    /// The hash of the password, as a PHC string.
    pub password_hash: Option<String>,
    /// The dialect in which the user registers.
    pub home_dialect: Option<String>,
    /// The end of the name that is the last name, where it is given apart.
    pub last_name: Option<String>,
    /// The country that the user gives.
    pub country: Option<String>,
    /// Whether a taken or reserved username gets a number instead of a refusal.
    pub any_username: bool,
    /// Whether a reserved username gets a number: the caller has not checked for reserved names.
    pub number_reserved: bool,
    /// Whether the email address is unverified: it is shown to its owner, but cannot be used to log in.
    pub email_unverified: bool,
}

/// The claims of a token about a user who may not be known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The id of the user.
    pub id: UserId,
    /// The username, if the token has one.
    pub username: Option<String>,
    /// The full name, if the token has one.
    pub name: Option<String>,
    /// The email address, if the token has one.
    pub email: Option<String>,
    /// Whether the issuer vouches that the address is the user's.
    pub email_verified: bool,
    /// A link to a picture, if the token has one.
    pub avatar: Option<String>,
}

/// Changes of a profile; a field that is none stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChange {
    /// A new username.
    pub username: Option<String>,
    /// A new email address.
    pub email: Option<String>,
    /// A new full name.
    pub name: Option<String>,
    /// A new picture; `Some(None)` removes the picture.
    pub avatar: Option<Option<String>>,
    /// The end of the new name that is the last name.
    pub last_name: Option<String>,
    /// A new country.
    pub country: Option<String>,
}
