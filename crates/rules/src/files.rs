//! Rules about files: announcing, completing, referring to and forgetting them.
//!
//! What must stay true: whether a file is available is computed from what refers to it, and never stored: a file does
//! not outlive the message, the conversation or the person. The bytes of a user's files and of all files are counted
//! with every change of a file's size.

use quintet_domain::limits::{FILE_BYTES_MAX, UPLOAD_WAITS_SECONDS, UPLOADS_WAITING_MAX};
use quintet_domain::{Code, CompleteFile, FILES_PATH, NewFile, Refusal, Timestamp, file_of_link, validate_link};

use crate::rows::{FileRow, FileUse, UserCounts, UserRow};
use crate::transaction::Transaction;
use crate::{FileKey, RuleResult, UserKey};

/// The time in milliseconds for which the bytes of an unavailable file are kept.
const GRACE_MS: i64 = 60 * 60 * 1_000;

/// Maximum number of files of an erased person that one statement reads.
const FILES_AT_ONCE: usize = 500;

/// The time before which an upload that nothing refers to has expired.
fn waiting_since(now: Timestamp) -> Timestamp {
    now.plus_ms(-UPLOAD_WAITS_SECONDS * 1_000)
}

/// Whether a client with the file's secret may download it: a message that is not deleted carries it, or it is a user's
/// or a conversation's picture, or it was uploaded within a day by a user who is not disabled, and no message has carried it.
#[must_use]
pub fn is_available(file: &FileRow, used: FileUse, now: Timestamp) -> bool {
    let waits = !used.carried && file.created_at > waiting_since(now) && !used.uploader_disabled;
    file.size.is_some() && (used.carried_alive || used.picture || waits)
}

/// Whether the bytes of a file can be deleted: it has been unavailable for an hour, and its upload is not in progress.
#[must_use]
pub fn is_orphaned(file: &FileRow, used: FileUse, now: Timestamp) -> bool {
    let before = now.plus_ms(-GRACE_MS);
    let arriving = file.size.is_none() && file.created_at > waiting_since(before);
    !is_available(file, used, before) && !arriving
}

/// The number of bytes of a quota that are left. A quota of 0 means no limit.
fn left(quota: u64, used: i64) -> u64 {
    match quota {
        0 => u64::MAX,
        quota => quota.saturating_sub(u64::try_from(used).unwrap_or_default()),
    }
}

/// The number of bytes that the next file of a user may have. Refuses a file of `wanted` bytes that exceeds a quota.
fn room(tx: &mut Transaction<'_>, uploader: &UserRow, wanted: u64) -> RuleResult<u64> {
    let (own_quota, shared_quota) = (tx.quotas().user_file_bytes, tx.quotas().total_file_bytes);
    let used = tx.user_details().user_counts(uploader.key)?.file_bytes;
    let own = if uploader.user.is_service() { u64::MAX } else { left(own_quota, used) };
    if own < wanted {
        let message = format!("Your files have {used} bytes of the {own_quota} that they may have: delete some first.");
        return Err(Refusal::new(Code::TooLarge, message).into());
    }
    let shared = left(shared_quota, tx.files().total_file_bytes()?);
    if shared < wanted {
        let message = "The files of this server have all the room that they may have; nothing was kept.";
        return Err(Refusal::new(Code::StorageFull, message).into());
    }
    Ok(own.min(shared).min(FILE_BYTES_MAX))
}

/// Records that a file is about to be uploaded. Returns the number of bytes that it may have.
pub(crate) fn announce(tx: &mut Transaction<'_>, new: NewFile) -> RuleResult<u64> {
    let uploader = tx.registered(&new.uploader)?;
    let now = tx.now;
    let since = waiting_since(now);
    let (waiting, oldest) = tx.files().waiting_files(uploader.key, since)?;
    if waiting >= UPLOADS_WAITING_MAX && !uploader.user.is_service() {
        let message = format!(
            "{UPLOADS_WAITING_MAX} files of yours are in no message yet, and are no pictures: send some of them first."
        );
        // At the latest, the user may retry when the oldest of them has expired.
        let wait = oldest.map_or(0, |oldest| oldest.0 - since.0);
        let wait = u64::try_from(wait).unwrap_or_default();
        return Err(Refusal { retry_after_ms: Some(wait), ..Refusal::new(Code::RateLimited, message) }.into());
    }
    let bytes_max = room(tx, &uploader, 1)?;
    tx.files().insert_file(&FileRow {
        key: FileKey(0),
        id: new.id,
        secret: new.secret,
        uploader: uploader.key,
        name: new.name,
        size: None,
        mime: None,
        image: None,
        created_at: now,
    })?;
    Ok(bytes_max)
}

