//! Notifications that no connection was sent yet: told to the next one that comes, once.

use std::sync::Arc;

use quintet_domain::{ConnectionId, Event, Notification, NotificationId, User, UserId};

use super::deliver::Frames;
use super::{Hub, Wake};
use crate::connection::Connection;

impl Hub {
    /// Sends what no connection was sent yet, once it is read.
    pub(super) fn resend_untold(&mut self, connection: &Arc<Connection>, user: &User) {
        let reads_notifications = connection.dialect().is_none_or(|d| d == quintet_dialect::Dialect::Meetup);
        if reads_notifications && !user.is_guest() {
            self.state.await_untold(&user.id, connection.id);
            let (service, inbox) = (self.service.clone(), self.inbox.clone());
            let (connection, user) = (connection.id, user.id.clone());
            tokio::spawn(async move {
                let untold = service.untold(user.clone()).await.unwrap_or_default();
                if let Some(inbox) = inbox.upgrade() {
                    let _ = inbox.send(Wake::Untold { connection, user, untold }).await;
                }
            });
        }
    }

    /// Sends what happened before the connection came, but for what it heard since.
    pub(super) fn resend(&mut self, connection: ConnectionId, user: &UserId, notifications: Vec<Arc<Notification>>) {
        let Some((connection, heard)) = self.state.take_heard(user, connection) else { return };
        let mut told = Vec::new();
        for notification in notifications.into_iter().filter(|notification| !heard.contains(&notification.id)) {
            let event = Event::Notified { user: user.clone(), notification: Arc::clone(&notification) };
            if let Some(seat) = self.state.seat_of(user, connection.id) {
                Frames::new(&event, self.service.presence(), None).queue_all(seat, quintet_dialect::Perspective::Other);
            }
            told.extend(connection.told(&notification.id));
        }
        self.mark_told(told);
    }

    pub(super) fn note_told(&mut self, user: &UserId, notification: &Notification) {
        let mut told = Vec::new();
        for connection in self.state.told_connections_of(user) {
            told.extend(connection.told(&notification.id));
        }
        self.state.note_heard(user, &notification.id);
        told.dedup();
        self.mark_told(told);
    }

    pub(super) fn mark_told(&self, told: Vec<NotificationId>) {
        if !told.is_empty() {
            let service = self.service.clone();
            tokio::spawn(async move { service.told(told).await });
        }
    }
}
