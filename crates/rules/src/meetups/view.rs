//! A meetup as a user sees it.
//!
//! What must stay true: only the host and services see all requests for a meetup; other users see only their own.

use std::sync::Arc;

use quintet_domain::{ConversationId, Meetup, MeetupRequest, Timestamp, User};

use crate::rows::{MeetupRow, Rows, UserRow};
use crate::transaction::Transaction;
use crate::{RowResult, RowsError, RuleResult, UserKey};

/// Maximum number of participants, and of requests, of one meetup that are shown.
pub const PEOPLE_SHOWN_MAX: usize = 1_000;

/// A meetup as a user sees it: the host and services see all requests, other users only their own.
///
/// # Errors
/// An error of the store.
pub fn view(rows: &dyn Rows, meetup: &MeetupRow, viewer: Option<UserKey>) -> RowResult<Meetup> {
    view_limited(rows, meetup, viewer, PEOPLE_SHOWN_MAX)
}

/// A meetup as [`view`] returns it, with at most `people_max` participants and as many requests, the earliest ones. A
/// viewer who takes part is always among the participants.
///
/// # Errors
/// An error of the store.
pub fn view_limited(
    rows: &dyn Rows,
    meetup: &MeetupRow,
    viewer: Option<UserKey>,
    people_max: usize,
) -> RowResult<Meetup> {
    let viewer = match viewer {
        Some(key) => rows.user_by_key(key)?,
        None => None,
    };
    let people = People::load(rows, meetup, viewer.as_ref(), people_max)?;
    let conversation = rows.conversation_by_key(meetup.conversation)?;
    let conversation = conversation.ok_or_else(|| RowsError::new("the conversation of a meetup is missing"))?;
    people.shown(meetup, &conversation.reference.id, |key| Ok(rows.user_by_key(key)?.map(|row| row.user)))
}

/// A meetup as the acting user sees it.
pub(super) fn shown(tx: &mut Transaction<'_>, meetup: &MeetupRow, viewer: &UserRow) -> RuleResult<Meetup> {
    let people = People::load(&*tx.rows, meetup, Some(viewer), PEOPLE_SHOWN_MAX)?;
    let conversation = tx.conversation_by_key(meetup.conversation)?.reference;
    let user = |key| Ok(tx.find_user_by_key(key)?.map(|row| Arc::clone(&row.user)));
    Ok(people.shown(meetup, &conversation.id, user)?)
}

/// The participants of a meetup and its requests.
struct People {
    participants: Vec<UserKey>,
    requests: Vec<(UserKey, Timestamp)>,
}

impl People {
    /// Reads the people whom a user sees.
    fn load(rows: &dyn Rows, meetup: &MeetupRow, viewer: Option<&UserRow>, people_max: usize) -> RowResult<Self> {
        // The host is the first member.
        let mut participants = rows.members(meetup.conversation, people_max + 1)?;
        if let Some(viewer) = viewer
            && !participants.contains(&viewer.key)
            && rows.member(meetup.conversation, viewer.key)?.is_some()
        {
            participants.push(viewer.key);
        }
        participants.retain(|user| *user != meetup.host);
        let requests = match viewer {
            Some(viewer) if viewer.key == meetup.host || viewer.user.is_service() => {
                rows.requests(meetup.key, people_max)?
            }
            Some(viewer) => rows.request_of(meetup.key, viewer.key)?.map(|at| (viewer.key, at)).into_iter().collect(),
            None => Vec::new(),
        };
        Ok(Self { participants, requests })
    }

    /// The meetup with these people. `user` returns the user of a key.
    fn shown(
        self,
        meetup: &MeetupRow,
        chat_id: &ConversationId,
        mut user: impl FnMut(UserKey) -> RowResult<Option<Arc<User>>>,
    ) -> RowResult<Meetup> {
        let mut user = |key| user(key)?.ok_or_else(|| RowsError::new("a user of a meetup is missing"));
        let requests = self.requests.into_iter();
        let requests = requests.map(|(key, created_at)| Ok(MeetupRequest { user: user(key)?, created_at }));
        Ok(Meetup {
            requests: requests.collect::<RowResult<_>>()?,
            id: meetup.id.clone(),
            chat_id: chat_id.clone(),
            host: user(meetup.host)?,
            activity: meetup.activity.clone(),
            location: meetup.location.clone(),
            starts_at: meetup.starts_at,
            expires_at: meetup.expires_at,
            capacity: meetup.capacity,
            status: meetup.status,
            participants: self.participants.into_iter().map(user).collect::<RowResult<_>>()?,
        })
    }
}
