//! Checks a client's payload against the catalogue.
//!
//! What must stay true: values that the catalogue does not name are skipped without allocating, however large or deep
//! they are.

use std::borrow::Cow;

use quintet_domain::limits::{CONVERSATION_METADATA_BYTES_MAX, IDS_MAX, METADATA_BYTES_MAX};
use quintet_domain::{
    ClientMessageId, ConversationId, EditedDetails, Emoji, FileLink, IdError, MessageId, MessageKind, Metadata, Mute,
    NewDetails, NewText, Notify, Refusal, SettingsChange, Target, UserId, display_name, is_blank, refuse_nul,
    validate_content, validate_files, validate_mentions,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::payload::{Absent, Field, Payload, Type};
use crate::value::{self, Differing, Found, FoundField, Shape};

/// The checked fields of a payload. A payload that is a bare value is stored under the empty name.
pub struct Fields<'a> {
    fields: Vec<Given<'a>>,
    /// The refusal of clients without a token.
    without_token: Option<Refusal>,
}

/// A field that the payload has.
struct Given<'a> {
    /// The field's own name.
    field: &'static str,
    /// The name under which the client sent it.
    sent_as: &'static str,
    value: Checked<'a>,
}

/// The value of a field, checked against its type.
enum Checked<'a> {
    Text(Cow<'a, str>),
    Flag(bool),
    Ids(Vec<Cow<'a, str>>),
    /// The index of a binary attachment.
    Attachment(usize),
    Metadata(Metadata),
    Files(Vec<FileLink>),
}

impl<'a> Fields<'a> {
    /// Parses and checks the payload of an event: every required field is present, and every known field has its type.
    pub(crate) fn read(event: &str, payload: Payload, args: &[&'a RawValue]) -> Result<Self, Refusal> {
        let parse = |fields: &'static [Field]| match args.first() {
            None => Ok(Shape::Bare(Found::Null)),
            Some(arg) => value::read(fields, arg.get())
                .map_err(|error| Refusal::invalid("payload", format!("is bad JSON: {error}"))),
        };
        let mut read = Self { fields: Vec::new(), without_token: None };
        let (fields, found) = match payload {
            Payload::None => return Ok(read),
            Payload::Value(ty) => {
                let found = match parse(&[])? {
                    Shape::Bare(value) => value,
                    Shape::Object(_) => Found::Other,
                };
                let value = check(ty, "payload", false, found)?;
                read.fields.push(Given { field: "", sent_as: "payload", value });
                return Ok(read);
            }
            Payload::Object(fields) => match parse(fields)? {
                Shape::Object(found) => (fields, found),
                Shape::Bare(_) => return Err(not_an_object(event)),
            },
            Payload::IdOrObject(fields) => match (parse(fields)?, fields.first()) {
                (Shape::Object(found), _) => (fields, found),
                (Shape::Bare(value), Some(first)) if may_be_bare(first, &value) => {
                    (fields, vec![FoundField::own(value)])
                }
                (Shape::Bare(_), _) => return Err(not_an_object(event)),
            },
        };
        read.fields.reserve(fields.len());
        let found = found.into_iter().chain(std::iter::repeat_with(|| FoundField::own(Found::Null)));
        for (field, found) in fields.iter().zip(found) {
            read.add(event, field, found)?;
        }
        Ok(read)
    }

    /// Checks what a payload has for a field.
    fn add(&mut self, event: &str, field: &Field, found: FoundField<'a>) -> Result<(), Refusal> {
        let missing = || Refusal::invalid(field.name, format!("is missing in {event}"));
        let checked = match found.value(field.name) {
            Ok((_, found)) if says_nothing(field, &found) => match field.absent {
                Absent::Refused => Err(missing()),
                Absent::RefusedWithoutToken => {
                    self.without_token.get_or_insert_with(missing);
                    return Ok(());
                }
                Absent::Nothing | Absent::True | Absent::Everything => return Ok(()),
            },
            Ok((sent_as, found)) => {
                let needed = field.is_required();
                check(field.ty, sent_as, needed, found).map(|value| Given { field: field.name, sent_as, value })
            }
            Err(Differing(one, other)) => {
                let what = format!("and `{other}` differ in {event}: send `{}`, or only one of them", field.name);
                Err(Refusal::invalid(one, what))
            }
        };
        match checked {
            Ok(given) => self.fields.push(given),
            Err(refusal) if field.ignored_with_token => {
                self.without_token.get_or_insert(refusal);
            }
            Err(refusal) => return Err(refusal),
        }
        Ok(())
    }

    /// Takes the refusal that a client without a token gets: a field is missing or invalid which a token makes
    /// unnecessary.
    pub(crate) fn take_without_token(&mut self) -> Option<Refusal> {
        self.without_token.take()
    }

    fn given(&self, name: &str) -> Option<&Given<'a>> {
        self.fields.iter().find(|given| given.field == name)
    }

    fn get(&self, name: &str) -> Option<&Checked<'a>> {
        self.given(name).map(|given| &given.value)
    }

    /// Returns whether the payload has a field.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.given(name).is_some()
    }

    /// Returns the name under which the client sent a field; its own name if the client did not send it.
    fn sent_as<'n>(&self, name: &'n str) -> &'n str {
        self.given(name).map_or(name, |given| given.sent_as)
    }

    /// Returns the text of a field; empty if the field is optional and absent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.optional(name).unwrap_or_default()
    }

    /// Returns the text of a field; none if it is absent.
    pub(crate) fn optional(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Checked::Text(text)) => Some(text),
            Some(_) | None => None,
        }
    }

    /// Returns the index of the attachment that a binary field stands for.
    pub(crate) fn attachment(&self, name: &str) -> usize {
        match self.get(name) {
            Some(Checked::Attachment(number)) => *number,
            Some(_) | None => usize::MAX,
        }
    }

    /// Returns the value of a flag; true if it is absent.
    pub(crate) fn flag_or_true(&self, name: &str) -> bool {
        !matches!(self.get(name), Some(Checked::Flag(false)))
    }

    /// Returns the settings of a conversation that are to change.
    pub(crate) fn settings(&self) -> Result<SettingsChange, Refusal> {
        let muted = match self.get("muted") {
            Some(Checked::Flag(muted)) => Some(muted.then_some(Mute::ForGood)),
            Some(Checked::Text(end)) => Some(Some(Mute::read(self.sent_as("muted"), end)?)),
            Some(_) | None => None,
        };
        let notify = self.optional("notify").map(|text| Notify::read(self.sent_as("notify"), text)).transpose()?;
        Ok(SettingsChange {
            muted,
            pinned: self.flag("pinned"),
            archived: self.flag("archived"),
            notify,
            marked_unread: self.flag("markedUnread"),
        })
    }

    /// Returns the id of a conversation.
    pub(crate) fn conversation(&self, name: &str) -> ConversationId {
        ConversationId::trusted(self.text(name))
    }

    /// Returns the id of a message.
    pub(crate) fn message(&self, name: &str) -> MessageId {
        MessageId::trusted(self.text(name))
    }

    /// Returns the emoji of a reaction.
    pub(crate) fn emoji(&self, name: &str) -> Emoji {
        Emoji::trusted(self.text(name))
    }

    /// Returns the id of a user.
    pub(crate) fn user(&self, name: &str) -> UserId {
        UserId::trusted(self.text(name))
    }

    /// Returns the id of the client's own user; none if it is absent.
    pub(crate) fn sender(&self, name: &str) -> Option<UserId> {
        self.optional(name).map(UserId::trusted)
    }

    fn list(&self, name: &str) -> Option<impl Iterator<Item = &str>> {
        match self.get(name) {
            Some(Checked::Ids(ids)) => Some(ids.iter().map(AsRef::as_ref)),
            Some(_) | None => None,
        }
    }

    /// Returns the ids of messages; none if the list is absent.
    pub(crate) fn messages(&self, name: &str) -> Option<Vec<MessageId>> {
        Some(self.list(name)?.map(MessageId::trusted).collect())
    }

    /// Returns the ids of conversations; none if the list is absent.
    pub(crate) fn conversations(&self, name: &str) -> Option<Vec<ConversationId>> {
        Some(self.list(name)?.map(ConversationId::trusted).collect())
    }

    /// Makes the message that a send event describes. `content` and `kind` are the names of its text and its type.
    pub(crate) fn new_text(&self, target: Target, content: &str, kind: &str) -> Result<NewText, Refusal> {
        let details = self.new_details()?;
        // Messages are shown with both a list of files and the first of them, so that clients may send both.
        let first = details.as_ref().and_then(|details| details.files.first().cloned());
        let file = match self.optional("fileUrl") {
            _ if first.is_some() => first,
            None | Some("") => None,
            Some(url) => Some(FileLink::new(url.to_owned(), self.optional("fileName").map(str::to_owned))?),
        };
        validate_content(self.sent_as(content), self.text(content), file.is_some())?;
        Ok(NewText {
            target,
            kind: self
                .optional(kind)
                .map_or(Ok(MessageKind::Text), |text| MessageKind::read(self.sent_as(kind), text))?,
            content: self.text(content).to_owned(),
            file,
            client_message_id: self.optional("clientMessageId").map(ClientMessageId::trusted),
            details,
        })
    }

    /// Returns what a send event gives beside the text; none if it is a plain message.
    fn new_details(&self) -> Result<Option<Box<NewDetails>>, Refusal> {
        let given = |name| self.has(name);
        if !["files", "metadata", "replyTo", "threadId", "mentions", "mentionAll"].into_iter().any(given) {
            return Ok(None);
        }
        let details = NewDetails {
            files: match self.get("files") {
                Some(Checked::Files(files)) => files.clone(),
                Some(_) | None => Vec::new(),
            },
            metadata: self.metadata().and_then(Metadata::kept),
            reply_to: self.optional("replyTo").map(MessageId::trusted),
            thread: self.optional("threadId").map(MessageId::trusted),
            mentions: self.mentions()?,
            mention_all: self.flag("mentionAll").unwrap_or_default(),
        };
        Ok(details.kept())
    }

    /// Returns what an edit event changes beside the text; none if it changes the text alone.
    pub(crate) fn edited_details(&self) -> Result<Option<Box<EditedDetails>>, Refusal> {
        let (metadata, mentions, mention_all) = (self.metadata(), self.mentions()?, self.flag("mentionAll"));
        Ok(EditedDetails { metadata, mentions, mention_all }.kept())
    }

    /// Returns the custom data; none if it is absent. An object without fields removes what there is.
    pub(crate) fn metadata(&self) -> Option<Metadata> {
        match self.get("metadata") {
            Some(Checked::Metadata(metadata)) => Some(metadata.clone()),
            Some(_) | None => None,
        }
    }

    fn mentions(&self) -> Result<Option<Vec<UserId>>, Refusal> {
        let mentions: Option<Vec<UserId>> = self.list("mentions").map(|ids| ids.map(UserId::trusted).collect());
        validate_mentions(self.sent_as("mentions"), mentions.as_deref().unwrap_or_default())?;
        Ok(mentions)
    }

    /// Returns the value of a flag; none if it is absent.
    fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name) {
            Some(Checked::Flag(flag)) => Some(*flag),
            Some(_) | None => None,
        }
    }

    /// Returns the new text of an edit. It may be blank if the message carries a file, which only the rule can decide.
    pub(crate) fn edited(&self, content: &str) -> Result<String, Refusal> {
        validate_content(self.sent_as(content), self.text(content), true)?;
        Ok(self.text(content).to_owned())
    }
}

