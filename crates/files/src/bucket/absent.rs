//! What stands in for buckets in a binary that is built without the feature `s3`.
//!
//! What must stay true: naming a bucket is refused here; no file goes anywhere else instead.

use super::Bucket;
use crate::{Files, FilesError};

/// Links to a bucket, of which there is none.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Links {}

impl Links {
    /// Cannot be called, as there is no bucket to link to.
    #[allow(clippy::unused_async, reason = "the same function signs links where there are buckets")]
    pub(crate) async fn to(&self, _id: &str, _mime: &str, _disposition: &str) -> Result<String, FilesError> {
        match *self {}
    }
}

impl Files {
    /// Refuses to keep files in a bucket.
    ///
    /// # Errors
    /// [`FilesError::NoBuckets`], always.
    pub fn in_bucket(_: &Bucket) -> Result<Self, FilesError> {
        Err(FilesError::NoBuckets)
    }
}
