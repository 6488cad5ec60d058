//! Searches for messages, for calls over HTTP.

use std::sync::Arc;

use quintet_domain::{Message, MessageSearch, Refusal, UserId};
use quintet_store::Page;

use crate::Service;
use crate::users::SEARCH_READS_MAX;

impl Service {
    /// Finds messages that a user may read, newest first. Pages are those of [`users`](Self::users).
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` or `ERR_FORBIDDEN` if a conversation is given that the user may not read; a refusal if the cursor
    /// is invalid.
    pub async fn search_messages(
        &self,
        user: UserId,
        search: MessageSearch,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<Page<Arc<Message>>, Refusal> {
        let mut page = self.store().search_messages(user.clone(), search.clone(), cursor, limit).await?;
        // Each read takes its turn, so that one search does not delay others.
        for _ in 1..SEARCH_READS_MAX {
            if page.next.is_none() || !page.items.is_empty() {
                break;
            }
            page = self.store().search_messages(user.clone(), search.clone(), page.next, limit).await?;
        }
        Ok(page)
    }
}
