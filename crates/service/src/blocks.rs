//! The users whom a user has blocked, and what those who are blocked are not shown.

use quintet_domain::{Account, Actor, Hidden, Refusal, SetBlock, UserId};
use quintet_store::Block;

use crate::Service;

impl Service {
    /// Returns the users whom a user has blocked, in the order in which it did.
    ///
    /// # Errors
    /// An internal error.
    pub async fn blocks(&self, user: UserId) -> Result<Vec<Block>, Refusal> {
        Ok(self.store().blocks(user).await?)
    }

    /// Blocks a user, or ends a block. Doing it again changes nothing.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if there is no such user, `ERR_FORBIDDEN` if nobody can block it, `ERR_INVALID_PAYLOAD` for the
    /// actor itself, `ERR_CONFLICT` if the actor has blocked too many.
    pub async fn set_block(&self, actor: Actor, user: UserId, blocked: bool) -> Result<(), Refusal> {
        self.write(SetBlock { actor, user, blocked }).await.map(|_| ())
    }

    /// Returns what a user is not shown of those who have blocked it, or have not accepted that it writes to them. It costs no
    /// read if there is nobody.
    ///
    /// # Errors
    /// An internal error.
    pub async fn hidden_from(&self, account: &Account) -> Result<Hidden, Refusal> {
        match account.is_blocked {
            true => self.hidden_now(account.user.id.clone()).await,
            false => Ok(Hidden::Nobody),
        }
    }

    /// Returns what a user is not shown as of now, where its account may have been read before.
    ///
    /// # Errors
    /// An internal error.
    pub async fn hidden_now(&self, user: UserId) -> Result<Hidden, Refusal> {
        Ok(self.store().hidden_from(user).await?)
    }
}
