//! Rules about meetups: creation, requests to take part, decisions, changes and endings; and how a user sees a meetup
//! (`view`).
//!
//! What must stay true: the participants of a meetup are the members of its conversation except the host. The host, the
//! participants and users who ask to take part receive every change of status. Nothing that a host wrote remains in a
//! meetup, its conversation or a notification after the host is erased.

mod view;

use std::sync::Arc;

use quintet_domain::limits::{MEETUP_REQUESTS_MAX, MEETUPS_HOSTED_MAX, MEMBERS_MAX};
use quintet_domain::{
    Act, Actor, ChangeMeetup, ConversationKind, CreateMeetup, DecideRequest, DeleteMeetup, Departure,
    LeaveConversation, Meetup, MeetupChange, MeetupId, MeetupStatus, Refusal, RemoveMember, RemoveParticipant,
    RequestMeetup, Role, Timestamp,
};

use crate::log::Change;
use crate::rows::{AuditRow, MeetupRow, UserRow};
use crate::transaction::{About, ActingUser, Transaction};
use crate::{
    MeetupKey, RuleResult, UserKey, audit, blocks, conversations, members, notifications, overviews, restrictions,
};
use view::shown;
pub use view::{PEOPLE_SHOWN_MAX, view, view_limited};

// --- who takes part ---

fn meetup(tx: &mut Transaction<'_>, id: &MeetupId) -> RuleResult<MeetupRow> {
    Ok(tx.meetups().meetup(id)?.ok_or_else(|| Refusal::not_found("meetup", id))?)
}

/// The actor and a meetup that it hosts; a service acts for any host.
fn hosted(tx: &mut Transaction<'_>, actor: &Actor, id: &MeetupId) -> RuleResult<(ActingUser, MeetupRow)> {
    let user = tx.actor(actor)?;
    let meetup = meetup(tx, id)?;
    if meetup.host != user.key && !user.user.is_service() {
        return Err(Refusal::forbidden("Only the host may do that with a meetup.").into());
    }
    Ok((user, meetup))
}

/// All participants, in the order in which they joined.
fn participants(tx: &mut Transaction<'_>, meetup: &MeetupRow) -> RuleResult<Vec<Arc<UserRow>>> {
    let members = tx.member_lists().members(meetup.conversation, MEMBERS_MAX as usize)?;
    members.into_iter().filter(|user| *user != meetup.host).map(|user| tx.user_by_key(user)).collect()
}

/// The number of participants.
fn participant_count(tx: &mut Transaction<'_>, meetup: &MeetupRow) -> RuleResult<u32> {
    let members = tx.conversation_by_key(meetup.conversation)?.head.member_count;
    let host = tx.member(meetup.conversation, meetup.host)?;
    Ok(members.saturating_sub(u32::from(host.is_some())))
}

/// All users who ask to take part, in the order of their requests.
fn asking(tx: &mut Transaction<'_>, meetup: &MeetupRow) -> RuleResult<Vec<Arc<UserRow>>> {
    let requests = tx.meetups().requests(meetup.key, MEETUP_REQUESTS_MAX as usize)?;
    requests.into_iter().map(|(user, _)| tx.user_by_key(user)).collect()
}

/// Whether a meetup with this status accepts requests and changes.
fn is_current(status: MeetupStatus) -> bool {
    match status {
        MeetupStatus::Open | MeetupStatus::Confirmed => true,
        MeetupStatus::Cancelled | MeetupStatus::Completed | MeetupStatus::Expired => false,
    }
}

fn refuse_ended(meetup: &MeetupRow) -> Result<(), Refusal> {
    if is_current(meetup.status) {
        return Ok(());
    }
    Err(Refusal::conflict(format!("This meetup is {}.", meetup.status.as_str())))
}

// --- proposing and changing ---

