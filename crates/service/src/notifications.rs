//! Notifications.

use std::sync::Arc;

use quintet_domain::limits::NAME_CHARS_MAX;
use quintet_domain::{Notification, NotificationId, Refusal, UserId, is_blank, validate_content};
use quintet_store::{NotificationRow, Page, Untold};

use crate::Service;

/// Checks the words of a notification.
fn check_words(title: &str, message: &str) -> Result<(), Refusal> {
    if is_blank(title) {
        return Err(Refusal::invalid("title", "must not be blank"));
    }
    if title.chars().count() > NAME_CHARS_MAX {
        return Err(Refusal::too_large("title", format!("has at most {NAME_CHARS_MAX} characters")));
    }
    validate_content("message", message, false)
}

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
    ) -> Result<Page<NotificationRow>, Refusal> {
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
    /// `ERR_NOT_FOUND`, what is wrong with the words.
    pub async fn notify(&self, user: UserId, title: String, message: String) -> Result<Arc<Notification>, Refusal> {
        check_words(&title, &message)?;
        self.write(|store, done| store.notify(user, title, message, done)).await
    }
}
