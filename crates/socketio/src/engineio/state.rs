//! Which transport carries a session, and whether its client is alive. Sans-IO: no clock, no socket, no lock.
//!
//! What must stay true: one transport owns the session at a time; a session that ended stays ended.

use super::packet::{Packet, Revision};

/// Looks at the clock that a silent client of revision 3 is given. It pings whenever it likes, so the whole time is
/// cut into parts: it is gone when it was silent at this many looks.
const QUIET_LOOKS: u8 = 5;

/// Which transport carries the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transport {
    Polling { waiting: bool, posting: bool, upgrade: Upgrade },
    WebSocket,
}

/// How far a WebSocket has come that wants to take over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Upgrade {
    None,
    Opened,
    /// Its probe was answered: polls are let go, so that the client can pause its polling.
    Probed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heart {
    /// Revision 4: nothing is asked of the client.
    Rests,
    /// Revision 4: a ping was sent.
    Awaits,
    /// Revision 4: the ping was answered.
    Answered,
    /// Revision 3: looks since the client's last ping.
    Quiet(u8),
}

/// A request does not fit the state of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misplaced {
    /// The session lives on another transport.
    Transport,
    /// The same kind of request is under way; the session is over.
    Twice,
}

/// What is to be done with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing.
    Nothing,
    /// It is a message, for what is spoken over the session.
    Message,
    /// It is to be answered by a pong.
    Pong,
    /// The client closes the session.
    Close,
    /// The client broke the protocol.
    Broken,
}

/// What the heart asks for when its alarm goes off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// Send a ping, and look again after the ping timeout.
    Ping,
    /// Look again after the rest of the ping interval.
    Rest,
    /// Look again after a [`QUIET_LOOKS`]th of the time that revision 3 has.
    Listen,
    /// The client is gone.
    Dead,
}

/// The state of one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    revision: Revision,
    transport: Transport,
    heart: Heart,
    ended: bool,
    /// Whether a WebSocket that does not carry the session is being closed.
    farewell: bool,
}

impl State {
    /// A session that opens, on polling or on a WebSocket.
    #[must_use]
    pub fn open(revision: Revision, polling: bool) -> Self {
        let transport = if polling {
            Transport::Polling { waiting: false, posting: false, upgrade: Upgrade::None }
        } else {
            Transport::WebSocket
        };
        // The first look comes a whole part after the opening: that part counts.
        let heart = if revision == Revision::V3 { Heart::Quiet(1) } else { Heart::Rests };
        Self { revision, transport, heart, ended: false, farewell: false }
    }

    /// What the client speaks.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// Whether polling carries the session.
    #[must_use]
    pub fn is_polling(&self) -> bool {
        matches!(self.transport, Transport::Polling { .. })
    }

    /// Whether a poll waits to be answered.
    #[must_use]
    pub fn is_polled(&self) -> bool {
        matches!(self.transport, Transport::Polling { waiting: true, .. })
    }

    /// Whether polls wait no longer for frames: the WebSocket was probed, or has taken over.
    #[must_use]
    pub fn releases_polls(&self) -> bool {
        matches!(self.transport, Transport::WebSocket | Transport::Polling { upgrade: Upgrade::Probed, .. })
    }

    /// Whether the session is over.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// A poll came.
    ///
    /// # Errors
    /// [`Misplaced`]
    pub fn start_poll(&mut self) -> Result<(), Misplaced> {
        match &mut self.transport {
            Transport::WebSocket => Err(Misplaced::Transport),
            Transport::Polling { waiting, .. } => begin(waiting),
        }
    }

    /// The poll was answered, or given up.
    pub fn end_poll(&mut self) {
        if let Transport::Polling { waiting, .. } = &mut self.transport {
            *waiting = false;
        }
    }

    /// A POST came.
    ///
    /// # Errors
    /// [`Misplaced`]
    pub fn start_post(&mut self) -> Result<(), Misplaced> {
        match &mut self.transport {
            Transport::WebSocket => Err(Misplaced::Transport),
            Transport::Polling { posting, .. } => begin(posting),
        }
    }

    /// The POST was answered, or given up.
    pub fn end_post(&mut self) {
        if let Transport::Polling { posting, .. } = &mut self.transport {
            *posting = false;
        }
    }

