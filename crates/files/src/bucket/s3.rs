//! Files in a bucket of a service with the API of Amazon S3.
//!
//! What must stay true: nothing is asked of the service before [`Files::check`].

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::{ClientOptions, RetryConfig};

use super::{Bucket, Links};
use crate::{Files, FilesError};

/// Bytes that are buffered before they are sent: the minimum size of all parts of an upload but the last.
const PART_BYTES: usize = 5 * 1024 * 1024;

/// The timeout of a request, and of all of its retries.
const REQUEST: Duration = Duration::from_secs(30);
/// Maximum number of retries of a request.
const RETRIES: usize = 3;

impl Files {
    /// Stores files in a bucket. This sends no request yet; [`Files::check`] does.
    ///
    /// # Errors
    /// [`FilesError::Storage`] if the settings contradict each other.
    pub fn in_bucket(bucket: &Bucket) -> Result<Self, FilesError> {
        let retry = RetryConfig { max_retries: RETRIES, retry_timeout: REQUEST, ..RetryConfig::default() };
        let plain = bucket.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
        let client = ClientOptions::new().with_timeout(REQUEST).with_allow_http(plain);
        let mut builder = AmazonS3Builder::new().with_bucket_name(&bucket.name).with_retry(retry);
        if let Some(endpoint) = &bucket.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some(region) = &bucket.region {
            builder = builder.with_region(region);
        }
        if let Some((id, secret)) = &bucket.key {
            builder = builder.with_access_key_id(id).with_secret_access_key(secret);
        }
        let s3 = Arc::new(builder.with_client_options(client).build()?);
        let links = Some(Links::new(Arc::clone(&s3)));
        Ok(Self { storage: s3, folder: None, links, part_bytes: PART_BYTES })
    }
}
