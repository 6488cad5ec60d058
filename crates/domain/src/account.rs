//! Accounts: users with the fields that only the server and the user itself may see.

use std::sync::Arc;

use crate::{Invited, Metadata, User, UserId};

/// What a person may do on the whole server. A later one may do what an earlier one may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServerRole {
    /// What every person may.
    #[default]
    User,
    /// Looks after what people report.
    Moderator,
    /// Reads the audit log.
    Admin,
}

impl ServerRole {
    /// Every role, from the one with the fewest rights on.
    pub const ALL: [Self; 3] = [Self::User, Self::Moderator, Self::Admin];

    /// The role as text, as it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }

    /// Parses the text of a role; none if there is no such role.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// A registered user with its credentials and private fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user as others see it.
    pub user: Arc<User>,
    /// The email address, which is shown to the user alone.
    pub email: Option<String>,
    /// The hash of the password, as a PHC string; none for users who authenticate with tokens of another issuer.
    pub password_hash: Option<String>,
    /// The dialect in which the user registered.
    pub home_dialect: Option<String>,
    /// The country that the user gave.
    pub country: Option<String>,
    /// The generation of valid tokens. It is incremented when all tokens of the user are revoked.
    pub token_generation: u64,
    /// The moment before which tokens of other issuers are revoked, in seconds since 1970.
    pub tokens_from_s: i64,
    /// Whether the user is disabled.
    pub disabled: bool,
    /// Whether somebody has blocked the user, who must not learn it.
    pub is_blocked: bool,
    /// What the user may do on the whole server.
    pub server_role: ServerRole,
    /// The custom data of the profile, which others see where the profile is shown by itself.
    pub metadata: Option<Metadata>,
}

/// The identifier by which a user logs in. A username is never compared with email addresses, nor the reverse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// An email address, compared without regard to case.
    Email(String),
    /// A username, in any spelling that only one user's name is equal to.
    Username(String),
}

/// The data of a registration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewUser {
    /// The id that another backend has given the user; a new id is generated if there is none.
    pub id: Option<UserId>,
    /// The username, unique among registered users by [`NameKeys`](crate::NameKeys).
    pub username: String,
    /// The email address, unique without regard to case.
    pub email: Option<String>,
    /// The full name; the username if there is none.
    pub name: Option<String>,
    /// A link to a picture.
    pub avatar: Option<String>,
    /// The hash of the password, as a PHC string.
    pub password_hash: Option<String>,
    /// The dialect in which the user registers.
    pub home_dialect: Option<String>,
    /// The last name, if it was given separately: the end of `name`.
    pub last_name: Option<String>,
    /// The country that the user gives.
    pub country: Option<String>,
    /// The custom data of the profile.
    pub metadata: Option<Metadata>,
    /// Whether a taken or reserved username gets a number appended instead of a refusal.
    pub any_username: bool,
    /// Whether a reserved username gets a number appended, because the caller has not checked for reserved names.
    pub number_reserved: bool,
    /// Whether the email address is unverified. It is then shown to its owner, but cannot be used to log in.
    pub email_unverified: bool,
    /// The invitation by which the user registers, which is used up in the same write.
    pub invited: Option<Invited>,
}

/// The claims of a token about a user who may not have an account yet.
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
    /// Whether the issuer has verified that the address belongs to the user.
    pub email_verified: bool,
    /// A link to a picture, if the token has one.
    pub avatar: Option<String>,
}

/// Changes of a profile; a field that is `None` stays unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChange {
    /// The new username.
    pub username: Option<String>,
    /// The new email address.
    pub email: Option<String>,
    /// The new full name.
    pub name: Option<String>,
    /// A link to the new picture; `Some(None)` removes the picture.
    pub avatar: Option<Option<String>>,
    /// The new last name: the end of the new `name`.
    pub last_name: Option<String>,
    /// The new country.
    pub country: Option<String>,
    /// The new custom data; an empty object removes it.
    pub metadata: Option<Metadata>,
}
