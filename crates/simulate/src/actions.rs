//! What happens: the random choices of clients, of calls over HTTP, and of faults.
//!
//! What must stay true: a choice depends on the seed and on the model alone.

use std::rc::Rc;

use quintet_domain::limits::CONTACT_REQUEST_DAYS;
use quintet_domain::{
    Actor, AddMember, ChangeConversation, ChangeSettings, ConversationId, ConversationKind, DecideContact,
    DeleteConversation, Departure, LeaveConversation, MessageId, RemoveMember, Request, RequestKind, SetBlock,
    SettingsChange, SweepGuests, Target, Timestamp, UserId,
};

use crate::client::Client;
use crate::server::Server;
use crate::settings;
use crate::sim::Sim;
use crate::vocabulary::Command;
use crate::world::{self, USERS};

/// What clients react with.
const EMOJIS: [&str; 2] = ["+1", "\u{2764}"];

/// Takes one random step.
pub(crate) fn step(sim: &Rc<Sim>, server: &Server, clients: &[Rc<Client>]) {
    let Some(client) = sim.choice.pick(clients) else { return };
    match sim.choice.below(1_000) {
        0..290 => send(sim, client),
        290..325 => react(sim, clients),
        325..340 => pin(sim, client),
        340..400 => edit(sim, client),
        400..430 => delete(sim, client),
        430..510 => read(sim, client),
        510..590 => typing(sim, client),
        590..650 => join(sim, client),
        650..675 => leave(sim, client),
        675..725 => mute(sim, client),
        725..755 => listen(sim, client),
        755..790 => repeat(sim, client),
        790..830 => vanish(sim, client),
        830..850 => go(sim, client),
        850..885 => come(client),
        885..890 => start_anew(sim, client),
        890..895 => block(sim, server),
        895..920 => add(sim, server),
        920..945 => remove(sim, server),
        945..948 => leave_by_call(sim, server),
        948..955 => decide(sim, server),
        955..965 => change(sim, server),
        965..972 => make(sim, server),
        972..977 => delete_conversation(sim, server),
        977..985 => sweep(sim, server, clients),
        985..987 => configure(sim, server),
        987 => ask(sim, server),
        988..990 => days_pass(sim),
        990..993 => purge(sim, server),
        993..996 => {
            sim.note("the next commit fails");
            server.fail_next_commit();
        }
        _ => {
            sim.note("the next read of what other nodes have committed fails");
            server.fail_next_read();
        }
    }
}

// --- clients ---

/// A conversation that the client may use, or, seldom, any.
fn conversation(sim: &Sim, client: &Client) -> Option<ConversationId> {
    let mine = sim.choice.per_mille(930);
    let found = sim.history.borrow().find(|facts| !mine || facts.has(&client.user));
    sim.choice.pick(&found).cloned()
}

/// A message that is not deleted, of a conversation that the client may use: its own, or anybody's.
fn message(sim: &Sim, client: &Client, own: bool) -> Option<(ConversationId, MessageId)> {
    let conversation = conversation(sim, client)?;
    message_of(sim, client, conversation, own)
}

fn message_of(
    sim: &Sim,
    client: &Client,
    conversation: ConversationId,
    own: bool,
) -> Option<(ConversationId, MessageId)> {
    let history = sim.history.borrow();
    let all = history.conversations.get(&conversation)?.messages.iter().rev().take(20);
    let wanted = all.filter(|(_, id)| {
        history.messages.get(id).is_some_and(|facts| !facts.deleted && (!own || facts.sender == client.user))
    });
    let ids: Vec<&MessageId> = wanted.map(|(_, id)| id).collect();
    Some((conversation, (*sim.choice.pick(&ids)?).clone()))
}

/// A direct conversation of the client whose other user is no member.
fn unanswered(sim: &Sim, client: &Client) -> Option<ConversationId> {
    let found = sim.history.borrow().find(|facts| {
        facts.reference.kind == ConversationKind::Direct && facts.has(&client.user) && facts.members().count() == 1
    });
    sim.choice.pick(&found).cloned()
}

/// Some messages in a row, perhaps with other commands behind them that must not overtake them.
fn send(sim: &Sim, client: &Client) {
    if !client.is_connected() || client.dialect.is_none() {
        return;
    }
    for _ in 0..=sim.choice.below(3) {
        let asks = sim.choice.per_mille(60).then(|| unanswered(sim, client)).flatten();
        let Some(conversation) = asks.or_else(|| conversation(sim, client)) else { return };
        let (acknowledge, repeatable) = (sim.choice.per_mille(800), sim.choice.per_mille(600));
        let content = sim.new_text(&format!("c{}", client.index));
        let answered =
            sim.choice.per_mille(200).then(|| message_of(sim, client, conversation.clone(), false)).flatten();
        let reply_to = answered.map(|(_, id)| id);
        let command = Command::Send { conversation: conversation.clone(), content, repeatable, reply_to };
        client.ask(sim, command, acknowledge);
        match sim.choice.below(12) {
            0 => client.ask(sim, Command::Typing { conversation, typing: true }, true),
            1 => client.ask(sim, Command::Mute { conversation }, true),
            2 => client.ask(sim, Command::Join { conversation }, true),
            _ => {}
        }
    }
}

