//! Rows of files, and of the messages that carry them.

use quintet_domain::Timestamp;

use crate::{FileKey, MessageKey, RowResult, UserKey};

/// A file.
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
    /// The name that its uploader gave it.
    pub name: Option<String>,
    /// The number of bytes; none until all of it has arrived, and none again once its uploader is erased.
    pub size: Option<u64>,
    /// The media type, by its bytes.
    pub mime: Option<String>,
    /// Width and height in pixels, for images that browsers show.
    pub image: Option<(u32, u32)>,
    /// When it was announced.
    pub created_at: Timestamp,
}

/// What refers to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileUse {
    /// Whether a message carries it, deleted or not.
    pub carried: bool,
    /// Whether a message carries it that is there, in a conversation that is there.
    pub carried_alive: bool,
    /// Whether it is a user's picture.
    pub picture: bool,
    /// Whether its uploader is barred or erased.
    pub uploader_disabled: bool,
}

/// Files.
pub trait FileRows {
    /// A file by its id.
    fn file(&self, id: &str) -> RowResult<Option<FileRow>>;
    /// Adds a file, whose `key` is ignored; gives its new key.
    fn insert_file(&mut self, row: &FileRow) -> RowResult<FileKey>;
    /// Replaces a file.
    fn update_file(&mut self, row: &FileRow) -> RowResult<()>;
    /// Removes a file, and that messages carried it.
    fn delete_file(&mut self, key: FileKey) -> RowResult<()>;
    /// What refers to a file.
    fn file_use(&self, key: FileKey) -> RowResult<FileUse>;
    /// Records that a message carries a file.
    fn carry_file(&mut self, file: FileKey, message: MessageKey) -> RowResult<()>;
    /// How many files of a user that were announced after a moment no message carries, and when the oldest of these was
    /// announced.
    fn waiting_files(&self, uploader: UserKey, after: Timestamp) -> RowResult<(i64, Option<Timestamp>)>;
    /// All files of a user, by their keys: at most `limit`, from behind `after`.
    fn files_of(&self, uploader: UserKey, after: Option<FileKey>, limit: usize) -> RowResult<Vec<FileRow>>;
    /// Files by their keys: at most `limit`, from behind `after`.
    fn files(&self, after: FileKey, limit: usize) -> RowResult<Vec<FileRow>>;
    /// The bytes of all files together.
    fn total_file_bytes(&self) -> RowResult<i64>;
    /// Adds to the bytes of all files together.
    fn add_total_file_bytes(&mut self, delta: i64) -> RowResult<()>;
}
