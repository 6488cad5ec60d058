//! Writes about files.

use crate::UserId;

/// A file that is about to be uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// The id, which is the first part of the link.
    pub id: String,
    /// The secret part of the link.
    pub secret: String,
    /// The user who uploads it.
    pub uploader: UserId,
    /// The name that its uploader gives it.
    pub name: Option<String>,
}

/// A file whose bytes have all arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// The name that its uploader gave it.
    pub name: Option<String>,
    /// The number of bytes.
    pub size: u64,
    /// The media type, by its bytes.
    pub mime: String,
    /// Width and height in pixels, for images that browsers show.
    pub image: Option<(u32, u32)>,
}

/// Announces a file; the result is how many bytes it may have. `ERR_TOO_LARGE` for a user, and `ERR_STORAGE_FULL` for
/// anybody, whose files have all the room that they may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnounceFile {
    /// The file to announce.
    pub new: NewFile,
}

/// Records that all of a file has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompleteFile {
    /// The id of the file.
    pub id: String,
    /// Size, type and dimensions; the name is not read.
    pub file: StoredFile,
}

/// Removes the rows of files whose bytes are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgetFiles {
    /// The ids of the files.
    pub ids: Vec<String>,
}