fn edit(sim: &Sim, client: &Client) {
    let own = sim.choice.per_mille(800);
    if !client.is_connected() || client.dialect.is_none() {
        return;
    }
    let Some((_, message)) = message(sim, client, own) else { return };
    let content = sim.new_text(&format!("e{}", client.index));
    client.ask(sim, Command::Edit { message, content }, sim.choice.per_mille(800));
}

fn delete(sim: &Sim, client: &Client) {
    let own = sim.choice.per_mille(800);
    let Some((_, message)) = message(sim, client, own) else { return };
    client.ask(sim, Command::Delete { message }, true);
}

/// Several clients react to one message, faster than it is told.
fn react(sim: &Sim, clients: &[Rc<Client>]) {
    let Some(first) = sim.choice.pick(clients) else { return };
    let Some((_, message)) = message(sim, first, false) else { return };
    for _ in 0..=sim.choice.below(8) {
        let Some(client) = sim.choice.pick(clients) else { return };
        let emoji = sim.choice.pick(&EMOJIS).copied().unwrap_or(EMOJIS[0]);
        let active = sim.choice.per_mille(650);
        client.ask(sim, Command::React { message: message.clone(), emoji, active }, sim.choice.per_mille(800));
    }
}

fn pin(sim: &Sim, client: &Client) {
    let Some((_, message)) = message(sim, client, false) else { return };
    client.ask(sim, Command::Pin { message, pinned: sim.choice.per_mille(600) }, sim.choice.per_mille(800));
}

fn read(sim: &Sim, client: &Client) {
    let Some((conversation, message)) = message(sim, client, false) else { return };
    client.ask(sim, Command::Read { conversation, message }, sim.choice.per_mille(700));
}

fn typing(sim: &Sim, client: &Client) {
    let Some(conversation) = conversation(sim, client) else { return };
    client.ask(sim, Command::Typing { conversation, typing: sim.choice.per_mille(700) }, sim.choice.per_mille(300));
}

/// Joins an open conversation, or one that the client is a member of.
fn join(sim: &Sim, client: &Client) {
    let anywhere = sim.choice.per_mille(700);
    let found = sim.history.borrow().find(|facts| {
        let open = matches!(facts.reference.kind, ConversationKind::Room | ConversationKind::Group);
        if anywhere { open } else { facts.has(&client.user) }
    });
    let muted = {
        let state = client.state.borrow();
        let line = state.line.as_ref();
        found.iter().find(|id| line.is_some_and(|line| line.mutes.holds(id))).cloned()
    };
    let Some(conversation) = muted.or_else(|| sim.choice.pick(&found).cloned()) else { return };
    client.ask(sim, Command::Join { conversation }, true);
}

fn leave(sim: &Sim, client: &Client) {
    let Some(conversation) = conversation(sim, client) else { return };
    client.ask(sim, Command::Leave { conversation }, true);
}

fn mute(sim: &Sim, client: &Client) {
    let Some(conversation) = conversation(sim, client) else { return };
    client.ask(sim, Command::Mute { conversation }, true);
}

fn listen(sim: &Sim, client: &Client) {
    let conversations = sim.history.borrow().find(|_| true);
    client.ask(sim, Command::Listen { conversations }, true);
}

/// Sends again what was not acknowledged before a connection was lost.
fn repeat(sim: &Sim, client: &Client) {
    if !client.is_connected() {
        return;
    }
    let commands = std::mem::take(&mut client.state.borrow_mut().to_repeat);
    for command in commands {
        client.ask(sim, command, true);
    }
}

/// Loses its connection without a word.
fn vanish(sim: &Sim, client: &Client) {
    if client.is_connected() {
        sim.note(format!("{} vanishes", client.name()));
        sim.count("clients that vanished");
        client.vanishing.notify_one();
    }
}

/// Leaves in order, and stays away.
fn go(sim: &Sim, client: &Client) {
    let mut state = client.state.borrow_mut();
    if !state.wanted {
        return;
    }
    state.wanted = false;
    if let Some(connection) = &mut state.connection {
        connection.outgoing.push_back("41".to_owned());
        connection.outgoing.push_back("1".to_owned());
    }
    drop(state);
    sim.note(format!("{} leaves", client.name()));
    sim.count("clients that left");
    client.leaving.set(true);
    client.outgoing.notify_one();
}

