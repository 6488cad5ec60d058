//! All reads of a store, as text that can be compared.

use std::fmt::Debug;

use quintet_domain::{
    Act, AuditFilter, Entry, Event, GuestProof, Has, Login, MessageSearch, ReportStatus, RequestId, RestrictionKind,
    SearchText, Timestamp, UserId,
};
use quintet_store::{Filter, MeetupFilter, PageOf, Party, Store, StoreError, UserState};

use super::step::PEOPLE;
use super::world::{SERVICE, World, secret_of};

/// Maximum number of pages of a list that are read.
const PAGES_MAX: usize = 20;

/// The results of reads, each with its request.
#[derive(Default)]
struct Views(Vec<String>);

impl Views {
    fn add(&mut self, asked: impl Debug, result: Result<impl Debug, StoreError>) {
        self.0.push(format!("{asked:?}: {result:?}"));
    }
}

/// Reads all pages of a list.
macro_rules! pages {
    ($views:ident, $asked:expr, |$mark:ident| $read:expr) => {{
        let mut $mark = None;
        for at in 0..PAGES_MAX {
            match $read.await {
                Ok(page) => {
                    $mark = page.next.clone();
                    $views.add((&$asked, at), Ok(page));
                }
                Err(error) => $views.add((&$asked, at), Err::<(), _>(error)),
            }
            if $mark.is_none() {
                break;
            }
        }
    }};
}

fn search(text: &str) -> MessageSearch {
    MessageSearch::of(SearchText::parse("q", text).expect("a search"))
}

/// The requests to all people, each with the number of the person.
pub async fn requests(store: &dyn Store) -> Vec<(usize, RequestId)> {
    let mut all = Vec::new();
    for (at, name) in PEOPLE.iter().enumerate() {
        let found = store.contact_requests(UserId::trusted(name)).await.unwrap_or_default();
        all.extend(found.into_iter().map(|request| (at, request.id)));
    }
    all
}

/// Everything that can be read of a world.
pub async fn all(store: &dyn Store, world: &World) -> Vec<String> {
    let mut views = Views::default();
    store.searchable(world.position).await.expect("searchable");
    let mut users: Vec<UserId> = PEOPLE.iter().map(|name| UserId::trusted(name)).collect();
    users.extend(world.service.clone());
    users.push(UserId::trusted("unknown"));
    of_all(store, world, &mut views).await;
    for user in &users {
        of_user(store, world, user, &users, &mut views).await;
        for conversation in &world.conversations {
            let (user, id) = (user.clone(), conversation.clone());
            let asked = (&user, &id);
            views.add(("send", asked), store.may_send(user.clone(), id.clone()).await);
            views.add(("count", asked), store.message_count(user.clone(), id.clone()).await);
            views.add(("conversation", asked), store.conversation(user.clone(), id.clone()).await);
            pages!(views, ("members", asked), |mark| store.members(
                user.clone(),
                id.clone(),
                "a".to_owned(),
                mark.clone(),
                2
            ));
            for of in [
                PageOf::Newest,
                PageOf::Before(4),
                PageOf::Before(0),
                PageOf::After(0),
                PageOf::After(3),
                PageOf::Skipping(0),
                PageOf::Skipping(1),
                PageOf::Skipping(1_000),
                PageOf::Around(5),
            ] {
                let page = store.messages(Party::Server, user.clone(), id.clone(), of, 3).await;
                views.add(("messages", asked, of), page);
            }
            for of in [PageOf::Newest, PageOf::Before(4), PageOf::Around(5)] {
                let page = store.messages_outside_threads(Party::Server, user.clone(), id.clone(), of, 3).await;
                views.add(("messages outside threads", asked, of), page);
            }
            let search = MessageSearch { conversation: Some(id.clone()), ..search("text") };
            views.add(("search", asked), store.search_messages(user.clone(), search, None, 50).await);
            views.add(("pins", asked), store.pins(user.clone(), id.clone()).await);
            for kind in RestrictionKind::ALL {
                pages!(views, ("restrictions", asked, kind), |mark| store.restrictions(
                    user.clone(),
                    id.clone(),
                    kind,
                    mark.clone(),
                    1
                ));
            }
            let found = store.find_conversations(user.clone(), String::new(), Filter::One(id.clone()), None, 5).await;
            views.add(("find", asked), found);
        }
        for message in &world.messages {
            views.add(("reactions", user, message), store.reactions(user.clone(), message.clone()).await);
            let thread = store.thread(Party::Server, user.clone(), message.clone(), u64::MAX, 2).await;
            views.add(("thread", user, message), thread);
        }
    }
    views.0
}

