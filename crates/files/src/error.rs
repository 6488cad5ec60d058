//! Why files cannot be stored or read.

/// Why a file was not stored, found or read.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The file has more bytes than the caller allows.
    #[error("the file has more than {0} bytes")]
    TooLarge(u64),
    /// The stream failed or stalled before its end.
    #[error("the upload was interrupted: {0}")]
    Interrupted(String),
    /// The stream ended without any bytes.
    #[error("the file is empty")]
    Empty,
    /// There is no file with this id.
    #[error("there is no such file")]
    NotFound,
    /// The disk or the quota of the storage is full.
    #[error("the storage of files is full")]
    StorageFull,
    /// Files are to be stored in a bucket, which this build cannot do.
    #[error("this build cannot store files in a bucket: build it with `--features s3`")]
    NoBuckets,
    /// The folder or the service failed in another way.
    #[error("the storage of files failed: {0}")]
    Storage(#[source] object_store::Error),
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
                return Self::StorageFull;
            }
            source = cause.source();
        }
        Self::Storage(error)
    }
}
