//! The budgets of users: rows written, bytes delivered to others, text stored, and rooms created.
//!
//! The cost of a command is known only after it ran, so it is charged then, and an actor that has overdrawn its budget
//! waits before its next command. This is the generic cell rate algorithm (ITU-T I.371) with variable costs. A single
//! command is never refused for being large; the limits of the model bound it.
//!
//! What must stay true: nobody waits longer than [`BUDGET_WAIT_MINUTES_MAX`], even if the clock is set back.

use std::collections::HashMap;
use std::net::IpAddr;

use quintet_domain::limits::{
    BUDGET_WAIT_MINUTES_MAX, DELIVERED_BYTES_BURST, DELIVERED_BYTES_PER_SECOND, ROOMS_PER_MINUTE, ROWS_BURST,
    ROWS_PER_SECOND, STORED_BYTES_BURST, STORED_BYTES_PER_SECOND,
};
use quintet_domain::{Event, Message, Metadata, Overview, Timestamp};

use crate::UserKey;

/// Number of accounts above which those without debt are dropped.
const ACCOUNTS_KEPT: usize = 10_000;

const NS_PER_SECOND: u64 = 1_000_000_000;
const NS_PER_MS: u64 = 1_000_000;
const WAIT_NS_MAX: u64 = BUDGET_WAIT_MINUTES_MAX * 60 * NS_PER_SECOND;

/// Approximate bytes of names, ids and times in an event, without its text.
const ENVELOPE_BYTES: usize = 300;
/// Approximate bytes of an id in JSON.
const ID_BYTES: usize = 48;
/// Approximate bytes of a member of a conversation, without its picture.
pub(crate) const MEMBER_BYTES: usize = 250;

/// The party that a command is charged to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Payer {
    /// A registered user, by its key.
    User(UserKey),
    /// All guests of a network, by its address.
    Network(IpAddr),
}

/// A kind of cost that is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cost {
    Rows = 0,
    /// Bytes that are delivered to others.
    Bytes = 1,
    /// Bytes of text that are stored.
    Stored = 2,
    Rooms = 3,
}

impl Cost {
    /// The budgets that must not be overdrawn before any command.
    pub(crate) const ALWAYS: [Self; 3] = [Self::Rows, Self::Bytes, Self::Stored];
}

/// The price of one unit of each cost in nanoseconds, and the number of units that may be used at once.
const PRICES: [(u64, u64); 4] = [
    (NS_PER_SECOND / ROWS_PER_SECOND, ROWS_BURST),
    (NS_PER_SECOND / DELIVERED_BYTES_PER_SECOND, DELIVERED_BYTES_BURST),
    (NS_PER_SECOND / STORED_BYTES_PER_SECOND, STORED_BYTES_BURST),
    (60 * NS_PER_SECOND / ROOMS_PER_MINUTE, ROOMS_PER_MINUTE),
];

/// The parties that a command is charged to, each with its factor to a user's budget; `None` for a command that is
/// free.
pub(crate) type Payers = [Option<(Payer, u64)>; 2];

/// For each cost, the time at which all use will be paid for, in nanoseconds since 1970.
type Account = [u64; PRICES.len()];

/// The budgets of users and networks: for each, the time until which its use is paid for.
#[derive(Debug, Default)]
pub struct Ledger {
    accounts: HashMap<Payer, Account>,
    /// The number of accounts at which those without debt are dropped next.
    tidy_at: usize,
}

fn ns(now: Timestamp) -> u64 {
    u64::try_from(now.0).unwrap_or_default().saturating_mul(NS_PER_MS)
}

impl Ledger {
    pub(crate) fn charge(&mut self, payers: Payers, cost: Cost, amount: u64, now: Timestamp) {
        let now = ns(now);
        let (price, burst) = PRICES[cost as usize];
        for (payer, share) in payers.into_iter().flatten() {
            if self.accounts.len() >= self.tidy_at.max(ACCOUNTS_KEPT) {
                self.accounts.retain(|_, account| account.iter().any(|paid_at| *paid_at > now));
                self.tidy_at = self.accounts.len() * 2;
            }
            let paid_at = &mut self.accounts.entry(payer).or_default()[cost as usize];
            let latest = now + price * burst + WAIT_NS_MAX;
            let owed = price.saturating_mul(amount) / share;
            *paid_at = (*paid_at).max(now).saturating_add(owed).min(latest);
        }
    }

    /// Milliseconds until all payers have budget for these costs again; `None` if they have it now.
    pub(crate) fn wait_ms(&self, payers: Payers, costs: &[Cost], now: Timestamp) -> Option<u64> {
        let now = ns(now);
        let waits =
            payers.into_iter().flatten().filter_map(|(payer, _)| self.accounts.get(&payer)).flat_map(|account| {
                costs.iter().map(move |cost| {
                    let (price, burst) = PRICES[*cost as usize];
                    // Nobody waits longer because the clock was set back.
                    account[*cost as usize].saturating_sub(now + price * burst).min(WAIT_NS_MAX)
                })
            });
        waits.max().filter(|wait| *wait > 0).map(|wait| wait.div_ceil(NS_PER_MS))
    }
}

/// Bytes of a text in JSON, without its quotation marks: an escaped character has up to six.
fn json_bytes(text: &str) -> usize {
    let added = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | b'\x08' | b'\x0c' => 1,
        0..=0x1f => 5,
        _ => 0,
    };
    text.len() + text.bytes().map(added).sum::<usize>()
}

/// Bytes in JSON of a text that may be absent.
fn optional_bytes(text: Option<&str>) -> usize {
    text.map_or(0, json_bytes)
}

