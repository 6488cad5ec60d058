//! Who is sent a push message, and which browsers there are for it.
//!
//! What must stay true: a browser is subscribed for one user. A message is pushed to nobody who has read it, has muted its
//! conversation, is no member any more, or wrote it; all of that is looked at again right before it is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use quintet_domain::limits::{PUSH_MEMBERS_MAX, PUSH_SUBSCRIPTIONS_MAX};
use quintet_domain::{
    AddPushSubscription, ConversationId, ConversationRef, MessageId, MessageKind, MovePushCursor, NotePushActivity,
    Notification, NotificationId, Notify, Refusal, RemovePushSubscriptions, Timestamp, User, UserId,
};

use crate::ledger::Cost;
use crate::rows::{ConversationRow, MemberRow, MessageRow, PushReach, PushSubscriptionRow, Rows, UserRow};
use crate::transaction::Transaction;
use crate::{ConversationKey, RowResult, RuleResult, UserKey};

/// Maximum positions that one step looks at.
const STEP_POSITIONS: u64 = 5_000;
/// Maximum messages that one step looks at.
const STEP_MESSAGES: usize = 500;
/// The age from which on a message is not pushed any more, in milliseconds.
const LATE_MS: i64 = 60 * 60 * 1_000;

// --- writes ---

/// Subscribes a browser, or renews its subscription.
pub(crate) fn add(tx: &mut Transaction<'_>, write: AddPushSubscription) -> RuleResult<()> {
    if write.actor.guest {
        return Err(Refusal::forbidden("Guests cannot subscribe to push messages: register first.").into());
    }
    let user = tx.actor(&write.actor)?;
    if user.user.is_service() {
        return Err(Refusal::forbidden("This is only for users; a service has no browser.").into());
    }
    if !tx.push().has_push_subscribers()? {
        // Nobody looked at what was committed before.
        let newest = tx.position();
        advance(tx, newest)?;
    }
    let AddPushSubscription { actor: _, endpoint, p256dh, auth } = write;
    let known = tx.push().push_subscription(&endpoint)?;
    let created_at = match &known {
        Some(row) if row.user == user.key => row.created_at,
        Some(_) => {
            take(tx, &endpoint)?;
            tx.now
        }
        None => tx.now,
    };
    let renewed_at = tx.now;
    let row = PushSubscriptionRow { user: user.key, endpoint, p256dh, auth, created_at, renewed_at };
    tx.push().put_push_subscription(&row)?;
    tx.push().insert_push_subscriber(user.key)?;
    tx.charge(Cost::Rows, 1);
    let all = tx.push().push_subscriptions(user.key)?;
    let excess = all.len().saturating_sub(PUSH_SUBSCRIPTIONS_MAX);
    for old in all.iter().filter(|old| old.endpoint != row.endpoint).take(excess) {
        tx.push().delete_push_subscription(&old.endpoint)?;
    }
    Ok(())
}

/// Ends a subscription, if there is one with this endpoint. Returns how many.
fn take(tx: &mut Transaction<'_>, endpoint: &str) -> RowResult<u64> {
    let Some(row) = tx.push().push_subscription(endpoint)? else { return Ok(0) };
    tx.push().delete_push_subscription(endpoint)?;
    if tx.push().push_subscriptions(row.user)?.is_empty() {
        tx.push().delete_push_subscriber(row.user)?;
    }
    Ok(1)
}

/// Ends subscriptions. Returns how many.
pub(crate) fn remove(tx: &mut Transaction<'_>, write: &RemovePushSubscriptions) -> RuleResult<u64> {
    match (&write.user, &write.endpoint) {
        (None, None) => Ok(0),
        (None, Some(endpoint)) => Ok(take(tx, endpoint)?),
        (Some(user), None) => {
            let user = tx.user(user)?.key;
            remove_all_of(tx, user)
        }
        (Some(user), Some(endpoint)) => {
            let user = tx.user(user)?.key;
            match tx.push().push_subscription(endpoint)? {
                Some(row) if row.user == user => Ok(take(tx, endpoint)?),
                Some(_) | None => Ok(0),
            }
        }
    }
}

