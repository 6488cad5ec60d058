//! Files in a bucket of an S3 service, where the feature `s3` builds them in.
//!
//! What must stay true: `s3` and `links`, and `absent`, offer the same items, so that no other code depends on the feature.

#[cfg(not(feature = "s3"))]
mod absent;
#[cfg(feature = "s3")]
mod links;
#[cfg(feature = "s3")]
mod s3;

#[cfg(not(feature = "s3"))]
pub(crate) use absent::Links;
#[cfg(feature = "s3")]
pub(crate) use links::Links;

/// Whether this build can store files in buckets: the feature `s3`.
pub const BUCKETS: bool = cfg!(feature = "s3");

/// The bucket that stores files, as the operator configures it.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// The name of the bucket.
    pub name: String,
    /// The URL of the service; none for AWS.
    pub endpoint: Option<String>,
    /// The region of the bucket; none for the default of the service.
    pub region: Option<String>,
    /// The id and the secret of the access key; without one, the role of the machine is used.
    pub key: Option<(String, String)>,
}
