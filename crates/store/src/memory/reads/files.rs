//! Files that may be had, and those that nobody may have any more.

use quintet_domain::{StoredFile, Timestamp};
use quintet_rules::rows::FileRows;
use quintet_rules::{FileKey, files};

use super::Read;
use crate::OrphanedFiles;
use crate::memory::data::Data;

/// A file that may be had by whoever knows its secret.
pub(in crate::memory) fn file(data: &Data, now: Timestamp, id: &str, secret: &str) -> Read<Option<StoredFile>> {
    let Some(row) = FileRows::file(data, id)?.filter(|row| row.secret == secret) else { return Ok(None) };
    let used = data.file_use(row.key)?;
    let Some(size) = row.size.filter(|_| files::is_available(&row, used, now)) else { return Ok(None) };
    Ok(Some(StoredFile { name: row.name, size, mime: row.mime.unwrap_or_default(), image: row.image }))
}

/// Files that nobody may have any more, among so many behind a mark.
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
