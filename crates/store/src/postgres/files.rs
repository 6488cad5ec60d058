//! Reads of files: one that is available, and those that are not available any more.
//!
//! What must stay true: whether a file is available is decided by the rules about files, and never stored.

use super::reader::ReadLink;
use quintet_domain::{StoredFile, Timestamp};
use quintet_rules::FileKey;
use quintet_rules::files::{is_available, is_orphaned};
use quintet_rules::rows::FileRows;

use super::rows::PostgresRows;
use crate::OrphanedFiles;
use crate::error::Read;

/// A file that a client with its secret may download.
pub(super) fn file(conn: &ReadLink, now: Timestamp, id: &str, secret: &str) -> Read<Option<StoredFile>> {
    let rows = PostgresRows(conn);
    let Some(file) = rows.file(id)?.filter(|file| file.secret == secret) else { return Ok(None) };
    if !is_available(&file, rows.file_use(file.key)?, now) {
        return Ok(None);
    }
    let (Some(size), Some(mime)) = (file.size, file.mime) else { return Ok(None) };
    Ok(Some(StoredFile { name: file.name, size, mime, image: file.image }))
}

/// Files that are not available any more, among `among` files after the key `after`.
pub(super) fn orphaned(conn: &ReadLink, now: Timestamp, after: i64, among: u32) -> Read<OrphanedFiles> {
    let rows = PostgresRows(conn);
    let files = rows.files(FileKey(after), among as usize)?;
    let next = files.last().filter(|_| files.len() == among as usize).map(|file| file.key.0);
    let mut ids = Vec::new();
    for file in files {
        if is_orphaned(&file, rows.file_use(file.key)?, now) {
            ids.push(file.id);
        }
    }
    Ok(OrphanedFiles { ids, next })
}
