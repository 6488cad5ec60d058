//! What a webhook is told that is told whom to push to.
//!
//! What must stay true: the position of the webhook stays before everything that somebody waits about, so that whatever ends,
//! it is looked at again: people are told of at least once. Whom it is about is decided by the same rules as push messages to
//! browsers (`crates/rules/src/push.rs`), and again right before it is told.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use quintet_dialect::{ModelEvent, PushSubject};
use quintet_domain::{Code, Refusal, Timestamp, UserId};
use quintet_service::{PushAbout, PushCandidate, PushContent, PushVerdict, PushWaiting, push_verdict};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};

use crate::context::Context;
use crate::endpoint::{AGAIN_AFTER, End, Endpoint};
use crate::envelope::Envelope;
use crate::window::Window;

/// Maximum people that one event names.
const USERS_MAX: usize = 1_000;
/// Maximum people who are looked at before it is delivered.
const AT_ONCE: usize = 2_000;
/// The time after which what could not be read is read again, in milliseconds.
const READ_AGAIN_MS: i64 = 1_000;
/// The time in which other nodes tell that somebody is active with them, in milliseconds.
const NODES_TELL_WITHIN_MS: i64 = 2_000;

/// People who are to be sent a push message about the same thing.
#[derive(Debug)]
struct Group {
    users: Vec<UserId>,
    content: PushContent,
    at: Timestamp,
    position: u64,
}

/// What is looked at.
struct Pushes {
    waiting: PushWaiting,
    /// The position up to which the log was looked at.
    looked_up_to: u64,
}

impl Pushes {
    /// The position up to which everybody was told of.
    fn done_up_to(&self) -> u64 {
        match self.waiting.first_position() {
            Some(first) => self.looked_up_to.min(first.saturating_sub(1)),
            None => self.looked_up_to,
        }
    }

    /// Looks at what was committed. Returns whether there is more.
    async fn look(&mut self, context: &Context) -> Result<bool, Refusal> {
        let step = context.service.push_step_behind(self.looked_up_to).await?;
        let now = context.service.environment().now();
        let delay = if context.service.jobs().is_some() { NODES_TELL_WITHIN_MS } else { 0 };
        for candidate in step.candidates {
            let due = now.max(candidate.at.plus_ms(delay));
            self.waiting.keep(candidate, due);
        }
        self.looked_up_to = step.up_to;
        Ok(step.more)
    }

    /// Takes those who are due and away, by what it is about.
    async fn due(&mut self, context: &Context) -> Result<BTreeMap<PushAbout, Group>, Refusal> {
        let now = context.service.environment().now();
        let mut groups: BTreeMap<PushAbout, Group> = BTreeMap::new();
        for _ in 0..AT_ONCE {
            let Some(candidate) = self.waiting.take_due(now) else { break };
            let PushCandidate { user, about, at, position } = candidate.clone();
            match context.service.push_needed(user.clone(), about.clone()).await {
                Ok(None) => {}
                Ok(Some((content, active_at))) => match push_verdict(at, active_at, now) {
                    PushVerdict::Send => {
                        let group = groups.entry(about).or_insert(Group { users: Vec::new(), content, at, position });
                        group.users.push(user);
                    }
                    PushVerdict::Later(due) => self.waiting.keep(candidate, due),
                    PushVerdict::Never => {}
                },
                Err(refusal) => {
                    // None is lost: they are looked at again.
                    self.waiting.keep(candidate, now);
                    for (about, Group { users, at, position, .. }) in groups {
                        let people = again(&about, &users, (at, position));
                        people.into_iter().for_each(|candidate| self.waiting.keep(candidate, now));
                    }
                    return Err(refusal);
                }
            }
        }
        Ok(groups)
    }
}

/// An event about some of a group, and for whom it is looked at again if it is not delivered.
struct Told {
    envelope: Envelope,
    people: Vec<PushCandidate>,
}

