//! Browsers that messages are pushed to, and who is sent one, for each store.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

use crate::support::{Bench, actor, every_store, message};
use quintet_domain::limits::{PUSH_MEMBERS_MAX, PUSH_SUBSCRIPTIONS_MAX};
use quintet_domain::{
    AddMember, AddPushSubscription, AddService, AddWebhook, ChangeSettings, Code, ConversationId, ConversationKind,
    DeleteMessage, DeleteWebhook, Departure, Environment, LeaveConversation, MarkRead, MessageId, ModelEventType,
    MovePushCursor, Mute, NewDetails, NewUser, NotePushActivity, Notify, NotifyUser, ReadNotifications, Reading,
    Refusal, RegisterUser, RemovePushSubscriptions, Restrict, RestrictionKind, RevokeTokens, Scopes, SendMessage,
    SetDisabled, SettingsChange, Target, Timestamp, UserId, WebhookFilter, WebhookSecret,
};
use quintet_store::{PushAbout, PushCandidate, PushContent, PushStep};

every_store!(
    a_browser_is_subscribed_for_one_user,
    the_one_that_was_renewed_longest_ago_goes,
    subscriptions_end_with_the_sessions_of_their_user,
    only_registered_people_subscribe,
    nothing_that_was_there_before_is_pushed,
    members_are_sent_what_others_write,
    what_a_member_has_muted_is_not_pushed,
    mentions_are_pushed_to_those_who_want_them_alone,
    in_a_large_conversation_mentions_alone_are_pushed,
    what_changes_before_it_is_sent_counts,
    notifications_are_pushed,
    only_subscribers_have_an_activity,
    old_messages_are_not_pushed,
    a_webhook_is_told_of_everybody,
);

async fn subscribe(bench: &Bench, user: &UserId, endpoint: &str) -> Result<(), Refusal> {
    let (p256dh, auth) = (vec![4; 65], endpoint.as_bytes().to_vec());
    bench.write(AddPushSubscription { actor: actor(user), endpoint: endpoint.to_owned(), p256dh, auth }).await
}

async fn endpoints(bench: &Bench, user: &UserId) -> Vec<String> {
    let found = bench.store.push().subscriptions(user.clone()).await.expect("a list");
    found.into_iter().map(|row| row.endpoint).collect()
}

/// Looks at everything behind the cursor, and moves it.
async fn look(bench: &Bench) -> Vec<PushCandidate> {
    let mut found = Vec::new();
    loop {
        let step: PushStep = bench.store.push().step().await.expect("a step");
        found.extend(step.candidates);
        bench.write(MovePushCursor { to: step.up_to }).await.expect("moved");
        if !step.more {
            return found;
        }
    }
}

fn about(candidates: &[PushCandidate]) -> Vec<(UserId, MessageId)> {
    let messages = candidates.iter().filter_map(|one| match &one.about {
        PushAbout::Message { message, .. } => Some((one.user.clone(), message.clone())),
        PushAbout::Notification(_) => None,
    });
    messages.collect()
}

async fn sent(bench: &Bench, from: &UserId, to: &ConversationId, text: &str) -> MessageId {
    bench.send(from, to, text).await.expect("sent").message.id.clone()
}

async fn set(bench: &Bench, user: &UserId, id: &ConversationId, change: SettingsChange) {
    let target = Target::Conversation(id.clone());
    bench.write(ChangeSettings { actor: actor(user), target, change }).await.expect("set");
}

/// Alice, Bob and Carol in a group; Bob and Carol have a browser each.
async fn stage(bench: &Bench) -> (UserId, UserId, UserId, ConversationId) {
    let (a, b, c) = (bench.user("a").await, bench.user("b").await, bench.user("c").await);
    let id = bench.conversation(&a, ConversationKind::Group, false, &[b.clone(), c.clone()]).await;
    subscribe(bench, &b, "https://push.example.org/b").await.expect("subscribed");
    subscribe(bench, &c, "https://push.example.org/c").await.expect("subscribed");
    (a, b, c, id)
}

