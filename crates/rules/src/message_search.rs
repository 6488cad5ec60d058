//! Which messages a search finds, decided from the rows as they are now.
//!
//! What must stay true: an index only proposes messages. Each is examined here, so that nobody finds a message that was
//! deleted or edited away, or one of a conversation whose messages the permission table does not let them read.

use std::collections::BTreeMap;
use std::sync::Arc;

use quintet_domain::limits::{SEARCH_MESSAGES_EXAMINED_MAX, SEARCH_SCOPES_MAX};
use quintet_domain::permissions::{self, Action};
use quintet_domain::{ConversationRef, Has, Message, MessageSearch, Refusal, User, has_link};

use crate::message_details::add_details;
use crate::message_views::shown;
use crate::rows::{ConversationRows, DetailRows, MemberRows, MessageRow, UserRow, UserRows};
use crate::{ConversationKey, MessageKey, RowResult, RuleResult, UserKey, standing};

/// The rows that a search examines.
pub trait SearchRows: UserRows + ConversationRows + MemberRows {}

impl<R: UserRows + ConversationRows + MemberRows> SearchRows for R {}

/// The sender that a search asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    /// Any sender fits.
    Any,
    /// Only the user of a key.
    Only(UserKey),
    /// A user who does not exist.
    Nobody,
}

/// A page of a search under way: examines messages, newest first, until the page is full.
pub struct MessageFinder<'r> {
    rows: &'r dyn SearchRows,
    user: &'r UserRow,
    search: &'r MessageSearch,
    sender: Sender,
    only: Option<ConversationKey>,
    /// Conversations that were looked up, and whether the user may read them.
    readable: BTreeMap<ConversationKey, Option<Arc<ConversationRef>>>,
    found: Vec<(MessageRow, Arc<ConversationRef>)>,
    limit: usize,
    examined: u32,
    /// The message that was examined last.
    last: Option<MessageKey>,
}

/// What one read of a search has found.
#[derive(Debug)]
pub struct FoundMessages {
    /// The messages with their conversations, newest first.
    pub found: Vec<(MessageRow, Arc<ConversationRef>)>,
    /// The key before which the next page begins; none on the last page.
    pub next: Option<MessageKey>,
}

impl<'r> MessageFinder<'r> {
    /// Begins a page of a search by a user.
    ///
    /// # Errors
    /// A refusal if a conversation is given whose messages the user may not read; an error of the store.
    pub fn new(
        rows: &'r dyn SearchRows,
        user: &'r UserRow,
        search: &'r MessageSearch,
        limit: usize,
    ) -> RuleResult<Self> {
        let mut readable = BTreeMap::new();
        let mut only = None;
        if let Some(id) = &search.conversation {
            let row = rows.conversation(id)?.ok_or_else(|| Refusal::not_found("conversation", id))?;
            let member = rows.member(row.key, user.key)?;
            permissions::check(Action::Use, standing(&row, user, member.as_ref(), false), id)?;
            only = Some(row.key);
            readable.insert(row.key, Some(row.reference));
        }
        let sender = match &search.from {
            None => Sender::Any,
            Some(id) => rows.user(id)?.map_or(Sender::Nobody, |row| Sender::Only(row.key)),
        };
        Ok(Self { rows, user, search, sender, only, readable, found: Vec::new(), limit, examined: 0, last: None })
    }

    /// The conversations to which an index can narrow the search beforehand; `None` if there are too many of them, or if
    /// the user reads conversations of which it is no member.
    ///
    /// # Errors
    /// An error of the store.
    pub fn scopes(&self) -> RowResult<Option<Vec<ConversationKey>>> {
        if let Some(only) = self.only {
            return Ok(Some(vec![only]));
        }
        if self.user.user.is_service() {
            return Ok(None);
        }
        let own = self.rows.conversations_of(self.user.key, None, SEARCH_SCOPES_MAX + 1)?;
        Ok(Some(own).filter(|own| own.len() <= SEARCH_SCOPES_MAX))
    }

    /// Whether nothing can be found.
    #[must_use]
    pub fn is_hopeless(&self) -> bool {
        self.sender == Sender::Nobody
    }