/// Wants to be connected again.
fn come(client: &Client) {
    client.state.borrow_mut().wanted = true;
    client.wanted.notify_one();
}

/// The application of the client starts anew, and has nothing to resume by.
fn start_anew(sim: &Sim, client: &Client) {
    let mut state = client.state.borrow_mut();
    state.resume = None;
    state.offset = None;
    drop(state);
    sim.note(format!("{} starts anew", client.name()));
    sim.count("clients that started anew");
    client.vanishing.notify_one();
}

// --- calls over HTTP ---

/// Runs a call beside everything else; what it comes to is in the history.
fn call<R: Request + 'static>(sim: &Rc<Sim>, server: &Server, request: R, done: &'static str)
where
    R::Output: 'static,
{
    let (sim, result) = (Rc::clone(sim), server.call(request));
    tokio::task::spawn_local(async move {
        if result.await.is_ok() {
            sim.count(done);
        }
    });
}

/// A group or room, and one of its members.
fn joint(sim: &Sim) -> Option<(ConversationId, Actor)> {
    let many = |kind| matches!(kind, ConversationKind::Group | ConversationKind::Room);
    let found = sim.history.borrow().find(|facts| many(facts.reference.kind));
    let conversation = sim.choice.pick(&found)?.clone();
    let history = sim.history.borrow();
    let members: Vec<&UserId> = history.conversations.get(&conversation)?.members().collect();
    let actor = (*sim.choice.pick(&members)?).clone();
    let guest = !USERS.contains(&actor.as_str());
    Some((conversation, Actor { guest, ..Actor::user(actor) }))
}

fn somebody(sim: &Sim) -> UserId {
    UserId::trusted(sim.choice.pick(&USERS).copied().unwrap_or(USERS[0]))
}

/// Somebody is added: anybody by a member, or, now and then, who has left the group, or has blocked the one who adds it.
fn add(sim: &Rc<Sim>, server: &Server) {
    let chosen = match sim.choice.below(10) {
        0..3 => returning(sim),
        3..5 => blocking(sim),
        _ => joint(sim).map(|(conversation, actor)| (conversation, actor.user, somebody(sim))),
    };
    let Some((conversation, by, user)) = chosen else { return };
    sim.history.borrow_mut().additions.ask(&by, &conversation, &user);
    let actor = Actor { guest: !USERS.contains(&by.as_str()), ..Actor::user(by) };
    call(sim, server, AddMember { actor, conversation, user, role: None, reason: None }, "members added");
}

/// A group, one of its members, and somebody who has left it by its own choice.
fn returning(sim: &Sim) -> Option<(ConversationId, UserId, UserId)> {
    let history = sim.history.borrow();
    let left = history.additions.left();
    let (group, user) = sim.choice.pick(&left)?;
    let members: Vec<&UserId> = history.conversations.get(group)?.members().collect();
    Some((group.clone(), (*sim.choice.pick(&members)?).clone(), user.clone()))
}

/// A group, one of its members, and somebody who has blocked that member and is in another group.
fn blocking(sim: &Sim) -> Option<(ConversationId, UserId, UserId)> {
    let history = sim.history.borrow();
    let blocks = history.additions.blocks();
    let (user, by) = sim.choice.pick(&blocks)?;
    let groups =
        history.find(|facts| facts.reference.kind == ConversationKind::Group && facts.has(by) && !facts.has(user));
    Some((sim.choice.pick(&groups)?.clone(), by.clone(), user.clone()))
}

/// A user blocks another one, or ends a block.
fn block(sim: &Rc<Sim>, server: &Server) {
    let blocks = sim.history.borrow().additions.blocks();
    let ended = sim.choice.per_mille(300).then(|| sim.choice.pick(&blocks).cloned()).flatten();
    let blocked = ended.is_none();
    let (user, other) = ended.unwrap_or_else(|| (somebody(sim), somebody(sim)));
    let done = if blocked { "users blocked" } else { "blocks ended" };
    call(sim, server, SetBlock { actor: Actor::user(user), user: other, blocked }, done);
}

fn remove(sim: &Rc<Sim>, server: &Server) {
    let Some((conversation, actor)) = joint(sim) else { return };
    let user = {
        let history = sim.history.borrow();
        let members = history.conversations.get(&conversation).into_iter().flat_map(|facts| facts.members());
        let members: Vec<&UserId> = members.collect();
        sim.choice.pick(&members).map(|user| (*user).clone())
    };
    let Some(user) = user else { return };
    call(sim, server, RemoveMember { actor, conversation, user, reason: None }, "members removed");
}