    /// A WebSocket opened for this session; only one may at a time.
    ///
    /// # Errors
    /// [`Misplaced::Transport`]
    pub fn start_upgrade(&mut self) -> Result<(), Misplaced> {
        match &mut self.transport {
            Transport::Polling { upgrade, .. } if *upgrade == Upgrade::None && !self.ended => {
                *upgrade = Upgrade::Opened;
                Ok(())
            }
            _ => Err(Misplaced::Transport),
        }
    }

    /// A WebSocket that does not carry the session is about to be closed with a close frame. A session has one such
    /// WebSocket at a time, so that its id opens no more than two in all.
    ///
    /// # Errors
    /// [`Misplaced::Twice`] while another one is being closed.
    pub fn start_farewell(&mut self) -> Result<(), Misplaced> {
        begin(&mut self.farewell)
    }

    /// The WebSocket of [`State::start_farewell`] is closed.
    pub fn end_farewell(&mut self) {
        self.farewell = false;
    }

    /// The probe was answered.
    pub fn probed(&mut self) {
        if let Transport::Polling { upgrade: upgrade @ Upgrade::Opened, .. } = &mut self.transport {
            *upgrade = Upgrade::Probed;
        }
    }

    /// The WebSocket gave up: polling goes on.
    pub fn cancel_upgrade(&mut self) {
        if let Transport::Polling { upgrade, .. } = &mut self.transport {
            *upgrade = Upgrade::None;
        }
    }

    /// The WebSocket takes over. Says whether it may: it was probed, and the session is not over.
    pub fn finish_upgrade(&mut self) -> bool {
        let may = !self.ended && matches!(self.transport, Transport::Polling { upgrade: Upgrade::Probed, .. });
        if may {
            self.transport = Transport::WebSocket;
        }
        may
    }

    /// A packet came.
    pub fn hear(&mut self, packet: &Packet<'_>) -> Heard {
        match (packet, self.revision) {
            (Packet::Message(_) | Packet::Binary(_), _) => Heard::Message,
            (Packet::Ping(_), Revision::V3) => {
                self.heart = Heart::Quiet(0);
                Heard::Pong
            }
            (Packet::Pong(_), Revision::V4) => {
                if self.heart == Heart::Awaits {
                    self.heart = Heart::Answered;
                }
                Heard::Nothing
            }
            // Each revision has its own direction of the heartbeat.
            (Packet::Ping(_), Revision::V4) | (Packet::Pong(_), Revision::V3) => Heard::Broken,
            (Packet::Close, _) => Heard::Close,
            (Packet::Upgrade | Packet::Noop, _) => Heard::Nothing,
        }
    }

    /// The alarm of the heart went off.
    pub fn beat(&mut self) -> Beat {
        match self.heart {
            Heart::Rests => {
                self.heart = Heart::Awaits;
                Beat::Ping
            }
            Heart::Answered => {
                self.heart = Heart::Rests;
                Beat::Rest
            }
            Heart::Quiet(looks) if looks + 1 < QUIET_LOOKS => {
                self.heart = Heart::Quiet(looks + 1);
                Beat::Listen
            }
            Heart::Awaits | Heart::Quiet(_) => Beat::Dead,
        }
    }

    /// Looks at the clock in the time that a silent client of revision 3 has.
    #[must_use]
    pub fn looks() -> u32 {
        u32::from(QUIET_LOOKS - 1)
    }

    /// Ends the session. Says whether this call did.
    pub fn end(&mut self) -> bool {
        !std::mem::replace(&mut self.ended, true)
    }
}

