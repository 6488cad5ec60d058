//! Rules about usernames: looking one up, refusing one that is taken, and finding a free one.
//!
//! What must stay true: no two registered users get usernames that readers would confuse. Users who have such names
//! from an earlier version keep them, and are then found by their exact usernames only.

use quintet_domain::limits::NAME_CHARS_MAX;
use quintet_domain::{Login, NameKeys, Refusal, UserId, email_keys, normal_username, username_from, username_keys};

use crate::rows::{UserNames, UserRow, UserRows};
use crate::transaction::Transaction;
use crate::{RowResult, RuleResult, UserKey};

/// Number of characters of an id in the username of a user whose token names none.
const NAME_FROM_ID_CHARS: usize = 8;

/// Number of characters reserved for the number after a username that is taken.
const SUFFIX_CHARS_MAX: usize = 10;

/// Numbers after a taken username are tried in order up to this one, and are random beyond it.
const SUFFIXES_IN_ORDER: u32 = 9;

/// The user of a username at a login: the user of exactly this name in any case, else the only user whose username
/// compares equal; `None` if there are several.
///
/// # Errors
/// An error of the store.
pub fn owner(rows: &dyn UserRows, username: &str) -> RowResult<Option<UserKey>> {
    let exact = username_keys(username);
    // No user has so long a name, and computing its key could take seconds.
    if exact.is_empty() {
        return Ok(None);
    }
    for key in exact {
        if let Some(row) = rows.user_by_username_key(&key)? {
            return Ok(Some(row.key));
        }
    }
    let found = rows.users_by_name_key(&NameKeys::of(&normal_username(username)).key, 2)?;
    Ok(if let [only] = found[..] { Some(only) } else { None })
}

/// The user who logs in: by an email address in any case and form, or by a username as [`owner`] finds it.
///
/// # Errors
/// An error of the store.
pub fn user_of_login(rows: &dyn UserRows, login: &Login) -> RowResult<Option<UserRow>> {
    match login {
        Login::Email(email) => {
            for key in email_keys(email) {
                if let Some(row) = rows.user_by_email_key(&key)? {
                    return Ok(Some(row));
                }
            }
            Ok(None)
        }
        Login::Username(username) => match owner(rows, username)? {
            Some(key) => rows.user_by_key(key),
            None => Ok(None),
        },
    }
}

/// The keys of a username, as its row holds them.
pub(crate) fn keys_of(username: &str) -> UserNames {
    let NameKeys { key, look } = NameKeys::of(username);
    UserNames { username_key: username.to_lowercase(), key: Some(key), look: Some(look) }
}

/// Refuses a username that a user other than `except` has, or that readers would confuse with it.
pub(crate) fn refuse_taken(tx: &mut Transaction<'_>, username: &str, except: Option<UserKey>) -> RuleResult<()> {
    if !is_taken(tx, username, &NameKeys::of(username), except)? {
        return Ok(());
    }
    let owner = tx.user_details().user_by_username_key(&username.to_lowercase())?;
    let exactly = owner.is_some_and(|row| Some(row.key) != except);
    let why = if exactly { "is taken" } else { "looks like one that is taken" };
    Err(Refusal::conflict(format!("The username `{username}` {why}.")).in_field("username").into())
}

fn is_taken(
    tx: &mut Transaction<'_>,
    username: &str,
    NameKeys { key, look }: &NameKeys,
    except: Option<UserKey>,
) -> RuleResult<bool> {
    Ok(tx.user_details().name_is_taken(&username.to_lowercase(), key, look, except)?)
}

/// A username that is neither taken nor reserved, and close to the wished one.
pub(crate) fn free(tx: &mut Transaction<'_>, wish: &str) -> RuleResult<String> {
    numbered(tx, if is_reserved_once_numbered(wish) { "user" } else { wish })
}

/// A free username for a user of another issuer: made from the names in its token, else from its id.
pub(crate) fn free_for(tx: &mut Transaction<'_>, id: &UserId, names: [Option<&str>; 2]) -> RuleResult<String> {
    let wish = wish_of(id, names);
    numbered(tx, &wish)
}

/// The username to try first for a user of another issuer.
fn wish_of(id: &UserId, names: [Option<&str>; 2]) -> String {
    let mut wishes = names.into_iter().flatten().map(username_from);
    let wish = wishes.find(|name| !name.is_empty() && !is_reserved_once_numbered(name));
    wish.unwrap_or_else(|| {
        let from_id: String = username_from(id.as_str()).chars().take(NAME_FROM_ID_CHARS).collect();
        format!("user-{}", if from_id.is_empty() { "1" } else { &from_id })
    })
}

/// Whether a name, or the name with a number appended, begins like the names that the server assigns, such as
/// `guest-2`.
fn is_reserved_once_numbered(name: &str) -> bool {
    NameKeys::of(&format!("{name}-")).has_reserved_prefix()
}

/// The wished name if it is free, else the name with the first number that makes it free.
fn numbered(tx: &mut Transaction<'_>, wish: &str) -> RuleResult<String> {
    let wish: String = wish.chars().take(NAME_CHARS_MAX - SUFFIX_CHARS_MAX).collect();
    let mut name = wish.clone();
    let mut number = 1;
    loop {
        let keys = NameKeys::of(&name);
        if !keys.is_reserved_word() && !is_taken(tx, &name, &keys, None)? {
            return Ok(name);
        }
        number += 1;
        // If many users share a name, the smaller numbers are not all tried.
        name = match number {
            ..=SUFFIXES_IN_ORDER => format!("{wish}-{number}"),
            _ => format!("{wish}-{}", tx.secret() % 1_000_000_000),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_user_or_the_id_does() {
        let id = UserId::trusted("64f8b0c3a5e7e6b8d7c1a9d9");
        for (names, wish) in [
            ([Some("alice"), Some("Alice Smith")], "alice"),
            ([Some("alice@example.org"), None], "alice"),
            ([None, Some("Alice Smith")], "Alice.Smith"),
            ([Some(""), Some("Bob")], "Bob"),
            ([Some("guest"), Some("Bob")], "Bob"),
            ([Some("guest-7"), None], "user-64f8b0c3"),
            ([None, None], "user-64f8b0c3"),
        ] {
            assert_eq!(wish_of(&id, names), wish, "{names:?}");
        }
        assert_eq!(wish_of(&UserId::trusted("@@@"), [None, None]), "user-1");
    }

    #[test]
    fn names_that_only_the_server_gives() {
        for name in ["guest", "Guest", "guest-2", "deleted"] {
            assert!(is_reserved_once_numbered(name), "{name}");
        }
        for name in ["alice", "guestbook", "user"] {
            assert!(!is_reserved_once_numbered(name), "{name}");
        }
    }

    #[test]
    fn the_username_key_is_the_name_in_lower_case() {
        let UserNames { username_key, key, look } = keys_of("Alice");
        assert_eq!(username_key, "alice");
        assert!(key.is_some() && look.is_some());
        assert_eq!(keys_of("ALICE").key, keys_of("alice").key);
    }
}
