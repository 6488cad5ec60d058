//! Users: registered people, guests, and services.

use crate::{Timestamp, UserId};

/// Number of characters of a guest's id in its name, if it gave no name.
const GUEST_NAME_ID_CHARS: usize = 8;

/// The kind of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserKind {
    /// A person who has an account, or who came with a token of another issuer.
    Registered,
    /// A person without an account, who is identified by an id that proves nothing. Guests can only use open rooms.
    Guest,
    /// Another backend, which authenticates by its key.
    Service,
}

/// A user as others see it. Private fields, such as the email address, are in [`Account`](crate::Account).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The id of the user.
    pub id: UserId,
    /// The username: unique among registered users, freely chosen by guests.
    pub username: String,
    /// The full name; the username if there is none.
    pub name: String,
    /// The last name, if it was given separately: the end of `name`.
    pub last_name: Option<String>,
    /// A link to a picture.
    pub avatar: Option<String>,
    /// Whether the user is registered, a guest or a service.
    pub kind: UserKind,
    /// When the user was last seen; none if the user never was.
    pub last_seen: Option<Timestamp>,
    /// When the user was created.
    pub created_at: Timestamp,
}

impl User {
    /// Whether this is a guest.
    #[must_use]
    pub fn is_guest(&self) -> bool {
        self.kind == UserKind::Guest
    }

    /// Returns the name of a guest who gave none: `guest-` and the first characters of its id.
    #[must_use]
    pub fn guest_name(id: &UserId) -> String {
        // In an id that the server generated, only the part after the prefix distinguishes guests.
        let distinct = if id.is_former_guests() { id.as_str().trim_start_matches("guest-") } else { id.as_str() };
        format!("guest-{}", distinct.chars().take(GUEST_NAME_ID_CHARS).collect::<String>())
    }

    /// Whether this is a service.
    #[must_use]
    pub fn is_service(&self) -> bool {
        self.kind == UserKind::Service
    }

    /// Returns the first and the last name. They are split where the given last name begins, if `name` still ends with
    /// it, and at the first space otherwise.
    fn names(&self) -> (&str, &str) {
        let last = self.last_name.as_deref().filter(|last| !last.is_empty());
        let given = last.and_then(|last| Some((self.name.strip_suffix(last)?.strip_suffix(' ')?, last)));
        given.or_else(|| self.name.split_once(' ')).unwrap_or((&self.name, ""))
    }

    /// Returns the first name.
    #[must_use]
    pub fn first_name(&self) -> &str {
        self.names().0
    }

    /// Returns the last name; empty if there is none.
    #[must_use]
    pub fn last_name(&self) -> &str {
        self.names().1
    }
}