async fn a_browser_is_subscribed_for_one_user(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    assert!(!bench.store.push().has_subscribers().await.expect("read"));
    subscribe(&bench, &a, "https://push.example.org/1").await.expect("subscribed");
    subscribe(&bench, &a, "https://push.example.org/2").await.expect("subscribed");
    let before = bench.store.push().subscriptions(a.clone()).await.expect("a list");
    subscribe(&bench, &a, "https://push.example.org/1").await.expect("renewed");
    assert_eq!(endpoints(&bench, &a).await, ["https://push.example.org/2", "https://push.example.org/1"]);
    let after = bench.store.push().subscriptions(a.clone()).await.expect("a list");
    assert_eq!(after[1].created_at, before[0].created_at);
    assert!(after[1].renewed_at > before[0].renewed_at);
    // Somebody else uses the browser from now on.
    subscribe(&bench, &b, "https://push.example.org/1").await.expect("taken over");
    assert_eq!(endpoints(&bench, &a).await, ["https://push.example.org/2"]);
    assert_eq!(endpoints(&bench, &b).await, ["https://push.example.org/1"]);
    let remove = |user: Option<&UserId>, endpoint: Option<&str>| {
        let (user, endpoint) = (user.cloned(), endpoint.map(str::to_owned));
        bench.write(RemovePushSubscriptions { user, endpoint })
    };
    assert_eq!(remove(Some(&a), Some("https://push.example.org/1")).await, Ok(0), "it is another's");
    assert_eq!(remove(None, Some("https://push.example.org/1")).await, Ok(1), "it is dead");
    assert_eq!(remove(None, Some("https://push.example.org/1")).await, Ok(0));
    assert!(bench.store.push().has_subscribers().await.expect("read"));
    assert_eq!(remove(Some(&a), None).await, Ok(1));
    assert!(!bench.store.push().has_subscribers().await.expect("read"));
}

async fn the_one_that_was_renewed_longest_ago_goes(bench: Bench) {
    let a = bench.user("a").await;
    for number in 0..PUSH_SUBSCRIPTIONS_MAX {
        subscribe(&bench, &a, &format!("https://push.example.org/{number}")).await.expect("subscribed");
    }
    subscribe(&bench, &a, "https://push.example.org/0").await.expect("renewed");
    subscribe(&bench, &a, "https://push.example.org/new").await.expect("subscribed");
    let kept = endpoints(&bench, &a).await;
    assert_eq!(kept.len(), PUSH_SUBSCRIPTIONS_MAX);
    assert!(!kept.contains(&"https://push.example.org/1".to_owned()), "{kept:?}");
    assert_eq!(kept[kept.len() - 2..], ["https://push.example.org/0", "https://push.example.org/new"]);
}

async fn subscriptions_end_with_the_sessions_of_their_user(bench: Bench) {
    let others = bench.user("other").await;
    subscribe(&bench, &others, "https://push.example.org/other").await.expect("subscribed");
    for name in ["revoked", "disabled", "erased"] {
        let user = bench.user(name).await;
        subscribe(&bench, &user, "https://push.example.org/1").await.expect("subscribed");
        subscribe(&bench, &user, "https://push.example.org/2").await.expect("subscribed");
        match name {
            "revoked" => drop(bench.write(RevokeTokens { user: user.clone() }).await.expect("revoked")),
            "disabled" => bench.write(SetDisabled { user: user.clone(), disabled: true }).await.expect("disabled"),
            _ => bench.erase(&user).await,
        }
        assert_eq!(endpoints(&bench, &user).await, [""; 0], "{name}");
    }
    assert_eq!(endpoints(&bench, &others).await.len(), 1);
}

async fn only_registered_people_subscribe(bench: Bench) {
    let service = bench
        .write(AddService { name: "shop".into(), hash: "hash".into(), scopes: Scopes::all() })
        .await
        .expect("a service");
    for user in [UserId::trusted("guest-1"), service.user.id.clone()] {
        let refused = subscribe(&bench, &user, "https://push.example.org/1").await.expect_err("refused");
        assert_eq!(refused.code, Code::Forbidden, "{refused:?}");
    }
    let unknown = subscribe(&bench, &UserId::trusted("nobody"), "https://push.example.org/1").await;
    assert_eq!(unknown.expect_err("refused").code, Code::Unauthenticated);
    assert!(!bench.store.push().has_subscribers().await.expect("read"));
}

async fn nothing_that_was_there_before_is_pushed(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let id = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    sent(&bench, &a, &id, "before").await;
    assert_eq!(bench.store.push().step().await.expect("a step"), PushStep::default(), "nobody has a browser");
    subscribe(&bench, &b, "https://push.example.org/b").await.expect("subscribed");
    let after = sent(&bench, &a, &id, "after").await;
    assert_eq!(about(&look(&bench).await), [(b, after)]);
    assert_eq!(look(&bench).await, [], "it is behind the cursor");
}

