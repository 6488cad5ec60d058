//! A simulated client: what it wants, what it has heard, and what it waits for.
//!
//! What lives here: the state of a client beyond its connections, and what it asks for. How it speaks to the server is
//! in [`connection`], and what it does with what it hears in [`hearing`].
//!
//! What must stay true: it behaves as the official client does: it comes back with the secret and the offset that it
//! has, and what it had sent on a lost connection is not acknowledged any more.

pub(crate) mod connection;
pub(crate) mod hearing;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};

use quintet_dialect::Dialect;
use quintet_domain::{ConversationId, UserId};
use tokio::sync::Notify;

use crate::model::line::Line;
use crate::model::typing::{Act, Shown};
use crate::packets;
use crate::sim::Sim;
use crate::vocabulary::{self, Command};

/// A connection to the server, from its handshake on.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    /// Whether the client was let in.
    pub(crate) connected: bool,
    /// Packets to send.
    pub(crate) outgoing: VecDeque<String>,
    /// Commands that were not acknowledged, by the ids of their acknowledgements.
    pub(crate) unacknowledged: BTreeMap<u64, Command>,
    /// Commands that ask for no acknowledgement.
    silent: Vec<Command>,
    next_ack: u64,
    /// The room whose history comes next.
    pub(crate) history_of: Option<ConversationId>,
}

/// What changes of a client.
#[derive(Debug)]
pub(crate) struct State {
    /// Whether it wants to be connected.
    pub(crate) wanted: bool,
    /// The secret by which it resumes, and the life of the process that gave it or took it last.
    pub(crate) resume: Option<(String, u32)>,
    /// The last offset that it heard.
    pub(crate) offset: Option<String>,
    /// What it hears; none before it was first let in.
    pub(crate) line: Option<Line>,
    pub(crate) connection: Option<Connection>,
    /// Messages that were sent on a connection that was lost, and can be sent again.
    pub(crate) to_repeat: Vec<Command>,
    pub(crate) shown: Shown,
    /// What is heard up to this position was replayed.
    pub(crate) replayed_to: u64,
}

/// A simulated client.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) index: usize,
    pub(crate) user: UserId,
    pub(crate) guest: bool,
    /// Its vocabulary; none for one that hears all and says nothing.
    pub(crate) dialect: Option<Dialect>,
    /// Whether it is the only client of its user.
    pub(crate) alone: bool,
    pub(crate) state: RefCell<State>,
    /// Something is to be sent.
    pub(crate) outgoing: Notify,
    /// The connection is to end at once, without a word.
    pub(crate) vanishing: Notify,
    /// The client wants to be connected again.
    pub(crate) wanted: Notify,
    /// The connection is to end in order.
    pub(crate) leaving: Cell<bool>,
}

impl Client {
    pub(crate) fn new(index: usize, user: UserId, guest: bool, dialect: Option<Dialect>, alone: bool) -> Self {
        Self {
            index,
            user,
            guest,
            dialect,
            alone,
            state: RefCell::new(State {
                wanted: true,
                resume: None,
                offset: None,
                line: None,
                connection: None,
                to_repeat: Vec::new(),
                shown: Shown::default(),
                replayed_to: 0,
            }),
            outgoing: Notify::new(),
            vanishing: Notify::new(),
            wanted: Notify::new(),
            leaving: Cell::new(false),
        }
    }

    /// The name of the client in traces.
    pub(crate) fn name(&self) -> String {
        let dialect = self.dialect.map_or("all", Dialect::as_str);
        format!("#{} {} ({dialect})", self.index, self.user)
    }

    /// Whether it was let in and is connected.
    pub(crate) fn is_connected(&self) -> bool {
        self.state.borrow().connection.as_ref().is_some_and(|connection| connection.connected)
    }

    /// Whether it waits for nothing.
    pub(crate) fn is_at_rest(&self) -> bool {
        let state = self.state.borrow();
        state.connection.as_ref().is_some_and(|connection| {
            connection.connected && connection.outgoing.is_empty() && connection.unacknowledged.is_empty()
        })
    }

    /// Asks the server for something, if it is connected and its vocabulary has an event for it.
    pub(crate) fn ask(&self, sim: &Sim, command: Command, acknowledge: bool) {
        let Some((name, payload)) = self.dialect.and_then(|dialect| vocabulary::write(dialect, &self.user, &command))
        else {
            return;
        };
        let mut state = self.state.borrow_mut();
        let Some(connection) = state.connection.as_mut().filter(|connection| connection.connected) else { return };
        let ack = acknowledge.then(|| {
            connection.next_ack += 1;
            connection.next_ack
        });
        sim.note(format!("{} asks {ack:?} for {command:?}", self.name()));
        connection.outgoing.push_back(packets::event(ack, name, &payload));
        match &command {
            Command::Send { conversation, content, .. } => {
                sim.sends.borrow_mut().attempt(content);
                self.act(sim, conversation, Act::Sent(content.clone()));
            }
            Command::Edit { content, .. } => sim.sends.borrow_mut().attempt(content),
            Command::Typing { conversation, typing: true } => self.act(sim, conversation, Act::Started),
            _ => {}
        }
        match ack {
            Some(ack) => {
                connection.unacknowledged.insert(ack, command);
            }
            None => connection.silent.push(command),
        }
        self.outgoing.notify_one();
    }

    fn act(&self, sim: &Sim, conversation: &ConversationId, act: Act) {
        if self.alone {
            sim.typists.borrow_mut().act(conversation, &self.user, act);
        }
    }

    /// The connection is over, however it ended. What was sent on it may have come to something, or not.
    pub(crate) fn lose(&self, sim: &Sim) {
        let mut state = self.state.borrow_mut();
        let State { connection, line, to_repeat, shown, .. } = &mut *state;
        let Some(connection) = connection.take() else { return };
        sim.note(format!("{} lost its connection", self.name()));
        shown.clear();
        for command in connection.unacknowledged.into_values().chain(connection.silent) {
            match (&command, line.as_mut()) {
                (Command::Send { repeatable: true, .. }, _) => to_repeat.push(command),
                (Command::Mute { conversation } | Command::Join { conversation }, Some(line))
                    if self.dialect == Some(Dialect::Chat) =>
                {
                    line.mutes.unknown(conversation);
                }
                _ => {}
            }
        }
    }
}
