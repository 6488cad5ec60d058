//! Rows of files, and of the messages that carry them, and the operations on them.
//!
//! What must stay true: the total number of bytes is the sum over all files.

use quintet_domain::Timestamp;

use crate::{FileKey, MessageKey, RowResult, UserKey};

/// The row of an uploaded file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// The key of the row.
    pub key: FileKey,
    /// The id, which is the first part of the link.
    pub id: String,
    /// The secret part of the link.
    pub secret: String,
    /// The user who uploaded it.
    pub uploader: UserKey,
    /// The file name that the uploader gave it.
    pub name: Option<String>,
    /// The number of bytes; `None` until the upload is complete, and again after its uploader is erased.
    pub size: Option<u64>,
    /// The media type, as determined from its bytes.
    pub mime: Option<String>,
    /// The width and height in pixels, for images that browsers show.
    pub image: Option<(u32, u32)>,
    /// When the upload was announced.
    pub created_at: Timestamp,
}

/// The references to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileUse {
    /// Whether a message carries it, deleted or not.
    pub carried: bool,
    /// Whether a message carries it that is not deleted, in a conversation that is not deleted.
    pub carried_alive: bool,
    /// Whether it is the picture of a user or of a conversation that is not deleted.
    pub picture: bool,
    /// Whether its uploader is disabled or erased.
    pub uploader_disabled: bool,
}

/// Operations on the rows of files.
pub trait FileRows {
    /// A file by its id.
    fn file(&self, id: &str) -> RowResult<Option<FileRow>>;
    /// Inserts a file, whose `key` is ignored. Returns its new key.
    fn insert_file(&mut self, row: &FileRow) -> RowResult<FileKey>;
    /// Replaces a file.
    fn update_file(&mut self, row: &FileRow) -> RowResult<()>;
    /// Deletes a file, with the records of messages that carried it.
    fn delete_file(&mut self, key: FileKey) -> RowResult<()>;
    /// The references to a file.
    fn file_use(&self, key: FileKey) -> RowResult<FileUse>;
    /// Records that a message carries a file.
    fn carry_file(&mut self, file: FileKey, message: MessageKey) -> RowResult<()>;
    /// The number of a user's files that were announced after a time, that no message has carried and that are nobody's
    /// picture, and when the oldest of them was announced.
    fn waiting_files(&self, uploader: UserKey, after: Timestamp) -> RowResult<(i64, Option<Timestamp>)>;
    /// All files of a user, by their keys; at most `limit`, after the key `after`.
    fn files_of(&self, uploader: UserKey, after: Option<FileKey>, limit: usize) -> RowResult<Vec<FileRow>>;
    /// Files by their keys; at most `limit`, after the key `after`.
    fn files(&self, after: FileKey, limit: usize) -> RowResult<Vec<FileRow>>;
    /// The number of bytes of all files together.
    fn total_file_bytes(&self) -> RowResult<i64>;
    /// Adds to the number of bytes of all files together.
    fn add_total_file_bytes(&mut self, delta: i64) -> RowResult<()>;
}
