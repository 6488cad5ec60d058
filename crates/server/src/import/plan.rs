//! What is to be imported: everything that the files say, examined before anything is written.
//!
//! What must stay true: a plan that is whole can be written, up to what only the server knows.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use quintet_dialect::Dialect;
use quintet_domain::limits::{CONTENT_BYTES_MAX, MEMBERS_MAX, OWNED_MAX};
use quintet_domain::{
    ConversationId, ConversationKind, FileLink, MessageId, MessageKind, Timestamp, UserId, display_name,
    display_name_from, email_key, parse_email, refuse_nul, username_from, validate_content,
};
use quintet_service::MovedHash;

use super::attachments::{self, Attachment};
use super::lines::{ConversationLine, Id, Line, MessageLine, UserLine};
use super::reader::Place;

/// A person to be given an account.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) id: UserId,
    /// The username that it had, and the closest one that it can have.
    pub(super) given: String,
    pub(super) username: String,
    pub(super) name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) country: Option<String>,
    pub(super) avatar: Option<Attachment>,
    pub(super) password_hash: Option<MovedHash>,
    pub(super) dialect: Option<Dialect>,
    pub(super) created_at: Timestamp,
    pub(super) place: Place,
}

/// A conversation to be created.
#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) id: ConversationId,
    pub(super) kind: ConversationKind,
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) picture: Option<Attachment>,
    pub(super) open: bool,
    /// The owner; of a direct conversation, one of the two.
    pub(super) owner: UserId,
    pub(super) admins: BTreeSet<UserId>,
    /// The members beside the owner.
    pub(super) members: BTreeSet<UserId>,
    /// Those who have written in it and are no members any more.
    pub(super) former: BTreeSet<UserId>,
    pub(super) created_at: Timestamp,
    pub(super) place: Place,
}

/// A message to be sent.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) id: Option<MessageId>,
    pub(super) conversation: usize,
    pub(super) sender: UserId,
    pub(super) kind: MessageKind,
    pub(super) content: String,
    pub(super) file: Option<(Attachment, Option<String>)>,
    /// The message that it answers, if that one is there by then.
    pub(super) reply_to: Option<MessageId>,
    pub(super) created_at: Timestamp,
}

/// Something to be written, at its moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Deed {
    Create(usize),
    Send(Place),
}

/// Everything that is to be imported.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) people: Vec<Person>,
    pub(super) conversations: Vec<Conversation>,
    /// In the order of time; what happens at the same moment in the order of the lines.
    pub(super) deeds: Vec<(Timestamp, Deed)>,
    pub(super) messages: usize,
    /// How many direct conversations were a further one of the same two people, and have become one with the first.
    pub(super) joined: usize,
    folder: Option<PathBuf>,
    now: Timestamp,
    /// When each user was created.
    ids: HashMap<UserId, Timestamp>,
    emails: HashSet<String>,
    by_id: HashMap<String, usize>,
    pairs: HashMap<(UserId, UserId), usize>,
    /// Conversations whose line is wrong: nothing is said about each of their messages.
    faulty: HashSet<String>,
    /// The conversation, the moment and the place of each message that has an id.
    known: HashMap<String, (usize, Timestamp, Place)>,
    /// How many groups and rooms each user owns.
    owned: HashMap<UserId, i64>,
}

fn said(refusal: quintet_domain::Refusal) -> String {
    refusal.message
}

fn user_id(field: &str, id: &Id) -> Result<UserId, String> {
    UserId::new(&id.text()).map_err(|error| format!("`{field}` is no id: {error}"))
}

impl Plan {
    /// Begins a plan. Files are in the folder, and nothing may have happened after `now`.
    pub(super) fn new(folder: Option<&Path>, now: Timestamp) -> Self {
        Self {
            people: Vec::new(),
            conversations: Vec::new(),
            deeds: Vec::new(),
            messages: 0,
            joined: 0,
            folder: folder.map(Path::to_path_buf),
            now,
            ids: HashMap::new(),
            emails: HashSet::new(),
            by_id: HashMap::new(),
            pairs: HashMap::new(),
            faulty: HashSet::new(),
            known: HashMap::new(),
            owned: HashMap::new(),
        }
    }

