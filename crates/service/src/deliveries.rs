//! What has reached the devices of users: the call over HTTP, and the saving of the cursors.
//!
//! What must stay true: cursors are saved at most once in [`SAVE_EVERY`], and before the store closes; nothing runs while
//! none has moved.

use std::time::Duration;

use quintet_domain::{Actor, ConversationId, Ephemeral, MessageId, NoteDelivery, Reading, Refusal, SaveDeliveries};

use crate::Service;

/// The time between two savings of the cursors that have moved.
const SAVE_EVERY: Duration = Duration::from_secs(1);

impl Service {
    /// Records that a message, and all before it in its conversation, have reached a device of a user.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if there is no such message in the conversation, or the user is no member.
    pub async fn note_delivery(&self, actor: Actor, id: ConversationId, message: MessageId) -> Result<(), Refusal> {
        let received = Reading::Messages { conversation: Some(id), messages: vec![message] };
        let events = self.write(NoteDelivery { actor, received }).await?;
        self.save_deliveries_later();
        for event in events {
            // Where the hub is far behind, authors see the change in the messages.
            drop(self.bus().ephemeral(Ephemeral::Event(event)));
        }
        Ok(())
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
