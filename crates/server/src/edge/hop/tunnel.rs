//! A WebSocket between a client of this node and the node that has its session: bytes both ways, which nobody here reads.
//!
//! What must stay true: it ends when either side ends, when the other node is gone, or when its client takes nothing for
//! longer than the other node waits for an answer to a ping.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use quintet_socketio::upgrade::WithStream;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use super::counts::Underway;

/// The time in which the other node switches protocols, once it has said that it does.
const SWITCH_WITHIN: Duration = Duration::from_secs(5);
/// The longest time for which a write may wait. A client that answers no ping is closed by the other node before.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
/// The time that the other direction has once one has ended.
const END_WITHIN: Duration = Duration::from_secs(5);
/// The number of bytes that are kept of each direction. Idle WebSockets are many, and their messages small.
const BUFFER_BYTES: usize = 2_048;

/// A WebSocket to another node, which a client's WebSocket is joined to.
pub(super) struct Tunnel {
    pub(super) to_node: OnUpgrade,
    /// Cancelled when the other node is gone, or this process stops.
    pub(super) over: CancellationToken,
    /// Kept only to be dropped with the tunnel.
    pub(super) underway: Underway,
}

impl WithStream for Tunnel {
    async fn run<S>(self, client: S, first: Bytes)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { to_node, over, underway: _underway } = self;
        let node = match tokio::time::timeout(SWITCH_WITHIN, to_node).await {
            Ok(Ok(node)) => TokioIo::new(node),
            Ok(Err(error)) => return tracing::debug!(%error, "another node did not open a WebSocket"),
            Err(_) => return tracing::debug!("another node did not open a WebSocket in time"),
        };
        tokio::select! {
            biased;
            () = over.cancelled() => {}
            ended = join(client, node, first) => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a WebSocket to another node ended");
                }
            }
        }
    }
}

/// Passes bytes between a client and a node until one of them ends, and whatever the other one still has then.
async fn join<C, N>(client: C, node: N, first: Bytes) -> io::Result<()>
where
    C: AsyncRead + AsyncWrite,
    N: AsyncRead + AsyncWrite,
{
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_node, mut to_node) = tokio::io::split(node);
    write(&mut to_node, &first).await?;
    // A slice of a larger buffer.
    drop(first);
    let up = copy(&mut from_client, &mut to_node);
    let down = copy(&mut from_node, &mut to_client);
    tokio::pin!(up, down);
    // The end of one direction, once it was passed on, leaves the other one some time.
    let rest = tokio::select! {
        ended = &mut up => {
            ended?;
            tokio::time::timeout(END_WITHIN, down).await
        }
        ended = &mut down => {
            ended?;
            tokio::time::timeout(END_WITHIN, up).await
        }
    };
    rest.unwrap_or(Ok(()))
}

/// Copies bytes up to the end, and passes the end on.
async fn copy(from: &mut (impl AsyncRead + Unpin), to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match from.read(&mut buffer).await? {
            0 => break,
            read => write(to, buffer.get(..read).unwrap_or_default()).await?,
        }
    }
    to.shutdown().await
}

async fn write(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    let written = async {
        to.write_all(bytes).await?;
        // A stream with TLS keeps what it was given.
        to.flush().await
    };
    let written = tokio::time::timeout(WRITE_TIMEOUT, written).await;
    written.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn bytes_pass_both_ways_until_one_side_ends() {
        let ((mut client, outer), (inner, mut node)) = (tokio::io::duplex(64), tokio::io::duplex(64));
        let joined = tokio::spawn(join(outer, inner, Bytes::from_static(b"first ")));
        client.write_all(b"up").await.expect("written");
        let mut read = [0; 8];
        node.read_exact(&mut read).await.expect("read");
        assert_eq!(&read, b"first up");
        let large = vec![7; 10_000];
        let (expected, mut got) = (large.clone(), vec![0; 10_000]);
        let writes = tokio::spawn(async move {
            node.write_all(&large).await.expect("written");
            node
        });
        client.read_exact(&mut got).await.expect("read");
        assert_eq!(got, expected);
        // What comes after the client's end is still passed on.
        let mut node = writes.await.expect("no panic");
        client.shutdown().await.expect("ended");
        assert_eq!(node.read(&mut read).await.expect("the end"), 0);
        node.write_all(b"bye").await.expect("written");
        drop(node);
        let mut rest = String::new();
        client.read_to_string(&mut rest).await.expect("the end");
        assert_eq!(rest, "bye");
        assert!(joined.await.expect("no panic").is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_given_up() {
        let ((client, outer), (inner, mut node)) = (tokio::io::duplex(64), tokio::io::duplex(64));
        let began = tokio::time::Instant::now();
        let joined = tokio::spawn(join(outer, inner, Bytes::new()));
        let _ = node.write_all(&[7; 10_000]).await;
        let ended = joined.await.expect("no panic").expect_err("given up");
        assert_eq!((ended.kind(), began.elapsed()), (io::ErrorKind::TimedOut, WRITE_TIMEOUT));
        drop(client);
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_that_ends_ends_the_client() {
        let ((mut client, outer), (inner, node)) = (tokio::io::duplex(64), tokio::io::duplex(64));
        let joined = tokio::spawn(join(outer, inner, Bytes::new()));
        drop(node);
        assert_eq!(client.read(&mut [0; 8]).await.expect("the end"), 0);
        // The client does not end, and is not waited for.
        assert!(joined.await.expect("no panic").is_ok());
    }
}
