//! What the pages of all lists share, whatever the store: the cursors at which they end, and their size in bytes.
//!
//! What must stay true: clients keep cursors across an update of the server, so their form must not change.

use quintet_domain::{Message, Refusal, User};

/// Approximate bytes of a list item without its names, links and texts: ids, times, flags.
const ITEM_BYTES: usize = 300;

fn bad_mark() -> Refusal {
    Refusal::invalid("cursor", "must be the `next` of an earlier page")
}

/// The cursor at the end of a page of conversations: the time of the last change, and the key of the row.
pub(crate) fn activity_mark(updated_at: i64, key: i64) -> String {
    format!("{updated_at}.{key}")
}

/// Parses the cursor after which a page of conversations begins; without one the page is the first.
///
/// # Errors
/// Refuses a text that is not such a cursor.
pub(crate) fn after_activity(mark: Option<&str>) -> Result<(i64, i64), Refusal> {
    let Some(mark) = mark else { return Ok((i64::MAX, i64::MAX)) };
    let parts = mark.split_once('.').and_then(|(at, key)| Some((at.parse().ok()?, key.parse().ok()?)));
    parts.ok_or_else(bad_mark)
}

/// The cursor at the end of a page of members: the number of the conversation's change by which the last one joined, and its key.
pub(crate) fn joined_mark(joined_sequence: i64, key: i64) -> String {
    format!("{joined_sequence}.{key}")
}

/// Parses the cursor after which a page of members begins; without one the page is the first.
///
/// # Errors
/// Refuses a text that is not such a cursor.
pub(crate) fn after_joined(mark: Option<&str>) -> Result<(i64, i64), Refusal> {
    mark.map_or(Ok((i64::MIN, i64::MIN)), |mark| after_activity(Some(mark)))
}

/// Parses the key before which a page of rows begins, newest first; without one the page is the first.
///
/// # Errors
/// Refuses a text that is not such a key.
pub(crate) fn before_key(mark: Option<&str>) -> Result<i64, Refusal> {
    mark.map_or(Ok(i64::MAX), |mark| mark.parse().map_err(|_| bad_mark()))
}

/// Parses the key after which a page of rows begins, oldest first; without one the page is the first.
///
/// # Errors
/// Refuses a text that is not such a key.
pub(crate) fn after_key(mark: Option<&str>) -> Result<i64, Refusal> {
    mark.map_or(Ok(i64::MIN), |mark| mark.parse().map_err(|_| bad_mark()))
}

/// Approximate bytes of a user in a list.
pub(crate) fn user_bytes(user: &User) -> usize {
    ITEM_BYTES + user.username.len() + user.name.len() + user.avatar.as_ref().map_or(0, String::len)
}

/// Approximate bytes of a message and its sender in a list.
pub(crate) fn message_bytes(message: &Message) -> usize {
    let file = message.file.as_ref().map_or(0, |file| file.url.len() + file.name.as_ref().map_or(0, String::len));
    let details = message.details.as_ref().map_or(0, |details| details.size_bytes());
    let texts = message.content.len() + file + details + message.sender.avatar.as_ref().map_or(0, String::len);
    2 * ITEM_BYTES + texts + message.sender.username.len() + message.sender.name.len()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_as_they_were_written() {
        assert_eq!(after_activity(Some(&activity_mark(1_700_000_000_000, 7))).unwrap(), (1_700_000_000_000, 7));
        assert_eq!(after_activity(None).unwrap(), (i64::MAX, i64::MAX));
        assert_eq!(after_joined(Some(&joined_mark(0, 7))).unwrap(), (0, 7));
        assert_eq!(after_joined(None).unwrap(), (i64::MIN, i64::MIN));
        assert_eq!(before_key(Some("12")).unwrap(), 12);
        assert_eq!(before_key(None).unwrap(), i64::MAX);
        assert_eq!((after_key(Some("12")).unwrap(), after_key(None).unwrap()), (12, i64::MIN));
        for bad in ["", "7", "a.7", "7.", "7.7.7"] {
            let refusal = after_activity(Some(bad)).unwrap_err();
            assert_eq!(refusal.message, "`cursor` must be the `next` of an earlier page.", "{bad:?}");
        }
        assert!(before_key(Some("1.2")).is_err() && after_key(Some("")).is_err());
    }
}
