//! The hub: who hears what. One task owns all of it, and everything that can wake it is a [`Wake`].
//!
//! What lives here: which users have connections here, which conversations they are in, typing, presence.
//! What does not: deciding who may do what, and writing words.
//!
//! What must stay true: membership changes take effect here in commit order with the messages around them; what is
//! said at a position is said after everything up to it and before everything behind it.

mod comings;
mod deliver;
mod notifications;
mod presence;
mod recover;
mod resident;
mod slots;
mod state;
mod timers;
mod typing;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use quintet_bus::{Publication, Subscription};
use quintet_domain::{ConnectionId, ConversationId, Entry, Ephemeral, Event, Refusal, User, UserId};
use quintet_service::{EventRate, Memberships, ResumeToken, ResumeTokens, Service, Untold};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use self::comings::Comings;
use self::recover::{Recoveries, Retold};
use self::state::State;
use self::timers::{Timer, Timers};
use crate::Settings;
use crate::connection::{Census, Connection};

/// Words for the hub that may wait.
const INBOX: usize = 16_384;

/// Words that are taken between two publications: new connections are served under any load.
const WORDS_BETWEEN: usize = 16;

/// Revocations that are remembered for connections on their way.
const REVOKED_KEPT: usize = 10_000;

/// Something done with the hub at one position of the commit order.
pub(crate) type Act = Box<dyn FnOnce(&mut Hub) + Send>;

/// What a connection gets when it is counted in.
pub(crate) type Attached = Result<Arc<EventRate>, Refusal>;

/// Everything that can wake the hub, publications and timers aside.
enum Wake {
    /// A connection is somebody's.
    Attach { connection: Arc<Connection>, user: Arc<User>, reply: oneshot::Sender<Attached> },
    /// A user's conversations were read.
    Loaded { user: UserId, load: u64, memberships: Result<Memberships, Refusal> },
    /// A connection ended.
    Detach { connection: ConnectionId, user: UserId },
    /// What no connection of the meetup vocabulary was sent yet.
    Untold { connection: ConnectionId, user: UserId, untold: Untold },
    /// A connection that goes on with another hears what it missed, and is not to wait any longer.
    LetIn { connection: ConnectionId, user: UserId },
    /// A connection that goes on with another was told what it missed.
    Retold { connection: ConnectionId, user: UserId, retold: Retold },
    /// A connection's token was refreshed.
    Refreshed { connection: ConnectionId, user: UserId },
    /// The server stops: who is here was seen now.
    Stop { reply: oneshot::Sender<()> },
}

/// The way to the hub.
#[derive(Clone)]
pub(crate) struct HubHandle {
    inbox: mpsc::Sender<Wake>,
    /// Beside the inbox: before a group is delivered, what is to be said in it has to be known.
    acts: mpsc::Sender<(u64, Act)>,
}

impl HubHandle {
    /// Counts a connection in; ready when it hears everything.
    pub(crate) async fn attach(&self, connection: Arc<Connection>, user: Arc<User>) -> Attached {
        let (reply, attached) = oneshot::channel();
        let _ = self.inbox.send(Wake::Attach { connection, user, reply }).await;
        attached.await.unwrap_or_else(|_| Err(Refusal::internal()))
    }

    /// A connection's token was refreshed: its end is another.
    pub(crate) async fn refreshed(&self, connection: ConnectionId, user: UserId) {
        let _ = self.inbox.send(Wake::Refreshed { connection, user }).await;
    }

    /// Counts a connection out.
    pub(crate) async fn detach(&self, connection: ConnectionId, user: UserId) {
        let _ = self.inbox.send(Wake::Detach { connection, user }).await;
    }

    /// Does something at a position. Called on the writer's token, which may wait.
    pub(crate) fn at(&self, position: u64, act: impl FnOnce(&mut Hub) + Send + 'static) {
        let _ = self.acts.blocking_send((position, Box::new(act)));
    }

    /// Notes when everybody who is here was last seen.
    pub(crate) async fn stop(&self) {
        let (reply, stopped) = oneshot::channel();
        let _ = self.inbox.send(Wake::Stop { reply }).await;
        let _ = stopped.await;
    }
}

