//! Notifications of registered users.

use std::sync::Arc;

use quintet_domain::limits::NAME_CHARS_MAX;
use quintet_domain::{
    MarkDelivered, Notification, NotificationId, NotifyUser, ReadNotifications, Refusal, UserId, is_blank, refuse_nul,
    validate_content,
};
use quintet_store::{NotificationRow, Page, PendingNotifications};

use crate::Service;

/// Checks the title and the message of a notification.
fn check_texts(title: &str, message: &str) -> Result<(), Refusal> {
    refuse_nul("title", title)?;
    if is_blank(title) {
        return Err(Refusal::invalid("title", "must not be blank"));
    }
    if title.chars().count() > NAME_CHARS_MAX {
        return Err(Refusal::too_large("title", format!("has at most {NAME_CHARS_MAX} characters")));
    }
    validate_content("message", message, false)
}

impl Service {
    /// Returns a page of the user's notifications, the newest first.
    ///
    /// # Errors
    /// A refusal if the cursor is invalid.
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
        self.write(ReadNotifications { user }).await
    }

    /// Returns the notifications that were not delivered to any connection of a dialect with notifications, the oldest
    /// first.
    ///
    /// # Errors
    /// An internal error.
    pub async fn pending_notifications(&self, user: UserId) -> Result<PendingNotifications, Refusal> {
        Ok(self.store().pending_notifications(user).await?)
    }

    /// Records that notifications were delivered to a connection of a dialect with notifications.
    pub async fn mark_delivered(&self, notifications: Vec<NotificationId>) {
        if let Err(error) = self.write(MarkDelivered { notifications }).await {
            tracing::warn!(%error, "delivered notifications were not marked and will be sent again");
        }
    }

    /// Notifies a registered user.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if there is no such user; a refusal that names an invalid text.
    pub async fn notify(&self, user: UserId, title: String, message: String) -> Result<Arc<Notification>, Refusal> {
        check_texts(&title, &message)?;
        self.write(NotifyUser { user, title, message }).await
    }
}
