//! What existing clients are answered, field by field: for the document. The handlers write their answers as the
//! vocabularies do, freely; here stands what each of them holds at least, and the tests hold the answers against it.
//!
//! A shape is its fields: `name:kind`, with `?` behind what may be null and `~` before what may be left out; a kind is
//! `text`, `time`, `number`, `flag`, another shape, or a list of one in brackets.

use std::collections::BTreeMap;

use quintet_dialect::Dialect;
use utoipa::openapi::path::Operation;
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{
    AnyOfBuilder, ArrayBuilder, KnownFormat, ObjectBuilder, OneOfBuilder, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, Schema};

use super::failure;

/// Shapes that have a name.
const SHAPES: &[(&str, &str)] = &[
    ("MeetupFailure", "message:text error:text code:text ~retryAfterMs:number"),
    ("MessengerFailure", "message:text code:text ~errors:[FieldFailure] ~retryAfterMs:number"),
    ("RoomsFailure", "ok:flag message:text code:text ~retryAfterMs:number"),
    ("ConversationsFailure", "success:flag message:text code:text ~errors:[FieldFailure] ~retryAfterMs:number"),
    ("ChatFailure", "error:text message:text code:text ~retryAfterMs:number"),
    ("AnyFailure", "message:text code:text ~success:flag ~error:text ~errors:[FieldFailure] ~retryAfterMs:number"),
    ("FieldFailure", "msg:text"),
    (
        "Broadcast",
        "_id:text userId:text date:text time:text location:text activity:text requests:[text] expiresAt:time \
         __v:number chatId:text",
    ),
    ("MessengerPerson", "_id:text firstName:text lastName:text ~email:text ~guest:flag"),
    (
        "MessengerAccount",
        "id:text _id:text firstName:text lastName:text email:text? country:text? avatar:text? role:text createdAt:time",
    ),
    ("MessengerAuthor", "_id:text id:text username:text firstName:text lastName:text avatar:text? ~guest:flag"),
    (
        "MessengerMessage",
        "_id:text id:text sender:MessengerAuthor recipient:text? group:text? content:text isRead:flag createdAt:time \
         updatedAt:time type:text sequence:number ~fileUrl:text ~fileName:text?",
    ),
    (
        "MessengerGroup",
        "_id:text name:text? description:text creator:text? memberCount:number isMember:flag createdAt:time \
         ~members:[MessengerPerson]",
    ),
    ("RoomsAuthor", "id:text username:text avatar:text? ~guest:flag"),
    (
        "RoomsMessage",
        "id:text roomId:text content:text type:text userId:text user:RoomsAuthor createdAt:time sequence:number \
         ~editedAt:time ~deleted:flag ~fileUrl:text ~fileName:text?",
    ),
    (
        "ConversationsUser",
        "_id:text id:text username:text avatar:text? status:text lastSeen:time createdAt:time ~email:text ~guest:flag",
    ),
    ("ConversationsAuthor", "_id:text id:text username:text avatar:text? ~guest:flag"),
    ("ConversationsReader", "user:text readAt:time"),
    (
        "ConversationsMessage",
        "_id:text id:text conversationId:text sender:ConversationsAuthor content:text type:text fileUrl:text? \
         fileName:text? status:text edited:flag deleted:flag readBy:[ConversationsReader] createdAt:time \
         sequence:number ~editedAt:time",
    ),
    (
        "ConversationsConversation",
        "_id:text id:text type:text name:text? participants:[ConversationsUser] lastMessage:ConversationsMessage? \
         unreadCount:number createdAt:time updatedAt:time",
    ),
    ("ConversationsPagination", "page:number limit:number total:number pages:number"),
    ("ChatUser", "id:text username:text avatar_url:text? status:text ~email:text? ~created_at:time ~guest:flag"),
    (
        "ChatParticipant",
        "id:text username:text email:text avatar_url:text? status:text joined_at:time last_read_at:time? ~guest:flag",
    ),
    (
        "ChatMessage",
        "id:text chat_id:text chatId:text sender_id:text content:text message_type:text is_edited:flag is_deleted:flag \
         created_at:time updated_at:time sender:ChatUser sequence:number ~fileUrl:text ~fileName:text?",
    ),
    (
        "Chat",
        "id:text name:text? type:text created_by:text? created_at:time updated_at:time last_read_at:time? \
         unread_count:number last_message:ChatMessage? participants:[ChatParticipant]",
    ),
    (
        "AnyAccount",
        "_id:text id:text username:text email:text? avatar:text? avatar_url:text? status:text lastSeen:time \
         createdAt:time created_at:time firstName:text lastName:text role:text",
    ),
    (
        "AnyUser",
        "id:text username:text status:text ~_id:text ~avatar:text? ~avatar_url:text? ~lastSeen:time ~createdAt:time \
         ~created_at:time ~email:text",
    ),
];

