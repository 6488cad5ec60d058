//! Requests to reach a person, for each store: a first message that waits, and invitations to groups.

use std::sync::Arc;

use quintet_domain::limits::{CONTACT_REQUEST_DAYS, CONTACT_REQUESTS_MAX};
use quintet_domain::{
    AddMember, AddService, Code, Contact, ContactRequest, ConversationId, ConversationKind, CreateConversation,
    DecideContact, DeleteMessage, Departure, Event, Hidden, LeaveConversation, Message, MessageId, Prune, Quotas,
    Refusal, RemoveMember, RequestKind, Role, Scopes, SendMessage, Sent, SetBlock, Target, UserId,
};
use quintet_store::{PageOf, Party};

use crate::support::{Bench, Factory, actor, message, new_conversation, stores};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
pub const WAITS: &str = "Your first message waits until this user has accepted it.";

/// A new store on which strangers ask, or everybody reaches everybody.
pub fn bench(contact: Contact, factory: Factory) -> Bench {
    let quotas = Quotas { contact, ..Quotas::default() };
    Bench::with(Arc::default(), quotas, Box::new(|| {}), factory)
}

macro_rules! where_strangers_ask {
    ($($case:ident),* $(,)?) => {$(
        #[tokio::test]
        async fn $case() {
            for (name, factory) in stores() {
                eprintln!("{name}");
                case::$case(bench(Contact::Requests, factory)).await;
            }
        }
    )*};
}

where_strangers_ask!(
    a_first_message_waits_until_it_is_accepted,
    what_waits_is_as_it_is_when_it_is_accepted,
    a_declined_request_is_silent_and_over_after_thirty_days,
    whoever_writes_to_one_who_asked_accepts,
    who_is_acquainted_by_now_need_not_wait,
    a_block_ends_requests,
    those_who_share_a_closed_group_need_not_ask,
    services_are_no_strangers,
    additions_to_groups_wait,
    an_invitation_ends_with_the_right_of_who_invites,
    a_person_has_a_bounded_number_of_requests,
    requests_end_with_the_person,
);

#[tokio::test]
async fn whoever_left_a_group_is_only_invited() {
    for contact in [Contact::Everyone, Contact::Requests] {
        for (name, factory) in stores() {
            eprintln!("{name}, {contact:?}");
            case::whoever_left_a_group_is_only_invited(bench(contact, factory)).await;
        }
    }
}

pub fn direct(from: &UserId, to: &UserId, text: &str, id: Option<&str>) -> SendMessage {
    let mut write = message(from, &ConversationId::trusted("x"), text, id);
    write.text.target = Target::Direct(to.clone());
    write
}

async fn say(bench: &Bench, from: &UserId, to: &UserId, text: &str) -> Result<Sent, Refusal> {
    bench.write(direct(from, to, text, None)).await
}

pub async fn requests(bench: &Bench, user: &UserId) -> Vec<ContactRequest> {
    bench.store.contact_requests(user.clone()).await.expect("a list")
}

pub async fn decide(bench: &Bench, user: &UserId, request: &ContactRequest, accept: bool) -> Result<(), Refusal> {
    bench.write(DecideContact { actor: actor(user), request: request.id.clone(), accept }).await.map(|_| ())
}

fn sentence<T: std::fmt::Debug>(refused: Result<T, Refusal>) -> (Code, String) {
    let refusal = refused.expect_err("a refusal");
    (refusal.code, refusal.message)
}

fn waits() -> (Code, String) {
    (Code::Conflict, WAITS.to_owned())
}

/// What was handed on since the last call, without its times and texts.
async fn told(bench: &Bench) -> Vec<String> {
    bench.settled().await;
    let entries = std::mem::take(&mut *bench.entries.lock().unwrap());
    let shown = |event: &Event| match event {
        Event::ConversationCreated { members, .. } => format!("made for {}", members.len()),
        Event::ConversationAppeared { conversation, user } => {
            format!("appeared to {user} of {}", conversation.members.len())
        }
        Event::MemberJoined { user, member_count, .. } => format!("joined {} as {member_count}", user.username),
        Event::MessageCreated(message) => format!("sent {}", message.content),
        Event::MessageAppeared { message, user } => format!("shown {} to {user}", message.content),
        Event::MessageEdited(message) => format!("edited {}", message.content),
        Event::MessageDeleted(_) => "deleted".to_owned(),
        Event::Notified { user, notification } => format!("{user}: {} {}", notification.title, notification.message),
        other => format!("{other:?}"),
    };
    entries.iter().map(|entry| shown(&entry.event)).collect()
}