/// Creates a meetup and its conversation, whose only member is the host.
pub(crate) fn create(tx: &mut Transaction<'_>, write: CreateMeetup) -> RuleResult<Meetup> {
    let CreateMeetup { actor, new } = write;
    let host = tx.actor(&actor)?;
    if host.user.is_guest() {
        return Err(Refusal::unauthenticated("a meetup needs an account").into());
    }
    if tx.meetups().current_meetups(host.key)? >= MEETUPS_HOSTED_MAX && !host.user.is_service() {
        let message = format!("A user hosts at most {MEETUPS_HOSTED_MAX} meetups that have not ended.");
        return Err(Refusal::conflict(message).into());
    }
    let (kind, name) = (ConversationKind::Meetup, Some(new.activity.clone()));
    let mut conversation = conversations::insert(tx, kind, name, false, Some(host.key))?;
    members::insert_row(tx, &mut conversation, host.key, Role::Owner, 0)?;
    let overview = overviews::of(tx, &conversation)?;
    conversations::record_created(tx, &actor, &host, (&conversation, overview), vec![host.user.id.clone()])?;
    let mut row = MeetupRow {
        key: MeetupKey(0),
        id: MeetupId::trusted(&tx.new_id()),
        conversation: conversation.key,
        host: host.key,
        activity: new.activity,
        location: new.location,
        starts_at: new.starts_at,
        expires_at: new.expires_at,
        capacity: new.capacity,
        status: MeetupStatus::Open,
        deleted_at: None,
    };
    row.key = tx.meetups().insert_meetup(&row)?;
    shown(tx, &row, &host)
}

/// A meetup after a change, except for its status.
#[derive(Debug, PartialEq, Eq)]
struct Changed {
    meetup: MeetupRow,
    /// Whether its start time changed.
    moved: bool,
    /// Whether its location changed.
    relocated: bool,
}

impl Changed {
    /// The text of the notification that participants receive; `None` if there is nothing to notify of.
    fn message(&self) -> Option<String> {
        let MeetupRow { activity, location, starts_at, .. } = &self.meetup;
        let what = match (self.moved, self.relocated) {
            (true, true) => format!("is now at {location} at {starts_at}"),
            (true, false) => format!("is now at {starts_at}"),
            (false, true) => format!("is now at {location}"),
            (false, false) => return None,
        };
        Some(format!("The meetup \"{activity}\" {what}."))
    }
}

/// Applies a change to the row of a meetup, except for its status.
fn changed(before: &MeetupRow, change: MeetupChange, now: Timestamp) -> Result<Changed, Refusal> {
    if let Some(status) = change.status
        && status != before.status
        && (!before.status.may_become(status) || status == MeetupStatus::Expired)
    {
        let message = format!("A meetup that is {} cannot become {}.", before.status.as_str(), status.as_str());
        return Err(Refusal::conflict(message));
    }
    let mut meetup = before.clone();
    if let Some(starts_at) = change.starts_at {
        meetup.starts_at = starts_at;
        // A meetup that expires at its start still does so at its new start.
        meetup.expires_at = if before.expires_at == before.starts_at { starts_at } else { before.expires_at };
    }
    meetup.activity = change.activity.unwrap_or(meetup.activity);
    meetup.location = change.location.unwrap_or(meetup.location);
    meetup.capacity = change.capacity.unwrap_or(meetup.capacity);
    let moved = meetup.starts_at != before.starts_at;
    if moved && meetup.starts_at <= now {
        return Err(Refusal::invalid("startsAt", "must be in the future"));
    }
    if meetup != *before && !is_current(before.status) {
        return Err(Refusal::conflict("A meetup that has ended cannot be changed."));
    }
    let relocated = meetup.location != before.location;
    Ok(Changed { meetup, moved, relocated })
}

/// Changes a meetup, and notifies the others of a new time, location or status.
pub(crate) fn change(tx: &mut Transaction<'_>, write: ChangeMeetup) -> RuleResult<Meetup> {
    let (by, before) = hosted(tx, &write.actor, &write.meetup)?;
    let status = write.change.status.filter(|status| *status != before.status);
    let changed = changed(&before, write.change, tx.now)?;
    if changed.meetup != before {
        tx.meetups().update_meetup(&changed.meetup)?;
    }
    let message = changed.message();
    let mut meetup = changed.meetup;
    if let Some(message) = message {
        notify_others(tx, &meetup, Some(&by), "Meetup Changed", &message)?;
    }
    if let Some(status) = status {
        set_status(tx, &mut meetup, status, Some(&by))?;
    }
    shown(tx, &meetup, &by)
}