/// What each operation answers when it goes well.
const ANSWERS: &[(&str, &str)] = &[
    ("meetup_register", "message:text userId:text token:text"),
    ("meetup_log_in", "token:text userId:text"),
    ("meetup_list", "[Broadcast]"),
    ("meetup_propose", "Broadcast"),
    ("meetup_join", "message:text broadcastId:text"),
    ("meetup_join_broadcast", "message:text broadcastId:text"),
    ("meetup_join_at_root", "message:text broadcastId:text"),
    ("messenger_sign_up", "message:text userId:text"),
    ("messenger_log_in", "message:text token:text user:MessengerAccount"),
    ("messenger_list_users", "[MessengerPerson]"),
    ("messenger_profile", "MessengerAccount"),
    ("messenger_change_profile", "message:text user:MessengerAccount"),
    ("messenger_change_password", "message:text token:text"),
    ("messenger_direct_messages", "[MessengerMessage]"),
    ("messenger_say_direct", "MessengerMessage"),
    ("messenger_list_groups", "[MessengerGroup]"),
    ("messenger_create_group", "message:text group:MessengerGroup"),
    ("messenger_one_group", "MessengerGroup"),
    ("messenger_join", "message:text"),
    ("messenger_leave", "message:text"),
    ("messenger_group_messages", "[MessengerMessage]"),
    ("messenger_say_in_group", "MessengerMessage"),
    ("rooms_history", "roomId:text messages:[RoomsMessage]"),
    ("rooms_history_at_root", "roomId:text messages:[RoomsMessage]"),
    ("conversations_register", "success:flag token:text user:ConversationsUser"),
    ("conversations_log_in", "success:flag token:text user:ConversationsUser"),
    ("conversations_me", "success:flag user:ConversationsUser"),
    ("conversations_list_users", "success:flag count:number users:[ConversationsUser]"),
    ("conversations_search", "success:flag count:number users:[ConversationsUser]"),
    ("conversations_change_profile", "success:flag user:ConversationsUser"),
    ("conversations_list", "success:flag count:number conversations:[ConversationsConversation]"),
    ("conversations_open", "success:flag conversation:ConversationsConversation existed:flag"),
    ("conversations_one", "success:flag conversation:ConversationsConversation"),
    ("conversations_delete", "success:flag message:text"),
    ("conversations_history", "success:flag messages:[ConversationsMessage] pagination:ConversationsPagination"),
    ("conversations_say", "success:flag message:ConversationsMessage"),
    ("conversations_edit", "success:flag message:ConversationsMessage"),
    ("conversations_delete_message", "success:flag message:text"),
    ("chat_register", "message:text user:ChatUser token:text"),
    ("chat_log_in", "message:text user:ChatUser token:text"),
    ("chat_me", "user:ChatUser"),
    ("chat_search", "users:[ChatUser] count:number"),
    ("chat_one_user", "user:ChatUser"),
    ("chat_list", "chats:[Chat] count:number"),
    ("chat_create", "message:text data:Chat"),
    ("chat_one", "Chat"),
    ("chat_rename", "message:text data:Chat"),
    ("chat_delete_chat", "message:text"),
    ("chat_add", "message:text data:Chat"),
    ("chat_remove", "message:text"),
    ("chat_history", "messages:[ChatMessage] count:number"),
    ("chat_say", "message:text data:ChatMessage"),
    ("chat_edit", "message:text data:ChatMessage"),
    ("chat_delete_message", "message:text"),
    ("chat_read", "message:text"),
    ("any_register", "message:text token:text userId:text ~success:flag ~user:AnyAccount"),
    ("any_log_in", "success:flag message:text token:text userId:text user:AnyAccount"),
    ("any_me", "success:flag user:AnyAccount"),
    ("any_search", "count:number users:[AnyUser]"),
    ("any_edit", "~success:flag ~data:ChatMessage"),
];

