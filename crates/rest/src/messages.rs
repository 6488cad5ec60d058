//! The endpoints of messages.

use axum::Json;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use quintet_domain::{ClientMessageId, ConversationId, FileLink, MessageId, MessageKind, NewText, Refusal, Target};
use quintet_service::{PageOf, Service};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::error::Answer;
use crate::extract::{AuthUser, Body, Query, page_limit};
use crate::ids::Id;
use crate::new_details::{Given, GivenFile};
use crate::scalars::given_message_kinds;
use crate::views::{Message, Messages, ThreadPage, Views};

/// What becomes of the replies of threads in a list.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Threads {
    Include,
    Exclude,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct History {
    before: Option<u64>,
    after: Option<u64>,
    /// Whether the replies of threads are left out.
    #[param(inline)]
    threads: Option<Threads>,
    /// The number of a message among its neighbours, half of them older and half of them newer.
    around: Option<u64>,
    /// The number of items on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Lists messages by ascending `sequence`: the newest ones, those before a number, after a number, or around a number.
#[utoipa::path(
    get, path = "/conversations/{id}/messages", tag = "messages", operation_id = "listMessages",
    params(("id" = String, Path), History),
    responses((status = 200, description = "A page of the list", body = Messages))
)]
pub(crate) async fn list(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
    Query(query): Query<History>,
) -> Answer<Json<Messages>> {
    let of = match (query.before, query.after, query.around) {
        (None, None, None) => PageOf::Newest,
        (Some(sequence), None, None) => PageOf::Before(sequence),
        (None, Some(sequence), None) => PageOf::After(sequence),
        (None, None, Some(sequence)) => PageOf::Around(sequence),
        (Some(_), Some(_), _) => return Err(Refusal::invalid("before", "and `after` exclude each other").into()),
        (_, _, Some(_)) => {
            return Err(Refusal::invalid("around", "excludes `before` and `after`").into());
        }
    };
    let limit = page_limit(query.limit)?;
    let found = match query.threads {
        Some(Threads::Exclude) => service.messages_outside_threads(caller.id(), id, of, limit).await?,
        Some(Threads::Include) | None => service.messages(caller.id().into(), caller.id(), id, of, limit).await?,
    };
    let edge = match of {
        PageOf::After(_) => found.items.last(),
        PageOf::Newest | PageOf::Before(_) | PageOf::Skipping(_) | PageOf::Around(_) => found.items.first(),
    };
    let next = edge.filter(|_| found.more).map(|message| message.sequence);
    let own = service.own_reactions(caller.id(), &found.items).await?;
    Ok(Json(Views(&service, caller.hidden()).messages(&found, next, &own)))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewMessage {
    #[serde(default)]
    content: String,
    #[serde(rename = "type")]
    #[schema(schema_with = given_message_kinds, required = false)]
    kind: Option<String>,
    file_url: Option<String>,
    file_name: Option<String>,
    client_message_id: Option<String>,
    /// All files of the message, at most ten, in place of `fileUrl`.
    files: Option<Vec<GivenFile>>,
    /// Custom data of at most 4,096 bytes, nested at most 32 deep.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
    /// The id of the message that this one answers.
    #[serde(rename = "replyTo")]
    reply_to: Option<String>,
    /// The id of any message of the thread that this one belongs to.
    #[serde(rename = "threadId")]
    thread_id: Option<String>,
    /// The ids of members whom the message mentions; without them, `@username` in the text mentions.
    mentions: Option<Vec<String>>,
    /// Whether the message mentions all members.
    #[serde(rename = "mentionAll")]
    mention_all: Option<bool>,
}

impl NewMessage {
    /// Returns the message to send, with the client's own id for it.
    pub(crate) fn text(self, target: Target) -> Result<NewText, Refusal> {
        let client_message_id = own_id(self.client_message_id)?;
        let given = Given {
            files: self.files,
            metadata: self.metadata,
            reply_to: self.reply_to,
            thread_id: self.thread_id,
            mentions: self.mentions,
            mention_all: self.mention_all,
        };
        let file = (self.file_url, self.file_name);
        let text = new_text(target, ("type", self.kind.as_deref()), self.content, file, given)?;
        Ok(NewText { client_message_id, ..text })
    }
}

/// Returns the id that a client gives its message, if it gives one.
pub(crate) fn own_id(id: Option<String>) -> Result<Option<ClientMessageId>, Refusal> {
    let id = id.map(|id| ClientMessageId::new(&id)).transpose();
    id.map_err(|error| Refusal::invalid("clientMessageId", format!("is no id: {error}")))
}

/// Returns a message to send from its parts: its kind by name, its text, its file and its details.
pub(crate) fn new_text(
    target: Target,
    (kind_field, kind): (&str, Option<&str>),
    content: String,
    (file_url, file_name): (Option<String>, Option<String>),
    given: Given,
) -> Result<NewText, Refusal> {
    let kind = match kind {
        None => MessageKind::Text,
        Some(kind) => MessageKind::read(kind_field, kind)?,
    };
    // A form without a file leaves the field empty.
    let file = file_url.filter(|url| !url.is_empty()).map(|url| FileLink::new(url, file_name)).transpose()?;
    let details = given.details()?;
    // Messages are shown with both a list of files and the first of them, so that clients may send both.
    let file = details.as_ref().and_then(|details| details.files.first().cloned()).or(file);
    Ok(NewText { target, kind, content, file, client_message_id: None, details })
}

/// Sends a message. The message is stored when the answer is sent.
#[utoipa::path(
    post, path = "/conversations/{id}/messages", tag = "messages", operation_id = "sendMessage",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header,
            description = "A key for the message: a message that is sent again with the same key is stored once")),
    request_body = NewMessage,
    responses(
        (status = 201, description = "Stored", body = Message),
        (status = 200, description = "Stored by an earlier request with the same key", body = Message)
    )
)]
pub(crate) async fn send(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
    headers: HeaderMap,
    Body(mut input): Body<NewMessage>,
) -> Answer<(StatusCode, Json<Message>)> {
    let header = headers.get("idempotency-key").map(|key| key.to_str()).transpose();
    let header = header.map_err(|_| Refusal::invalid("Idempotency-Key", "must be visible ASCII"))?;
    if let Some(key) = header {
        ClientMessageId::new(key).map_err(|error| Refusal::invalid("Idempotency-Key", format!("is no id: {error}")))?;
        if input.client_message_id.as_deref().is_some_and(|id| id != key) {
            let refusal = Refusal::invalid("Idempotency-Key", "and `clientMessageId` are the same key, but differ");
            return Err(refusal.into());
        }
        input.client_message_id = Some(key.to_owned());
    }
    let text = input.text(Target::Conversation(id))?;
    let sent = service.send(caller.actor(), text).await?;
    let own = service.own_reactions(caller.id(), [&sent.message]).await?;
    let status = if sent.repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(Views(&service, caller.hidden()).message(&sent.message, &own))))
}