/// The hub itself; only its own task holds it.
pub(crate) struct Hub {
    service: Service,
    settings: Settings,
    resume_tokens: ResumeTokens,
    recoveries: Recoveries,
    inbox: mpsc::WeakSender<Wake>,
    census: Arc<Census>,
    state: State,
    timers: Timers,
    comings: Comings,
    /// The newest position that was delivered.
    position: u64,
    /// The generation below which a user's tokens are revoked, for connections that were on their way meanwhile.
    revoked: HashMap<UserId, u64>,
    /// What passes and did not fit on the bus yet: a coming or going is told once, and so never lost.
    unsent: VecDeque<Ephemeral>,
    /// What waits for a position.
    pending: BTreeMap<u64, Vec<Pending>>,
}

enum Pending {
    Act(Act),
    Loaded(UserId, u64, Memberships),
}

impl Hub {
    /// Starts the hub. `position` is the newest committed position when `subscription` was made.
    pub(crate) fn spawn(
        service: Service,
        settings: Settings,
        resume_tokens: ResumeTokens,
        census: Arc<Census>,
        subscription: Subscription,
        position: u64,
    ) -> HubHandle {
        let (inbox, words) = mpsc::channel(INBOX);
        let (acts, to_do) = mpsc::channel(INBOX);
        let hub = Self {
            service,
            settings,
            resume_tokens,
            recoveries: Recoveries::default(),
            inbox: inbox.downgrade(),
            census,
            state: State::default(),
            timers: Timers::default(),
            comings: Comings::default(),
            position,
            revoked: HashMap::new(),
            unsent: VecDeque::new(),
            pending: BTreeMap::new(),
        };
        tokio::spawn(hub.run(words, to_do, subscription));
        HubHandle { inbox, acts }
    }

    async fn run(
        mut self,
        mut words: mpsc::Receiver<Wake>,
        mut acts: mpsc::Receiver<(u64, Act)>,
        mut subscription: Subscription,
    ) {
        loop {
            let next_timer = self.timers.next();
            // What was published comes first: the hub publishes, too, and must not run ahead of itself.
            tokio::select! {
                biased;
                publication = subscription.next() => match publication {
                    Some(publication) => {
                        // The writer answers before it hands on, so what belongs into this group is here already.
                        while let Ok((position, act)) = acts.try_recv() {
                            self.at(position, Pending::Act(act));
                        }
                        self.published(publication);
                        for _ in 0..WORDS_BETWEEN {
                            let Ok(word) = words.try_recv() else { break };
                            self.wake(word);
                        }
                        if next_timer.is_some_and(|at| at <= Instant::now()) {
                            self.timers_due();
                        }
                        self.publish_unsent();
                    }
                    None => return,
                },
                act = acts.recv() => match act {
                    Some((position, act)) => self.at(position, Pending::Act(act)),
                    None => return,
                },
                word = words.recv() => match word {
                    Some(word) => self.wake(word),
                    None => return,
                },
                () = sleep_until(next_timer) => self.timers_due(),
            }
        }
    }

    fn wake(&mut self, word: Wake) {
        match word {
            Wake::Attach { connection, user, reply } => self.attach(connection, user, reply),
            Wake::Loaded { user, load, memberships: Ok(memberships) } => {
                let position = memberships.position;
                self.at(position, Pending::Loaded(user, load, memberships));
            }
            Wake::Loaded { user, load, memberships: Err(refusal) } => self.state.refuse_waiting(&user, load, &refusal),
            Wake::Detach { connection, user } => self.detach(connection, &user),
            Wake::Untold { connection, user, untold } => {
                let act = move |hub: &mut Self| hub.resend(connection, &user, untold.notifications);
                self.at(untold.position, Pending::Act(Box::new(act)));
            }
            Wake::LetIn { connection, user } => self.let_in_early(connection, &user),
            Wake::Retold { connection, user, retold } => self.retold(connection, user, retold),
            Wake::Refreshed { connection, user } => self.watch_expiry(connection, &user),
            Wake::Stop { reply } => {
                let now = self.service.environment().now();
                let users = self.state.online_users().filter(|user| !user.is_guest());
                let users = users.map(|user| (user.id.clone(), now)).collect();
                // The hub itself never waits for the store: the store may be waiting for the hub.
                let service = self.service.clone();
                tokio::spawn(async move {
                    service.seen(users).await;
                    let _ = reply.send(());
                });
            }
        }
    }