/// Ends all subscriptions of a user. Returns how many.
pub(crate) fn remove_all_of(tx: &mut Transaction<'_>, user: UserKey) -> RuleResult<u64> {
    if tx.push().push_activity(user)?.is_none() {
        return Ok(0);
    }
    let all = tx.push().push_subscriptions(user)?;
    for row in &all {
        tx.push().delete_push_subscription(&row.endpoint)?;
    }
    tx.push().delete_push_subscriber(user)?;
    Ok(all.len() as u64)
}

/// Stores when subscribers were last active, or everybody.
pub(crate) fn note_activity(tx: &mut Transaction<'_>, write: NotePushActivity) -> RuleResult<()> {
    let NotePushActivity { mut users, everybody } = write;
    if everybody {
        let mut people = Vec::with_capacity(users.len());
        for (user, at) in users {
            if tx.find_user(&user)?.is_some_and(|row| is_person(&row)) {
                people.push((user, at));
            }
        }
        users = people;
    }
    Ok(tx.push().set_push_activity(&users, everybody)?)
}

/// Makes those without subscriptions subscribers no more, once no webhook is told whom to push to.
pub(crate) fn end_webhooks(tx: &mut Transaction<'_>) -> RuleResult<()> {
    let all = tx.webhooks().webhooks()?;
    if !all.iter().any(|webhook| webhook.filter.is_of_pushes()) {
        tx.push().delete_idle_push_subscribers()?;
    }
    Ok(())
}

/// Stores how far it has been decided who is sent a push message.
pub(crate) fn move_cursor(tx: &mut Transaction<'_>, write: MovePushCursor) -> RuleResult<()> {
    advance(tx, write.to)
}

fn advance(tx: &mut Transaction<'_>, to: u64) -> RuleResult<()> {
    if tx.push().push_cursor()? < to {
        tx.push().set_push_cursor(to)?;
    }
    Ok(())
}

// --- who is sent one ---

/// The browsers of a user, the one that was renewed longest ago first.
///
/// # Errors
/// An error of the store.
pub fn subscriptions(rows: &dyn Rows, user: &UserId) -> RowResult<Vec<PushSubscriptionRow>> {
    match rows.user(user)? {
        Some(user) => rows.push_subscriptions(user.key),
        None => Ok(Vec::new()),
    }
}

/// What a push message is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PushAbout {
    /// A message in a conversation.
    Message {
        /// The conversation of the message.
        conversation: ConversationId,
        /// The id of the message.
        message: MessageId,
    },
    /// A notification that the user was sent.
    Notification(NotificationId),
}

/// A user who is to be sent a push message, unless that changes before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushCandidate {
    /// The user who is to be sent it.
    pub user: UserId,
    /// What the push message is about.
    pub about: PushAbout,
    /// When that was committed.
    pub at: Timestamp,
    /// A position at which that was not committed before: its own, or the first that the look has seen.
    pub position: u64,
}

/// What one look behind the cursor has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PushStep {
    /// Whether anybody is a subscriber.
    pub has_subscribers: bool,
    /// The position that the cursor had.
    pub after: u64,
    /// The position up to which the step looked.
    pub up_to: u64,
    /// Whether more was committed behind that.
    pub more: bool,
    /// Those who are to be sent a push message: about the newest message of each conversation that concerns them, and
    /// about each notification.
    pub candidates: Vec<PushCandidate>,
}

/// Whether a message concerns a member now.
fn concerns(message: &MessageRow, user: UserKey, member: &MemberRow, now: Timestamp) -> bool {
    let settings = member.settings.shown(None).at(now);
    let is_new = message.sequence > member.read_sequence.max(member.joined_sequence);
    let wanted = match settings.notify {
        Notify::All => true,
        Notify::Mentions => mentions(message, user),
        Notify::None => false,
    };
    is_new && wanted && settings.muted.is_none() && message.sender != user && message.deleted_at.is_none()
}

fn mentions(message: &MessageRow, user: UserKey) -> bool {
    message.extra.as_ref().is_some_and(|extra| extra.mention_all || extra.mentions.contains(&user))
}

