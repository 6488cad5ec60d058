//! Catching up: the entries of other processes that write to the same database, made again from the log, for all who
//! receive them.
//!
//! What must stay true: the entries are those that the other process has handed on, in the same order, with texts and
//! names as they are now, and with counts as they were. A change whose rows are gone has no entry, and one that shows what
//! is newer than somebody's departure is withheld from them.

use std::collections::BTreeSet;
use std::sync::Arc;

use quintet_domain::{ConnectionId, Entry, Metadata, Notification, NotificationId, Timestamp, UserId};

use super::budget::Budget;
use super::change::Change;
use super::departed::Departed;
use super::missed::{MissedChange, MissedKind, ReplayRows};
use super::missed_reactions::Together;
use super::receivable::Departures;
use super::record::ChangeRecord;
use super::replay::Facts;
use crate::{ConversationKey, MessageKey, RowResult, RowsError, UserKey};

/// A change as the log has it, the creation of messages included.
#[derive(Clone, Debug)]
pub struct Logged {
    /// The position in the commit order.
    pub position: u64,
    /// The key of the conversation that it is about, if it is about one.
    pub conversation: Option<ConversationKey>,
    /// The sequence number in the conversation, for changes that have one.
    pub sequence: Option<u64>,
    /// The session of the connection that caused it.
    pub origin: Option<ConnectionId>,
    /// Whether that connection's client asked for an acknowledgement.
    pub acked: bool,
    /// When it happened.
    pub at: Timestamp,
    /// The change itself.
    pub change: MissedKind,
    /// The users who were told, as [`LoggedChange`](crate::rows::LoggedChange) keeps them.
    pub told: Option<Vec<UserId>>,
}

impl Logged {
    /// Returns a row with the record of its change, as a database has it: its version and its text. A message has none.
    ///
    /// # Errors
    /// An error of the store if the record cannot be read.
    pub fn with_record(self, stored: Option<(i64, String)>) -> RowResult<Self> {
        let Some((version, data)) = stored else { return Ok(self) };
        let record = ChangeRecord::decode(version, &data).map_err(RowsError::new)?;
        Ok(Self { change: MissedKind::Recorded(record), ..self })
    }
}

/// An entry of the log, with what it does not say itself.
#[derive(Clone, Debug)]
pub struct Told {
    /// The entry, with texts and names as they are now.
    pub entry: Entry,
    /// When it happened.
    pub at: Timestamp,
    /// Whether the user whose profile it is about has been erased, by this change or later.
    pub is_erased: bool,
}

/// The reads of catching up, beside those of a replay.
pub trait CatchUpRows: ReplayRows {
    /// All messages and changes after a position, up to another one, and the changes behind that, in order; receipts behind
    /// it may be left out.
    fn logged(&self, after: u64, up_to: u64) -> RowResult<Vec<Logged>>;
    /// All messages and changes after a position, up to another one, in order.
    fn logged_within(&self, after: u64, up_to: u64) -> RowResult<Vec<Logged>>;
    /// The custom data of some users; those who have none are left out.
    fn user_metadata(&self, keys: &BTreeSet<UserKey>) -> RowResult<Vec<(UserKey, Metadata)>>;
    /// A notification by its id.
    fn notification(&self, id: &NotificationId) -> RowResult<Option<Arc<Notification>>>;
}

/// The entries after a position, up to another one. The rows may show more, which was committed since.
///
/// # Errors
/// An error of the store.
pub fn entries_between(rows: &dyn CatchUpRows, after: u64, up_to: u64) -> RowResult<Vec<Entry>> {
    let mut logged = rows.logged(after, up_to)?;
    let mut missed: Vec<MissedChange> = logged.iter().filter_map(missed_of).collect();
    let departed = Departed::of(&missed);
    missed.truncate(missed.partition_point(|missed| missed.position <= up_to));
    logged.truncate(logged.partition_point(|logged| logged.position <= up_to));
    let told = told_of(rows, logged, &missed, departed)?;
    Ok(told.into_iter().map(|told| told.entry).collect())
}

