//! The stand-in for buckets in a binary that is built without the feature `s3`.
//!
//! What must stay true: a bucket in the configuration is refused; no file is stored anywhere else instead.

use object_store::path::Path;

use super::Bucket;
use crate::{Files, FilesError};

/// Links to a bucket, of which there is none.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Links {}

impl Links {
    /// Cannot be called, as there is no bucket to link to.
    #[allow(clippy::unused_async, reason = "the same function signs links where there are buckets")]
    pub(crate) async fn sign(&self, _path: &Path, _mime: &str, _disposition: &str) -> Result<String, FilesError> {
        match *self {}
    }
}

impl Files {
    /// Refuses to store files in a bucket.
    ///
    /// # Errors
    /// [`FilesError::NoBuckets`], always.
    pub fn in_bucket(_: &Bucket) -> Result<Self, FilesError> {
        Err(FilesError::NoBuckets)
    }
}
