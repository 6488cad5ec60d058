//! The place of one connection, which its task holds and gives back by dropping it.
//!
//! What must stay true: a place is counted in the tally from its creation until it is dropped, in the class that it has.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use quintet_domain::UserId;
use quintet_socketio::upgrade::Watch;

use super::http_state::{HttpState, Step};
use super::tally::{Class, SharedTally};

/// The trust in a peer when it connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// Nothing is known of the peer, and the limits of its address apply.
    Stranger,
    /// The peer is a trusted proxy. Its address has no limit, and each request counts for the client that it names.
    Proxy,
    /// The peer came to a trusting listener, and its address has no limit.
    Trusted,
}

/// The place of one connection. Dropping it gives the place back.
pub(crate) struct Place {
    tally: Arc<SharedTally>,
    pub(super) state: Arc<HttpState>,
    pub(super) key: u64,
    class: AtomicU8,
    /// Whether the peer is a trusted proxy, whose requests count for the clients that it names.
    pub(super) proxied: bool,
    /// Whether a request was answered by switching to WebSocket.
    switching: AtomicBool,
    /// Whether the connection has already sent a request.
    answered: AtomicBool,
    /// The user in whose share of the known users' places this place is counted, if any.
    pub(super) known: OnceLock<UserId>,
}

impl Place {
    pub(super) fn new(tally: Arc<SharedTally>, state: Arc<HttpState>, key: u64, class: Class, proxied: bool) -> Self {
        let (class, switching, answered) = (AtomicU8::new(class as u8), AtomicBool::new(false), AtomicBool::new(false));
        Self { tally, state, key, class, proxied, switching, answered, known: OnceLock::new() }
    }

    /// Returns the key of the place, which is unique among all places.
    pub(crate) fn key(&self) -> u64 {
        self.key
    }

    pub(super) fn class(&self) -> Class {
        match self.class.load(Ordering::Relaxed) {
            class if class == Class::Triage as u8 => Class::Triage,
            class if class == Class::WebSocket as u8 => Class::WebSocket,
            _ => Class::Ordinary,
        }
    }

    /// Notes that the head of the first request is awaited, after the TLS handshake.
    pub(crate) fn awaits_head(&self) {
        self.state.set(Step::Head, self.tally.now());
    }

    /// Notes that the head of a request has arrived. Returns whether it is not the connection's first request.
    pub(crate) fn answers(&self) -> bool {
        self.state.set(Step::Answering, self.tally.now());
        self.answered.swap(true, Ordering::Relaxed)
    }

    /// Notes whether more of the body is awaited. The step keeps its time, so that a slow body does not make it seem
    /// newer.
    pub(crate) fn awaits_body(&self, awaits: bool) {
        let (_, since) = self.state.step();
        self.state.set(if awaits { Step::Body } else { Step::Answering }, since);
    }

    /// Notes that the request is answered.
    pub(crate) fn idles(&self) {
        self.state.set(Step::Idle, self.tally.now());
        if self.proxied {
            self.tally.count_for_proxy(self.key);
        }
    }

    /// Counts a proxy's request for the client that it names. Returns whether the client is within its limit.
    pub(crate) fn counts_for(&self, client: IpAddr) -> bool {
        !self.proxied || self.tally.count_for(self.key, client)
    }

    /// Returns whether all ordinary places were taken when the connection came.
    pub(crate) fn is_triage(&self) -> bool {
        self.class() == Class::Triage
    }

    /// Turns a triage place into an ordinary one, for a known user. Returns whether one was left that the user may
    /// have.
    pub(crate) fn promote(&self, user: &UserId) -> bool {
        let promoted = self.tally.promote(self.key, user);
        if promoted {
            // Set only once, because a promoted place is not in triage any more.
            let _ = self.known.set(user.clone());
            self.class.store(Class::Ordinary as u8, Ordering::Relaxed);
        }
        promoted
    }

    /// Notes that the answer switches to WebSocket, which happens once the answer is written.
    pub(crate) fn switches(&self) {
        self.switching.store(true, Ordering::Relaxed);
    }

    /// Notes the end of HTTP on the connection. If it switched, the WebSocket driver bounds it from here on.
    pub(crate) fn http_ended(&self) {
        if self.switching.load(Ordering::Relaxed) && self.class() == Class::Ordinary {
            self.tally.switched(self.key);
            self.class.store(Class::WebSocket as u8, Ordering::Relaxed);
        }
    }
}

impl Watch for Place {
    fn read(&self) {
        if self.state.step().0 == Step::Idle {
            self.awaits_head();
        }
    }

    fn wrote(&self, bytes: Option<usize>) {
        self.state.wrote(bytes, self.tally.now());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.tally.leave(self.key, self.class(), self.known.get());
    }
}