/// Of each kind, one request at a time is under way.
fn begin(under_way: &mut bool) -> Result<(), Misplaced> {
    if std::mem::replace(under_way, true) { Err(Misplaced::Twice) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn requests_of_one_kind_come_one_at_a_time() {
        let mut state = State::open(Revision::V4, true);
        assert_eq!(state.start_poll(), Ok(()));
        assert_eq!(state.start_post(), Ok(()));
        assert_eq!(state.start_poll(), Err(Misplaced::Twice));
        assert_eq!(state.start_post(), Err(Misplaced::Twice));
        state.end_poll();
        state.end_post();
        assert_eq!((state.start_poll(), state.start_post()), (Ok(()), Ok(())));
    }

    #[test]
    fn one_websocket_at_a_time_is_closed_beside_the_session() {
        let mut state = State::open(Revision::V4, true);
        assert_eq!(state.start_farewell(), Ok(()));
        assert_eq!(state.start_farewell(), Err(Misplaced::Twice));
        assert_eq!(state.start_upgrade(), Ok(()), "the one that may take over");
        state.end_farewell();
        assert_eq!(state.start_farewell(), Ok(()));
    }

    #[test]
    fn a_websocket_takes_over_once_it_was_probed() {
        let mut state = State::open(Revision::V4, true);
        state.probed();
        assert!(!state.releases_polls(), "nothing was opened");
        assert_eq!(state.start_upgrade(), Ok(()));
        assert_eq!(state.start_upgrade(), Err(Misplaced::Transport));
        assert!(!state.finish_upgrade(), "not probed yet");
        assert!(!state.releases_polls());
        state.probed();
        assert!(state.releases_polls() && state.is_polling());
        assert!(state.finish_upgrade() && !state.is_polling());
        assert_eq!(state.start_poll(), Err(Misplaced::Transport));
        assert_eq!(state.start_post(), Err(Misplaced::Transport));
        assert_eq!(state.start_upgrade(), Err(Misplaced::Transport));
    }

    #[test]
    fn polling_goes_on_after_a_failed_probe() {
        let mut state = State::open(Revision::V3, true);
        assert_eq!(state.start_upgrade(), Ok(()));
        state.probed();
        state.cancel_upgrade();
        assert!(state.is_polling() && !state.releases_polls());
        assert_eq!(state.start_upgrade(), Ok(()));
        assert!(state.end() && !state.end());
        assert!(!state.finish_upgrade());
    }

    #[test]
    fn revision_4_is_asked_and_answers() {
        let mut state = State::open(Revision::V4, false);
        assert_eq!(state.hear(&Packet::Pong("")), Heard::Nothing, "unasked, it counts for nothing");
        assert_eq!(state.beat(), Beat::Ping);
        assert_eq!(state.hear(&Packet::Pong("")), Heard::Nothing);
        assert_eq!(state.beat(), Beat::Rest);
        assert_eq!(state.beat(), Beat::Ping);
        assert_eq!(state.beat(), Beat::Dead);
        assert_eq!(state.hear(&Packet::Ping("")), Heard::Broken);
    }

    #[test]
    fn revision_3_pings_by_itself() {
        let mut state = State::open(Revision::V3, false);
        let listened = (0..).take_while(|_| state.beat() == Beat::Listen).count();
        assert_eq!(listened, 3, "silent from the start: gone at the fourth look, when all of the time is over");
        let mut state = State::open(Revision::V3, false);
        assert_eq!(state.beat(), Beat::Listen);
        assert_eq!(state.hear(&Packet::Ping("")), Heard::Pong);
        let listened = (0..).take_while(|_| state.beat() == Beat::Listen).count();
        assert_eq!(listened, 4, "a ping right before a look: that look is free");
        assert_eq!(state.hear(&Packet::Pong("")), Heard::Broken);
    }

    proptest! {
        /// Whatever happens in whatever order: one owner, no way back from a WebSocket, no way back from the end.
        #[test]
        fn any_history_keeps_what_must_stay_true(steps in proptest::collection::vec(0u8..12, 0..80), v3 in any::<bool>()) {
            let mut state = State::open(if v3 { Revision::V3 } else { Revision::V4 }, true);
            let (mut on_websocket, mut over) = (false, false);
            for step in steps {
                match step {
                    0 => { let _ = state.start_poll(); }
                    1 => state.end_poll(),
                    2 => { let _ = state.start_post(); }
                    3 => state.end_post(),
                    4 => prop_assert!(state.start_upgrade().is_err() || !(on_websocket || over)),
                    5 => state.probed(),
                    6 => state.cancel_upgrade(),
                    7 => on_websocket |= state.finish_upgrade(),
                    8 => { state.hear(&Packet::Pong("")); }
                    9 => { state.hear(&Packet::Ping("")); }
                    10 => { state.beat(); }
                    _ => { prop_assert_eq!(state.end(), !over); over = true; }
                }
                prop_assert_eq!(state.is_polling(), !on_websocket);
                prop_assert_eq!(state.ended(), over);
                prop_assert!(!state.is_polled() || state.is_polling());
            }
        }
    }
}
