//! A WebSocket in a straight line of code: for what comes before and beside a [`Driver`].

use std::future::poll_fn;
use std::io;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::driver::{CLOSE_TIMEOUT, poll_fill};
use super::{BinaryBound, Decoder, Deflate, Driver, Handler, Message, MessageBounds};
use crate::{CloseReason, Frame};

/// What comes after our goodbye is not looked at.
const PASSED_OVER: MessageBounds =
    MessageBounds { text: 0, binary: BinaryBound::Skip, inflates: false, skipped: 1_000_000 };

/// A WebSocket after its handshake.
#[derive(Debug)]
pub struct Socket<S> {
    stream: S,
    decoder: Decoder,
    deflate: Option<Deflate>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Socket<S> {
    /// Wraps a stream; `first` is what was already read from it.
    pub fn new(stream: S, first: &[u8], deflate: Option<Deflate>) -> Self {
        let mut decoder = Decoder::new(deflate.is_some());
        decoder.feed(first);
        Self { stream, decoder, deflate }
    }

    /// The next message.
    ///
    /// # Errors
    /// The reason to close the socket with.
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

    /// Says goodbye with a close frame, and waits a little for the peer to do so: what is still unread would make the
    /// system reset the connection and lose the words.
    pub async fn finish(mut self, close: Frame) {
        let farewell = async {
            self.write(close).await.ok()?;
            poll_fn(|cx| Pin::new(&mut self.stream).poll_shutdown(cx)).await.ok()?;
            while self.next_message(PASSED_OVER).await.is_ok() {}
            Some(())
        };
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, farewell).await;
    }

    /// Goes on by itself.
    pub fn drive<H: Handler>(self, handler: H) -> Driver<S, H> {
        Driver::new(self.stream, self.decoder, self.deflate, handler)
    }
}
