//! A dialect as an AsyncAPI 3.1 document, from the side of the server: it sends some messages, and receives others, which it
//! acknowledges.
//!
//! What must stay true: every reference leads to a part of the same document.

use serde_json::{Map, Value, json};

use super::names::type_name;
use super::parts::{Sender, specs};
use super::schemas::Schemas;
use crate::dialect::Dialect;

/// The name of the channel that all events go through.
const CHANNEL: &str = "events";

/// Returns the AsyncAPI document of a dialect. An event that the server sends is the message `NameEvent`; one that clients
/// send is `NameRequest`, and `NameAcknowledgement` is its reply.
pub(super) fn async_api(dialect: Dialect) -> String {
    let name = dialect.as_str();
    let schemas = Schemas { root: "#/components/schemas/" };
    let mut parts = Parts::default();
    for spec in specs(dialect, Sender::Server) {
        let (id, payload) = (type_name(spec.name), schemas.payload(Sender::Server, spec.payload));
        let message =
            parts.message(format!("{id}Event"), spec.name, &format!("The server sends `{}`.", spec.name), payload);
        let operation = json!({ "action": "send", "channel": channel(), "messages": [message] });
        parts.operations.insert(format!("send{id}"), operation);
    }
    for spec in specs(dialect, Sender::Client) {
        let (id, payload) = (type_name(spec.name), schemas.payload(Sender::Client, spec.payload));
        let said = format!("A client sends `{}`.", spec.name);
        let message = parts.message(format!("{id}Request"), spec.name, &said, payload);
        let said = format!("The acknowledgement of `{}`, for clients that ask for one.", spec.name);
        let answer = schemas.acknowledgement(dialect, spec);
        let reply = parts.message(format!("{id}Acknowledgement"), spec.name, &said, answer);
        let operation = json!({
            "action": "receive",
            "channel": channel(),
            "messages": [message],
            "reply": { "channel": channel(), "messages": [reply] },
        });
        parts.operations.insert(format!("receive{id}"), operation);
    }
    let document = json!({
        "asyncapi": "3.1.0",
        "info": {
            "title": format!("The dialect `{name}` of Quintet"),
            "version": env!("CARGO_PKG_VERSION"),
            "description": format!(
                "The events of a Socket.IO connection that speaks `{name}`, in JSON. The channel is a namespace; `auth.dialect` or \
                 `?dialect={name}` chooses the same in the default namespace."
            ),
            "license": { "name": "Apache-2.0 OR MIT" },
        },
        "defaultContentType": "application/json",
        "servers": { "quintet": server() },
        "channels": { CHANNEL: {
            "address": format!("/{name}"),
            "title": format!("The namespace `/{name}`"),
            "servers": [{ "$ref": "#/servers/quintet" }],
            "messages": parts.in_channel,
        } },
        "operations": parts.operations,
        "components": {
            "messages": parts.messages,
            "schemas": schemas.definitions(dialect),
            "securitySchemes": { "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "A token, which clients of Socket.IO send as `auth.token` instead. Guests need none.",
            } },
        },
    });
    format!("{document:#}\n")
}

/// The parts of a document that grow with its events.
#[derive(Default)]
struct Parts {
    messages: Map<String, Value>,
    in_channel: Map<String, Value>,
    operations: Map<String, Value>,
}

impl Parts {
    /// Adds a message, and returns the reference to it by which operations name it.
    fn message(&mut self, id: String, name: &str, summary: &str, payload: Value) -> Value {
        self.in_channel.insert(id.clone(), json!({ "$ref": format!("#/components/messages/{id}") }));
        let reference = json!({ "$ref": format!("#/channels/{CHANNEL}/messages/{id}") });
        self.messages.insert(id, json!({ "name": name, "summary": summary, "payload": payload }));
        reference
    }
}

/// The reference to the channel.
fn channel() -> Value {
    json!({ "$ref": format!("#/channels/{CHANNEL}") })
}

/// Where clients connect to. The document is the same on every server, so that the address is a variable.
fn server() -> Value {
    json!({
        "host": "{host}",
        "pathname": "/socket.io/",
        "protocol": "ws",
        "description": "Socket.IO, protocol 5 over Engine.IO 4.",
        "variables": { "host": { "description": "The server's address.", "default": "127.0.0.1:3000" } },
        "security": [{ "$ref": "#/components/securitySchemes/token" }],
    })
}
