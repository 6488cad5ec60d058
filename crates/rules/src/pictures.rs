//! The pictures of conversations.
//!
//! What must stay true: a picture that is a file of this server is kept available by its conversation, so its link does
//! not lead to a file that is gone. A conversation keeps no file of a person who did not choose it as the picture, or who
//! was erased, and none once it is deleted.

use std::sync::Arc;

use quintet_domain::Refusal;

use crate::ledger::Cost;
use crate::rows::{ConversationRow, UserRow};
use crate::transaction::Transaction;
use crate::{FileKey, RuleResult, UserKey, files};

/// The file that a conversation keeps available as its picture, which `actor` chooses; `None` for a link to another server.
///
/// # Errors
/// Refuses a link that is neither encrypted nor that of an available file of this server, and a file that neither `actor`
/// nor a service uploaded, unless `actor` is a service: it could not be kept, because its uploader has not chosen it.
pub(crate) fn kept_by(tx: &mut Transaction<'_>, actor: &UserRow, link: Option<&str>) -> RuleResult<Option<FileKey>> {
    let Some(url) = link else { return Ok(None) };
    let Some(file) = files::row_of_link(tx, "picture", url)? else { return Ok(None) };
    if !actor.user.is_service() && !files::is_offered(tx, &file, actor.key)? {
        let message = "is a file of another person: use one that you have uploaded yourself";
        return Err(Refusal::invalid("picture", message).into());
    }
    Ok(Some(file.key))
}

/// Changes the picture in the row of a conversation. Returns whether it is another than before.
pub(crate) fn change(
    tx: &mut Transaction<'_>,
    conversation: &mut ConversationRow,
    actor: &UserRow,
    picture: Option<Option<String>>,
) -> RuleResult<bool> {
    let Some(link) = picture.filter(|link| link.as_deref() != conversation.picture.as_deref()) else {
        return Ok(false);
    };
    conversation.picture_file = kept_by(tx, actor, link.as_deref())?;
    tx.charge(Cost::Stored, link.as_ref().map_or(0, String::len) as u64);
    conversation.picture = link.map(Arc::from);
    Ok(true)
}

/// Removes the pictures that are files of a person who is erased, and tells the members.
pub(crate) fn remove_files_of(tx: &mut Transaction<'_>, uploader: UserKey) -> RuleResult<()> {
    for key in tx.pictured_by(uploader)? {
        let mut conversation = tx.conversation_by_key(key)?;
        conversation.picture = None;
        conversation.picture_file = None;
        tx.update_conversation(&conversation)?;
        tx.conversation_changed(&mut conversation, None)?;
    }
    Ok(())
}
