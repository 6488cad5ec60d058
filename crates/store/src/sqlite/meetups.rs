//! Meetups: proposed, asked for, decided, changed, ended.

use quintet_domain::limits::{MEETUP_REQUESTS_MAX, MEETUPS_HOSTED_MAX};
use quintet_domain::{
    ConversationKind, Departure, Event, Meetup, MeetupId, MeetupStatus, Refusal, Role, Timestamp, UserId,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::rows::{self, ConversationRow, USER, UserRow};
use super::tx::{About, Tx, Written};
use super::{conversations, meetup_lists, members, notifications};
use crate::{Actor, MeetupChange, NewMeetup, StoreError};

pub(super) const MEETUP: &str =
    "t.pk, t.id, t.conversation_pk, t.host_pk, t.activity, t.location, t.starts_at, t.expires_at,
    t.capacity, t.status";

/// People of a meetup that are shown.
pub(super) const SHOWN_MAX: usize = 1_000;

/// The name that stands where the server itself changed a status.
pub(super) const SYSTEM: &str = "system";

pub(super) struct MeetupRow {
    pub(super) pk: i64,
    pub(super) id: MeetupId,
    pub(super) conversation_pk: i64,
    pub(super) host_pk: i64,
    pub(super) activity: String,
    pub(super) location: String,
    pub(super) starts_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) capacity: Option<u32>,
    pub(super) status: MeetupStatus,
}

pub(super) fn meetup_at(row: &Row<'_>) -> rusqlite::Result<MeetupRow> {
    Ok(MeetupRow {
        pk: row.get(0)?,
        id: MeetupId::trusted(row.get_ref(1)?.as_str()?),
        conversation_pk: row.get(2)?,
        host_pk: row.get(3)?,
        activity: row.get(4)?,
        location: row.get(5)?,
        starts_at: Timestamp(row.get(6)?),
        expires_at: Timestamp(row.get(7)?),
        capacity: row.get(8)?,
        status: MeetupStatus::parse(row.get_ref(9)?.as_str()?).unwrap_or(MeetupStatus::Cancelled),
    })
}

fn row(conn: &Connection, id: &MeetupId) -> Written<MeetupRow> {
    Ok(conn
        .prepare_cached(&format!("SELECT {MEETUP} FROM meetup t WHERE t.id = ?1 AND t.deleted_at IS NULL"))?
        .query_row([id.as_str()], meetup_at)
        .optional()?
        .ok_or_else(|| Refusal::not_found("meetup", id))?)
}

/// A meetup that the actor hosts; a service answers for any.
fn hosted(tx: &Tx<'_>, actor: &Actor, id: &MeetupId) -> Written<(UserRow, MeetupRow)> {
    let user = tx.actor(actor)?;
    let meetup = row(tx.conn, id)?;
    if meetup.host_pk != user.pk && !user.user.is_service() {
        return Err(Refusal::forbidden("Only the host may do that with a meetup.").into());
    }
    Ok((user, meetup))
}

/// Everybody who takes part, but for the host.
fn participants(conn: &Connection, meetup: &MeetupRow) -> Written<Vec<UserRow>> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {USER} FROM member m JOIN user u ON u.pk = m.user_pk
             WHERE m.conversation_pk = ?1 AND m.user_pk <> ?2 ORDER BY m.joined_sequence"
        ))?
        .query_map([meetup.conversation_pk, meetup.host_pk], |row| rows::user_at(row, 0))?
        .collect::<Result<_, _>>()?)
}

/// Everybody who asks to take part.
fn asking(conn: &Connection, meetup: &MeetupRow) -> Written<Vec<UserRow>> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {USER} FROM meetup_request r JOIN user u ON u.pk = r.user_pk
             WHERE r.meetup_pk = ?1 ORDER BY r.created_at, r.user_pk"
        ))?
        .query_map([meetup.pk], |row| rows::user_at(row, 0))?
        .collect::<Result<_, _>>()?)
}

pub(super) fn get(conn: &Connection, viewer: &UserId, id: &MeetupId) -> Result<Meetup, StoreError> {
    let viewer = rows::user(conn, viewer)?;
    let found = meetup_lists::whole(conn, vec![row(conn, id)?], viewer.as_ref(), SHOWN_MAX)?.pop();
    Ok(found.ok_or_else(|| Refusal::not_found("meetup", id))?)
}

