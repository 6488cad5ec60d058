//! What a hook is asked about a message or an edit, with the objects of model events.
//!
//! What must stay true: what the client has not sent is absent.

use quintet_domain::{ClientMessageId, Draft, DraftContext, FileLink, Links, MessageId, NewDetails, UserId};
use serde::Serialize;
use serde_json::value::RawValue;

use super::objects::{FileObject, PlaceObject, UserObject};
use crate::details::custom_data;
use crate::outgoing::text;
use crate::shared::{IdList, is_false};

/// The type of what a hook is asked about a message that is to be sent.
const BEFORE_SEND: &str = "message.before_send";
/// The type of what a hook is asked about an edit.
const BEFORE_EDIT: &str = "message.before_edit";

/// A message as its client sent it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DraftObject<'a> {
    /// The id of the message that is edited.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'static str,
    content: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<FileObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mentions: Option<IdList<'a, UserId>>,
    #[serde(skip_serializing_if = "is_false")]
    mention_all: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_message_id: Option<&'a str>,
}

/// The data of a question.
#[derive(Serialize)]
struct DraftData<'a> {
    /// Null if the message would create the direct conversation of the sender and the recipient.
    conversation: Option<PlaceObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<UserObject<'a>>,
    sender: UserObject<'a>,
    message: DraftObject<'a>,
}

/// A question about a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftQuestion {
    /// The type of the question.
    pub kind: &'static str,
    /// The data as JSON text: an object.
    pub data: String,
}

impl DraftQuestion {
    /// Renders the question about a draft. `links` write the addresses of files and pictures.
    #[must_use]
    pub fn of(draft: &Draft, context: &DraftContext, links: &Links) -> Self {
        let (sender, recipient) =
            (links.user(&context.sender), context.recipient.as_ref().map(|user| links.user(user)));
        let linked = |file: &FileLink| FileLink { url: links.link(&file.url).into_owned(), name: file.name.clone() };
        let (kind, files) = match draft {
            Draft::Message(text) => {
                let listed = text.details.iter().flat_map(|details| &details.files);
                // A list of files begins with the file of the message.
                let single = text.file.iter().filter(|_| listed.clone().next().is_none());
                (BEFORE_SEND, single.chain(listed.clone()).map(linked).collect::<Vec<_>>())
            }
            Draft::Edit { .. } => (BEFORE_EDIT, Vec::new()),
        };
        let none = NewDetails::default();
        let message = match draft {
            Draft::Message(text) => {
                let details = text.details.as_deref().unwrap_or(&none);
                DraftObject {
                    id: None,
                    kind: text.kind.as_str(),
                    content: &text.content,
                    files: files.iter().map(FileObject::of).collect(),
                    metadata: custom_data(details.metadata.as_ref()),
                    reply_to: details.reply_to.as_ref().map(MessageId::as_str),
                    thread_id: details.thread.as_ref().map(MessageId::as_str),
                    mentions: details.mentions.as_deref().map(IdList),
                    mention_all: details.mention_all,
                    client_message_id: text.client_message_id.as_ref().map(ClientMessageId::as_str),
                }
            }
            Draft::Edit { message, content, details } => {
                let details = details.as_deref();
                DraftObject {
                    id: Some(message.as_str()),
                    kind: context.message.as_ref().map_or("text", |message| message.kind.as_str()),
                    content,
                    files: Vec::new(),
                    metadata: custom_data(details.and_then(|details| details.metadata.as_ref())),
                    reply_to: None,
                    thread_id: None,
                    mentions: details.and_then(|details| details.mentions.as_deref()).map(IdList),
                    mention_all: details.is_some_and(|details| details.mention_all == Some(true)),
                    client_message_id: None,
                }
            }
        };
        let data = DraftData {
            conversation: context.conversation.as_deref().map(PlaceObject::of),
            recipient: recipient.as_deref().map(UserObject::of),
            sender: UserObject::of(&sender),
            message,
        };
        Self { kind, data: text(&data) }
    }
}
