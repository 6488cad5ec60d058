//! The contents of files: stored completely or not at all, and read as a stream.
//!
//! What lives here: one interface to the storage of files (a folder, a bucket of an S3 service, or memory), and the
//! recognition of their types.
//! What does not live here: who owns a file, who may download it, and how long it is kept.
//!
//! What must stay true: an upload that is not completed leaves nothing behind; no id leads out of the folder.

mod bucket;
mod error;
mod head;
mod kind;

use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bucket::Links;
pub use bucket::{BUCKETS, Bucket};
use bytes::Bytes;
pub use error::FilesError;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt};
use head::Head;
pub use kind::Kind;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, MultipartUpload, ObjectStore, ObjectStoreExt};
use tokio::time::Instant;

/// Bytes that are buffered before they are written to disk: the memory that an upload takes.
const PART_BYTES: usize = 128 * 1024;

/// The id of the file that [`Files::check`] stores for a moment.
const PROBE: &str = "quintet-probe";

/// Maximum time between two pieces of an upload.
const IDLE: Duration = Duration::from_secs(30);

/// Maximum time of an upload. It is far below the day for which a file is kept before a message carries it.
const UPLOAD: Duration = Duration::from_secs(60 * 60);

/// The result of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The number of bytes.
    pub size: u64,
    /// The type, recognised by the bytes.
    pub kind: Kind,
}

/// The storage of files. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Files {
    storage: Arc<dyn ObjectStore>,
    /// The folder, if files are stored in one.
    folder: Option<PathBuf>,
    /// The signer of links, if browsers can download files from the storage directly.
    links: Option<Links>,
    /// Bytes that are buffered before they are written.
    part_bytes: usize,
}

/// An upload in parts, for files that are longer than one part. If it is dropped before it is finished, the parts are
/// removed.
struct Parts {
    upload: Option<Box<dyn MultipartUpload>>,
}

impl Parts {
    async fn put(&mut self, files: &Files, id: &str, part: Vec<u8>) -> Result<(), FilesError> {
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => none.insert(files.storage.put_multipart(&Files::path(id)).await?),
        };
        Ok(upload.put_part(part.into()).await?)
    }

    async fn finish(mut self, files: &Files, id: &str, last: Vec<u8>) -> Result<(), FilesError> {
        if self.upload.is_none() {
            files.storage.put(&Files::path(id), last.into()).await?;
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
                tracing::debug!(%error, "an interrupted upload could not be aborted; the storage may have done so");
            }
        });
    }
}

/// Removes what interrupted uploads left in a folder, of files whose ids start with `prefix`. The library names a
/// staged file by its id, a `#`, which no id contains, and a number. Files that were written to within `untouched` stay.
fn remove_staged(folder: &FilePath, prefix: &str, untouched: Duration) {
    for file in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = file.file_name();
        let staged = name.to_str().and_then(|name| name.split_once('#')).is_some_and(|(id, _)| id.starts_with(prefix));
        let is_old = || {
            let changed = file.metadata().and_then(|metadata| metadata.modified()).ok();
            untouched.is_zero() || changed.and_then(|at| at.elapsed().ok()).is_some_and(|age| age > untouched)
        };
        if staged
            && is_old()
            && let Err(error) = std::fs::remove_file(file.path())
        {
            tracing::warn!(%error, "the remains of an interrupted upload could not be removed");
        }
    }
}

impl Files {
    /// Stores files in a folder, which is created if it does not exist.
    ///
    /// # Errors
    /// [`FilesError`] if the folder cannot be created or used.
    pub fn in_folder(folder: &FilePath) -> Result<Self, FilesError> {
        std::fs::create_dir_all(folder).map_err(|error| {
            FilesError::Storage(object_store::Error::Generic { store: "folder", source: Box::new(error) })
        })?;
        let storage = LocalFileSystem::new_with_prefix(folder)?.with_automatic_cleanup(true).with_fsync(true);
        Ok(Self { folder: Some(folder.to_owned()), ..Self::at(Arc::new(storage)) })
    }

    /// Removes what uploads that an earlier process did not finish left in a folder. The process that owns the folder
    /// calls this before it accepts uploads.
    pub fn clean_up(folder: &FilePath) {
        Self::clean_up_untouched(folder, Duration::ZERO);
    }

