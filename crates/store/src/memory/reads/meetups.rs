//! Meetups as users see them: one, or a page of all.
//!
//! What must stay true: a page ends at its limit of rows or bytes. Hosts and services see all requests, other users
//! their own.

use std::collections::BTreeSet;
use std::sync::Arc;

use quintet_domain::limits::{LIST_BYTES_MAX, MEETUP_PEOPLE_OF_PAGE_MAX, PEOPLE_LISTED_MIN};
use quintet_domain::{Meetup, MeetupId, MeetupRequest, Refusal, Timestamp, User, UserId};
use quintet_rules::rows::{MeetupRow, MeetupRows, UserRow};
use quintet_rules::{MeetupKey, UserKey};

use super::find_user;
use crate::error::Read;
use crate::memory::data::Data;
use crate::page::{before_key, user_bytes};
use crate::{MeetupFilter, Page};

/// Maximum number of people that are shown of a single meetup.
const SHOWN_MAX: usize = 1_000;

/// A meetup as the user sees it.
pub(in crate::memory) fn meetup(data: &Data, viewer: &UserId, id: &MeetupId) -> Read<Meetup> {
    let unknown = || Refusal::not_found("meetup", id);
    let row = data.meetup(id)?.ok_or_else(unknown)?;
    let found = whole(data, &[&row], find_user(data, viewer), SHOWN_MAX)?.pop();
    Ok(found.ok_or_else(unknown)?)
}

/// A page of meetups, newest first.
pub(in crate::memory) fn meetups(
    data: &Data,
    viewer: &UserId,
    filter: MeetupFilter,
    now: Timestamp,
    before: Option<&str>,
    limit: u32,
) -> Read<Page<Meetup>> {
    let (before, limit) = (MeetupKey(before_key(before)?), limit as usize);
    let tables = &data.meetups;
    let wanted = if filter.current { &tables.current } else { &tables.there };
    let rows = wanted.range(..before).rev().filter_map(|(key, ())| tables.rows.get(key));
    let rows = rows.filter(|row| !filter.current || row.expires_at > now);
    let mut found: Vec<&MeetupRow> = rows.take(limit.saturating_add(1)).collect();
    let more = found.len() > limit;
    found.truncate(limit);
    let people_max = (MEETUP_PEOPLE_OF_PAGE_MAX / found.len().max(1)).clamp(PEOPLE_LISTED_MIN, SHOWN_MAX);
    let items = whole(data, &found, find_user(data, viewer), people_max)?;
    let last = items.len().checked_sub(1).and_then(|last| found.get(last));
    let next = last.filter(|_| more || items.len() < found.len()).map(|row| row.key.0.to_string());
    Ok(Page { items, next })
}

/// The people of one meetup.
struct People {
    host: Arc<User>,
    /// Participants, in the order in which they joined.
    participants: Vec<Arc<User>>,
    /// Requests, in the order in which they were sent.
    requests: Vec<MeetupRequest>,
    bytes: usize,
}

/// Completes the meetups of rows, as many of the first as fit the bytes of one page.
fn whole(data: &Data, found: &[&MeetupRow], viewer: Option<&UserRow>, people_max: usize) -> Read<Vec<Meetup>> {
    let (mut shown, mut bytes) = (Vec::new(), 0);
    for (at, row) in found.iter().enumerate() {
        let people = people(data, row, viewer, people_max)?;
        bytes += people.bytes;
        if at > 0 && bytes > LIST_BYTES_MAX {
            break;
        }
        shown.push(Meetup {
            id: row.id.clone(),
            chat_id: data.conversation_named(row.conversation)?.reference.id.clone(),
            host: people.host,
            participants: people.participants,
            requests: people.requests,
            activity: row.activity.clone(),
            location: row.location.clone(),
            starts_at: row.starts_at,
            expires_at: row.expires_at,
            capacity: row.capacity,
            status: row.status,
        });
    }
    Ok(shown)
}

fn people(data: &Data, row: &MeetupRow, viewer: Option<&UserRow>, people_max: usize) -> Read<People> {
    let host = Arc::clone(&data.user_named(row.host)?.user);
    let mut people = People { bytes: user_bytes(&host), host, participants: Vec::new(), requests: Vec::new() };
    // The host is one of the first members. The viewer is shown wherever it stands.
    let first = data.joined_members(row.conversation).take(people_max.saturating_add(1));
    let keys: BTreeSet<UserKey> = first.chain(viewer.map(|viewer| viewer.key)).collect();
    let mut members: Vec<(u64, UserKey)> = keys
        .into_iter()
        .filter(|key| *key != row.host)
        .filter_map(|key| Some((data.conversations.members.get(&(row.conversation, key))?.joined_sequence, key)))
        .collect();
    members.sort_unstable();
    for (_, key) in members {
        let user = Arc::clone(&data.user_named(key)?.user);
        people.bytes += user_bytes(&user);
        people.participants.push(user);
    }
    let sees_all = viewer.is_some_and(|viewer| viewer.key == row.host || viewer.user.is_service());
    let requests: Vec<(UserKey, Timestamp)> = if sees_all {
        data.requests_for(row.key).take(people_max).collect()
    } else {
        let own = viewer.and_then(|viewer| Some((viewer.key, *data.meetups.requests.get(&(row.key, viewer.key))?)));
        own.into_iter().collect()
    };
    for (key, created_at) in requests {
        let user = Arc::clone(&data.user_named(key)?.user);
        people.bytes += user_bytes(&user);
        people.requests.push(MeetupRequest { user, created_at });
    }
    Ok(people)
}