async fn read(bench: &Bench, user: &UserId, id: &ConversationId) -> Option<Vec<String>> {
    let page =
        bench.store.messages(Party::User(user.clone()), user.clone(), id.clone(), PageOf::Newest, 50).await.ok()?;
    Some(page.items.iter().map(|message| message.content.clone()).collect())
}

async fn people<const N: usize>(bench: &Bench) -> [UserId; N] {
    let mut people = Vec::new();
    for name in ["ada", "bob", "eve", "joe"].iter().take(N) {
        people.push(bench.user(name).await);
    }
    people.try_into().expect("as many")
}

/// The group of a person with some members.
async fn group(bench: &Bench, owner: &UserId, members: &[UserId]) -> ConversationId {
    bench.conversation(owner, ConversationKind::Group, false, members).await
}

fn add(by: &UserId, group: &ConversationId, user: &UserId, role: Option<Role>) -> AddMember {
    AddMember { actor: actor(by), conversation: group.clone(), user: user.clone(), role, reason: None }
}

async fn members(bench: &Bench, by: &UserId, id: &ConversationId) -> Vec<(UserId, Role)> {
    let found = bench.store.conversation(by.clone(), id.clone()).await.expect("a conversation");
    found.members.iter().map(|member| (member.user.id.clone(), member.role)).collect()
}

async fn leave(bench: &Bench, user: &UserId, group: &ConversationId) {
    let (by, conversation) = (actor(user), group.clone());
    bench.write(LeaveConversation { actor: by, conversation, departure: Departure::Left }).await.expect("left");
}

async fn id_of(bench: &Bench, id: &MessageId, user: &UserId) -> Option<Arc<Message>> {
    bench.store.message(user.clone(), id.clone()).await.ok()
}

mod case {
    use super::*;

