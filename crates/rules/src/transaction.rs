//! The open transaction of a group of writes, as rules use it: cached rows, positions, the log and costs.
//!
//! What must stay true: positions are consecutive; a write that is undone leaves neither entries nor positions behind.

use std::ops::Deref;
use std::sync::Arc;

use quintet_domain::limits::{GUESTS_OF_NETWORK, NETWORKS_OF_SITE};
use quintet_domain::{Actor, Audience, Entry, Environment, Quotas, Refusal, Timestamp, network, site};

use crate::ledger::{Cost, Ledger, Payer, Payers, weight};
use crate::log::{Change, ChangeRecord};
use crate::rows::{
    BlockRows, ContactRequestRows, ConversationRow, DetailRows, FileRows, GuestRows, InvitationRows, LogRows,
    LoggedChange, LoginSessionRows, MeetupRows, MemberRows, MessageRows, ModerationRows, ReportRows,
};
use crate::rows::{NotificationRows, PushRows, ReactionRows, Rows, UserRow, UserRows, WebhookRows};
use crate::unsaved_deliveries::UnsavedDeliveries;
use crate::{ConversationKey, MessageKey, RowCache, RuleResult, SecretKey};

/// The state that a writer keeps between transactions.
#[derive(Debug, Default)]
pub struct WriterState {
    /// The cached rows of earlier transactions.
    pub cache: RowCache,
    /// The budgets of users and networks.
    pub ledger: Ledger,
    /// The delivery cursors that are not stored yet.
    pub deliveries: UnsavedDeliveries,
    /// The quotas that the operator has set.
    pub quotas: Quotas,
    /// Whether other processes may write to the database as well, and so know nothing of what is only in this state.
    pub is_shared: bool,
    /// Whether the cache is bypassed, so that a test can compare the results.
    pub without_cache: bool,
}

/// The user on whose behalf a write runs.
#[derive(Clone, Debug)]
pub struct ActingUser {
    /// The row of the user.
    pub row: Arc<UserRow>,
    /// The secret that a guest has proved to own; `None` for all other users.
    pub secret: Option<SecretKey>,
}

impl ActingUser {
    /// A user without a proof: it does not act itself, or needs no secret.
    #[must_use]
    pub fn plain(row: Arc<UserRow>) -> Self {
        Self { row, secret: None }
    }
}

impl Deref for ActingUser {
    type Target = UserRow;

    fn deref(&self) -> &UserRow {
        &self.row
    }
}

/// The conversation and recipients of a change, beside the change itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct About {
    /// The conversation that the change is about.
    pub conversation: Option<ConversationKey>,
    /// The sequence number in the conversation, for changes that have one.
    pub sequence: Option<u64>,
    /// The number of members, each of whom may receive the change.
    pub recipients: u32,
}

impl About {
    /// A change of a conversation that has its own sequence number.
    #[must_use]
    pub fn numbered(conversation: &ConversationRow, sequence: u64) -> Self {
        Self {
            conversation: Some(conversation.key),
            sequence: Some(sequence),
            recipients: conversation.head.member_count,
        }
    }
}

/// A state of the transaction to return to if a write is undone.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    entries: usize,
    position: u64,
    /// The number of changes to delivery cursors that are not stored.
    deliveries: usize,
}

/// The open transaction of a group of writes.
pub struct Transaction<'t> {
    pub(crate) rows: &'t mut dyn Rows,
    pub(crate) state: &'t mut WriterState,
    environment: &'t dyn Environment,
    /// The time at which the transaction began.
    pub now: Timestamp,
    position: u64,
    entries: Vec<Entry>,
    /// The parties that pay for the running write.
    payers: Payers,
}

impl std::fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transaction").field("position", &self.position).finish_non_exhaustive()
    }
}

impl<'t> Transaction<'t> {
    /// A transaction over rows. `position` is the newest committed position.
    pub fn new(
        rows: &'t mut dyn Rows,
        state: &'t mut WriterState,
        environment: &'t dyn Environment,
        position: u64,
    ) -> Self {
        let now = environment.now();
        Self { rows, state, environment, now, position, entries: Vec::new(), payers: Payers::default() }
    }

