//! What all parts of a simulation share: the model, the trace, the counts, and the first violation.
//!
//! What must stay true: everything runs on one thread, and nothing waits while it holds a part of this.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::mem::discriminant;
use std::sync::Arc;

use quintet_domain::{Commit, ConnectionId, Entry, Environment, Event};
use quintet_store::{Group, MessageKey};

use crate::coverage::Coverage;
use crate::environment::SimulatedEnvironment;
use crate::model::Check;
use crate::model::history::History;
use crate::model::sends::Sends;
use crate::model::typing::Typists;
use crate::random::Random;
use crate::trace::Trace;

/// A position, and the keys of the messages that were removed there.
pub(crate) type Purged = (u64, Vec<MessageKey>);

/// What all parts of a simulation share.
pub(crate) struct Sim {
    pub(crate) seed: u64,
    pub(crate) environment: Arc<SimulatedEnvironment>,
    /// Chooses what happens.
    pub(crate) choice: Random,
    /// Chooses delays and losses.
    pub(crate) network: Random,
    /// Chooses who connects twice, and the delays and losses of the attempts that are given up.
    pub(crate) abandoned: Random,
    pub(crate) history: RefCell<History>,
    pub(crate) sends: RefCell<Sends>,
    pub(crate) typists: RefCell<Typists>,
    /// The connection that each text was stored for.
    pub(crate) origins: RefCell<BTreeMap<String, Option<ConnectionId>>>,
    pub(crate) trace: RefCell<Trace>,
    pub(crate) coverage: RefCell<Coverage>,
    violation: RefCell<Option<String>>,
    /// Whether there are several nodes.
    many: bool,
    calm: Cell<bool>,
    life: Cell<u32>,
    texts: Cell<u64>,
}

impl Sim {
    /// A simulation of one server, or of several nodes where `many` says so.
    pub(crate) fn new(seed: u64, many: bool, print: bool) -> Self {
        Self {
            seed,
            environment: Arc::new(SimulatedEnvironment::new(seed)),
            choice: Random::new(seed, "choice"),
            network: Random::new(seed, "network"),
            abandoned: Random::new(seed, "abandoned"),
            history: RefCell::default(),
            sends: RefCell::default(),
            typists: RefCell::default(),
            origins: RefCell::default(),
            trace: RefCell::new(Trace::new(print)),
            coverage: RefCell::default(),
            violation: RefCell::default(),
            many,
            calm: Cell::new(false),
            life: Cell::new(0),
            texts: Cell::new(0),
        }
    }

    /// Adds a line to the trace.
    pub(crate) fn note(&self, line: impl AsRef<str>) {
        let line = format!("{:>7} {}", self.environment.elapsed_ms(), line.as_ref());
        self.trace.borrow_mut().note(line);
    }

    /// Counts something that happened.
    pub(crate) fn count(&self, what: &'static str) {
        self.coverage.borrow_mut().count(what);
    }

    /// Records a violation; the first one ends the simulation.
    pub(crate) fn violate(&self, sentence: String) {
        self.note(format!("VIOLATION {sentence}"));
        self.violation.borrow_mut().get_or_insert(sentence);
    }

    /// Records a violation if a check found one.
    pub(crate) fn check(&self, check: Check) {
        if let Err(sentence) = check {
            self.violate(sentence);
        }
    }

    /// The first violation.
    pub(crate) fn violation(&self) -> Option<String> {
        self.violation.borrow().clone()
    }

    /// Whether something was violated.
    pub(crate) fn has_failed(&self) -> bool {
        self.violation.borrow().is_some()
    }

    /// The newest committed position.
    pub(crate) fn newest(&self) -> u64 {
        self.history.borrow().newest()
    }

    /// Whether there are several nodes.
    pub(crate) fn has_many_nodes(&self) -> bool {
        self.many
    }

    /// Whether nothing fails any more.
    pub(crate) fn is_calm(&self) -> bool {
        self.calm.get()
    }

    /// Lets nothing fail from here on.
    pub(crate) fn calm_down(&self) {
        self.calm.set(true);
    }

    /// The number of the present life of the server.
    pub(crate) fn life(&self) -> u32 {
        self.life.get()
    }

    /// The server lives again.
    pub(crate) fn next_life(&self) {
        self.life.set(self.life.get() + 1);
    }

    /// A text that nobody has used.
    pub(crate) fn new_text(&self, by: &str) -> String {
        self.texts.set(self.texts.get() + 1);
        format!("{by}-{}", self.texts.get())
    }