/// Records that the upload of a file is complete.
pub(crate) fn complete(tx: &mut Transaction<'_>, write: CompleteFile) -> RuleResult<()> {
    let CompleteFile { id, file } = write;
    let row = tx.files().file(&id)?.ok_or_else(|| Refusal::invalid("file", "took too long to come"))?;
    let uploader = tx.user_by_key(row.uploader)?;
    // Other uploads may have completed in the meantime.
    room(tx, &uploader, file.size)?;
    let sized = FileRow { size: Some(file.size), mime: Some(file.mime), image: file.image, ..row.clone() };
    tx.files().update_file(&sized)?;
    count(tx, row.uploader, bytes(sized.size) - bytes(row.size))
}

/// The number of bytes of a file that count towards quotas.
fn bytes(size: Option<u64>) -> i64 {
    i64::try_from(size.unwrap_or_default()).unwrap_or(i64::MAX)
}

/// Adds to the byte counts of a user's files and of all files.
fn count(tx: &mut Transaction<'_>, uploader: UserKey, file_bytes: i64) -> RuleResult<()> {
    if file_bytes != 0 {
        tx.user_details().add_user_counts(uploader, UserCounts { file_bytes, ..UserCounts::default() })?;
        tx.files().add_total_file_bytes(file_bytes)?;
    }
    Ok(())
}

/// Removes all files of a person who is erased, even if messages of others carry them.
pub(crate) fn erase_all_of(tx: &mut Transaction<'_>, uploader: UserKey) -> RuleResult<()> {
    let (mut after, mut removed) = (None, 0);
    loop {
        let found = tx.files().files_of(uploader, after, FILES_AT_ONCE)?;
        let complete = found.len() < FILES_AT_ONCE;
        after = found.last().map(|file| file.key);
        for file in found {
            removed += bytes(file.size);
            tx.files().update_file(&FileRow { size: None, name: None, created_at: Timestamp(0), ..file })?;
        }
        if complete {
            return count(tx, uploader, -removed);
        }
    }
}

/// The available file that a link refers to, if the link is exactly that of a file of this server.
fn of_link(tx: &mut Transaction<'_>, url: &str) -> RuleResult<Option<FileRow>> {
    let Some((id, secret)) = file_of_link(url) else { return Ok(None) };
    let Some(file) = tx.files().file(id)?.filter(|file| file.secret == secret) else { return Ok(None) };
    let (used, now) = (tx.files().file_use(file.key)?, tx.now);
    Ok(Some(file).filter(|file| is_available(file, used, now)))
}

/// The file of this server that the link of a message or a picture refers to; `None` for a link to another server.
///
/// # Errors
/// Refuses a link to this server's own path that refers to no available file, and a link that is not encrypted.
pub(crate) fn row_of_link(tx: &mut Transaction<'_>, field: &str, url: &str) -> RuleResult<Option<FileRow>> {
    match of_link(tx, url)? {
        Some(file) => Ok(Some(file)),
        None if url.starts_with(FILES_PATH) => {
            Err(Refusal::invalid(field, "names no file that this server has").into())
        }
        // `FileLink::new` lets `http` pass, because the address could have been this server's own.
        None => validate_link(field, url).map(|()| None).map_err(Into::into),
    }
}

/// The file that a user's profile keeps available: the file that its picture links to, if the user itself or a service
/// uploaded it. A profile does not keep the files of other people available.
pub(crate) fn picture_of(tx: &mut Transaction<'_>, user: UserKey, avatar: Option<&str>) -> RuleResult<Option<FileKey>> {
    let Some(url) = avatar else { return Ok(None) };
    let Some(file) = of_link(tx, url)? else { return Ok(None) };
    Ok(is_offered(tx, &file, user)?.then_some(file.key))
}

