//! Histories of writes by few users, in few conversations, chosen at random.
//!
//! What must stay true: a step always means the same write, given what the history has created before it.

use std::sync::Arc;

use proptest::prelude::*;
use quintet_domain::{
    AddMember, AdoptUser, ChangeConversation, ChangeProfile, ChangeSettings, Claims, ContinueErasure, ConversationId,
    ConversationKind, CreateConversation, CreateMeetup, DecideRequest, DeleteConversation, DeleteMeetup, DeleteMessage,
    Departure, EditMessage, EditedDetails, Emoji, EraseUser, FileLink, JoinConversation, LeaveConversation,
    LiftRestriction, MarkRead, MeetupId, MessageId, Metadata, ModerationChange, NewDetails, NewMeetup, NewText,
    NoteSeen, PinMessage, Profile, ProfileChange, Prune, React, Reading, RemoveMember, RenewHash, RequestMeetup,
    Restrict, RestrictionKind, RevokeTokens, Role, SendMessage, SetBlock, SetDisabled, SettingsChange, SweepGuests,
    Target, Timestamp, UserId, Write, Written,
};

use crate::support::{actor, message, new_conversation};

/// What one write of a history does.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    Make(ConversationKind),
    Send,
    SendDirect,
    /// Answer a message, mostly of the same conversation.
    Reply,
    /// Continue a thread.
    Thread,
    /// Mention a user, by its id or in the text, and seldom all.
    Mention,
    /// Carry several files and custom data.
    Carry,
    Edit,
    EditDetails,
    DeleteMessage,
    Read,
    Configure,
    Block,
    Join,
    Leave,
    Add,
    MakeAdmin,
    Remove,
    Rename,
    DeleteConversation,
    ChangeName,
    Seen,
    Bar,
    LetIn,
    Revoke,
    Erase,
    Adopt,
    Sweep,
    MakeMeetup,
    Ask,
    Accept,
    EndMeetup,
    Prune,
    React,
    Unreact,
    Pin,
    /// Ban another, or silence it.
    Restrict,
    Lift,
    Limit,
}

pub fn step() -> impl Strategy<Value = Step> {
    use Step::*;
    let kinds = [ConversationKind::Group, ConversationKind::Room];
    let often = prop_oneof![
        Just(Send),
        Just(Join),
        Just(Leave),
        Just(Add),
        Just(Read),
        Just(Configure),
        Just(Block),
        Just(Edit),
        Just(SendDirect),
        Just(Reply),
        Just(Thread),
        Just(React)
    ];
    let seldom = vec![
        DeleteMessage,
        MakeAdmin,
        Remove,
        Rename,
        DeleteConversation,
        ChangeName,
        Seen,
        Bar,
        LetIn,
        LetIn,
        Revoke,
        Erase,
        Adopt,
        Sweep,
        MakeMeetup,
        Ask,
        Accept,
        EndMeetup,
        Prune,
        Mention,
        Mention,
        Carry,
        EditDetails,
        React,
        Unreact,
        Unreact,
        Pin,
        Pin,
        Restrict,
        Restrict,
        Lift,
        Limit,
    ];
    prop_oneof![
        2 => proptest::sample::select(kinds.to_vec()).prop_map(Make),
        10 => often,
        8 => proptest::sample::select(seldom),
    ]
}

/// The number of users with accounts; the other users are guests.
pub const ACCOUNTS: usize = 3;
/// The number of all users.
pub const USERS: usize = 5;

/// A write with the numbers of two users and of a conversation or message that it is about.
pub type Chosen = (Step, usize, usize, usize);

/// What a history has created so far.
#[derive(Default)]
pub struct Made {
    conversations: Vec<ConversationId>,
    messages: Vec<(MessageId, ConversationId)>,
    meetups: Vec<MeetupId>,
}

/// A user by its number.
pub fn user(number: usize) -> UserId {
    UserId::trusted(&if number < ACCOUNTS { format!("u{number}") } else { format!("guest-{number}") })
}

impl Made {
    /// Notes what a write has created.
    pub fn note(&mut self, written: &Written) {
        match written {
            Written::CreateConversation(created) => self.conversations.push(created.conversation.id.clone()),
            Written::SendMessage(sent) => {
                self.messages.push((sent.message.id.clone(), sent.message.conversation.id.clone()));
                if !self.conversations.contains(&sent.message.conversation.id) {
                    self.conversations.push(sent.message.conversation.id.clone());
                }
            }
            Written::CreateMeetup(meetup) => {
                self.meetups.push(meetup.id.clone());
                self.conversations.push(meetup.chat_id.clone());
            }
            _ => {}
        }
    }

