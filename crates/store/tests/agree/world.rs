//! A small world: a few people, guests and a service, and the writes that random numbers choose.

use std::collections::BTreeSet;
use std::sync::Arc;

use quintet_domain::{
    AcceptInvitation, Actor, AddMember, AddPushSubscription, AddService, AdoptUser, AnnounceFile, Barrier,
    ChangeConversation, ChangeMeetup, ChangeProfile, ChangeSettings, Claims, ClientMessageId, Commit, CompleteFile,
    ConnectionId, ContinueErasure, ConversationId, ConversationKind, CreateConversation, CreateMeetup, DecideContact,
    DecideRequest, DeleteConversation, DeleteMeetup, DeleteMessage, Departure, EditMessage, EditedDetails, Emoji,
    EndSession, EraseUser, Event, ExpireMeetups, FileLink, ForgetFiles, GuestProof, InvitationBounds, JoinConversation,
    LeaveConversation, LiftRestriction, LoginSessionId, MakeInvitation, MarkDelivered, MarkRead, MeetupChange,
    MeetupId, MeetupStatus, MessageId, MessageKind, Metadata, ModerationChange, MovePushCursor, Mute, NewConversation,
    NewDetails, NewFile, NewMeetup, NewText, NewUser, NoteDelivery, NoteLogin, NotePushActivity, NoteSeen, NoteSession,
    NotedBy, NotificationId, Notify, NotifyUser, OpenSession, PinMessage, Probe, Profile, ProfileChange, Prune,
    PurgeCursor, PurgeMessages, React, ReadNotifications, Reading, RegisterUser, RemoveMember, RemoveParticipant,
    RemovePushSubscriptions, RemoveService, RenewHash, ReportAction, ReportMessage, RequestId, RequestMeetup,
    ResolveReport, Restrict, RestrictionKind, RevokeInvitation, RevokeTokens, Role, SaveDeliveries, Scope, Scopes,
    Screening, SendMessage, ServerRole, SetBlock, SetDisabled, SetPassword, SetRetention, SetServerRole,
    SettingsChange, StoredFile, SweepGuests, Target, Timestamp, UserId, Write, Written,
};

use crate::agree::step::{GUESTS, HOUR_MS, PEOPLE, Step};

/// The name of the service.
pub const SERVICE: &str = "mirror";

/// What the writes have created.
#[derive(Default)]
pub struct World {
    pub conversations: Vec<ConversationId>,
    pub messages: Vec<MessageId>,
    pub meetups: Vec<MeetupId>,
    pub notifications: Vec<NotificationId>,
    pub service: Option<UserId>,
    pub files: Vec<String>,
    pub invitations: Vec<String>,
    pub sessions: Vec<LoginSessionId>,
    pub requests: Vec<(usize, RequestId)>,
    pub position: u64,
    marks: i64,
    purged: PurgeCursor,
}

fn person(at: usize) -> UserId {
    UserId::trusted(PEOPLE[at % PEOPLE.len()])
}

/// An item of a list, half of the time one of the first two; something unknown if the list is too short.
fn one<T: Clone>(list: &[T], at: usize, unknown: impl FnOnce(&str) -> T) -> T {
    match list.len() {
        0 => unknown("unknown"),
        _ if at == 63 => unknown("unknown"),
        len if at.is_multiple_of(2) => list[at / 2 % len.min(2)].clone(),
        len => list[len - 1 - at / 2 % len].clone(),
    }
}

fn proof(step: &Step) -> GuestProof {
    GuestProof { name: format!("name-{}", step.a), hash: [if step.c % 9 == 8 { 1 } else { 0 }; 32] }
}

/// Custom data; in some steps none, which removes what there is.
fn custom_data(step: &Step) -> Metadata {
    Metadata::trusted(["{}", "{\"b\":1.50,\"a\":[\"é\"]}", "{\"n\":2}"][step.b % 3])
}

