//! Signed links, by which browsers download files from a bucket without the server between them.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::signer::{SignedUrlOptions, Signer};

use crate::error::FilesError;

/// How long a signed link is valid: a browser follows it at once.
const VALID: Duration = Duration::from_secs(60);

/// Signs links to the files of a bucket.
#[derive(Clone, Debug)]
pub(crate) struct Links(Arc<AmazonS3>);

impl Links {
    /// Creates the signer of a bucket.
    pub(crate) fn new(bucket: Arc<AmazonS3>) -> Self {
        Self(bucket)
    }

    /// Signs a link to the file at a path. The bucket answers it with these values of `Content-Type` and
    /// `Content-Disposition`.
    pub(crate) async fn sign(&self, path: &Path, mime: &str, disposition: &str) -> Result<String, FilesError> {
        let query = [("response-content-type", mime), ("response-content-disposition", disposition)];
        let options = SignedUrlOptions::new().with_query(query);
        let link = self.0.signed_url_opts(http::Method::GET, path, VALID, &options).await?;
        Ok(link.into())
    }
}
