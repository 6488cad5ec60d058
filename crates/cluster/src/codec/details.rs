//! The details of messages in the format.
//!
//! What must stay true: each type has the fields of the type of the domain that it stands for, which the compiler checks
//! because both are taken apart by name.

use quintet_domain as domain;
use quintet_domain::{MessageId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::names::{MessageKind, ids, users};

#[derive(Serialize, Deserialize)]
struct File<'a> {
    url: &'a str,
    name: Option<&'a str>,
    mime: Option<&'a str>,
    size: Option<u64>,
    width: Option<u32>,
    height: Option<u32>,
}

#[derive(Serialize, Deserialize)]
struct Mention<'a> {
    id: &'a str,
    username: &'a str,
}

impl<'a> Mention<'a> {
    fn of(mention: &'a domain::Mention) -> Self {
        let domain::Mention { id, username } = mention;
        Self { id: id.as_str(), username }
    }

    fn read(self) -> domain::Mention {
        let Self { id, username } = self;
        domain::Mention { id: UserId::trusted(id), username: username.to_owned() }
    }
}

#[derive(Serialize, Deserialize)]
struct Quote<'a> {
    id: &'a str,
    #[serde(borrow)]
    sender: Mention<'a>,
    content: &'a str,
    kind: MessageKind,
    deleted: bool,
}

#[derive(Serialize, Deserialize)]
struct Thread<'a> {
    count: u64,
    last_at: Option<i64>,
    #[serde(borrow)]
    last_senders: Vec<&'a str>,
}

#[derive(Serialize, Deserialize)]
struct Reaction<'a> {
    emoji: &'a str,
    count: u32,
    #[serde(borrow)]
    users: Vec<&'a str>,
}

#[derive(Serialize, Deserialize)]
struct Pin<'a> {
    by: &'a str,
    at: i64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Details<'a> {
    #[serde(borrow)]
    files: Vec<File<'a>>,
    metadata: Option<&'a str>,
    #[serde(borrow)]
    reply_to: Option<Quote<'a>>,
    thread_id: Option<&'a str>,
    #[serde(borrow)]
    thread: Option<Thread<'a>>,
    #[serde(borrow)]
    mentions: Vec<Mention<'a>>,
    mention_all: bool,
    #[serde(borrow)]
    reactions: Vec<Reaction<'a>>,
    #[serde(borrow)]
    pinned: Option<Pin<'a>>,
}

impl<'a> Details<'a> {
    pub(super) fn of(details: &'a domain::MessageDetails) -> Self {
        let domain::MessageDetails {
            files,
            metadata,
            reply_to,
            thread_id,
            thread,
            mentions,
            mention_all,
            reactions,
            pinned,
        } = details;
        let file = |file: &'a domain::AttachedFile| {
            let domain::AttachedFile { url, name, mime, size, width, height } = file;
            File { url, name: name.as_deref(), mime: mime.as_deref(), size: *size, width: *width, height: *height }
        };
        let quote = |quote: &'a domain::Quote| {
            let domain::Quote { id, sender, content, kind, deleted } = quote;
            Quote { id: id.as_str(), sender: Mention::of(sender), content, kind: (*kind).into(), deleted: *deleted }
        };
        let summary = |thread: &'a domain::ThreadSummary| {
            let domain::ThreadSummary { count, last_at, last_senders } = thread;
            Thread { count: *count, last_at: last_at.map(|at| at.0), last_senders: ids(last_senders) }
        };
        let reaction = |reaction: &'a domain::ReactionCount| {
            let domain::ReactionCount { emoji, count, users } = reaction;
            Reaction { emoji, count: *count, users: ids(users) }
        };
        Self {
            files: files.iter().map(file).collect(),
            metadata: metadata.as_ref().map(domain::Metadata::as_str),
            reply_to: reply_to.as_ref().map(quote),
            thread_id: thread_id.as_ref().map(MessageId::as_str),
            thread: thread.as_ref().map(summary),
            mentions: mentions.iter().map(Mention::of).collect(),
            mention_all: *mention_all,
            reactions: reactions.iter().map(reaction).collect(),
            pinned: pinned.as_ref().map(|domain::Pin { by, at }| Pin { by: by.as_str(), at: at.0 }),
        }
    }

    pub(super) fn read(self) -> Box<domain::MessageDetails> {
        let Self { files, metadata, reply_to, thread_id, thread, mentions, mention_all, reactions, pinned } = self;
        let file = |File { url, name, mime, size, width, height }: File<'_>| domain::AttachedFile {
            url: url.to_owned(),
            name: name.map(str::to_owned),
            mime: mime.map(str::to_owned),
            size,
            width,
            height,
        };
        let quote = |Quote { id, sender, content, kind, deleted }: Quote<'_>| domain::Quote {
            id: MessageId::trusted(id),
            sender: sender.read(),
            content: content.to_owned(),
            kind: kind.into(),
            deleted,
        };
        let summary = |Thread { count, last_at, last_senders }: Thread<'_>| domain::ThreadSummary {
            count,
            last_at: last_at.map(Timestamp),
            last_senders: users(last_senders),
        };
        let reaction = |Reaction { emoji, count, users: first }: Reaction<'_>| domain::ReactionCount {
            emoji: emoji.to_owned(),
            count,
            users: users(first),
        };
        Box::new(domain::MessageDetails {
            files: files.into_iter().map(file).collect(),
            metadata: metadata.map(domain::Metadata::trusted),
            reply_to: reply_to.map(quote),
            thread_id: thread_id.map(MessageId::trusted),
            thread: thread.map(summary),
            mentions: mentions.into_iter().map(Mention::read).collect(),
            mention_all,
            reactions: reactions.into_iter().map(reaction).collect(),
            pinned: pinned.map(|Pin { by, at }| domain::Pin { by: UserId::trusted(by), at: Timestamp(at) }),
        })
    }
}
