//! Meetups.

use quintet_domain::limits::NAME_CHARS_MAX;
use quintet_domain::{
    Actor, ChangeMeetup, CreateMeetup, DecideRequest, DeleteMeetup, ExpireMeetups, Meetup, MeetupChange, MeetupId,
    NewMeetup, Refusal, RemoveParticipant, RequestMeetup, Timestamp, UserId, is_blank,
};
use quintet_store::{MeetupFilter, Page};

use crate::Service;

/// A meetup as it was asked for.
#[derive(Clone, Debug)]
pub struct MeetupInput {
    /// What is done.
    pub activity: String,
    /// Where.
    pub location: String,
    /// When.
    pub starts_at: Timestamp,
    /// When it expires unconfirmed; its start, if not said.
    pub expires_at: Option<Timestamp>,
    /// How many may take part.
    pub capacity: Option<u32>,
}

fn check(field: &str, text: &str) -> Result<(), Refusal> {
    if is_blank(text) {
        return Err(Refusal::invalid(field, "must not be blank"));
    }
    if text.chars().count() > NAME_CHARS_MAX {
        return Err(Refusal::too_large(field, format!("has at most {NAME_CHARS_MAX} characters")));
    }
    Ok(())
}

impl Service {
    /// Makes a meetup.
    ///
    /// # Errors
    /// What is wrong with the fields.
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

    /// Changes a meetup of the actor's.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`, `ERR_CONFLICT` for a status that cannot follow.
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

    /// Deletes a meetup of the actor's, with its conversation.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`.
    pub async fn delete_meetup(&self, actor: Actor, id: MeetupId) -> Result<(), Refusal> {
        self.write(DeleteMeetup { actor, meetup: id }).await
    }

    /// A meetup as the user sees it.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`.
    pub async fn meetup(&self, user: UserId, id: MeetupId) -> Result<Meetup, Refusal> {
        Ok(self.store().meetup(user, id).await?)
    }

    /// Meetups, the newest first; only current ones if asked.
    ///
    /// # Errors
    /// What is wrong with the cursor.
    pub async fn meetups(
        &self,
        user: UserId,
        current: bool,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<Page<Meetup>, Refusal> {
        Ok(self.store().meetups(user, MeetupFilter { current }, cursor, limit).await?)
    }

    /// Asks to take part.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_CONFLICT`.
    pub async fn request_meetup(&self, actor: Actor, id: MeetupId) -> Result<Meetup, Refusal> {
        self.write(RequestMeetup { actor, meetup: id }).await
    }

    /// Accepts or declines a request.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`, `ERR_CONFLICT` when full.
    pub async fn decide_request(
        &self,
        actor: Actor,
        id: MeetupId,
        user: UserId,
        accept: bool,
    ) -> Result<Meetup, Refusal> {
        self.write(DecideRequest { actor, meetup: id, user, accept }).await
    }

    /// Takes a participant out, or oneself.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`.
    pub async fn remove_participant(&self, actor: Actor, id: MeetupId, user: UserId) -> Result<Meetup, Refusal> {
        self.write(RemoveParticipant { actor, meetup: id, user }).await
    }

    /// Expires open meetups whose time passed; gives how many.
    ///
    /// # Errors
    /// An internal error.
    pub async fn expire_meetups(&self) -> Result<usize, Refusal> {
        self.write(ExpireMeetups).await
    }
}