/// Returns whether a value counts as an absent field. Forms send an empty text for what nobody chose, and clients leave it
/// to the server to fill in who they are.
fn says_nothing(field: &Field, found: &Found<'_>) -> bool {
    match found {
        Found::Null => true,
        Found::Text(text) if text.is_empty() => match field.ty {
            Type::Id => field.absent == Absent::RefusedWithoutToken,
            Type::Kind | Type::ClientId => !field.is_required(),
            Type::Content
            | Type::Name
            | Type::Text
            | Type::Url
            | Type::Emoji
            | Type::Number
            | Type::Flag
            | Type::Is(_)
            | Type::OneOf(_)
            | Type::Code
            | Type::Mute
            | Type::Notify
            | Type::Ids
            | Type::Time
            | Type::Object(_)
            | Type::Objects(_)
            | Type::Binary
            | Type::Metadata
            | Type::ConversationMetadata
            | Type::Files => false,
        },
        Found::Text(_)
        | Found::Number(_)
        | Found::Items { .. }
        | Found::Flag(_)
        | Found::Attachment(_)
        | Found::Json(_)
        | Found::Other => false,
    }
}

fn not_an_object(event: &str) -> Refusal {
    Refusal::invalid("payload", format!("of {event} must be an object"))
}

/// Returns whether a bare value may stand in place of an object whose first field this is.
fn may_be_bare(first: &Field, value: &Found<'_>) -> bool {
    match value {
        Found::Text(_) | Found::Number(_) => true,
        Found::Items { .. } => first.ty == Type::Ids,
        // No argument at all, where the first field may be absent.
        Found::Null => first.absent != Absent::Refused,
        Found::Flag(_) | Found::Attachment(_) | Found::Json(_) | Found::Other => false,
    }
}