    /// Adds what a line says.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the line.
    pub(super) fn add(&mut self, line: Line, place: Place) -> Result<(), String> {
        match line {
            Line::User(line) => self.add_person(*line, place),
            Line::Conversation(line) => {
                let id = line.id.text();
                self.add_conversation(*line, place).inspect_err(|_| {
                    self.faulty.insert(id);
                })
            }
            Line::Message(line) if self.faulty.contains(&line.conversation_id.text()) => Ok(()),
            Line::Message(line) => {
                let message = self.message(*line, place)?;
                if let Some(id) = &message.id {
                    let known = (message.conversation, message.created_at, place);
                    if self.known.insert(id.as_str().to_owned(), known).is_some() {
                        return Err(format!("a message `{id}` stands further up"));
                    }
                }
                let Some(conversation) = self.conversations.get_mut(message.conversation) else {
                    return Err("its conversation is missing".to_owned());
                };
                conversation.created_at = conversation.created_at.min(message.created_at);
                if conversation.owner != message.sender && !conversation.members.contains(&message.sender) {
                    if conversation.kind == ConversationKind::Direct {
                        return Err(format!("`{}` is none of the two people of the conversation", message.sender));
                    }
                    conversation.former.insert(message.sender);
                }
                self.messages += 1;
                self.deeds.push((message.created_at, Deed::Send(place)));
                Ok(())
            }
        }
    }

    /// Puts everything in the order of time. Returns what only all lines together show to be wrong.
    pub(super) fn finish(&mut self) -> Vec<(Place, String)> {
        self.people.sort_by_key(|person| person.created_at);
        // One without a date and without messages is as old as its owner, and not the newest of all.
        for undated in self.conversations.iter_mut().filter(|one| one.created_at == self.now) {
            undated.created_at = self.ids.get(&undated.owner).copied().unwrap_or(self.now);
        }
        let created = self.conversations.iter().enumerate().map(|(at, found)| (found.created_at, Deed::Create(at)));
        self.deeds.extend(created);
        // A conversation comes before its first message, because that is how the kinds of deeds are ordered.
        self.deeds.sort_unstable();
        let too_large = |one: &&Conversation| 1 + one.members.len() + one.former.len() > MEMBERS_MAX as usize;
        let fault = |one: &Conversation| {
            let (members, former) = (1 + one.members.len(), one.former.len());
            let why = format!(
                "the conversation has {members} members and {former} senders who have left, and at most {MEMBERS_MAX} of both \
                 together can be imported: give the messages of some who have left to one user who stands for them"
            );
            (one.place, why)
        };
        self.conversations.iter().filter(too_large).map(fault).collect()
    }

