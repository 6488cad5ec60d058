//! The open transaction of a group: what every write uses to number, to log and to look things up.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use quintet_domain::limits::{GUESTS_OF_NETWORK, NETWORKS_OF_SITE};
use quintet_domain::{
    Audience, ConversationId, Entry, Environment, Event, Refusal, Timestamp, UserId, network, permissions, site,
};
use rusqlite::{Connection, params};

use super::guests;
use super::known::Known;
use super::ledger::{Cost, Ledger, Payer, Payers, weight};
use super::rows::{self, ConversationRow, MemberRow, UserRow};
use super::writer::data_version;
use crate::{Actor, Quotas, StoreError};

pub(super) type Written<T> = Result<T, StoreError>;

/// Which rows a change is about, for the log.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct About<'a> {
    pub(super) conversation: Option<i64>,
    pub(super) sequence: Option<u64>,
    pub(super) actor: Option<i64>,
    pub(super) message: Option<i64>,
    pub(super) detail: Option<&'a str>,
    /// Members of the conversation, each of whom may hear of it.
    pub(super) hearers: u32,
}

/// What the writer keeps between groups.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) known: RefCell<Known>,
    pub(super) ledger: RefCell<Ledger>,
    pub(super) quotas: Quotas,
}

pub(super) struct Tx<'c> {
    pub(super) conn: &'c Connection,
    environment: &'c dyn Environment,
    pub(super) now: Timestamp,
    pub(super) position: u64,
    entries: Vec<Entry>,
    kept: &'c Kept,
    /// Who pays for the command that runs.
    payers: Cell<Payers>,
    /// Whether the command that runs may use what is known, and keeps it true.
    uses_known: bool,
}

impl<'c> Tx<'c> {
    pub(super) fn new(conn: &'c Connection, environment: &'c dyn Environment, kept: &'c Kept, position: u64) -> Self {
        let now = environment.now();
        let payers = Cell::default();
        Self { conn, environment, now, position, entries: Vec::new(), kept, payers, uses_known: false }
    }

    /// Begins a command. `uses` says whether it may use cached rows; if not, the cache is cleared, since the command
    /// may change them. Nobody pays for a command before [`Self::bill`] is called.
    pub(super) fn begin(&mut self, uses: bool) {
        self.payers.set(Payers::default());
        self.uses_known = uses;
        if !uses {
            self.forget_known();
        }
    }

    pub(super) fn forget_known(&self) {
        self.kept.known.borrow_mut().forget_all();
    }

    /// Takes over what another process committed: its positions, and whose tokens it revoked.
    /// Gives the version that counts once this transaction is committed.
    pub(super) fn catch_up(&mut self, version: i64) -> rusqlite::Result<i64> {
        let now = data_version(self.conn)?;
        if now == version {
            return Ok(now);
        }
        self.forget_known();
        let revoked: Vec<(i64, String, i64)> = self
            .conn
            .prepare_cached(
                "SELECT c.position, u.id, u.token_generation FROM change c JOIN user u ON u.pk = c.actor_pk
                 WHERE c.position > ?1 AND c.kind = 'revoked' ORDER BY c.position",
            )?
            .query_map([self.position as i64], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, _>>()?;
        for (position, id, generation) in revoked {
            let event = Event::Revoked { user: UserId::trusted(&id), generation: generation as u64 };
            let position = position as u64;
            self.entries.push(Entry { position, sequence: None, origin: None, acked: false, event });
        }
        let newest: i64 = self
            .conn
            .prepare_cached("SELECT coalesce(max(position), 0) FROM change")?
            .query_row([], |row| row.get(0))?;
        self.position = self.position.max(newest as u64);
        Ok(now)
    }

    pub(super) fn new_id(&self) -> String {
        self.environment.new_id()
    }

    pub(super) fn secret(&self) -> u128 {
        self.environment.secret()
    }

    pub(super) fn mark(&self) -> (usize, u64) {
        (self.entries.len(), self.position)
    }

    pub(super) fn back_to(&mut self, (entries, position): (usize, u64)) {
        self.entries.truncate(entries);
        self.position = position;
    }

    pub(super) fn into_entries(self) -> (Vec<Entry>, u64) {
        (self.entries, self.position)
    }

    /// Logs a change at the next position, and keeps it to be told after the commit. Charges for both.
    pub(super) fn record(&mut self, kind: &str, about: About<'_>, actor: Option<&Actor>, event: Event) -> Written<()> {
        self.position += 1;
        let hearers = match event.audience() {
            Audience::Members(_) => u64::from(about.hearers),
            Audience::User(_) => 1,
            Audience::Users(users) => users.len() as u64,
            Audience::Watchers(_) => 0,
        };
        self.charge(Cost::Rows, 1);
        self.charge(Cost::Bytes, weight(&event) * hearers);
        let (origin, acked) = actor.map_or((None, false), |actor| (actor.origin, actor.acked));
        self.conn
            .prepare_cached(
                "INSERT INTO change
                     (position, kind, conversation_pk, sequence, actor_pk, message_pk, detail, at, origin, acked)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                self.position as i64,
                kind,
                about.conversation,
                about.sequence.map(|n| n as i64),
                about.actor,
                about.message,
                about.detail,
                self.now.0,
                origin.map(|origin| origin.0 as i64),
                acked
            ])?;
        self.entries.push(Entry { position: self.position, sequence: about.sequence, origin, acked, event });
        Ok(())
    }

