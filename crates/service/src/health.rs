//! Whether the store works: it answers reads, and commits writes.

use quintet_domain::{Probe, Refusal};

use crate::Service;

impl Service {
    /// Checks that the store answers, and that it commits: after a commit that failed, something is written to find
    /// out.
    ///
    /// # Errors
    /// An internal error if the store does not work; `ERR_STORAGE_FULL` while the disk is full.
    pub async fn check(&self) -> Result<(), Refusal> {
        self.0.ready.run(self.check_now()).await
    }

    async fn check_now(&self) -> Result<(), Refusal> {
        if self.store().is_full() {
            return Err(Refusal::storage_full());
        }
        self.store().check().await?;
        if self.metrics().last_commit_failed() {
            self.write(Probe).await?;
            self.metrics().commits_work();
        }
        self.position().await.map(|_| ())
    }
}
