//! The end of a simulation: what is looked at once everything is at rest, and what came of a seed.
//!
//! What must stay true: at the end everything that has to be heard has been heard, and everything that was committed is
//! there, and nothing else.

use std::collections::BTreeMap;
use std::rc::Rc;

use quintet_domain::{ConversationId, Environment, Message, MessageId, Refusal};
use quintet_service::{PageOf, Party};
use quintet_store::Store;

use crate::client::Client;
use crate::coverage::Coverage;
use crate::faults;
use crate::model::history::{History, NOWHERE};
use crate::settings::kept_days;
use crate::sim::Sim;

/// Milliseconds between two steps, at most.
pub(crate) const STEP_MS: u64 = 40;
/// Milliseconds after which everything is to be at rest, once nothing fails any more.
pub(crate) const REST_MS: u64 = 120_000;
/// Milliseconds after which nothing may come any more: typing has ended, and presence was announced.
pub(crate) const SETTLE_MS: u64 = 45_000;
/// Milliseconds that a purge at the end may take.
pub(crate) const PURGE_MS: i64 = 60_000;
/// Messages of one page that are read back.
const PAGE_ITEMS: u32 = 200;
/// Lines of the trace that a failure shows.
const LINES_SHOWN: usize = 60;

/// What was violated, and what came before.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What is wrong.
    pub sentence: String,
    /// The last lines of the trace, oldest first.
    pub trace: Vec<String>,
}

/// What came of a seed.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The hash of the trace.
    pub hash: u64,
    /// The counts of what happened.
    pub coverage: Coverage,
    /// What was violated, if anything was.
    pub failure: Option<Failure>,
}

impl Outcome {
    /// What came of a simulation that is over.
    pub(crate) fn of(sim: &Sim) -> Self {
        let coverage = sim.coverage.borrow().clone();
        let trace = sim.trace.borrow();
        let failure = sim.violation().map(|sentence| Failure { sentence, trace: trace.last(LINES_SHOWN) });
        Self { hash: trace.hash(), coverage, failure }
    }
}

/// Makes a violation of each error and panic since the last call.
pub(crate) fn look_for_faults(sim: &Sim) {
    for fault in faults::take() {
        sim.violate(fault);
    }
}

/// Lets nothing fail any more, and all clients come back.
pub(crate) fn calm_down(sim: &Sim, clients: &[Rc<Client>]) {
    sim.note("nothing fails any more");
    sim.calm_down();
    for client in clients {
        client.state.borrow_mut().wanted = true;
        client.wanted.notify_one();
    }
}

/// Not everything comes to rest.
pub(crate) fn no_rest(sim: &Sim, clients: &[Rc<Client>]) {
    let waiting: Vec<String> =
        clients.iter().filter(|client| !client.is_at_rest()).map(|client| client.name()).collect();
    sim.violate(format!("no rest comes; these wait: {waiting:?}"));
}

/// Every client has heard everything that it has to have heard.
pub(crate) fn look_at_lines(sim: &Sim, clients: &[Rc<Client>]) {
    let history = sim.history.borrow();
    for client in clients {
        let mut state = client.state.borrow_mut();
        let Some(line) = &mut state.line else {
            sim.violate(format!("{} was never let in", client.name()));
            continue;
        };
        sim.check(line.complete(&history));
        sim.coverage.borrow_mut().add("messages withheld by a mute", line.withheld);
        // Between nodes, the end of typing may be lost.
        if !sim.has_many_nodes() {
            sim.check(state.shown.ended());
        }
    }
}

/// Reads every message back: what was committed is stored, as it was last changed, and nothing else is.
pub(crate) async fn read_back(sim: &Sim, store: &dyn Store) {
    let conversations: Vec<(ConversationId, quintet_domain::UserId)> = {
        let history = sim.history.borrow();
        let live = history.conversations.iter().filter(|(_, facts)| !facts.deleted);
        live.filter_map(|(id, facts)| Some((id.clone(), facts.members().next()?.clone()))).collect()
    };
    for (conversation, user) in conversations {
        let mut stored = Vec::new();
        let mut after = 0;
        loop {
            let page = PageOf::After(after);
            let read = store.messages(Party::from(&user), user.clone(), conversation.clone(), page, PAGE_ITEMS).await;
            let page = match read {
                Ok(page) => page,
                Err(error) => return sim.violate(format!("{conversation} cannot be read: {error}")),
            };
            after = page.items.last().map_or(after, |message| message.sequence);
            for message in &page.items {
                sim.check(is_as_committed(&sim.history.borrow(), message));
                stored.push((message.id.clone(), message.content.clone()));
            }
            if !page.more {
                break;
            }
        }
        let history = sim.history.borrow();
        let Some(facts) = history.conversations.get(&conversation) else { continue };
        let committed: Vec<_> = facts
            .messages
            .iter()
            .filter(|(_, id)| !history.is_purged(id.as_str()))
            .filter_map(|(_, id)| Some((id.clone(), history.messages.get(id)?.texts.last()?.1.clone())))
            .collect();
        if stored != committed {
            sim.violate(format!(
                "{conversation} has {} messages, and {} were committed",
                stored.len(),
                committed.len()
            ));
        }
    }
}

/// Everything was removed that is not kept any longer, and is not pinned.
pub(crate) fn look_at_purges(sim: &Sim, purged: Result<(), Refusal>) {
    if let Err(refusal) = purged {
        return sim.violate(format!("what is not kept any longer cannot be removed: {refusal}"));
    }
    let (history, now) = (sim.history.borrow(), Environment::now(&*sim.environment));
    for (id, facts) in &history.messages {
        let Some(conversation) = history.conversations.get(&facts.conversation).filter(|one| !one.deleted) else {
            continue;
        };
        let days = kept_days(conversation.reference.kind);
        // It may have got too old since.
        let is_due = days > 0 && facts.sent_at < now.minus_days(i64::from(days)).plus_ms(-PURGE_MS);
        if is_due && !facts.pinned && facts.purged.is_none() {
            return sim.violate(format!("{id} is not kept any longer, and is still there"));
        }
        if is_due && facts.pinned {
            sim.count("pinned messages kept");
        }
    }
}

/// A message shows its reactions, its pin and the message that it answers as they are.
fn is_as_committed(history: &History, message: &Message) -> Result<(), String> {
    let Some(facts) = history.messages.get(&message.id) else { return Ok(()) };
    history.quotes(message)?;
    let details = message.details.as_deref().cloned().unwrap_or_default();
    let shown: BTreeMap<String, u32> = details.reactions.into_iter().map(|one| (one.emoji, one.count)).collect();
    let given = if facts.deleted { BTreeMap::new() } else { history.reactions.given_to(&message.id) };
    let answered = details.reply_to.map(|quote| quote.id);
    let expected = facts.reply_to.clone().filter(|_| !facts.deleted).map(|id| {
        let is_kept = !history.is_purged(id.as_str());
        if is_kept { id } else { MessageId::trusted(NOWHERE) }
    });
    if shown != given || details.pinned.is_some() != facts.pinned || answered != expected {
        return Err(format!("{} shows {shown:?} and {:?}, and has {given:?}", message.id, details.pinned));
    }
    Ok(())
}
