//! Files: uploaded as streams, downloaded while a message or profile carries them, and removed after that.

use std::net::IpAddr;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use quintet_domain::limits::FILE_BYTES_MAX;
use quintet_domain::{
    Actor, AnnounceFile, Code, CompleteFile, FILES_PATH, ForgetFiles, NewFile, Refusal, StoredFile, UserId,
    file_name_from,
};
use quintet_files::{Files, FilesError};
use quintet_store::Party;

use crate::Service;

/// Number of files that one call of [`Service::sweep_files`] examines.
const SWEPT_AT_ONCE: u32 = 500;

/// A file that was uploaded.
#[derive(Clone, Debug)]
pub struct Uploaded {
    /// The id of the file.
    pub id: String,
    /// The link to the file.
    pub url: String,
    /// The name, size and type of the file.
    pub file: StoredFile,
}

/// A file to download.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The name, size and type of the file.
    pub file: StoredFile,
    /// The value of `Content-Disposition` (RFC 6266): browsers show images, and save all other files.
    pub disposition: String,
    /// A link by which the client downloads the bytes from the storage, which expires after a short time. Without one,
    /// [`Service::file_bytes`] reads them.
    pub link: Option<String>,
}

/// The bytes of a file, as a stream from this server.
pub type FileBytes = BoxStream<'static, Result<Bytes, FilesError>>;

fn disposition(file: &StoredFile) -> String {
    let shown = if file.image.is_some() { "inline" } else { "attachment" };
    let name = file.name.as_deref().unwrap_or("file");
    format!("{shown}; filename*=UTF-8''{}", utf8_percent_encode(name, NON_ALPHANUMERIC))
}

/// Makes the name under which a file is shown: without folders, and without characters that names may not have.
fn plain_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    file_name_from(last).filter(|plain| plain != "." && plain != "..")
}

fn refusal(error: &FilesError) -> Refusal {
    match error {
        FilesError::TooLarge(most) => Refusal::too_large("file", format!("has more than {most} bytes")),
        FilesError::Interrupted(_) => Refusal::invalid("file", "broke off"),
        FilesError::Empty => Refusal::invalid("file", "is empty"),
        FilesError::NotFound => Refusal::new(Code::NotFound, "There is no such file.".to_owned()),
        FilesError::StorageFull => {
            tracing::error!("the storage of files is full");
            Refusal::storage_full()
        }
        why @ (FilesError::NoBuckets | FilesError::Storage(_)) => {
            tracing::error!(%why, "files cannot be stored");
            Refusal::new(
                Code::Internal,
                "Files cannot be stored on this server right now; nothing was stored.".to_owned(),
            )
        }
    }
}

impl Service {
    fn files(&self) -> &Files {
        &self.0.files
    }

    /// Returns whether the storage is too full for more bytes of files. On the disk of the data, files leave twice the
    /// bytes of `[limits] free_bytes_min` free, because what the database writes there is more important.
    fn is_full_for_files(&self) -> bool {
        self.is_full() || (self.files().are_on_disk() && self.store().is_full_for_files())
    }

    /// Refuses a name of a file that a list of words or links does not let through. Services are exempt.
    async fn may_name(&self, uploader: &UserId, name: Option<&str>) -> Result<(), Refusal> {
        let Some(part) = self.lists().zip(name).and_then(|(lists, name)| lists.refused_in_name(name)) else {
            return Ok(());
        };
        let account = self.store().account(uploader.clone().into(), uploader.clone()).await?;
        match account.is_some_and(|account| account.user.is_service()) {
            true => Ok(()),
            false => Err(Refusal::forbidden(format!(
                "The name of the file has `{part}`, which is not allowed on this server."
            ))),
        }
    }