/// The entries of changes after a position, up to another one, withheld from nobody.
pub(super) fn told_within(rows: &dyn CatchUpRows, after: u64, up_to: u64) -> RowResult<Vec<Told>> {
    let logged = rows.logged_within(after, up_to)?;
    let missed: Vec<MissedChange> = logged.iter().filter_map(missed_of).collect();
    told_of(rows, logged, &missed, None)
}

/// The entries of changes, with when they happened.
fn told_of(
    rows: &dyn CatchUpRows,
    logged: Vec<Logged>,
    missed: &[MissedChange],
    mut departed: Option<Departed>,
) -> RowResult<Vec<Told>> {
    let mut budget = Budget { bytes: usize::MAX };
    let Some(mut facts) = Facts::load(rows, None, (missed, &Departures::default()), Together::new(), &mut budget)?
    else {
        return Ok(Vec::new());
    };
    let moved = departed.iter().flat_map(Departed::users);
    let others: BTreeSet<UserKey> = logged
        .iter()
        .filter_map(of_user)
        .chain(logged.iter().filter_map(of_other))
        .chain(moved)
        .filter(|key| !facts.users.contains_key(key))
        .collect();
    facts.users.extend(rows.users(&others)?.into_iter().map(|row| (row.key, row)));
    let aside: BTreeSet<ConversationKey> =
        logged.iter().filter_map(of_conversation).filter(|key| !facts.conversations.contains_key(key)).collect();
    if !aside.is_empty() {
        facts.conversations.extend(rows.conversations(&aside)?.into_iter().map(|row| (row.key, row)));
    }
    let profiles: BTreeSet<UserKey> = logged.iter().filter_map(of_profile).collect();
    if !profiles.is_empty() {
        for (key, metadata) in rows.user_metadata(&profiles)? {
            facts.users.entry(key).and_modify(|row| row.metadata = Some(metadata));
        }
    }
    if let Some(departed) = &mut departed {
        departed.learn_ids(rows, &facts)?;
    }
    let shown = |at: (u64, Option<ConversationKey>), change: Change| match &departed {
        Some(departed) => departed.shown(at, change),
        None => (change, None),
    };
    let mut entries = Vec::with_capacity(logged.len());
    for logged in logged {
        // An announcement has the position before the change that it announces, and no record of its own.
        if let Some(announced) = announcement(&facts, &logged) {
            let position = logged.position - 1;
            let (announced, withheld) = shown((position, logged.conversation), announced);
            let (origin, acked, event) = (logged.origin, logged.acked, announced.event());
            let entry = Entry { position, sequence: None, origin, acked, event, withheld };
            entries.push(Told { entry, at: logged.at, is_erased: false });
        }
        if let Some(change) = change(rows, &facts, &logged)? {
            let (change, withheld) = shown((logged.position, logged.conversation), change);
            let profile = of_profile(&logged);
            let Logged { position, sequence, origin, acked, at, .. } = logged;
            let entry = Entry { position, sequence, origin, acked, event: change.event(), withheld };
            let is_erased = profile.and_then(|key| facts.users.get(&key)).is_some_and(|row| row.erased);
            entries.push(Told { entry, at, is_erased });
        }
    }
    Ok(entries)
}

/// The change as a replay has it; `None` if it is about no conversation.
fn missed_of(logged: &Logged) -> Option<MissedChange> {
    let conversation = logged.conversation?;
    let Logged { position, sequence, origin, acked, .. } = *logged;
    Some(MissedChange { position, conversation, sequence, origin, acked, change: logged.change.clone() })
}

/// The user whom a change is about and a replay need not read.
fn of_user(logged: &Logged) -> Option<UserKey> {
    match logged.change {
        MissedKind::Recorded(
            ChangeRecord::Notified { user, .. }
            | ChangeRecord::UserChanged { user, .. }
            | ChangeRecord::ConversationShown { member: user }
            | ChangeRecord::MessageAppeared { member: user, .. }
            | ChangeRecord::ConversationHidden { member: user }
            | ChangeRecord::SettingsChanged { member: user, .. }
            | ChangeRecord::BlocksChanged { user, .. }
            | ChangeRecord::Revoked { user, .. }
            | ChangeRecord::SessionEnded { user, .. },
        ) => Some(user),
        _ => None,
    }
}