    pub async fn a_first_message_waits_until_it_is_accepted(bench: Bench) {
        let [ada, bob] = people(&bench).await;
        told(&bench).await;
        let sent = bench.write(direct(&ada, &bob, "hello", Some("1"))).await.expect("sent");
        assert!(!sent.repeated);
        let id = sent.message.conversation.id.clone();
        let again = bench.write(direct(&ada, &bob, "hello", Some("1"))).await.expect("answered as the first time");
        assert!(again.repeated && again.message.id == sent.message.id);
        for target in [Target::Direct(bob.clone()), Target::Conversation(id.clone())] {
            let mut write = direct(&ada, &bob, "are you there?", Some("2"));
            write.text.target = target;
            assert_eq!(sentence(bench.write(write).await), waits());
        }
        let note = format!("{bob}: New Message Request You have a new message request from ada.");
        assert_eq!(told(&bench).await, ["made for 1".to_owned(), note, "sent hello".to_owned()]);
        // Nothing is sent there that would be stored for nobody.
        assert_eq!(sentence(bench.store.may_send(ada.clone(), id.clone()).await.map_err(Refusal::from)), waits());

        // It is hers alone, and shows both.
        assert_eq!(read(&bench, &ada, &id).await, Some(vec!["hello".to_owned()]));
        assert_eq!(read(&bench, &bob, &id).await, None);
        assert!(id_of(&bench, &sent.message.id, &bob).await.is_none());
        assert!(bench.store.conversation(bob.clone(), id.clone()).await.is_err());
        assert!(bench.store.conversations(bob.clone(), None, 10).await.expect("a list").items.is_empty());
        assert_eq!(bench.store.direct_conversation(bob.clone(), ada.clone()).await.expect("read"), None);
        assert_eq!(bench.store.direct_conversation(ada.clone(), bob.clone()).await.expect("read"), Some(id.clone()));
        let listed = bench.store.conversations(ada.clone(), None, 10).await.expect("a list");
        assert_eq!(listed.items.len(), 1);
        let whole = bench.store.conversation(ada.clone(), id.clone()).await.expect("a conversation");
        for shown in [&listed.items[0], &whole] {
            assert_eq!(
                shown.members.iter().map(|one| one.user.id.clone()).collect::<Vec<_>>(),
                [ada.clone(), bob.clone()]
            );
            assert_eq!((shown.member_count, shown.members[1].read_sequence), (2, 0));
        }
        let hidden = bench.store.hidden_from(ada.clone()).await.expect("read");
        assert_eq!(hidden, Hidden::from_blockers(&ada, vec![bob.clone()]));
        assert!(bench.store.hidden_from(bob.clone()).await.expect("read").is_nobody());

        let found = requests(&bench, &bob).await;
        let [request] = &found[..] else { panic!("{found:?}") };
        assert_eq!((request.kind, &request.from.id, &request.conversation.id), (RequestKind::Message, &ada, &id));
        assert_eq!(request.message.as_ref().map(|message| message.content.as_str()), Some("hello"));
        assert!(requests(&bench, &ada).await.is_empty());
        // Nobody decides for another.
        let not_found = (Code::NotFound, format!("There is no request `{}` that you can see.", request.id));
        assert_eq!(sentence(decide(&bench, &ada, request, true).await), not_found);
        decide(&bench, &bob, request, true).await.expect("accepted");
        let appeared =
            [format!("appeared to {bob} of 2"), "joined bob as 2".to_owned(), format!("shown hello to {bob}")];
        assert_eq!(told(&bench).await, appeared);
        assert_eq!(sentence(decide(&bench, &bob, request, true).await), not_found);
        assert!(requests(&bench, &bob).await.is_empty());
        assert!(bench.store.hidden_from(ada.clone()).await.expect("read").is_nobody());

        let of_bob = bench.store.conversation(bob.clone(), id.clone()).await.expect("a conversation");
        assert_eq!((of_bob.unread_count, of_bob.members.len()), (1, 2));
        say(&bench, &bob, &ada, "hi").await.expect("sent");
        say(&bench, &ada, &bob, "well").await.expect("sent");
        for user in [&ada, &bob] {
            assert_eq!(read(&bench, user, &id).await.expect("a page"), ["hello", "hi", "well"]);
        }
    }

    pub async fn what_waits_is_as_it_is_when_it_is_accepted(bench: Bench) {
        let [ada, bob, eve] = people(&bench).await;
        for other in [&bob, &eve] {
            let sent = say(&bench, &ada, other, "hello").await.expect("sent").message;
            if other == &bob {
                let (by, content) = (actor(&ada), "hello, Bob".to_owned());
                let edit = quintet_domain::EditMessage {
                    actor: by,
                    message: sent.id.clone(),
                    content,
                    details: None,
                    screening: None,
                };
                bench.write(edit).await.expect("edited");
            } else {
                bench.write(DeleteMessage { actor: actor(&ada), message: sent.id.clone() }).await.expect("deleted");
                // One message waits, whatever becomes of it.
                assert_eq!(sentence(say(&bench, &ada, &eve, "hello?").await), waits());
            }
        }
        told(&bench).await;
        for (user, waiting) in [(&bob, Some("hello, Bob")), (&eve, None)] {
            let request = requests(&bench, user).await.remove(0);
            assert_eq!(request.message.as_ref().map(|message| message.content.as_str()), waiting);
            decide(&bench, user, &request, true).await.expect("accepted");
            let shown: Vec<String> = told(&bench).await.into_iter().filter(|one| one.starts_with("shown")).collect();
            assert_eq!(shown, waiting.map(|text| format!("shown {text} to {user}")).into_iter().collect::<Vec<_>>());
        }
    }

