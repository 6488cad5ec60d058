//! The scenarios, one file each. Each has cases, and a case is one table: the servers, and what one run of one
//! measures.

mod case;
mod fanout;
mod history;
mod idle;
mod mixed;
mod presence;
mod reactions;
mod search;
mod send;
mod storm;

pub(crate) use mixed::soak;

pub(crate) use self::case::{Case, Run, ms};
use crate::peers::Peer;

/// The scenarios that can be run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Scenario {
    /// Memory and CPU of idle connections, and how fast they are accepted
    Idle,
    /// CPU and latency of messages to rooms
    Fanout,
    /// Messages per second that are on disk when they are acknowledged
    Send,
    /// All clients reconnect after a restart of the server
    Storm,
    /// Presence changes, and the clients that receive them
    Presence,
    /// Pages of a long history, while it is written to
    History,
    /// A crowd that reacts to one message, and the messages beside it
    Reactions,
    /// Searches over many messages, and the sends beside them
    Search,
    /// A working day in one minute, in all five dialects
    Mixed,
}

impl Scenario {
    pub(crate) const ALL: [Self; 9] = [
        Self::Idle,
        Self::Fanout,
        Self::Send,
        Self::Storm,
        Self::Presence,
        Self::History,
        Self::Reactions,
        Self::Search,
        Self::Mixed,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Fanout => "fanout",
            Self::Send => "send",
            Self::Storm => "storm",
            Self::Presence => "presence",
            Self::History => "history",
            Self::Reactions => "reactions",
            Self::Search => "search",
            Self::Mixed => "mixed",
        }
    }

    /// A paragraph for the reader of the page: what is measured, and how.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Idle => idle::ABOUT,
            Self::Fanout => fanout::ABOUT,
            Self::Send => send::ABOUT,
            Self::Storm => storm::ABOUT,
            Self::Presence => presence::ABOUT,
            Self::History => history::ABOUT,
            Self::Reactions => reactions::ABOUT,
            Self::Search => search::ABOUT,
            Self::Mixed => mixed::ABOUT,
        }
    }

    /// The cases that are to be run.
    pub(crate) fn cases(self, peers: &[Peer], quick: bool) -> Vec<Case> {
        match self {
            Self::Idle => idle::cases(peers, quick),
            Self::Fanout => fanout::cases(peers, quick),
            Self::Send => send::cases(peers, quick),
            Self::Storm => storm::cases(peers, quick),
            Self::Presence => presence::cases(peers, quick),
            Self::History => history::cases(peers, quick),
            Self::Reactions => reactions::cases(peers, quick),
            Self::Search => search::cases(peers, quick),
            Self::Mixed => mixed::cases(peers, quick),
        }
    }
    /// Further cases that take too long for a full run. Each is run only if it is asked for by its name.
    pub(crate) fn long_cases(self, peers: &[Peer]) -> Vec<Case> {
        match self {
            Self::Search => search::long_cases(peers),
            Self::Idle
            | Self::Fanout
            | Self::Send
            | Self::Storm
            | Self::Presence
            | Self::History
            | Self::Reactions
            | Self::Mixed => Vec::new(),
        }
    }
}
