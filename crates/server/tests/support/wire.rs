//! A Socket.IO client on the wire: frames as text, over a WebSocket.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// The time within which anything awaited has to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Wire {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    namespace: String,
    next_ack: u64,
    /// Acknowledgements that arrived before they were awaited: a refusal overtakes a command that waits for its commit.
    acks: std::collections::HashMap<u64, Value>,
    /// Events that arrived while something else was awaited.
    pub events: std::collections::VecDeque<(String, Value)>,
    /// Every acknowledgement and event in the order in which they arrived, as they were written.
    pub packets: Vec<String>,
    /// The offset of the newest event that has one, by which a connection is resumed.
    pub offset: Option<Value>,
}

impl Wire {
    /// Opens the transport and reads the open packet.
    pub async fn open(address: SocketAddr, query: &str) -> Self {
        Self::open_by(address, query, &[]).await
    }

    /// Opens the transport with these headers of its request, and reads the open packet.
    pub async fn open_by(address: SocketAddr, query: &str, headers: &[(&'static str, &str)]) -> Self {
        let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket{query}");
        let mut request = url.into_client_request().expect("a request");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a value"));
        }
        let (socket, _) = connect_async(request).await.expect("a WebSocket");
        let mut wire = Self {
            socket,
            namespace: String::new(),
            next_ack: 0,
            acks: Default::default(),
            events: Default::default(),
            packets: Vec::new(),
            offset: None,
        };
        let open = wire.frame().await.expect("an open packet");
        assert!(open.starts_with("0{\"sid\":"), "{open}");
        wire
    }

    /// Enters a namespace, and returns the packet that answers.
    pub async fn enter(&mut self, namespace: &str, auth: &Value) -> String {
        self.namespace = if namespace == "/" { String::new() } else { format!("{namespace},") };
        let auth = if auth.is_null() { String::new() } else { auth.to_string() };
        self.send(&format!("40{}{auth}", self.namespace)).await;
        self.frame().await.expect("an answer to CONNECT")
    }

    /// Opens a connection, which must be accepted.
    pub async fn connect(address: SocketAddr, namespace: &str, auth: &Value) -> Self {
        let mut wire = Self::open(address, "").await;
        let answer = wire.enter(namespace, auth).await;
        assert!(answer.starts_with(&format!("40{}{{\"sid\":", wire.namespace)), "{answer}");
        wire
    }

    /// Opens a connection that can be resumed, or resumes one if `auth` has a `pid`. Returns it with its secret.
    pub async fn recoverable(address: SocketAddr, namespace: &str, mut auth: Value) -> (Self, String) {
        auth["recover"] = Value::Bool(true);
        let mut wire = Self::open(address, "").await;
        let answer = wire.enter(namespace, &auth).await;
        let accepted: Value = serde_json::from_str(&answer[answer.find('{').expect("accepted")..]).expect("JSON");
        (wire, accepted["pid"].as_str().expect("a secret").to_owned())
    }

    pub async fn send(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.expect("sent");
    }

    /// Sends text. Returns whether the connection still accepts it.
    pub async fn try_send(&mut self, text: &str) -> bool {
        self.socket.send(Message::text(text)).await.is_ok()
    }

    pub async fn send_message(&mut self, message: Message) {
        self.socket.send(message).await.expect("sent");
    }

    /// Returns the next text frame that is not a ping, or `None` if the socket is closed.
    pub async fn frame(&mut self) -> Option<String> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("something comes");
            match next {
                Some(Ok(Message::Text(text))) if text.as_str() == "2" => self.send("3").await,
                Some(Ok(Message::Text(text))) => return Some(text.as_str().to_owned()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// Returns the next text frame that is not a ping, or the code with which the socket is closed.
    pub async fn frame_or_code(&mut self) -> Result<String, Option<u16>> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("something comes");
            match next {
                Some(Ok(Message::Text(text))) if text.as_str() == "2" => self.send("3").await,
                Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
                Some(Ok(Message::Close(frame))) => return Err(frame.map(|frame| frame.code.into())),
                Some(Err(_)) | None => return Err(None),
                Some(Ok(_)) => {}
            }
        }
    }

    /// Reads until the socket is closed, which must happen within a time.
    pub async fn until_closed(&mut self, within: Duration) {
        let closed = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Text(text))) if text.as_str() == "2" => self.send("3").await,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                    Some(Ok(_)) => {}
                }
            }
        };
        tokio::time::timeout(within, closed).await.expect("the socket is closed");
    }

    /// Returns the close code, once the socket is closed.
    pub async fn close_code(&mut self) -> Option<u16> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("something comes");
            match next {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    pub async fn emit(&mut self, event: &str, payload: &Value) {
        self.send(&format!("42{}{}", self.namespace, serde_json::json!([event, payload]))).await;
    }

    /// Emits an event, and waits for its acknowledgement.
    pub async fn call(&mut self, event: &str, payload: &Value) -> Value {
        let id = self.ask(event, payload).await;
        self.acked(id).await
    }

    /// Emits an event that asks for an acknowledgement, and returns the id of that.
    pub async fn ask(&mut self, event: &str, payload: &Value) -> u64 {
        self.next_ack += 1;
        let packet = serde_json::json!([event, payload]);
        self.send(&format!("42{}{}{packet}", self.namespace, self.next_ack)).await;
        self.next_ack
    }

    /// Emits an event with bytes where the payload has `{"_placeholder":true,"num":0}`, and waits for the
    /// acknowledgement.
    pub async fn call_binary(&mut self, event: &str, payload: &Value, bytes: &'static [u8]) -> Value {
        self.next_ack += 1;
        let packet = serde_json::json!([event, payload]);
        self.send(&format!("451-{}{}{packet}", self.namespace, self.next_ack)).await;
        self.send_message(Message::binary(bytes)).await;
        self.acked(self.next_ack).await
    }

    /// Waits for one acknowledgement. Events that arrive first are kept.
    pub async fn acked(&mut self, id: u64) -> Value {
        loop {
            if let Some(ack) = self.acks.remove(&id) {
                return ack;
            }
            let frame = self.frame().await.expect("an acknowledgement, not the end");
            self.keep(&frame);
        }
    }

    fn keep(&mut self, frame: &str) {
        self.packets.push(frame.to_owned());
        if let Some(rest) = frame.strip_prefix(&format!("43{}", self.namespace)) {
            let (id, args) = rest.split_at(rest.find('[').expect("arguments"));
            let mut args: Vec<Value> = serde_json::from_str(args).expect("JSON");
            let twice = self.acks.insert(id.parse().expect("an id"), args.remove(0));
            assert!(twice.is_none(), "acknowledged twice: {frame}");
            return;
        }
        let rest = frame.strip_prefix(&format!("42{}", self.namespace)).unwrap_or_else(|| panic!("no event: {frame}"));
        let parts: Vec<Value> = serde_json::from_str(rest).expect("JSON");
        let name = parts[0].as_str().expect("a name").to_owned();
        self.offset = parts.get(2).cloned().or_else(|| self.offset.take());
        self.events.push_back((name, parts.get(1).cloned().unwrap_or_default()));
    }

    /// Returns the next event.
    pub async fn event(&mut self) -> (String, Value) {
        if let Some(event) = self.events.pop_front() {
            return event;
        }
        loop {
            let frame = self.frame().await.expect("an event, not the end");
            self.keep(&frame);
            if let Some(event) = self.events.pop_front() {
                return event;
            }
        }
    }

    /// Returns the text of the next message of the dialect `chat`, with the offset behind it, by which the connection is
    /// resumed. Events before it are dropped.
    pub async fn next_message(&mut self) -> (String, Option<Value>) {
        let message = self.next("message:new").await;
        (message["content"].as_str().expect("text").to_owned(), self.offset.clone())
    }

    /// Returns the next event of that name. Others before it are dropped.
    pub async fn next(&mut self, name: &str) -> Value {
        loop {
            let (found, payload) = self.event().await;
            if found == name {
                return payload;
            }
        }
    }
}