pub(super) fn create(tx: &mut Tx<'_>, actor: &Actor, new: NewMeetup) -> Written<Meetup> {
    let host = tx.actor(actor)?;
    if host.user.is_guest() {
        return Err(Refusal::unauthenticated("a meetup needs an account").into());
    }
    let hosted: i64 = tx
        .conn
        .prepare_cached(
            "SELECT count(*) FROM meetup WHERE host_pk = ?1 AND deleted_at IS NULL AND status IN ('open', 'confirmed')",
        )?
        .query_row([host.pk], |row| row.get(0))?;
    if hosted >= MEETUPS_HOSTED_MAX && !host.user.is_service() {
        let message = format!("A user hosts at most {MEETUPS_HOSTED_MAX} meetups that have not ended.");
        return Err(Refusal::conflict(message).into());
    }
    let kind = ConversationKind::Meetup;
    let conversation_pk = conversations::insert(tx, kind, Some(&new.activity), false, Some(host.pk), None)?;
    members::insert_row(tx, conversation_pk, host.pk, Role::Owner, 0)?;
    let conversation = rows::conversation_by_pk(tx.conn, conversation_pk)?;
    conversations::told_created(tx, actor, &host, &conversation, vec![host.user.id.clone()])?;
    let id = MeetupId::trusted(&tx.new_id());
    tx.conn
        .prepare_cached(
            "INSERT INTO meetup (id, conversation_pk, host_pk, activity, location, starts_at, expires_at, capacity,
                 status) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'open')",
        )?
        .execute(params![
            id.as_str(),
            conversation_pk,
            host.pk,
            new.activity,
            new.location,
            new.starts_at.0,
            new.expires_at.0,
            new.capacity
        ])?;
    get(tx.conn, &actor.user, &id)
}

pub(super) fn change(tx: &mut Tx<'_>, actor: &Actor, id: &MeetupId, change: MeetupChange) -> Written<Meetup> {
    let (by, meetup) = hosted(tx, actor, id)?;
    if let Some(status) = change.status
        && status != meetup.status
        && (!meetup.status.may_become(status) || status == MeetupStatus::Expired)
    {
        return Err(Refusal::conflict(format!(
            "A meetup that is {} cannot become {}.",
            meetup.status.as_str(),
            status.as_str()
        ))
        .into());
    }
    let moved = change.starts_at.is_some_and(|at| at != meetup.starts_at);
    if moved && change.starts_at.is_some_and(|at| at <= tx.now) {
        return Err(Refusal::invalid("startsAt", "must be in the future").into());
    }
    let differs = moved
        || change.activity.as_ref().is_some_and(|activity| *activity != meetup.activity)
        || change.location.as_ref().is_some_and(|location| *location != meetup.location)
        || change.capacity.is_some_and(|capacity| capacity != meetup.capacity);
    if differs && !matches!(meetup.status, MeetupStatus::Open | MeetupStatus::Confirmed) {
        return Err(Refusal::conflict("A meetup that has ended cannot be changed.").into());
    }
    let placed = change.location.as_ref().is_some_and(|location| *location != meetup.location);
    let (capacity_given, capacity) = (change.capacity.is_some(), change.capacity.flatten());
    // A meetup that expired with its start expires with its new start.
    let expires_at = change.starts_at.filter(|_| meetup.expires_at == meetup.starts_at);
    tx.conn
        .prepare_cached(
            "UPDATE meetup SET activity = coalesce(?2, activity), location = coalesce(?3, location),
                 starts_at = coalesce(?4, starts_at), expires_at = coalesce(?5, expires_at),
                 capacity = CASE WHEN ?6 THEN ?7 ELSE capacity END WHERE pk = ?1",
        )?
        .execute(params![
            meetup.pk,
            change.activity,
            change.location,
            change.starts_at.map(|at| at.0),
            expires_at.map(|at| at.0),
            capacity_given,
            capacity
        ])?;
    let meetup = row(tx.conn, id)?;
    if moved || placed {
        let what = match (moved, placed) {
            (true, true) => format!("is now at {} at {}", meetup.location, meetup.starts_at),
            (true, false) => format!("is now at {}", meetup.starts_at),
            _ => format!("is now at {}", meetup.location),
        };
        let message = format!("The meetup \"{}\" {what}.", meetup.activity);
        tell_others(tx, &meetup, Some(&by), "Meetup Changed", &message)?;
    }
    if let Some(status) = change.status.filter(|status| *status != meetup.status) {
        set_status(tx, &meetup, status, Some(&by))?;
    }
    get(tx.conn, &actor.user, id)
}

