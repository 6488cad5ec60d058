//! The transport that carries a session, and the liveness of its client. Sans-IO: no clock, no socket, no lock.
//!
//! What must stay true: one transport owns the session at a time; a session that ended stays ended.

use super::packet::{Packet, Revision};

/// Number of checks after which a silent client of revision 3 is considered gone. Such a client pings at times of its
/// own choice, so that the time it is allowed to be silent is divided into this many checks.
const SILENT_CHECKS_MAX: u8 = 5;

/// The transport that carries the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transport {
    Polling { waiting: bool, posting: bool, upgrade: Upgrade },
    WebSocket,
}

/// The progress of a WebSocket that upgrades the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Upgrade {
    None,
    Opened,
    /// The probe was answered. Polls are released, so that the client can stop polling.
    Probed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heartbeat {
    /// Revision 4: no ping was sent yet.
    Idle,
    /// Revision 4: a ping was sent and not answered yet.
    AwaitingPong,
    /// Revision 4: the last ping was answered.
    Answered,
    /// Revision 3: number of checks since the client's last ping.
    Silent(u8),
}

/// The reason why a request does not fit the state of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestConflict {
    /// Another transport carries the session.
    OtherTransport,
    /// A request of the same kind is in progress, which ends the session.
    Duplicate,
}

/// The action that a packet calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketAction {
    /// No action is needed.
    Ignore,
    /// The packet is a message for the protocol above.
    Message,
    /// A pong has to be sent.
    Pong,
    /// The client closes the session.
    Close,
    /// The client violated the protocol.
    ProtocolError,
}

/// The action that the heartbeat calls for when its alarm goes off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeartbeatAction {
    /// Send a ping, and check again after the ping timeout.
    Ping,
    /// Check again after the rest of the ping interval.
    Wait,
    /// Check again after the time of one check of revision 3.
    WaitForPing,
    /// The client did not answer in time.
    Timeout,
}

/// The state of one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    revision: Revision,
    transport: Transport,
    heartbeat: Heartbeat,
    ended: bool,
    /// Whether a WebSocket that does not carry the session is being closed.
    rejecting: bool,
}

impl State {
    /// Creates the state of a session that opens on polling or on a WebSocket.
    #[must_use]
    pub fn open(revision: Revision, polling: bool) -> Self {
        let transport = if polling {
            Transport::Polling { waiting: false, posting: false, upgrade: Upgrade::None }
        } else {
            Transport::WebSocket
        };
        // The first check comes one full period after the opening, and that period counts.
        let heartbeat = if revision == Revision::V3 { Heartbeat::Silent(1) } else { Heartbeat::Idle };
        Self { revision, transport, heartbeat, ended: false, rejecting: false }
    }

    /// Returns the Engine.IO revision that the client speaks.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// Returns whether polling carries the session.
    #[must_use]
    pub fn is_polling(&self) -> bool {
        matches!(self.transport, Transport::Polling { .. })
    }

    /// Returns whether a poll is waiting to be answered.
    #[must_use]
    pub fn is_polled(&self) -> bool {
        matches!(self.transport, Transport::Polling { waiting: true, .. })
    }

    /// Returns whether polls no longer wait for frames: the WebSocket was probed, or has taken over.
    #[must_use]
    pub fn releases_polls(&self) -> bool {
        matches!(self.transport, Transport::WebSocket | Transport::Polling { upgrade: Upgrade::Probed, .. })
    }

    /// Returns whether the session has ended.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Begins a poll.
    ///
    /// # Errors
    /// [`RequestConflict`] if a poll is in progress, or polling does not carry the session.
    pub fn start_poll(&mut self) -> Result<(), RequestConflict> {
        match &mut self.transport {
            Transport::WebSocket => Err(RequestConflict::OtherTransport),
            Transport::Polling { waiting, .. } => begin(waiting),
        }
    }

    /// Ends a poll, which was answered or dropped.
    pub fn end_poll(&mut self) {
        if let Transport::Polling { waiting, .. } = &mut self.transport {
            *waiting = false;
        }
    }

    /// Begins a POST.
    ///
    /// # Errors
    /// [`RequestConflict`] if a POST is in progress, or polling does not carry the session.
    pub fn start_post(&mut self) -> Result<(), RequestConflict> {
        match &mut self.transport {
            Transport::WebSocket => Err(RequestConflict::OtherTransport),
            Transport::Polling { posting, .. } => begin(posting),
        }
    }

