//! Invitations: links by which people register, or become members of groups.
//!
//! What must stay true: a code is shown once and kept nowhere; whoever tries codes is counted before they are looked up.

use std::net::IpAddr;

use quintet_domain::limits::INVITATION_USES_MAX;
use quintet_domain::{
    AcceptInvitation, AcceptedInvitation, Actor, Code, ConversationId, Invitation, InvitationBounds, Invited,
    MakeInvitation, Refusal, RevokeInvitation, UserId,
};
use quintet_store::{Page, Party};

use crate::Service;
use crate::services::hash;

/// The prefix of all codes, by which a leaked code can be recognised.
const CODE_PREFIX: &str = "qi_";

/// Who may register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Registration {
    /// Everybody who can reach the server.
    #[default]
    Open,
    /// Those who have an invitation to the server.
    Invite,
    /// Nobody: the operator and services create accounts.
    Closed,
}

impl Registration {
    /// The name of the policy, as the configuration has it and clients are told.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Invite => "invite",
            Self::Closed => "closed",
        }
    }
}

/// An invitation that is to be made.
#[derive(Clone, Debug, Default)]
pub struct NewInvitation {
    /// Whether it lets people register who have no account yet.
    pub admits: bool,
    /// The groups and rooms that it leads into.
    pub conversations: Vec<ConversationId>,
    /// How often it may be used, and until when.
    pub bounds: InvitationBounds,
}

impl Service {
    /// Makes an invitation. Returns its code, which is not kept. `actor` is the user or service that makes it, or `None` for
    /// the operator. Whether the actor may let people in to the server is decided before.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` or `ERR_FORBIDDEN` for a group that the actor may not add members to; a refusal that names an invalid
    /// field; `ERR_CONFLICT` if the actor has too many invitations.
    pub async fn invite(&self, actor: Option<Actor>, new: NewInvitation) -> Result<(String, Invitation), Refusal> {
        let NewInvitation { admits, conversations, bounds } = new;
        if bounds.uses_max.is_some_and(|uses| uses == 0 || uses > INVITATION_USES_MAX) {
            return Err(Refusal::invalid("usesMax", format!("must be from 1 to {INVITATION_USES_MAX}")));
        }
        if bounds.expires_at.is_some_and(|end| end.0 <= self.0.environment.now().0) {
            return Err(Refusal::invalid("expiresAt", "must be in the future"));
        }
        let code = format!("{CODE_PREFIX}{:032x}", self.0.environment.secret());
        let hash = hash(&code);
        let made = self.write(MakeInvitation { actor, hash, admits, conversations, bounds }).await?;
        Ok((code, made))
    }

    /// Revokes an invitation. `actor` is the user or service that does so, or `None` for the operator.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if there is no such invitation that the actor may revoke.
    pub async fn revoke_invitation(&self, actor: Option<Actor>, id: String) -> Result<(), Refusal> {
        self.write(RevokeInvitation { actor, id }).await
    }

    /// Returns what an invitation is for. The caller counts the attempt first.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if there is no such invitation; `ERR_FORBIDDEN` with a sentence that says why it is not good any more.
    pub async fn invitation(&self, code: &str, from: IpAddr) -> Result<Invitation, Refusal> {
        let found = self.store().invitation(Party::Address(from), hash(code)).await?;
        let found = found.ok_or_else(|| Refusal::new(Code::NotFound, "There is no such invitation."))?;
        found.check(self.0.environment.now())?;
        Ok(found)
    }

    /// Makes a user a member of the groups of an invitation. The caller counts the attempt first.
    ///
    /// # Errors
    /// Those of [`Self::invitation`]; `ERR_CONFLICT` if it leads into no group that exists.
    pub async fn accept_invitation(&self, actor: Actor, code: &str) -> Result<AcceptedInvitation, Refusal> {
        self.write(AcceptInvitation { actor, hash: hash(code) }).await
    }

    /// Returns invitations, the newest first: those that a user made, or all.
    ///
    /// # Errors
    /// A refusal of the cursor; an internal error.
    pub async fn invitations(
        &self,
        by: Party,
        of: Option<UserId>,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<Page<Invitation>, Refusal> {
        Ok(self.store().invitations(by, of, cursor, limit).await?)
    }

    /// Returns who may register.
    #[must_use]
    pub fn registration(&self) -> Registration {
        self.0.settings.registration
    }

    /// Returns the invitation by which somebody registers, given the code that was sent.
    ///
    /// # Errors
    /// `ERR_FORBIDDEN` if nobody may register, or an invitation is needed and none was sent.
    pub(crate) fn invited(&self, code: Option<&str>) -> Result<Option<Invited>, Refusal> {
        let code = code.map(str::trim).filter(|code| !code.is_empty());
        match (self.registration(), code) {
            (Registration::Closed, _) => {
                Err(Refusal::forbidden("Registration is closed on this server; its operator creates accounts."))
            }
            (Registration::Invite, None) => Err(Refusal::forbidden(
                "Registration on this server needs an invitation; send its code as `invitation`.",
            )),
            (Registration::Open, None) => Ok(None),
            (mode @ (Registration::Open | Registration::Invite), Some(code)) => {
                Ok(Some(Invited { hash: hash(code), to_server: mode == Registration::Invite }))
            }
        }
    }
}
