//! Files that are available, and those that are not any more.
//!
//! What must stay true: whether a file is available is decided by the rules about files.

use quintet_domain::{StoredFile, Timestamp};
use quintet_rules::rows::FileRows;
use quintet_rules::{FileKey, files};

use crate::OrphanedFiles;
use crate::error::Read;
use crate::memory::data::Data;

/// A file that a client with its secret may download.
pub(in crate::memory) fn file(data: &Data, now: Timestamp, id: &str, secret: &str) -> Read<Option<StoredFile>> {
    let Some(row) = FileRows::file(data, id)?.filter(|row| row.secret == secret) else { return Ok(None) };
    let used = data.file_use(row.key)?;
    let Some(size) = row.size.filter(|_| files::is_available(&row, used, now)) else { return Ok(None) };
    Ok(Some(StoredFile { name: row.name, size, mime: row.mime.unwrap_or_default(), image: row.image }))
}

/// Files that are not available any more, among `among` files after the key `after`.
pub(in crate::memory) fn orphaned(data: &Data, now: Timestamp, after: i64, among: u32) -> Read<OrphanedFiles> {
    let looked_at = FileRows::files(data, FileKey(after), among as usize)?;
    let next = looked_at.last().filter(|_| looked_at.len() == among as usize).map(|row| row.key.0);
    let mut ids = Vec::new();
    for row in looked_at {
        if files::is_orphaned(&row, data.file_use(row.key)?, now) {
            ids.push(row.id);
        }
    }
    Ok(OrphanedFiles { ids, next })
}
