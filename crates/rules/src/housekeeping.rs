//! What the server does by itself at intervals: it removes expired rows, and ends the memberships of absent guests.
//!
//! What must stay true: each of these writes is short, so that other writes run in between. The newest user row is
//! kept, so that no user gets the key of a guest that the log refers to.

use std::sync::Arc;

use quintet_domain::limits::{
    GUEST_ROOM_EMPTY_SECONDS_MAX, GUESTS_KEPT_DAYS, INVITATIONS_KEPT_DAYS, LOGIN_NETWORKS_KEPT_DAYS,
    NOTIFICATIONS_READ_KEPT_DAYS,
};
use quintet_domain::{Departure, Pruned, SweepGuests};

use crate::rows::{ScanLimits, UserRow};
use crate::transaction::{ActingUser, Transaction};
use crate::{ConversationKey, RuleResult, UserKey, contact, conversations, members, notifications, reach, reports};

/// Maximum number of rows of each kind that one write removes.
const ROWS_AT_ONCE: usize = 500;
/// Maximum number of guests that one write checks, each by several reads.
const GUESTS_AT_ONCE: usize = 100;
/// Maximum number of conversations of one guest that one write examines.
const AUTHORED_AT_ONCE: usize = 10;
/// Maximum number of messages that are examined for those of one guest.
const EXAMINED_OF_GUEST_MAX: usize = 100;
/// Maximum number of guests' memberships, and of guests' rooms, that one write ends.
const SWEPT_AT_ONCE: usize = 200;

/// Removes some expired rows. `after` is the key of the last guest that an earlier write checked.
pub(crate) fn prune(tx: &mut Transaction<'_>, after: i64) -> RuleResult<Pruned> {
    let mut more = prune_changes(tx)?;
    more |= prune_followers(tx)?;
    more |= prune_notifications(tx)?;
    more |= prune_counts(tx)?;
    more |= prune_invitations(tx)?;
    more |= prune_login_sessions(tx)?;
    more |= prune_restrictions(tx)?;
    more |= prune_audit(tx)?;
    more |= is_full(reports::prune(tx, ROWS_AT_ONCE)?);
    more |= prune_contact_requests(tx)?;
    let next = prune_guests(tx, UserKey(after))?;
    Ok(Pruned { more: more || next.is_some(), after: next.map_or(0, |guest| guest.0) })
}

/// Whether there are probably more rows to remove: the write removed as many as it may.
fn is_full(removed: usize) -> bool {
    removed >= ROWS_AT_ONCE
}

/// Removes changes of the log that have expired.
fn prune_changes(tx: &mut Transaction<'_>) -> RuleResult<bool> {
    let days = i64::from(tx.quotas().change_days);
    if days == 0 {
        return Ok(false);
    }
    let before = tx.now.minus_days(days);
    let changes = tx.log().prune_changes(before, ROWS_AT_ONCE)?;
    // Messages stay, but a client that was away longer than the log is kept starts afresh, whatever it missed.
    let passed = tx.log().prune_past_messages(before, ROWS_AT_ONCE)?;
    Ok(is_full(changes) || is_full(passed))
}

/// Removes the departures and addressees of changes that were removed.
fn prune_followers(tx: &mut Transaction<'_>) -> RuleResult<bool> {
    let pruned_to = tx.log().pruned_to()?;
    let departures = tx.log().prune_departures(pruned_to, ROWS_AT_ONCE)?;
    let addressees = tx.log().prune_addressees(pruned_to, ROWS_AT_ONCE)?;
    Ok(is_full(departures) || is_full(addressees))
}

/// Removes notifications that were read long ago.
fn prune_notifications(tx: &mut Transaction<'_>) -> RuleResult<bool> {
    let before = tx.now.minus_days(NOTIFICATIONS_READ_KEPT_DAYS);
    let found = tx.notifications().notifications_read_before(before, ROWS_AT_ONCE)?;
    notifications::remove(tx, &found)?;
    Ok(is_full(found.len()))
}

/// Removes daily counts of past days, and networks without a login for a long time.
fn prune_counts(tx: &mut Transaction<'_>) -> RuleResult<bool> {
    let (today, before) = (reach::day(tx.now), tx.now.minus_days(LOGIN_NETWORKS_KEPT_DAYS));
    let counts = tx.user_details().prune_contacts(today, ROWS_AT_ONCE)?;
    let networks = tx.user_details().prune_login_networks(before, ROWS_AT_ONCE)?;
    Ok(is_full(counts) || is_full(networks))
}

/// Removes invitations that have not been good for long.
fn prune_invitations(tx: &mut Transaction<'_>) -> RuleResult<bool> {
    let before = tx.now.minus_days(INVITATIONS_KEPT_DAYS);
    Ok(is_full(tx.invitations().prune_invitations(before, ROWS_AT_ONCE)?))
}

/// Removes sessions whose tokens have all expired.
fn prune_login_sessions(tx: &mut Transaction<'_>) -> RuleResult<bool> {
    let now = tx.now;
    Ok(is_full(tx.login_sessions().prune_login_sessions(now, ROWS_AT_ONCE)?))
}

/// Removes bans and silences that have ended.
fn prune_restrictions(tx: &mut Transaction<'_>) -> RuleResult<bool> {
    let now = tx.now;
    Ok(is_full(tx.moderation().prune_restrictions(now, ROWS_AT_ONCE)?))
}

