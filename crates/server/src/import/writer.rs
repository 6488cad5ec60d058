//! Writes what was planned, through the service, as if it happened now at the moment at which it has happened.

use std::path::Path;

use bytes::Bytes;
use futures_util::stream;
use quintet_domain::limits::IDS_MAX;
use quintet_domain::{
    Actor, ConversationKind, FileLink, MessageId, NewDetails, NewText, ProfileChange, Refusal, Role, Target, Timestamp,
    UserId,
};
use quintet_service::{ConversationInput, NewAccount, Service};

use super::attachments::Attachment;
use super::lines::Line;
use super::past::Past;
use super::plan::{Conversation, Deed, Person, Plan};
use super::reader::{Files, Place};
use crate::copy::progress::Progress;

/// Why writing ended, and at which line.
pub(super) struct Broken {
    pub(super) place: Option<Place>,
    pub(super) because: String,
}

/// Writes a plan.
pub(super) struct Writer<'w> {
    pub(super) service: &'w Service,
    pub(super) past: &'w Past,
    pub(super) plan: &'w Plan,
    pub(super) files: &'w mut Files,
    pub(super) progress: &'w Progress,
}

fn because(refusal: Refusal) -> String {
    refusal.message
}

impl Writer<'_> {
    /// Writes everything. Returns the people whose username is another one now: what it was, and what it is.
    pub(super) async fn write(&mut self) -> Result<Vec<(String, String)>, Broken> {
        let plan = self.plan;
        let mut renamed = Vec::new();
        self.progress.begin("people", plan.people.len() as u64);
        for person in &plan.people {
            let username = self.person(person).await.map_err(|because| at(person.place, because))?;
            if username != person.given {
                renamed.push((person.given.clone(), username));
            }
            self.progress.advance(1);
        }
        self.progress.begin("conversations and messages", plan.deeds.len() as u64);
        // The newest message of each conversation.
        let mut newest: Vec<Option<(MessageId, Timestamp)>> = vec![None; plan.conversations.len()];
        for (moment, deed) in &plan.deeds {
            self.past.set(*moment);
            match deed {
                Deed::Create(number) => {
                    let Some(new) = plan.conversations.get(*number) else { continue };
                    self.conversation(new).await.map_err(|because| at(new.place, because))?;
                }
                Deed::Send(place) => {
                    let (number, sent) = self.message(*place).await.map_err(|because| at(*place, because))?;
                    if let Some(newest) = newest.get_mut(number) {
                        *newest = Some((sent, *moment));
                    }
                }
            }
            self.progress.advance(1);
        }
        self.progress.begin("members", plan.conversations.len() as u64);
        for (conversation, newest) in plan.conversations.iter().zip(newest) {
            self.members(conversation, newest).await.map_err(|because| at(conversation.place, because))?;
            self.progress.advance(1);
        }
        self.progress.end();
        Ok(renamed)
    }

    async fn person(&self, person: &Person) -> Result<String, String> {
        self.past.set(person.created_at);
        let (link, file) = match &person.avatar {
            None => (None, None),
            Some(Attachment::Link(link)) => (Some(link.clone()), None),
            Some(Attachment::File(path)) => (None, Some(path)),
        };
        let new = NewAccount {
            id: Some(person.id.clone()),
            username: person.username.clone(),
            email: person.email.clone(),
            password_hash: person.password_hash.clone(),
            name: person.name.clone(),
            last_name: person.last_name.clone(),
            country: person.country.clone(),
            avatar: link,
            home_dialect: person.dialect.map(|dialect| dialect.as_str().to_owned()),
            any_username: true,
            ..NewAccount::default()
        };
        let account = self.service.make_user(new).await.map_err(because)?;
        if let Some(path) = file {
            let url = self.upload(&Actor::user(person.id.clone()), path, None).await?.url;
            let change = ProfileChange { avatar: Some(Some(url)), ..ProfileChange::default() };
            self.service.change_profile(person.id.clone(), change).await.map_err(because)?;
        }
        Ok(account.user.username.clone())
    }

    async fn conversation(&self, new: &Conversation) -> Result<(), String> {
        let owner = Actor::user(new.owner.clone());
        let mut others: Vec<UserId> = new.members.union(&new.former).cloned().collect();
        // People join a room by themselves; those who do not fit into a list are added one by one.
        let added = match new.kind {
            ConversationKind::Direct | ConversationKind::Group => others.split_off(others.len().min(IDS_MAX)),
            ConversationKind::Room | ConversationKind::Meetup => std::mem::take(&mut others),
        };
        let picture = match &new.picture {
            None => None,
            Some(Attachment::Link(link)) => Some(link.clone()),
            Some(Attachment::File(path)) => Some(self.upload(&owner, path, None).await?.url),
        };
        let input = ConversationInput {
            kind: new.kind,
            name: new.name.clone(),
            description: new.description.clone(),
            picture,
            metadata: None,
            members: others,
            owner: None,
            open: new.open,
        };
        self.past.set_next_id(Some(new.id.to_string()));
        self.service.create_conversation(owner.clone(), input).await.map_err(because)?;
        self.took_id(new.id.as_str())?;
        for user in added {
            let actor = if new.kind == ConversationKind::Room { Actor::user(user.clone()) } else { owner.clone() };
            self.service.add_member(actor, new.id.clone(), user, None, None).await.map_err(because)?;
        }
        for admin in new.admins.iter().filter(|admin| **admin != new.owner) {
            let role = Some(Role::Admin);
            let made = self.service.add_member(owner.clone(), new.id.clone(), admin.clone(), role, None).await;
            made.map_err(because)?;
        }
        Ok(())
    }

    async fn message(&mut self, place: Place) -> Result<(usize, MessageId), String> {
        let line = match self.files.again(place)? {
            Line::Message(line) => *line,
            Line::User(_) | Line::Conversation(_) => return Err("the file was changed meanwhile".to_owned()),
        };
        let message = self.plan.message(line, place)?;
        let Some(conversation) = self.plan.conversations.get(message.conversation) else {
            return Err("the file was changed meanwhile".to_owned());
        };
        let actor = Actor::user(message.sender);
        let file = match message.file {
            None => None,
            Some((Attachment::Link(url), name)) => Some(FileLink::new(url, name).map_err(because)?),
            Some((Attachment::File(path), name)) => Some(self.upload(&actor, &path, name).await?),
        };
        let text = NewText {
            target: Target::Conversation(conversation.id.clone()),
            kind: message.kind,
            content: message.content,
            file,
            client_message_id: None,
            details: NewDetails { reply_to: message.reply_to, ..NewDetails::default() }.kept(),
        };
        self.past.set_next_id(message.id.as_ref().map(ToString::to_string));
        let sent = self.service.send(actor, text).await.map_err(because)?.message;
        self.took_id(sent.id.as_str())?;
        Ok((message.conversation, sent.id.clone()))
    }

    /// Ends the memberships of those who had left, and takes everything as read by the others: when the newest message
    /// was sent, so that the conversation has not changed since then.
    async fn members(&self, conversation: &Conversation, newest: Option<(MessageId, Timestamp)>) -> Result<(), String> {
        // Who had left has written something.
        let Some((newest, moment)) = newest else { return Ok(()) };
        self.past.set(moment);
        let (id, owner) = (&conversation.id, Actor::user(conversation.owner.clone()));
        for user in &conversation.former {
            self.service.remove_member(owner.clone(), id.clone(), user.clone(), None).await.map_err(because)?;
        }
        for user in std::iter::once(&conversation.owner).chain(&conversation.members) {
            let reader = Actor::user(user.clone());
            self.service.mark_read(reader, Some(id.clone()), newest.clone()).await.map_err(because)?;
        }
        Ok(())
    }

    async fn upload(&self, actor: &Actor, path: &Path, name: Option<String>) -> Result<FileLink, String> {
        let bytes = tokio::fs::read(path).await.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let name = name.or_else(|| path.file_name().map(|name| name.to_string_lossy().into_owned()));
        let bytes = stream::iter([Ok::<_, std::convert::Infallible>(Bytes::from(bytes))]);
        let uploaded = self.service.upload(actor, name.as_deref(), bytes).await.map_err(because)?;
        Ok(FileLink { url: uploaded.url, name: uploaded.file.name })
    }

    /// Makes sure that what was written has the id that it had.
    fn took_id(&self, id: &str) -> Result<(), String> {
        match self.past.has_next_id() {
            true => Err(format!("`{id}` was not given the id that it had")),
            false => Ok(()),
        }
    }
}

fn at(place: Place, because: String) -> Broken {
    Broken { place: Some(place), because }
}
