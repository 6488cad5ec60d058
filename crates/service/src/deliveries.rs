//! What has reached the devices of users: the call over HTTP, what nodes have written to connections, and the saving of
//! the cursors.
//!
//! What must stay true: cursors are saved at most once in [`SAVE_EVERY`], and before the store closes; nothing runs while
//! none has moved.

use std::time::Duration;

use quintet_domain::{
    Actor, ConversationId, Ephemeral, Event, MessageId, NoteDelivery, NotedBy, Reading, Refusal, SaveDeliveries,
    UserId, Written,
};
use quintet_store::ReplyTo;
use tokio::sync::oneshot;

use crate::Service;

/// The time between two savings of the cursors that have moved.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// A message that was written to a connection of its receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The user who received the message.
    pub user: UserId,
    /// The conversation of the message.
    pub conversation: ConversationId,
    /// The message itself.
    pub message: MessageId,
}

impl Service {
    /// Records that a message, and all before it in its conversation, have reached a device of a user.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if there is no such message in the conversation, or the user is no member.
    pub async fn note_delivery(&self, actor: Actor, id: ConversationId, message: MessageId) -> Result<(), Refusal> {
        let received = Reading::Messages { conversation: Some(id), messages: vec![message] };
        let noted = NoteDelivery { actor, received, noted_by: NotedBy::Client };
        let events = self.write(noted).await?;
        self.tell_deliveries(events);
        Ok(())
    }

    /// Records that messages were written to connections of users: each with all before it in its conversation. Where a
    /// user is no member any more, or the store refuses, nothing is recorded, and the next message makes up for it.
    pub async fn note_deliveries(&self, written: Vec<Delivery>) {
        let mut noted = Vec::with_capacity(written.len());
        for Delivery { user, conversation, message } in written {
            let received = Reading::Messages { conversation: Some(conversation), messages: vec![message] };
            let write = NoteDelivery { actor: Actor::user(user), received, noted_by: NotedBy::Node };
            let (sender, receiver) = oneshot::channel();
            // All are submitted before the first is waited for, so that they share a group.
            if self.store().submit(write.into(), ReplyTo::Caller(sender)).await.is_ok() {
                noted.push(receiver);
            }
        }
        let mut events = Vec::new();
        for receiver in noted {
            if let Ok(Ok(Written::NoteDelivery(told))) = receiver.await {
                events.extend(told);
            }
        }
        self.tell_deliveries(events);
    }

    /// Tells authors what has reached others, and plans the saving of the cursors that have moved.
    fn tell_deliveries(&self, events: Vec<Event>) {
        self.save_deliveries_later();
        for event in events {
            // Where the hub is far behind, authors see the change in the messages.
            drop(self.bus().ephemeral(Ephemeral::Event(event)));
        }
    }

    /// Plans the saving of the cursors that have moved, if it is not planned yet.
    pub fn save_deliveries_later(&self) {
        if !self.0.saving.plan() {
            return;
        }
        let service = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(SAVE_EVERY).await;
            service.save_deliveries().await;
        });
    }

    /// Saves the cursors that have moved, if any may have.
    pub(crate) async fn save_deliveries(&self) {
        if self.0.saving.begin()
            && let Err(error) = self.write(SaveDeliveries).await
        {
            tracing::warn!(%error, "what was delivered could not be saved");
        }
    }
}
