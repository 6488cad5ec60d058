//! The details of messages, which all dialects write under the same names.
//!
//! What must stay true: what says nothing is absent, so that the object of a plain message has none of these fields.

use quintet_domain::{
    AttachedFile, ClientMessageId, Mention, Message, Metadata, Pin, Quote, ReactionCount, ThreadSummary, UserId,
};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::shared::{IdList, Moment, is_false};

/// A file of a message.
#[derive(Serialize)]
struct FileObject<'a> {
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
}

impl<'a> FileObject<'a> {
    fn of(file: &'a AttachedFile) -> Self {
        let AttachedFile { url, name, mime, size, width, height } = file;
        Self { url, name: name.as_deref(), mime: mime.as_deref(), size: *size, width: *width, height: *height }
    }
}

/// A user whom a message names.
#[derive(Serialize)]
struct NamedObject<'a> {
    id: &'a str,
    username: &'a str,
}

impl<'a> NamedObject<'a> {
    fn of(named: &'a Mention) -> Self {
        Self { id: named.id.as_str(), username: &named.username }
    }
}

/// The message that another one answers.
#[derive(Serialize)]
struct QuoteObject<'a> {
    id: &'a str,
    sender: NamedObject<'a>,
    content: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    deleted: bool,
}

impl<'a> QuoteObject<'a> {
    fn of(quote: &'a Quote) -> Self {
        Self {
            id: quote.id.as_str(),
            sender: NamedObject::of(&quote.sender),
            content: &quote.content,
            kind: quote.kind.as_str(),
            deleted: quote.deleted,
        }
    }
}

/// A thread in short.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ThreadObject<'a> {
    count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_at: Option<Moment>,
    last_sender_ids: IdList<'a, UserId>,
}

impl<'a> ThreadObject<'a> {
    fn of(thread: &'a ThreadSummary) -> Self {
        let ThreadSummary { count, last_at, last_senders } = thread;
        Self { count: *count, last_at: last_at.map(Moment), last_sender_ids: IdList(last_senders) }
    }
}

/// The reactions with one emoji.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReactionObject<'a> {
    emoji: &'a str,
    count: u32,
    user_ids: IdList<'a, UserId>,
}

impl<'a> ReactionObject<'a> {
    fn of(reaction: &'a ReactionCount) -> Self {
        Self { emoji: &reaction.emoji, count: reaction.count, user_ids: IdList(&reaction.users) }
    }
}

/// Who pinned a message.
#[derive(Serialize)]
struct PinObject<'a> {
    by: &'a str,
    at: Moment,
}

impl<'a> PinObject<'a> {
    fn of(pin: &'a Pin) -> Self {
        Self { by: pin.by.as_str(), at: Moment(pin.at) }
    }
}

/// A list whose items are written as objects; absent if it is empty.
struct Objects<'a, T, O>(&'a [T], fn(&'a T) -> O);

impl<T, O> Objects<'_, T, O> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T, O: Serialize> Serialize for Objects<'_, T, O> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(self.1))
    }
}

/// The fields that a message has beside those of a plain one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Details<'a> {
    #[serde(skip_serializing_if = "Objects::is_empty")]
    files: Objects<'a, AttachedFile, FileObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<QuoteObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<ThreadObject<'a>>,
    #[serde(skip_serializing_if = "Objects::is_empty")]
    mentions: Objects<'a, Mention, NamedObject<'a>>,
    #[serde(skip_serializing_if = "is_false")]
    mention_all: bool,
    #[serde(skip_serializing_if = "Objects::is_empty")]
    reactions: Objects<'a, ReactionCount, ReactionObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pinned: Option<PinObject<'a>>,
}

/// Returns custom data as a part of a payload.
pub(crate) fn custom_data(metadata: Option<&Metadata>) -> Option<&RawValue> {
    // It was checked when it came, so that nothing is ever left out.
    metadata.and_then(|metadata| serde_json::from_str(metadata.as_str()).ok())
}

impl<'a> Details<'a> {
    /// Returns the details of a message; none of a plain one.
    pub(crate) fn of(message: &'a Message) -> Option<Self> {
        let details = message.details.as_deref()?;
        Some(Self {
            files: Objects(&details.files, FileObject::of),
            metadata: custom_data(details.metadata.as_ref()),
            reply_to: details.reply_to.as_ref().map(QuoteObject::of),
            thread_id: details.thread_id.as_ref().map(|id| id.as_str()),
            thread: details.thread.as_ref().map(ThreadObject::of),
            mentions: Objects(&details.mentions, NamedObject::of),
            mention_all: details.mention_all,
            reactions: Objects(&details.reactions, ReactionObject::of),
            pinned: details.pinned.as_ref().map(PinObject::of),
        })
    }
}

/// The fields that an edit may change beside the text, for dialects whose event does not have the whole message.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EditedDetails<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Objects::is_empty")]
    mentions: Objects<'a, Mention, NamedObject<'a>>,
    #[serde(skip_serializing_if = "is_false")]
    mention_all: bool,
}

impl<'a> EditedDetails<'a> {
    /// Returns the details of a message that was edited; none of a plain one.
    pub(crate) fn of(message: &'a Message) -> Option<Self> {
        let details = message.details.as_deref()?;
        Some(Self {
            metadata: custom_data(details.metadata.as_ref()),
            mentions: Objects(&details.mentions, NamedObject::of),
            mention_all: details.mention_all,
        })
    }
}

/// The fields by which a deletion says what became of the thread of a reply.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeletedDetails<'a> {
    thread_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<ThreadObject<'a>>,
}

impl<'a> DeletedDetails<'a> {
    /// Returns the details of a message that was deleted; none if it was no reply in a thread.
    pub(crate) fn of(message: &'a Message) -> Option<Self> {
        let details = message.details.as_deref()?;
        let thread_id = details.thread_id.as_ref()?.as_str();
        Some(Self { thread_id, thread: details.thread.as_ref().map(ThreadObject::of) })
    }
}

/// The fields that Quintet adds to the messages of most dialects.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Extras<'a> {
    /// The link to the file of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    file_url: Option<&'a str>,
    /// The name of the file, which may be null; absent without a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    file_name: Option<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_message_id: Option<&'a str>,
    sequence: u64,
    #[serde(flatten)]
    details: Option<Details<'a>>,
}

impl<'a> Extras<'a> {
    pub(crate) fn of(message: &'a Message) -> Self {
        Self {
            file_url: message.file.as_ref().map(|file| file.url.as_str()),
            file_name: message.file.as_ref().map(|file| file.name.as_deref()),
            client_message_id: message.client_message_id.as_ref().map(ClientMessageId::as_str),
            sequence: message.sequence,
            details: Details::of(message),
        }
    }
}
