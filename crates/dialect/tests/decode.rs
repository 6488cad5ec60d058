//! Every event that clients send is decoded by the decoder of its own row.

mod samples;

use quintet_dialect::catalogue::events;
use quintet_dialect::{Dialect, decode};
use quintet_domain::{Command, LocalCommand, Mute, Reading, Target, UserId, WriteCommand};
use samples::payload;
use serde_json::value::RawValue;

fn target(target: &Target) -> String {
    match target {
        Target::Conversation(id) => format!("in {id}"),
        Target::Direct(user) => format!("with {user}"),
    }
}

fn description(command: &Command) -> String {
    match command {
        Command::Write(WriteCommand::Send(text)) => format!("send {:?} {}", text.content, target(&text.target)),
        Command::Write(WriteCommand::Edit { message, content, .. }) => format!("edit {message} to {content:?}"),
        Command::Write(WriteCommand::Delete { message }) => format!("delete {message}"),
        Command::Write(WriteCommand::React { message, emoji, active: true }) => format!("react {emoji} to {message}"),
        Command::Write(WriteCommand::React { message, emoji, .. }) => format!("take {emoji} back from {message}"),
        Command::Write(WriteCommand::Pin { message, pinned }) => format!("pin {message}: {pinned}"),
        Command::Write(WriteCommand::Read(Reading::Messages { conversation, messages })) => {
            format!("read {} in {}", messages.len(), conversation.as_ref().map_or("any", |id| id.as_str()))
        }
        Command::Write(WriteCommand::Read(Reading::Everything(at))) => format!("read all {}", target(at)),
        Command::Write(WriteCommand::Deliver(Reading::Messages { conversation, messages })) => {
            format!("deliver {} in {}", messages.len(), conversation.as_ref().map_or("any", |id| id.as_str()))
        }
        Command::Write(WriteCommand::Deliver(Reading::Everything(at))) => format!("deliver all {}", target(at)),
        Command::Write(WriteCommand::Configure { target: at, change }) => {
            let muted = match change.muted {
                None => "",
                Some(None) => " heard",
                Some(Some(Mute::ForGood)) => " muted",
                Some(Some(Mute::Until(_))) => " muted for a while",
            };
            let flag = |name: &str, flag| match flag {
                None => String::new(),
                Some(true) => format!(" {name}"),
                Some(false) => format!(" not {name}"),
            };
            let notify = change.notify.map_or(String::new(), |notify| format!(" notify {}", notify.as_str()));
            let marked = flag("unread", change.marked_unread);
            let flags = flag("pinned", change.pinned) + &flag("archived", change.archived);
            format!("configure {}{muted}{flags}{notify}{marked}", target(at))
        }
        Command::Write(WriteCommand::Block { user, blocked }) => format!("block {user}: {blocked}"),
        Command::Write(WriteCommand::Report { message, reason }) => format!("report {message}: {reason}"),
        Command::Write(WriteCommand::Join { conversation, profile, .. }) => {
            format!("join {conversation} as {}", profile.username.as_deref().unwrap_or("oneself"))
        }
        Command::Write(WriteCommand::Leave { conversation }) => format!("leave {conversation}"),
        Command::Write(WriteCommand::CreateRoom { name, .. }) => format!("create {name:?}"),
        Command::Local(LocalCommand::Typing { target: at, typing }) => format!("typing {typing} {}", target(at)),
        Command::Local(LocalCommand::Listen { conversations }) => {
            format!("listen to {}", conversations.as_ref().map_or("all".to_owned(), |ids| ids.len().to_string()))
        }
        Command::Local(LocalCommand::Mute { conversation }) => format!("mute {conversation}"),
        Command::Local(LocalCommand::Identify) => "identify".to_owned(),
        Command::Upload { conversation, name, attachment } => format!("upload {name:?} {attachment} to {conversation}"),
        Command::Authenticate { token } => format!("authenticate by {token:?}"),
    }
}