    /// Ends a POST, which was answered or dropped.
    pub fn end_post(&mut self) {
        if let Transport::Polling { posting, .. } = &mut self.transport {
            *posting = false;
        }
    }

    /// Begins an upgrade. Only one may be in progress.
    ///
    /// # Errors
    /// [`RequestConflict::OtherTransport`] if polling does not carry the session, an upgrade is in progress, or the session has
    /// ended.
    pub fn start_upgrade(&mut self) -> Result<(), RequestConflict> {
        match &mut self.transport {
            Transport::Polling { upgrade, .. } if *upgrade == Upgrade::None && !self.ended => {
                *upgrade = Upgrade::Opened;
                Ok(())
            }
            _ => Err(RequestConflict::OtherTransport),
        }
    }

    /// Begins the rejection of a WebSocket that does not carry the session: it is closed with a close frame. A session
    /// rejects one WebSocket at a time, so that its id opens no more than two in all.
    ///
    /// # Errors
    /// [`RequestConflict::Duplicate`] while another one is being rejected.
    pub fn start_rejection(&mut self) -> Result<(), RequestConflict> {
        begin(&mut self.rejecting)
    }

    /// Ends the rejection begun by [`State::start_rejection`]: that WebSocket is closed.
    pub fn end_rejection(&mut self) {
        self.rejecting = false;
    }

    /// Notes that the probe of the upgrade was answered.
    pub fn probed(&mut self) {
        if let Transport::Polling { upgrade: upgrade @ Upgrade::Opened, .. } = &mut self.transport {
            *upgrade = Upgrade::Probed;
        }
    }

    /// Cancels the upgrade. Polling goes on.
    pub fn cancel_upgrade(&mut self) {
        if let Transport::Polling { upgrade, .. } = &mut self.transport {
            *upgrade = Upgrade::None;
        }
    }

    /// Lets the WebSocket take over. Returns whether it may: it was probed, and the session has not ended.
    pub fn finish_upgrade(&mut self) -> bool {
        let may = !self.ended && matches!(self.transport, Transport::Polling { upgrade: Upgrade::Probed, .. });
        if may {
            self.transport = Transport::WebSocket;
        }
        may
    }

    /// Takes a packet, and returns the action that it calls for.
    pub fn on_packet(&mut self, packet: &Packet<'_>) -> PacketAction {
        match (packet, self.revision) {
            (Packet::Message(_) | Packet::Binary(_), _) => PacketAction::Message,
            (Packet::Ping(_), Revision::V3) => {
                self.heartbeat = Heartbeat::Silent(0);
                PacketAction::Pong
            }
            (Packet::Pong(_), Revision::V4) => {
                if self.heartbeat == Heartbeat::AwaitingPong {
                    self.heartbeat = Heartbeat::Answered;
                }
                PacketAction::Ignore
            }
            // The direction of the heartbeat depends on the revision.
            (Packet::Ping(_), Revision::V4) | (Packet::Pong(_), Revision::V3) => PacketAction::ProtocolError,
            (Packet::Close, _) => PacketAction::Close,
            (Packet::Upgrade | Packet::Noop, _) => PacketAction::Ignore,
        }
    }

    /// Returns the action to take when the alarm of the heartbeat goes off.
    pub fn on_heartbeat(&mut self) -> HeartbeatAction {
        match self.heartbeat {
            Heartbeat::Idle => {
                self.heartbeat = Heartbeat::AwaitingPong;
                HeartbeatAction::Ping
            }
            Heartbeat::Answered => {
                self.heartbeat = Heartbeat::Idle;
                HeartbeatAction::Wait
            }
            Heartbeat::Silent(looks) if looks + 1 < SILENT_CHECKS_MAX => {
                self.heartbeat = Heartbeat::Silent(looks + 1);
                HeartbeatAction::WaitForPing
            }
            Heartbeat::AwaitingPong | Heartbeat::Silent(_) => HeartbeatAction::Timeout,
        }
    }

    /// Returns the number of checks after which a silent client of revision 3 is considered gone.
    #[must_use]
    pub fn silent_checks_max() -> u32 {
        u32::from(SILENT_CHECKS_MAX - 1)
    }

