//! Changed profiles: those who share a conversation with a user receive its new profile.
//!
//! One change may concern very many, and a client can change its profile again and again. Each announcement is therefore
//! charged to the user as a pause before its next one, which grows with the number of recipients; changes in that pause
//! are announced as one. All announcements together are made in batches.
//!
//! What must stay true: the newest profile is announced at the end of each pause; nobody receives it who shares no
//! conversation with the user; no batch occupies the hub for long. An announcement has no position of its own, because it
//! comes after later entries: a connection that resumes has missed it unless it has received an entry that was delivered
//! after it.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use quintet_domain::limits::{PROFILE_CONVERSATIONS_KEPT_MAX, PROFILES_KEPT_MAX};
use quintet_domain::{ConversationId, Event, Metadata, User, UserId};
use quintet_service::{Memberships, Service};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::directory::Directory;
use super::fan_out::FanOut;
use super::message::ClientMessage;
use super::timers::{Timer, Timers};

/// How long each recipient delays the next announcement of the same profile: one of 10,000 contacts is announced at most
/// every ten seconds.
const PAUSE_PER_VISIT: Duration = Duration::from_millis(1);

/// Bytes of custom data that delay the next announcement as long as another recipient does: about those of a profile
/// without custom data.
const BYTES_OF_VISIT: usize = 512;

/// Minimum time between two announcements of the same profile.
const PAUSE_MIN: Duration = Duration::from_millis(100);

/// Maximum number of users that one batch visits.
const VISITS_PER_BATCH: usize = 50_000;

/// Maximum number of memberships that the announcement of one profile visits: of a user in very many large conversations,
/// the members of the first ones receive it.
const VISITS_OF_PROFILE_MAX: usize = 200_000;

/// Time between two batches, in which connections write and other messages are handled.
const BATCH_PAUSE: Duration = Duration::from_millis(10);

/// The number of users whose pauses are remembered at which those that are over are dropped.
const PAUSES_KEPT: usize = 1_000;

/// A profile as others are told of it.
#[derive(Clone)]
struct Profile {
    user: Arc<User>,
    /// The custom data; none if there is none.
    metadata: Option<Metadata>,
}

impl Profile {
    fn event(&self) -> Event {
        Event::UserChanged { user: Arc::clone(&self.user), metadata: self.metadata.clone(), visible: true }
    }
}

/// A profile that was announced, for connections that resume.
struct Announced {
    /// The position that the hub had reached.
    reached: u64,
    profile: Profile,
    /// Some of the conversations whose members received it.
    conversations: Vec<ConversationId>,
}

/// The profiles that changed.
pub(super) struct Profiles {
    service: Service,
    inbox: mpsc::WeakSender<ClientMessage>,
    /// The users whose new profiles are to be announced, by the moment from which on they may be. The number keeps them in the
    /// order in which they were added.
    due: BTreeMap<(Instant, u64), UserId>,
    /// The new profiles of those users, and of those whose conversations are being read.
    changed: HashMap<UserId, Profile>,
    /// When the pause of each user ends whose profile was announced a short time ago.
    pauses: HashMap<UserId, Instant>,
    /// Users without a connection, whose conversations are to be read; those of the first are being read.
    absent: VecDeque<UserId>,
    /// The profiles that were announced, oldest first.
    announced: VecDeque<Announced>,
    /// The moment for which the timer is set.
    timer_at: Option<Instant>,
    added: u64,
}

impl Profiles {
    pub(super) fn new(service: Service, inbox: mpsc::WeakSender<ClientMessage>) -> Self {
        Self {
            service,
            inbox,
            due: BTreeMap::new(),
            changed: HashMap::new(),
            pauses: HashMap::new(),
            absent: VecDeque::new(),
            announced: VecDeque::new(),
            timer_at: None,
            added: 0,
        }
    }

    /// Takes a changed profile, to be announced as soon as the pause of the user is over.
    pub(super) fn changed(
        &mut self,
        timers: &mut Timers,
        (user, metadata): (&Arc<User>, Option<&Metadata>),
        now: Instant,
    ) {
        let profile = Profile { user: Arc::clone(user), metadata: metadata.cloned() };
        if self.changed.insert(user.id.clone(), profile).is_some() {
            return;
        }
        let due = self.pauses.get(&user.id).map_or(now, |end| now.max(*end));
        self.added += 1;
        self.due.insert((due, self.added), user.id.clone());
        self.set_timer(timers, due);
    }

    fn set_timer(&mut self, timers: &mut Timers, at: Instant) {
        if self.timer_at.is_none_or(|set| at < set) {
            self.timer_at = Some(at);
            timers.add(at, Timer::Profiles);
        }
    }