    pub async fn a_declined_request_is_silent_and_over_after_thirty_days(bench: Bench) {
        let [ada, bob] = people(&bench).await;
        say(&bench, &ada, &bob, "hello").await.expect("sent");
        let request = requests(&bench, &bob).await.remove(0);
        told(&bench).await;
        decide(&bench, &bob, &request, false).await.expect("declined");
        assert_eq!(told(&bench).await, [""; 0]);
        assert!(requests(&bench, &bob).await.is_empty());
        assert!(decide(&bench, &bob, &request, true).await.is_err(), "it is decided");
        bench.environment.pass_ms((CONTACT_REQUEST_DAYS - 1) * DAY_MS);
        assert_eq!(sentence(say(&bench, &ada, &bob, "are you there?").await), waits());
        bench.environment.pass_ms(DAY_MS);
        // She may ask once more, with another message.
        say(&bench, &ada, &bob, "hello again").await.expect("sent");
        let request = requests(&bench, &bob).await.remove(0);
        assert_eq!(request.message.as_ref().expect("a message").content, "hello again");
        // A request that nobody decides is over as well, before and after it is removed.
        for prunes in [false, true] {
            bench.environment.pass_ms(CONTACT_REQUEST_DAYS * DAY_MS);
            if prunes {
                bench.write(Prune { after: 0 }).await.expect("pruned");
            }
            assert!(requests(&bench, &bob).await.is_empty());
            say(&bench, &ada, &bob, "hello once more").await.expect("sent");
            assert_eq!(requests(&bench, &bob).await.len(), 1);
        }
        assert!(decide(&bench, &bob, &request, true).await.is_err(), "that request was replaced");
        // What he has not accepted in time counts as read, and is told by no event.
        let request = requests(&bench, &bob).await.remove(0);
        told(&bench).await;
        decide(&bench, &bob, &request, true).await.expect("accepted");
        let shown = told(&bench).await;
        assert_eq!(shown.last(), Some(&format!("shown hello once more to {bob}")), "{shown:?}");
        let found = bench.store.conversation(bob.clone(), request.conversation.id.clone()).await.expect("his");
        assert_eq!(found.unread_count, 1);
    }

    pub async fn whoever_writes_to_one_who_asked_accepts(bench: Bench) {
        let [ada, bob, eve] = people(&bench).await;
        say(&bench, &ada, &bob, "hello").await.expect("sent");
        told(&bench).await;
        let sent = say(&bench, &bob, &ada, "hi").await.expect("sent").message;
        let appeared = format!("appeared to {bob} of 2");
        let expected = [appeared, "joined bob as 2".to_owned(), format!("shown hello to {bob}"), "sent hi".to_owned()];
        assert_eq!(told(&bench).await, expected);
        assert_eq!(read(&bench, &ada, &sent.conversation.id).await.expect("a page"), ["hello", "hi"]);
        assert!(requests(&bench, &bob).await.is_empty());
        // So does whoever opens the conversation, even one that is empty, or was declined.
        let new = || new_conversation(ConversationKind::Direct, false, &[eve.clone()]);
        let made = bench.write(CreateConversation { actor: actor(&ada), new: new() }).await.expect("made");
        assert!(made.new && requests(&bench, &eve).await.is_empty(), "nobody is asked before there is a message");
        let same = new_conversation(ConversationKind::Direct, false, &[ada.clone()]);
        let opened = bench.write(CreateConversation { actor: actor(&eve), new: same }).await.expect("opened");
        assert!(!opened.new && opened.conversation.id == made.conversation.id);
        say(&bench, &ada, &eve, "hello").await.expect("sent");
        assert_eq!(read(&bench, &eve, &made.conversation.id).await.expect("a page"), ["hello"]);
    }

