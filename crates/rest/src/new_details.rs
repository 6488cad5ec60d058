//! What requests give with a message or an edit beside the text.
//!
//! What must stay true: the same bounds hold, with the same sentences, as for the events of all dialects.

use quintet_domain::limits::METADATA_BYTES_MAX;
use quintet_domain::{
    EditedDetails, FileLink, MessageId, Metadata, NewDetails, Refusal, UserId, validate_files, validate_mentions,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// A file of a message.
#[derive(Deserialize, ToSchema)]
pub(crate) struct GivenFile {
    url: String,
    name: Option<String>,
}

/// The fields of a message that is sent, beside those of a plain one.
#[derive(Default)]
pub(crate) struct Given {
    pub(crate) files: Option<Vec<GivenFile>>,
    pub(crate) metadata: Option<Box<RawValue>>,
    pub(crate) reply_to: Option<String>,
    pub(crate) thread_id: Option<String>,
    pub(crate) mentions: Option<Vec<String>>,
    pub(crate) mention_all: Option<bool>,
}

fn message_id(field: &str, id: &str) -> Result<MessageId, Refusal> {
    MessageId::new(id).map_err(|error| Refusal::invalid(field, format!("is no id: {error}")))
}

fn mentions(ids: Option<Vec<String>>) -> Result<Option<Vec<UserId>>, Refusal> {
    let Some(ids) = ids else { return Ok(None) };
    let id = |id: &String| UserId::new(id).map_err(|error| Refusal::invalid("mentions", format!("is no id: {error}")));
    let ids: Vec<UserId> = ids.iter().map(id).collect::<Result<_, _>>()?;
    validate_mentions("mentions", &ids)?;
    Ok(Some(ids))
}

/// Checks the custom data of a request; null counts as absent.
pub(crate) fn metadata(json: Option<&RawValue>, bytes_max: usize) -> Result<Option<Metadata>, Refusal> {
    let json = json.filter(|json| json.get() != "null");
    json.map(|json| Metadata::check("metadata", json.get(), bytes_max)).transpose()
}

/// Checks the custom data that replaces what there is: null removes it, as an object without fields does.
pub(crate) fn new_metadata(json: Option<Option<&RawValue>>, bytes_max: usize) -> Result<Option<Metadata>, Refusal> {
    let Some(json) = json else { return Ok(None) };
    Ok(Some(metadata(json, bytes_max)?.unwrap_or_else(|| Metadata::trusted("{}"))))
}

impl Given {
    /// Returns the details of a message to send; none if it is a plain one.
    pub(crate) fn details(self) -> Result<Option<Box<NewDetails>>, Refusal> {
        let Self { files, metadata: json, reply_to, thread_id, mentions: ids, mention_all } = self;
        let files = files.unwrap_or_default().into_iter().map(|file| FileLink::new(file.url, file.name));
        let files: Vec<FileLink> = files.collect::<Result<_, _>>()?;
        validate_files("files", &files)?;
        let details = NewDetails {
            files,
            metadata: metadata(json.as_deref(), METADATA_BYTES_MAX)?.and_then(Metadata::kept),
            reply_to: reply_to.map(|id| message_id("replyTo", &id)).transpose()?,
            thread: thread_id.map(|id| message_id("threadId", &id)).transpose()?,
            mentions: mentions(ids)?,
            mention_all: mention_all.unwrap_or_default(),
        };
        Ok(details.kept())
    }

    /// Returns what an edit changes beside the text; none if it changes the text alone.
    pub(crate) fn edited(self) -> Result<Option<Box<EditedDetails>>, Refusal> {
        let Self { metadata: json, mentions: ids, mention_all, .. } = self;
        let metadata = metadata(json.as_deref(), METADATA_BYTES_MAX)?;
        let details = EditedDetails { metadata, mentions: mentions(ids)?, mention_all };
        Ok(details.kept())
    }
}