    /// Announces the profiles that are due, up to the limit of one batch. `reached` is the position that the hub has reached.
    pub(super) fn announce_due(
        &mut self,
        (directory, reached): (&Directory, u64),
        timers: &mut Timers,
        fan_out: &FanOut,
        now: Instant,
    ) {
        self.timer_at = None;
        let mut visited = 0;
        while visited < VISITS_PER_BATCH
            && let Some(first) = self.due.first_entry().filter(|first| first.key().0 <= now)
        {
            let user = first.remove();
            visited += 1;
            let Some(local) = directory.user(&user).filter(|local| !local.is_loading()) else {
                self.absent.push_back(user);
                if self.absent.len() == 1 {
                    self.read_conversations();
                }
                continue;
            };
            let same_kind = self.changed.get(&user).is_some_and(|one| one.user.is_guest() == local.user.is_guest());
            if !same_kind {
                // An account took the id of the guest whose profile it was.
                self.changed.remove(&user);
                continue;
            }
            let conversations = directory.conversations_of(&user).iter().map(|one| one.id.clone()).collect();
            visited += self.announce((directory, reached), fan_out, &user, conversations, now);
        }
        if let Some(((next, _), _)) = self.due.first_key_value() {
            // The pause begins when this batch is over, so that other work is done between two of them.
            let at = (*next).max(Instant::now() + BATCH_PAUSE);
            self.set_timer(timers, at);
        }
    }

    /// Reads the conversations of the first user who has no connection.
    fn read_conversations(&self) {
        let Some(user) = self.absent.front().cloned() else { return };
        let (service, inbox) = (self.service.clone(), self.inbox.clone());
        tokio::spawn(async move {
            let memberships = service.memberships(user.clone()).await.unwrap_or_default();
            if let Some(inbox) = inbox.upgrade() {
                let _ = inbox.send(ClientMessage::ProfileAudience { user, memberships }).await;
            }
        });
    }

    /// Announces the profile of a user without a connection, whose conversations were read. `reached` is the position that
    /// the hub has reached.
    pub(super) fn conversations_read(
        &mut self,
        (directory, reached): (&Directory, u64),
        fan_out: &FanOut,
        user: &UserId,
        memberships: Memberships,
        now: Instant,
    ) {
        if self.changed.get(user).is_some_and(|one| one.user.is_guest() == memberships.registered) {
            // An account took the id of the guest whose profile it was, or the conversations could not be read.
            self.changed.remove(user);
        }
        let conversations = memberships.conversations.into_iter().map(|(conversation, _)| conversation.id.clone());
        self.announce((directory, reached), fan_out, user, conversations.collect(), now);
        self.absent.pop_front();
        self.read_conversations();
    }

    /// Announces the new profile of a user to the members of some conversations, and to the user itself. Returns how many
    /// users were visited.
    fn announce(
        &mut self,
        (directory, reached): (&Directory, u64),
        fan_out: &FanOut,
        user: &UserId,
        mut conversations: Vec<ConversationId>,
        now: Instant,
    ) -> usize {
        let Some(profile) = self.changed.remove(user) else { return 0 };
        let members = conversations.iter().flat_map(|conversation| directory.members(conversation));
        let own = directory.slot(user);
        let mut visited = 0;
        let seen: HashSet<usize> = own
            .into_iter()
            .chain(members.take(VISITS_OF_PROFILE_MAX))
            .inspect(|_| visited += 1)
            // A guest gives its name with each join, and has no other devices.
            .filter(|slot| !(profile.user.is_guest() && Some(*slot) == own))
            .collect();
        let mut slots: Vec<usize> = seen.into_iter().collect();
        slots.sort_unstable();
        fan_out.deliver_to_slots(directory, &profile.event(), &slots);
        if self.pauses.len() >= PAUSES_KEPT {
            self.pauses.retain(|_, end| *end > now);
        }
        let visits = u32::try_from(visited).unwrap_or(u32::MAX);
        // A recipient of custom data receives many times the bytes of a profile without.
        let weight = 1 + profile.metadata.as_ref().map_or(0, Metadata::size_bytes) / BYTES_OF_VISIT;
        let pause = PAUSE_PER_VISIT.saturating_mul(visits.saturating_mul(u32::try_from(weight).unwrap_or(u32::MAX)));
        self.pauses.insert(user.clone(), now + pause.max(PAUSE_MIN));
        // Only the newest profile of a user is of use to those who come back.
        self.announced.retain(|announced| announced.profile.user.id != profile.user.id);
        if self.announced.len() >= PROFILES_KEPT_MAX {
            self.announced.pop_front();
        }
        conversations.truncate(PROFILE_CONVERSATIONS_KEPT_MAX);
        self.announced.push_back(Announced { reached, profile, conversations });
        visited
    }

    /// The profiles that a user's connection has missed if the last entry that it received has a position. Those that are
    /// announced from now on are held back for a connection whose replay begins.
    pub(super) fn announced_since(&self, directory: &Directory, user: &UserId, after: u64) -> Vec<Event> {
        // A connection that received the entry right before an announcement may not have received the announcement.
        let missed = self.announced.iter().filter(|announced| announced.reached >= after);
        let own: OnceCell<HashSet<ConversationId>> = OnceCell::new();
        let own = || own.get_or_init(|| directory.conversations_of(user).iter().map(|one| one.id.clone()).collect());
        let concerned = missed.filter(|announced| {
            announced.profile.user.id == *user || announced.conversations.iter().any(|one| own().contains(one))
        });
        concerned.map(|one| one.profile.event()).collect()
    }
}