    /// Takes a group of a writer, as soon as it was committed or has failed, and the messages that it has removed because
    /// they are not kept any longer, with the positions of these changes.
    pub(crate) fn took(&self, group: &Group, purged: &[Purged]) {
        let commit = &group.commit;
        // What was committed by other nodes, whose groups were taken before.
        for missed in &group.missed {
            self.caught_up(&missed.entries);
        }
        if group.committed {
            self.count("commits");
            self.committed(commit, purged);
        } else {
            self.count("commits that failed");
            self.note(format!("a commit of {} writes failed", group.writes));
            if !commit.entries.is_empty() {
                self.violate("a commit that failed has entries".to_owned());
            }
        }
    }

    fn committed(&self, commit: &Commit, mut purged: &[Purged]) {
        for entry in &commit.entries {
            let before = purged.iter().take_while(|(position, _)| *position < entry.position).count();
            self.purged(&purged[..before]);
            purged = &purged[before..];
            self.note(format!("committed {} {}", entry.position, describe(&entry.event)));
            let added = self.history.borrow_mut().add(entry);
            self.check(added);
            let stored = self.sends.borrow_mut().committed(entry);
            self.check(stored);
            if let Event::MessageCreated(message) = &entry.event {
                self.origins.borrow_mut().insert(message.content.clone(), entry.origin);
            }
        }
        self.purged(purged);
        if commit.position != self.newest() && !commit.entries.is_empty() {
            self.violate(format!("a commit says that it reaches {}, and its entries do not", commit.position));
        }
        if commit.replies.is_sorted_by_key(|reply| reply.after) {
            return;
        }
        self.violate(format!("the replies of the commit at {} are out of order", commit.position));
    }

    /// Messages were removed that are not kept any longer.
    fn purged(&self, purged: &[Purged]) {
        let now = Environment::now(&*self.environment);
        for (position, keys) in purged {
            self.note(format!("committed {position} {} messages are not kept any longer", keys.len()));
            self.coverage.borrow_mut().add("messages purged", keys.len() as u64);
            for key in keys {
                let removed = self.history.borrow_mut().purge(*position, *key, now);
                match removed {
                    Ok(text) => self.sends.borrow_mut().purged(&text),
                    Err(sentence) => self.violate(sentence),
                }
            }
        }
    }

    /// Entries that a node reads of the others' groups are what these have committed.
    fn caught_up(&self, missed: &[Entry]) {
        let Some(first) = missed.first() else { return };
        if !self.many {
            return self.violate(format!("position {} was committed after {}", first.position, self.newest()));
        }
        self.coverage.borrow_mut().add("entries that a node caught up with", missed.len() as u64);
        let history = self.history.borrow();
        for entry in missed {
            let known = history.at(entry.position);
            let alike = known.is_some_and(|known| {
                discriminant(&known.event) == discriminant(&entry.event)
                    && (known.sequence, known.origin, known.acked) == (entry.sequence, entry.origin, entry.acked)
            });
            if !alike {
                let known = known.map_or_else(|| "nothing".to_owned(), |known| describe(&known.event));
                let read = describe(&entry.event);
                self.violate(format!("a node read `{read}` at {}, where `{known}` was committed", entry.position));
            }
        }
    }
}

/// An event, for the trace.
fn describe(event: &Event) -> String {
    match event {
        Event::MessageCreated(message) => {
            format!("{} sent {} `{}` to {}", message.sender.id, message.id, message.content, message.conversation.id)
        }
        Event::MessageEdited(message) => format!("{} became `{}`", message.id, message.content),
        Event::MessageDeleted(message) => format!("{} was deleted", message.id),
        Event::MessagesRead { reader, conversation, messages, .. } => {
            format!("{} read {} of {}", reader.id, messages.len(), conversation.id)
        }
        Event::MessagesDelivered { user, conversation, messages, .. } => {
            format!("{} of {} reached {user}", messages.len(), conversation.id)
        }
        Event::ConversationCreated { conversation, members } => {
            format!("{} was made for {members:?}", conversation.conversation.id)
        }
        Event::ConversationAppeared { conversation, user } => {
            format!("{} is shown to {user}", conversation.conversation.id)
        }
        Event::ConversationChanged { conversation } => format!("{} changed", conversation.conversation.id),
        Event::DeletionAnnounced { conversation } => format!("{} is about to be deleted", conversation.id),
        Event::ConversationDeleted { conversation } => format!("{} was deleted", conversation.id),
        Event::MemberJoined { conversation, user, .. } => format!("{} joined {}", user.id, conversation.id),
        Event::MemberLeft { conversation, user, departure, .. } => {
            format!("{} left {} ({})", user.id, conversation.id, departure.as_str())
        }
        other => format!("{other:?}"),
    }
}
