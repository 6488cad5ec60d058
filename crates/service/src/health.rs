//! Whether the server works: its store answers reads and commits writes, and the node hears what others commit.

use quintet_domain::{Code, Probe, Refusal};

use crate::Service;

impl Service {
    /// Lets a function decide beside the store whether this node is ready: it returns a sentence if it is not. Only the
    /// first function counts.
    pub fn set_health(&self, health: impl Fn() -> Option<&'static str> + Send + Sync + 'static) {
        drop(self.0.health.set(Box::new(health)));
    }

    /// Checks that the node hears what others commit, that the store answers, and that it commits: after a commit that
    /// failed, something is written to find out.
    ///
    /// # Errors
    /// An internal error if the node or the store does not work; `ERR_STORAGE_FULL` while the disk is full.
    pub async fn check(&self) -> Result<(), Refusal> {
        if let Some(why) = self.0.health.get().and_then(|health| health()) {
            return Err(Refusal::new(Code::Internal, why));
        }
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