    /// Whether the user may read the messages of a conversation.
    ///
    /// # Errors
    /// An error of the store.
    pub fn may_read(&mut self, conversation: ConversationKey) -> RowResult<bool> {
        Ok(self.readable(conversation)?.is_some())
    }

    fn readable(&mut self, key: ConversationKey) -> RowResult<Option<Arc<ConversationRef>>> {
        if let Some(known) = self.readable.get(&key) {
            return Ok(known.clone());
        }
        let row = self.rows.conversation_by_key(key)?.filter(|row| row.deleted_at.is_none());
        let reference = match row {
            Some(row) => {
                let member = self.rows.member(key, self.user.key)?;
                let may = permissions::allows(Action::Use, standing(&row, self.user, member.as_ref(), false));
                may.then_some(row.reference)
            }
            None => None,
        };
        self.readable.insert(key, reference.clone());
        Ok(reference)
    }

    /// Examines a message. Returns whether the page needs more of them.
    ///
    /// # Errors
    /// An error of the store.
    pub fn examine(&mut self, row: MessageRow) -> RowResult<bool> {
        let key = row.key;
        if self.fits(&row)
            && let Some(conversation) = self.readable(row.conversation)?
        {
            self.found.push((row, conversation));
            // One more than a page has tells that there is a next page.
            if self.found.len() > self.limit {
                return Ok(false);
            }
        }
        Ok(self.pass(key))
    }

    /// Passes a message that is not found. Returns whether the page needs more of them.
    pub fn pass(&mut self, key: MessageKey) -> bool {
        self.last = Some(key);
        self.examined += 1;
        self.examined < SEARCH_MESSAGES_EXAMINED_MAX
    }

    fn fits(&self, row: &MessageRow) -> bool {
        let search = self.search;
        let (deleted, file) = (row.deleted_at.is_some(), row.file.as_ref());
        !deleted
            && self.only.is_none_or(|only| only == row.conversation)
            && (self.sender == Sender::Any || self.sender == Sender::Only(row.sender))
            && search.before.is_none_or(|before| row.created_at < before)
            && search.after.is_none_or(|after| row.created_at > after)
            && search.kind.is_none_or(|kind| row.kind == kind)
            && match search.has {
                None => true,
                Some(Has::File) => file.is_some(),
                Some(Has::Link) => has_link(&row.content),
                Some(Has::Mention) => {
                    row.extra.as_ref().is_some_and(|extra| extra.mention_all || !extra.mentions.is_empty())
                }
            }
            && search.text.fits(searched_texts(row))
    }

    /// Ends the page. `is_all` says that no older message is left.
    #[must_use]
    pub fn end(self, is_all: bool) -> FoundMessages {
        let mut found = self.found;
        if found.len() > self.limit {
            found.truncate(self.limit);
            let next = found.last().map(|(row, _)| row.key);
            return FoundMessages { found, next };
        }
        FoundMessages { found, next: self.last.filter(|_| !is_all) }
    }
}

impl FoundMessages {
    /// The messages as clients see them, with their details and without their readers. `sender` finds the senders.
    ///
    /// # Errors
    /// An error of the store.
    pub fn messages(
        self,
        rows: &dyn DetailRows,
        sender: impl Fn(UserKey) -> Option<Arc<User>>,
    ) -> RowResult<Vec<Arc<Message>>> {
        let (mut stored, mut messages) = (Vec::new(), Vec::new());
        for (row, conversation) in self.found {
            if let Some(sender) = sender(row.sender) {
                messages.push(shown(&row, &conversation, &sender));
                stored.push(row);
            }
        }
        add_details(rows, &stored, &mut messages)?;
        Ok(messages.into_iter().map(Arc::new).collect())
    }
}

/// The texts of a message by which it is found: its content and the names of its files. Custom data is not searched.
pub fn searched_texts(row: &MessageRow) -> impl Iterator<Item = &str> {
    let files = row.extra.as_ref().map_or(&[][..], |extra| &extra.files);
    // A list of files has the first one as well.
    let first = row.file.as_ref().filter(|_| files.is_empty()).and_then(|file| file.name.as_deref());
    let names = files.iter().filter_map(|file| file.name.as_deref());
    std::iter::once(row.content.as_str()).chain(first).chain(names)
}