/// Looks at what was committed behind the cursor, for subscribers.
///
/// # Errors
/// An error of the store.
pub fn step(rows: &dyn Rows, now: Timestamp) -> RowResult<PushStep> {
    if !rows.has_push_subscribers()? {
        return Ok(PushStep::default());
    }
    look(rows, PushReach::Subscribers, rows.push_cursor()?, now)
}

/// Looks at what was committed behind a position, for everybody.
///
/// # Errors
/// An error of the store.
pub fn step_behind(rows: &dyn Rows, after: u64, now: Timestamp) -> RowResult<PushStep> {
    look(rows, PushReach::Everybody, after, now)
}

fn look(rows: &dyn Rows, reach: PushReach, after: u64, now: Timestamp) -> RowResult<PushStep> {
    let newest = rows.newest_position()?;
    let mut up_to = newest.min(after.saturating_add(STEP_POSITIONS));
    let mut step = PushStep { has_subscribers: true, after, up_to: after, ..PushStep::default() };
    if up_to <= after {
        return Ok(step);
    }
    let messages = rows.messages_between(after, up_to, STEP_MESSAGES)?;
    if messages.len() == STEP_MESSAGES
        && let Some(last) = messages.last()
    {
        up_to = position_of(last);
    }
    let oldest = now.plus_ms(-LATE_MS);
    let mut by_conversation: BTreeMap<ConversationKey, Vec<MessageRow>> = BTreeMap::new();
    for message in messages.into_iter().filter(|message| message.created_at >= oldest) {
        by_conversation.entry(message.conversation).or_default().push(message);
    }
    for (key, messages) in &by_conversation {
        let Some(conversation) = rows.conversation_by_key(*key)?.filter(|row| row.deleted_at.is_none()) else {
            continue;
        };
        step.candidates.extend(concerned(rows, reach, (&conversation, messages), now)?);
    }
    for (user, id) in rows.notified_between(after, up_to)? {
        let Some(user) = person(rows, reach, user)? else { continue };
        let Some((_, notification)) = rows.notification_by_id(&id)? else { continue };
        let at = notification.timestamp;
        if at >= oldest {
            let about = PushAbout::Notification(id);
            step.candidates.push(PushCandidate { user, about, at, position: after + 1 });
        }
    }
    (step.up_to, step.more) = (up_to, up_to < newest);
    Ok(step)
}

/// The position of a message.
fn position_of(message: &MessageRow) -> u64 {
    u64::try_from(message.key.0).unwrap_or_default()
}

/// The id of a user, if the look is about it.
fn person(rows: &dyn Rows, reach: PushReach, key: UserKey) -> RowResult<Option<UserId>> {
    let Some(row) = rows.user_by_key(key)? else { return Ok(None) };
    let is_of_look = match reach {
        PushReach::Subscribers => rows.push_activity(key)?.is_some(),
        PushReach::Everybody => is_person(&row),
    };
    Ok(is_of_look.then(|| row.user.id.clone()))
}

/// Whether a user may have devices that somebody else pushes to.
fn is_person(row: &UserRow) -> bool {
    !row.disabled && !row.user.is_guest() && !row.user.is_service()
}

/// The members whom the new messages of a conversation concern, each with the newest that does.
fn concerned(
    rows: &dyn Rows,
    reach: PushReach,
    (conversation, messages): (&ConversationRow, &[MessageRow]),
    now: Timestamp,
) -> RowResult<Vec<PushCandidate>> {
    let extras = || messages.iter().filter_map(|message| message.extra.as_ref());
    let is_large = conversation.head.member_count > PUSH_MEMBERS_MAX;
    let members = if is_large && !extras().any(|extra| extra.mention_all) {
        let mentioned: BTreeSet<UserKey> = extras().flat_map(|extra| extra.mentions.iter().copied()).collect();
        let mut members = Vec::new();
        for user in mentioned {
            if let Some(member) = rows.member(conversation.key, user)? {
                members.push((user, member));
            }
        }
        members
    } else {
        rows.members_to_push(conversation.key, reach)?
    };
    let mut candidates = Vec::new();
    for (user, member) in members {
        let newest = messages
            .iter()
            .rev()
            .find(|message| concerns(message, user, &member, now) && (!is_large || mentions(message, user)));
        let Some(message) = newest else { continue };
        let Some(user) = person(rows, reach, user)? else { continue };
        let about = PushAbout::Message { conversation: conversation.reference.id.clone(), message: message.id.clone() };
        candidates.push(PushCandidate { user, about, at: message.created_at, position: position_of(message) });
    }
    Ok(candidates)
}