async fn members_are_sent_what_others_write(bench: Bench) {
    let (a, b, c, id) = stage(&bench).await;
    sent(&bench, &a, &id, "one").await;
    sent(&bench, &b, &id, "two").await;
    let third = sent(&bench, &a, &id, "three").await;
    assert_eq!(about(&look(&bench).await), [(b.clone(), third.clone()), (c.clone(), third)], "the newest of each");
    bench
        .write(LeaveConversation { actor: actor(&c), conversation: id.clone(), departure: Departure::Left })
        .await
        .expect("left");
    let fourth = sent(&bench, &a, &id, "four").await;
    assert_eq!(about(&look(&bench).await), [(b.clone(), fourth)]);
    // Nobody is sent what it wrote itself, or has read.
    sent(&bench, &b, &id, "five").await;
    sent(&bench, &a, &id, "six").await;
    let reading = Reading::Everything(Target::Conversation(id.clone()));
    bench.write(MarkRead { actor: actor(&b), reading }).await.expect("read");
    assert_eq!(look(&bench).await, []);
}

async fn what_a_member_has_muted_is_not_pushed(bench: Bench) {
    let (a, b, c, id) = stage(&bench).await;
    let muted = |mute| SettingsChange { muted: Some(mute), ..SettingsChange::default() };
    set(&bench, &b, &id, muted(Some(Mute::ForGood))).await;
    let end = bench.environment.now().plus_ms(60_000);
    set(&bench, &c, &id, muted(Some(Mute::Until(end)))).await;
    sent(&bench, &a, &id, "unheard").await;
    assert_eq!(look(&bench).await, []);
    bench.environment.pass_ms(60_001);
    let heard = sent(&bench, &a, &id, "heard").await;
    assert_eq!(about(&look(&bench).await), [(c.clone(), heard)], "the mute is over");
    set(&bench, &b, &id, muted(None)).await;
    set(&bench, &c, &id, SettingsChange { notify: Some(Notify::None), ..SettingsChange::default() }).await;
    let again = sent(&bench, &a, &id, "again").await;
    assert_eq!(about(&look(&bench).await), [(b, again)]);
}

async fn mention(bench: &Bench, from: &UserId, to: &ConversationId, details: NewDetails) -> MessageId {
    let SendMessage { actor, mut text, .. } = message(from, to, "hear me", None);
    text.details = details.kept();
    bench.write(SendMessage { actor, text, screening: None }).await.expect("sent").message.id.clone()
}

async fn mentions_are_pushed_to_those_who_want_them_alone(bench: Bench) {
    let (a, b, c, id) = stage(&bench).await;
    for user in [&b, &c] {
        set(&bench, user, &id, SettingsChange { notify: Some(Notify::Mentions), ..SettingsChange::default() }).await;
    }
    sent(&bench, &a, &id, "plain").await;
    assert_eq!(look(&bench).await, []);
    let of_b = mention(&bench, &a, &id, NewDetails { mentions: Some(vec![b.clone()]), ..NewDetails::default() }).await;
    sent(&bench, &a, &id, "plain").await;
    assert_eq!(about(&look(&bench).await), [(b.clone(), of_b)], "the newest that mentions");
    let of_all = mention(&bench, &a, &id, NewDetails { mention_all: true, ..NewDetails::default() }).await;
    assert_eq!(about(&look(&bench).await), [(b, of_all.clone()), (c, of_all)]);
}

async fn in_a_large_conversation_mentions_alone_are_pushed(bench: Bench) {
    let a = bench.user("a").await;
    let mut registered = Vec::new();
    for number in 0..PUSH_MEMBERS_MAX {
        let new = NewUser { username: format!("user-{number}"), ..NewUser::default() };
        registered.push(bench.start(RegisterUser { new }).await);
    }
    let mut others = Vec::new();
    for answer in registered {
        others.push(answer.await.unwrap().expect("registered").user.id.clone());
    }
    let id = bench.conversation(&a, ConversationKind::Group, false, &others).await;
    let (b, c) = (others[0].clone(), others[1].clone());
    for user in [&b, &c] {
        subscribe(&bench, user, &format!("https://push.example.org/{user}")).await.expect("subscribed");
    }
    sent(&bench, &a, &id, "plain").await;
    assert_eq!(look(&bench).await, []);
    let of_b = mention(&bench, &a, &id, NewDetails { mentions: Some(vec![b.clone()]), ..NewDetails::default() }).await;
    assert_eq!(about(&look(&bench).await), [(b.clone(), of_b)]);
    let of_all = mention(&bench, &a, &id, NewDetails { mention_all: true, ..NewDetails::default() }).await;
    assert_eq!(about(&look(&bench).await), [(b, of_all.clone()), (c, of_all)]);
}