/// Checks a value against the type of its field, which the client sent under this name.
fn check<'a>(ty: Type, name: &str, needed: bool, found: Found<'a>) -> Result<Checked<'a>, Refusal> {
    let wrong = |what: &str| Err(Refusal::invalid(name, format!("must be {what}")));
    if let Found::Text(text) = &found {
        refuse_nul(name, text)?;
    }
    match (ty, found) {
        (Type::Id, found) => id(name, found.into_id()).map(Checked::Text),
        (Type::ClientId, found) => match found.into_id() {
            None => wrong("text, or a number"),
            Some(text) => match ClientMessageId::check(&text) {
                Ok(()) => Ok(Checked::Text(text)),
                Err(error) => Err(invalid_id(name, error)),
            },
        },
        (Type::Name, Found::Text(text)) if needed && is_blank(&text) => wrong("a name, not blank"),
        // A blank optional name counts as absent.
        (Type::Name, Found::Text(text)) if is_blank(&text) => Ok(Checked::Text(Cow::Borrowed(""))),
        (Type::Name, Found::Text(text)) => display_name(name, &text).map(|name| Checked::Text(name.into())),
        (Type::Content | Type::Text | Type::Url | Type::Time, Found::Text(text)) => Ok(Checked::Text(text)),
        (Type::Content | Type::Text | Type::Url | Type::Time | Type::Name, _) => wrong("text"),
        (Type::Kind, Found::Text(text)) => MessageKind::read(name, &text).map(|_| Checked::Text(text)),
        (Type::Emoji, Found::Text(text)) => Emoji::check(name, &text).map(|()| Checked::Text(text)),
        (Type::Emoji, _) => wrong("text"),
        (Type::Kind, _) => Err(MessageKind::unknown(name)),
        (Type::Flag, Found::Flag(flag)) => Ok(Checked::Flag(flag)),
        (Type::Flag, _) => wrong("true or false"),
        (Type::Mute, Found::Flag(flag)) => Ok(Checked::Flag(flag)),
        (Type::Mute, found) => match found.into_id() {
            Some(text) => Mute::read(name, &text).map(|_| Checked::Text(text)),
            None => Err(Mute::unknown(name)),
        },
        (Type::Notify, Found::Text(text)) => Notify::read(name, &text).map(|_| Checked::Text(text)),
        (Type::Notify, _) => Err(Notify::unknown(name)),
        (Type::Ids, Found::Items { more: true, .. }) => {
            Err(Refusal::too_large(name, format!("has at most {IDS_MAX} ids")))
        }
        (Type::Ids, Found::Items { items, more: false }) => {
            items.into_iter().map(|item| id(name, item)).collect::<Result<_, _>>().map(Checked::Ids)
        }
        (Type::Ids, found) => match found.into_id() {
            Some(one) => id(name, Some(one)).map(|one| Checked::Ids(vec![one])),
            None => wrong("a list of ids"),
        },
        // The packet carries the index of the attachment in place of the bytes.
        (Type::Binary, Found::Attachment(number)) => Ok(Checked::Attachment(number)),
        (Type::Binary, _) => wrong("binary data"),
        (Type::Metadata, Found::Json(json)) => Metadata::check(name, json, METADATA_BYTES_MAX).map(Checked::Metadata),
        (Type::ConversationMetadata, Found::Json(json)) => {
            Metadata::check(name, json, CONVERSATION_METADATA_BYTES_MAX).map(Checked::Metadata)
        }
        (Type::Metadata | Type::ConversationMetadata, _) => wrong("an object"),
        (Type::Files, Found::Json(json)) => files(name, json).map(Checked::Files),
        (Type::Files, _) => wrong(FILES),
        // Only the server sends these types.
        (Type::Number | Type::Is(_) | Type::OneOf(_) | Type::Code | Type::Object(_) | Type::Objects(_), _) => {
            wrong("left out")
        }
    }
}