/// The user who was blocked, or is blocked no more.
fn of_other(logged: &Logged) -> Option<UserKey> {
    match logged.change {
        MissedKind::Recorded(ChangeRecord::BlocksChanged { other, .. }) => Some(other),
        MissedKind::Created | MissedKind::Recorded(_) => None,
    }
}

/// The user whose profile changed: its custom data is not among the facts of other changes.
fn of_profile(logged: &Logged) -> Option<UserKey> {
    match logged.change {
        MissedKind::Recorded(ChangeRecord::UserChanged { user, .. }) => Some(user),
        MissedKind::Created | MissedKind::Recorded(_) => None,
    }
}

/// The conversation of settings or of a reported message: such a change is not among those of the conversation, because its
/// members are not told.
fn of_conversation(logged: &Logged) -> Option<ConversationKey> {
    match logged.change {
        MissedKind::Recorded(
            ChangeRecord::SettingsChanged { conversation, .. } | ChangeRecord::MessageReported { conversation, .. },
        ) => Some(conversation),
        MissedKind::Created | MissedKind::Recorded(_) => None,
    }
}

/// The change with the rows that it is about; `None` if one of them is gone.
fn change(rows: &dyn CatchUpRows, facts: &Facts, logged: &Logged) -> RowResult<Option<Change>> {
    if let MissedKind::Recorded(ChangeRecord::Notified { user, notification }) = &logged.change {
        let Some(notification) = rows.notification(notification)? else { return Ok(None) };
        let row = facts.users.get(user);
        return Ok(row.map(|row| Change::Notified { user: (*user, row.user.id.clone()), notification }));
    }
    if let MissedKind::Recorded(ChangeRecord::BlocksChanged { user, other, .. }) = &logged.change {
        let (Some(one), Some(two)) = (facts.users.get(user), facts.users.get(other)) else { return Ok(None) };
        let (user, other) = ((*user, one.user.id.clone()), (*other, two.user.id.clone()));
        let blocked = rows.blocked_ids(user.0)?;
        return Ok(Some(Change::BlocksChanged { user, other, blocked }));
    }
    Ok(known(facts, logged))
}

/// The announcement that stands right before a change.
fn announcement(facts: &Facts, logged: &Logged) -> Option<Change> {
    let conversation = logged.conversation?;
    match &logged.change {
        MissedKind::Recorded(ChangeRecord::MemberJoined { member, announced: true, .. }) => {
            let user = facts.as_known_before(*member, &facts.users.get(member)?.user).id.clone();
            Some(Change::ConversationAppeared { conversation: Arc::clone(facts.overviews.get(&conversation)?), user })
        }
        MissedKind::Recorded(ChangeRecord::ConversationDeleted { announced: true }) => {
            let conversation = Arc::clone(&facts.conversations.get(&conversation)?.reference);
            Some(Change::DeletionAnnounced { conversation })
        }
        MissedKind::Created | MissedKind::Recorded(_) => None,
    }
}

