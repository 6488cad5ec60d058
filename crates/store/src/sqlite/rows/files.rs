//! Operations on the rows of files, on the messages that carry them, and on the total number of bytes.
//!
//! What must stay true: deleting a file deletes the records of the messages that carried it.

use std::ops::Deref;

use quintet_domain::Timestamp;
use quintet_rules::rows::{FileRow, FileRows, FileUse};
use quintet_rules::{FileKey, MessageKey, RowResult, UserKey};
use rusqlite::{Connection, Row, params};

use super::{SqliteRows, limit_of};

/// The columns of a file, for [`file_at`].
macro_rules! file_columns {
    () => {
        "f.pk, f.id, f.secret, f.uploader_pk, f.name, f.size, f.mime, f.width, f.height, f.created_at"
    };
}

fn file_at(row: &Row<'_>) -> rusqlite::Result<FileRow> {
    let (width, height): (Option<u32>, Option<u32>) = (row.get(7)?, row.get(8)?);
    Ok(FileRow {
        key: FileKey(row.get(0)?),
        id: row.get(1)?,
        secret: row.get(2)?,
        uploader: UserKey(row.get(3)?),
        name: row.get(4)?,
        size: row.get::<_, Option<i64>>(5)?.map(i64::cast_unsigned),
        mime: row.get(6)?,
        image: width.zip(height),
        created_at: Timestamp(row.get(9)?),
    })
}

impl<C: Deref<Target = Connection>> SqliteRows<C> {
    /// Runs one of the two statements that write a whole file, whose first parameter is the key.
    fn write_file(&self, sql: &str, key: Option<FileKey>, row: &FileRow) -> RowResult<i64> {
        let (width, height) = row.image.unzip();
        self.insert(
            sql,
            params![
                key.map(|key| key.0),
                row.id,
                row.secret,
                row.uploader.0,
                row.name,
                row.size.map(u64::cast_signed),
                row.mime,
                width,
                height,
                row.created_at.0,
            ],
        )
    }
}

impl<C: Deref<Target = Connection>> FileRows for SqliteRows<C> {
    fn file(&self, id: &str) -> RowResult<Option<FileRow>> {
        self.find(concat!("SELECT ", file_columns!(), " FROM file f WHERE f.id = ?1"), [id], file_at)
    }

    fn insert_file(&mut self, row: &FileRow) -> RowResult<FileKey> {
        let key = self.write_file(
            "INSERT INTO file (pk, id, secret, uploader_pk, name, size, mime, width, height, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            None,
            row,
        )?;
        Ok(FileKey(key))
    }

    fn update_file(&mut self, row: &FileRow) -> RowResult<()> {
        self.write_file(
            "UPDATE file SET id = ?2, secret = ?3, uploader_pk = ?4, name = ?5, size = ?6, mime = ?7, width = ?8,
                 height = ?9, created_at = ?10
             WHERE pk = ?1",
            Some(row.key),
            row,
        )?;
        Ok(())
    }

    fn delete_file(&mut self, key: FileKey) -> RowResult<()> {
        self.run("DELETE FROM carried WHERE file_pk = ?1", [key.0])?;
        self.run("DELETE FROM file WHERE pk = ?1", [key.0])?;
        Ok(())
    }

    fn file_use(&self, key: FileKey) -> RowResult<FileUse> {
        self.get(
            "SELECT EXISTS (SELECT 1 FROM carried WHERE file_pk = ?1),
                 EXISTS (SELECT 1 FROM carried c JOIN message m ON m.position = c.message
                         JOIN conversation v ON v.pk = m.conversation_pk
                         WHERE c.file_pk = ?1 AND m.deleted_at IS NULL AND v.deleted_at IS NULL),
                 EXISTS (SELECT 1 FROM user WHERE picture_pk = ?1)
                     OR EXISTS (SELECT 1 FROM conversation WHERE picture_pk = ?1),
                 NOT EXISTS (SELECT 1 FROM file f JOIN user u ON u.pk = f.uploader_pk
                             WHERE f.pk = ?1 AND u.disabled = 0)",
            [key.0],
            |row| {
                Ok(FileUse {
                    carried: row.get(0)?,
                    carried_alive: row.get(1)?,
                    picture: row.get(2)?,
                    uploader_disabled: row.get(3)?,
                })
            },
        )
    }

    fn carry_file(&mut self, file: FileKey, message: MessageKey) -> RowResult<()> {
        self.run("INSERT INTO carried (file_pk, message) VALUES (?1, ?2)", [file.0, message.0])?;
        Ok(())
    }

    fn waiting_files(&self, uploader: UserKey, after: Timestamp) -> RowResult<(i64, Option<Timestamp>)> {
        self.get(
            "SELECT count(*), min(f.created_at) FROM file f WHERE f.uploader_pk = ?1 AND f.created_at > ?2
             AND NOT EXISTS (SELECT 1 FROM carried c WHERE c.file_pk = f.pk)
             AND NOT EXISTS (SELECT 1 FROM user u WHERE u.picture_pk = f.pk)
             AND NOT EXISTS (SELECT 1 FROM conversation v WHERE v.picture_pk = f.pk)",
            [uploader.0, after.0],
            |row| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?.map(Timestamp))),
        )
    }

    fn files_of(&self, uploader: UserKey, after: Option<FileKey>, limit: usize) -> RowResult<Vec<FileRow>> {
        let sql = concat!(
            "SELECT ",
            file_columns!(),
            " FROM file f WHERE f.uploader_pk = ?1 AND f.pk > ?2 ORDER BY f.pk LIMIT ?3"
        );
        self.list(sql, [uploader.0, after.map_or(i64::MIN, |key| key.0), limit_of(limit)], file_at)
    }

    fn files(&self, after: FileKey, limit: usize) -> RowResult<Vec<FileRow>> {
        let sql = concat!("SELECT ", file_columns!(), " FROM file f WHERE f.pk > ?1 ORDER BY f.pk LIMIT ?2");
        self.list(sql, [after.0, limit_of(limit)], file_at)
    }

    fn total_file_bytes(&self) -> RowResult<i64> {
        self.get("SELECT bytes FROM file_total", [], |row| row.get(0))
    }

    fn add_total_file_bytes(&mut self, delta: i64) -> RowResult<()> {
        self.run("UPDATE file_total SET bytes = bytes + ?1", [delta])?;
        Ok(())
    }
}