impl World {
    fn actor(&self, step: &Step) -> Actor {
        let (origin, acked) = (Some(ConnectionId(step.a as u64)).filter(|_| step.b.is_multiple_of(2)), step.x);
        if step.a == PEOPLE.len() {
            let user = self.service.clone().unwrap_or_else(|| UserId::trusted("unknown"));
            return Actor { origin, acked, ..Actor::user(user) };
        }
        let guest = step.a >= GUESTS && step.c % 8 != 7;
        let guest_proof = (guest && step.y).then(|| proof(step));
        let address = guest.then(|| [192, 0, 2, 1].into());
        Actor { guest, guest_proof, address, origin, acked, ..Actor::user(person(step.a)) }
    }

    fn conversation(&self, at: usize) -> ConversationId {
        one(&self.conversations, at, ConversationId::trusted)
    }

    fn message(&self, at: usize) -> MessageId {
        one(&self.messages, at, MessageId::trusted)
    }

    fn meetup(&self, at: usize) -> MeetupId {
        one(&self.meetups, at, MeetupId::trusted)
    }

    fn file_link(&self, step: &Step) -> String {
        let id = one(&self.files, step.c, str::to_owned);
        format!("/files/{id}/{}", secret_of(&id))
    }

    fn send(&self, step: &Step) -> Write {
        let direct = matches!(step.kind, 6..10);
        let target =
            if direct { Target::Direct(person(step.b)) } else { Target::Conversation(self.conversation(step.b)) };
        let mut file =
            (step.c % 7 == 3).then(|| FileLink { url: self.file_link(step), name: Some("a.png".to_owned()) });
        let details = self.details(step);
        if let Some(first) = details.as_ref().and_then(|details| details.files.first()) {
            file = Some(first.clone());
        }
        let named = if step.c % 9 == 2 { " @ada and @bob!" } else { "" };
        let text = NewText {
            target,
            kind: if file.is_some() { MessageKind::File } else { MessageKind::Text },
            content: format!("text {}{named}", step.c % 5),
            file,
            client_message_id: (step.y && step.c.is_multiple_of(4))
                .then(|| ClientMessageId::trusted(&format!("c-{}", step.b))),
            details,
        };
        let screening = Screening {
            masked: (step.c % 11 == 5).then(|| "text *".to_owned()),
            flagged: (step.c % 7 == 2).then(|| Arc::from("listed")),
            ..Screening::default()
        };
        SendMessage { actor: self.actor(step), text, screening: screening.kept() }.into()
    }

    /// What some messages bring beside their text.
    fn details(&self, step: &Step) -> Option<Box<NewDetails>> {
        let link = |url: String| FileLink { url, name: Some("b.png".to_owned()) };
        let files = [self.file_link(step), "https://example.org/b.png".to_owned(), self.file_link(step)];
        let details = NewDetails {
            files: if step.c % 11 == 4 { files.map(link).to_vec() } else { Vec::new() },
            metadata: step.c.is_multiple_of(5).then(|| Metadata::trusted("{\"n\":1}")),
            reply_to: (step.c % 5 == 1).then(|| self.message(step.b)),
            thread: (step.c % 5 == 2).then(|| self.message(step.b)),
            mentions: (step.c % 5 == 3).then(|| vec![person(step.b)]),
            mention_all: step.c % 10 == 4,
        };
        details.kept()
    }

    fn new_conversation(&self, step: &Step) -> NewConversation {
        let kind = [ConversationKind::Group, ConversationKind::Room, ConversationKind::Direct][step.c % 3];
        let members = match kind {
            ConversationKind::Direct => vec![person(step.b)],
            _ if step.y => vec![person(step.b), person(step.b + 1)],
            _ => Vec::new(),
        };
        NewConversation {
            kind,
            name: (kind != ConversationKind::Direct).then(|| format!("Name {}", step.b)),
            description: step.x.then(|| "A description".to_owned()),
            picture: (step.c % 4 == 1 && kind != ConversationKind::Direct).then(|| self.file_link(step)),
            metadata: step.y.then(|| custom_data(step)),
            open: kind == ConversationKind::Room || (kind == ConversationKind::Group && step.x),
            members,
            owner: (step.a == PEOPLE.len() && kind != ConversationKind::Direct).then(|| person(step.b)),
            join: kind != ConversationKind::Room || step.c.is_multiple_of(2),
            profile: Profile::default(),
        }
    }