/// Removes acts of the audit log that have been kept long enough.
fn prune_audit(tx: &mut Transaction<'_>) -> RuleResult<bool> {
    let days = i64::from(tx.quotas().audit_days);
    if days == 0 {
        return Ok(false);
    }
    let before = tx.now.minus_days(days);
    Ok(is_full(tx.moderation().prune_audit(before, ROWS_AT_ONCE)?))
}

/// Removes requests to reach a person that are over.
fn prune_contact_requests(tx: &mut Transaction<'_>) -> RuleResult<bool> {
    let before = contact::over_until(tx.now);
    Ok(is_full(tx.contact_requests().prune_contact_requests(before, ROWS_AT_ONCE)?))
}

/// Removes guests that are members of nothing, wrote nothing and own nothing. Returns the key to continue at.
fn prune_guests(tx: &mut Transaction<'_>, after: UserKey) -> RuleResult<Option<UserKey>> {
    let guests = tx.user_details().guests(after, GUESTS_AT_ONCE)?;
    let newest = tx.user_details().newest_user()?;
    for guest in &guests {
        if Some(guest.key) == newest || !has_nothing(tx, guest)? {
            continue;
        }
        tx.log().delete_traces(guest.key)?;
        tx.guests().delete_guest_secrets(guest.key)?;
        // A guest that another row still refers to stays.
        tx.delete_user(guest.key)?;
    }
    Ok(guests.last().filter(|_| guests.len() == GUESTS_AT_ONCE).map(|guest| guest.key))
}

/// Whether a guest that is no member may have messages. The records of conversations that keep none of them any more are
/// removed.
fn has_messages(tx: &mut Transaction<'_>, guest: UserKey) -> RuleResult<bool> {
    for _ in 0..AUTHORED_AT_ONCE {
        let Some(conversation) = tx.messages().authored_conversation(guest, ConversationKey(0))? else {
            return Ok(false);
        };
        if has_messages_in(tx, guest, conversation)? {
            return Ok(true);
        }
        tx.messages().delete_author(guest, conversation)?;
    }
    Ok(true)
}

/// Whether a conversation may have messages of a guest that is no member of it. Few messages are left from the time when it was
/// one, where some were removed by their age; where more are, it is taken to have some.
fn has_messages_in(tx: &mut Transaction<'_>, guest: UserKey, conversation: ConversationKey) -> RuleResult<bool> {
    let row = tx.conversation_by_key(conversation)?;
    if row.retention.days_kept(tx.quotas().retention.days(row.reference.kind)) == 0 {
        return Ok(true);
    }
    let left_at = tx.messages().author_left_at(guest, conversation)?.unwrap_or(u64::MAX);
    let oldest = tx.messages().oldest_messages(conversation, 0, 1)?.pop();
    if oldest.is_none_or(|oldest| oldest.sequence > left_at) {
        return Ok(false);
    }
    let limits = ScanLimits { found_max: 1, examined_max: EXAMINED_OF_GUEST_MAX };
    let scan = tx.messages().messages_of_sender(conversation, guest, 0, limits)?;
    Ok(!scan.found.is_empty() || scan.continue_after.is_some_and(|after| after < left_at))
}

/// Whether a guest is old enough to be removed, and nothing refers to it.
fn has_nothing(tx: &mut Transaction<'_>, guest: &UserRow) -> RuleResult<bool> {
    Ok(guest.user.created_at < tx.now.minus_days(GUESTS_KEPT_DAYS)
        && tx.member_lists().conversations_of(guest.key, None, 1)?.is_empty()
        && tx.reactions().reactions_of_user(guest.key, 1)?.is_empty()
        && tx.reactions().pins_of_user(guest.key, 1)?.is_empty()
        && !tx.moderation().is_in_restrictions(guest.key)?
        && !tx.rows.owns_any_conversation(guest.key)?
        && !has_messages(tx, guest.key)?)
}

/// Ends some older memberships of guests who are not online, and deletes some guests' rooms that have been empty too
/// long. Returns whether there is more to do.
pub(crate) fn sweep_guests(tx: &mut Transaction<'_>, write: &SweepGuests) -> RuleResult<bool> {
    let gone = absent_guests(tx, write)?;
    let more_guests = gone.len() == SWEPT_AT_ONCE;
    for (conversation, guest) in gone {
        let mut conversation = tx.conversation_by_key(conversation)?;
        members::depart(tx, None, &mut conversation, &ActingUser::plain(guest), (Departure::GuestGone, None))?;
    }
    let before = tx.now.plus_ms(-(GUEST_ROOM_EMPTY_SECONDS_MAX as i64) * 1_000);
    let empty = tx.rows.empty_rooms(before, SWEPT_AT_ONCE)?;
    for key in &empty {
        let mut conversation = tx.conversation_by_key(*key)?;
        conversations::erase(tx, None, &mut conversation)?;
    }
    Ok(more_guests || empty.len() == SWEPT_AT_ONCE)
}

/// Some older memberships of guests who are not online.
fn absent_guests(tx: &mut Transaction<'_>, write: &SweepGuests) -> RuleResult<Vec<(ConversationKey, Arc<UserRow>)>> {
    let (mut absent, mut after) = (Vec::new(), None);
    loop {
        let found = tx.member_lists().guest_memberships(write.joined_before, after, SWEPT_AT_ONCE)?;
        for (guest, conversation) in &found {
            let guest = tx.user_by_key(*guest)?;
            if !write.present.contains(&guest.user.id) {
                absent.push((*conversation, guest));
            }
            if absent.len() == SWEPT_AT_ONCE {
                return Ok(absent);
            }
        }
        if found.len() < SWEPT_AT_ONCE {
            return Ok(absent);
        }
        after = found.last().copied();
    }
}