/// Notifies the participants of a change, and the host if a service made it.
fn notify_others(
    tx: &mut Transaction<'_>,
    meetup: &MeetupRow,
    by: Option<&UserRow>,
    title: &str,
    message: &str,
) -> RuleResult<()> {
    // The host wrote the activity, which the message repeats, so it is removed when the host is erased.
    let cause = (!meetup.activity.is_empty()).then_some(meetup.host);
    if by.is_some_and(|by| by.key != meetup.host) {
        let host = tx.user_by_key(meetup.host)?;
        notifications::notify(tx, &host, cause, title, message)?;
    }
    for user in participants(tx, meetup)? {
        notifications::notify(tx, &user, cause, title, message)?;
    }
    Ok(())
}

/// Changes the status. The host, the participants and users who ask to take part receive the change.
fn set_status(
    tx: &mut Transaction<'_>,
    meetup: &mut MeetupRow,
    status: MeetupStatus,
    by: Option<&UserRow>,
) -> RuleResult<()> {
    meetup.status = status;
    tx.meetups().update_meetup(meetup)?;
    let mut audience = vec![tx.user_by_key(meetup.host)?.user.id.clone()];
    audience.extend(participants(tx, meetup)?.iter().map(|row| row.user.id.clone()));
    let asking = asking(tx, meetup)?;
    audience.extend(asking.iter().map(|row| row.user.id.clone()));
    let by_whom = by.map(|by| (by.key, Arc::clone(&by.user)));
    let change = Change::MeetupChanged { meetup: meetup.id.clone(), status, by: by_whom, audience };
    tx.record(&change, About { conversation: Some(meetup.conversation), ..About::default() }, None)?;
    let position = tx.position();
    for user in asking {
        // They are not members of the conversation, so that a replay would not find the change by it.
        tx.log().insert_addressee(user.key, position)?;
    }
    let title = format!("Meetup {}", title_case(status));
    notify_others(tx, meetup, by, &title, &status_message(&meetup.activity, status))
}

/// The text of the notification that a meetup has another status.
fn status_message(activity: &str, status: MeetupStatus) -> String {
    match activity {
        "" => format!("A meetup of yours is {}.", status.as_str()),
        activity => format!("The meetup \"{activity}\" is {}.", status.as_str()),
    }
}

fn title_case(status: MeetupStatus) -> &'static str {
    match status {
        MeetupStatus::Open => "Open",
        MeetupStatus::Confirmed => "Confirmed",
        MeetupStatus::Cancelled => "Cancelled",
        MeetupStatus::Completed => "Completed",
        MeetupStatus::Expired => "Expired",
    }
}

// --- ending ---

/// Deletes all meetups that a user hosts, because the user is about to be erased, and removes what the user wrote in
/// meetups that were deleted before.
pub(crate) fn delete_hosted(tx: &mut Transaction<'_>, host: UserKey) -> RuleResult<()> {
    let mut hosted = tx.meetups().meetups_of(host)?;
    for meetup in &mut hosted {
        meetup.activity.clear();
        meetup.location.clear();
        tx.meetups().update_meetup(meetup)?;
        let mut conversation = tx.conversation_by_key(meetup.conversation)?;
        conversation.reference = Arc::new(conversation.reference.without_name());
        tx.update_conversation(&conversation)?;
    }
    for meetup in hosted.into_iter().filter(|meetup| meetup.deleted_at.is_none()) {
        // Its events and notifications name neither the host nor the activity.
        end(tx, None, None, meetup)?;
    }
    Ok(())
}

/// Deletes a meetup and its conversation.
pub(crate) fn delete(tx: &mut Transaction<'_>, write: &DeleteMeetup) -> RuleResult<()> {
    let (by, meetup) = hosted(tx, &write.actor, &write.meetup)?;
    let conversation = Some(meetup.conversation);
    end(tx, Some(&write.actor), Some(&by), meetup)?;
    let noted = AuditRow { conversation, ..audit::act(tx, Act::DeleteConversation, Some(by.key)) };
    audit::note(tx, &noted)
}

fn end(tx: &mut Transaction<'_>, actor: Option<&Actor>, by: Option<&UserRow>, mut meetup: MeetupRow) -> RuleResult<()> {
    if meetup.status.may_become(MeetupStatus::Cancelled) {
        set_status(tx, &mut meetup, MeetupStatus::Cancelled, by)?;
    }
    let mut conversation = tx.conversation_by_key(meetup.conversation)?;
    conversations::erase(tx, actor, &mut conversation)?;
    meetup.deleted_at = Some(tx.now);
    tx.meetups().delete_requests(meetup.key)?;
    Ok(tx.meetups().update_meetup(&meetup)?)
}