/// What a push message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushContent {
    /// A message in a conversation.
    Message {
        /// The conversation of the message.
        conversation: Arc<ConversationRef>,
        /// The id of the message.
        message: MessageId,
        /// The user who sent it.
        sender: Arc<User>,
        /// What it carries.
        kind: MessageKind,
        /// The text, which may be empty where there is a file.
        text: String,
        /// The name of the file, if it has one.
        file: Option<String>,
    },
    /// A notification that the user was sent, and has not read.
    Notification(Arc<Notification>),
}

/// A push message that may be sent now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushNotice {
    /// What it says.
    pub content: PushContent,
    /// When the user was last active, as the nodes have stored it.
    pub active_at: Timestamp,
    /// The browsers of the user.
    pub subscriptions: Vec<PushSubscriptionRow>,
}

/// The push message of a candidate to its browsers, as it is now; `None` if nothing is to be sent any more.
///
/// # Errors
/// An error of the store.
pub fn notice(rows: &dyn Rows, user: &UserId, about: &PushAbout, now: Timestamp) -> RowResult<Option<PushNotice>> {
    let Some(user) = rows.user(user)?.filter(|user| !user.disabled) else { return Ok(None) };
    let Some(active_at) = rows.push_activity(user.key)? else { return Ok(None) };
    let Some(content) = content(rows, user.key, about, now)? else { return Ok(None) };
    let subscriptions = rows.push_subscriptions(user.key)?;
    Ok(Some(PushNotice { content, active_at, subscriptions }))
}

/// What another back end is to push to a candidate, as it is now, and when the candidate was last active, as the nodes have
/// stored it; `None` if nothing is to be sent any more.
///
/// # Errors
/// An error of the store.
pub fn needed(
    rows: &dyn Rows,
    user: &UserId,
    about: &PushAbout,
    now: Timestamp,
) -> RowResult<Option<(PushContent, Timestamp)>> {
    let Some(user) = rows.user(user)?.filter(is_person) else { return Ok(None) };
    let active_at = rows.push_activity(user.key)?.unwrap_or(Timestamp(0));
    Ok(content(rows, user.key, about, now)?.map(|content| (content, active_at)))
}

fn content(rows: &dyn Rows, user: UserKey, about: &PushAbout, now: Timestamp) -> RowResult<Option<PushContent>> {
    match about {
        PushAbout::Message { conversation, message } => message_content(rows, user, conversation, message, now),
        PushAbout::Notification(id) => {
            let found = rows.notification_by_id(id)?.filter(|(of, one)| *of == user && one.read_at.is_none());
            Ok(found.map(|(_, notification)| PushContent::Notification(notification)))
        }
    }
}

fn message_content(
    rows: &dyn Rows,
    user: UserKey,
    conversation: &ConversationId,
    message: &MessageId,
    now: Timestamp,
) -> RowResult<Option<PushContent>> {
    let Some(conversation) = rows.conversation(conversation)? else { return Ok(None) };
    let Some(member) = rows.member(conversation.key, user)? else { return Ok(None) };
    let found = rows.message(message)?.filter(|row| row.conversation == conversation.key);
    let Some(message) = found.filter(|row| concerns(row, user, &member, now)) else { return Ok(None) };
    let Some(sender) = rows.user_by_key(message.sender)? else { return Ok(None) };
    Ok(Some(PushContent::Message {
        conversation: conversation.reference,
        message: message.id,
        sender: sender.user,
        kind: message.kind,
        text: message.content,
        file: message.file.and_then(|file| file.name),
    }))
}
