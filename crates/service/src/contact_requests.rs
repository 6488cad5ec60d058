//! The requests of others to reach a user.

use std::sync::Arc;

use quintet_domain::{Actor, ContactRequest, ConversationRef, DecideContact, Refusal, RequestId, UserId};

use crate::Service;

impl Service {
    /// Returns the requests that a user can decide, the newest first.
    ///
    /// # Errors
    /// An internal error.
    pub async fn contact_requests(&self, user: UserId) -> Result<Vec<ContactRequest>, Refusal> {
        Ok(self.store().contact_requests(user).await?)
    }

    /// Accepts or declines a request. Returns its conversation.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if there is no such request to the actor, or no longer; `ERR_CONFLICT` if whoever asked cannot take
    /// the actor into its group any more.
    pub async fn decide_contact(
        &self,
        actor: Actor,
        request: RequestId,
        accept: bool,
    ) -> Result<Arc<ConversationRef>, Refusal> {
        self.write(DecideContact { actor, request, accept }).await
    }
}