    /// Begins a write. Nobody pays for it until [`Self::bill`] is called.
    pub fn begin(&mut self) -> Mark {
        self.payers = Payers::default();
        self.state.cache.begin();
        let deliveries = self.state.deliveries.changes();
        Mark { entries: self.entries.len(), position: self.position, deliveries }
    }

    /// Undoes the running write; the store rolls its rows back.
    pub fn undo(&mut self, mark: Mark) {
        self.entries.truncate(mark.entries);
        self.position = mark.position;
        self.state.cache.undo();
        self.state.deliveries.undo(mark.deliveries);
    }

    /// The position of the newest change.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Ends the transaction. Returns the entries in commit order, and the newest position.
    #[must_use]
    pub fn finish(self) -> (Vec<Entry>, u64) {
        (self.entries, self.position)
    }

    /// The rows themselves, for a store that sets savepoints between two writes.
    pub fn rows(&mut self) -> &mut dyn Rows {
        self.rows
    }

    pub(crate) fn new_id(&self) -> String {
        self.environment.new_id()
    }

    pub(crate) fn secret(&self) -> u128 {
        self.environment.secret()
    }

    pub(crate) fn quotas(&self) -> &Quotas {
        &self.state.quotas
    }

    // --- rows that are not cached ---

    pub(crate) fn messages(&mut self) -> &mut dyn MessageRows {
        self.rows
    }

    /// Reactions to messages, and pinned messages.
    pub(crate) fn reactions(&mut self) -> &mut dyn ReactionRows {
        self.rows
    }

    /// Bans and silences, and the audit log.
    pub(crate) fn moderation(&mut self) -> &mut dyn ModerationRows {
        self.rows
    }

    /// The reads that complete messages.
    pub(crate) fn details(&self) -> &dyn DetailRows {
        self.rows
    }

    pub(crate) fn meetups(&mut self) -> &mut dyn MeetupRows {
        self.rows
    }

    pub(crate) fn notifications(&mut self) -> &mut dyn NotificationRows {
        self.rows
    }

    pub(crate) fn files(&mut self) -> &mut dyn FileRows {
        self.rows
    }

    /// Browsers that messages are pushed to.
    pub(crate) fn push(&mut self) -> &mut dyn PushRows {
        self.rows
    }

    pub(crate) fn invitations(&mut self) -> &mut dyn InvitationRows {
        self.rows
    }

    /// Sessions of users.
    pub(crate) fn login_sessions(&mut self) -> &mut dyn LoginSessionRows {
        self.rows
    }

    pub(crate) fn webhooks(&mut self) -> &mut dyn WebhookRows {
        self.rows
    }

    /// Reports of messages.
    pub(crate) fn reports(&mut self) -> &mut dyn ReportRows {
        self.rows
    }

    /// Who has blocked whom.
    pub(crate) fn blocks(&mut self) -> &mut dyn BlockRows {
        self.rows
    }

    /// Requests to reach people, and groups that people have left.
    pub(crate) fn contact_requests(&mut self) -> &mut dyn ContactRequestRows {
        self.rows
    }

    pub(crate) fn guests(&mut self) -> &mut dyn GuestRows {
        self.rows
    }

    pub(crate) fn log(&mut self) -> &mut dyn LogRows {
        self.rows
    }

    /// Delivery cursors. Single memberships are read and written by methods of the transaction.
    pub(crate) fn delivery_cursors(&mut self) -> &mut dyn MemberRows {
        self.rows
    }

    /// Lists of members. Single memberships are read and written by methods of the transaction.
    pub(crate) fn member_lists(&self) -> &dyn MemberRows {
        self.rows
    }

    /// Counts, networks and keys of users. Users themselves are read and written by methods of the transaction.
    pub(crate) fn user_details(&mut self) -> &mut dyn UserRows {
        self.rows
    }

