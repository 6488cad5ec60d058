//! Files: announced, complete, carried, and over.
//!
//! What must stay true: whether a file may be had is worked out from what carries it, never noted: it cannot outlive
//! the message, the conversation or the person.

use quintet_domain::limits::{FILE_BYTES_MAX, UPLOAD_WAITS_SECONDS, UPLOADS_WAITING_MAX};
use quintet_domain::{Code, FILES_PATH, Refusal, Timestamp, file_of_link};
use rusqlite::{Connection, OptionalExtension, params};

use super::queries::Read;
use super::rows;
use super::tx::{Tx, Written};
use crate::{NewFile, OrphanedFiles, StoredFile};

/// Whether the file `f` may be had, at the moment `?1`: a message that is there carries it, or a profile, or
/// it was just uploaded by somebody who is there. A profile keeps what its user, or a service, uploaded: nobody keeps
/// another's file alive.
const ALIVE: &str = "f.size IS NOT NULL AND (
    EXISTS (SELECT 1 FROM carried c JOIN message m ON m.pk = c.message_pk JOIN conversation v ON v.pk = m.conversation_pk
            WHERE c.file_pk = f.pk AND m.deleted_at IS NULL AND v.deleted_at IS NULL)
    OR EXISTS (SELECT 1 FROM user p WHERE p.picture_pk = f.pk)
    OR (NOT EXISTS (SELECT 1 FROM carried c WHERE c.file_pk = f.pk) AND f.created_at > ?1
        AND EXISTS (SELECT 1 FROM user u WHERE u.pk = f.uploader_pk AND u.disabled = 0)))";

/// How long a file is kept that waited too long, in milliseconds.
const GRACE_MS: i64 = 60 * 60 * 1_000;

/// The moment before which an upload that nothing carries is over.
fn since(now: Timestamp) -> i64 {
    now.0 - UPLOAD_WAITS_SECONDS * 1_000
}