    fn add_person(&mut self, line: UserLine, place: Place) -> Result<(), String> {
        let id = user_id("id", &line.id)?;
        // Whatever is wrong with the rest, other lines may name the user.
        if self.ids.contains_key(&id) {
            return Err(format!("a user `{id}` stands further up"));
        }
        let created_at = line.created_at.map_or(Ok(self.now), |at| at.parse(self.now));
        self.ids.insert(id.clone(), *created_at.as_ref().unwrap_or(&self.now));
        let created_at = created_at?;
        let given = line.username.as_ref().or(line.name.as_ref()).cloned().unwrap_or_else(|| id.to_string());
        let wish = username_from(&given);
        let username = if wish.is_empty() { "user".to_owned() } else { wish };
        let text =
            |field: &str, text: Option<String>| text.map(|text| display_name(field, &text)).transpose().map_err(said);
        let email = line.email.filter(|email| !email.is_empty());
        let email = email.map(|email| parse_email(&email)).transpose().map_err(said)?;
        let avatar = line.avatar.filter(|avatar| !avatar.is_empty());
        let dialect = line.dialect.as_ref().map(|name| {
            let known = || Dialect::ALL.map(Dialect::as_str).join(", ");
            Dialect::parse(name).ok_or_else(|| format!("`dialect` must be one of {}", known()))
        });
        let last_name = text("lastName", line.last_name.filter(|name| !name.is_empty()))?;
        let name = match (text("name", line.name)?, &last_name) {
            // The full name ends with the last one.
            (Some(name), Some(last)) if !name.ends_with(last.as_str()) => text("name", Some(format!("{name} {last}")))?,
            (name, _) => name,
        };
        let person = Person {
            // A username that cannot be kept is kept as a name.
            name: name.or_else(|| display_name_from(&given)),
            last_name,
            country: text("country", line.country)?,
            avatar: avatar.map(|link| attachments::find("avatar", &link, self.folder.as_deref())).transpose()?,
            password_hash: line
                .password_hash
                .map(|hash| MovedHash::parse("passwordHash", &hash))
                .transpose()
                .map_err(said)?,
            dialect: dialect.transpose()?,
            username,
            created_at,
            id,
            given,
            email,
            place,
        };
        if let Some(email) = &person.email
            && !self.emails.insert(email_key(email))
        {
            return Err(format!("another user further up has the email address `{email}`"));
        }
        self.people.push(person);
        Ok(())
    }

    fn add_conversation(&mut self, line: ConversationLine, place: Place) -> Result<(), String> {
        let id = ConversationId::new(&line.id.text()).map_err(|error| format!("`id` is no id: {error}"))?;
        if self.by_id.contains_key(id.as_str()) {
            return Err(format!("a conversation `{id}` stands further up"));
        }
        let kind = match ConversationKind::parse(&line.kind) {
            Some(kind @ (ConversationKind::Direct | ConversationKind::Group | ConversationKind::Room)) => kind,
            Some(ConversationKind::Meetup) | None => {
                return Err("`kind` must be `direct`, `group` or `room`".to_owned());
            }
        };
        let mut admins = self.users("adminIds", &line.admin_ids.unwrap_or_default())?;
        let listed = line.member_ids.unwrap_or_default();
        let mut members = self.users("memberIds", &listed)?;
        let owner = line.owner_id.as_ref().map(|id| self.user("ownerId", id)).transpose()?;
        let first = listed.first().map(|id| self.user("memberIds", id)).transpose()?;
        if kind == ConversationKind::Direct && members.len() != 2 {
            return Err("`memberIds` of a direct conversation must name two users".to_owned());
        }
        // An owner or an admin who is no member has left.
        admins.retain(|admin| members.contains(admin));
        let owner =
            owner.filter(|owner| kind != ConversationKind::Direct && (listed.is_empty() || members.contains(owner)));
        let Some(owner) = owner.or_else(|| admins.first().cloned()).or(first) else {
            return Err("`ownerId` is missing, and there is no member who could be the owner".to_owned());
        };
        members.remove(&owner);
        if members.len() >= MEMBERS_MAX as usize {
            return Err(format!("a conversation has at most {MEMBERS_MAX} members"));
        }
        let name = match kind {
            ConversationKind::Direct => None,
            ConversationKind::Group | ConversationKind::Room | ConversationKind::Meetup => {
                let name = line.name.ok_or_else(|| "`name` is missing, which groups and rooms need".to_owned())?;
                Some(display_name("name", &name).map_err(said)?)
            }
        };
        let description = line.description.filter(|text| !text.is_empty() && kind != ConversationKind::Direct);
        if let Some(text) = &description {
            refuse_nul("description", text).map_err(said)?;
            if text.len() > CONTENT_BYTES_MAX {
                return Err(format!("`description` has at most {CONTENT_BYTES_MAX} bytes"));
            }
        }
        let picture = line.picture.filter(|picture| !picture.is_empty() && kind != ConversationKind::Direct);
        let picture = picture.map(|link| attachments::find("picture", &link, self.folder.as_deref())).transpose()?;
        if kind == ConversationKind::Direct {
            let pair = members
                .first()
                .cloned()
                .map(|other| if owner < other { (owner.clone(), other) } else { (other, owner.clone()) });
            let Some(pair) = pair else {
                return Err("`memberIds` of a direct conversation must name two users".to_owned());
            };
            if let Some(at) = self.pairs.get(&pair) {
                self.joined += 1;
                self.by_id.insert(id.to_string(), *at);
                return Ok(());
            }
            self.pairs.insert(pair, self.conversations.len());
        }
        if kind != ConversationKind::Direct {
            let owned = self.owned.entry(owner.clone()).or_default();
            *owned += 1;
            if *owned > OWNED_MAX {
                return Err(format!("`{owner}` owns more than {OWNED_MAX} groups and rooms: give them several owners"));
            }
        }
        self.by_id.insert(id.to_string(), self.conversations.len());
        self.conversations.push(Conversation {
            id,
            kind,
            name,
            description,
            picture,
            open: line.open.unwrap_or_default(),
            owner,
            admins: if kind == ConversationKind::Direct { BTreeSet::new() } else { admins },
            members,
            former: BTreeSet::new(),
            created_at: line.created_at.map_or(Ok(self.now), |at| at.parse(self.now))?,
            place,
        });
        Ok(())
    }