fn known(facts: &Facts, logged: &Logged) -> Option<Change> {
    let person = |key: UserKey| Some((key, Arc::clone(&facts.users.get(&key)?.user)));
    // A guest joins and leaves by the id that it had before an account took it.
    let then = |key: UserKey| Some((key, facts.as_known_before(key, &facts.users.get(&key)?.user)));
    let named = |key: UserKey| Some((key, facts.users.get(&key)?.user.id.clone()));
    let reference = || Some(Arc::clone(&facts.conversations.get(&logged.conversation?)?.reference));
    let keyed = |key: ConversationKey| Some((key, Arc::clone(&facts.conversations.get(&key)?.reference)));
    let overview = || Some(Arc::clone(facts.overviews.get(&logged.conversation?)?));
    let told = || logged.told.clone().unwrap_or_default();
    let record = match &logged.change {
        MissedKind::Created => {
            let key = MessageKey(i64::try_from(logged.position).ok()?);
            return Some(Change::MessageCreated { message: Arc::clone(facts.messages.get(&key)?) });
        }
        MissedKind::Recorded(record) => record,
    };
    Some(match record {
        ChangeRecord::MessageAppeared { message, member } => Change::MessageAppeared {
            key: *message,
            message: Arc::clone(facts.messages.get(message)?),
            user: named(*member)?,
        },
        ChangeRecord::MessageEdited { message, by } => {
            Change::MessageEdited { key: *message, by: *by, message: Arc::clone(facts.changed.get(message)?) }
        }
        ChangeRecord::MessageDeleted { message, by } => {
            Change::MessageDeleted { key: *message, by: *by, message: Arc::clone(facts.changed.get(message)?) }
        }
        ChangeRecord::MessageReacted { count: then, .. } => {
            let mut change = facts.marked((logged.position, record), reference()?)?;
            if let Change::MessageReacted { count, .. } = &mut change {
                // As it was at its place in the order, where a replay tells how it is now.
                *count = *then;
            }
            change
        }
        ChangeRecord::MessagePinned { .. } => facts.marked((logged.position, record), reference()?)?,
        ChangeRecord::MessagesRead { reader, span, to_all } => {
            // None of them is left if they are not kept any longer.
            let passed = facts.passed.get(&logged.position).filter(|passed| !passed.is_empty())?;
            Change::MessagesRead {
                conversation: reference()?,
                reader: person(*reader)?,
                span: *span,
                messages: passed.iter().map(|(id, _)| id.clone()).collect(),
                audience: (!to_all).then(told),
            }
        }
        ChangeRecord::ConversationCreated { by } => {
            Change::ConversationCreated { conversation: overview()?, by: *by, members: told() }
        }
        ChangeRecord::ConversationShown { member } => {
            Change::ConversationShown { conversation: overview()?, member: named(*member)? }
        }
        ChangeRecord::ConversationHidden { member } => {
            Change::ConversationHidden { conversation: reference()?, member: named(*member)? }
        }
        ChangeRecord::SettingsChanged { conversation, member, settings } => Change::SettingsChanged {
            conversation: keyed(*conversation)?,
            member: named(*member)?,
            settings: *settings,
        },
        ChangeRecord::ConversationChanged => Change::ConversationChanged { conversation: overview()? },
        ChangeRecord::ConversationDeleted { .. } => Change::ConversationDeleted { conversation: reference()? },
        ChangeRecord::MemberJoined { member, member_count, .. } => {
            Change::MemberJoined { conversation: reference()?, member: then(*member)?, member_count: *member_count }
        }
        ChangeRecord::MemberLeft { member, departure, reason, member_count } => Change::MemberLeft {
            conversation: reference()?,
            member: then(*member)?,
            departure: *departure,
            reason: reason.clone(),
            member_count: *member_count,
        },
        ChangeRecord::MeetupChanged { meetup, status, by } => {
            let by = by.and_then(person);
            Change::MeetupChanged { meetup: meetup.clone(), status: *status, by, audience: told() }
        }
        ChangeRecord::MessageReported { conversation, message, report, by_server } => Change::MessageReported {
            conversation: keyed(*conversation)?,
            message: message.clone(),
            report: *report,
            by_server: *by_server,
        },
        ChangeRecord::UserChanged { user, visible } => {
            let metadata = facts.users.get(user)?.metadata.clone();
            Change::UserChanged { user: person(*user)?, metadata, visible: *visible }
        }
        ChangeRecord::Revoked { user, generation } => {
            Change::Revoked { user: (*user, person(*user)?.1.id.clone()), generation: *generation }
        }
        ChangeRecord::SessionEnded { user, session } => {
            Change::SessionEnded { user: (*user, person(*user)?.1.id.clone()), session: session.clone() }
        }
        // Made by the caller, because they are read beside the facts.
        ChangeRecord::Notified { .. } | ChangeRecord::BlocksChanged { .. } => return None,
        // Nobody is told of it.
        ChangeRecord::MessagesPurged { .. } => return None,
    })
}
