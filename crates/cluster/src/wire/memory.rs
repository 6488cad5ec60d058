//! A wire in memory, for tests: any number of ends in one process, and a function that decides what becomes of each message
//! on its way to each end.
//!
//! What must stay true: nothing waits for time or for a thread, so that a run is the same each time.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{Wire, WireEvent, WireEvents};

/// Maximum number of messages that wait for an end.
const WAITING_MAX: usize = 4_096;

/// What becomes of a message on its way to one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The message arrives.
    Arrives,
    /// The message is lost.
    Lost,
    /// The message arrives twice.
    Twice,
    /// The message arrives behind this many later messages to the same end, or when [`MemoryNetwork::release`] is called.
    Behind(usize),
}

/// A message on its way to one end.
#[derive(Clone, Copy, Debug)]
pub struct Passage<'m> {
    /// The number of the end that sent it, from 0.
    pub from: usize,
    /// The number of the end that it is for.
    pub to: usize,
    /// The message itself.
    pub message: &'m [u8],
}

/// Decides what becomes of a message.
type Decide = Box<dyn FnMut(Passage<'_>) -> Fate + Send>;

/// What the ends of a wire in memory share.
#[derive(Clone)]
pub struct MemoryNetwork {
    state: Arc<Mutex<State>>,
    message_bytes_max: usize,
}

struct State {
    decide: Decide,
    ends: Vec<End>,
}

/// What the network knows of an end.
struct End {
    sender: mpsc::Sender<WireEvent>,
    /// Messages that are late, each with the number of messages that still arrive before it.
    late: Vec<(usize, Bytes)>,
    /// Whether messages were dropped because too many waited, and the end was not told.
    owed: bool,
}

/// The sending side of an end.
struct MemoryWire {
    network: MemoryNetwork,
    number: usize,
}

impl fmt::Debug for MemoryNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryNetwork").field("ends", &self.state().ends.len()).finish_non_exhaustive()
    }
}

impl MemoryNetwork {
    /// A network that carries messages of at most `message_bytes_max` bytes, and asks `decide` what becomes of each on its
    /// way to each end. `decide` must not use the network.
    #[must_use]
    pub fn new(message_bytes_max: usize, decide: impl FnMut(Passage<'_>) -> Fate + Send + 'static) -> Self {
        let state = State { decide: Box::new(decide), ends: Vec::new() };
        Self { state: Arc::new(Mutex::new(state)), message_bytes_max }
    }

    /// A network that loses nothing.
    #[must_use]
    pub fn reliable(message_bytes_max: usize) -> Self {
        Self::new(message_bytes_max, |_| Fate::Arrives)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new end. Ends are numbered from 0 in the order in which they are made. The first event of each is
    /// [`WireEvent::Interrupted`]; it does not receive its own messages.
    #[must_use]
    pub fn end(&self) -> (Arc<dyn Wire>, WireEvents) {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        let mut end = End { sender, late: Vec::new(), owed: true };
        end.settle();
        let mut state = self.state();
        let number = state.ends.len();
        state.ends.push(end);
        (Arc::new(MemoryWire { network: self.clone(), number }), receiver)
    }

    /// Lets all messages that are late arrive.
    pub fn release(&self) {
        for end in &mut self.state().ends {
            for (_, message) in std::mem::take(&mut end.late) {
                end.send(message);
            }
        }
    }

    /// Tells an end that messages may have been lost.
    pub fn interrupt(&self, number: usize) {
        if let Some(end) = self.state().ends.get_mut(number) {
            end.owed = true;
            end.settle();
        }
    }
}

impl End {
    /// Tells the end of what was dropped, if there is room.
    fn settle(&mut self) {
        if self.owed && self.sender.try_send(WireEvent::Interrupted).is_ok() {
            self.owed = false;
        }
    }

    fn send(&mut self, message: Bytes) {
        self.settle();
        if self.owed || self.sender.try_send(WireEvent::Message(message)).is_err() {
            self.owed = true;
        }
    }

    /// Lets a message arrive, and then those that were to arrive behind it.
    fn arrives(&mut self, message: Bytes) {
        self.send(message);
        for (before, _) in &mut self.late {
            *before = before.saturating_sub(1);
        }
        let due: Vec<Bytes> =
            self.late.extract_if(.., |(before, _)| *before == 0).map(|(_, message)| message).collect();
        for message in due {
            self.send(message);
        }
    }
}

impl Wire for MemoryWire {
    fn publish(&self, message: Bytes) {
        if message.len() > self.network.message_bytes_max {
            tracing::error!(bytes = message.len(), "a message to other nodes is too large to be sent");
            return;
        }
        let mut state = self.network.state();
        let State { decide, ends } = &mut *state;
        for (to, end) in ends.iter_mut().enumerate().filter(|(to, _)| *to != self.number) {
            match decide(Passage { from: self.number, to, message: &message }) {
                Fate::Lost => {}
                Fate::Arrives | Fate::Behind(0) => end.arrives(message.clone()),
                Fate::Twice => {
                    end.arrives(message.clone());
                    end.arrives(message.clone());
                }
                Fate::Behind(later) => end.late.push((later, message.clone())),
            }
        }
    }

    fn message_bytes_max(&self) -> usize {
        self.network.message_bytes_max
    }
}
