//! A random history: what somebody does in one of four conversations, allowed or not.

use std::collections::BTreeMap;

use proptest::prelude::*;
use quintet_domain::{
    AddMember, ChangeConversation, ChangeMeetup, ChangeSettings, ConversationId, ConversationKind, CreateMeetup,
    DecideRequest, DeleteConversation, DeleteMessage, Departure, EditMessage, EditedDetails, Emoji, FileLink,
    JoinConversation, LeaveConversation, MarkRead, MeetupChange, MeetupId, MeetupStatus, MessageId, Metadata,
    NewDetails, NewMeetup, NotifyUser, PinMessage, React, Reading, RemoveMember, RequestMeetup, Role, SetBlock,
    SettingsChange, Target, Timestamp, UserId,
};

use crate::support::{Bench, Factory, actor, message};

pub const USERS: usize = 4;

#[derive(Clone, Debug)]
pub enum Step {
    SendMessage,
    /// Answer the newest message, or continue its thread.
    Answer(bool),
    /// Mention a user, with files and custom data.
    Mention(usize),
    Edit,
    EditDetails(usize),
    DeleteMessage,
    Read,
    React(bool, bool),
    Pin(bool),
    Join,
    Leave,
    Add(usize),
    Remove(usize),
    Rename,
    DeleteConversation,
    Ask,
    Accept(usize),
    Confirm,
    Notify,
    Configure,
    Block(usize, bool),
}

pub fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::SendMessage),
        3 => any::<bool>().prop_map(Step::Answer),
        1 => (0..USERS).prop_map(Step::Mention),
        2 => Just(Step::Edit),
        1 => (0..USERS).prop_map(Step::EditDetails),
        2 => Just(Step::DeleteMessage),
        3 => Just(Step::Read),
        4 => (any::<bool>(), any::<bool>()).prop_map(|(emoji, active)| Step::React(emoji, active)),
        2 => any::<bool>().prop_map(Step::Pin),
        3 => Just(Step::Join),
        2 => Just(Step::Leave),
        3 => (0..USERS).prop_map(Step::Add),
        2 => (0..USERS).prop_map(Step::Remove),
        1 => Just(Step::Rename),
        1 => Just(Step::DeleteConversation),
        2 => Just(Step::Ask),
        2 => (0..USERS).prop_map(Step::Accept),
        1 => Just(Step::Confirm),
        2 => Just(Step::Notify),
        3 => Just(Step::Configure),
        2 => (0..USERS, any::<bool>()).prop_map(|(other, blocked)| Step::Block(other, blocked)),
    ]
}

pub struct Run {
    pub bench: Bench,
    pub users: Vec<UserId>,
    conversations: Vec<ConversationId>,
    meetup: MeetupId,
    messages: BTreeMap<usize, MessageId>,
    /// The number of texts and names that were given, each of them once.
    texts: usize,
}

impl Run {
    pub async fn start(factory: Factory) -> Self {
        let bench = Bench::of(factory);
        let mut users = Vec::new();
        for n in 0..USERS {
            users.push(bench.user(&format!("u{n}")).await);
        }
        let new = NewMeetup {
            activity: "a".into(),
            location: "l".into(),
            starts_at: Timestamp(i64::MAX / 2),
            expires_at: Timestamp(i64::MAX / 2),
            capacity: None,
        };
        let by = actor(&users[0]);
        let meetup = bench.write(CreateMeetup { actor: by, new }).await.expect("made");
        let conversations = vec![
            bench.conversation(&users[0], ConversationKind::Group, true, &users[1..2]).await,
            bench.conversation(&users[1], ConversationKind::Room, true, &[]).await,
            bench.conversation(&users[0], ConversationKind::Direct, false, &users[1..2]).await,
            meetup.chat_id.clone(),
        ];
        Self { bench, users, conversations, meetup: meetup.id, messages: BTreeMap::new(), texts: 0 }
    }

    /// Sends a message with details, if that is allowed.
    async fn send(&mut self, user: usize, at: usize, text: &str, details: NewDetails) {
        let mut write = message(&self.users[user], &self.conversations[at], text, None);
        write.text.file = details.files.first().cloned();
        write.text.details = details.kept();
        if let Ok(sent) = self.bench.write(write).await {
            self.messages.insert(at, sent.message.id.clone());
        }
    }