async fn what_changes_before_it_is_sent_counts(bench: Bench) {
    let (a, b, c, id) = stage(&bench).await;
    let notice = |user: &UserId, message: &MessageId| {
        let about = PushAbout::Message { conversation: id.clone(), message: message.clone() };
        bench.store.push().notice(user.clone(), about)
    };
    let first = sent(&bench, &a, &id, "hello").await;
    let found = notice(&b, &first).await.expect("read").expect("to be sent");
    let PushContent::Message { sender, text, conversation, .. } = &found.content else { panic!("{found:?}") };
    assert_eq!((&sender.id, text.as_str(), &conversation.id), (&a, "hello", &id));
    assert_eq!(
        found.subscriptions.iter().map(|row| row.endpoint.as_str()).collect::<Vec<_>>(),
        ["https://push.example.org/b"]
    );
    assert_eq!(found.subscriptions[0].auth, b"https://push.example.org/b");
    assert_eq!(notice(&a, &first).await.expect("read"), None, "it wrote it, and has no browser");
    let reading = Reading::Messages { conversation: Some(id.clone()), messages: vec![first.clone()] };
    bench.write(MarkRead { actor: actor(&b), reading }).await.expect("read");
    assert_eq!(notice(&b, &first).await.expect("read"), None, "it has read it");
    let second = sent(&bench, &a, &id, "more").await;
    assert!(notice(&b, &second).await.expect("read").is_some());
    bench.write(DeleteMessage { actor: actor(&a), message: second.clone() }).await.expect("deleted");
    assert_eq!(notice(&b, &second).await.expect("read"), None, "it was deleted");
    let third = sent(&bench, &a, &id, "muted").await;
    set(&bench, &b, &id, SettingsChange { muted: Some(Some(Mute::ForGood)), ..SettingsChange::default() }).await;
    assert_eq!(notice(&b, &third).await.expect("read"), None, "it was muted");
    set(&bench, &b, &id, SettingsChange { muted: Some(None), ..SettingsChange::default() }).await;
    let elsewhere = PushAbout::Message { conversation: ConversationId::trusted("other"), message: third.clone() };
    assert_eq!(bench.store.push().notice(b.clone(), elsewhere).await.expect("read"), None);
    bench
        .write(LeaveConversation { actor: actor(&b), conversation: id.clone(), departure: Departure::Left })
        .await
        .expect("left");
    assert_eq!(notice(&b, &third).await.expect("read"), None, "it is no member any more");
    assert!(notice(&c, &third).await.expect("read").is_some());
    let (actor, conversation, user, kind) = (actor(&a), id.clone(), c.clone(), RestrictionKind::Ban);
    let ban = Restrict { actor, conversation, user, kind, until: None, reason: None };
    bench.write(ban).await.expect("banned");
    assert_eq!(notice(&c, &third).await.expect("read"), None, "it is banned");
    sent(&bench, &a, &id, "to myself").await;
    assert_eq!(about(&look(&bench).await), [], "nobody else is there");
}

async fn notifications_are_pushed(bench: Bench) {
    let (a, b, ..) = stage(&bench).await;
    let notify = |user: &UserId| {
        bench.write(NotifyUser { user: user.clone(), title: "Order".into(), message: "On its way.".into() })
    };
    notify(&a).await.expect("notified");
    let made = notify(&b).await.expect("notified");
    let found = look(&bench).await;
    let [PushCandidate { user, about, at, position: _ }] = &found[..] else { panic!("one: {found:?}") };
    assert_eq!((user, about, *at), (&b, &PushAbout::Notification(made.id.clone()), made.timestamp));
    let notice = |user: &UserId| bench.store.push().notice(user.clone(), PushAbout::Notification(made.id.clone()));
    let content = notice(&b).await.expect("read").map(|notice| notice.content);
    assert_eq!(content, Some(PushContent::Notification(made.clone())));
    assert_eq!(notice(&a).await.expect("read"), None, "it is another's");
    bench.write(ReadNotifications { user: b.clone() }).await.expect("read");
    assert_eq!(notice(&b).await.expect("read"), None);
}

