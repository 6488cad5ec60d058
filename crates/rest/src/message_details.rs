//! The details of a message as JSON: what it has beside the fields of a plain one.
//!
//! What must stay true: what says nothing is absent, as in the events of all dialects.

use quintet_domain::{MessageDetails, MessageId, Metadata, UserId};
use quintet_service::OwnReactions;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::scalars::{Moment, message_kinds};

/// A file of a message that was sent with a list of files.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttachedFile {
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    name: Option<String>,
    /// The media type; absent for a file of another server.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    mime: Option<String>,
    /// The size of the file, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    size: Option<u64>,
    /// The width of a picture, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    width: Option<u32>,
    /// The height of a picture, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    height: Option<u32>,
}

/// A user whom a message names.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Named {
    id: String,
    username: String,
}

/// The message that another one answers, as it is now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Quote {
    id: String,
    sender: Named,
    /// The first 200 characters of the text.
    content: String,
    #[serde(rename = "type")]
    #[schema(schema_with = message_kinds)]
    kind: &'static str,
    deleted: bool,
}

/// The replies of a thread, in short.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Thread {
    /// The number of replies that are not deleted.
    count: u64,
    /// When the newest of them was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    last_at: Option<Moment>,
    /// The users who sent the newest replies, at most five, the newest first.
    last_sender_ids: Vec<String>,
}

/// The reactions to a message with one emoji.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reaction {
    emoji: String,
    count: u32,
    /// The first twenty users who reacted.
    user_ids: Vec<String>,
    /// Whether the caller is one of those who reacted.
    mine: bool,
}

/// Who pinned a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Pin {
    by: String,
    #[schema(value_type = String, format = DateTime)]
    at: Moment,
}

/// What a message has beside the fields of a plain one.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Details {
    /// All files, if the message was sent with a list of files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    files: Vec<AttachedFile>,
    /// The custom data of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    metadata: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reply_to: Option<Quote>,
    /// The id of the first message of the thread that the message is a reply in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    thread_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    thread: Option<Thread>,
    /// The users whom the message mentions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    mentions: Vec<Named>,
    /// Present and true if the message mentions all members.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    mention_all: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    reactions: Vec<Reaction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pinned: Option<Pin>,
}

fn ids(users: &[UserId]) -> Vec<String> {
    users.iter().map(UserId::to_string).collect()
}

fn named(mention: &quintet_domain::Mention) -> Named {
    Named { id: mention.id.to_string(), username: mention.username.clone() }
}

/// Returns custom data as a part of an answer.
pub(crate) fn custom_data(metadata: Option<&Metadata>) -> Option<Box<RawValue>> {
    // It was checked when it came, so that nothing is ever left out.
    metadata.and_then(|metadata| RawValue::from_string(metadata.as_str().to_owned()).ok())
}

impl Details {
    /// Converts the details of a message, for the user whose reactions are given.
    pub(crate) fn of(details: &MessageDetails, message: &MessageId, own: &OwnReactions) -> Self {
        let file = |file: &quintet_domain::AttachedFile| AttachedFile {
            url: file.url.clone(),
            name: file.name.clone(),
            mime: file.mime.clone(),
            size: file.size,
            width: file.width,
            height: file.height,
        };
        let quote = |quote: &quintet_domain::Quote| Quote {
            id: quote.id.to_string(),
            sender: named(&quote.sender),
            content: quote.content.clone(),
            kind: quote.kind.as_str(),
            deleted: quote.deleted,
        };
        let thread = |thread: &quintet_domain::ThreadSummary| Thread {
            count: thread.count,
            last_at: thread.last_at.map(Moment),
            last_sender_ids: ids(&thread.last_senders),
        };
        let reaction = |reaction: &quintet_domain::ReactionCount| Reaction {
            emoji: reaction.emoji.clone(),
            count: reaction.count,
            user_ids: ids(&reaction.users),
            mine: own.has(message, reaction),
        };
        Self {
            files: details.files.iter().map(file).collect(),
            metadata: custom_data(details.metadata.as_ref()),
            reply_to: details.reply_to.as_ref().map(quote),
            thread_id: details.thread_id.as_ref().map(ToString::to_string),
            thread: details.thread.as_ref().map(thread),
            mentions: details.mentions.iter().map(named).collect(),
            mention_all: details.mention_all,
            reactions: details.reactions.iter().map(reaction).collect(),
            pinned: details.pinned.as_ref().map(|pin| Pin { by: pin.by.to_string(), at: Moment(pin.at) }),
        }
    }
}
