//! Notifications.

use std::sync::Arc;

use quintet_domain::{Notification, NotificationId, Refusal, UserId};
use quintet_store::{Numbered, Page, Untold};

use crate::Service;

impl Service {
    /// The user's notifications, the newest first.
    ///
    /// # Errors
    /// What is wrong with the cursor.
    pub async fn notifications(
        &self,
        user: UserId,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<Page<Numbered>, Refusal> {
        Ok(self.store().notifications(user, cursor, limit).await?)
    }

    /// Marks all of the user's notifications as read.
    ///
    /// # Errors
    /// An internal error.
    pub async fn read_notifications(&self, user: UserId) -> Result<(), Refusal> {
        self.write(|store, done| store.read_notifications(user, done)).await
    }

    /// What no connection of the meetup vocabulary was sent yet, the oldest first.
    ///
    /// # Errors
    /// An internal error.
    pub async fn untold(&self, user: UserId) -> Result<Untold, Refusal> {
        Ok(self.store().untold(user).await?)
    }

    /// Notes that a connection that speaks the meetup vocabulary was sent these.
    pub async fn told(&self, notifications: Vec<NotificationId>) {
        if let Err(error) = self.write(|store, done| store.told(notifications, done)).await {
            tracing::warn!(%error, "notifications that were sent are not marked so and will be sent again");
        }
    }

    /// Tells a user something.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`.
    pub async fn notify(&self, user: UserId, title: String, message: String) -> Result<Arc<Notification>, Refusal> {
        self.write(|store, done| store.notify(user, title, message, done)).await
    }
}