/// Whether a file may be kept as a picture that a user chooses: the user itself or a service uploaded it.
pub(crate) fn is_offered(tx: &mut Transaction<'_>, file: &FileRow, user: UserKey) -> RuleResult<bool> {
    Ok(file.uploader == user || tx.user_by_key(file.uploader)?.user.is_service())
}

/// Deletes the rows of files whose bytes are gone.
pub(crate) fn forget(tx: &mut Transaction<'_>, ids: &[String]) -> RuleResult<()> {
    for id in ids {
        if let Some(file) = tx.files().file(id)? {
            tx.files().delete_file(file.key)?;
            count(tx, file.uploader, -bytes(file.size))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 60 * 60 * 1_000;
    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    const NOTHING: FileUse = FileUse { carried: false, carried_alive: false, picture: false, uploader_disabled: false };
    const CARRIED: FileUse = FileUse { carried: true, carried_alive: true, ..NOTHING };
    const WAS_CARRIED: FileUse = FileUse { carried: true, ..NOTHING };
    const PICTURE: FileUse = FileUse { picture: true, ..NOTHING };
    const BARRED: FileUse = FileUse { uploader_disabled: true, ..NOTHING };

    /// A file that was announced a number of hours ago, less one minute.
    fn file(complete: bool, hours: i64) -> FileRow {
        FileRow {
            key: FileKey(1),
            id: "f-1".to_owned(),
            secret: "s-1".to_owned(),
            uploader: UserKey(1),
            name: None,
            size: complete.then_some(7),
            mime: None,
            image: None,
            created_at: NOW.plus_ms(60_000 - hours * HOUR_MS),
        }
    }

    #[test]
    fn a_file_is_available_while_something_refers_to_it() {
        // Each case: whether the file is complete, its age in hours, its references; whether it is available, and
        // orphaned.
        for (complete, hours, used, available, orphaned) in [
            (true, 1, NOTHING, true, false),
            (true, 24, NOTHING, true, false),
            (true, 25, NOTHING, false, false),
            (true, 26, NOTHING, false, true),
            (true, 1, BARRED, false, true),
            (true, 1, WAS_CARRIED, false, true),
            (true, 1_000, CARRIED, true, false),
            (true, 1_000, PICTURE, true, false),
            (true, 1_000, FileUse { uploader_disabled: true, ..CARRIED }, true, false),
            (true, 1_000, FileUse { picture: true, ..WAS_CARRIED }, true, false),
            (false, 1, NOTHING, false, false),
            (false, 25, NOTHING, false, false),
            (false, 26, NOTHING, false, true),
            (false, 1, CARRIED, false, false),
            (false, 1_000, CARRIED, false, true),
            (false, 1_000, PICTURE, false, true),
        ] {
            let file = file(complete, hours);
            let (is_available, is_orphaned) = (is_available(&file, used, NOW), is_orphaned(&file, used, NOW));
            assert_eq!((is_available, is_orphaned), (available, orphaned), "{complete} {hours} {used:?}");
        }
    }

    #[test]
    fn an_upload_is_over_at_the_end_of_its_day() {
        let at = |ms| FileRow { created_at: NOW.plus_ms(-UPLOAD_WAITS_SECONDS * 1_000 + ms), ..file(true, 0) };
        assert!(!is_available(&at(0), NOTHING, NOW));
        assert!(is_available(&at(1), NOTHING, NOW));
        assert!(!is_orphaned(&at(1 - GRACE_MS), NOTHING, NOW));
        assert!(is_orphaned(&at(-GRACE_MS), NOTHING, NOW));
    }

    #[test]
    fn a_quota_of_zero_is_none() {
        for (quota, used, room) in [(0, 5, u64::MAX), (10, 4, 6), (10, 10, 0), (10, 11, 0), (10, -1, 10)] {
            assert_eq!(left(quota, used), room, "{quota} {used}");
        }
    }
}
