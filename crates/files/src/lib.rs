//! The bytes of files: kept whole or not at all, read as a stream, and what they are by their own word.
//!
//! What lives here: the one interface to where bytes are kept (a folder, a bucket of an S3 service, memory), and what kind they are.
//! What does not: whose a file is, who may have it, and when it goes.
//!
//! What must stay true: a file that did not come whole leaves nothing behind; a key never leads out of the folder.

mod bucket;
mod head;
mod kind;

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use bucket::{BUCKETS, Bucket};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt};
use head::Head;
pub use kind::Kind;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt};
use tokio::time::Instant;

/// Bytes that are gathered before they are written to disk: what an upload costs in memory while it comes.
const PART_BYTES: usize = 128 * 1024;

/// The file that is kept for a moment to see whether any can be.
const PROBE: &str = "quintet-probe";

/// Time in which something has to come.
const IDLE: Duration = Duration::from_secs(30);

/// Time in which all of it has to come: far below the day that an upload waits for something to carry it.
const WHOLE: Duration = Duration::from_secs(60 * 60);

/// Why bytes were not kept or not found.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// More came than is taken.
    #[error("the file has more than {0} bytes")]
    TooLarge(u64),
    /// The client went away, or what it sent broke off.
    #[error("the file broke off: {0}")]
    BrokeOff(String),
    /// Nothing came.
    #[error("the file is empty")]
    Empty,
    /// There is no such file.
    #[error("there is no such file")]
    NotFound,
    /// There is no room.
    #[error("there is no room for it")]
    NoRoom,
    /// The files were to be kept in a bucket, and this build cannot.
    #[error("this build keeps no files in buckets: build it with `--features s3`")]
    NoBuckets,
    /// The folder or service fails.
    #[error("the place where files are kept fails: {0}")]
    Broken(#[source] object_store::Error),
}

impl From<object_store::Error> for FilesError {
    fn from(error: object_store::Error) -> Self {
        if matches!(error, object_store::Error::NotFound { .. }) {
            return Self::NotFound;
        }
        let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(cause) = source {
            let io = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
            use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
            if let Some(StorageFull | QuotaExceeded | FileTooLarge) = io {
                return Self::NoRoom;
            }
            source = cause.source();
        }
        Self::Broken(error)
    }
}

/// What came of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// How many bytes.
    pub size: u64,
    /// What they are.
    pub kind: Kind,
}

/// Where bytes are kept. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Files {
    place: Arc<dyn ObjectStore>,
    /// The folder, where it is one.
    folder: Option<PathBuf>,
    /// Where the place can be asked by browsers themselves.
    links: Option<bucket::Links>,
    part_bytes: usize,
}

/// The parts of a file that is longer than one. Dropped before its end, whyever, nothing of it stays.
struct Parts {
    upload: Option<Box<dyn MultipartUpload>>,
}

