//! The audit log: what is noted of which act, and how it is found, for each store.

use std::sync::Arc;

use quintet_domain::{
    Act, Actor, AddMember, AddService, AddWebhook, AuditEntry, AuditFilter, ChangeConversation, ChangeWebhook,
    ConversationId, ConversationKind, CreateMeetup, DeleteConversation, DeleteMeetup, DeleteMessage, DeleteWebhook,
    Environment, InvitationBounds, LiftRestriction, MakeInvitation, ModerationChange, NewMeetup, RemoveMember,
    RemoveService, Restrict, RestrictionKind, RevokeInvitation, Role, Scope, ServerRole, SetDisabled, SetServerRole,
    Timestamp, UserId, WebhookChange, WebhookFilter, WebhookSecret,
};

use crate::support::{Bench, actor, every_store};

const MINUTE_MS: i64 = 60 * 1_000;

every_store!(
    acts_are_noted_once_with_who_and_why,
    no_reason_is_left_of_an_erased_person,
    acts_are_found_by_what_they_have,
    who_lets_in_and_who_listens_is_noted,
    what_ends_is_noted_once,
);

async fn found(bench: &Bench, filter: AuditFilter) -> Vec<AuditEntry> {
    bench.store.audit(UserId::trusted("any").into(), filter, None, 50).await.expect("read").items
}

/// An act in short: what, by whom, to whom, why, and what else there is to say.
type Short = (Act, Option<UserId>, Option<UserId>, Option<String>, Option<String>);

fn short(entry: AuditEntry) -> Short {
    assert_eq!(entry.by_operator, entry.by.is_none(), "nobody is forgotten here");
    (entry.act, entry.by, entry.user, entry.reason.map(|text| text.to_string()), entry.detail.map(|d| d.to_string()))
}