    /// Stores a file.
    ///
    /// # Errors
    /// `ERR_FORBIDDEN` if a list of words or links does not let the name through; `ERR_TOO_LARGE` if the file, or all files of the user, would be too large; `ERR_STORAGE_FULL` if the storage is
    /// full; `ERR_INVALID_PAYLOAD` if the upload is empty or interrupted. Nothing is stored then.
    pub async fn upload<E: std::fmt::Display>(
        &self,
        actor: &Actor,
        name: Option<&str>,
        bytes: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<Uploaded, Refusal> {
        // A guest's id may belong to an account by now, to which nothing may be attributed.
        if actor.guest {
            return Err(Refusal::unauthenticated("files need an account"));
        }
        if self.is_full_for_files() {
            return Err(Refusal::storage_full());
        }
        let _upload = self.0.uploads.begin(&actor.user)?;
        let (id, secret) = (self.0.environment.new_id(), format!("{:032x}", self.0.environment.secret()));
        let name = name.and_then(plain_name);
        self.may_name(&actor.user, name.as_deref()).await?;
        let (uploader, url) = (actor.user.clone(), format!("{FILES_PATH}{id}/{secret}"));
        let new = NewFile { id: id.clone(), secret, uploader, name: name.clone() };
        // The row is written before the bytes, so that whatever an interruption leaves is found and removed.
        let bytes_max = self.write(AnnounceFile { new }).await?;
        // The disk may become full during the upload.
        let full = AtomicBool::new(false);
        let bytes = bytes.map(|part| match part {
            Ok(_) if self.is_full_for_files() => {
                full.store(true, Ordering::Relaxed);
                Err("the disk is full".to_owned())
            }
            part => part.map_err(|error| error.to_string()),
        });
        let received = match self.files().put(&id, bytes, bytes_max).await {
            Ok(received) => received,
            Err(error) => {
                self.discard_upload(id).await;
                return Err(match error {
                    _ if full.load(Ordering::Relaxed) => Refusal::storage_full(),
                    FilesError::TooLarge(most) if most < FILE_BYTES_MAX => {
                        let left = format!("has more than the {most} bytes that your files may still take");
                        Refusal::too_large("file", left)
                    }
                    error => refusal(&error),
                });
            }
        };
        let (mime, image) = (received.kind.mime.to_owned(), received.kind.image);
        let file = StoredFile { name, size: received.size, mime, image };
        let complete = CompleteFile { id: id.clone(), file: file.clone() };
        if let Err(refusal) = self.write(complete).await {
            self.discard_upload(id).await;
            return Err(refusal);
        }
        Ok(Uploaded { id, url, file })
    }

    /// Removes what an upload that failed has stored. The bytes are removed before the row: if that fails, the row is
    /// found later.
    async fn discard_upload(&self, id: String) {
        let removed = self.files().remove(&id).await;
        let forgotten = match removed {
            Ok(()) => self.write(ForgetFiles { ids: vec![id] }).await.map_err(|e| e.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = forgotten {
            tracing::warn!(error, "a failed upload could not be removed yet");
        }
    }

    /// Returns a file to a client that sends its secret from an address, while a message or profile carries the file.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if there is no such file, or nothing carries it.
    pub async fn file(&self, id: String, secret: String, from: IpAddr) -> Result<Shown, Refusal> {
        let found = self.store().file(Party::Address(from), id.clone(), secret).await?;
        let file = found.ok_or_else(|| refusal(&FilesError::NotFound))?;
        let disposition = disposition(&file);
        let link = self.files().link(&id, &file.mime, &disposition).await.map_err(|error| refusal(&error))?;
        Ok(Shown { file, disposition, link })
    }

    /// Reads a part of a file that [`Self::file`] returned.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if the file was removed meanwhile; an internal error if the storage fails.
    pub async fn file_bytes(&self, id: &str, part: Range<u64>) -> Result<FileBytes, Refusal> {
        self.files().get(id, Some(part)).await.map_err(|error| refusal(&error))
    }

    /// Checks that the storage of files works.
    ///
    /// # Errors
    /// [`FilesError`] if it does not.
    pub async fn check_files(&self) -> Result<(), FilesError> {
        self.files().check().await
    }

    /// Removes some files that nothing carries any more. `after` is the cursor that the previous call returned, 0 at
    /// first; returns the next cursor.
    ///
    /// # Errors
    /// An internal error.
    pub async fn sweep_files(&self, after: i64) -> Result<i64, Refusal> {
        let orphaned = self.store().orphaned_files(after, SWEPT_AT_ONCE).await?;
        let mut removed = Vec::new();
        for id in orphaned.ids {
            // The bytes are removed before the row: if that fails, the row is found again.
            match self.files().remove(&id).await {
                Ok(()) => removed.push(id),
                Err(error) => tracing::warn!(%error, id, "an orphaned file could not be removed"),
            }
        }
        if !removed.is_empty() {
            self.write(ForgetFiles { ids: removed }).await?;
        }
        Ok(orphaned.next.unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::plain_name;

    #[test]
    fn names_have_no_folders() {
        for (name, plain) in [
            ("photo.png", Some("photo.png")),
            ("../../etc/passwd", Some("passwd")),
            ("C:\\temp\\a b.txt", Some("a b.txt")),
            ("..", None),
            ("/", None),
            (" \n ", None),
            ("evil\r\nheader: x", Some("evil header: x")),
            ("\u{202E}fdp.exe", Some("fdp.exe")),
            ("\u{1F469}\u{200D}\u{1F4BB}.png", Some("\u{1F469}\u{200D}\u{1F4BB}.png")),
            ("\u{3164}\u{2800}", None),
        ] {
            assert_eq!(plain_name(name).as_deref(), plain, "{name:?}");
        }
    }
}