/// An entry without who was told, which a store of one process does not keep.
fn shown(entry: &Entry) -> Entry {
    let mut entry = entry.clone();
    match &mut entry.event {
        Event::ConversationCreated { members: told, .. }
        | Event::MeetupChanged { audience: told, .. }
        | Event::MessagesRead { audience: Some(told), .. } => told.clear(),
        _ => {}
    }
    entry
}

/// Filters of the audit log: none, and one for each of its fields.
fn audit_filters(world: &World) -> Vec<AuditFilter> {
    let none = AuditFilter::default;
    let user = |name: &str| Some(UserId::trusted(name));
    let mut filters = vec![
        none(),
        AuditFilter { act: Some(Act::Ban), ..none() },
        AuditFilter { by: user(PEOPLE[0]), ..none() },
        AuditFilter { user: user(PEOPLE[1]), act: Some(Act::ChangeRole), ..none() },
        AuditFilter { user: user("unknown"), ..none() },
        AuditFilter { since: Some(Timestamp(1_700_000_005_000)), ..none() },
        AuditFilter { before: Some(Timestamp(1_700_000_005_000)), ..none() },
    ];
    let some = world.conversations.iter().take(2).cloned();
    filters.extend(some.map(|conversation| AuditFilter { conversation: Some(conversation), ..none() }));
    filters
}

async fn of_all(store: &dyn Store, world: &World, views: &mut Views) {
    views.add("accounts", store.accounts().await);
    views.add("services", store.services().await);
    views.add("erasing", store.erasing().await);
    for at in 0..=world.invitations.len() {
        let hash = format!("invite-{at}");
        views.add(("invitation", &hash), store.invitation(Party::Server, hash.clone()).await);
    }
    pages!(views, "invitations", |mark| store.invitations(Party::Server, None, mark.clone(), 2));
    for status in [None, Some(ReportStatus::Open), Some(ReportStatus::Resolved)] {
        pages!(views, ("reports", status), |mark| store.reports(Party::Server, status, mark.clone(), 2));
    }
    let mut after = 0;
    loop {
        let page = store.log_page(Party::Server, after, 7).await.expect("a page of the log");
        let told: Vec<_> = page.told.iter().map(|told| (shown(&told.entry), told.at, told.is_erased)).collect();
        views.add(("log", after), Ok((page.after, page.last, page.newest, told)));
        after = page.last;
        if page.last >= page.newest {
            break;
        }
    }
    for hash in ["hash-0", "hash-1"] {
        views.add(("service", hash), store.service(Party::Server, hash.to_owned()).await);
    }
    for name in PEOPLE.iter().copied().chain([SERVICE, "ADA", "unknown"]) {
        let logins = [Login::Username(name.to_owned()), Login::Email(format!("{name}@Example.org"))];
        for login in logins {
            views.add(("login", &login), store.account_by_login(Party::Server, login.clone()).await);
        }
    }
    for query in ["", "A", "nobody"] {
        pages!(views, ("users", query), |mark| store.users(Party::Server, query.to_owned(), mark.clone(), 2));
    }
    for id in &world.files {
        views.add(("file", id), store.file(Party::Server, id.clone(), secret_of(id)).await);
        views.add(("wrong secret", id), store.file(Party::Server, id.clone(), "s".to_owned()).await);
    }
    views.add("orphaned", store.orphaned_files(0, 100).await);
    views.add("orphaned from 1", store.orphaned_files(1, 1).await);
    for filter in audit_filters(world) {
        pages!(views, ("audit", &filter), |mark| store.audit(Party::Server, filter.clone(), mark.clone(), 3));
    }
    views.add("check", store.check().await);
    views.add("push subscribers", store.push().has_subscribers().await);
    let step = store.push().step().await.expect("a step");
    for one in &step.candidates {
        views.add(("push notice", one), store.push().notice(one.user.clone(), one.about.clone()).await);
    }
    views.add("push step", Ok(step));
}

