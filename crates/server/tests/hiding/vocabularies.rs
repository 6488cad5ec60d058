//! What the users of a world do, in the words of each vocabulary.

use serde_json::{Value, json};

/// The vocabulary of a connection; none while it is undecided.
pub type Vocabulary = Option<usize>;

/// The vocabularies, by the namespaces that decide them.
pub const NAMESPACES: [&str; 5] = ["/meetup", "/messenger", "/rooms", "/conversations", "/chat"];

/// The namespace of a vocabulary.
pub fn namespace(vocabulary: Vocabulary) -> &'static str {
    vocabulary.map_or("/", |number| NAMESPACES[number])
}

/// What a user does in a conversation.
#[derive(Clone, Debug)]
pub enum Act<'a> {
    /// Send a text, or the same one once more.
    Send(&'a str),
    /// Edit a message of one's own.
    Edit(&'a str),
    Read,
    Deliver,
    Type(bool),
    Block(&'a str, bool),
    /// Join, or join again where one is a member.
    Join,
}

/// Where it does, and who it is.
pub struct Place<'a> {
    pub me: &'a str,
    pub conversation: &'a str,
    /// The other user of a direct conversation.
    pub other: Option<&'a str>,
}

/// The event of an act and its payload; none if the vocabulary has none.
pub fn event(vocabulary: usize, act: &Act<'_>, place: &Place<'_>) -> Option<(&'static str, Value)> {
    let Place { me, conversation, other } = *place;
    let edited = "edited";
    let with = |key: &str, fields: Value| {
        let mut all = json!({ key: conversation });
        for (name, value) in fields.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
        all
    };
    // The messenger names the other user of a direct conversation.
    let pair = |fields: Value| {
        let mut all =
            if let Some(other) = other { json!({ "recipientId": other }) } else { json!({ "groupId": conversation }) };
        for (name, value) in fields.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
        all
    };
    Some(match (vocabulary, act) {
        (0, Act::Send(text)) => {
            ("sendMessage", with("chatId", json!({ "senderId": me, "message": text, "clientMessageId": text })))
        }
        (0, Act::Edit(id)) => ("editMessage", json!({ "messageId": id, "message": edited })),
        (0, Act::Read) => ("markRead", with("chatId", json!({}))),
        (0, Act::Deliver) => ("markDelivered", with("chatId", json!({}))),
        (0, Act::Type(true)) => ("userTyping", with("chatId", json!({ "userId": me }))),
        (0, Act::Type(false)) => ("userStoppedTyping", with("chatId", json!({ "userId": me }))),
        (0, Act::Block(user, true)) => ("blockUser", json!({ "userId": user })),
        (0, Act::Block(user, false)) => ("unblockUser", json!({ "userId": user })),
        (1, Act::Send(text)) if other.is_some() => {
            ("privateMessage", pair(json!({ "content": text, "clientMessageId": text })))
        }
        (1, Act::Send(text)) => ("groupMessage", pair(json!({ "content": text, "clientMessageId": text }))),
        (1, Act::Edit(id)) => ("updateMessage", json!({ "messageId": id, "content": edited })),
        (1, Act::Read) => ("readMessages", pair(json!({}))),
        (1, Act::Deliver) => ("deliverMessages", pair(json!({}))),
        (1, Act::Type(true)) => ("startTyping", pair(json!({}))),
        (1, Act::Type(false)) => ("stopTyping", pair(json!({}))),
        (1, Act::Block(user, true)) => ("blockContact", json!({ "userId": user })),
        (1, Act::Block(user, false)) => ("unblockContact", json!({ "userId": user })),
        (1, Act::Join) => ("joinGroup", json!({ "groupId": conversation })),
        (2, Act::Send(text)) => {
            ("send_message", with("roomId", json!({ "userId": me, "content": text, "clientMessageId": text })))
        }
        (2, Act::Edit(id)) => ("update_message", json!({ "messageId": id, "content": edited })),
        (2, Act::Read) => ("read_messages", with("roomId", json!({}))),
        (2, Act::Deliver) => ("deliver_messages", with("roomId", json!({}))),
        (2, Act::Type(on)) => ("typing", with("roomId", json!({ "userId": me, "isTyping": on }))),
        (2, Act::Block(user, true)) => ("block_user", json!({ "userId": user })),
        (2, Act::Block(user, false)) => ("unblock_user", json!({ "userId": user })),
        (2, Act::Join) => ("join_room", with("roomId", json!({ "userId": me }))),
        (3, Act::Send(text)) => {
            ("send_message", with("conversationId", json!({ "content": text, "clientMessageId": text })))
        }
        (3, Act::Edit(id)) => ("edit_message", json!({ "messageId": id, "newContent": edited })),
        (3, Act::Read) => ("mark_read", with("conversationId", json!({}))),
        (3, Act::Deliver) => ("mark_delivered", with("conversationId", json!({}))),
        (3, Act::Type(on)) => ("typing", with("conversationId", json!({ "isTyping": on }))),
        (3, Act::Block(user, on)) => ("set_block", json!({ "userId": user, "blocked": on })),
        (4, Act::Send(text)) => ("message:send", with("chatId", json!({ "content": text, "clientMessageId": text }))),
        (4, Act::Edit(id)) => ("message:edit", json!({ "messageId": id, "content": edited })),
        (4, Act::Read) => ("message:read", with("chatId", json!({}))),
        (4, Act::Deliver) => ("message:delivered", with("chatId", json!({}))),
        (4, Act::Type(true)) => ("typing:start", with("chatId", json!({}))),
        (4, Act::Type(false)) => ("typing:stop", with("chatId", json!({}))),
        (4, Act::Block(user, true)) => ("user:block", json!({ "userId": user })),
        (4, Act::Block(user, false)) => ("user:unblock", json!({ "userId": user })),
        (4, Act::Join) => ("chat:join", with("chatId", json!({}))),
        _ => return None,
    })
}

/// The id of the message in an acknowledgement, or in an answer over HTTP.
pub fn message_id(answer: &Value) -> Option<String> {
    let object = if answer["message"].is_object() { &answer["message"] } else { answer };
    ["messageId", "id", "_id"].iter().find_map(|name| object[*name].as_str()).map(str::to_owned)
}

/// Whether an acknowledgement says that an event was carried out.
pub fn is_done(ack: &Value) -> bool {
    ack["success"] == true || ack["ok"] == true || (ack["status"].is_string() && ack["status"] != "error")
}
