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
    /// The name that its uploader gave it.
    pub name: Option<String>,
}

/// A file whose bytes have all arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// The name that its uploader gave it.
    pub name: Option<String>,
    /// The number of bytes.
    pub size: u64,
    /// The media type, recognised by the first bytes.
    pub mime: String,
    /// Width and height in pixels, for images that browsers show.
    pub image: Option<(u32, u32)>,
}

/// Announces a file. The result is the largest number of bytes that the file may have. Refused with `ERR_TOO_LARGE` if
/// the uploader's quota is used up, and with `ERR_STORAGE_FULL` if the quota of all files is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnounceFile {
    /// The file to announce.
    pub new: NewFile,
}

/// Records that a file has arrived completely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompleteFile {
    /// The id of the file.
    pub id: String,
    /// Its size, type and dimensions; the name is ignored.
    pub file: StoredFile,
}

/// Removes the rows of files whose bytes were removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgetFiles {
    /// The ids of the files.
    pub ids: Vec<String>,
}