async fn acts_are_noted_once_with_who_and_why(bench: Bench) {
    let (a, b, c) = (bench.user("a").await, bench.user("b").await, bench.user("c").await);
    let id = bench.conversation(&a, ConversationKind::Group, true, &[b.clone(), c.clone()]).await;
    let until = Some(bench.environment.now().plus_ms(MINUTE_MS));
    let add = AddMember {
        actor: actor(&a),
        conversation: id.clone(),
        user: b.clone(),
        role: Some(Role::Admin),
        reason: Some(Arc::from("helps")),
    };
    bench.write(add).await.expect("an admin");
    for (user, kind, until) in [(&c, RestrictionKind::Silence, until), (&c, RestrictionKind::Ban, None)] {
        let (actor, reason) = (actor(&b), Some(Arc::from("spam")));
        let write = Restrict { actor, conversation: id.clone(), user: user.clone(), kind, until, reason };
        bench.write(write).await.expect("restricted");
        let (actor, user) = (crate::support::actor(&b), user.clone());
        let reason = Some(Arc::from("a mistake"));
        let lift = LiftRestriction { actor, conversation: id.clone(), user, kind, reason };
        bench.write(lift.clone()).await.expect("lifted");
        bench.write(lift).await.expect("lifted already, which is no act");
    }
    let moderation = ModerationChange { slow_mode_s: Some(30), ..ModerationChange::default() };
    let change = ChangeConversation {
        actor: actor(&a),
        conversation: id.clone(),
        name: None,
        open: None,
        picture: None,
        metadata: None,
        moderation,
    };
    bench.write(change.clone()).await.expect("limited");
    bench.write(change).await.expect("limited already, which is no act");
    let said = bench.send(&b, &id, "one").await.expect("sent").message.id.clone();
    let own = bench.send(&b, &id, "two").await.expect("sent").message.id.clone();
    for (user, message) in [(&a, &said), (&b, &own), (&a, &said)] {
        let delete = DeleteMessage { actor: actor(user), message: message.clone() };
        bench.write(delete).await.expect("deleted, what is deleted already or one's own as well");
    }
    bench
        .write(RemoveMember {
            actor: actor(&a),
            conversation: id.clone(),
            user: b.clone(),
            reason: Some(Arc::from("helps no more")),
        })
        .await
        .expect("removed");
    for disabled in [true, true, false] {
        bench.write(SetDisabled { user: b.clone(), disabled }).await.expect("done");
    }
    for role in [ServerRole::Admin, ServerRole::Admin] {
        bench.write(SetServerRole { user: c.clone(), role }).await.expect("done");
    }
    let refused = RemoveMember { actor: actor(&b), conversation: id.clone(), user: a.clone(), reason: None };
    bench.write(refused).await.expect_err("what is refused is no act");
    bench.write(DeleteConversation { actor: actor(&a), conversation: id.clone() }).await.expect("deleted");
    let role =
        async || bench.store.account(c.clone().into(), c.clone()).await.expect("read").map(|own| own.server_role);
    assert_eq!(role().await, Some(ServerRole::Admin));

    let (reason, by_a, by_b) = (|text: &str| Some(text.to_owned()), Some(a.clone()), Some(b.clone()));
    let entries = found(&bench, AuditFilter::default()).await;
    assert!(entries.is_sorted_by(|newer, older| newer.number > older.number && newer.at >= older.at));
    let about_id = entries.iter().filter(|entry| entry.conversation.as_ref() == Some(&id)).count();
    assert_eq!(about_id, entries.len() - 3, "a conversation that is deleted is known on");
    let silence = entries.iter().find(|entry| entry.act == Act::Silence).expect("noted");
    assert_eq!(silence.until, until);
    let mut entries: Vec<Short> = entries.into_iter().rev().map(short).collect();
    let limits = entries.iter_mut().find(|entry| entry.0 == Act::ChangeModeration).expect("noted");
    assert!(limits.4.take().is_some_and(|detail| detail.contains("30")));
    let expected = [
        (Act::ChangeRole, by_a.clone(), by_b.clone(), reason("helps"), Some("admin".to_owned())),
        (Act::Silence, by_b.clone(), Some(c.clone()), reason("spam"), None),
        (Act::LiftSilence, by_b.clone(), Some(c.clone()), reason("a mistake"), None),
        (Act::Ban, by_b.clone(), Some(c.clone()), reason("spam"), None),
        (Act::LiftBan, by_b.clone(), Some(c.clone()), reason("a mistake"), None),
        (Act::ChangeModeration, by_a.clone(), None, None, None),
        (Act::DeleteMessage, by_a.clone(), by_b.clone(), None, Some(said.to_string())),
        (Act::RemoveMember, by_a.clone(), by_b.clone(), reason("helps no more"), None),
        (Act::DisableUser, None, by_b.clone(), None, None),
        (Act::EnableUser, None, by_b, None, None),
        (Act::ChangeServerRole, None, Some(c.clone()), None, Some("admin".to_owned())),
        (Act::DeleteConversation, by_a, None, None, None),
    ];
    assert_eq!(entries, expected);
    bench.erase(&c).await;
    assert_ne!(role().await, Some(ServerRole::Admin), "who is erased has no rights");
    let newest = found(&bench, AuditFilter::default()).await.remove(0);
    assert_eq!(short(newest), (Act::EraseUser, None, Some(c), None, None));
}

/// Reasons are texts of people about people: they go with the one who gave them, and with the one whom they are about.
async fn no_reason_is_left_of_an_erased_person(bench: Bench) {
    let (a, b, c) = (bench.user("a").await, bench.user("b").await, bench.user("c").await);
    let id = bench.conversation(&a, ConversationKind::Group, false, &[b.clone(), c.clone()]).await;
    let admin = AddMember {
        actor: actor(&a),
        conversation: id.clone(),
        user: b.clone(),
        role: Some(Role::Admin),
        reason: Some(Arc::from("b is kind")),
    };
    bench.write(admin).await.expect("an admin");
    let until = Some(bench.environment.now().plus_ms(MINUTE_MS));
    let silence = |by: &UserId, reason: &str| Restrict {
        actor: actor(by),
        conversation: id.clone(),
        user: c.clone(),
        kind: RestrictionKind::Silence,
        until,
        reason: Some(Arc::from(reason)),
    };
    // More than one portion.
    for number in 0..250 {
        bench.write(silence(&a, &format!("c is rude {number}"))).await.expect("silenced");
    }
    bench.write(silence(&b, "c is rude to b")).await.expect("silenced");
    let held = async || {
        let found = bench.store.restrictions(a.clone(), id.clone(), RestrictionKind::Silence, None, 10).await;
        found.expect("read").items.first().map(|held| (held.by.clone(), held.reason.as_deref().map(str::to_owned)))
    };
    assert_eq!(held().await, Some((b.clone(), Some("c is rude to b".to_owned()))));

    let reasons = async || {
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let page = bench.store.audit(a.clone().into(), AuditFilter::default(), cursor, 200).await.expect("read");
            all.extend(page.items.into_iter().filter_map(|entry| entry.reason));
            cursor = page.next;
            if cursor.is_none() {
                return all;
            }
        }
    };
    assert_eq!(reasons().await.len(), 252);
    bench.erase(&b).await;
    assert_eq!(held().await, Some((b, None)), "it is as it was, but for what was said");
    assert_eq!(reasons().await.len(), 250);
    bench.erase(&c).await;
    assert_eq!(reasons().await, []);
}

