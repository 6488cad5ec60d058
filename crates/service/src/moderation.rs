//! Bans, silences and the audit log, for calls over HTTP.

use quintet_domain::{
    Actor, AuditEntry, AuditFilter, ConversationId, LiftRestriction, Refusal, Restrict, Restriction, RestrictionKind,
    Timestamp, UserId, given_reason,
};
use quintet_store::Page;

use crate::Service;

/// A ban or a silence to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestrictionInput {
    /// Whether it is a ban or a silence.
    pub kind: RestrictionKind,
    /// The moment at which it ends; a ban without one lasts until it is lifted.
    pub until: Option<Timestamp>,
    /// The reason, if one is given.
    pub reason: Option<String>,
}

impl Service {
    /// Bans a user from a conversation, or silences a member there.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`, or a refusal that names an invalid field.
    pub async fn restrict(
        &self,
        actor: Actor,
        conversation: ConversationId,
        user: UserId,
        input: RestrictionInput,
    ) -> Result<Restriction, Refusal> {
        let RestrictionInput { kind, until, reason } = input;
        let reason = given_reason(reason.as_deref())?;
        self.write(Restrict { actor, conversation, user, kind, until, reason }).await
    }

    /// Lifts a ban or a silence.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`.
    pub async fn lift_restriction(
        &self,
        actor: Actor,
        conversation: ConversationId,
        user: UserId,
        kind: RestrictionKind,
        reason: Option<&str>,
    ) -> Result<(), Refusal> {
        let reason = given_reason(reason)?;
        self.write(LiftRestriction { actor, conversation, user, kind, reason }).await
    }

    /// Returns a page of the bans or silences of a conversation that hold.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`, or a refusal if the cursor is invalid.
    pub async fn restrictions(
        &self,
        user: UserId,
        conversation: ConversationId,
        kind: RestrictionKind,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<Page<Restriction>, Refusal> {
        Ok(self.store().restrictions(user, conversation, kind, cursor, limit).await?)
    }

    /// Returns a page of the acts of the audit log that fit a filter, the newest first. The caller checks who asks.
    ///
    /// # Errors
    /// A refusal if the cursor is invalid.
    pub async fn audit(
        &self,
        by: UserId,
        filter: AuditFilter,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<Page<AuditEntry>, Refusal> {
        Ok(self.store().audit(by.into(), filter, cursor, limit).await?)
    }
}
