//! A WebSocket with sequential reads and writes, for use before or instead of a [`Driver`].

use std::future::poll_fn;
use std::io;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::driver::{CLOSE_TIMEOUT, poll_fill};
use super::{BinaryBound, Decoder, Deflate, Driver, Handler, Message, MessageBounds};
use crate::{CloseReason, Frame};

/// The bounds of messages that arrive after the close frame was sent, which are discarded.
const DISCARDED: MessageBounds =
    MessageBounds { text: 0, binary: BinaryBound::Skip, inflates: false, skipped: 1_000_000 };

/// A WebSocket after its handshake.
#[derive(Debug)]
pub struct Socket<S> {
    stream: S,
    decoder: Decoder,
    deflate: Option<Deflate>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Socket<S> {
    /// Wraps a stream. `first` holds the bytes that were already read from it.
    pub fn new(stream: S, first: &[u8], deflate: Option<Deflate>) -> Self {
        let mut decoder = Decoder::new(deflate.is_some());
        decoder.feed(first);
        Self { stream, decoder, deflate }
    }

    /// Waits for the next message.
    ///
    /// # Errors
    /// The reason to close the socket.
    pub async fn next_message(&mut self, bounds: MessageBounds) -> Result<Message, CloseReason> {
        loop {
            match self.decoder.next_message(bounds) {
                Ok(Some(message)) => return Ok(message),
                Ok(None) => {}
                Err(error) => return Err(CloseReason::Application(error.code(), error.reason())),
            }
            match poll_fn(|cx| poll_fill(&mut self.stream, &mut self.decoder, cx)).await {
                Ok(0) | Err(_) => return Err(CloseReason::TransportClosed),
                Ok(_) => {}
            }
        }
    }

    /// Writes one frame.
    ///
    /// # Errors
    /// The error of the stream.
    pub async fn write(&mut self, frame: Frame) -> io::Result<()> {
        self.stream.write_all(frame.wire()).await?;
        self.stream.flush().await
    }

    /// Sends a close frame and waits up to two seconds for the peer to close. Closing with unread data would make the
    /// system reset the connection, and the peer could lose the close frame.
    pub async fn finish(mut self, close: Frame) {
        let closing = async {
            self.write(close).await.ok()?;
            poll_fn(|cx| Pin::new(&mut self.stream).poll_shutdown(cx)).await.ok()?;
            while self.next_message(DISCARDED).await.is_ok() {}
            Some(())
        };
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, closing).await;
    }

    /// Turns the socket into a driver, which passes messages to `handler`.
    pub fn drive<H: Handler>(self, handler: H) -> Driver<S, H> {
        Driver::new(self.stream, self.decoder, self.deflate, handler)
    }
}
