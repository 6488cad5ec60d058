//! Invitations: links by which people may register, or become members of groups.
//!
//! What must stay true: each reason why an invitation is not good any more has a sentence of its own; the code itself is
//! kept nowhere.

use std::sync::Arc;

use crate::{ConversationRef, Refusal, Timestamp, User};

/// An invitation, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The id of the invitation, which opens nothing.
    pub id: String,
    /// Whether it lets people register who have no account yet.
    pub admits: bool,
    /// The groups and rooms that it leads into, as far as they still exist.
    pub conversations: Vec<Arc<ConversationRef>>,
    /// The user who made it; none if the operator did.
    pub made_by: Option<Arc<User>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// How often it may be used, and until when.
    pub bounds: InvitationBounds,
    /// How often it was used, and when it was revoked.
    pub state: InvitationState,
}

impl Invitation {
    /// Refuses an invitation that is not good any more.
    ///
    /// # Errors
    /// `ERR_FORBIDDEN` with a sentence that says why.
    pub fn check(&self, now: Timestamp) -> Result<(), Refusal> {
        self.bounds.check(self.state, now)
    }
}

/// How often an invitation may be used, and until when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InvitationBounds {
    /// The number of times; none for any number.
    pub uses_max: Option<u32>,
    /// The moment until which it is good; none for good.
    pub expires_at: Option<Timestamp>,
}

/// What has become of an invitation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InvitationState {
    /// The number of times that it was used.
    pub uses: u32,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl InvitationBounds {
    /// Refuses an invitation that is not good any more.
    ///
    /// # Errors
    /// `ERR_FORBIDDEN` with a sentence that says why.
    pub fn check(self, state: InvitationState, now: Timestamp) -> Result<(), Refusal> {
        if state.revoked_at.is_some() {
            return Err(Refusal::forbidden("This invitation was revoked."));
        }
        if let Some(end) = self.expires_at.filter(|end| now.0 >= end.0) {
            return Err(Refusal::forbidden(format!("This invitation was good until {end}.")));
        }
        match self.uses_max {
            Some(1) if state.uses >= 1 => Err(Refusal::forbidden("This invitation was used already.")),
            Some(max) if state.uses >= max => {
                Err(Refusal::forbidden(format!("This invitation was used {max} times already, which is its limit.")))
            }
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_of_an_invitation_has_a_sentence() {
        let now = Timestamp(1_000);
        let said = |uses_max, expires_at: Option<i64>, uses, revoked: bool| {
            let bounds = InvitationBounds { uses_max, expires_at: expires_at.map(Timestamp) };
            let state = InvitationState { uses, revoked_at: revoked.then_some(now) };
            bounds.check(state, now).map_err(|refusal| refusal.message)
        };
        assert_eq!(said(None, None, 1_000_000, false), Ok(()));
        assert_eq!(said(Some(2), Some(1_001), 1, false), Ok(()));
        assert_eq!(said(Some(1), None, 1, false), Err("This invitation was used already.".to_owned()));
        let often = "This invitation was used 2 times already, which is its limit.";
        assert_eq!(said(Some(2), None, 2, false), Err(often.to_owned()));
        let late = "This invitation was good until 1970-01-01T00:00:01.000Z.";
        assert_eq!(said(Some(2), Some(1_000), 2, false), Err(late.to_owned()));
        assert_eq!(said(Some(2), Some(1_000), 2, true), Err("This invitation was revoked.".to_owned()));
    }
}