async fn of_user(store: &dyn Store, world: &World, user: &UserId, users: &[UserId], views: &mut Views) {
    pages!(views, ("invitations of", user), |mark| {
        store.invitations(Party::Server, Some(user.clone()), mark.clone(), 2)
    });
    views.add(("account", user), store.account(Party::Server, user.clone()).await);
    views.add(("memberships", user), store.memberships(user.clone()).await);
    views.add(("blocks", user), store.blocks(user.clone()).await);
    views.add(("hidden", user), store.hidden_from(user.clone()).await);
    views.add(("requests", user), store.contact_requests(user.clone()).await);
    views.add(("pending", user), store.pending_notifications(user.clone()).await);
    views.add(("sessions", user), store.login_sessions(user.clone()).await);
    // One read finds what four do, but for notifications of guests: they have not proved yet that they are who they say.
    let account = store.account(Party::Server, user.clone()).await.expect("read");
    for session in &world.sessions {
        let holder = store.token_holder(Party::Server, user.clone(), Some(session.clone())).await;
        assert_eq!(holder.as_ref().expect("read").account, account);
        views.add(("session", user, session), holder);
    }
    let session = world.sessions.last().cloned();
    let state = store.user_state(Party::Server, user.clone(), session.clone()).await.expect("read");
    let holder = store.token_holder(Party::Server, user.clone(), session).await.expect("read");
    let memberships = store.memberships(user.clone()).await.expect("read");
    let mut pending = store.pending_notifications(user.clone()).await.expect("read");
    if !memberships.registered {
        pending.notifications.clear();
    }
    assert_eq!(
        format!("{state:?}"),
        format!("{:?}", UserState { account, session: holder.session, memberships, pending })
    );
    for at in 0..8 {
        let proof = GuestProof { name: format!("name-{at}"), hash: [0; 32] };
        views.add(("proof", user, at), store.guest_knows(Party::Server, user.clone(), proof).await);
    }
    views.add(("push subscriptions", user), store.push().subscriptions(user.clone()).await);
    for network in 0..8 {
        let network = format!("network-{network}");
        views.add(("network", user, &network), store.last_login(user.clone(), network.clone()).await);
    }
    for other in users {
        views.add(("direct", user, other), store.direct_conversation(user.clone(), other.clone()).await);
    }
    pages!(views, ("conversations", user), |mark| store.conversations(user.clone(), mark.clone(), 2));
    pages!(views, ("notifications", user), |mark| store.notifications(user.clone(), mark.clone(), 2));
    for current in [false, true] {
        let filter = MeetupFilter { current };
        pages!(views, ("meetups", user, current), |mark| store.meetups(user.clone(), filter, mark.clone(), 2));
    }
    for (text, has) in [("text", None), ("edit*", None), ("png", Some(Has::File)), ("text", Some(Has::Mention))] {
        let search = MessageSearch { has, ..search(text) };
        pages!(views, ("search", user, text, has), |mark| store.search_messages(
            user.clone(),
            search.clone(),
            mark.clone(),
            3
        ));
    }
    for meetup in &world.meetups {
        views.add(("meetup", user, meetup), store.meetup(user.clone(), meetup.clone()).await);
    }
    for which in [Filter::Open, Filter::OpenOrMine] {
        for query in ["", "name 1"] {
            pages!(views, ("find", user, &which, query), |mark| store.find_conversations(
                user.clone(),
                query.to_owned(),
                which.clone(),
                mark.clone(),
                2
            ));
        }
    }
    for bad in ["", "x", "1"] {
        let bad = Some(bad.to_owned());
        views.add(("bad mark", &bad), store.conversations(user.clone(), bad.clone(), 2).await);
        views.add(("bad mark", &bad), store.notifications(user.clone(), bad.clone(), 2).await);
    }
    for guest in [false, true] {
        for after in (0..=world.position + 1).step_by(3) {
            let replayed = store.replay_since(user.clone(), guest, after.into()).await;
            views.add(("replay", user, guest, after), replayed);
        }
    }
}
