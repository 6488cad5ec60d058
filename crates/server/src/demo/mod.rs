//! `quintet demo`: fills a server with a small, lively team, so that a newcomer sees something at once.
//!
//! What must stay true: nothing is added to a server that has people; everything goes through the service, as what real
//! people do.

mod script;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use quintet_domain::{
    Actor, ConversationKind, Emoji, FileLink, MeetupId, MessageId, MessageKind, NewDetails, NewText, Refusal, Target,
    Timestamp, UserId,
};
use quintet_service::{ConversationChange, ConversationInput, MeetupInput, NewAccount, Reserved, Service};

use self::script::{ACTS, About, Act, Asset, Deed, JOINED_MINUTES_AGO, Person, Place};
use crate::environment::SystemEnvironment;
use crate::failure::Failure;

/// The picture and the text that messages carry.
const POSTER: &[u8] = include_bytes!("poster.png");
const CHECKLIST: &[u8] = include_bytes!("checklist.txt");

/// Milliseconds in a minute.
const MINUTE_MS: i64 = 60_000;
/// How many minutes from the present the meetup starts: three days.
const MEETUP_MINUTES_AHEAD: i64 = 3 * 24 * 60;

/// The characters of a password that is made here, at least.
const PASSWORD_CHARS: usize = 12;

/// Fills a server that has no people, and returns what the operator has to know. Everybody gets the password, or one that
/// nobody can guess. With the clock of a process that serves nobody, things have happened over the last days; otherwise now.
///
/// # Errors
/// A sentence for the operator.
pub(crate) async fn fill(
    service: &Service,
    clock: Option<&Arc<SystemEnvironment>>,
    password: Option<String>,
) -> Result<String, Failure> {
    let accounts = service.accounts().await.map_err(|refusal| refusal.message)?;
    if !accounts.is_empty() {
        return Err(format!(
            "this server has {} already, and `quintet demo` only fills one that has none: name another folder by --data",
            if accounts.len() == 1 { "1 account".to_owned() } else { format!("{} accounts", accounts.len()) }
        ));
    }
    let password = password.unwrap_or_else(|| new_password(service));
    let mut stage = Stage {
        service,
        clock,
        people: BTreeMap::new(),
        places: BTreeMap::new(),
        messages: BTreeMap::new(),
        newest: BTreeMap::new(),
        meetup: None,
    };
    stage.play(&password).await.map_err(|refusal| {
        format!("the demo stopped half way, so begin again with another folder: {}", refusal.message)
    })?;
    Ok(told(&password))
}

/// What the operator does next.
pub(crate) const NEXT: &str =
    "Start the server on the same data folder, unless it runs, and open its address in a browser.\n";

/// Returns what the operator has to know: who there is, and how to log in.
fn told(password: &str) -> String {
    let mut output =
        "The server has a small team now, a community bicycle workshop. Log in as one of them:\n\n".to_owned();
    for person in Person::ALL {
        // Writing to text in memory does not fail.
        let _ = writeln!(output, "  {:<8}{:<15}{}", person.username(), person.name(), person.task());
    }
    let _ = writeln!(output, "\nThe password of each of them is {password}");
    output
}

/// Returns a password of random characters.
fn new_password(service: &Service) -> String {
    let random = format!("{:032x}{:032x}", service.environment().secret(), service.environment().secret());
    random.chars().take(service.password_chars_min().max(PASSWORD_CHARS)).collect()
}

/// The server on which the play is given, and what there is of it so far.
struct Stage<'s> {
    service: &'s Service,
    clock: Option<&'s Arc<SystemEnvironment>>,
    people: BTreeMap<Person, UserId>,
    places: BTreeMap<Place, Target>,
    /// The messages that have names.
    messages: BTreeMap<&'static str, MessageId>,
    /// The newest message of each conversation.
    newest: BTreeMap<Place, MessageId>,
    meetup: Option<MeetupId>,
}