fn kind(kind: &str, is_nullable: bool) -> RefOr<Schema> {
    if let Some(item) = kind.strip_prefix('[').and_then(|kind| kind.strip_suffix(']')) {
        return ArrayBuilder::new().items(self::kind(item, false)).into();
    }
    let (simple, format) = match kind {
        "text" => (Type::String, None),
        "time" => (Type::String, Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))),
        "number" => (Type::Integer, None),
        "flag" => (Type::Boolean, None),
        named => {
            let named = Ref::from_schema_name(named);
            if !is_nullable {
                return named.into();
            }
            let null = ObjectBuilder::new().schema_type(Type::Null);
            return Schema::OneOf(OneOfBuilder::new().item(named).item(null).build()).into();
        }
    };
    let simple = if is_nullable { SchemaType::from_iter([simple, Type::Null]) } else { simple.into() };
    ObjectBuilder::new().schema_type(simple).format(format).into()
}

/// A shape as the document has it.
fn shape(text: &str) -> RefOr<Schema> {
    if !text.contains(':') {
        return kind(text, false);
    }
    let mut object = ObjectBuilder::new();
    for field in text.split_whitespace() {
        let (name, of) = field.split_once(':').unwrap_or((field, "text"));
        let (name, is_optional) = name.strip_prefix('~').map_or((name, false), |name| (name, true));
        let (of, is_nullable) = of.strip_suffix('?').map_or((of, false), |of| (of, true));
        object = object.property(name, kind(of, is_nullable));
        if !is_optional {
            object = object.required(name);
        }
    }
    object.into()
}

/// What an operation answers when it goes well.
fn answer(id: &str) -> Option<RefOr<Schema>> {
    ANSWERS.iter().find(|(known, _)| *known == id).map(|(_, answer)| shape(answer))
}

/// The body of an answer.
fn json(response: &mut Response, schema: impl Into<RefOr<Schema>>) {
    let content = ContentBuilder::new().schema(Some(schema)).build();
    response.content.insert("application/json".to_owned(), content.into());
}

/// The dialect whose clients call an operation; none within where any may. None where it is of the own API.
fn clients(id: &str) -> Option<Option<Dialect>> {
    let dialect = id.split_once('_')?.0;
    if dialect == "any" { Some(None) } else { Dialect::parse(dialect).map(Some) }
}

/// Completes an operation that existing clients call: what it answers, and how it fails. Says whether it is one.
pub(crate) fn complete(operation: &mut Operation) -> bool {
    let Some(id) = operation.operation_id.clone() else { return false };
    let Some(dialect) = clients(&id) else { return false };
    if let Some(answer) = answer(&id) {
        for response in operation.responses.responses.values_mut() {
            if let RefOr::T(response) = response {
                json(response, answer.clone());
            }
        }
    }
    let failure = match dialect {
        Some(Dialect::Meetup) => "MeetupFailure",
        Some(Dialect::Messenger) => "MessengerFailure",
        Some(Dialect::Rooms) => "RoomsFailure",
        Some(Dialect::Conversations) => "ConversationsFailure",
        Some(Dialect::Chat) => "ChatFailure",
        None => "AnyFailure",
    };
    for status in failure::statuses(dialect) {
        let words = status.canonical_reason().unwrap_or("A failure");
        let mut response = Response::new(words);
        json(&mut response, Ref::from_schema_name(failure));
        operation.responses.responses.insert(status.as_str().to_owned(), RefOr::T(response));
    }
    true
}

