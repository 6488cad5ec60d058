//! The floor: a bare epoll loop that writes the frames that a chat server would write, and does nothing else. Frames
//! that are caused by one wake-up leave in one write for each receiver. Its cost is the cost of the operating system.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::SocketAddr;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use quintet_socketio::Frame;

use crate::wire;

const LISTENER: Token = Token(usize::MAX);

struct Connection {
    stream: TcpStream,
    room: String,
    switched: bool,
    /// The beginning of a frame that is not complete yet.
    rest: Vec<u8>,
    unsent: Vec<u8>,
}

/// Serves until the process is ended.
pub(crate) fn serve(port: u16) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut connections: Vec<Connection> = Vec::new();
    let mut rooms: HashMap<String, Vec<usize>> = HashMap::new();
    let mut events = Events::with_capacity(4_096);
    let mut scratch = vec![0; 64 * 1024];
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    let _ = stream.set_nodelay(true);
                    let token = Token(connections.len());
                    poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
                    let (rest, unsent) = (Vec::new(), Vec::new());
                    connections.push(Connection { stream, room: String::new(), switched: false, rest, unsent });
                }
                continue;
            }
            let index = event.token().0;
            if event.is_writable() {
                flush(&mut connections[index]);
            }
            while let Ok(read @ 1..) = connections[index].stream.read(&mut scratch) {
                connections[index].rest.extend(&scratch[..read]);
                understand(index, &mut connections, &mut rooms);
            }
        }
        for connection in connections.iter_mut().filter(|connection| !connection.unsent.is_empty()) {
            flush(connection);
        }
    }
}

fn understand(index: usize, connections: &mut [Connection], rooms: &mut HashMap<String, Vec<usize>>) {
    let mut rest = std::mem::take(&mut connections[index].rest);
    let mut used = 0;
    if !connections[index].switched {
        let Some(end) = memchr::memmem::find(&rest, b"\r\n\r\n") else {
            connections[index].rest = rest;
            return;
        };
        let head = String::from_utf8_lossy(&rest[..end]);
        let room = head.split_once("&room=").map_or("", |(_, room)| room.split([' ', '&']).next().unwrap_or_default());
        rooms.entry(room.to_owned()).or_default().push(index);
        let connection = &mut connections[index];
        connection.room = room.to_owned();
        connection.switched = true;
        // The answer to the one key that the load sends, which is the example of RFC 6455, section 1.3.
        write(
            connection,
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
              Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
        );
        let open =
            "0{\"sid\":\"floor\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000}";
        write(connection, Frame::text(open).wire());
        used = end + 4;
    }
    while let Some((first, payload, length)) = masked(&rest[used..]) {
        used += length;
        if first == 0x81 {
            packet(index, &payload, connections, rooms);
        }
    }
    rest.drain(..used);
    connections[index].rest = rest;
}

fn packet(index: usize, packet: &[u8], connections: &mut [Connection], rooms: &HashMap<String, Vec<usize>>) {
    if packet.starts_with(b"40") {
        return write(&mut connections[index], Frame::text("40{\"sid\":\"floor\"}").wire());
    }
    let Some(rest) = packet.strip_prefix(b"42") else { return };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let id = String::from_utf8_lossy(&rest[..digits]).into_owned();
    let text = memchr::memmem::find(rest, b"~~").and_then(|at| rest.get(at..at + wire::TEXT_BYTES)).unwrap_or_default();
    let text = String::from_utf8_lossy(text);
    let room = connections[index].room.clone();
    // As many bytes as Quintet writes for a message in the `conversations` dialect.
    let message = format!(
        "42[\"receive_message\",{{\"message\":{{\"id\":\"01a1fd22-b38f-730c-8f26-0fce8ef376a3\",\"conversationId\":\"{room:>36}\",\
         \"sender\":{{\"id\":\"01a1fd22-b38f-730c-8f26-0fce8ef376a3\",\"username\":\"user-000001\",\"name\":\"user-000001\",\
         \"avatar\":null}},\"content\":\"{text}\",\"type\":\"TEXT\",\"fileUrl\":null,\"fileName\":null,\"isEdited\":false,\
         \"isDeleted\":false,\"createdAt\":\"2026-11-21T08:38:11.000Z\",\"updatedAt\":\"2026-11-21T08:38:11.000Z\",\"readBy\":[]}},\
         \"conversationId\":\"{room:>36}\"}}]"
    );
    let message = Frame::text(&message);
    for receiver in rooms.get(&room).into_iter().flatten() {
        write(&mut connections[*receiver], message.wire());
    }
    write(&mut connections[index], Frame::text(&format!("43{id}[{{\"success\":true}}]")).wire());
}

/// Queues bytes for the end of the wake-up.
fn write(connection: &mut Connection, bytes: &[u8]) {
    connection.unsent.extend(bytes);
}

fn flush(connection: &mut Connection) {
    while !connection.unsent.is_empty() {
        match connection.stream.write(&connection.unsent) {
            Ok(written) => drop(connection.unsent.drain(..written)),
            Err(_) => return,
        }
    }
    connection.unsent = Vec::new();
}

/// A client's frame: its first byte, its payload, and the number of bytes that it took.
fn masked(bytes: &[u8]) -> Option<(u8, Vec<u8>, usize)> {
    let (length, start) = match *bytes.get(1)? & 0x7F {
        126 => (usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?])), 4),
        length => (usize::from(length), 2),
    };
    let mask: [u8; 4] = bytes.get(start..start + 4)?.try_into().ok()?;
    let payload = bytes.get(start + 4..start + 4 + length)?;
    let payload = payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
    Some((bytes[0], payload, start + 4 + length))
}