    /// Takes the next number of a conversation.
    pub(super) fn next_sequence(&self, conversation: i64) -> Written<u64> {
        let number: i64 = self
            .conn
            .prepare_cached(
                "UPDATE conversation SET sequence = sequence + 1, updated_at = ?2 WHERE pk = ?1 RETURNING sequence",
            )?
            .query_row(params![conversation, self.now.0], |row| row.get(0))?;
        self.conversation_changed(conversation, |row, now| {
            row.sequence = number as u64;
            row.updated_at = now;
        });
        Ok(number as u64)
    }

    /// A conversation's numbers were written.
    pub(super) fn conversation_changed(&self, pk: i64, change: impl FnOnce(&mut ConversationRow, Timestamp)) {
        self.kept.known.borrow_mut().conversation_changed(pk, |row| change(row, self.now));
    }

    /// A member's cursor was written.
    pub(super) fn cursor_moved(&self, conversation: i64, user: i64) {
        self.kept.known.borrow_mut().forget_member(conversation, user);
    }

    /// Looks among what is known first, where the command may, and keeps what it found.
    fn known<T: Clone>(
        &self,
        find: impl FnOnce(&Known) -> Option<&T>,
        look_up: impl FnOnce() -> rusqlite::Result<Option<T>>,
        keep: impl FnOnce(&mut Known, &T),
    ) -> Written<Option<T>> {
        if !self.uses_known {
            return Ok(look_up()?);
        }
        if let Some(row) = find(&self.kept.known.borrow()) {
            return Ok(Some(row.clone()));
        }
        let row = look_up()?;
        if let Some(row) = &row {
            keep(&mut self.kept.known.borrow_mut(), row);
        }
        Ok(row)
    }

    fn user_row(&self, id: &UserId) -> Written<Option<UserRow>> {
        self.known(|known| known.user(id), || rows::user(self.conn, id), Known::keep_user)
    }

    pub(super) fn quotas(&self) -> &Quotas {
        &self.kept.quotas
    }

    /// Sets who pays for the running command: the actor or, for a guest, its network, since a guest can claim any id.
    /// Refuses the command where the budget is overdrawn.
    pub(super) fn bill(&self, actor: &Actor, user: Option<&UserRow>) -> Written<()> {
        if !self.quotas().rates || user.is_some_and(|user| user.user.is_service()) {
            return Ok(());
        }
        let payers = match (actor.guest, user, actor.address) {
            (false, Some(user), _) => [Some((Payer::User(user.pk), 1)), None],
            (true, _, Some(address)) => [
                Some((Payer::Network(network(address)), GUESTS_OF_NETWORK)),
                site(address).map(|site| (Payer::Network(site), GUESTS_OF_NETWORK * NETWORKS_OF_SITE)),
            ],
            _ => Payers::default(),
        };
        if self.payers.replace(payers) == payers {
            // Checked already in this command; what was written since is charged.
            return Ok(());
        }
        self.afford(&Cost::ALWAYS)
    }

