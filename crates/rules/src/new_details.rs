//! What a send or an edit brings beside the text, looked up and checked.
//!
//! What must stay true: everything is refused before the first row is written; a plain text without an `@` asks for
//! nothing; nobody is mentioned who is not a member.

use quintet_domain::limits::{MENTION_ALL_MEMBERS_MAX, MENTIONS_MAX};
use quintet_domain::permissions::Action;
use quintet_domain::{
    AttachedFile, ConversationKind, EditedDetails, FileLink, Message, MessageId, NewDetails, NewText, Refusal, UserId,
    normal_username,
};

use crate::ledger::Cost;
use crate::message_details::NOWHERE;
use crate::rows::{ConversationRow, FileRow, Marks, MessageExtra, MessageRow};
use crate::transaction::{ActingUser, Transaction};
use crate::{FileKey, RuleResult, UserKey, files};

/// The character before the name of a user whom a text mentions.
const SIGN: char = '@';

/// What a message brings beside its text, looked up.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    /// What the row keeps.
    pub(crate) extra: Option<Box<MessageExtra>>,
    /// The files of this server beside the first one.
    pub(crate) carried: Vec<FileKey>,
    /// The first message of the thread.
    pub(crate) root: Option<MessageRow>,
}

impl Resolved {
    /// The marks of the new message.
    pub(crate) fn marks(&self) -> Marks {
        if self.root.is_some() { Marks::REPLY } else { Marks::NONE }
    }
}

/// Looks up what a message brings. `first` is the row of its first file, if that is one of this server's.
pub(crate) fn resolve(
    tx: &mut Transaction<'_>,
    (conversation, sender): (&ConversationRow, &ActingUser),
    text: &NewText,
    first: Option<&FileRow>,
) -> RuleResult<Resolved> {
    let named = text.details.as_deref().is_some_and(|details| details.mentions.is_some());
    let mut extra = MessageExtra::default();
    if !named && text.content.contains(SIGN) {
        extra.mentions = mentioned_in(tx, conversation, &text.content)?;
    }
    let Some(details) = text.details.as_deref() else {
        return Ok(Resolved { extra: extra.kept(), ..Resolved::default() });
    };
    if let Some(mentions) = &details.mentions {
        extra.mentions = members_named(tx, conversation, mentions)?;
    }
    if details.mention_all {
        may_mention_all(tx, conversation, sender)?;
        extra.mention_all = true;
    }
    extra.metadata.clone_from(&details.metadata);
    let root = details.thread.as_ref().map(|id| root_of(tx, conversation, id)).transpose()?;
    extra.thread = root.as_ref().map(|root| root.key);
    if let Some(id) = &details.reply_to {
        let answered = in_conversation(tx, conversation, "replyTo", id)?;
        // The first message of a thread stands outside of it as well.
        let elsewhere = match answered.extra.as_ref().and_then(|extra| extra.thread) {
            Some(thread) => extra.thread != Some(thread),
            None => extra.thread.is_some_and(|thread| thread != answered.key),
        };
        if elsewhere {
            return Err(Refusal::invalid("replyTo", "is in another thread than the message").into());
        }
        extra.reply_to = Some(answered.key);
    }
    let mut carried = Vec::new();
    for (at, link) in details.files.iter().enumerate() {
        let row = match at {
            0 => first.cloned(),
            _ => files::row_of_link(tx, "files", &link.url)?,
        };
        if at > 0
            && let Some(row) = &row
            && !carried.contains(&row.key)
            && first.is_none_or(|first| first.key != row.key)
        {
            carried.push(row.key);
        }
        extra.files.push(attached(link, row));
    }
    Ok(Resolved { extra: extra.kept(), carried, root })
}

/// A file with what this server knows about it.
fn attached(link: &FileLink, row: Option<FileRow>) -> AttachedFile {
    let FileLink { url, name } = link.clone();
    let Some(FileRow { name: own, size, mime, image, .. }) = row else {
        return AttachedFile { url, name, mime: None, size: None, width: None, height: None };
    };
    let (width, height) = image.unzip();
    AttachedFile { url, name: name.or(own), mime, size, width, height }
}

/// A message of a conversation, which the sender sees, by the id that a field names.
fn in_conversation(
    tx: &mut Transaction<'_>,
    conversation: &ConversationRow,
    field: &str,
    id: &MessageId,
) -> RuleResult<MessageRow> {
    let row = tx.messages().message(id)?.filter(|row| row.conversation == conversation.key);
    Ok(row.ok_or_else(|| Refusal::invalid(field, "names no message of this conversation"))?)
}

/// The first message of the thread that a message belongs to: the message itself, if it belongs to none.
fn root_of(tx: &mut Transaction<'_>, conversation: &ConversationRow, id: &MessageId) -> RuleResult<MessageRow> {
    let named = in_conversation(tx, conversation, "threadId", id)?;
    let root = match named.extra.as_ref().and_then(|extra| extra.thread) {
        Some(root) => tx.messages().message_by_key(root)?.unwrap_or(named),
        None => named,
    };
    if root.deleted_at.is_some() {
        return Err(
            Refusal::conflict("The first message of the thread is deleted, so that it takes no more replies.").into()
        );
    }
    Ok(root)
}

/// Whether the sender may mention all members at once.
fn may_mention_all(tx: &mut Transaction<'_>, conversation: &ConversationRow, sender: &ActingUser) -> RuleResult<()> {
    let small = conversation.reference.kind == ConversationKind::Group
        && conversation.head.member_count <= MENTION_ALL_MEMBERS_MAX;
    if !small {
        tx.check(Action::MentionAll, conversation, sender, false)?;
    }
    Ok(())
}