/// What a list of files is, in refusals.
const FILES: &str = "a list of files, each with a `url`";

/// A file as clients write it in a list.
#[derive(Deserialize)]
struct GivenFile {
    #[serde(alias = "fileUrl", alias = "file_url")]
    url: String,
    #[serde(alias = "fileName", alias = "file_name")]
    name: Option<String>,
}

/// Reads a list of files.
fn files(name: &str, json: &str) -> Result<Vec<FileLink>, Refusal> {
    let given: Vec<GivenFile> =
        serde_json::from_str(json).map_err(|_| Refusal::invalid(name, format!("must be {FILES}")))?;
    let files: Vec<FileLink> =
        given.into_iter().map(|file| FileLink::new(file.url, file.name)).collect::<Result<_, _>>()?;
    validate_files(name, &files)?;
    Ok(files)
}

fn id<'a>(name: &str, text: Option<Cow<'a, str>>) -> Result<Cow<'a, str>, Refusal> {
    let Some(text) = text else { return Err(Refusal::invalid(name, "must be an id: text, or a number")) };
    MessageId::check(&text).map_err(|error| invalid_id(name, error))?;
    Ok(text)
}

fn invalid_id(name: &str, error: IdError) -> Refusal {
    match error {
        IdError::TooLong(_) => Refusal::too_large(name, format!("is no id: {error}")),
        IdError::Empty | IdError::Invisible | IdError::Replaced => Refusal::invalid(name, format!("is no id: {error}")),
    }
}