    fn profile(&self, step: &Step) -> ProfileChange {
        ProfileChange {
            username: (step.c.is_multiple_of(4)).then(|| PEOPLE[step.b % PEOPLE.len()].to_uppercase()),
            email: (step.c % 4 == 1).then(|| format!("{}@example.org", PEOPLE[step.b % PEOPLE.len()])),
            name: step.x.then(|| format!("Name {}", step.b)),
            avatar: step.y.then(|| (!step.c.is_multiple_of(3)).then(|| self.file_link(step))),
            last_name: None,
            country: (step.c.is_multiple_of(5)).then(|| "NL".to_owned()),
            metadata: (step.c % 3 == 1).then(|| custom_data(step)),
        }
    }

    /// The write that a step stands for.
    pub fn write(&self, step: &Step, now: Timestamp) -> Write {
        let actor = self.actor(step);
        let (user, other) = (person(step.a), person(step.b));
        match step.kind {
            0..10 => self.send(step),
            10 | 11 => {
                let details = EditedDetails {
                    metadata: step.x.then(|| Metadata::trusted(if step.y { "{}" } else { "{\"n\":2}" })),
                    mentions: (step.b % 3 == 1).then(|| vec![other]),
                    mention_all: (step.b % 4 == 2).then_some(step.y),
                };
                let (message, content) = (self.message(step.c), format!("edit {}", step.b));
                let details = (details != EditedDetails::default()).then(|| Box::new(details));
                EditMessage { actor, message, content, details, screening: None }.into()
            }
            13 if step.x => {
                let reason = Arc::from(format!("reason {}", step.b));
                ReportMessage { actor, message: self.message(step.c), reason }.into()
            }
            13 if step.y => {
                let action = ReportAction::ALL[step.b % ReportAction::ALL.len()];
                let until = step.b.is_multiple_of(2).then(|| now.plus_ms(HOUR_MS));
                ResolveReport { actor, report: step.c as i64 % 4, action, until, reason: None }.into()
            }
            12 | 13 => DeleteMessage { actor, message: self.message(step.c) }.into(),
            14..17 => {
                let conversation = step.x.then(|| self.conversation(step.b));
                let messages = vec![self.message(step.c), self.message(step.c + 1)];
                let reading = match (&conversation, step.y) {
                    (Some(conversation), true) => Reading::Everything(Target::Conversation(conversation.clone())),
                    (None, true) => Reading::Everything(Target::Direct(other)),
                    (_, false) => Reading::Messages { conversation, messages },
                };
                MarkRead { actor, reading }.into()
            }
            17 if step.x => {
                let change = SettingsChange {
                    muted: step.y.then_some(Some(Mute::Until(now.plus_ms(HOUR_MS)))),
                    pinned: Some(step.c.is_multiple_of(2)),
                    archived: Some(step.c.is_multiple_of(3)),
                    notify: Some(Notify::ALL[step.c % Notify::ALL.len()]),
                    marked_unread: Some(step.c.is_multiple_of(5)),
                };
                ChangeSettings { actor, target: Target::Conversation(self.conversation(step.b)), change }.into()
            }
            17 if step.y => {
                let received = Reading::Everything(Target::Conversation(self.conversation(step.b)));
                let noted_by = if step.c.is_multiple_of(2) { NotedBy::Node } else { NotedBy::Client };
                NoteDelivery { actor, received, noted_by }.into()
            }
            17 if step.c.is_multiple_of(4) => SaveDeliveries.into(),
            17 if step.c % 4 != 1 => SetBlock { actor, user: other, blocked: step.c % 4 == 2 }.into(),
            17 => Barrier.into(),
            18..20 => {
                let profile = Profile {
                    username: step.x.then(|| "Guest".to_owned()),
                    avatar: (step.c % 5 == 4).then(|| "https://example.org/a.png".to_owned()),
                };
                JoinConversation { actor, conversation: self.conversation(step.b), profile, history: step.y }.into()
            }
            20..23 => CreateConversation { actor, new: self.new_conversation(step) }.into(),
            23 => {
                let (conversation, departure) = (self.conversation(step.b), Departure::Left);
                LeaveConversation { actor, conversation, departure }.into()
            }
            24 | 25 => {
                let role = [None, Some(Role::Member), Some(Role::Admin), Some(Role::Owner)][step.c % 4];
                AddMember { actor, conversation: self.conversation(step.c / 4), user: other, role, reason: None }.into()
            }
            26 if step.x => {
                let kind = if step.y { RestrictionKind::Ban } else { RestrictionKind::Silence };
                let conversation = self.conversation(step.c);
                if step.c % 7 == 3 {
                    return LiftRestriction { actor, conversation, user: other, kind, reason: None }.into();
                }
                let until = (!step.y || step.c.is_multiple_of(2)).then(|| now.plus_ms(HOUR_MS));
                let reason = step.c.is_multiple_of(3).then(|| Arc::from("reason"));
                Restrict { actor, conversation, user: other, kind, until, reason }.into()
            }
            26 => RemoveMember { actor, conversation: self.conversation(step.c), user: other, reason: None }.into(),
            27 => {
                let (name, open) =
                    (step.x.then(|| format!("Renamed {}", step.c)), step.y.then_some(step.c.is_multiple_of(2)));
                let metadata = (step.c % 3 == 2).then(|| custom_data(step));
                ChangeConversation {
                    actor,
                    conversation: self.conversation(step.b),
                    name,
                    open,
                    picture: (step.c % 3 == 1).then(|| step.y.then(|| self.file_link(step))),
                    metadata,
                    moderation: ModerationChange {
                        slow_mode_s: (step.c % 4 == 1).then_some(if step.x { 0 } else { 1_800 }),
                        only_admins_write: (step.c % 5 == 1).then_some(step.y),
                        reason: step.x.then(|| Arc::from("reason")),
                    },
                }
                .into()
            }
            28 => DeleteConversation { actor, conversation: self.conversation(step.b) }.into(),
            29 => {
                let present: BTreeSet<UserId> = step.x.then_some(other).into_iter().collect();
                let joined_before = now.plus_ms(if step.y { 1 } else { -HOUR_MS });
                SweepGuests { present: Arc::new(present), joined_before }.into()
            }
            30 | 31 => {
                let new = NewUser {
                    id: Some(user.clone()),
                    username: user.as_str().to_owned(),
                    email: step.x.then(|| format!("{other}@example.org")),
                    avatar: (step.c % 4 == 1).then(|| self.file_link(step)),
                    any_username: step.x && step.y,
                    password_hash: step.y.then(|| "hash".to_owned()),
                    metadata: step.x.then(|| custom_data(step)),
                    ..NewUser::default()
                };
                RegisterUser { new }.into()
            }
            32 => {
                let claims = Claims {
                    id: user,
                    username: step.x.then(|| other.as_str().to_owned()),
                    name: step.y.then(|| "Full Name".to_owned()),
                    email: Some(format!("{other}@example.org")),
                    email_verified: step.c.is_multiple_of(2),
                    avatar: None,
                };
                AdoptUser { claims }.into()
            }
            33 | 34 => ChangeProfile { user, change: self.profile(step) }.into(),
            35 => NoteLogin { user, network: format!("network-{}", step.c) }.into(),
            36 if step.x => {
                RenewHash { user, old: format!("hash {}", step.c % 2), new: format!("hash {}", step.c) }.into()
            }
            36 => SetPassword { user, hash: format!("hash {}", step.c) }.into(),
            37 => RevokeTokens { user }.into(),
            38 if step.c % 4 == 3 => {
                SetServerRole { user, role: ServerRole::ALL[step.b % ServerRole::ALL.len()] }.into()
            }
            38 => SetDisabled { user, disabled: step.x && step.y }.into(),
            39 if step.c.is_multiple_of(4) => EraseUser { user, by: None }.into(),
            39 => ContinueErasure { user }.into(),
            40 => {
                let scopes = if step.x { Scopes::all() } else { Scope::ALL.into_iter().skip(step.c % 5).collect() };
                AddService { name: SERVICE.to_owned(), hash: format!("hash-{}", step.c % 2), scopes }.into()
            }
            41 if step.c.is_multiple_of(4) => RemoveService { name: SERVICE.to_owned() }.into(),
            41 => NoteSeen { users: vec![(user, now), (other, now)] }.into(),
            42 | 43 => {
                let id = format!("f-{}", self.files.len());
                let (secret, name) = (secret_of(&id), step.x.then(|| "a.png".to_owned()));
                AnnounceFile { new: NewFile { id, secret, uploader: user, name } }.into()
            }
            44 => {
                let file = StoredFile { name: None, size: 30, mime: "image/png".to_owned(), image: Some((2, 3)) };
                CompleteFile { id: one(&self.files, step.c, str::to_owned), file }.into()
            }
            45..48 => {
                let starts_at = now.plus_ms(HOUR_MS * (step.b as i64 + 1));
                let new = NewMeetup {
                    activity: format!("Activity {}", step.c),
                    location: "Here".to_owned(),
                    starts_at,
                    expires_at: if step.x { starts_at.plus_ms(HOUR_MS) } else { starts_at },
                    capacity: step.y.then_some(1 + step.b as u32 % 2),
                };
                CreateMeetup { actor, new }.into()
            }
            48 => {
                let statuses = [MeetupStatus::Confirmed, MeetupStatus::Cancelled, MeetupStatus::Completed];
                let change = MeetupChange {
                    activity: (step.c.is_multiple_of(5)).then(|| "Other".to_owned()),
                    location: step.x.then(|| "There".to_owned()),
                    starts_at: (step.c % 5 == 1).then(|| now.plus_ms(HOUR_MS * 9)),
                    capacity: (step.c % 5 == 2).then_some(None),
                    status: step.y.then(|| statuses[step.c % 3]),
                };
                ChangeMeetup { actor, meetup: self.meetup(step.b), change }.into()
            }
            49 if step.c.is_multiple_of(3) => DeleteMeetup { actor, meetup: self.meetup(step.b) }.into(),
            49..52 => RequestMeetup { actor, meetup: self.meetup(step.b) }.into(),
            52 | 53 => {
                // The host of the first meetup, or any person.
                let actor = if step.kind == 52 { Actor::user(person(0)) } else { actor };
                DecideRequest {
                    actor,
                    meetup: self.meetup(step.c / 2),
                    user: other,
                    accept: step.c.is_multiple_of(2) || step.x,
                }
                .into()
            }
            54 => RemoveParticipant { actor, meetup: self.meetup(step.c), user: other, reason: None }.into(),
            55 if step.x => {
                let id = one(&self.invitations, step.c, str::to_owned);
                RevokeInvitation { actor: step.y.then_some(actor), id }.into()
            }
            55 => ExpireMeetups.into(),
            56 if step.y => {
                let hash = format!("invite-{}", step.c % self.invitations.len().max(1));
                AcceptInvitation { actor, hash }.into()
            }
            56 => NotifyUser { user, title: "Title".to_owned(), message: format!("Message {}", step.c) }.into(),
            57 if step.x => {
                let bounds = InvitationBounds {
                    uses_max: step.c.is_multiple_of(2).then_some(1),
                    expires_at: step.c.is_multiple_of(3).then(|| now.plus_ms(HOUR_MS)),
                };
                MakeInvitation {
                    actor: (!step.c.is_multiple_of(4)).then_some(actor),
                    hash: format!("invite-{}", self.invitations.len()),
                    admits: step.y,
                    conversations: vec![self.conversation(step.b)],
                    bounds,
                }
                .into()
            }
            57 => ReadNotifications { user }.into(),
            58 if step.x => {
                let session = one(&self.sessions, step.c, LoginSessionId::trusted);
                match step.y {
                    true => EndSession { user, session }.into(),
                    false => {
                        let expires_at = step.b.is_multiple_of(2).then(|| now.plus_ms(HOUR_MS * 2));
                        NoteSession { user, session, expires_at }.into()
                    }
                }
            }
            58 => {
                let notifications = vec![one(&self.notifications, step.c, NotificationId::trusted)];
                MarkDelivered { notifications }.into()
            }
            59 if step.x => {
                let client = step.y.then(|| format!("Client/{}", step.c).into());
                OpenSession { user, client, expires_at: now.plus_ms(HOUR_MS * (step.c as i64 % 3 - 1)) }.into()
            }
            59 => ForgetFiles { ids: vec![one(&self.files, step.c, str::to_owned)] }.into(),
            60..63 => Prune { after: if step.x { self.marks } else { 0 } }.into(),
            63 => Probe.into(),
            64 | 65 => {
                let emoji = Emoji::trusted(["+1", "-1", "\u{2764}"][step.b % 3]);
                React { actor, message: self.message(step.c), emoji, active: step.x || step.y }.into()
            }
            66 | 67 => PinMessage { actor, message: self.message(step.c), pinned: step.x || step.y }.into(),
            68 => {
                let endpoint = format!("https://push.example.org/{}", step.c % 4);
                AddPushSubscription { actor, endpoint, p256dh: vec![4; 65], auth: vec![step.b as u8; 16] }.into()
            }
            69 if step.x => {
                let endpoint = step.y.then(|| format!("https://push.example.org/{}", step.c % 4));
                RemovePushSubscriptions { user: (!step.b.is_multiple_of(2)).then_some(user), endpoint }.into()
            }
            69 | 70 => {
                let users = vec![(user, now), (other, now.plus_ms(-HOUR_MS))];
                NotePushActivity { users, everybody: step.y }.into()
            }
            71 | 72 => {
                // Mostly by the person who was asked: nobody else decides.
                let asked = self.requests.get(step.c % self.requests.len().max(1));
                let actor = match asked {
                    Some((of, _)) if step.x || step.y => Actor::user(person(*of)),
                    Some(_) | None => actor,
                };
                let request = asked.map_or_else(|| RequestId::trusted("unknown"), |(_, id)| id.clone());
                DecideContact { actor, request, accept: step.b % 4 != 2 }.into()
            }
            73 => {
                let days = step.y.then_some(step.c as u32 % 4);
                SetRetention { actor, conversation: self.conversation(step.b), days, reason: None }.into()
            }
            74 => PurgeMessages { from: if step.x { self.purged } else { PurgeCursor::default() } }.into(),
            _ => MovePushCursor { to: self.position.saturating_sub(step.c as u64) }.into(),
        }
    }