/// Expires the open meetups whose time has passed. Returns how many.
pub(crate) fn expire(tx: &mut Transaction<'_>) -> RuleResult<usize> {
    let now = tx.now;
    let mut expired = tx.meetups().expired_meetups(now)?;
    for meetup in &mut expired {
        set_status(tx, meetup, MeetupStatus::Expired, None)?;
    }
    Ok(expired.len())
}

// --- taking part ---

/// Records a request to take part in a meetup, and notifies the host.
pub(crate) fn request(tx: &mut Transaction<'_>, write: &RequestMeetup) -> RuleResult<Meetup> {
    let user = tx.actor(&write.actor)?;
    let (meetup, now) = (meetup(tx, &write.meetup)?, tx.now);
    refuse_ended(&meetup)?;
    if meetup.host == user.key || tx.member(meetup.conversation, user.key)?.is_some() {
        return Err(Refusal::conflict("You take part in this meetup already.").into());
    }
    blocks::may_meet(tx, &user, meetup.host)?;
    let conversation = tx.conversation_by_key(meetup.conversation)?;
    restrictions::refuse_banned(tx, &conversation, &user, true)?;
    if tx.meetups().request_count(meetup.key)? >= MEETUP_REQUESTS_MAX {
        let message = format!("This meetup has {MEETUP_REQUESTS_MAX} open requests; its host is to decide some first.");
        return Err(Refusal::conflict(message).into());
    }
    if !tx.meetups().insert_request(meetup.key, user.key, now)? {
        return Err(Refusal::conflict("You asked to take part in this meetup already.").into());
    }
    let host = tx.user_by_key(meetup.host)?;
    let message = format!("You have a new meetup request from {}.", user.user.name);
    notifications::notify(tx, &host, Some(user.key), "New Meetup Request", &message)?;
    shown(tx, &meetup, &user)
}

/// Accepts or declines a request to take part, and notifies the user who asked.
pub(crate) fn decide(tx: &mut Transaction<'_>, write: &DecideRequest) -> RuleResult<Meetup> {
    let (by, meetup) = hosted(tx, &write.actor, &write.meetup)?;
    let asking = ActingUser::plain(tx.user(&write.user)?);
    if !tx.meetups().delete_request(meetup.key, asking.key)? {
        return Err(Refusal::not_found("open request of user", &write.user).into());
    }
    if write.accept {
        refuse_ended(&meetup)?;
        blocks::may_meet(tx, &by, asking.key)?;
        let participants = participant_count(tx, &meetup)?;
        if meetup.capacity.is_some_and(|capacity| participants >= capacity) {
            return Err(Refusal::conflict("This meetup is full.").into());
        }
        let mut conversation = tx.conversation_by_key(meetup.conversation)?;
        members::insert(tx, Some(&write.actor), &mut conversation, &asking, Role::Member)?;
    }
    let (title, verb) =
        if write.accept { ("Meetup Request Accepted", "accepted") } else { ("Meetup Request Declined", "declined") };
    let message = format!("{} {verb} your request for the meetup \"{}\".", by.user.name, meetup.activity);
    notifications::notify(tx, &asking, Some(by.key), title, &message)?;
    shown(tx, &meetup, &by)
}