async fn only_subscribers_have_an_activity(bench: Bench) {
    let (a, b, _, id) = stage(&bench).await;
    let first = sent(&bench, &a, &id, "hello").await;
    let about = PushAbout::Message { conversation: id, message: first };
    let noted = |at| {
        let users = [&a, &b, &UserId::trusted("nobody")].map(|user| (user.clone(), Timestamp(at))).to_vec();
        bench.write(NotePushActivity { users, everybody: false })
    };
    let position = bench.settled().await;
    for (at, expected) in [(20, 20), (10, 20), (30, 30)] {
        noted(at).await.expect("noted");
        let notice = bench.store.push().notice(b.clone(), about.clone()).await.expect("read").expect("to be sent");
        assert_eq!(notice.active_at, Timestamp(expected), "never back");
    }
    assert_eq!(bench.settled().await, position, "no place in the order was taken");
    subscribe(&bench, &a, "https://push.example.org/a").await.expect("subscribed");
    assert_eq!(endpoints(&bench, &a).await.len(), 1);
}

async fn old_messages_are_not_pushed(bench: Bench) {
    let (a, b, c, id) = stage(&bench).await;
    sent(&bench, &a, &id, "old").await;
    bench.environment.pass_ms(60 * 60 * 1_000 + 1);
    let new = sent(&bench, &a, &id, "new").await;
    assert_eq!(about(&look(&bench).await), [(b, new.clone()), (c, new)]);
    sent(&bench, &a, &id, "old by now").await;
    bench.environment.pass_ms(60 * 60 * 1_000 + 1);
    assert_eq!(look(&bench).await, []);
}

async fn a_webhook_is_told_of_everybody(bench: Bench) {
    let (a, b, c, id) = stage(&bench).await;
    let service = bench.write(AddService { name: "shop".into(), hash: "h".into(), scopes: Scopes::all() }).await;
    let service = service.expect("a service").user.id.clone();
    let d = bench.user("d").await;
    for user in [&service, &d] {
        bench
            .write(AddMember {
                actor: actor(&a),
                conversation: id.clone(),
                user: user.clone(),
                role: None,
                reason: None,
            })
            .await
            .expect("added");
    }
    set(&bench, &c, &id, SettingsChange { muted: Some(Some(Mute::ForGood)), ..SettingsChange::default() }).await;
    let after = bench.settled().await;
    let first = sent(&bench, &a, &id, "hello").await;
    let step = bench.store.push().step_behind(after).await.expect("a step");
    let mut found = about(&step.candidates);
    found.sort();
    let mut expected = vec![(b.clone(), first.clone()), (d.clone(), first.clone())];
    expected.sort();
    assert_eq!(found, expected, "with a browser or without, and no service");
    assert!(step.candidates.iter().all(|one| after < one.position && one.position <= step.up_to), "{step:?}");
    // Somebody without a browser is active at another node.
    let push = bench.store.push();
    let about = PushAbout::Message { conversation: id.clone(), message: first.clone() };
    let active = async |user: &UserId| {
        push.needed(user.clone(), about.clone()).await.expect("read").map(|(_, active_at)| active_at.0)
    };
    assert_eq!((active(&b).await, active(&d).await), (Some(0), Some(0)));
    assert_eq!((active(&c).await, active(&service).await, active(&a).await), (None, None, None));
    let noted = |at, everybody| {
        let users = [&d, &service, &UserId::trusted("nobody")].map(|user| (user.clone(), Timestamp(at))).to_vec();
        bench.write(NotePushActivity { users, everybody })
    };
    for (at, everybody, expected) in [(10, false, 0), (20, true, 20), (15, true, 20), (30, true, 30), (40, false, 40)] {
        noted(at, everybody).await.expect("noted");
        assert_eq!(active(&d).await, Some(expected));
    }
    // Once no webhook asks any more, those without a browser are forgotten.
    let filter = WebhookFilter { kinds: vec![ModelEventType::PushNeeded], ..WebhookFilter::default() };
    let (url, secret) = ("https://example.org/".to_owned(), WebhookSecret("whsec_".to_owned()));
    let hook =
        bench.write(AddWebhook { by: None, url, secret, description: String::new(), filter }).await.expect("added");
    bench.write(DeleteWebhook { by: None, id: hook.id }).await.expect("deleted");
    assert_eq!((active(&d).await, active(&b).await), (Some(0), Some(0)));
    noted(50, false).await.expect("noted");
    assert_eq!(active(&d).await, Some(0));
    bench
        .write(MarkRead { actor: actor(&d), reading: Reading::Everything(Target::Conversation(id.clone())) })
        .await
        .expect("read");
    assert_eq!(active(&d).await, None, "it was read");
}
