//! Pending notifications: those not delivered to any connection whose dialect is decided are sent to the next one, once.
//!
//! What must stay true: a connection receives each notification once, whether it was created before the connection was
//! attached or while the pending ones were being read.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use quintet_dialect::Perspective;
use quintet_domain::{ConnectionId, Event, Notification, NotificationId, User, UserId};
use quintet_service::{PendingNotifications, Service};
use tokio::sync::mpsc;

use super::directory::Directory;
use super::fan_out::Frames;
use super::message::ClientMessage;
use crate::connection::Connection;

/// The connections for which pending notifications are being read.
pub(super) struct Notifications {
    service: Service,
    inbox: mpsc::WeakSender<ClientMessage>,
    /// The notifications that each of them received since the read began.
    reading: BTreeMap<(UserId, ConnectionId), Vec<NotificationId>>,
}

impl Notifications {
    pub(super) fn new(service: Service, inbox: mpsc::WeakSender<ClientMessage>) -> Self {
        Self { service, inbox, reading: BTreeMap::new() }
    }

    /// Reads the pending notifications for a connection that was just attached. Those that were read ahead are returned
    /// instead, if there are any; they are to be sent at their position.
    pub(super) fn read_pending(
        &mut self,
        connection: &Connection,
        user: &User,
        ahead: Option<PendingNotifications>,
    ) -> Option<PendingNotifications> {
        let none_pending = ahead.as_ref().is_some_and(|ahead| ahead.notifications.is_empty());
        if none_pending || user.is_guest() {
            return None;
        }
        let (connection, user) = (connection.id, user.id.clone());
        self.reading.insert((user.clone(), connection), Vec::new());
        if ahead.is_some() {
            return ahead;
        }
        let (service, inbox) = (self.service.clone(), self.inbox.clone());
        tokio::spawn(async move {
            let pending = service.pending_notifications(user.clone()).await.unwrap_or_default();
            if let Some(inbox) = inbox.upgrade() {
                let _ = inbox.send(ClientMessage::NotificationsRead { connection, user, pending }).await;
            }
        });
        None
    }

    /// Sends a connection the notifications that were pending, except those that it received meanwhile.
    pub(super) fn send_pending(
        &mut self,
        directory: &mut Directory,
        (connection, user): (ConnectionId, UserId),
        notifications: Vec<Arc<Notification>>,
    ) {
        let received = self.reading.remove(&(user.clone(), connection));
        let (Some(received), Some(subscriber)) = (received, directory.subscriber(&user, connection)) else { return };
        let mut delivered = Vec::new();
        for notification in notifications.into_iter().filter(|notification| !received.contains(&notification.id)) {
            let id = notification.id.clone();
            let event = Event::Notified { user: user.clone(), notification };
            let written = RefCell::default();
            Frames::new(&event, &self.service, (None, None), &written).queue_all(subscriber, Perspective::Other);
            delivered.extend(subscriber.connection.mark_delivered(&id));
        }
        self.mark_delivered(delivered);
    }

    /// Records that a notification was sent to the connections of a user.
    pub(super) fn sent(&mut self, directory: &Directory, user: &UserId, notification: &NotificationId) {
        // A replay records by itself what it sends.
        let receiving = directory.subscribers_of(user).filter(|subscriber| subscriber.buffer.borrow().is_none());
        let delivered = receiving.filter_map(|subscriber| subscriber.connection.mark_delivered(notification));
        let mut delivered: Vec<NotificationId> = delivered.collect();
        delivered.dedup();
        self.mark_delivered(delivered);
        if !self.reading.is_empty() {
            let connections = (user.clone(), ConnectionId(0))..=(user.clone(), ConnectionId(u64::MAX));
            self.reading.range_mut(connections).for_each(|(_, received)| received.push(notification.clone()));
        }
    }

    /// Removes a connection that ended.
    pub(super) fn detached(&mut self, connection: ConnectionId, user: &UserId) {
        if !self.reading.is_empty() {
            self.reading.remove(&(user.clone(), connection));
        }
    }

    fn mark_delivered(&self, delivered: Vec<NotificationId>) {
        if !delivered.is_empty() {
            let service = self.service.clone();
            tokio::spawn(async move { service.mark_delivered(delivered).await });
        }
    }
}