    /// What is looked at before a file is stored for a conversation agrees with what the message that carries it is told.
    pub async fn who_is_acquainted_by_now_need_not_wait(bench: Bench) {
        let [ada, bob] = people(&bench).await;
        let id = say(&bench, &ada, &bob, "hello").await.unwrap().message.conversation.id.clone();
        let may_send = async || bench.store.may_send(ada.clone(), id.clone()).await.map_err(Refusal::from);
        assert_eq!(sentence(may_send().await), waits());
        bench.write(add(&bob, &group(&bench, &bob, &[]).await, &ada, None)).await.expect("asked");
        decide(&bench, &ada, &requests(&bench, &ada).await.remove(0), true).await.expect("a member");
        may_send().await.expect("acquainted");
        say(&bench, &ada, &bob, "with a file").await.expect("sent");
        assert_eq!(read(&bench, &bob, &id).await, Some(vec!["hello".to_owned(), "with a file".to_owned()]));
    }

    pub async fn a_block_ends_requests(bench: Bench) {
        let [ada, bob] = people(&bench).await;
        let cannot_write = (Code::Forbidden, "You cannot write to this user.".to_owned());
        let of_ada = group(&bench, &ada, &[]).await;
        bench.write(add(&ada, &of_ada, &bob, None)).await.expect("asked");
        say(&bench, &ada, &bob, "hello").await.expect("sent");
        let asked = requests(&bench, &bob).await;
        assert_eq!(asked.len(), 2);
        let block = |blocked| SetBlock { actor: actor(&bob), user: ada.clone(), blocked };
        bench.write(block(true)).await.expect("blocked");
        assert!(requests(&bench, &bob).await.is_empty());
        for request in &asked {
            assert!(decide(&bench, &bob, request, true).await.is_err());
        }
        for (from, to) in [(&ada, &bob), (&bob, &ada)] {
            assert_eq!(sentence(say(&bench, from, to, "now?").await), cannot_write);
        }
        let refused = (Code::Forbidden, "You cannot add all of these users.".to_owned());
        assert_eq!(sentence(bench.write(add(&ada, &of_ada, &bob, None)).await), refused);
        // Once it is over she is hidden from as before, and may ask again.
        bench.write(block(false)).await.expect("unblocked");
        let hidden = bench.store.hidden_from(ada.clone()).await.expect("read");
        assert_eq!(hidden, Hidden::from_blockers(&ada, vec![bob.clone()]));
        say(&bench, &ada, &bob, "hello again").await.expect("sent");
        assert_eq!(requests(&bench, &bob).await.len(), 1);
    }

    pub async fn those_who_share_a_closed_group_need_not_ask(bench: Bench) {
        let [ada, bob, eve] = people(&bench).await;
        say(&bench, &ada, &bob, "hello").await.expect("sent");
        decide(&bench, &bob, &requests(&bench, &bob).await.remove(0), false).await.expect("declined");
        // A group of another that takes both in: by then they are acquainted, and what she writes next is delivered.
        let service = AddService { name: "shop".into(), hash: "hash".into(), scopes: Scopes::all() };
        let service = bench.write(service).await.expect("added").user.id.clone();
        let shared = group(&bench, &service, &[ada.clone(), bob.clone()]).await;
        told(&bench).await;
        say(&bench, &ada, &bob, "hello, colleague").await.expect("sent");
        let expected =
            [format!("appeared to {bob} of 2"), "joined bob as 2".to_owned(), "sent hello, colleague".to_owned()];
        assert_eq!(told(&bench).await, expected);
        // Rooms and open groups acquaint nobody.
        let room = bench.conversation(&eve, ConversationKind::Room, true, &[]).await;
        bench.write(add(&ada, &room, &ada, None)).await.expect("joined");
        say(&bench, &ada, &eve, "hello").await.expect("sent");
        assert_eq!(requests(&bench, &eve).await.len(), 1);
        assert!(members(&bench, &ada, &shared).await.len() == 3);
    }

    pub async fn services_are_no_strangers(bench: Bench) {
        let [ada] = people(&bench).await;
        let service = AddService { name: "shop".into(), hash: "hash".into(), scopes: Scopes::all() };
        let service = bench.write(service).await.expect("added").user.id.clone();
        say(&bench, &service, &ada, "your parcel").await.expect("sent");
        say(&bench, &ada, &service, "where?").await.expect("sent");
        let of_service = group(&bench, &service, &[ada.clone()]).await;
        assert_eq!(members(&bench, &ada, &of_service).await.len(), 2);
        assert!(requests(&bench, &ada).await.is_empty());
        let by_service = DecideContact {
            actor: actor(&UserId::trusted("guest-1")),
            request: quintet_domain::RequestId::trusted("x"),
            accept: true,
        };
        let why = "Authentication error: requests need an account".to_owned();
        assert_eq!(sentence(bench.write(by_service).await), (Code::Unauthenticated, why), "guests have none");
    }

