//! Meetups, for calls over HTTP.

use quintet_domain::limits::NAME_CHARS_MAX;
use quintet_domain::{
    Actor, ChangeMeetup, CreateMeetup, DecideRequest, DeleteMeetup, ExpireMeetups, Meetup, MeetupChange, MeetupId,
    NewMeetup, Refusal, RemoveParticipant, RequestMeetup, Timestamp, UserId, given_reason, is_blank, refuse_nul,
};
use quintet_store::{MeetupFilter, Page};

use crate::Service;

/// A meetup to create.
#[derive(Clone, Debug)]
pub struct MeetupInput {
    /// The activity, as a short text.
    pub activity: String,
    /// The location, as a short text.
    pub location: String,
    /// When the meetup starts.
    pub starts_at: Timestamp,
    /// When the meetup expires, unless it is confirmed before; its start if there is none.
    pub expires_at: Option<Timestamp>,
    /// Maximum number of participants beside the host; `None` for no limit.
    pub capacity: Option<u32>,
}

fn check(field: &str, text: &str) -> Result<(), Refusal> {
    refuse_nul(field, text)?;
    if is_blank(text) {
        return Err(Refusal::invalid(field, "must not be blank"));
    }
    if text.chars().count() > NAME_CHARS_MAX {
        return Err(Refusal::too_large(field, format!("has at most {NAME_CHARS_MAX} characters")));
    }
    Ok(())
}

impl Service {
    /// Creates a meetup that the actor hosts.
    ///
    /// # Errors
    /// A refusal that names an invalid field.
    pub async fn create_meetup(&self, actor: Actor, input: MeetupInput) -> Result<Meetup, Refusal> {
        check("activity", &input.activity)?;
        check("location", &input.location)?;
        if input.capacity == Some(0) {
            return Err(Refusal::invalid("capacity", "must be at least 1"));
        }
        let expires_at = input.expires_at.unwrap_or(input.starts_at);
        if expires_at <= self.0.environment.now() {
            return Err(Refusal::invalid("startsAt", "must be in the future"));
        }
        let new = NewMeetup {
            activity: input.activity,
            location: input.location,
            starts_at: input.starts_at,
            expires_at,
            capacity: input.capacity,
        };
        self.write(CreateMeetup { actor, new }).await
    }

    /// Changes a meetup that the actor hosts.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`; `ERR_CONFLICT` if the status may not change like this.
    pub async fn change_meetup(&self, actor: Actor, id: MeetupId, change: MeetupChange) -> Result<Meetup, Refusal> {
        for (field, text) in [("activity", &change.activity), ("location", &change.location)] {
            if let Some(text) = text {
                check(field, text)?;
            }
        }
        if change.capacity == Some(Some(0)) {
            return Err(Refusal::invalid("capacity", "must be at least 1"));
        }
        self.write(ChangeMeetup { actor, meetup: id, change }).await
    }

    /// Deletes a meetup that the actor hosts, with its conversation.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`.
    pub async fn delete_meetup(&self, actor: Actor, id: MeetupId) -> Result<(), Refusal> {
        self.write(DeleteMeetup { actor, meetup: id }).await
    }

    /// Returns a meetup as the user sees it.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`.
    pub async fn meetup(&self, user: UserId, id: MeetupId) -> Result<Meetup, Refusal> {
        Ok(self.store().meetup(user, id).await?)
    }

    /// Returns a page of meetups, the newest first; with `current`, only those that have not ended.
    ///
    /// # Errors
    /// A refusal if the cursor is invalid.
    pub async fn meetups(
        &self,
        user: UserId,
        current: bool,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<Page<Meetup>, Refusal> {
        Ok(self.store().meetups(user, MeetupFilter { current }, cursor, limit).await?)
    }

    /// Asks to take part in a meetup.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_CONFLICT`.
    pub async fn request_meetup(&self, actor: Actor, id: MeetupId) -> Result<Meetup, Refusal> {
        self.write(RequestMeetup { actor, meetup: id }).await
    }

    /// Accepts or declines a request to take part.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`; `ERR_CONFLICT` if the meetup is full.
    pub async fn decide_request(
        &self,
        actor: Actor,
        id: MeetupId,
        user: UserId,
        accept: bool,
    ) -> Result<Meetup, Refusal> {
        self.write(DecideRequest { actor, meetup: id, user, accept }).await
    }

    /// Removes a participant, or the actor itself. The reason why another one is removed stands in the audit log.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`; a refusal if the reason is too long.
    pub async fn remove_participant(
        &self,
        actor: Actor,
        id: MeetupId,
        user: UserId,
        reason: Option<&str>,
    ) -> Result<Meetup, Refusal> {
        let reason = given_reason(reason)?;
        self.write(RemoveParticipant { actor, meetup: id, user, reason }).await
    }

    /// Expires open meetups whose time has passed, and returns their number.
    ///
    /// # Errors
    /// An internal error.
    pub async fn expire_meetups(&self) -> Result<usize, Refusal> {
        self.write(ExpireMeetups).await
    }
}
