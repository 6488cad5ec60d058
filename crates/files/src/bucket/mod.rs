//! Files in a bucket of an S3 service, where the feature `s3` builds them in.
//!
//! What must stay true: `s3` and `absent` offer the same items, so that no other code depends on the feature.

#[cfg(not(feature = "s3"))]
mod absent;
#[cfg(feature = "s3")]
mod s3;

#[cfg(not(feature = "s3"))]
pub(crate) use absent::Links;
#[cfg(feature = "s3")]
pub(crate) use s3::Links;

/// Whether this build can keep files in buckets: the feature `s3`.
pub const BUCKETS: bool = cfg!(feature = "s3");

/// Where a bucket is, and the key to it.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// The name of the bucket.
    pub name: String,
    /// The address of the service, where it is not AWS.
    pub endpoint: Option<String>,
    /// The region of the service that the bucket is in.
    pub region: Option<String>,
    /// The id and the secret of an access key; without one, the role of the machine is used.
    pub key: Option<(String, String)>,
}