const EXPECTED: &str = "\
meetup connect: identify, claims a-userId
meetup sendMessage: send \"text of message\" in a-chatId, claims a-senderId
meetup userTyping: typing true in a-chatId, claims a-userId
meetup userStoppedTyping: typing false in a-chatId, claims a-userId
meetup editMessage: edit a-messageId to \"text of message\"
meetup deleteMessage: delete a-messageId
meetup markRead: read 2 in a-chatId
meetup addReaction: react 👍 to a-messageId
meetup removeReaction: take 👍 back from a-messageId
meetup pinMessage: pin a-messageId: true
meetup unpinMessage: pin a-messageId: false
meetup markDelivered: deliver 2 in a-chatId
meetup updateSettings: configure in a-chatId muted for a while unread
meetup blockUser: block a-userId: true
meetup unblockUser: block a-userId: false
meetup reportMessage: report a-messageId: text of reason
meetup authenticate: authenticate by \"text of token\"
messenger privateMessage: send \"text of content\" with a-recipientId
messenger joinGroup: join a-groupId as oneself
messenger leaveGroup: leave a-groupId
messenger groupMessage: send \"text of content\" in a-groupId
messenger updateMessage: edit a-messageId to \"text of content\"
messenger removeMessage: delete a-messageId
messenger readMessages: read 2 in any
messenger deliverMessages: deliver 2 in any
messenger startTyping: typing true with a-recipientId
messenger stopTyping: typing false with a-recipientId
messenger reactMessage: react 👍 to a-messageId
messenger unreactMessage: take 👍 back from a-messageId
messenger setMessagePin: pin a-messageId: true
messenger setPreferences: configure with a-recipientId muted for a while unread
messenger blockContact: block a-userId: true
messenger unblockContact: block a-userId: false
messenger submitReport: report a-messageId: text of reason
messenger authenticate: authenticate by \"text of token\"
rooms create_room: create \"text of name\", claims a-userId
rooms join_room: join a-roomId as text of username, claims a-userId
rooms send_message: send \"text of content\" in a-roomId, claims a-userId
rooms typing: typing true in a-roomId, claims a-userId
rooms leave_room: leave a-roomId, claims a-userId
rooms update_message: edit a-messageId to \"text of content\"
rooms remove_message: delete a-messageId
rooms read_messages: read 2 in a-roomId
rooms react_message: react 👍 to a-messageId
rooms unreact_message: take 👍 back from a-messageId
rooms pin_message: pin a-messageId: true
rooms unpin_message: pin a-messageId: false
rooms deliver_messages: deliver 2 in a-roomId
rooms update_room_settings: configure in a-roomId muted for a while unread
rooms block_user: block a-userId: true
rooms unblock_user: block a-userId: false
rooms report_message: report a-messageId: text of reason
rooms authenticate: authenticate by \"text of token\"
conversations join_conversations: listen to 2
conversations send_message: send \"text of content\" in a-conversationId
conversations typing: typing true in a-conversationId
conversations mark_read: read 2 in a-conversationId
conversations edit_message: edit a-messageId to \"text of newContent\"
conversations delete_message: delete a-messageId
conversations upload_file: upload \"text of fileName\" 0 to a-conversationId
conversations add_reaction: react 👍 to a-messageId
conversations remove_reaction: take 👍 back from a-messageId
conversations set_message_pin: pin a-messageId: true
conversations mark_delivered: deliver 2 in a-conversationId
conversations update_conversation_settings: configure in a-conversationId muted for a while unread
conversations set_block: block a-userId: true
conversations submit_report: report a-messageId: text of reason
conversations authenticate: authenticate by \"text of token\"
chat chat:join: join a-chatId as oneself
chat chat:leave: mute a-chatId
chat message:send: send \"text of content\" in a-chatId
chat message:read: read 3 in a-chatId
chat typing:start: typing true in a-chatId
chat typing:stop: typing false in a-chatId
chat message:edit: edit a-messageId to \"text of content\"
chat message:delete: delete a-messageId
chat message:react: react 👍 to a-messageId
chat message:unreact: take 👍 back from a-messageId
chat message:pin: pin a-messageId: true
chat message:unpin: pin a-messageId: false
chat message:delivered: deliver 3 in a-chatId
chat chat:configure: configure in a-chatId muted for a while unread
chat user:block: block a-userId: true
chat user:unblock: block a-userId: false
chat message:report: report a-messageId: text of reason
chat authenticate: authenticate by \"text of token\"
";

/// Optional fields that the payloads of the table have.
const MORE: [&str; 7] =
    ["recipientId", "messageIds", "conversationIds", "messageId", "isTyping", "muted", "markedUnread"];

#[test]
fn every_event_of_a_client_becomes_its_command() {
    let mut found = String::new();
    for dialect in Dialect::ALL {
        for spec in events(dialect).iter().filter(|spec| spec.direction.is_to_server()) {
            let text = payload(spec.payload, &MORE).to_string();
            let raw: Box<RawValue> = serde_json::from_str(&text).expect("json");
            let decoded = decode(dialect, spec.name, &[&raw]).expect("a row of the catalogue").expect("well formed");
            let claims: String = decoded.claims.iter().map(|user: &UserId| format!(", claims {user}")).collect();
            found.push_str(&format!("{} {}: {}{claims}\n", dialect.as_str(), spec.name, description(&decoded.command)));
        }
    }
    assert_eq!(found, EXPECTED);
}

#[test]
fn typing_in_both_or_neither_names_the_event() {
    for name in ["startTyping", "stopTyping"] {
        for payload in ["{}", r#"{"recipientId":"a","groupId":"b"}"#] {
            let raw: Box<RawValue> = serde_json::from_str(payload).expect("json");
            let refusal = decode(Dialect::Messenger, name, &[&raw]).expect("known").expect_err("refused");
            assert!(refusal.message.contains(&format!("or `groupId` is needed in {name}, not both")), "{refusal:?}");
        }
    }
}

