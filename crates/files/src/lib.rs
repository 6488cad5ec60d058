//! The bytes of files: kept whole or not at all, read as a stream, and what they are by their own word.
//!
//! What lives here: the one interface to where bytes are kept (a folder, memory), and what kind they are.
//! What does not: whose a file is, who may have it, and when it goes.
//!
//! What must stay true: a file that did not come whole leaves nothing behind; a key never leads out of the folder.

mod kind;

use std::path::Path as FilePath;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt};
pub use kind::Kind;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart};

/// Bytes from the start of a file by which it is known what it is, and how large an image is.
const HEAD_BYTES: usize = 64 * 1024;

/// Parts that may be on their way to the disk at once.
const PARTS_AT_ONCE: usize = 4;

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
            if let Some(std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded) = io {
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
pub struct Files(Arc<dyn ObjectStore>);

impl Files {
    /// Keeps files in a folder, which is made if it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made or used.
    pub fn in_folder(folder: &FilePath) -> Result<Self, FilesError> {
        std::fs::create_dir_all(folder).map_err(|error| {
            FilesError::Broken(object_store::Error::Generic { store: "folder", source: Box::new(error) })
        })?;
        Ok(Self(Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_automatic_cleanup(true).with_fsync(true))))
    }

    /// Keeps files in memory, as long as the process lives.
    #[must_use]
    pub fn in_memory() -> Self {
        Self(Arc::new(InMemory::new()))
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
        let mut upload = WriteMultipart::new(self.0.put_multipart(&Self::path(id)).await?);
        let (mut size, mut head) = (0, Vec::new());
        let broken = loop {
            match bytes.next().await {
                None if size == 0 => break FilesError::Empty,
                None => {
                    upload.finish().await?;
                    return Ok(Received { size, kind: Kind::of(&head) });
                }
                Some(Err(error)) => break FilesError::BrokeOff(error.to_string()),
                Some(Ok(part)) => {
                    size += part.len() as u64;
                    if size > bytes_max {
                        break FilesError::TooLarge(bytes_max);
                    }
                    head.extend(&part[..part.len().min(HEAD_BYTES - head.len())]);
                    if let Err(error) = upload.wait_for_capacity(PARTS_AT_ONCE).await {
                        break error.into();
                    }
                    upload.put(part);
                }
            }
        };
        if let Err(error) = upload.abort().await {
            tracing::warn!(%error, "an upload that broke off could not be cleaned up");
        }
        Err(broken)
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// [`FilesError::NotFound`], or the place fails.
    pub async fn get(&self, id: &str) -> Result<BoxStream<'static, Result<Bytes, FilesError>>, FilesError> {
        let found = self.0.get(&Self::path(id)).await?;
        Ok(found.into_stream().map(|part| part.map_err(FilesError::from)).boxed())
    }

    /// Removes a file; one that is not there is no error.
    ///
    /// # Errors
    /// When the place fails.
    pub async fn remove(&self, id: &str) -> Result<(), FilesError> {
        match self.0.delete(&Self::path(id)).await.map_err(FilesError::from) {
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
    async fn a_key_stays_in_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = Files::in_folder(&folder.path().join("inner")).expect("files");
        files.put("../../escaped", parts(&[b"x"]), 10).await.expect("kept somewhere");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "only the inner folder is there");
    }
}