    /// Refuses the command where the payer has overdrawn one of these budgets.
    pub(super) fn afford(&self, costs: &[Cost]) -> Written<()> {
        match self.kept.ledger.borrow().wait_ms(self.payers.get(), costs, self.now) {
            Some(wait) => Err(Refusal::rate_limited(wait).into()),
            None => Ok(()),
        }
    }

    /// Charges the payer of the running command. An overdrawn budget refuses its next command, not this one.
    pub(super) fn charge(&self, cost: Cost, amount: u64) {
        let payers = self.payers.get();
        if amount > 0 && payers != Payers::default() {
            self.kept.ledger.borrow_mut().charge(payers, cost, amount, self.now);
        }
    }

    /// The actor's own row. Guests are made where they join or make a room.
    pub(super) fn actor(&self, actor: &Actor) -> Written<UserRow> {
        match self.user_row(&actor.user)? {
            Some(row) if actor.guest && row.user.is_guest() => {
                self.bill(actor, Some(&row))?;
                guests::proven(self, row, actor)
            }
            // It was a guest's when this was asked, and an account has got it since.
            Some(_) if actor.guest => Err(guests::id_is_taken().into()),
            Some(row) if !row.disabled && !row.user.is_guest() => {
                self.bill(actor, Some(&row))?;
                Ok(row)
            }
            None if actor.guest => Err(Refusal::forbidden("You are not a member: join a room first.").into()),
            _ => Err(Refusal::unauthenticated("the user is not known").into()),
        }
    }

    pub(super) fn user(&self, id: &UserId) -> Written<UserRow> {
        Ok(self.user_row(id)?.ok_or_else(|| Refusal::not_found("user", id))?)
    }

    /// A registered user that is not barred.
    pub(super) fn registered(&self, id: &UserId) -> Written<UserRow> {
        let row = self.user(id)?;
        if row.disabled || row.user.is_guest() {
            return Err(Refusal::not_found("user", id).into());
        }
        Ok(row)
    }

    /// A registered user that is no service.
    pub(super) fn person(&self, id: &UserId) -> Written<UserRow> {
        let row = self.registered(id)?;
        if row.user.is_service() {
            return Err(Refusal::not_found("user", id).into());
        }
        Ok(row)
    }

    pub(super) fn conversation(&self, id: &ConversationId) -> Written<ConversationRow> {
        let row =
            self.known(|known| known.conversation(id), || rows::conversation(self.conn, id), Known::keep_conversation)?;
        Ok(row.ok_or_else(|| Refusal::not_found("conversation", id))?)
    }

    pub(super) fn member(&self, conversation: i64, user: i64) -> Written<Option<MemberRow>> {
        self.known(
            |known| known.member(conversation, user),
            || rows::member(self.conn, conversation, user),
            |known, row| known.keep_member(conversation, user, row),
        )
    }

    /// Decides, finally: is the actor allowed to do this here and now?
    pub(super) fn check(
        &self,
        action: permissions::Action,
        conversation: &ConversationRow,
        user: &UserRow,
        author: bool,
    ) -> Written<Option<MemberRow>> {
        let member = self.member(conversation.pk, user.pk)?;
        let member = member.map(|member| rows::in_effect(conversation, user, member));
        let standing = rows::standing(conversation, user, member.as_ref(), author);
        permissions::check(action, standing, &conversation.conversation.id)?;
        Ok(member)
    }

    pub(super) fn place_changed(&mut self, conversation: &ConversationRow, actor: Option<&Actor>) -> Written<()> {
        let sequence = self.next_sequence(conversation.pk)?;
        let hearers = conversation.member_count;
        let about =
            About { conversation: Some(conversation.pk), sequence: Some(sequence), hearers, ..About::default() };
        let conversation = Arc::clone(&conversation.conversation);
        self.record("conversation_changed", about, actor, Event::ConversationChanged { conversation })
    }
}