    /// Does something, allowed or not. What is refused has no entries.
    pub async fn take(&mut self, user: usize, at: usize, step: Step) {
        self.texts += 1;
        let text = format!("text {}", self.texts);
        let (by, id, bench) = (actor(&self.users[user]), self.conversations[at].clone(), &self.bench);
        let message = self.messages.get(&at).cloned();
        let whom = |user: usize| self.users[user].clone();
        match (step, message) {
            (Step::SendMessage, _) => {
                if let Ok(sent) = bench.send(&self.users[user], &id, &text).await {
                    self.messages.insert(at, sent.message.id.clone());
                }
            }
            (Step::Answer(in_thread), Some(message)) => {
                let details = match in_thread {
                    true => NewDetails { thread: Some(message), ..NewDetails::default() },
                    false => NewDetails { reply_to: Some(message), ..NewDetails::default() },
                };
                self.send(user, at, &text, details).await;
            }
            (Step::Mention(other), _) => {
                let link = |name: &str| FileLink::new(format!("https://example.org/{text}/{name}"), None);
                let details = NewDetails {
                    files: ["a", "b"].into_iter().filter_map(|name| link(name).ok()).collect(),
                    metadata: Some(Metadata::trusted("{\"n\":1}")),
                    mentions: Some(vec![whom(other)]),
                    mention_all: self.texts.is_multiple_of(2),
                    ..NewDetails::default()
                };
                self.send(user, at, &text, details).await;
            }
            (Step::EditDetails(other), Some(message)) => {
                let details = EditedDetails { mentions: Some(vec![whom(other)]), ..EditedDetails::default() };
                let details = Some(Box::new(details));
                let _ = bench.write(EditMessage { actor: by, message, content: text, details, screening: None }).await;
            }
            (Step::Edit, Some(message)) => {
                let _ = bench
                    .write(EditMessage { actor: by, message, content: text, details: None, screening: None })
                    .await;
            }
            (Step::DeleteMessage, Some(message)) => {
                let _ = bench.write(DeleteMessage { actor: by, message }).await;
            }
            (Step::Read, Some(message)) => {
                let _ = bench
                    .write(MarkRead {
                        actor: by,
                        reading: Reading::Messages { conversation: None, messages: vec![message] },
                    })
                    .await;
            }
            (Step::React(emoji, active), Some(message)) => {
                let emoji = Emoji::trusted(if emoji { "+1" } else { "-1" });
                let _ = bench.write(React { actor: by, message, emoji, active }).await;
            }
            (Step::Pin(pinned), Some(message)) => {
                let _ = bench.write(PinMessage { actor: by, message, pinned }).await;
            }
            (
                Step::Answer(_)
                | Step::EditDetails(_)
                | Step::Edit
                | Step::DeleteMessage
                | Step::Read
                | Step::React(..)
                | Step::Pin(_),
                None,
            ) => {}
            (Step::Join, _) => {
                let _ = bench
                    .write(JoinConversation {
                        actor: by,
                        conversation: id,
                        profile: Default::default(),
                        history: false,
                    })
                    .await;
            }
            (Step::Leave, _) => {
                let _ =
                    bench.write(LeaveConversation { actor: by, conversation: id, departure: Departure::Left }).await;
            }
            (Step::Add(other), _) => {
                let other = whom(other);
                let _ = bench
                    .write(AddMember {
                        actor: by,
                        conversation: id,
                        user: other,
                        role: Some(Role::Member),
                        reason: None,
                    })
                    .await;
            }
            (Step::Remove(other), _) => {
                let other = whom(other);
                let _ = bench.write(RemoveMember { actor: by, conversation: id, user: other, reason: None }).await;
            }
            (Step::Rename, _) => {
                let _ = bench
                    .write(ChangeConversation {
                        actor: by,
                        conversation: id,
                        name: Some(text),
                        open: None,
                        picture: None,
                        metadata: None,
                        moderation: Default::default(),
                    })
                    .await;
            }
            (Step::DeleteConversation, _) => {
                let _ = bench.write(DeleteConversation { actor: by, conversation: id }).await;
            }
            (Step::Ask, _) => {
                let meetup = self.meetup.clone();
                let _ = bench.write(RequestMeetup { actor: by, meetup }).await;
            }
            (Step::Accept(other), _) => {
                let (meetup, other, host) = (self.meetup.clone(), whom(other), actor(&self.users[0]));
                let _ = bench.write(DecideRequest { actor: host, meetup, user: other, accept: true }).await;
            }
            (Step::Confirm, _) => {
                let change = MeetupChange { status: Some(MeetupStatus::Confirmed), ..MeetupChange::default() };
                let meetup = self.meetup.clone();
                let _ = bench.write(ChangeMeetup { actor: by, meetup, change }).await;
            }
            (Step::Configure, _) => {
                // Each other time it is a change.
                let change = SettingsChange {
                    pinned: Some(self.texts.is_multiple_of(3)),
                    archived: Some(self.texts.is_multiple_of(2)),
                    marked_unread: Some(self.texts.is_multiple_of(5)),
                    ..SettingsChange::default()
                };
                let _ = bench.write(ChangeSettings { actor: by, target: Target::Conversation(id), change }).await;
            }
            (Step::Block(other, blocked), _) => {
                let other = self.users[other].clone();
                let _ = bench.write(SetBlock { actor: by, user: other, blocked }).await;
            }
            (Step::Notify, _) => {
                let to = self.users[user].clone();
                let _ = bench.write(NotifyUser { user: to, title: "t".into(), message: "m".into() }).await;
            }
        }
    }
}