/// What each dialect's clients call: the dialect, the method, and the path behind `/DIALECT/api/`.
pub(super) fn calls(document: &OpenApi) -> impl Iterator<Item = (Dialect, &'static str, &str, &Operation)> {
    document.paths.paths.iter().flat_map(|(path, item)| {
        let of_dialect = path.strip_prefix('/').and_then(|path| path.split_once("/api/"));
        let of_dialect = of_dialect.and_then(|(dialect, path)| Some((Dialect::parse(dialect)?, path)));
        let methods = [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put), ("DELETE", &item.delete)];
        let has = methods.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)));
        of_dialect.into_iter().flat_map(move |(dialect, path)| {
            has.clone().map(move |(method, operation)| (dialect, method, path, operation))
        })
    })
}

/// Adds every call a second time, as it stands under `/api`: there it goes to the dialect that has it. Where several do,
/// it is answered as one of them would, by where the asker is at home.
pub(crate) fn add_under_api(document: &mut OpenApi) {
    let mut calls: BTreeMap<(String, &'static str), Vec<Operation>> = BTreeMap::new();
    for (_, method, path, operation) in self::calls(document) {
        calls.entry((format!("/api/{path}"), method)).or_default().push(operation.clone());
    }
    for ((path, method), operations) in calls {
        let Some(operation) = together(operations) else { continue };
        let item = document.paths.paths.entry(path).or_default();
        let conversation = match method {
            "GET" => &mut item.get,
            "POST" => &mut item.post,
            "PUT" => &mut item.put,
            _ => &mut item.delete,
        };
        conversation.get_or_insert(operation);
    }
}

/// An operation that answers as one of these.
fn together(operations: Vec<Operation>) -> Option<Operation> {
    let ids: Vec<String> = operations.iter().filter_map(|operation| operation.operation_id.clone()).collect();
    let is_shared = ids.len() > 1;
    let answers: Vec<RefOr<Schema>> = ids.iter().filter_map(|id| answer(id)).collect();
    let mut operation = operations.into_iter().next()?;
    operation.operation_id = Some(format!("under_api_{}", ids.join("_or_")));
    operation.tags = Some(vec!["clients of any".to_owned()]);
    if is_shared {
        // What each of them asks for, none of them insists on.
        operation.request_body = operation.request_body.map(|_| any_object());
        let any_of = answers.into_iter().fold(AnyOfBuilder::new(), AnyOfBuilder::item).build();
        let any_failure: RefOr<Schema> = Ref::from_schema_name("AnyFailure").into();
        for (status, response) in &mut operation.responses.responses {
            let schema =
                if status.starts_with('2') { Schema::AnyOf(any_of.clone()).into() } else { any_failure.clone() };
            if let RefOr::T(response) = response {
                json(response, schema);
            }
        }
    }
    Some(operation)
}

fn any_object() -> RefOr<RequestBody> {
    let content = ContentBuilder::new().schema(Some(ObjectBuilder::new())).build();
    RequestBodyBuilder::new().content("application/json", content).build().into()
}

/// Adds the shapes that have a name.
pub(crate) fn add_shapes(document: &mut OpenApi) {
    let schemas = &mut document.components.get_or_insert_default().schemas;
    schemas.extend(SHAPES.iter().map(|(name, fields)| ((*name).to_owned(), shape(fields))));
}

#[cfg(test)]
mod tests {
    use super::{ANSWERS, SHAPES};

    #[test]
    fn every_shape_that_is_named_is_there() {
        for (name, text) in ANSWERS.iter().chain(SHAPES) {
            for kind in text.split_whitespace().map(|field| field.rsplit(':').next().unwrap_or(field)) {
                let kind = kind.trim_matches(['[', ']', '?']);
                let is_known = ["text", "time", "number", "flag"].contains(&kind);
                assert!(is_known || SHAPES.iter().any(|(shape, _)| *shape == kind), "{kind} in {name}");
            }
        }
    }
}