impl Stage<'_> {
    async fn play(&mut self, password: &str) -> Result<(), Refusal> {
        self.set_clock(JOINED_MINUTES_AGO);
        for person in Person::ALL {
            let new = NewAccount {
                username: person.username().to_owned(),
                email: Some(format!("{}@example.org", person.username())),
                password: Some(password.to_owned()),
                name: Some(person.name().to_owned()),
                reserved: Reserved::Allowed,
                ..NewAccount::default()
            };
            self.people.insert(person, self.service.make_user(new).await?.user.id.clone());
        }
        self.gather(Place::Workshop, ConversationKind::Room, "Workshop").await?;
        self.gather(Place::Rides, ConversationKind::Room, "Rides and weather").await?;
        self.gather(Place::RepairDay, ConversationKind::Group, "Repair day").await?;
        // Both conversations begin with a message to Amara.
        self.places.insert(Place::AmaraAndDev, Target::Direct(self.id(Person::Amara)?));
        self.places.insert(Place::AmaraAndBen, Target::Direct(self.id(Person::Amara)?));
        for act in ACTS {
            self.perform(act).await?;
        }
        self.set_clock(0);
        Ok(())
    }

    fn set_clock(&self, minutes_ago: i64) {
        if let Some(clock) = self.clock {
            clock.set_behind(minutes_ago * MINUTE_MS);
        }
    }

    /// Makes a conversation of all people. They join by themselves, because settings may forbid to add them.
    async fn gather(&mut self, place: Place, kind: ConversationKind, name: &str) -> Result<(), Refusal> {
        let owner = self.actor(Person::Amara)?;
        let input = ConversationInput {
            kind,
            name: Some(name.to_owned()),
            description: None,
            picture: None,
            metadata: None,
            members: Vec::new(),
            owner: None,
            open: true,
        };
        let made = self.service.create_conversation(owner.clone(), input).await?.0.conversation.id.clone();
        for person in Person::ALL.into_iter().filter(|person| *person != Person::Amara) {
            self.service.add_member(self.actor(person)?, made.clone(), self.id(person)?, None, None).await?;
        }
        if kind == ConversationKind::Group {
            let closed = ConversationChange { open: Some(false), ..ConversationChange::default() };
            self.service.change_conversation(owner, made.clone(), closed).await?;
        }
        self.places.insert(place, Target::Conversation(made));
        Ok(())
    }

    async fn perform(&mut self, act: &Act) -> Result<(), Refusal> {
        self.set_clock(act.minutes_ago);
        let actor = self.actor(act.by)?;
        match act.deed {
            Deed::Say { to, name, text, about, file } => {
                let sent = self.say(actor, to, text, about, file).await?;
                if !name.is_empty() {
                    self.messages.insert(name, sent.clone());
                }
                self.newest.insert(to, sent);
            }
            Deed::React { to, emoji } => {
                self.service.react(actor, self.message(to)?, Emoji::new("emoji", emoji)?, true).await?;
            }
            Deed::Pin { message } => self.service.pin(actor, self.message(message)?, true).await?,
            Deed::Read { place } => {
                let newest = self.newest.get(&place).cloned().ok_or_else(Refusal::internal)?;
                self.service.mark_read(actor, None, newest).await?;
            }
            Deed::Propose => {
                let starts_at = Timestamp(self.service.environment().now().0 + self.until_meetup_ms(act));
                let input = MeetupInput {
                    activity: "Sunday ride to the lighthouse".to_owned(),
                    location: "Harbour gate".to_owned(),
                    starts_at,
                    expires_at: None,
                    capacity: Some(6),
                };
                let made = self.service.create_meetup(actor, input).await?;
                self.places.insert(Place::Meetup, Target::Conversation(made.chat_id));
                self.meetup = Some(made.id);
            }
            Deed::Ask => {
                self.service.request_meetup(actor, self.meetup()?).await?;
            }
            Deed::Accept { person } => {
                self.service.decide_request(actor, self.meetup()?, self.id(person)?, true).await?;
            }
        }
        Ok(())
    }

    /// The time from an act to the meetup.
    fn until_meetup_ms(&self, act: &Act) -> i64 {
        let ago = if self.clock.is_some() { act.minutes_ago } else { 0 };
        (ago + MEETUP_MINUTES_AHEAD) * MINUTE_MS
    }

    async fn say(
        &mut self,
        actor: Actor,
        to: Place,
        text: &str,
        about: About,
        file: Option<Asset>,
    ) -> Result<MessageId, Refusal> {
        let (kind, file) = match file {
            None => (MessageKind::Text, None),
            Some(Asset::Poster) => (MessageKind::Image, Some(self.upload(&actor, "poster.png", POSTER).await?)),
            Some(Asset::Checklist) => (MessageKind::File, Some(self.upload(&actor, "checklist.txt", CHECKLIST).await?)),
        };
        let details = match about {
            About::Nothing => NewDetails::default(),
            About::Reply(to) => NewDetails { reply_to: Some(self.message(to)?), ..NewDetails::default() },
            About::Thread(of) => NewDetails { thread: Some(self.message(of)?), ..NewDetails::default() },
        };
        let target = self.places.get(&to).cloned().ok_or_else(Refusal::internal)?;
        let text =
            NewText { target, kind, content: text.to_owned(), file, client_message_id: None, details: details.kept() };
        let sent = self.service.send(actor, text).await?.message;
        // The first message to a person has made the conversation.
        self.places.insert(to, Target::Conversation(sent.conversation.id.clone()));
        Ok(sent.id.clone())
    }

    async fn upload(&self, actor: &Actor, name: &str, bytes: &'static [u8]) -> Result<FileLink, Refusal> {
        let bytes = stream::iter([Ok::<_, std::convert::Infallible>(Bytes::from_static(bytes))]);
        let uploaded = self.service.upload(actor, Some(name), bytes).await?;
        Ok(FileLink { url: uploaded.url, name: Some(name.to_owned()) })
    }

    fn id(&self, person: Person) -> Result<UserId, Refusal> {
        self.people.get(&person).cloned().ok_or_else(Refusal::internal)
    }

    fn actor(&self, person: Person) -> Result<Actor, Refusal> {
        self.id(person).map(Actor::user)
    }

    fn message(&self, name: &str) -> Result<MessageId, Refusal> {
        self.messages.get(name).cloned().ok_or_else(Refusal::internal)
    }

    fn meetup(&self) -> Result<MeetupId, Refusal> {
        self.meetup.clone().ok_or_else(Refusal::internal)
    }
}