/// The keys of users whom a client names, each once; all of them have to be members.
fn members_named(
    tx: &mut Transaction<'_>,
    conversation: &ConversationRow,
    users: &[UserId],
) -> RuleResult<Vec<UserKey>> {
    let mut keys = Vec::with_capacity(users.len());
    for id in users {
        let user = tx.find_user(id)?;
        let member = match &user {
            Some(user) => tx.member(conversation.key, user.key)?,
            None => None,
        };
        match (user, member) {
            (Some(user), Some(_)) if keys.contains(&user.key) => {}
            (Some(user), Some(_)) => keys.push(user.key),
            (_, _) => {
                let what = format!("names `{id}`, who is not a member of this conversation");
                return Err(Refusal::invalid("mentions", what).into());
            }
        }
    }
    Ok(keys)
}

/// The keys of the members whom a text names as `@username`, each once, in the order of the text.
fn mentioned_in(tx: &mut Transaction<'_>, conversation: &ConversationRow, text: &str) -> RuleResult<Vec<UserKey>> {
    let mut keys: Vec<UserKey> = Vec::new();
    for name in names_in(text) {
        for name in candidates(name) {
            // Each name is paid for like a row, because it costs a look-up.
            tx.charge(Cost::Rows, 1);
            let Some(user) = tx.user_details().user_by_username_key(&normal_username(name).to_lowercase())? else {
                continue;
            };
            if tx.member(conversation.key, user.key)?.is_some() {
                if !keys.contains(&user.key) {
                    keys.push(user.key);
                }
                break;
            }
        }
    }
    Ok(keys)
}

/// The words that stand behind an `@` which begins a word, each once; at most [`MENTIONS_MAX`].
fn names_in(text: &str) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for (at, _) in text.match_indices(SIGN) {
        let begins = text[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric());
        let name = &text[at + SIGN.len_utf8()..];
        let name = &name[..name.find(|c: char| c.is_whitespace() || c == SIGN).unwrap_or(name.len())];
        if begins && !name.is_empty() && !names.contains(&name) {
            names.push(name);
            if names.len() == MENTIONS_MAX {
                break;
            }
        }
    }
    names
}

/// The usernames that a word may stand for: the word itself, and the word without the punctuation at its end.
fn candidates(word: &str) -> impl Iterator<Item = &str> {
    let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric());
    let bare = (bare.len() < word.len() && !bare.is_empty()).then_some(bare);
    std::iter::once(word).chain(bare)
}

/// The extra of a message after an edit.
pub(crate) fn edited(
    tx: &mut Transaction<'_>,
    (conversation, editor): (&ConversationRow, &ActingUser),
    row: &MessageRow,
    details: &EditedDetails,
) -> RuleResult<Option<Box<MessageExtra>>> {
    let EditedDetails { metadata, mentions, mention_all } = details;
    let mut extra = row.extra.as_deref().cloned().unwrap_or_default();
    if let Some(metadata) = metadata {
        extra.metadata = Some(metadata.clone()).filter(|metadata| !metadata.is_empty());
    }
    if let Some(mentions) = mentions {
        extra.mentions = members_named(tx, conversation, mentions)?;
    }
    if let Some(all) = *mention_all {
        if all && !extra.mention_all {
            may_mention_all(tx, conversation, editor)?;
        }
        extra.mention_all = all;
    }
    Ok(extra.kept())
}

/// Whether a send that is repeated brings what the first one brought, as far as the message still shows it.
pub(crate) fn is_same(first: &Message, row: &MessageRow, details: Option<&NewDetails>) -> bool {
    let none = NewDetails::default();
    let NewDetails { files, metadata, reply_to, thread, mentions, mention_all } = details.unwrap_or(&none);
    let shown = first.details.as_deref();
    let extra = row.extra.as_deref();
    let links = shown.map_or(&[][..], |details| &details.files);
    let same_files = links.len() == files.len() && links.iter().zip(files).all(|(one, other)| one.url == other.url);
    let quoted = shown.and_then(|details| details.reply_to.as_ref()).map(|quote| &quote.id);
    // What is not kept any longer has no id to compare with.
    let is_gone = quoted.is_some_and(|id| id.as_str() == NOWHERE);
    // Any message of the thread means its first one, so that only whether there is a thread can be compared.
    same_files
        && metadata.as_ref() == extra.and_then(|extra| extra.metadata.as_ref())
        && (reply_to.as_ref() == quoted || is_gone && reply_to.is_some())
        && thread.is_some() == extra.is_some_and(|extra| extra.thread.is_some())
        && *mention_all == extra.is_some_and(|extra| extra.mention_all)
        && mentions.as_ref().is_none_or(|ids| {
            let shown = shown.map_or(&[][..], |details| &details.mentions);
            ids.iter().all(|id| shown.iter().any(|mention| mention.id == *id))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_behind_a_sign_that_begins_a_word() {
        for (text, names) in [
            ("@ada hello", &["ada"][..]),
            ("hi @ada, and @bob.", &["ada,", "bob."]),
            ("(@ada) @ada @ @@bob", &["ada)", "ada", "bob"]),
            ("ada@example.org", &[]),
            ("a @\u{e9}lo\u{ef}se!", &["\u{e9}lo\u{ef}se!"]),
            ("@", &[]),
        ] {
            assert_eq!(names_in(text), names, "{text:?}");
        }
        let many: String = (0..60).map(|n| format!("@u{n} ")).collect();
        assert_eq!(names_in(&many).len(), MENTIONS_MAX);
        assert_eq!(candidates("bob.").collect::<Vec<_>>(), ["bob.", "bob"]);
        assert_eq!(candidates("bob").collect::<Vec<_>>(), ["bob"]);
        assert_eq!(candidates("...").collect::<Vec<_>>(), ["..."]);
    }
}