    /// Hands on what passes, behind what did not fit before it.
    fn publish(&mut self, ephemeral: Ephemeral) {
        match &ephemeral {
            Ephemeral::Event(Event::Presence { user, .. }) => self.sent_coming(user, 1),
            Ephemeral::RoomPresence { conversations, user, .. } => self.sent_coming(user, conversations.len()),
            Ephemeral::Event(_) => {}
        }
        self.unsent.push_back(ephemeral);
        self.publish_unsent();
    }

    fn publish_unsent(&mut self) {
        while let Some(first) = self.unsent.pop_front() {
            if let Err(first) = self.service.bus().ephemeral(first) {
                // The bus is full, so a publication is there to be taken, and this is tried again after it.
                self.unsent.push_front(first);
                return;
            }
        }
    }

    fn at(&mut self, position: u64, pending: Pending) {
        if position <= self.position {
            self.run_pending(pending);
        } else {
            self.pending.entry(position).or_default().push(pending);
        }
    }

    fn run_pending(&mut self, pending: Pending) {
        match pending {
            Pending::Act(act) => act(self),
            Pending::Loaded(user, load, memberships) => self.loaded(&user, load, memberships),
        }
    }

    fn published(&mut self, publication: Publication) {
        match publication {
            Publication::Committed(entries) => {
                for entry in entries {
                    self.committed(&entry);
                }
            }
            Publication::Ephemeral(Ephemeral::Event(event @ Event::Presence { .. })) => self.tell_coming(event),
            Publication::Ephemeral(Ephemeral::Event(event)) => self.deliver(&event, None),
            Publication::Ephemeral(Ephemeral::RoomPresence { conversations, user, online }) => {
                for conversation in conversations {
                    self.tell_coming(Event::RoomPresence { conversation, user: Arc::clone(&user), online });
                }
            }
        }
    }

    /// Tells one entry, with what it changes of who hears what, and then does what waited for its position.
    fn committed(&mut self, entry: &Entry) {
        match &entry.event {
            Event::ConversationCreated { conversation, members } => {
                for user in members {
                    self.state.join(user, conversation, entry.position);
                }
            }
            Event::MemberJoined { conversation, user, member_count } => {
                self.state.join(&user.id, conversation, entry.position);
                self.state.set_member_count(&conversation.id, *member_count);
                self.deliver(&entry.event, Some(entry));
            }
            Event::MemberLeft { conversation, user, member_count, .. } => {
                self.stop_typing_of(&user.id, &conversation.id);
                self.deliver(&entry.event, Some(entry));
                self.state.set_member_count(&conversation.id, *member_count);
                self.state.leave(&user.id, &conversation.id, entry.position);
            }
            Event::ConversationChanged { conversation } => {
                self.state.rename(conversation);
            }
            Event::ConversationDeleted { conversation } => {
                self.deliver_end(conversation, entry);
                self.state.remove_room(&conversation.id, entry.position);
            }
            Event::MessageCreated(message) => {
                self.stop_typing_of(&message.sender.id, &message.conversation.id);
                self.deliver(&entry.event, Some(entry));
            }
            Event::UserChanged { user } => self.user_changed(user),
            Event::Revoked { user, generation } => {
                if self.revoked.len() >= REVOKED_KEPT {
                    // Only connections on their way right now need it.
                    self.revoked.clear();
                }
                self.revoked.insert(user.clone(), *generation);
                self.state.end_connections(user, *generation);
                self.gone_by_revocation(user);
            }
            Event::Notified { user, notification } => {
                self.deliver(&entry.event, Some(entry));
                self.note_told(user, notification);
            }
            Event::MessageEdited(_)
            | Event::MessageDeleted(_)
            | Event::MessagesRead { .. }
            | Event::MeetupChanged { .. }
            | Event::Typing { .. }
            | Event::Presence { .. }
            | Event::RoomPresence { .. } => self.deliver(&entry.event, Some(entry)),
        }
        self.position = self.position.max(entry.position);
        while let Some(first) = self.pending.first_entry() {
            if *first.key() > self.position {
                break;
            }
            for pending in first.remove() {
                self.run_pending(pending);
            }
        }
    }

    // --- connections ---

