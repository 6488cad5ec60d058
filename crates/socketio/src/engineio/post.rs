//! The packets that a session receives as text, and its POST requests, which carry most of them.
//!
//! What must stay true: a body is not read after its session has ended; its packets are handled one at a time, each
//! within its size limit.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body_util::BodyExt;
use hyper::body::Body;
use tokio::sync::oneshot;

use super::jsonp;
use super::packet::{BINARY_MESSAGE, Packet, Revision};
use super::payload::{self, OwnedPacket};
use super::session::Session;
use super::state::RequestConflict;
use super::{InvalidPacket, Protocol};
use crate::unfinished::{Reservation, UNCOUNTED_BYTES_MAX};
use crate::websocket::{BinaryBound, HEAD_BYTES_MAX, MessageBounds, PassedOver, Skipped};
use crate::{CloseReason, Holder};

/// Packets of a payload that are handled before the task yields to other connections.
const PACKETS_AT_ONCE: u32 = 64;

async fn yield_regularly(handled: &mut u32) {
    *handled += 1;
    if handled.is_multiple_of(PACKETS_AT_ONCE) {
        tokio::task::yield_now().await;
    }
}

/// The reason why a POST was not handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PostError {
    /// The POST does not fit the state of its session, or the session ended.
    Conflict,
    /// The body is too large (413), or was not received completely (400).
    Body(StatusCode),
}

/// The format of a POST's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// A payload as text.
    Text,
    /// A payload of bytes, which only revision 3 has.
    Binary,
    /// A form with a payload as text, from a client that polls by JSONP.
    Form,
}

impl Format {
    pub(super) fn of(is_jsonp: bool, is_binary: bool) -> Self {
        match (is_jsonp, is_binary) {
            (true, _) => Self::Form,
            (false, true) => Self::Binary,
            (false, false) => Self::Text,
        }
    }
}

impl From<RequestConflict> for PostError {
    fn from(_: RequestConflict) -> Self {
        Self::Conflict
    }
}

struct PostTurn<'a, P: Protocol>(&'a Arc<Session<P>>);

impl<P: Protocol> Drop for PostTurn<'_, P> {
    fn drop(&mut self) {
        self.0.state().end_post();
    }
}