/// Notifies the participants of a change, and the host where a service made it.
fn tell_others(tx: &mut Tx<'_>, meetup: &MeetupRow, by: Option<&UserRow>, title: &str, message: &str) -> Written<()> {
    // The words are the host's, and go when it does.
    let host = rows::user_by_pk(tx.conn, meetup.host_pk)?;
    let cause = (!meetup.activity.is_empty()).then_some(&host);
    if by.is_some_and(|by| by.pk != meetup.host_pk) {
        notifications::notify(tx, &host, cause, title, message)?;
    }
    for user in participants(tx.conn, meetup)? {
        notifications::notify(tx, &user, cause, title, message)?;
    }
    Ok(())
}

/// Changes the status and tells host, participants and who asks to be one.
fn set_status(tx: &mut Tx<'_>, meetup: &MeetupRow, status: MeetupStatus, by: Option<&UserRow>) -> Written<()> {
    tx.conn
        .prepare_cached("UPDATE meetup SET status = ?2 WHERE pk = ?1")?
        .execute(params![meetup.pk, status.as_str()])?;
    let mut audience = vec![rows::user_by_pk(tx.conn, meetup.host_pk)?.user.id.clone()];
    audience.extend(participants(tx.conn, meetup)?.into_iter().map(|row| row.user.id.clone()));
    let asking = asking(tx.conn, meetup)?;
    audience.extend(asking.iter().map(|row| row.user.id.clone()));
    let detail = format!("{} {}", meetup.id, status.as_str());
    let about = About {
        conversation: Some(meetup.conversation_pk),
        actor: by.map(|by| by.pk),
        detail: Some(&detail),
        ..About::default()
    };
    let updated_by = by.map_or(SYSTEM, |by| &by.user.name).to_owned();
    let event = Event::MeetupChanged { meetup: meetup.id.clone(), status, updated_by, audience };
    tx.record("meetup_changed", about, None, event)?;
    for row in asking {
        tx.conn
            .prepare_cached("INSERT INTO addressed (user_pk, position) VALUES (?1, ?2)")?
            .execute([row.pk, tx.position as i64])?;
    }
    let message = match meetup.activity.as_str() {
        "" => format!("A meetup of yours is {}.", status.as_str()),
        activity => format!("The meetup \"{activity}\" is {}.", status.as_str()),
    };
    tell_others(tx, meetup, by, &format!("Meetup {}", title_case(status)), &message)
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

/// Deletes all that a user hosts, for it is going.
pub(super) fn delete_hosted(tx: &mut Tx<'_>, host: &UserRow) -> Written<()> {
    let hosted: Vec<MeetupRow> = tx
        .conn
        .prepare_cached(&format!("SELECT {MEETUP} FROM meetup t WHERE t.host_pk = ?1 AND t.deleted_at IS NULL"))?
        .query_map([host.pk], meetup_at)?
        .collect::<Result<_, _>>()?;
    // The words of those that were deleted before go as well.
    tx.conn.prepare_cached("UPDATE meetup SET activity = '', location = '' WHERE host_pk = ?1")?.execute([host.pk])?;
    tx.conn
        .prepare_cached(
            "UPDATE conversation SET name = NULL WHERE pk IN (SELECT conversation_pk FROM meetup WHERE host_pk = ?1)",
        )?
        .execute([host.pk])?;
    for mut meetup in hosted {
        meetup.activity.clear();
        // Told by nobody's name and in nobody's words: what names it is erased in a moment.
        end(tx, None, None, &meetup)?;
    }
    Ok(())
}

pub(super) fn delete(tx: &mut Tx<'_>, actor: &Actor, id: &MeetupId) -> Written<()> {
    let (host, meetup) = hosted(tx, actor, id)?;
    end(tx, Some(actor), Some(&host), &meetup)
}

fn end(tx: &mut Tx<'_>, actor: Option<&Actor>, by: Option<&UserRow>, meetup: &MeetupRow) -> Written<()> {
    if meetup.status.may_become(MeetupStatus::Cancelled) {
        set_status(tx, meetup, MeetupStatus::Cancelled, by)?;
    }
    let conversation = rows::conversation_by_pk(tx.conn, meetup.conversation_pk)?;
    conversations::erase(tx, actor, &conversation)?;
    tx.conn.prepare_cached("DELETE FROM meetup_request WHERE meetup_pk = ?1")?.execute([meetup.pk])?;
    tx.conn.prepare_cached("UPDATE meetup SET deleted_at = ?2 WHERE pk = ?1")?.execute([meetup.pk, tx.now.0])?;
    Ok(())
}

pub(super) fn request(tx: &mut Tx<'_>, actor: &Actor, id: &MeetupId) -> Written<Meetup> {
    let user = tx.actor(actor)?;
    let meetup = row(tx.conn, id)?;
    if !matches!(meetup.status, MeetupStatus::Open | MeetupStatus::Confirmed) {
        return Err(Refusal::conflict(format!("This meetup is {}.", meetup.status.as_str())).into());
    }
    if meetup.host_pk == user.pk || tx.member(meetup.conversation_pk, user.pk)?.is_some() {
        return Err(Refusal::conflict("You take part in this meetup already.").into());
    }
    let open: i64 = tx
        .conn
        .prepare_cached("SELECT count(*) FROM meetup_request WHERE meetup_pk = ?1")?
        .query_row([meetup.pk], |row| row.get(0))?;
    if open >= MEETUP_REQUESTS_MAX {
        let message = format!("This meetup has {MEETUP_REQUESTS_MAX} open requests; its host is to decide some first.");
        return Err(Refusal::conflict(message).into());
    }
    let new = tx
        .conn
        .prepare_cached("INSERT OR IGNORE INTO meetup_request (meetup_pk, user_pk, created_at) VALUES (?1, ?2, ?3)")?
        .execute([meetup.pk, user.pk, tx.now.0])?;
    if new == 0 {
        return Err(Refusal::conflict("You asked to take part in this meetup already.").into());
    }
    let host = rows::user_by_pk(tx.conn, meetup.host_pk)?;
    let message = format!("You have a new meetup request from {}.", user.user.name);
    notifications::notify(tx, &host, Some(&user), "New Meetup Request", &message)?;
    get(tx.conn, &actor.user, id)
}

pub(super) fn decide(tx: &mut Tx<'_>, actor: &Actor, id: &MeetupId, user: &UserId, accept: bool) -> Written<Meetup> {
    let (host, meetup) = hosted(tx, actor, id)?;
    let asker = tx.user(user)?;
    let taking_part = participants(tx.conn, &meetup)?.len();
    let asked = tx
        .conn
        .prepare_cached("DELETE FROM meetup_request WHERE meetup_pk = ?1 AND user_pk = ?2")?
        .execute([meetup.pk, asker.pk])?;
    if asked == 0 {
        return Err(Refusal::not_found("open request of user", user).into());
    }
    if accept {
        if !matches!(meetup.status, MeetupStatus::Open | MeetupStatus::Confirmed) {
            return Err(Refusal::conflict(format!("This meetup is {}.", meetup.status.as_str())).into());
        }
        if meetup.capacity.is_some_and(|capacity| taking_part >= capacity as usize) {
            return Err(Refusal::conflict("This meetup is full.").into());
        }
        let conversation = conversation_of(tx, &meetup)?;
        members::insert(tx, Some(actor), &conversation, &asker, Role::Member)?;
    }
    let (title, verb) =
        if accept { ("Meetup Request Accepted", "accepted") } else { ("Meetup Request Declined", "declined") };
    let message = format!("{} {verb} your request for the meetup \"{}\".", host.user.name, meetup.activity);
    notifications::notify(tx, &asker, Some(&host), title, &message)?;
    get(tx.conn, &actor.user, id)
}

fn conversation_of(tx: &Tx<'_>, meetup: &MeetupRow) -> Written<ConversationRow> {
    Ok(rows::conversation_by_pk(tx.conn, meetup.conversation_pk)?)
}

pub(super) fn remove_participant(tx: &mut Tx<'_>, actor: &Actor, id: &MeetupId, user: &UserId) -> Written<Meetup> {
    let meetup = row(tx.conn, id)?;
    let conversation = conversation_of(tx, &meetup)?.conversation.id.clone();
    if *user == actor.user {
        members::leave(tx, actor, &conversation, Departure::Left)?;
    } else {
        members::remove(tx, actor, &conversation, user)?;
    }
    get(tx.conn, &actor.user, id)
}

pub(super) fn expire(tx: &mut Tx<'_>) -> Written<usize> {
    let due: Vec<MeetupRow> = tx
        .conn
        .prepare_cached(&format!(
            "SELECT {MEETUP} FROM meetup t WHERE t.status = 'open' AND t.expires_at <= ?1 AND t.deleted_at IS NULL"
        ))?
        .query_map([tx.now.0], meetup_at)?
        .collect::<Result<_, _>>()?;
    for meetup in &due {
        set_status(tx, meetup, MeetupStatus::Expired, None)?;
    }
    Ok(due.len())
}