    fn attach(&mut self, connection: Arc<Connection>, user: Arc<User>, reply: oneshot::Sender<Attached>) {
        let id = user.id.clone();
        let generation = connection.identity().map_or(0, |identity| identity.generation);
        if self.revoked.get(&id).is_some_and(|revoked| generation < *revoked) {
            let _ = reply.send(Err(Refusal::unauthenticated("the token was revoked")));
            return;
        }
        self.take_over(&user);
        match self.state.arrive(connection, user, reply) {
            state::Arrival::Ready => self.welcome_waiting(&id),
            state::Arrival::Load(load) => {
                let (service, inbox) = (self.service.clone(), self.inbox.clone());
                tokio::spawn(async move {
                    let memberships = service.memberships(id.clone()).await;
                    if let Some(inbox) = inbox.upgrade() {
                        let _ = inbox.send(Wake::Loaded { user: id, load, memberships }).await;
                    }
                });
            }
            state::Arrival::Wait => {}
        }
    }

    fn loaded(&mut self, user: &UserId, load: u64, memberships: Memberships) {
        self.state.load(user, load, memberships);
        self.welcome_waiting(user);
    }

    /// Counts in the connections that waited: from here on each hears everything.
    fn welcome_waiting(&mut self, id: &UserId) {
        let Some((user, waiting, rate)) = self.state.take_waiting(id) else { return };
        if waiting.is_empty() {
            // The connection that asked is gone already.
            self.timers.add(Instant::now(), Timer::Forget(id.clone()));
            return;
        }
        self.came(&user);
        for (connection, reply) in waiting {
            let resume = connection.take_resume();
            match resume.and_then(|resume| Some((resume, self.place_to_recover(id)?))) {
                Some(resume) => self.recover(&user, connection, resume, reply, Arc::clone(&rate)),
                None => {
                    self.state.seat(id, Arc::clone(&connection), None);
                    self.welcome(&user, &connection, reply, Arc::clone(&rate));
                }
            }
        }
    }

    /// Lets a connection in that starts afresh.
    fn welcome(
        &mut self,
        user: &User,
        connection: &Arc<Connection>,
        reply: oneshot::Sender<Attached>,
        rate: Arc<EventRate>,
    ) {
        if connection.recoverable {
            let (dialect, session, start) = (connection.opened, connection.session, self.position);
            let token = ResumeToken { dialect, session, start };
            connection.out.accept_recoverable(&self.resume_tokens.issue(token, user, connection.out.namespace()));
        } else {
            connection.out.accept();
        }
        self.greet(connection, user);
        self.resend_untold(connection, user);
        self.let_in(&user.id, connection, reply, rate);
    }

    /// Hands the connection over to its task.
    fn let_in(
        &mut self,
        user: &UserId,
        connection: &Arc<Connection>,
        reply: oneshot::Sender<Attached>,
        rate: Arc<EventRate>,
    ) {
        self.watch_expiry(connection.id, user);
        if reply.send(Ok(rate)).is_err() {
            // Its task gave up while it waited; nobody else would count it out.
            self.detach(connection.id, user);
        }
    }

    /// What a new connection is told first.
    fn greet(&mut self, connection: &Arc<Connection>, user: &User) {
        for dialect in connection.hears().1 {
            for event in quintet_dialect::greet(dialect, user, &|| self.online_for(user)) {
                connection.out.emit(&event);
            }
        }
    }

    // --- what a connection asks of the hub ---

    /// Whether a connection is a user's now. One that was a guest's is nobody's once an account has the guest's id.
    pub(crate) fn is_seated(&mut self, connection: ConnectionId, user: &UserId) -> bool {
        self.state.seat_of(user, connection).is_some()
    }

    /// Which of these a user hears.
    pub(crate) fn listening(
        &self,
        user: &UserId,
        conversations: Vec<ConversationId>,
    ) -> (Vec<ConversationId>, Vec<ConversationId>) {
        conversations.into_iter().partition(|id| self.state.is_member(user, id))
    }

    /// Makes a conversation silent on a connection, or lets it be heard again. Says whether the user is a member.
    pub(crate) fn mute(
        &mut self,
        connection: ConnectionId,
        user: &UserId,
        conversation: &ConversationId,
        mute: bool,
    ) -> bool {
        self.state.is_member(user, conversation) && self.state.mute(connection, user, conversation, mute)
    }
}

async fn sleep_until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