async fn acts_are_found_by_what_they_have(bench: Bench) {
    let (a, b, c) = (bench.user("a").await, bench.user("b").await, bench.user("c").await);
    let mut moments = Vec::new();
    let mut rooms = Vec::new();
    for owner in [&a, &b] {
        let id = bench.conversation(owner, ConversationKind::Room, true, &[]).await;
        for kind in RestrictionKind::ALL {
            let until = Some(bench.environment.now().plus_ms(MINUTE_MS));
            let (actor, conversation, user) = (actor(owner), id.clone(), c.clone());
            let refused = bench.write(Restrict { actor, conversation, user, kind, until, reason: None }).await.is_err();
            assert_eq!(refused, kind == RestrictionKind::Silence, "only a member is silenced");
        }
        moments.push(bench.environment.now());
        bench.environment.pass_ms(MINUTE_MS);
        bench.write(SetDisabled { user: owner.clone(), disabled: true }).await.expect("disabled");
        rooms.push(id);
    }
    let all = found(&bench, AuditFilter::default()).await;
    assert_eq!(all.len(), 4);
    let any = AuditFilter::default;
    let cases = [
        (AuditFilter { act: Some(Act::Ban), ..any() }, vec![1, 3]),
        (AuditFilter { act: Some(Act::EraseUser), ..any() }, vec![]),
        (AuditFilter { by: Some(a.clone()), ..any() }, vec![3]),
        (AuditFilter { by: Some(UserId::trusted("nobody")), ..any() }, vec![]),
        (AuditFilter { user: Some(c.clone()), ..any() }, vec![1, 3]),
        (AuditFilter { user: Some(b.clone()), ..any() }, vec![0]),
        (AuditFilter { conversation: Some(rooms[1].clone()), ..any() }, vec![1]),
        (AuditFilter { since: Some(moments[0]), ..any() }, vec![0, 1, 2]),
        (AuditFilter { since: Some(moments[1]), ..any() }, vec![0]),
        (AuditFilter { before: Some(moments[0]), ..any() }, vec![3]),
        (AuditFilter { act: Some(Act::Ban), user: Some(c), since: Some(moments[0]), ..any() }, vec![1]),
    ];
    for (filter, expected) in cases {
        let expected: Vec<AuditEntry> = expected.into_iter().map(|at: usize| all[at].clone()).collect();
        assert_eq!(found(&bench, filter.clone()).await, expected, "{filter:?}");
    }
    let (mut paged, mut cursor) = (Vec::new(), None);
    loop {
        let page = bench.store.audit(a.clone().into(), AuditFilter::default(), cursor, 3).await.expect("read");
        paged.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(paged, all);
    let bad = bench.store.audit(a.into(), AuditFilter::default(), Some("x".into()), 10).await;
    let bad = bad.map(|_| ()).map_err(quintet_domain::Refusal::from).expect_err("no cursor");
    assert_eq!(bad.message, "`cursor` must be the `next` of an earlier page.");
}

/// Invitations, keys and webhooks are noted, because they let others in, or let them read what is written.
async fn who_lets_in_and_who_listens_is_noted(bench: Bench) {
    let a = bench.user("a").await;
    let group = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    let scopes = [Scope::Read, Scope::Admin].into_iter().collect();
    let shop = bench.write(AddService { name: "shop".into(), hash: "hash".into(), scopes }).await.expect("a service");
    let shop = shop.user.id.clone();
    let again = AddService { name: "shop".into(), hash: "other".into(), scopes };
    bench.write(again).await.expect_err("it has a key");

    let until = Timestamp(bench.environment.now().0 + MINUTE_MS);
    let invitation = |actor: Option<Actor>, hash: &str, into: &[ConversationId]| {
        let (admits, bounds) = (into.is_empty(), InvitationBounds { expires_at: Some(until), uses_max: None });
        MakeInvitation { actor, hash: hash.to_owned(), admits, conversations: into.to_vec(), bounds }
    };
    let link = bench.write(invitation(Some(actor(&a)), "link", &[group.clone()])).await.expect("made").id;
    let ticket = bench.write(invitation(None, "ticket", &[])).await.expect("made").id;
    for by in [Some(actor(&shop)), None] {
        bench.write(RevokeInvitation { actor: by, id: link.clone() }).await.expect("revoked, maybe before");
    }
    bench.write(RevokeInvitation { actor: None, id: ticket.clone() }).await.expect("revoked");

    let (url, secret) = ("https://example.org/hook".to_owned(), WebhookSecret("whsec_c2VjcmV0".to_owned()));
    let (description, filter) = (String::new(), WebhookFilter::default());
    let add = AddWebhook { url, secret, description, filter, by: Some(shop.clone()) };
    let hook = bench.write(add).await.expect("added").id;
    for enabled in [false, false] {
        let change = WebhookChange { enabled: Some(enabled), ..WebhookChange::default() };
        let change = ChangeWebhook { id: hook.clone(), change, by: Some(shop.clone()) };
        bench.write(change).await.expect("changed, or so already");
    }
    bench.write(DeleteWebhook { id: hook.clone(), by: None }).await.expect("deleted");
    bench.write(DeleteWebhook { id: hook.clone(), by: None }).await.expect_err("deleted before");
    bench.write(RemoveService { name: "shop".into() }).await.expect("removed");
    bench.write(RemoveService { name: "shop".into() }).await.expect_err("removed before");

    let entries = found(&bench, AuditFilter::default()).await;
    let places: Vec<_> = entries.iter().rev().map(|entry| (entry.conversation.clone(), entry.until)).collect();
    let (nowhere, within) = ((None, None), (Some(group.clone()), None));
    let (linked, ticketed) = ((Some(group), Some(until)), (None, Some(until)));
    let mut expected = vec![nowhere.clone(), linked, ticketed, within];
    expected.resize(9, nowhere);
    assert_eq!(places, expected);
    let (by_a, by_shop) = (Some(a), Some(shop.clone()));
    let expected = [
        (Act::AddKey, None, by_shop.clone(), None, Some("read,admin".to_owned())),
        (Act::MakeInvitation, by_a, None, None, Some(link.clone())),
        (Act::MakeInvitation, None, None, None, Some(ticket.clone())),
        (Act::RevokeInvitation, by_shop.clone(), None, None, Some(link)),
        (Act::RevokeInvitation, None, None, None, Some(ticket)),
        (Act::AddWebhook, by_shop.clone(), None, None, Some(hook.clone())),
        (Act::ChangeWebhook, by_shop.clone(), None, None, Some(hook.clone())),
        (Act::DeleteWebhook, None, None, None, Some(hook)),
        (Act::RemoveKey, None, by_shop, None, None),
    ];
    assert_eq!(entries.into_iter().rev().map(short).collect::<Vec<_>>(), expected);
}

/// A meetup's chat ends with the meetup, and a person is erased once.
async fn what_ends_is_noted_once(bench: Bench) {
    let a = bench.user("a").await;
    let far = Timestamp(i64::MAX / 2);
    let (activity, location) = ("Chess".to_owned(), "Park".to_owned());
    let new = NewMeetup { activity, location, starts_at: far, expires_at: far, capacity: None };
    let meetup = bench.write(CreateMeetup { actor: actor(&a), new }).await.expect("made");
    let delete = DeleteMeetup { actor: actor(&a), meetup: meetup.id.clone() };
    bench.write(delete.clone()).await.expect("deleted");
    bench.write(delete).await.expect_err("deleted before");
    for _ in 0..2 {
        bench.erase(&a).await;
    }
    let entries = found(&bench, AuditFilter::default()).await;
    assert_eq!(entries[1].conversation, Some(meetup.chat_id));
    let acts: Vec<Act> = entries.into_iter().rev().map(|entry| entry.act).collect();
    assert_eq!(acts, [Act::DeleteConversation, Act::EraseUser]);
}
