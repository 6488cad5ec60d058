//! Buckets of AWS, and of services that speak its protocol.
//!
//! What must stay true: nothing is asked of the service before [`Files::check`].

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::signer::{SignedUrlOptions, Signer};
use object_store::{ClientOptions, RetryConfig};

use super::Bucket;
use crate::{Files, FilesError};

/// Bytes that are gathered before they are sent: S3 takes no smaller part but the last.
const PART_BYTES: usize = 5 * 1024 * 1024;

/// How long a signed link is good: as long as a browser needs to follow it.
const LINK: Duration = Duration::from_secs(60);

/// How long a request may take, and how long it is tried again.
const REQUEST: Duration = Duration::from_secs(30);
const RETRIES: usize = 3;

/// Signs links to the files of a bucket.
#[derive(Clone, Debug)]
pub(crate) struct Links(Arc<AmazonS3>);

impl Links {
    /// A link to a file that shows it as said, for a moment.
    pub(crate) async fn to(&self, id: &str, mime: &str, disposition: &str) -> Result<String, FilesError> {
        let shown = [("response-content-type", mime), ("response-content-disposition", disposition)];
        let options = SignedUrlOptions::new().with_query(shown);
        let link = self.0.signed_url_opts(http::Method::GET, &Files::path(id), LINK, &options).await?;
        Ok(link.into())
    }
}

impl Files {
    /// Keeps files in a bucket. Nothing is asked of the service yet; see [`Files::check`].
    ///
    /// # Errors
    /// When the settings contradict each other.
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
        let links = Some(Links(Arc::clone(&s3)));
        Ok(Self { place: s3, folder: None, links, part_bytes: PART_BYTES })
    }
}