    /// Reads the message of the line at a place.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the line.
    pub(super) fn message(&self, line: MessageLine, place: Place) -> Result<Message, String> {
        let wanted = line.conversation_id.text();
        let Some(conversation) = self.by_id.get(&wanted).copied() else {
            return Err(format!("no conversation `{wanted}` stands further up"));
        };
        let message_id =
            |field: &str, id: &Id| MessageId::new(&id.text()).map_err(|error| format!("`{field}` is no id: {error}"));
        let created_at = line.created_at.parse(self.now)?;
        let file = line.file_url.filter(|url| !url.is_empty());
        let file = file.map(|url| attachments::find("fileUrl", &url, self.folder.as_deref())).transpose()?;
        // The name is examined with a link of any kind.
        FileLink::new("https://example.org".to_owned(), line.file_name.clone()).map_err(said)?;
        let kind = line.kind.map(|kind| MessageKind::read("type", &kind)).transpose().map_err(said)?;
        let content = line.content.unwrap_or_default();
        validate_content("content", &content, file.is_some()).map_err(said)?;
        let reply_to = line.reply_to.map(|id| message_id("replyTo", &id)).transpose()?;
        // What was deleted is usually not in the file, and clocks may have been wrong.
        let is_there = |id: &MessageId| {
            let earlier = |(there, at, line): &(usize, Timestamp, Place)| {
                *there == conversation && (*at, *line) < (created_at, place)
            };
            self.known.get(id.as_str()).is_some_and(earlier)
        };
        Ok(Message {
            id: line.id.as_ref().map(|id| message_id("id", id)).transpose()?,
            conversation,
            sender: self.user("senderId", &line.sender_id)?,
            kind: kind.unwrap_or(if file.is_some() { MessageKind::File } else { MessageKind::Text }),
            content,
            file: file.map(|file| (file, line.file_name)),
            reply_to: reply_to.filter(is_there),
            created_at,
        })
    }

    fn user(&self, field: &str, id: &Id) -> Result<UserId, String> {
        let id = user_id(field, id)?;
        match self.ids.contains_key(&id) {
            true => Ok(id),
            false => Err(format!("`{field}` names `{id}`, and no such user stands further up")),
        }
    }

    fn users(&self, field: &str, ids: &[Id]) -> Result<BTreeSet<UserId>, String> {
        ids.iter().map(|id| self.user(field, id)).collect()
    }
}