/// Removes a participant from a meetup: the actor itself, or another user.
pub(crate) fn remove_participant(tx: &mut Transaction<'_>, write: &RemoveParticipant) -> RuleResult<Meetup> {
    let meetup = meetup(tx, &write.meetup)?;
    let conversation = tx.conversation_by_key(meetup.conversation)?.reference.id.clone();
    let (actor, user, reason) = (write.actor.clone(), write.user.clone(), write.reason.clone());
    if user == actor.user {
        members::leave(tx, &LeaveConversation { actor, conversation, departure: Departure::Left })?;
    } else {
        members::remove(tx, &RemoveMember { actor, conversation, user, reason })?;
    }
    let viewer = tx.user(&write.actor.user)?;
    shown(tx, &meetup, &viewer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ConversationKey;

    const NOW: Timestamp = Timestamp(1_700_000_000_000);
    const SOON: Timestamp = Timestamp(1_700_000_600_000);
    const LATER: Timestamp = Timestamp(1_700_003_600_000);

    fn row(status: MeetupStatus) -> MeetupRow {
        MeetupRow {
            key: MeetupKey(1),
            id: MeetupId::trusted("m-1"),
            conversation: ConversationKey(1),
            host: UserKey(1),
            activity: "Chess".to_owned(),
            location: "Park".to_owned(),
            starts_at: SOON,
            expires_at: SOON,
            capacity: Some(3),
            status,
            deleted_at: None,
        }
    }

    #[test]
    fn titles_and_messages_of_a_status() {
        for (status, title, message) in [
            (MeetupStatus::Open, "Open", "The meetup \"Chess\" is open."),
            (MeetupStatus::Confirmed, "Confirmed", "The meetup \"Chess\" is confirmed."),
            (MeetupStatus::Cancelled, "Cancelled", "The meetup \"Chess\" is cancelled."),
            (MeetupStatus::Completed, "Completed", "The meetup \"Chess\" is completed."),
            (MeetupStatus::Expired, "Expired", "The meetup \"Chess\" is expired."),
        ] {
            assert_eq!((title_case(status), status_message("Chess", status).as_str()), (title, message));
        }
        assert_eq!(status_message("", MeetupStatus::Cancelled), "A meetup of yours is cancelled.");
    }

    #[test]
    fn participants_are_notified_of_another_time_or_location() {
        let later = format!("The meetup \"Chess\" is now at {LATER}.");
        let both = format!("The meetup \"Chess\" is now at Café at {LATER}.");
        for (starts_at, location, message) in [
            (None, None, None),
            (Some(SOON), Some("Park"), None),
            (Some(LATER), Some("Park"), Some(later.as_str())),
            (None, Some("Café"), Some("The meetup \"Chess\" is now at Café.")),
            (Some(LATER), Some("Café"), Some(both.as_str())),
        ] {
            let change = MeetupChange { starts_at, location: location.map(str::to_owned), ..MeetupChange::default() };
            let found = changed(&row(MeetupStatus::Open), change, NOW).map(|changed| changed.message());
            assert_eq!(found, Ok(message.map(str::to_owned)));
        }
    }

    #[test]
    fn a_meetup_that_expires_with_its_start_goes_on_doing_so() {
        let change = MeetupChange { starts_at: Some(LATER), ..MeetupChange::default() };
        let moved = |expires_at| {
            let before = MeetupRow { expires_at, ..row(MeetupStatus::Open) };
            changed(&before, change.clone(), NOW).map(|changed| changed.meetup.expires_at)
        };
        assert_eq!(moved(SOON), Ok(LATER));
        assert_eq!(moved(NOW), Ok(NOW));
    }

    #[test]
    fn what_has_ended_stays_as_it_is() {
        use MeetupStatus::{Cancelled, Completed, Confirmed, Expired, Open};
        let to = |status| MeetupChange { status: Some(status), ..MeetupChange::default() };
        let capacity = MeetupChange { capacity: Some(None), ..MeetupChange::default() };
        let past = MeetupChange { starts_at: Some(NOW), ..MeetupChange::default() };
        for (before, change, refusal) in [
            (Open, to(Confirmed), None),
            (Open, to(Open), None),
            (Cancelled, to(Cancelled), None),
            (Open, capacity.clone(), None),
            (Confirmed, capacity.clone(), None),
            (Open, to(Expired), Some("A meetup that is open cannot become expired.")),
            (Cancelled, to(Open), Some("A meetup that is cancelled cannot become open.")),
            (Completed, capacity, Some("A meetup that has ended cannot be changed.")),
            (Open, past.clone(), Some("startsAt: must be in the future")),
            (Expired, past, Some("startsAt: must be in the future")),
        ] {
            let found = changed(&row(before), change.clone(), NOW).err().map(|refusal| refusal.message);
            let expected = refusal.map(|text| match text.split_once(": ") {
                Some((field, what)) => Refusal::invalid(field, what).message,
                None => text.to_owned(),
            });
            assert_eq!(found, expected, "{before:?} {change:?}");
        }
    }
}