    /// The write of a step; `None` if nothing exists yet that it could be about.
    pub fn write(&self, (step, by, other, at): Chosen) -> Option<Write> {
        let (by, other) = (user(by), user(other));
        let actor = actor(&by);
        let pick = |count: usize| (count > 0).then(|| at % count);
        let conversation = pick(self.conversations.len()).map(|at| self.conversations[at].clone());
        let earlier = pick(self.messages.len()).map(|at| self.messages[at].clone());
        let sent = earlier.as_ref().map(|(id, _)| id.clone());
        // Mostly in the conversation of the message that it is about.
        let beside = earlier.map(|(_, of)| of).filter(|_| at % 8 != 7).or_else(|| conversation.clone());
        let with = |conversation: &ConversationId, text: &str, details: NewDetails| -> Write {
            let mut write = message(&by, conversation, text, None);
            write.text.file = details.files.first().cloned();
            write.text.details = details.kept();
            write.into()
        };
        let meetup = pick(self.meetups.len()).map(|at| self.meetups[at].clone());
        let soon = Timestamp(4_000_000_000_000);
        Some(match step {
            Step::Make(kind) => CreateConversation { actor, new: new_conversation(kind, true, &[]) }.into(),
            Step::Send => message(&by, &conversation?, "text", None).into(),
            Step::SendDirect => {
                let send = message(&by, &ConversationId::trusted("x"), "text", Some("one"));
                let text = NewText { target: Target::Direct(other), ..send.text };
                SendMessage { actor, text, screening: None }.into()
            }
            Step::Reply => with(&beside?, "answer", NewDetails { reply_to: Some(sent?), ..NewDetails::default() }),
            Step::Thread => with(&beside?, "more", NewDetails { thread: Some(sent?), ..NewDetails::default() }),
            Step::Mention if at.is_multiple_of(3) => {
                with(&conversation?, "@name0, @name1 and @name2", NewDetails::default())
            }
            Step::Mention => {
                let (mentions, mention_all) = (Some(vec![other]), at.is_multiple_of(5));
                with(&conversation?, "you", NewDetails { mentions, mention_all, ..NewDetails::default() })
            }
            Step::Carry => {
                let link = |name: &str| FileLink::new(format!("https://example.org/{name}"), Some(name.to_owned()));
                let files = ["a", "b"].into_iter().filter_map(|name| link(name).ok()).collect();
                let metadata = Some(Metadata::trusted("{\"n\":1}"));
                with(&conversation?, "", NewDetails { files, metadata, ..NewDetails::default() })
            }
            Step::EditDetails => {
                let details = EditedDetails {
                    metadata: Some(Metadata::trusted(if at.is_multiple_of(2) { "{}" } else { "{\"n\":2}" })),
                    mentions: at.is_multiple_of(3).then(|| vec![other]),
                    mention_all: Some(at.is_multiple_of(5)),
                };
                let details = Some(Box::new(details));
                EditMessage { actor, message: sent?, content: "newer".to_owned(), details, screening: None }.into()
            }
            Step::Edit => {
                EditMessage { actor, message: sent?, content: "new".to_owned(), details: None, screening: None }.into()
            }
            Step::DeleteMessage => DeleteMessage { actor, message: sent? }.into(),
            Step::Read => {
                MarkRead { actor, reading: Reading::Messages { conversation: None, messages: vec![sent?] } }.into()
            }
            Step::React | Step::Unreact => {
                let emoji = Emoji::trusted(if at.is_multiple_of(4) { "-1" } else { "+1" });
                let active = matches!(step, Step::React);
                React { actor, message: sent?, emoji, active }.into()
            }
            Step::Pin => PinMessage { actor, message: sent?, pinned: at % 3 != 0 }.into(),
            Step::Configure => {
                let change = SettingsChange {
                    pinned: Some(at.is_multiple_of(2)),
                    archived: Some(true),
                    marked_unread: Some(true),
                    ..SettingsChange::default()
                };
                ChangeSettings { actor, target: Target::Conversation(conversation?), change }.into()
            }
            Step::Block => SetBlock { actor, user: other, blocked: !at.is_multiple_of(3) }.into(),
            Step::Join => {
                let profile = Profile { username: Some("a guest".to_owned()), avatar: None };
                JoinConversation { actor, conversation: conversation?, profile, history: true }.into()
            }
            Step::Leave => LeaveConversation { actor, conversation: conversation?, departure: Departure::Left }.into(),
            Step::Add => AddMember { actor, conversation: conversation?, user: other, role: None, reason: None }.into(),
            Step::MakeAdmin => {
                AddMember { actor, conversation: conversation?, user: other, role: Some(Role::Admin), reason: None }
                    .into()
            }
            Step::Remove => RemoveMember { actor, conversation: conversation?, user: other, reason: None }.into(),
            Step::Rename => {
                let name = Some("new".to_owned());
                let metadata = (at % 2 == 0).then(|| Metadata::trusted(["{}", "{\"n\":1}"][at / 2 % 2]));
                ChangeConversation {
                    actor,
                    conversation: conversation?,
                    name,
                    open: None,
                    picture: (at % 3 == 1).then(|| (at % 2 == 0).then(|| format!("https://example.org/{at}"))),
                    metadata,
                    moderation: Default::default(),
                }
                .into()
            }
            Step::Limit => {
                let (name, open, picture, metadata) = (None, None, None, None);
                let slow_mode_s = Some(u32::from(at.is_multiple_of(2)));
                let moderation =
                    ModerationChange { slow_mode_s, only_admins_write: Some(at.is_multiple_of(5)), reason: None };
                ChangeConversation { actor, conversation: conversation?, name, open, picture, metadata, moderation }
                    .into()
            }
            Step::Restrict => {
                let kind = if at.is_multiple_of(3) { RestrictionKind::Ban } else { RestrictionKind::Silence };
                let until = (kind == RestrictionKind::Silence || at.is_multiple_of(2)).then_some(soon);
                Restrict { actor, conversation: conversation?, user: other, kind, until, reason: None }.into()
            }
            Step::Lift => {
                let kind = if at.is_multiple_of(2) { RestrictionKind::Ban } else { RestrictionKind::Silence };
                LiftRestriction { actor, conversation: conversation?, user: other, kind, reason: None }.into()
            }
            Step::DeleteConversation => DeleteConversation { actor, conversation: conversation? }.into(),
            Step::ChangeName => {
                let metadata = (at % 2 == 0).then(|| Metadata::trusted(["{}", "{\"n\":1}"][at / 2 % 2]));
                let change = ProfileChange { name: Some(format!("name {at}")), metadata, ..ProfileChange::default() };
                ChangeProfile { user: by, change }.into()
            }
            Step::Seen => NoteSeen { users: vec![(by, Timestamp(at as i64))] }.into(),
            Step::Bar => SetDisabled { user: by, disabled: true }.into(),
            Step::LetIn => SetDisabled { user: by, disabled: false }.into(),
            Step::Revoke if at % 2 == 0 => RenewHash { user: by, old: "$hash".to_owned(), new: at.to_string() }.into(),
            Step::Revoke => RevokeTokens { user: by }.into(),
            // Rarely, because else no user would be left.
            Step::Erase if at % 8 == 0 => EraseUser { user: by, by: None }.into(),
            Step::Erase => ContinueErasure { user: by }.into(),
            Step::Adopt if at % 4 == 0 => {
                let claims =
                    Claims { id: by, username: None, name: None, email: None, email_verified: false, avatar: None };
                AdoptUser { claims }.into()
            }
            Step::Adopt | Step::Sweep => {
                let present = Arc::new([other].into_iter().collect());
                SweepGuests { present, joined_before: Timestamp(i64::MAX) }.into()
            }
            Step::MakeMeetup => {
                let new = NewMeetup {
                    activity: "a".to_owned(),
                    location: "l".to_owned(),
                    starts_at: soon,
                    expires_at: soon,
                    capacity: Some(1),
                };
                CreateMeetup { actor, new }.into()
            }
            Step::Ask => RequestMeetup { actor, meetup: meetup? }.into(),
            Step::Accept => DecideRequest { actor, meetup: meetup?, user: other, accept: true }.into(),
            Step::EndMeetup => DeleteMeetup { actor, meetup: meetup? }.into(),
            Step::Prune => Prune { after: 0 }.into(),
        })
    }
}