/// Reads a message.
#[utoipa::path(
    get, path = "/messages/{id}", tag = "messages", operation_id = "readMessage", params(("id" = String, Path)),
    responses((status = 200, description = "The message", body = Message))
)]
pub(crate) async fn get(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<MessageId>,
) -> Answer<Json<Message>> {
    let message = service.message(caller.id(), id).await?;
    let own = service.own_reactions(caller.id(), [&message]).await?;
    Ok(Json(Views(&service, caller.hidden()).message(&message, &own)))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Edit {
    content: String,
    /// The custom data from now on; an empty object removes it.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
    /// The ids of the members whom the message mentions from now on.
    mentions: Option<Vec<String>>,
    /// Whether the message mentions all members from now on.
    mention_all: Option<bool>,
}

/// Changes the text of a message of the caller.
#[utoipa::path(
    patch, path = "/messages/{id}", tag = "messages", operation_id = "editMessage", params(("id" = String, Path)),
    request_body = Edit,
    responses((status = 200, description = "Changed", body = Message))
)]
pub(crate) async fn edit(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<MessageId>,
    Body(input): Body<Edit>,
) -> Answer<Json<Message>> {
    let Edit { content, metadata, mentions, mention_all } = input;
    let details = Given { metadata, mentions, mention_all, ..Given::default() }.edited()?;
    let message = service.edit_message(caller.actor(), id, content, details).await?;
    let own = service.own_reactions(caller.id(), [&message]).await?;
    Ok(Json(Views(&service, caller.hidden()).message(&message, &own)))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Replies {
    before: Option<u64>,
    /// The number of items on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Reads a thread by the id of any of its messages: its first message, and the newest replies or those before a number.
#[utoipa::path(
    get, path = "/messages/{id}/thread", tag = "messages", operation_id = "readThread",
    params(("id" = String, Path), Replies),
    responses((status = 200, description = "The thread", body = ThreadPage))
)]
pub(crate) async fn thread(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<MessageId>,
    Query(query): Query<Replies>,
) -> Answer<Json<ThreadPage>> {
    let limit = page_limit(query.limit)?;
    let found = service.thread(caller.id(), id, query.before.unwrap_or(u64::MAX), limit).await?;
    let own = service.own_reactions(caller.id(), found.replies.iter().chain([&found.root])).await?;
    Ok(Json(Views(&service, caller.hidden()).thread(&found, &own)))
}

/// Deletes a message. Its sequence number stays, its content is removed.
#[utoipa::path(
    delete, path = "/messages/{id}", tag = "messages", operation_id = "deleteMessage", params(("id" = String, Path)),
    responses((status = 204, description = "Done"))
)]
pub(crate) async fn delete(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<MessageId>,
) -> Answer<StatusCode> {
    service.delete_message(caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
