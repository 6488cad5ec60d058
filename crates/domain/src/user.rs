//! People, guests and services.

use crate::limits::EMAIL_BYTES_MAX;
use crate::{Refusal, Timestamp, UserId, is_visible};

/// Characters of a guest's id that stand in its name where it gave none.
const GUEST_NAME_ID_CHARS: usize = 8;

/// What kind of user it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserKind {
    /// Has an account, or came with a token.
    Registered,
    /// Has no account and is known by the id that it claims, which proves nothing; lives in open rooms only.
    Guest,
    /// Another backend, which comes with its key.
    Service,
}

/// A user as others see it. The email is the account's, not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// Unique among registered users; what a guest says for a guest.
    pub username: String,
    /// The full name, the username where there is none.
    pub name: String,
    /// The end of the name that is its last name, where it was given apart.
    pub last_name: Option<String>,
    /// A link to a picture.
    pub avatar: Option<String>,
    /// Registered, a guest or a service.
    pub kind: UserKind,
    /// When the user was last seen; none if never.
    pub last_seen: Option<Timestamp>,
    /// When the user was made.
    pub created_at: Timestamp,
}

impl User {
    /// Whether this is a guest.
    #[must_use]
    pub fn is_guest(&self) -> bool {
        self.kind == UserKind::Guest
    }

    /// The name of a guest who gave none: the first characters of its id.
    #[must_use]
    pub fn guest_name(id: &UserId) -> String {
        // Of an id that the server gave, the part that tells it from others.
        let told_apart = if id.is_former_guests() { id.as_str().trim_start_matches("guest-") } else { id.as_str() };
        format!("guest-{}", told_apart.chars().take(GUEST_NAME_ID_CHARS).collect::<String>())
    }

    /// Whether this is a service.
    #[must_use]
    pub fn is_service(&self) -> bool {
        self.kind == UserKind::Service
    }

    /// The first and the last name: as they were given while the name ends so, else what is before and after the
    /// first space.
    fn names(&self) -> (&str, &str) {
        let last = self.last_name.as_deref().filter(|last| !last.is_empty());
        let given = last.and_then(|last| Some((self.name.strip_suffix(last)?.strip_suffix(' ')?, last)));
        given.or_else(|| self.name.split_once(' ')).unwrap_or((&self.name, ""))
    }

    /// The first name.
    #[must_use]
    pub fn first_name(&self) -> &str {
        self.names().0
    }

    /// The last name, or nothing.
    #[must_use]
    pub fn last_name(&self) -> &str {
        self.names().1
    }
}

/// Checks that a text can be an email address: something, one `@`, something, and visible characters alone.
///
/// # Errors
/// A refusal that names the field.
pub fn validate_email(text: &str) -> Result<(), Refusal> {
    let parts: Vec<&str> = text.split('@').collect();
    let shaped = matches!(parts[..], [local, host] if !local.is_empty() && host.len() > 1);
    if !shaped || text.len() > EMAIL_BYTES_MAX || !text.chars().all(is_visible) {
        return Err(Refusal::invalid("email", "must be an email address"));
    }
    Ok(())
}
