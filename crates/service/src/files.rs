//! Files: taken in as they come, given out while something carries them, and removed after that.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use quintet_domain::limits::{FILE_BYTES_MAX, UPLOADS_AT_ONCE, UPLOADS_AT_ONCE_OF_USER};
use quintet_domain::{
    Actor, AnnounceFile, Code, CompleteFile, FILES_PATH, ForgetFiles, NewFile, Refusal, StoredFile, UserId,
    display_name_from,
};
use quintet_files::{Files, FilesError};
use quintet_store::Party;

use crate::Service;

/// Files that are looked at in one turn for whether they are over.
const LOOKED_AT: u32 = 500;

/// A file that was uploaded.
#[derive(Clone, Debug)]
pub struct Uploaded {
    /// Its id.
    pub id: String,
    /// Its link.
    pub url: String,
    /// What it is.
    pub file: StoredFile,
}

/// A file to be shown: what it is, and where it is.
pub struct Shown {
    /// What it is.
    pub file: StoredFile,
    /// How a browser is to treat it, as `Content-Disposition` has it (RFC 6266): images are shown, all else is kept.
    pub disposition: String,
    /// Its bytes.
    pub content: Content,
}

/// The bytes of a file, or where they are.
pub enum Content {
    /// Here.
    Here(BoxStream<'static, Result<Bytes, FilesError>>),
    /// At this address, for a moment.
    At(String),
}

fn disposition(file: &StoredFile) -> String {
    let shown = if file.image.is_some() { "inline" } else { "attachment" };
    let name = file.name.as_deref().unwrap_or("file");
    format!("{shown}; filename*=UTF-8''{}", utf8_percent_encode(name, NON_ALPHANUMERIC))
}

/// The name under which a file is shown: without folders and signs that no name has.
fn plain_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    display_name_from(last).filter(|plain| plain != "." && plain != "..")
}

fn refusal(error: &FilesError) -> Refusal {
    match error {
        FilesError::TooLarge(most) => Refusal::too_large("file", format!("has more than {most} bytes")),
        FilesError::BrokeOff(_) => Refusal::invalid("file", "broke off"),
        FilesError::Empty => Refusal::invalid("file", "is empty"),
        FilesError::NotFound => Refusal::new(Code::NotFound, "There is no such file.".to_owned()),
        FilesError::NoRoom => {
            tracing::error!("there is no room for files");
            Refusal::storage_full()
        }
        why @ (FilesError::NoBuckets | FilesError::Broken(_)) => {
            tracing::error!(%why, "files cannot be kept");
            Refusal::new(Code::Internal, "Files cannot be kept on this server right now; nothing was kept.".to_owned())
        }
    }
}

/// Uploads that are under way: each takes memory for as long as its sender likes.
#[derive(Debug, Default)]
pub(crate) struct Uploads(Mutex<HashMap<UserId, usize>>);

/// One of them, until it is dropped.
struct Underway<'u>(&'u Uploads, UserId);

impl Uploads {
    fn begin(&self, user: &UserId) -> Result<Underway<'_>, Refusal> {
        let mut underway = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = underway.values().sum();
        let own = underway.entry(user.clone()).or_default();
        if *own >= UPLOADS_AT_ONCE_OF_USER || all >= UPLOADS_AT_ONCE {
            if *own == 0 {
                underway.remove(user);
            }
            return Err(Refusal::rate_limited(1_000));
        }
        *own += 1;
        Ok(Underway(self, user.clone()))
    }
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        let mut underway = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = underway.get_mut(&self.1) {
            *own -= 1;
            if *own == 0 {
                underway.remove(&self.1);
            }
        }
    }
}

impl Service {
    fn files(&self) -> &Files {
        &self.0.files
    }

    /// Whether there is no room for more of a file: on the disk of the data it leaves as much again as is to stay free, for
    /// what else is written there is worth more.
    fn is_full_for_files(&self) -> bool {
        self.is_full() || (self.files().are_on_disk() && self.store().is_full_for_files())
    }

    /// Takes a file in.
    ///
    /// # Errors
    /// `ERR_TOO_LARGE`, also where the user's files take what they may take; `ERR_STORAGE_FULL` where there is no room;
    /// `ERR_INVALID_PAYLOAD` where it is empty or broke off. Nothing is kept then.
    pub async fn upload<E: std::fmt::Display>(
        &self,
        actor: &Actor,
        name: Option<&str>,
        bytes: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<Uploaded, Refusal> {
        // A guest's id may be an account's by now, in whose name nothing is kept.
        if actor.guest {
            return Err(Refusal::unauthenticated("files need an account"));
        }
        if self.is_full_for_files() {
            return Err(Refusal::storage_full());
        }
        let _underway = self.0.uploads.begin(&actor.user)?;
        let (id, secret) = (self.0.environment.new_id(), format!("{:032x}", self.0.environment.secret()));
        let name = name.and_then(plain_name);
        let (uploader, url) = (actor.user.clone(), format!("{FILES_PATH}{id}/{secret}"));
        let new = NewFile { id: id.clone(), secret, uploader, name: name.clone() };
        // First noted, then kept: whatever is interrupted in between is found and removed.
        let bytes_max = self.write(AnnounceFile { new }).await?;
        // The disk may fill up while a file comes.
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
                self.give_up(id).await;
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
            self.give_up(id).await;
            return Err(refusal);
        }
        Ok(Uploaded { id, url, file })
    }

    /// Removes what there may be of an upload that failed. Bytes first: what cannot be removed now is found again by
    /// its row.
    async fn give_up(&self, id: String) {
        let removed = self.files().remove(&id).await;
        let forgotten = match removed {
            Ok(()) => self.write(ForgetFiles { ids: vec![id] }).await.map_err(|e| e.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = forgotten {
            tracing::warn!(error, "an upload that failed is left for later to be removed");
        }
    }

    /// A file, for whoever knows its secret, from an address, while something carries it.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`.
    pub async fn file(&self, id: String, secret: String, from: IpAddr) -> Result<Shown, Refusal> {
        let found = self.store().file(Party::Address(from), id.clone(), secret).await?;
        let file = found.ok_or_else(|| refusal(&FilesError::NotFound))?;
        let disposition = disposition(&file);
        let link = self.files().link(&id, &file.mime, &disposition).await.map_err(|error| refusal(&error))?;
        let content = match link {
            Some(link) => Content::At(link),
            None => Content::Here(self.files().get(&id).await.map_err(|error| refusal(&error))?),
        };
        Ok(Shown { file, disposition, content })
    }

    /// Whether the place where files are kept answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn check_files(&self) -> Result<(), FilesError> {
        self.files().check().await
    }

    /// Removes files that nobody may have any more, among some behind a mark. Gives where to go on.
    ///
    /// # Errors
    /// An internal error.
    pub async fn sweep_files(&self, after: i64) -> Result<i64, Refusal> {
        let orphaned = self.store().orphaned_files(after, LOOKED_AT).await?;
        let mut gone = Vec::new();
        for id in orphaned.ids {
            // Bytes first: what cannot be removed now is found again.
            match self.files().remove(&id).await {
                Ok(()) => gone.push(id),
                Err(error) => tracing::warn!(%error, id, "a file that is over could not be removed"),
            }
        }
        if !gone.is_empty() {
            self.write(ForgetFiles { ids: gone }).await?;
        }
        Ok(orphaned.next.unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::plain_name;

    #[test]
    fn names_without_folders() {
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