/// The id of an event that names people: the same for the same people, whatever was repeated.
fn id_of(identity: &str, position: u64, users: &[UserId]) -> String {
    let mut hash = Sha256::new();
    for user in users {
        hash.update(user.as_str());
        hash.update([0]);
    }
    let mut id = format!("evt_{identity}_{position}_");
    for byte in &hash.finalize()[..8] {
        // Writing to text in memory does not fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}

/// What is delivered about a group; nothing if what it is about is gone by now.
async fn told(context: &Context, about: &PushAbout, group: &Group) -> Result<Vec<Told>, Refusal> {
    let Group { users, content, at, position } = group;
    let links = context.service.bases().public_links();
    let Some(first) = users.first() else { return Ok(Vec::new()) };
    let message = match content {
        PushContent::Message { message, .. } => match context.service.message(first.clone(), message.clone()).await {
            Ok(message) => Some(links.message(&message)),
            Err(refusal) if refusal.code == Code::NotFound => return Ok(Vec::new()),
            Err(refusal) => return Err(refusal),
        },
        PushContent::Notification(_) => None,
    };
    let told = |users: &[UserId]| {
        let subject = match (content, &message) {
            (_, Some(message)) => PushSubject::Message(message),
            (PushContent::Notification(notification), None) => PushSubject::Notification(notification),
            (PushContent::Message { .. }, None) => return None,
        };
        let is_personal = message.as_ref().is_none_or(|message| message.conversation.pair.is_some());
        let event = ModelEvent::push_needed(users, subject, *at);
        let (id, position) = (id_of(&context.identity, *position, users), *position);
        let body = event.text(Some(&id), position).into();
        let (kind, conversation) = (event.kind, event.conversation);
        let envelope = Envelope { id, kind, position, conversation, is_personal, body };
        Some(Told { envelope, people: again(about, users, (*at, position)) })
    };
    Ok(users.chunks(USERS_MAX).filter_map(told).collect())
}

/// People who are looked at again.
fn again(about: &PushAbout, users: &[UserId], (at, position): (Timestamp, u64)) -> Vec<PushCandidate> {
    let candidate = |user: &UserId| PushCandidate { user: user.clone(), about: about.clone(), at, position };
    users.iter().map(candidate).collect()
}

impl Endpoint {
    /// Delivers whom to push to, until the webhook is changed.
    pub(crate) async fn deliver_pushes(&mut self) -> End {
        let mut pushes = Pushes { waiting: PushWaiting::default(), looked_up_to: self.position };
        loop {
            self.wake.mark_unchanged();
            let (more, wanted) = match self.look(&mut pushes).await {
                Ok(looked) => looked,
                Err(refusal) => {
                    tracing::debug!(%refusal, "it is not known now whom to push to");
                    sleep(AGAIN_AFTER).await;
                    continue;
                }
            };
            if !wanted.is_empty() {
                let mut window = Window::of(wanted.iter().map(|told| told.envelope.clone()).collect());
                if let Some(end) = self.deliver_window(&mut window, None).await {
                    return end;
                }
                // During the pause people may have come back, or read it.
                let (left, now): (Vec<&str>, _) = (window.left().collect(), self.now());
                let left = wanted.into_iter().filter(|told| left.contains(&told.envelope.id.as_str()));
                left.flat_map(|told| told.people).for_each(|candidate| pushes.waiting.keep(candidate, now));
            }
            let done = pushes.done_up_to();
            if done > self.position {
                self.position = done;
                if let Some(end) = self.pass().await {
                    return end;
                }
            }
            if more || pushes.waiting.next_due().is_some_and(|due| due <= self.now()) {
                continue;
            }
            if let Some(end) = self.rest_until(self.next_look(&pushes)).await {
                return end;
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.context.service.environment().now()
    }

    /// Looks at what was committed, and returns whether there is more of it, and what is delivered now.
    async fn look(&self, pushes: &mut Pushes) -> Result<(bool, Vec<Told>), Refusal> {
        let context = &*self.context;
        let more = pushes.waiting.has_room() && pushes.look(context).await?;
        let mut wanted = Vec::new();
        for (about, mut group) in pushes.due(context).await? {
            group.users.sort();
            match told(context, &about, &group).await {
                Ok(some) => wanted.extend(some),
                Err(refusal) => {
                    tracing::debug!(%refusal, "what is to be pushed cannot be read now");
                    let later = self.now().plus_ms(READ_AGAIN_MS);
                    let people = again(&about, &group.users, (group.at, group.position));
                    people.into_iter().for_each(|candidate| pushes.waiting.keep(candidate, later));
                }
            }
        }
        let filter = &self.webhook.filter;
        wanted.retain(|Told { envelope, .. }| {
            filter.wants(envelope.kind, envelope.conversation.as_ref(), envelope.is_personal)
        });
        wanted.sort_by_key(|told| told.envelope.position);
        Ok((more, wanted))
    }

    /// When the next of those who wait is due.
    fn next_look(&self, pushes: &Pushes) -> Option<Instant> {
        let wait = (pushes.waiting.next_due()?.0 - self.now().0).max(0);
        Some(Instant::now() + Duration::from_millis(u64::try_from(wait).unwrap_or_default()))
    }
}