    /// Removes what uploads that an earlier process did not finish left in a folder that other processes use as well:
    /// only what is older than any upload takes.
    pub fn clean_up_shared(folder: &FilePath) {
        Self::clean_up_untouched(folder, UPLOAD);
    }

    fn clean_up_untouched(folder: &FilePath, untouched: Duration) {
        for part in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            remove_staged(&part.path(), "", untouched);
        }
    }

    /// Stores files in memory until they are removed or the process ends.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::at(Arc::new(InMemory::new()))
    }

    fn at(storage: Arc<dyn ObjectStore>) -> Self {
        Self { storage, folder: None, links: None, part_bytes: PART_BYTES }
    }

    /// Returns whether files are stored in a folder of this machine, so that they use its disk.
    #[must_use]
    pub fn are_on_disk(&self) -> bool {
        self.folder.is_some()
    }

    /// Checks that a bucket accepts files, by storing one and removing it. A folder was checked when it was opened.
    ///
    /// # Errors
    /// [`FilesError`] if the bucket does not accept the file.
    pub async fn check(&self) -> Result<(), FilesError> {
        if self.links.is_none() {
            return Ok(());
        }
        self.storage
            .put(&Self::path(PROBE), Bytes::from_static(b"quintet").into())
            .await
            .map_err(FilesError::Storage)?;
        self.remove(PROBE).await
    }

    /// Returns the path of a file, in one of 256 folders, so that none gets very large. The end of an id chooses the
    /// folder, because ids start with the time.
    fn path(id: &str) -> Path {
        let part = id.get(id.len().saturating_sub(2)..).unwrap_or("xx");
        Path::from_iter([part, id])
    }

    /// Stores the bytes of a stream as a file, once the stream has ended.
    ///
    /// # Errors
    /// [`FilesError`] if the stream or the storage fails, or the file has more than `bytes_max` bytes. Nothing is
    /// stored then.
    pub async fn put<E: std::fmt::Display>(
        &self,
        id: &str,
        mut bytes: impl Stream<Item = Result<Bytes, E>> + Unpin,
        bytes_max: u64,
    ) -> Result<Received, FilesError> {
        let (mut size, mut head, mut part) = (0, Head::default(), Vec::new());
        let mut parts = Parts { upload: None };
        let end = Instant::now() + UPLOAD;
        loop {
            let next_by = Instant::now() + IDLE;
            let Ok(next) = tokio::time::timeout_at(next_by.min(end), bytes.next()).await else {
                return Err(FilesError::Interrupted("no bytes arrived for too long".to_owned()));
            };
            let Some(next) = next else { break };
            let next = next.map_err(|error| FilesError::Interrupted(error.to_string()))?;
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
        let stored = parts.finish(self, id, part).await;
        if stored.is_err()
            && let Some(folder) = &self.folder
        {
            // If the last step fails, the library does not remove the staged file.
            let folder = folder.join(Self::path(id).parts().next().unwrap_or_default().as_ref());
            let id = id.to_owned();
            // A failure is ignored: what is not removed now is removed at the next start.
            tokio::task::spawn_blocking(move || remove_staged(&folder, &id, Duration::ZERO)).await.unwrap_or_default();
        }
        stored?;
        Ok(Received { size, kind: head.kind() })
    }

    /// Reads the bytes of a file, or a part of them.
    ///
    /// # Errors
    /// [`FilesError::NotFound`], or [`FilesError::Storage`] if the storage fails.
    pub async fn get(
        &self,
        id: &str,
        part: Option<Range<u64>>,
    ) -> Result<BoxStream<'static, Result<Bytes, FilesError>>, FilesError> {
        let options = GetOptions { range: part.map(GetRange::Bounded), ..GetOptions::default() };
        let found = self.storage.get_opts(&Self::path(id), options).await?;
        Ok(found.into_stream().map(|part| part.map_err(FilesError::from)).boxed())
    }

    /// Signs a link by which a browser downloads the file from the storage, if the storage has such links. It is valid
    /// for a minute, and answered with this media type and `Content-Disposition`.
    ///
    /// # Errors
    /// [`FilesError::Storage`] if the storage fails.
    pub async fn link(&self, id: &str, mime: &str, disposition: &str) -> Result<Option<String>, FilesError> {
        match &self.links {
            Some(links) => links.sign(&Self::path(id), mime, disposition).await.map(Some),
            None => Ok(None),
        }
    }

    /// Removes a file. It is not an error if there is no such file.
    ///
    /// # Errors
    /// [`FilesError::Storage`] if the storage fails.
    pub async fn remove(&self, id: &str) -> Result<(), FilesError> {
        match self.storage.delete(&Self::path(id)).await.map_err(FilesError::from) {
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

    fn stored_files(folder: &FilePath) -> usize {
        let entries = std::fs::read_dir(folder).expect("a folder");
        let inner = |entry: std::fs::DirEntry| if entry.path().is_dir() { stored_files(&entry.path()) } else { 1 };
        entries.map(|entry| inner(entry.expect("an entry"))).sum()
    }

    #[tokio::test]
    async fn files_are_stored_completely_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        for files in [Files::in_folder(folder.path()).expect("files"), Files::in_memory()] {
            let received = files.put("id-1", parts(&[b"hello ", b"world"]), 11).await.expect("stored");
            assert_eq!((received.size, received.kind.mime), (11, "application/octet-stream"));
            let bytes: Vec<Bytes> =
                files.get("id-1", None).await.expect("there").map(|part| part.expect("read")).collect().await;
            assert_eq!(bytes.concat(), b"hello world");
            let part: Vec<Bytes> =
                files.get("id-1", Some(4..8)).await.expect("there").map(|part| part.expect("read")).collect().await;
            assert_eq!(part.concat(), b"o wo");
            let long = files.put("id-2", parts(&[b"hello ", b"world"]), 10).await;
            assert!(matches!(long, Err(FilesError::TooLarge(10))), "{long:?}");
            let cut = stream::iter([Ok(Bytes::from_static(b"hel")), Err("gone")]);
            assert!(matches!(files.put("id-3", cut, 10).await, Err(FilesError::Interrupted(_))));
            assert!(matches!(files.put("id-4", parts(&[]), 10).await, Err(FilesError::Empty)));
            for id in ["id-2", "id-3", "id-4"] {
                assert!(matches!(files.get(id, None).await.map(|_| ()), Err(FilesError::NotFound)), "{id}");
            }
            files.remove("id-1").await.expect("removed");
            files.remove("id-1").await.expect("removed twice");
            assert!(files.get("id-1", None).await.is_err());
        }
        assert_eq!(stored_files(folder.path()), 0, "nothing is left over");
    }

    #[tokio::test]
    async fn images_with_long_metadata_have_dimensions() {
        let metadata: Vec<u8> = [&[0xff, 0xe1, 0xff, 0xff][..], &[b'x'; 0xfffd]].concat();
        let size = [0xff, 0xc0, 0, 17, 8, 0, 20, 0, 30, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];
        for (count, image) in [(0, Some((30, 20))), (3, Some((30, 20))), (15, Some((30, 20))), (17, None)] {
            let bytes = [&[0xff, 0xd8][..], &metadata.repeat(count), &size, &[0; 64]].concat();
            let chunks: Vec<Result<Bytes, String>> =
                bytes.chunks(10_000).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
            let received = Files::in_memory().put("id", stream::iter(chunks), 10_000_000).await.expect("stored");
            assert_eq!(received.kind, Kind { mime: "image/jpeg", image }, "{count} blocks of metadata");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_upload_that_stalls_is_interrupted() {
        let files = Files::in_memory();
        let stalled = stream::iter([Ok::<_, String>(Bytes::from_static(b"x"))]).chain(stream::pending());
        assert!(matches!(files.put("id", stalled.boxed(), 10).await, Err(FilesError::Interrupted(_))));
    }

    #[tokio::test]
    async fn remains_of_an_earlier_process_are_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = Files::in_folder(folder.path()).expect("files");
        files.put("id-01", parts(&[b"whole"]), 10).await.expect("stored");
        std::fs::write(folder.path().join("01/id-01#1"), b"half").expect("written");
        Files::clean_up_shared(folder.path());
        assert_eq!(stored_files(folder.path()), 2, "another process may be writing it");
        Files::clean_up(folder.path());
        assert_eq!(stored_files(folder.path()), 1);
        assert!(files.get("id-01", None).await.is_ok());
    }

    #[tokio::test]
    async fn an_id_does_not_lead_out_of_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = Files::in_folder(&folder.path().join("inner")).expect("files");
        files.put("../../escaped", parts(&[b"x"]), 10).await.expect("stored somewhere");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "only the inner folder is there");
    }
}