impl<P: Protocol> Session<P> {
    /// Reads a POST and handles its packets. Two POSTs at the same time end the session.
    pub(super) async fn post<B>(self: &Arc<Self>, body: B, format: Format) -> Result<(), PostError>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let started = self.state().start_post();
        self.end_if_duplicate(started)?;
        let _turn = PostTurn(self);
        // The reservation is kept until the packets are handled.
        let (body, _held) = self.body(body).await.inspect_err(|_| Arc::clone(self).end(CloseReason::ProtocolError))?;
        if self.outbox().closed().is_some() {
            return Err(PostError::Conflict);
        }
        match self.packets(&body, format).await {
            Ok(()) => Ok(()),
            Err(reason) => {
                Arc::clone(self).end(reason);
                if reason == CloseReason::TransportClosed { Ok(()) } else { Err(PostError::Conflict) }
            }
        }
    }

    /// Reads the body of a POST. Reading stops when the session ends.
    async fn body<B>(self: &Arc<Self>, body: B) -> Result<(Bytes, Option<Box<Reservation>>), PostError>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let config = &self.server().config;
        let (reading, mut over) = oneshot::channel();
        *self.reading() = Some(reading);
        if self.is_over() {
            return Err(PostError::Conflict);
        }
        let mut body = std::pin::pin!(body);
        let (mut read, mut held): (_, Option<Box<Reservation>>) = (BytesMut::new(), None);
        loop {
            let frame = tokio::select! {
                biased;
                _ = &mut over => return Err(PostError::Conflict),
                frame = body.frame() => frame,
            };
            let Some(frame) = frame else {
                if let Some(held) = &held {
                    Reservation::mark_arrived(held);
                }
                return Ok((read.freeze(), held));
            };
            let frame = frame.map_err(|_| PostError::Body(StatusCode::BAD_REQUEST))?;
            let Ok(data) = frame.into_data() else { continue };
            if read.len() + data.len() > config.payload_bytes_max {
                return Err(PostError::Body(StatusCode::PAYLOAD_TOO_LARGE));
            }
            read.extend_from_slice(&data);
            if read.len() > UNCOUNTED_BYTES_MAX {
                let holder = || Arc::clone(self) as Arc<dyn Holder>;
                config.unfinished.hold(&mut held, read.len(), holder).map_err(|reason| {
                    Arc::clone(self).end(reason);
                    PostError::Conflict
                })?;
            }
        }
    }

    async fn packets(self: &Arc<Self>, body: &Bytes, format: Format) -> Result<(), CloseReason> {
        let text = || std::str::from_utf8(body).map_err(|_| CloseReason::ProtocolError);
        match (self.revision(), format) {
            (Revision::V4, Format::Binary) => Err(CloseReason::ProtocolError),
            (Revision::V3, Format::Binary) => {
                let packets = payload::decode_binary_payload(body).map_err(|_| CloseReason::ProtocolError)?;
                let mut handled = 0_u32;
                for packet in &packets {
                    yield_regularly(&mut handled).await;
                    match packet {
                        OwnedPacket::Text(text) => self.receive_text(text).await?,
                        OwnedPacket::Binary(bytes) => {
                            if !self.skips(&self.bounds(), bytes.len()).await? {
                                self.receive(packet.decode()).await?;
                            }
                        }
                    }
                }
                Ok(())
            }
            (_, Format::Text) => self.packets_of_text(text()?).await,
            (_, Format::Form) => match jsonp::payload_of_form(text()?) {
                Some(payload) => self.packets_of_text(&payload).await,
                // As with official servers, a form without a payload says nothing.
                None => Ok(()),
            },
        }
    }

    async fn packets_of_text(self: &Arc<Self>, payload: &str) -> Result<(), CloseReason> {
        let mut handled = 0_u32;
        for packet in payload::split_payload(payload, self.revision()) {
            yield_regularly(&mut handled).await;
            self.receive_text(packet.map_err(|InvalidPacket| CloseReason::ProtocolError)?).await?;
        }
        Ok(())
    }

    /// Returns the base64 of a binary packet that is written as text, or `None` if the packet is not one.
    pub(super) fn base64_of<'p>(&self, packet: &'p str) -> Option<&'p str> {
        match self.revision() {
            Revision::V4 => packet.strip_prefix('b'),
            Revision::V3 => packet.strip_prefix("b4"),
        }
    }

    /// Handles a packet that came as text, or skips it if it exceeds its bound.
    pub(super) async fn receive_text(self: &Arc<Self>, packet: &str) -> Result<(), CloseReason> {
        let bounds = self.bounds();
        if let Some(base64) = self.base64_of(packet) {
            if self.skips(&bounds, base64.len() / 4 * 3).await? {
                return Ok(());
            }
        } else if packet.len() > bounds.text {
            let head = packet.as_bytes()[..packet.len().min(HEAD_BYTES_MAX + 1)].to_vec();
            let why = PassedOver::TooLarge;
            return self.skip(Skipped { binary: false, why, head, bytes: packet.len() }).await;
        }
        self.receive(Packet::decode(packet, self.revision())).await
    }

    /// Returns whether a binary packet of at least `bytes` bytes is skipped, in which case it is reported.
    async fn skips(self: &Arc<Self>, bounds: &MessageBounds, bytes: usize) -> Result<bool, CloseReason> {
        match bounds.binary {
            BinaryBound::UpTo(most) if bytes <= most.saturating_add(2) => Ok(false),
            BinaryBound::UpTo(_) => Err(CloseReason::TOO_LARGE),
            BinaryBound::Refuse => Err(CloseReason::ProtocolError),
            BinaryBound::Skip => {
                let skipped = Skipped { binary: true, why: PassedOver::Unwanted, head: Vec::new(), bytes };
                self.server().protocol.skipped(self, skipped).await.map(|()| true)
            }
        }
    }

    /// Reports a skipped packet to the protocol, without its packet type.
    pub(super) async fn skip(self: &Arc<Self>, mut skipped: Skipped) -> Result<(), CloseReason> {
        if !skipped.binary && self.base64_of(skipped.head_text()).is_some() {
            // It was skipped for its size as text. Binary packets have a bound of their own.
            return match self.skips(&self.bounds(), skipped.bytes / 4 * 3).await? {
                true => Ok(()),
                false => Err(CloseReason::TOO_LARGE),
            };
        }
        let kind = skipped.head.first().copied();
        match (skipped.binary, self.revision()) {
            (false, _) if kind == Some(b'4') => drop(skipped.head.remove(0)),
            (true, Revision::V3) if kind == Some(BINARY_MESSAGE) => drop(skipped.head.remove(0)),
            (true, Revision::V4) => {}
            (false | true, _) => return Err(CloseReason::ProtocolError),
        }
        self.server().protocol.skipped(self, skipped).await
    }

    /// Handles a packet: a message is passed to the protocol.
    async fn receive(self: &Arc<Self>, packet: Result<Packet<'_>, InvalidPacket>) -> Result<(), CloseReason> {
        let packet = packet.map_err(|InvalidPacket| CloseReason::ProtocolError)?;
        match packet {
            _ if !self.on_packet(&packet)? => Ok(()),
            Packet::Message(text) => self.server().protocol.text(self, text).await,
            Packet::Binary(bytes) => self.server().protocol.binary(self, bytes).await,
            _ => Ok(()),
        }
    }
}