    // --- the log ---

    /// The position of the change that is recorded next.
    pub(crate) fn next_position(&self) -> u64 {
        self.position + 1
    }

    /// The key of the message that is recorded next, which is its position.
    pub(crate) fn next_message_key(&self) -> MessageKey {
        // Positions count changes, so that they stay far below the range of an i64.
        MessageKey(i64::try_from(self.position + 1).unwrap_or(i64::MAX))
    }

    /// Logs a change at the next position, and keeps its event until the commit. Charges for both.
    pub(crate) fn record(&mut self, change: &Change, about: About, actor: Option<&Actor>) -> RuleResult<()> {
        self.position += 1;
        let event = change.event();
        let recipients = match event.audience() {
            Audience::Members(_) => u64::from(about.recipients),
            Audience::User(_) => 1,
            Audience::Users(users) => users.len() as u64,
            Audience::Watchers(_) | Audience::Contacts(_) => 0,
        };
        self.charge(Cost::Rows, 1);
        self.charge(Cost::Bytes, weight(&event) * recipients);
        let (origin, acked) = actor.map_or((None, false), |actor| (actor.origin, actor.acked));
        if let Some(record) = change.record() {
            self.rows.append_change(&LoggedChange {
                position: self.position,
                conversation: about.conversation,
                sequence: about.sequence,
                origin,
                acked,
                at: self.now,
                change: record,
                told: change.told().map(<[_]>::to_vec),
            })?;
        }
        self.entries.push(Entry {
            position: self.position,
            sequence: about.sequence,
            origin,
            acked,
            event,
            withheld: None,
        });
        Ok(())
    }

    /// Logs a change at the next position that nobody is told of, and that a replay need not know.
    pub(crate) fn record_untold(&mut self, change: ChangeRecord) -> RuleResult<()> {
        self.position += 1;
        self.charge(Cost::Rows, 1);
        self.rows.append_change(&LoggedChange {
            position: self.position,
            conversation: None,
            sequence: None,
            origin: None,
            acked: false,
            at: self.now,
            change,
            told: None,
        })?;
        Ok(())
    }

    pub(crate) fn probe(&mut self) -> RuleResult<()> {
        Ok(self.rows.probe()?)
    }

    // --- costs ---

    /// Sets who pays for the running write: the actor or, for a guest, its network, because a guest can claim any id.
    /// Refuses the write if the budget is overdrawn.
    pub(crate) fn bill(&mut self, actor: &Actor, user: Option<&UserRow>) -> RuleResult<()> {
        if !self.quotas().rates || user.is_some_and(|user| user.user.is_service()) {
            return Ok(());
        }
        let payers = match (actor.guest, user, actor.address) {
            (false, Some(user), _) => [Some((Payer::User(user.key), 1)), None],
            (true, _, Some(address)) => [
                Some((Payer::Network(network(address)), GUESTS_OF_NETWORK)),
                site(address).map(|site| (Payer::Network(site), GUESTS_OF_NETWORK * NETWORKS_OF_SITE)),
            ],
            _ => Payers::default(),
        };
        if std::mem::replace(&mut self.payers, payers) == payers {
            // The budget was checked in this write already; what was written since is charged.
            return Ok(());
        }
        self.afford(&Cost::ALWAYS)
    }

    /// Refuses the write if the payer has overdrawn one of these budgets.
    pub(crate) fn afford(&self, costs: &[Cost]) -> RuleResult<()> {
        match self.state.ledger.wait_ms(self.payers, costs, self.now) {
            Some(wait) => Err(Refusal::rate_limited(wait).into()),
            None => Ok(()),
        }
    }

    /// Charges the payer of the running write. An overdrawn budget refuses the payer's next write, not this one.
    pub(crate) fn charge(&mut self, cost: Cost, amount: u64) {
        if amount > 0 && self.payers != Payers::default() {
            self.state.ledger.charge(self.payers, cost, amount, self.now);
        }
    }
}
