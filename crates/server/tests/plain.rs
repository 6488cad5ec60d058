//! The dialects over a plain WebSocket.

use std::net::SocketAddr;

use crate::support::Server;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

struct Plain(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Plain {
    async fn connect(address: SocketAddr, query: &str) -> Self {
        Self(connect_async(format!("ws://{address}/ws?{query}")).await.expect("a WebSocket").0)
    }

    async fn say(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.expect("sent");
    }

    async fn hear(&mut self) -> Value {
        loop {
            match self.0.next().await.expect("a frame").expect("no error") {
                Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                Message::Close(frame) => panic!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Message::Close(Some(frame)) = self.0.next().await.expect("a frame").expect("no error") {
                return (frame.code.into(), frame.reason.as_str().to_owned());
            }
        }
    }
}

#[tokio::test]
async fn events_and_acknowledgements_as_json() {
    let server = Server::start();
    let http = server.http();
    let (alice, bob) = (http.register("alice").await, http.register("bob").await);
    let mut a = Plain::connect(server.address(), &format!("token={}&dialect=messenger", alice.1)).await;
    assert_eq!(a.hear().await, json!({ "event": "onlineUsers", "data": [alice.0] }));
    let mut b = Plain::connect(server.address(), &format!("token={}&dialect=chat", bob.1)).await;
    assert_eq!(b.hear().await["event"], "users:online");
    assert_eq!(a.hear().await, json!({ "event": "userOnline", "data": bob.0 }));
    a.say(json!({ "event": "privateMessage", "data": { "recipientId": bob.0, "content": "hi" }, "id": 7 })).await;
    let ack = a.hear().await;
    assert_eq!((&ack["ack"], &ack["data"]["success"]), (&json!(7), &json!(true)));
    assert_eq!(a.hear().await["event"], "messageSent");
    assert_eq!(b.hear().await["event"], "chat:created");
    let received = b.hear().await;
    assert_eq!((&received["event"], &received["data"]["content"]), (&json!("message:new"), &json!("hi")));

    // An invalid frame is answered with an error, and the connection continues.
    for bad in ["nonsense", "[]", "{\"data\":1}"] {
        b.0.send(Message::text(bad)).await.expect("sent");
        let error = b.hear().await;
        assert_eq!((&error["event"], &error["data"]["code"]), (&json!("error"), &json!("ERR_INVALID_PAYLOAD")));
    }
    b.0.send(Message::binary(vec![1])).await.expect("sent");
    assert_eq!(b.hear().await["data"]["code"], "ERR_INVALID_PAYLOAD");
    b.say(json!({ "event": "nonsense", "id": 1 })).await;
    assert_eq!(b.hear().await["data"]["success"], false);
    // A WebSocket ping is answered.
    b.0.send(Message::Ping(vec![1, 2].into())).await.expect("sent");
    assert!(matches!(b.0.next().await, Some(Ok(Message::Pong(payload))) if payload[..] == [1, 2]));
}

#[tokio::test]
async fn the_connect_frame_of_the_meetup_document() {
    let server = Server::with().listen(&["0", "0=meetup,trust"]).run();
    let (id, _) = server.http().register("alice").await;
    let mut plain = Plain::connect(server.addresses[1], "").await;
    plain.say(json!({ "event": "connect", "data": { "userId": id } })).await;
    assert_eq!(plain.hear().await, json!({ "event": "connected", "data": { "status": "connected", "userId": id } }));
    assert_eq!(plain.hear().await, json!({ "event": "presenceList", "data": [id] }));
    assert_eq!(plain.hear().await, json!({ "event": "connect", "data": { "status": "connected", "userId": id } }));
    let mut guest = Plain::connect(server.address(), "dialect=meetup").await;
    guest.say(json!({ "event": "connect", "data": { "userId": "g-1" }, "id": 1 })).await;
    assert_eq!(guest.hear().await["event"], "connected");
    assert_eq!(guest.hear().await, json!({ "ack": 1, "data": { "status": "connected", "userId": "g-1" } }));
    guest.say(json!({ "event": "connect", "data": { "userId": id }, "id": 2 })).await;
    assert_eq!(guest.hear().await["data"]["code"], "ERR_FORBIDDEN");
}

#[tokio::test]
async fn a_refusal_closes_with_4401() {
    let server = Server::start();
    for query in ["dialect=chat", "dialect=messenger&token=bad", "dialect=irc"] {
        let mut plain = Plain::connect(server.address(), query).await;
        let (code, reason) = plain.closed().await;
        assert_eq!(code, 4401, "{query}: {reason}");
        assert!(!reason.is_empty());
    }
    let token = server.http().register("alice").await.1;
    let mut plain = Plain::connect(server.address(), &format!("dialect=chat&token={token}")).await;
    server.http().api(&token, "POST", "/auth/revoke", Value::Null).await.expect(204);
    assert_eq!(plain.closed().await.0, 4401);
}

#[tokio::test]
async fn a_service_listens_and_goes_on_where_it_left_off() {
    let server = Server::start();
    let http = server.http();
    let alice = http.register("alice").await;
    let (_, shop) = server.run(&["key", "add", "shop"]);
    let mut ear = Plain::connect(server.address(), &format!("dialect=services&token={shop}")).await;
    // An answered ping shows that it is accepted, so that it hears what follows.
    ear.0.send(Message::Ping(vec![1].into())).await.expect("sent");
    assert!(matches!(ear.0.next().await, Some(Ok(Message::Pong(_)))));
    http.group(&alice.1, &[]).await;
    let first = ear.hear().await;
    assert_eq!(
        (&first["event"], &first["data"]["type"]),
        (&json!("conversation.created"), &json!("conversation.created"))
    );
    let position = &first["data"]["position"];
    drop(ear);
    let second = http.group(&alice.1, &[]).await;
    let query = format!("dialect=services&token={shop}&after={position}");
    let mut back = Plain::connect(server.address(), &query).await;
    let told = back.hear().await;
    assert_eq!(told["data"]["data"]["conversation"]["id"], second, "{told}");
    let mut refused = Plain::connect(server.address(), &format!("dialect=services&token={}", alice.1)).await;
    let (code, reason) = refused.closed().await;
    assert!(code == 4401 && reason.contains("only the key of a service opens this"), "{code} {reason}");
}