#[test]
fn settings_are_read_one_by_one() {
    let decoded = |payload: &str| {
        let raw: Box<RawValue> = serde_json::from_str(payload).expect("json");
        let decoded = decode(Dialect::Rooms, "update_room_settings", &[&raw]).expect("known");
        decoded.map(|decoded| description(&decoded.command)).map_err(|refusal| refusal.message)
    };
    for (payload, read) in [
        (r#"{"roomId":"c","muted":true}"#, "configure in c muted"),
        (r#"{"roomId":"c","muted":false,"pinned":true}"#, "configure in c heard pinned"),
        (r#"{"roomId":"c","muted":1700000000000}"#, "configure in c muted for a while"),
        (r#"{"roomId":"c","mutedUntil":"2026-01-01T00:00:00+02:00"}"#, "configure in c muted for a while"),
        (r#"{"roomId":"c","archived":false,"notify":"none"}"#, "configure in c not archived notify none"),
        (r#"{"roomId":"c"}"#, "configure in c"),
        (r#"{"roomId":"c","marked_unread":true,"other":[1]}"#, "configure in c unread"),
    ] {
        assert_eq!(decoded(payload).as_deref(), Ok(read), "{payload}");
    }
    for (payload, refused) in [
        (r#"{"roomId":"c","muted":"tomorrow"}"#, "`muted` must be true, false, or the moment until which it is muted."),
        (r#"{"roomId":"c","muted":[]}"#, "`muted` must be true, false, or the moment until which it is muted."),
        (r#"{"roomId":"c","notify":"some"}"#, "`notify` must be `all`, `mentions` or `none`."),
        (r#"{"roomId":"c","notify":1}"#, "`notify` must be `all`, `mentions` or `none`."),
        (r#"{"roomId":"c","pinned":"yes"}"#, "`pinned` must be true or false."),
    ] {
        assert_eq!(decoded(payload), Err(refused.to_owned()), "{payload}");
    }
    for payload in [r#"{"pinned":true}"#, r#"{"groupId":"c","recipientId":"u","pinned":true}"#] {
        let raw: Box<RawValue> = serde_json::from_str(payload).expect("json");
        let refusal = decode(Dialect::Messenger, "setPreferences", &[&raw]).expect("known").expect_err("refused");
        assert!(refusal.message.contains("`groupId` is needed in setPreferences, not both"), "{refusal:?}");
    }
}

#[test]
fn events_of_the_server_are_not_decoded() {
    for dialect in Dialect::ALL {
        assert_eq!(decode(dialect, "error", &[]), None);
    }
    assert_eq!(decode(Dialect::Chat, "message:new", &[]), None);
}

#[test]
fn without_a_list_everything_is_read() {
    for (dialect, name, payload, read) in [
        (Dialect::Meetup, "markRead", r#"{"chatId":"c"}"#, "read all in c"),
        (Dialect::Meetup, "markRead", r#""c""#, "read all in c"),
        (Dialect::Messenger, "readMessages", r#"{"recipientId":"u"}"#, "read all with u"),
        (Dialect::Messenger, "readMessages", r#"{"groupId":"c"}"#, "read all in c"),
        (Dialect::Messenger, "readMessages", r#"{"messageIds":[]}"#, "read 0 in any"),
        (Dialect::Messenger, "readMessages", r#"{"groupId":"c","messageIds":["m"]}"#, "read 1 in any"),
        (Dialect::Rooms, "read_messages", r#"{"roomId":"c","messageIds":null}"#, "read all in c"),
        (Dialect::Conversations, "mark_read", r#"{"conversationId":"c"}"#, "read all in c"),
        (Dialect::Conversations, "mark_read", r#"{"conversationId":"c","messageIds":[]}"#, "read 0 in c"),
        (Dialect::Conversations, "mark_read", r#"{"conversationId":"c","messageId":"m"}"#, "read 1 in c"),
        (Dialect::Chat, "message:read", r#"{"chatId":"c"}"#, "read all in c"),
        (Dialect::Chat, "message:read", r#"{"chatId":"c","messageIds":[]}"#, "read 0 in c"),
        (Dialect::Chat, "message:read", r#"{"chatId":"c","messageId":"m"}"#, "read 1 in c"),
        (Dialect::Conversations, "join_conversations", "null", "listen to all"),
        (Dialect::Conversations, "join_conversations", "{}", "listen to all"),
        (Dialect::Conversations, "join_conversations", "[]", "listen to 0"),
        (Dialect::Conversations, "join_conversations", r#""c""#, "listen to 1"),
        (Dialect::Conversations, "join_conversations", r#"{"conversations":["c","d"]}"#, "listen to 2"),
    ] {
        let raw: Box<RawValue> = serde_json::from_str(payload).expect("json");
        let decoded = decode(dialect, name, &[&raw]).expect("known").expect("well formed");
        assert_eq!(description(&decoded.command), read, "{name} {payload}");
    }
    let decoded = decode(Dialect::Conversations, "join_conversations", &[]).expect("known").expect("well formed");
    assert_eq!(description(&decoded.command), "listen to all");
    for payload in ["{}", r#"{"groupId":"c","recipientId":"u"}"#] {
        let raw: Box<RawValue> = serde_json::from_str(payload).expect("json");
        let refusal = decode(Dialect::Messenger, "readMessages", &[&raw]).expect("known").expect_err("refused");
        assert!(refusal.message.starts_with("`messageIds` is missing in readMessages"), "{refusal:?}");
    }
}