impl Parts {
    async fn put(&mut self, files: &Files, id: &str, part: Vec<u8>) -> Result<(), FilesError> {
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => none.insert(files.place.put_multipart(&Files::path(id)).await?),
        };
        Ok(upload.put_part(part.into()).await?)
    }

    async fn finish(mut self, files: &Files, id: &str, last: Vec<u8>) -> Result<(), FilesError> {
        if self.upload.is_none() {
            files.place.put(&Files::path(id), last.into()).await?;
            return Ok(());
        }
        if !last.is_empty() {
            self.put(files, id, last).await?;
        }
        if let Some(upload) = &mut self.upload {
            upload.complete().await?;
        }
        self.upload = None;
        Ok(())
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        let (Some(mut upload), Ok(runtime)) = (self.upload.take(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        runtime.spawn(async move {
            if let Err(error) = upload.abort().await {
                tracing::debug!(%error, "an upload that failed may have ended by itself");
            }
        });
    }
}

/// Removes what is left of uploads to files whose names start so. Staged files are named like the file, with a number
/// behind a sign which no id holds.
fn remove_staged(part: &FilePath, start: &str) {
    for file in std::fs::read_dir(part).into_iter().flatten().flatten() {
        let name = file.file_name();
        let staged = name.to_str().and_then(|name| name.split_once('#')).is_some_and(|(id, _)| id.starts_with(start));
        if staged && let Err(error) = std::fs::remove_file(file.path()) {
            tracing::warn!(%error, "what is left of an upload could not be removed");
        }
    }
}

impl Files {
    /// Keeps files in a folder, which is made if it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made or used.
    pub fn in_folder(folder: &FilePath) -> Result<Self, FilesError> {
        std::fs::create_dir_all(folder).map_err(|error| {
            FilesError::Broken(object_store::Error::Generic { store: "folder", source: Box::new(error) })
        })?;
        let place = LocalFileSystem::new_with_prefix(folder)?.with_automatic_cleanup(true).with_fsync(true);
        Ok(Self { folder: Some(folder.to_owned()), ..Self::at(Arc::new(place)) })
    }

    /// Removes what uploads left in a folder that were under way when an earlier process ended. For the one process that
    /// has the folder, before it takes uploads.
    pub fn clean_up(folder: &FilePath) {
        for part in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            remove_staged(&part.path(), "");
        }
    }

    /// Keeps files in memory, as long as the process lives.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::at(Arc::new(InMemory::new()))
    }

    fn at(place: Arc<dyn ObjectStore>) -> Self {
        Self { place, folder: None, links: None, part_bytes: PART_BYTES }
    }

    /// Whether files are kept in a folder of this machine, and so take room on its disk.
    #[must_use]
    pub fn are_on_disk(&self) -> bool {
        self.folder.is_some()
    }

    /// Whether files can be kept in a bucket: keeps one and removes it. A folder was made, or not, before.
    ///
    /// # Errors
    /// When not.
    pub async fn check(&self) -> Result<(), FilesError> {
        if self.links.is_none() {
            return Ok(());
        }
        self.place.put(&Self::path(PROBE), Bytes::from_static(b"quintet").into()).await.map_err(FilesError::Broken)?;
        self.remove(PROBE).await
    }

    /// A folder for each of 256 parts, so that none gets very large. Ids grow from left to right: the end is random.
    fn path(id: &str) -> Path {
        let part = id.get(id.len().saturating_sub(2)..).unwrap_or("xx");
        Path::from_iter([part, id])
    }

    /// Keeps what a stream brings, once it has come whole.
    ///
    /// # Errors
    /// [`FilesError`]; then nothing is kept.
    pub async fn put<E: std::fmt::Display>(
        &self,
        id: &str,
        mut bytes: impl Stream<Item = Result<Bytes, E>> + Unpin,
        bytes_max: u64,
    ) -> Result<Received, FilesError> {
        let (mut size, mut head, mut part) = (0, Head::default(), Vec::new());
        let mut parts = Parts { upload: None };
        let end = Instant::now() + WHOLE;
        loop {
            let patience = Instant::now() + IDLE;
            let Ok(next) = tokio::time::timeout_at(patience.min(end), bytes.next()).await else {
                return Err(FilesError::BrokeOff("nothing came for too long".to_owned()));
            };
            let Some(next) = next else { break };
            let next = next.map_err(|error| FilesError::BrokeOff(error.to_string()))?;
            size += next.len() as u64;
            if size > bytes_max {
                return Err(FilesError::TooLarge(bytes_max));
            }
            head.add(&next);
            part.extend(&next);
            if part.len() >= self.part_bytes {
                parts.put(self, id, std::mem::take(&mut part)).await?;
            }
        }
        if size == 0 {
            return Err(FilesError::Empty);
        }
        let kept = parts.finish(self, id, part).await;
        if kept.is_err()
            && let Some(folder) = &self.folder
        {
            // Where the last step fails, the library forgets what it staged, and its own cleaning up with it.
            let part = folder.join(Self::path(id).parts().next().unwrap_or_default().as_ref());
            let id = id.to_owned();
            // Nothing waits for it: what is not removed now is at the next start.
            tokio::task::spawn_blocking(move || remove_staged(&part, &id)).await.unwrap_or_default();
        }
        kept?;
        Ok(Received { size, kind: head.kind() })
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// [`FilesError::NotFound`], or the place fails.
    pub async fn get(&self, id: &str) -> Result<BoxStream<'static, Result<Bytes, FilesError>>, FilesError> {
        let found = self.place.get(&Self::path(id)).await?;
        Ok(found.into_stream().map(|part| part.map_err(FilesError::from)).boxed())
    }

    /// A link that browsers follow to the place itself, where it has such: it shows the file as said, for a minute.
    ///
    /// # Errors
    /// When the place fails.
    pub async fn link(&self, id: &str, mime: &str, disposition: &str) -> Result<Option<String>, FilesError> {
        match &self.links {
            Some(links) => links.to(id, mime, disposition).await.map(Some),
            None => Ok(None),
        }
    }

    /// Removes a file; one that is not there is no error.
    ///
    /// # Errors
    /// When the place fails.
    pub async fn remove(&self, id: &str) -> Result<(), FilesError> {
        match self.place.delete(&Self::path(id)).await.map_err(FilesError::from) {
            Ok(()) | Err(FilesError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn parts(parts: &[&'static [u8]]) -> impl Stream<Item = Result<Bytes, String>> + Unpin + use<> {
        stream::iter(parts.iter().map(|part| Ok(Bytes::from_static(part))).collect::<Vec<_>>())
    }

    fn kept(folder: &FilePath) -> usize {
        let entries = std::fs::read_dir(folder).expect("a folder");
        let inner = |entry: std::fs::DirEntry| if entry.path().is_dir() { kept(&entry.path()) } else { 1 };
        entries.map(|entry| inner(entry.expect("an entry"))).sum()
    }

    #[tokio::test]
    async fn kept_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        for files in [Files::in_folder(folder.path()).expect("files"), Files::in_memory()] {
            let received = files.put("id-1", parts(&[b"hello ", b"world"]), 11).await.expect("kept");
            assert_eq!((received.size, received.kind.mime), (11, "application/octet-stream"));
            let bytes: Vec<Bytes> =
                files.get("id-1").await.expect("there").map(|part| part.expect("read")).collect().await;
            assert_eq!(bytes.concat(), b"hello world");
            let long = files.put("id-2", parts(&[b"hello ", b"world"]), 10).await;
            assert!(matches!(long, Err(FilesError::TooLarge(10))), "{long:?}");
            let cut = stream::iter([Ok(Bytes::from_static(b"hel")), Err("gone")]);
            assert!(matches!(files.put("id-3", cut, 10).await, Err(FilesError::BrokeOff(_))));
            assert!(matches!(files.put("id-4", parts(&[]), 10).await, Err(FilesError::Empty)));
            for id in ["id-2", "id-3", "id-4"] {
                assert!(matches!(files.get(id).await.map(|_| ()), Err(FilesError::NotFound)), "{id}");
            }
            files.remove("id-1").await.expect("removed");
            files.remove("id-1").await.expect("removed twice");
            assert!(files.get("id-1").await.is_err());
        }
        assert_eq!(kept(folder.path()), 0, "nothing is left behind");
    }

    #[tokio::test]
    async fn an_image_with_long_notes_says_its_size_late() {
        let note: Vec<u8> = [&[0xff, 0xe1, 0xff, 0xff][..], &[b'x'; 0xfffd]].concat();
        let size = [0xff, 0xc0, 0, 17, 8, 0, 20, 0, 30, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];
        for (notes, image) in [(0, Some((30, 20))), (3, Some((30, 20))), (15, Some((30, 20))), (17, None)] {
            let bytes = [&[0xff, 0xd8][..], &note.repeat(notes), &size, &[0; 64]].concat();
            let chunks: Vec<Result<Bytes, String>> =
                bytes.chunks(10_000).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
            let received = Files::in_memory().put("id", stream::iter(chunks), 10_000_000).await.expect("kept");
            assert_eq!(received.kind, Kind { mime: "image/jpeg", image }, "{notes} notes");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_stalls_is_not_waited_for() {
        let files = Files::in_memory();
        let stalled = stream::iter([Ok::<_, String>(Bytes::from_static(b"x"))]).chain(stream::pending());
        assert!(matches!(files.put("id", stalled.boxed(), 10).await, Err(FilesError::BrokeOff(_))));
    }

    #[tokio::test]
    async fn what_a_process_left_behind_is_cleaned_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = Files::in_folder(folder.path()).expect("files");
        files.put("id-01", parts(&[b"whole"]), 10).await.expect("kept");
        std::fs::write(folder.path().join("01/id-01#1"), b"half").expect("written");
        Files::clean_up(folder.path());
        assert_eq!(kept(folder.path()), 1);
        assert!(files.get("id-01").await.is_ok());
    }

    #[tokio::test]
    async fn a_key_stays_in_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = Files::in_folder(&folder.path().join("inner")).expect("files");
        files.put("../../escaped", parts(&[b"x"]), 10).await.expect("kept somewhere");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "only the inner folder is there");
    }
}