fn leave_by_call(sim: &Rc<Sim>, server: &Server) {
    let Some((conversation, actor)) = joint(sim) else { return };
    call(sim, server, LeaveConversation { actor, conversation, departure: Departure::Left }, "members left by a call");
}

fn change(sim: &Rc<Sim>, server: &Server) {
    let Some((conversation, actor)) = joint(sim) else { return };
    let (name, open) = (Some(sim.new_text("name")), Some(sim.choice.per_mille(700)));
    call(
        sim,
        server,
        ChangeConversation {
            actor,
            conversation,
            name,
            open,
            picture: None,
            metadata: None,
            moderation: Default::default(),
        },
        "conversations changed",
    );
}

fn make(sim: &Rc<Sim>, server: &Server) {
    let kind = *sim
        .choice
        .pick(&[ConversationKind::Direct, ConversationKind::Group, ConversationKind::Room])
        .unwrap_or(&ConversationKind::Group);
    let (by, with) = (somebody(sim), somebody(sim));
    let open = kind == ConversationKind::Room || sim.choice.per_mille(500);
    make_with(sim, server, kind, open, (&by, &with));
}

fn make_with(sim: &Rc<Sim>, server: &Server, kind: ConversationKind, open: bool, (by, with): (&UserId, &UserId)) {
    if kind == ConversationKind::Direct {
        sim.history.borrow_mut().contacts.want(by, with);
    } else {
        sim.history.borrow_mut().additions.name(by, with);
    }
    let conversation = world::conversation(by.as_str(), kind, open, &[with.as_str()]);
    call(sim, server, conversation, "conversations made");
}

/// Begins a direct conversation, mostly with a stranger.
fn ask(sim: &Rc<Sim>, server: &Server) {
    let (by, with) = (somebody(sim), somebody(sim));
    make_with(sim, server, ConversationKind::Direct, false, (&by, &with));
}

/// Decides about a request to reach a user, if there is one.
fn decide(sim: &Rc<Sim>, server: &Server) {
    let user = somebody(sim);
    let (sim, reading, store) = (Rc::clone(sim), server.contact_requests(user.clone()), server.handle());
    tokio::task::spawn_local(async move {
        let Ok(requests) = reading.await else { return };
        let Some(request) = sim.choice.pick(&requests) else { return };
        let accept = sim.choice.per_mille(600);
        if accept {
            sim.history.borrow_mut().agree(&request.conversation.id, &user);
        }
        let is_group = request.kind == RequestKind::Group;
        let actor = Actor::user(user);
        let decided = store.call(DecideContact { actor, request: request.id.clone(), accept }).await;
        if decided.is_ok() {
            sim.count(if accept { "requests accepted" } else { "requests declined" });
            if accept && is_group {
                sim.count("invitations to groups accepted");
            }
        }
    });
}

fn delete_conversation(sim: &Rc<Sim>, server: &Server) {
    let Some((conversation, actor)) = joint(sim) else { return };
    call(sim, server, DeleteConversation { actor, conversation }, "conversations deleted");
}

/// Changes a member's own settings of a conversation, mostly to others than they are.
fn configure(sim: &Rc<Sim>, server: &Server) {
    let Some((id, actor)) = joint(sim) else { return };
    let flag = || sim.choice.per_mille(700).then(|| sim.choice.per_mille(500));
    let change =
        SettingsChange { pinned: flag(), archived: flag(), marked_unread: flag(), ..SettingsChange::default() };
    call(sim, server, ChangeSettings { actor, target: Target::Conversation(id), change }, "settings changed");
}

/// Ends memberships of guests who are not connected.
fn sweep(sim: &Rc<Sim>, server: &Server, clients: &[Rc<Client>]) {
    let present = clients.iter().filter(|client| client.guest && client.is_connected());
    let present = std::sync::Arc::new(present.map(|client| client.user.clone()).collect());
    let now = quintet_domain::Environment::now(&*sim.environment);
    call(sim, server, SweepGuests { present, joined_before: Timestamp(now.0 - 1_000) }, "sweeps of guests");
}

/// Lets some time pass, after which messages are not kept any longer.
fn days_pass(sim: &Sim) {
    // After the longer time, requests to reach somebody are over.
    let is_long = sim.choice.per_mille(300);
    let days = if is_long { CONTACT_REQUEST_DAYS + 1 } else { i64::from(settings::KEPT_DAYS) + 1 };
    sim.note(format!("{days} days pass"));
    sim.count("times that days passed");
    sim.environment.pass_days(days);
}

/// Removes what is not kept any longer, turn by turn, as the server does by itself at intervals.
fn purge(sim: &Rc<Sim>, server: &Server) {
    let turns = server.purge();
    let sim = Rc::clone(sim);
    tokio::task::spawn_local(async move {
        if turns.await.is_ok() {
            sim.count("purges");
        }
    });
}