/// Bytes that a user may still upload; refuses where there are none, or fewer than a file has that came.
fn room(tx: &Tx<'_>, uploader_pk: i64, wanted: u64) -> Written<u64> {
    let (used, all): (i64, i64) = tx
        .conn
        .prepare_cached("SELECT u.file_bytes, t.bytes FROM user u, file_total t WHERE u.pk = ?1")?
        .query_row([uploader_pk], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let left = |most: u64, used: i64| match most {
        0 => u64::MAX,
        most => most.saturating_sub(u64::try_from(used).unwrap_or_default()),
    };
    let service = rows::user_by_pk(tx.conn, uploader_pk)?.user.is_service();
    let quotas = tx.quotas();
    let own = if service { u64::MAX } else { left(quotas.user_file_bytes, used) };
    if own < wanted {
        let most = quotas.user_file_bytes;
        let message = format!("Your files have {used} bytes of the {most} that they may have: delete some first.");
        return Err(Refusal::new(Code::TooLarge, message).into());
    }
    let shared = left(quotas.total_file_bytes, all);
    if shared < wanted {
        let message = "The files of this server have all the room that they may have; nothing was kept.";
        return Err(Refusal::new(Code::StorageFull, message).into());
    }
    Ok(own.min(shared).min(FILE_BYTES_MAX))
}

/// Notes that a file is about to come; gives how many bytes it may have.
pub(super) fn announce(tx: &mut Tx<'_>, new: &NewFile) -> Written<u64> {
    let uploader = tx.registered(&new.uploader)?;
    let (waiting, oldest): (i64, Option<i64>) = tx
        .conn
        .prepare_cached(
            "SELECT count(*), min(f.created_at) FROM file f WHERE f.uploader_pk = ?1 AND f.created_at > ?2
             AND NOT EXISTS (SELECT 1 FROM carried c WHERE c.file_pk = f.pk)",
        )?
        .query_row([uploader.pk, since(tx.now)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if waiting >= UPLOADS_WAITING_MAX && !uploader.user.is_service() {
        let message = format!("{UPLOADS_WAITING_MAX} files of yours are in no message yet: send some of them first.");
        // At the latest when the oldest of them is over.
        let wait = oldest.map_or(0, |oldest| oldest - since(tx.now));
        let wait = u64::try_from(wait).unwrap_or_default();
        return Err(Refusal { retry_after_ms: Some(wait), ..Refusal::new(Code::RateLimited, message) }.into());
    }
    tx.conn
        .prepare_cached("INSERT INTO file (id, secret, uploader_pk, name, created_at) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![new.id, new.secret, uploader.pk, new.name, tx.now.0])?;
    room(tx, uploader.pk, 1)
}

/// Notes that all of it came.
pub(super) fn complete(tx: &mut Tx<'_>, id: &str, file: &StoredFile) -> Written<()> {
    let (width, height) = file.image.unzip();
    let uploader: Option<i64> = tx
        .conn
        .prepare_cached("SELECT uploader_pk FROM file WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    let uploader = uploader.ok_or_else(|| Refusal::invalid("file", "took too long to come"))?;
    // Others may have come while this one did.
    room(tx, uploader, file.size)?;
    tx.conn
        .prepare_cached("UPDATE file SET size = ?2, mime = ?3, width = ?4, height = ?5 WHERE id = ?1")?
        .execute(params![id, file.size as i64, file.mime, width, height])?;
    Ok(())
}

/// A person is erased: its files are over, whoever else carries them.
pub(super) fn erase_all_of(tx: &Tx<'_>, uploader_pk: i64) -> Written<()> {
    let mut over =
        tx.conn.prepare_cached("UPDATE file SET size = NULL, name = NULL, created_at = 0 WHERE uploader_pk = ?1")?;
    over.execute([uploader_pk])?;
    Ok(())
}

/// Notes that a message carries the file of a link, if it is one of this server's.
pub(super) fn carry(tx: &Tx<'_>, url: &str, message_pk: i64) -> Written<()> {
    let own = url.starts_with(FILES_PATH);
    let Some((file, _)) = of_link(tx, url)? else {
        return if own {
            Err(Refusal::invalid("fileUrl", "names no file that this server has").into())
        } else {
            Ok(())
        };
    };
    tx.conn.prepare_cached("INSERT INTO carried (file_pk, message_pk) VALUES (?1, ?2)")?.execute([file, message_pk])?;
    Ok(())
}

/// The file of a link, and who uploaded it, if the link is exactly one of this server's and the file may be had.
fn of_link(tx: &Tx<'_>, url: &str) -> Written<Option<(i64, i64)>> {
    let Some((id, secret)) = file_of_link(url) else { return Ok(None) };
    Ok(tx
        .conn
        .prepare_cached(&format!(
            "SELECT f.pk, f.uploader_pk FROM file f WHERE f.id = ?2 AND f.secret = ?3 AND {ALIVE}"
        ))?
        .query_row(params![since(tx.now), id, secret], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// Notes which file is a user's picture, after the link to it was changed.
pub(super) fn note_picture(tx: &Tx<'_>, user_pk: i64, avatar: Option<&str>) -> Written<()> {
    let found = avatar.map(|url| of_link(tx, url)).transpose()?.flatten();
    let kept = match found {
        Some((file, uploader)) if uploader == user_pk || rows::user_by_pk(tx.conn, uploader)?.user.is_service() => {
            Some(file)
        }
        _ => None,
    };
    tx.conn.prepare_cached("UPDATE user SET picture_pk = ?2 WHERE pk = ?1")?.execute(params![user_pk, kept])?;
    Ok(())
}

/// Forgets files whose bytes are gone.
pub(super) fn forget(tx: &mut Tx<'_>, ids: &[String]) -> Written<()> {
    for id in ids {
        tx.conn
            .prepare_cached("DELETE FROM carried WHERE file_pk = (SELECT pk FROM file WHERE id = ?1)")?
            .execute([id])?;
        tx.conn.prepare_cached("DELETE FROM file WHERE id = ?1")?.execute([id])?;
    }
    Ok(())
}

/// A file that may be had by who knows its secret.
pub(super) fn get(conn: &Connection, now: Timestamp, id: &str, secret: &str) -> Read<Option<StoredFile>> {
    let found = conn
        .prepare_cached(&format!(
            "SELECT f.name, f.size, f.mime, f.width, f.height FROM file f WHERE f.id = ?2 AND f.secret = ?3 AND {ALIVE}"
        ))?
        .query_row(params![since(now), id, secret], |row| {
            let (width, height): (Option<u32>, Option<u32>) = (row.get(3)?, row.get(4)?);
            let size = row.get::<_, i64>(1)? as u64;
            Ok(StoredFile { name: row.get(0)?, size, mime: row.get(2)?, image: width.zip(height) })
        })
        .optional()?;
    Ok(found)
}

/// Files that nobody may have any more, looked for among so many behind a mark.
pub(super) fn dead(conn: &Connection, now: Timestamp, after: i64, among: u32) -> Read<OrphanedFiles> {
    let looked_at: Vec<(i64, String, bool)> = conn
        .prepare_cached(&format!(
            // One that is still coming is not over before its time.
            "SELECT f.pk, f.id, {ALIVE} OR (f.size IS NULL AND f.created_at > ?1)
             FROM file f WHERE f.pk > ?2 ORDER BY f.pk LIMIT ?3"
        ))?
        .query_map(params![since(now) - GRACE_MS, after, among], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    let next = looked_at.last().filter(|_| looked_at.len() == among as usize).map(|(pk, _, _)| *pk);
    let ids = looked_at.into_iter().filter(|(_, _, alive)| !alive).map(|(_, id, _)| id).collect();
    Ok(OrphanedFiles { ids, next })
}