    /// Ends the session. Returns whether this call ended it.
    pub fn end(&mut self) -> bool {
        !std::mem::replace(&mut self.ended, true)
    }
}

/// Begins a request of one kind, of which only one may be in progress.
fn begin(under_way: &mut bool) -> Result<(), RequestConflict> {
    if std::mem::replace(under_way, true) { Err(RequestConflict::Duplicate) } else { Ok(()) }
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
        assert_eq!(state.start_poll(), Err(RequestConflict::Duplicate));
        assert_eq!(state.start_post(), Err(RequestConflict::Duplicate));
        state.end_poll();
        state.end_post();
        assert_eq!((state.start_poll(), state.start_post()), (Ok(()), Ok(())));
    }

    #[test]
    fn one_websocket_at_a_time_is_closed_beside_the_session() {
        let mut state = State::open(Revision::V4, true);
        assert_eq!(state.start_rejection(), Ok(()));
        assert_eq!(state.start_rejection(), Err(RequestConflict::Duplicate));
        assert_eq!(state.start_upgrade(), Ok(()), "the one that may take over");
        state.end_rejection();
        assert_eq!(state.start_rejection(), Ok(()));
    }

    #[test]
    fn a_websocket_takes_over_once_it_was_probed() {
        let mut state = State::open(Revision::V4, true);
        state.probed();
        assert!(!state.releases_polls(), "nothing was opened");
        assert_eq!(state.start_upgrade(), Ok(()));
        assert_eq!(state.start_upgrade(), Err(RequestConflict::OtherTransport));
        assert!(!state.finish_upgrade(), "not probed yet");
        assert!(!state.releases_polls());
        state.probed();
        assert!(state.releases_polls() && state.is_polling());
        assert!(state.finish_upgrade() && !state.is_polling());
        assert_eq!(state.start_poll(), Err(RequestConflict::OtherTransport));
        assert_eq!(state.start_post(), Err(RequestConflict::OtherTransport));
        assert_eq!(state.start_upgrade(), Err(RequestConflict::OtherTransport));
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
        assert_eq!(state.on_packet(&Packet::Pong("")), PacketAction::Ignore, "a pong without a ping is ignored");
        assert_eq!(state.on_heartbeat(), HeartbeatAction::Ping);
        assert_eq!(state.on_packet(&Packet::Pong("")), PacketAction::Ignore);
        assert_eq!(state.on_heartbeat(), HeartbeatAction::Wait);
        assert_eq!(state.on_heartbeat(), HeartbeatAction::Ping);
        assert_eq!(state.on_heartbeat(), HeartbeatAction::Timeout);
        assert_eq!(state.on_packet(&Packet::Ping("")), PacketAction::ProtocolError);
    }

    #[test]
    fn revision_3_pings_by_itself() {
        let mut state = State::open(Revision::V3, false);
        let listened = (0..).take_while(|_| state.on_heartbeat() == HeartbeatAction::WaitForPing).count();
        assert_eq!(listened, 3, "silent from the start: gone at the fourth check, when the whole time has passed");
        let mut state = State::open(Revision::V3, false);
        assert_eq!(state.on_heartbeat(), HeartbeatAction::WaitForPing);
        assert_eq!(state.on_packet(&Packet::Ping("")), PacketAction::Pong);
        let listened = (0..).take_while(|_| state.on_heartbeat() == HeartbeatAction::WaitForPing).count();
        assert_eq!(listened, 4, "a ping right before a check: that check does not count");
        assert_eq!(state.on_packet(&Packet::Pong("")), PacketAction::ProtocolError);
    }

    proptest! {
        /// In any order of calls, one transport owns the session, and there is no way back from a WebSocket or from the
        /// end.
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
                    8 => { state.on_packet(&Packet::Pong("")); }
                    9 => { state.on_packet(&Packet::Ping("")); }
                    10 => { state.on_heartbeat(); }
                    _ => { prop_assert_eq!(state.end(), !over); over = true; }
                }
                prop_assert_eq!(state.is_polling(), !on_websocket);
                prop_assert_eq!(state.ended(), over);
                prop_assert!(!state.is_polled() || state.is_polling());
            }
        }
    }
}
