//! Who may begin to write to a person and add one to a group, where the operator has narrowed it, for each store.

use std::sync::Arc;

use quintet_domain::{
    AddMember, AddService, Code, Contact, ConversationId, ConversationKind, CreateConversation, CreateMeetup,
    DecideRequest, Departure, LeaveConversation, NewMeetup, Quotas, Refusal, RequestMeetup, Target, Timestamp, UserId,
};

use crate::support::{Bench, actor, message, new_conversation, stores};

const CANNOT_BEGIN: &str = "You can only begin to write to people with whom you share a closed group or a meetup.";
const CANNOT_ADD: &str = "You can only add people with whom you share a closed group or a meetup.";

async fn write_to(bench: &Bench, from: &UserId, to: &UserId) -> Result<(), Refusal> {
    let mut write = message(from, &ConversationId::trusted("x"), "hello", None);
    write.text.target = Target::Direct(to.clone());
    bench.write(write).await.map(|_| ())
}

async fn meet(bench: &Bench, host: &UserId, guest: &UserId) {
    let (activity, location) = ("walk".to_owned(), "park".to_owned());
    let far = Timestamp(i64::MAX / 2);
    let new = NewMeetup { activity, location, starts_at: far, expires_at: far, capacity: None };
    let meetup = bench.write(CreateMeetup { actor: actor(host), new }).await.expect("made").id;
    bench.write(RequestMeetup { actor: actor(guest), meetup: meetup.clone() }).await.expect("asked");
    let decide = DecideRequest { actor: actor(host), meetup, user: guest.clone(), accept: true };
    bench.write(decide).await.expect("accepted");
}

#[tokio::test]
async fn only_those_who_share_a_closed_group_or_a_meetup_reach_a_person() {
    for (name, factory) in stores() {
        eprintln!("{name}");
        let quotas = Quotas { contact: Contact::Shared, ..Quotas::default() };
        shared(Bench::with(Arc::default(), quotas, Box::new(|| {}), factory)).await;
    }
}

async fn shared(bench: Bench) {
    let [ada, bob, eve] = [bench.user("ada").await, bench.user("bob").await, bench.user("eve").await];
    let service = bench
        .write(AddService { name: "shop".into(), hash: "hash".into(), scopes: quintet_domain::Scopes::all() })
        .await
        .expect("added")
        .user;
    let add = |by: &UserId, conversation: &ConversationId, user: &UserId| AddMember {
        actor: actor(by),
        conversation: conversation.clone(),
        user: user.clone(),
        role: None,
        reason: None,
    };
    let refused = |done: Result<(), Refusal>, why: &str| {
        assert_eq!(done, Err(Refusal::new(Code::Forbidden, why)));
    };
    // A room and an open group make nobody an acquaintance.
    let room = bench.conversation(&ada, ConversationKind::Room, true, &[]).await;
    let open = bench.conversation(&ada, ConversationKind::Group, true, &[]).await;
    for conversation in [&room, &open] {
        for user in [&bob, &eve] {
            bench.write(add(user, conversation, user)).await.expect("joined");
        }
    }
    refused(write_to(&bench, &ada, &bob).await, CANNOT_BEGIN);
    let closed = bench.conversation(&ada, ConversationKind::Group, false, &[]).await;
    refused(bench.write(add(&ada, &closed, &bob)).await.map(|_| ()), CANNOT_ADD);
    let new = new_conversation(ConversationKind::Group, false, &[bob.clone(), eve.clone()]);
    refused(bench.write(CreateConversation { actor: actor(&ada), new }).await.map(|_| ()), CANNOT_ADD);
    // A service belongs to the operator.
    bench.write(add(&service.id, &closed, &bob)).await.expect("added");
    write_to(&bench, &ada, &bob).await.expect("they share a closed group");
    write_to(&bench, &service.id, &eve).await.expect("a service");
    // The meetup that both take part in counts; the direct conversation that began by it does not make a stranger known.
    meet(&bench, &ada, &eve).await;
    write_to(&bench, &eve, &ada).await.expect("they share a meetup");
    bench.write(add(&ada, &closed, &eve)).await.expect("added");
    // What is there goes on.
    let leave = LeaveConversation { actor: actor(&bob), conversation: closed, departure: Departure::Left };
    bench.write(leave).await.expect("left");
    write_to(&bench, &ada, &bob).await.expect("their conversation is there");
    let other = bench.conversation(&ada, ConversationKind::Group, false, &[]).await;
    refused(bench.write(add(&ada, &other, &bob)).await.map(|_| ()), CANNOT_ADD);
}