    /// Records what a commit created.
    pub fn learn(&mut self, commit: &Commit) {
        self.position = commit.position;
        for reply in &commit.replies {
            match &reply.outcome {
                Ok(Written::CreateConversation(created)) => self.keep(&created.conversation.id),
                Ok(Written::SendMessage(sent)) => self.keep(&sent.message.conversation.id),
                Ok(Written::CreateMeetup(meetup)) => {
                    self.meetups.push(meetup.id.clone());
                    self.keep(&meetup.chat_id);
                }
                Ok(Written::MakeInvitation(made)) => self.invitations.push(made.id.clone()),
                Ok(Written::OpenSession(session)) => self.sessions.push(session.id.clone()),
                Ok(Written::AddService(account)) => self.service = Some(account.user.id.clone()),
                Ok(Written::AnnounceFile(_)) => self.files.push(format!("f-{}", self.files.len())),
                Ok(Written::Prune(pruned)) => self.marks = pruned.after,
                Ok(Written::PurgeMessages(purged)) => self.purged = purged.next.unwrap_or_default(),
                _ => {}
            }
        }
        for entry in &commit.entries {
            match &entry.event {
                Event::MessageCreated(message) => self.messages.push(message.id.clone()),
                Event::Notified { notification, .. } => self.notifications.push(notification.id.clone()),
                _ => {}
            }
        }
    }

    fn keep(&mut self, conversation: &ConversationId) {
        if !self.conversations.contains(conversation) {
            self.conversations.push(conversation.clone());
        }
    }
}

/// The secret part of a file's link.
pub fn secret_of(id: &str) -> String {
    format!("s-{id}")
}