    pub async fn additions_to_groups_wait(bench: Bench) {
        let [ada, bob, eve, joe] = people(&bench).await;
        // Those whom she writes with are added; strangers are asked, and she is answered alike.
        say(&bench, &joe, &ada, "hello").await.expect("sent");
        say(&bench, &ada, &joe, "hi").await.expect("accepted");
        let mine = group(&bench, &ada, &[bob.clone(), joe.clone(), bob.clone()]).await;
        assert_eq!(members(&bench, &ada, &mine).await, [(ada.clone(), Role::Owner), (joe.clone(), Role::Member)]);
        told(&bench).await;
        let added = bench.write(add(&ada, &mine, &eve, Some(Role::Admin))).await.expect("answered");
        assert!(added.new);
        bench.write(add(&ada, &mine, &eve, None)).await.expect("answered again");
        assert_eq!(told(&bench).await, [format!("{eve}: New Group Invitation ada invites you to name.")]);
        assert!(bench.store.conversation(eve.clone(), mine.clone()).await.is_err());
        let request = requests(&bench, &eve).await.remove(0);
        assert_eq!((request.kind, request.conversation.name.as_deref()), (RequestKind::Group, Some("name")));
        decide(&bench, &eve, &request, true).await.expect("accepted");
        assert_eq!(told(&bench).await, [format!("appeared to {eve} of 3"), "joined eve as 3".to_owned()]);
        assert!(members(&bench, &ada, &mine).await.contains(&(eve, Role::Admin)));
        // A declined one is asked no more, and nobody is told.
        decide(&bench, &bob, &requests(&bench, &bob).await.remove(0), false).await.expect("declined");
        bench.write(add(&ada, &mine, &bob, None)).await.expect("answered");
        assert_eq!(told(&bench).await, [""; 0]);
        bench.environment.pass_ms(CONTACT_REQUEST_DAYS * DAY_MS);
        bench.write(add(&ada, &mine, &bob, None)).await.expect("answered");
        assert_eq!(requests(&bench, &bob).await.len(), 1);
        // Requests for a group end with it.
        bench
            .write(quintet_domain::DeleteConversation { actor: actor(&ada), conversation: mine })
            .await
            .expect("deleted");
        assert!(requests(&bench, &bob).await.is_empty());
    }

    pub async fn an_invitation_ends_with_the_right_of_who_invites(bench: Bench) {
        let [ada, bob, eve, joe] = people(&bench).await;
        say(&bench, &ada, &eve, "hello").await.expect("sent");
        say(&bench, &eve, &ada, "hi").await.expect("accepted");
        let mine = group(&bench, &ada, &[eve.clone()]).await;
        bench.write(add(&ada, &mine, &eve, Some(Role::Admin))).await.expect("an admin");
        for person in [&bob, &joe] {
            bench.write(add(&eve, &mine, person, None)).await.expect("asked");
        }
        let remove = RemoveMember { actor: actor(&ada), conversation: mine.clone(), user: eve.clone(), reason: None };
        bench.write(remove).await.expect("removed");
        let request = requests(&bench, &bob).await.remove(0);
        let why = "Whoever invited you cannot add members to this group any more.".to_owned();
        assert_eq!(sentence(decide(&bench, &bob, &request, true).await), (Code::Conflict, why));
        assert_eq!(members(&bench, &ada, &mine).await.len(), 1);
        // The owner may ask instead, once the person has declined and the request is over.
        decide(&bench, &bob, &request, false).await.expect("declined");
        // Whoever was removed, and did not leave, is added as before.
        bench.write(add(&ada, &mine, &eve, None)).await.expect("added");
        assert_eq!(members(&bench, &ada, &mine).await.len(), 2);
    }