/// Approximate bytes of an event on one connection; 0 for events that no dialect has.
pub(crate) fn weight(event: &Event) -> u64 {
    let bytes = match event {
        Event::MessageCreated(sent)
        | Event::MessageAppeared { message: sent, .. }
        | Event::MessageEdited(sent)
        | Event::MessageDeleted(sent) => message_bytes(sent),
        Event::MessagesRead { messages, .. } | Event::MessagesDelivered { messages, .. } => {
            messages.len() * ID_BYTES + ENVELOPE_BYTES
        }
        Event::BlocksChanged { blocked, .. } => blocked.len() * ID_BYTES + ENVELOPE_BYTES,
        Event::MemberJoined { user, .. } => optional_bytes(user.avatar.as_deref()) + ENVELOPE_BYTES,
        Event::MemberLeft { reason, .. } => optional_bytes(reason.as_deref()) + ENVELOPE_BYTES,
        Event::Notified { notification, .. } => {
            json_bytes(&notification.title) + json_bytes(&notification.message) + ENVELOPE_BYTES
        }
        Event::MessageReacted(_)
        | Event::MessagePinned { .. }
        | Event::ConversationHidden { .. }
        | Event::SettingsChanged { .. }
        | Event::DeletionAnnounced { .. }
        | Event::ConversationDeleted { .. }
        | Event::MeetupChanged { .. } => ENVELOPE_BYTES,
        Event::ConversationCreated { conversation, .. }
        | Event::ConversationAppeared { conversation, .. }
        | Event::ConversationChanged { conversation } => overview_bytes(conversation),
        // The hub bounds how often a profile is announced, because its audience is not known here.
        Event::UserChanged { .. }
        | Event::MessageReported { .. }
        | Event::Revoked { .. }
        | Event::SessionEnded { .. }
        | Event::Typing { .. }
        | Event::Presence { .. }
        | Event::RoomPresence { .. } => 0,
    };
    bytes as u64
}

/// About the number of bytes of a message in a frame.
fn message_bytes(message: &Message) -> usize {
    let file = message.file.as_ref();
    let file = file.map_or(0, |file| json_bytes(&file.url) + optional_bytes(file.name.as_deref()));
    let avatar = optional_bytes(message.sender.avatar.as_deref());
    let details = message.details.as_ref().map_or(0, |details| details.size_bytes());
    json_bytes(&message.content) + file + avatar + details + ENVELOPE_BYTES
}

/// About the number of bytes of an event that shows a conversation whole.
pub(crate) fn overview_bytes(overview: &Overview) -> usize {
    let name = optional_bytes(overview.conversation.name.as_deref());
    let description = optional_bytes(overview.description.as_deref());
    let picture = optional_bytes(overview.picture.as_deref());
    let metadata = overview.metadata.as_ref().map_or(0, Metadata::size_bytes);
    let avatars: usize = overview.members.iter().map(|member| optional_bytes(member.user.avatar.as_deref())).sum();
    let last = overview.last_message.as_ref().map_or(0, |last| message_bytes(last));
    let members = overview.members.len() * MEMBER_BYTES + avatars;
    name + description + picture + metadata + members + last + ENVELOPE_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(pk: i64) -> Payers {
        [Some((Payer::User(UserKey(pk)), 1)), None]
    }

    #[test]
    fn a_text_weighs_what_it_has_in_json() {
        let every: String = (0..0x300).filter_map(char::from_u32).collect();
        for text in ["", "plain", "\u{0}\u{1b}", "\"\\/\n\r\t\u{8}\u{c}\u{7f}", "naïve 🦀 \u{2028}", &every] {
            let json = serde_json::to_string(text).expect("JSON");
            assert_eq!(json_bytes(text), json.len() - 2, "{json}");
        }
    }

    #[test]
    fn a_burst_a_debt_and_its_end() {
        let (mut ledger, now) = (Ledger::default(), Timestamp(1_700_000_000_000));
        ledger.charge(user(1), Cost::Rows, ROWS_BURST, now);
        assert_eq!(ledger.wait_ms(user(1), &Cost::ALWAYS, now), None, "a burst is free");
        ledger.charge(user(1), Cost::Rows, ROWS_PER_SECOND * 5, now);
        let wait = ledger.wait_ms(user(1), &Cost::ALWAYS, now).expect("a wait");
        assert!((4_900..=5_000).contains(&wait), "{wait}");
        assert_eq!(ledger.wait_ms(user(2), &Cost::ALWAYS, now), None, "another pays for itself");
        assert_eq!(ledger.wait_ms(user(1), &[Cost::Rooms], now), None, "rooms are counted apart");
        assert_eq!(ledger.wait_ms(user(1), &Cost::ALWAYS, Timestamp(now.0 + wait as i64)), None, "it passes");
        ledger.charge(user(1), Cost::Rows, u64::MAX, now);
        let most = BUDGET_WAIT_MINUTES_MAX * 60_000;
        assert_eq!(ledger.wait_ms(user(1), &Cost::ALWAYS, now), Some(most), "nobody waits for longer than that");
        assert_eq!(ledger.wait_ms(user(1), &Cost::ALWAYS, Timestamp(0)), Some(most), "nor where the clock is set back");
    }

    #[test]
    fn those_who_owe_nothing_are_forgotten() {
        let (mut ledger, now) = (Ledger::default(), Timestamp(1_700_000_000_000));
        for pk in 0..ACCOUNTS_KEPT as i64 {
            ledger.charge(user(pk), Cost::Rows, 1, now);
        }
        let later = Timestamp(now.0 + 1_000);
        ledger.charge(user(-1), Cost::Rows, 1, later);
        assert_eq!(ledger.accounts.len(), 1);
    }
}