    pub async fn a_person_has_a_bounded_number_of_requests(bench: Bench) {
        let [ada, bob] = people(&bench).await;
        for n in 0..CONTACT_REQUESTS_MAX {
            let one = group(&bench, &ada, &[]).await;
            bench.write(add(&ada, &one, &bob, None)).await.unwrap_or_else(|error| panic!("{n}: {error:?}"));
        }
        let why = format!("A user whom you ask has {CONTACT_REQUESTS_MAX} requests to decide first.");
        assert_eq!(sentence(say(&bench, &ada, &bob, "hello").await), (Code::Conflict, why.clone()));
        let none = bench.store.direct_conversation(ada.clone(), bob.clone()).await.expect("read");
        assert_eq!(none, None, "the refused message has made no conversation");
        let all = requests(&bench, &bob).await;
        assert_eq!(all.len(), CONTACT_REQUESTS_MAX);
        assert!(all.windows(2).all(|two| two[0].at > two[1].at), "the newest first");
        decide(&bench, &bob, &all[0], false).await.expect("declined");
        say(&bench, &ada, &bob, "hello").await.expect("sent");
    }

    pub async fn requests_end_with_the_person(bench: Bench) {
        let [ada, bob, eve] = people(&bench).await;
        let of_eve = group(&bench, &eve, &[]).await;
        say(&bench, &ada, &bob, "hello").await.expect("sent");
        say(&bench, &bob, &eve, "hello").await.expect("sent");
        bench.write(add(&eve, &of_eve, &bob, None)).await.expect("asked");
        bench.erase(&bob).await;
        assert!(requests(&bench, &eve).await.is_empty());
        let gone = bench.store.direct_conversation(ada.clone(), bob.clone()).await.expect("read");
        let again = bench.write(message(&ada, &gone.expect("hers"), "are you there?", None)).await;
        assert_eq!(sentence(again), (Code::NotFound, format!("There is no user `{bob}` that you can see.")));
    }

    pub async fn whoever_left_a_group_is_only_invited(bench: Bench) {
        let [ada, bob] = people(&bench).await;
        let service = AddService { name: "shop".into(), hash: "hash".into(), scopes: Scopes::all() };
        let service = bench.write(service).await.expect("added").user.id.clone();
        let shared = group(&bench, &service, &[ada.clone(), bob.clone()]).await;
        bench.write(add(&service, &shared, &ada, Some(Role::Admin))).await.expect("an admin");
        leave(&bench, &bob, &shared).await;
        // Not even a service adds him again without being asked.
        for by in [&ada, &service] {
            assert!(bench.write(add(by, &shared, &bob, None)).await.expect("answered").new);
            assert_eq!(members(&bench, &ada, &shared).await.len(), 2);
        }
        let found = requests(&bench, &bob).await;
        assert_eq!(
            found.iter().map(|one| (one.kind, one.from.id.clone())).collect::<Vec<_>>(),
            [(RequestKind::Group, ada.clone())]
        );
        decide(&bench, &bob, &found[0], true).await.expect("accepted");
        assert_eq!(members(&bench, &ada, &shared).await.len(), 3);
        // Whoever is removed has not left, and whoever came back can be added again.
        bench
            .write(RemoveMember { actor: actor(&ada), conversation: shared.clone(), user: bob.clone(), reason: None })
            .await
            .expect("removed");
        bench.write(add(&service, &shared, &bob, None)).await.expect("added");
        assert_eq!(members(&bench, &ada, &shared).await.len(), 3);
        // By joining an open group oneself, one comes back as well.
        let open = bench.conversation(&service, ConversationKind::Group, true, &[]).await;
        bench.write(add(&bob, &open, &bob, None)).await.expect("joined");
        leave(&bench, &bob, &open).await;
        bench.write(add(&service, &open, &bob, None)).await.expect("answered");
        assert_eq!(requests(&bench, &bob).await.len(), 1);
        bench.write(add(&bob, &open, &bob, None)).await.expect("joined");
        assert!(requests(&bench, &bob).await.is_empty());
    }
}
