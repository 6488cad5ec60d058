//! Reports of messages, for each store.

use std::sync::Arc;

use quintet_domain::limits::{
    GUEST_REPORTS_OF_MESSAGE_MAX, REPORTS_KEPT_DAYS, REPORTS_OF_MESSAGE_MAX, REPORTS_OPEN_OF_USER_MAX,
};
use quintet_domain::{
    Act, AddService, Audience, AuditEntry, AuditFilter, Code, ContinueErasure, ConversationId, ConversationKind,
    DeleteMessage, EditMessage, Environment, EraseUser, Event, JoinConversation, LiftRestriction, Message, MessageId,
    Profile, Prune, Refusal, Report, ReportAction, ReportMessage, ReportStatus, ResolveReport, Restrict,
    RestrictionKind, Scopes, ServerRole, SetBlock, SetServerRole, Timestamp, UserId,
};
use quintet_store::Party;

use crate::support::{Bench, actor, every_store};

every_store!(
    who_can_see_a_message_reports_it_once,
    only_who_looks_after_reports_is_told,
    a_snapshot_is_what_was_reported,
    reports_are_bounded,
    what_a_message_has_become_is_reported_anew,
    what_the_server_decided_those_lift_who_look_after_it,
    a_service_decides_and_it_is_done,
    nobody_else_decides,
    moderators_of_the_server_decide_without_being_there,
    who_is_erased_leaves_no_snapshot,
    a_report_ends_by_the_clock,
);

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

pub struct Stage {
    pub bench: Bench,
    pub ada: UserId,
    pub bob: UserId,
    pub service: UserId,
    pub group: ConversationId,
}

pub async fn stage(bench: Bench) -> Stage {
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    let add = AddService { name: "watch".into(), hash: "hash".into(), scopes: Scopes::all() };
    let service = bench.write(add).await.expect("added").user.id.clone();
    let group = bench.conversation(&ada, ConversationKind::Group, false, &[bob.clone()]).await;
    Stage { bench, ada, bob, service, group }
}

impl Stage {
    pub async fn say(&self, by: &UserId, text: &str) -> Arc<Message> {
        self.bench.send(by, &self.group, text).await.expect("sent").message
    }

    pub async fn report(&self, by: &UserId, message: &MessageId) -> Result<(), Refusal> {
        let write = ReportMessage { actor: actor(by), message: message.clone(), reason: Arc::from("rude") };
        self.bench.write(write).await
    }

    pub async fn decide(&self, by: &UserId, report: i64, action: ReportAction) -> Result<Report, Refusal> {
        let until = (action == ReportAction::Silence).then(|| self.bench.environment.now().plus_ms(60_000));
        let reason = Some(Arc::from("a reason"));
        self.bench.write(ResolveReport { actor: actor(by), report, action, until, reason }).await
    }

    pub async fn listed(&self, status: Option<ReportStatus>) -> Vec<Report> {
        let (mut found, mut cursor) = (Vec::new(), None);
        loop {
            let page = self.bench.store.reports(Party::Server, status, cursor, 2).await.expect("a page");
            found.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                return found;
            }
        }
    }

    /// The acts of the audit log, the newest first: what was done, by whom, to whom, and what else is said.
    async fn acts(&self) -> Vec<(Act, Option<UserId>, Option<UserId>, Option<String>)> {
        let page = self.bench.store.audit(Party::Server, AuditFilter::default(), None, 50).await.expect("a page");
        let act = |entry: AuditEntry| (entry.act, entry.by, entry.user, entry.detail.map(|detail| detail.to_string()));
        page.items.into_iter().map(act).collect()
    }
}

pub fn sentence<T: std::fmt::Debug>(refused: Result<T, Refusal>) -> (Code, String) {
    let refusal = refused.expect_err("a refusal");
    (refusal.code, refusal.message)
}

async fn who_can_see_a_message_reports_it_once(bench: Bench) {
    let stage = stage(bench).await;
    let bench = &stage.bench;
    let eve = bench.user("eve").await;
    let said = stage.say(&stage.bob, "you fool").await;
    for _ in 0..2 {
        stage.report(&stage.ada, &said.id).await.expect("reported");
    }
    stage.report(&stage.service, &said.id).await.expect("reported");
    let unseen = |id: &MessageId| (Code::NotFound, format!("There is no message `{id}` that you can see."));
    assert_eq!(sentence(stage.report(&eve, &said.id).await), unseen(&said.id));
    let none = MessageId::trusted("none");
    assert_eq!(sentence(stage.report(&stage.ada, &none).await), unseen(&none));
    let reporters: Vec<_> =
        stage.listed(None).await.into_iter().map(|report| report.reporter.expect("one").username.clone()).collect();
    assert_eq!(reporters, ["watch", "ada"], "the newest first");

    // Where one has blocked the other as well.
    let direct = bench.conversation(&stage.ada, ConversationKind::Direct, false, &[eve.clone()]).await;
    let pestered = bench.send(&eve, &direct, "psst").await.expect("sent").message;
    let block = SetBlock { actor: actor(&stage.ada), user: eve.clone(), blocked: true };
    bench.write(block).await.expect("blocked");
    stage.report(&stage.ada, &pestered.id).await.expect("reported");
    assert_eq!(sentence(stage.report(&stage.service, &pestered.id).await), unseen(&pestered.id));

    // A guest reports what is said in its room, and nothing elsewhere.
    let room = bench.conversation(&stage.ada, ConversationKind::Room, true, &[]).await;
    let guest = UserId::trusted("guest-1");
    let (by, profile) = (actor(&guest), Profile::default());
    let join = JoinConversation { actor: by, conversation: room.clone(), profile, history: false };
    bench.write(join).await.expect("joined");
    let heard = bench.send(&stage.ada, &room, "hm").await.expect("sent").message;
    stage.report(&guest, &heard.id).await.expect("reported");
    assert_eq!(sentence(stage.report(&guest, &said.id).await), unseen(&said.id));

    bench.write(DeleteMessage { actor: actor(&stage.ada), message: heard.id.clone() }).await.expect("deleted");
    let deleted = (Code::Conflict, "A deleted message cannot be reported.".to_owned());
    assert_eq!(sentence(stage.report(&stage.ada, &heard.id).await), deleted);
    assert_eq!(stage.listed(Some(ReportStatus::Open)).await.len(), 4);
}

async fn only_who_looks_after_reports_is_told(bench: Bench) {
    let stage = stage(bench).await;
    let bench = &stage.bench;
    let said = stage.say(&stage.bob, "you fool").await;
    let before = bench.settled().await;
    for _ in 0..2 {
        stage.report(&stage.ada, &said.id).await.expect("reported");
    }
    let number = stage.listed(None).await[0].number;
    assert_eq!(bench.settled().await, before + 1, "one event for both");
    let page = bench.store.log_page(Party::Server, before, 10).await.expect("a page");
    let [told] = page.told.as_slice() else { panic!("{page:?}") };
    let Event::MessageReported { conversation, message, report, by_server } = &told.entry.event else {
        panic!("{told:?}")
    };
    assert_eq!((&conversation.id, message, *report, *by_server), (&stage.group, &said.id, number, false));
    assert_eq!((told.entry.event.audience(), told.entry.event.parties()), (Audience::Users(&[]), None));
    for user in [&stage.ada, &stage.bob] {
        let replay = bench.store.replay_since(user.clone(), false, before.into()).await.expect("read");
        assert_eq!(replay.entries.expect("entries"), [], "no client is told");
    }
}

async fn a_snapshot_is_what_was_reported(bench: Bench) {
    let stage = stage(bench).await;
    let said = stage.say(&stage.bob, "first").await;
    stage.report(&stage.ada, &said.id).await.expect("reported");
    let edit = EditMessage {
        actor: actor(&stage.bob),
        message: said.id.clone(),
        content: "second".into(),
        details: None,
        screening: None,
    };
    let edited = stage.bench.write(edit).await.expect("edited");
    stage.report(&stage.service, &said.id).await.expect("reported");
    stage.bench.write(DeleteMessage { actor: actor(&stage.bob), message: said.id.clone() }).await.expect("deleted");
    let reports = stage.listed(Some(ReportStatus::Open)).await;
    let snapshots: Vec<_> = reports.iter().map(|report| report.snapshot.clone().expect("a snapshot")).collect();
    let texts: Vec<_> = snapshots.iter().map(|snapshot| (snapshot.content.as_str(), snapshot.edited_at)).collect();
    assert_eq!(texts, [("second", edited.edited_at), ("first", None)]);
    for (report, snapshot) in reports.iter().zip(&snapshots) {
        assert_eq!((snapshot.username.as_str(), snapshot.sent_at), ("bob", said.created_at));
        assert_eq!(
            (snapshot.conversation_kind, snapshot.conversation_name.as_deref()),
            (ConversationKind::Group, Some("name"))
        );
        assert_eq!((&report.message, report.conversation.as_ref()), (&said.id, Some(&stage.group)));
        assert_eq!(report.sender.as_ref().map(|user| &user.id), Some(&stage.bob));
    }
}

async fn reports_are_bounded(bench: Bench) {
    let stage = stage(bench).await;
    let said = stage.say(&stage.bob, "you fool").await;
    let most = usize::try_from(REPORTS_OF_MESSAGE_MAX).expect("a number");
    let mut people = Vec::new();
    for number in 0..=most {
        people.push(stage.bench.user(&format!("p{number}")).await);
    }
    let crowd = stage.bench.conversation(&stage.bob, ConversationKind::Group, false, &people).await;
    let loud = stage.bench.send(&stage.bob, &crowd, "hey").await.expect("sent").message;
    for person in &people {
        stage.report(person, &loud.id).await.expect("confirmed");
    }
    assert_eq!(stage.listed(None).await.len(), most, "one more is confirmed and not kept");

    for number in 0..REPORTS_OPEN_OF_USER_MAX {
        let said = stage.say(&stage.bob, &format!("{number}")).await;
        stage.report(&stage.ada, &said.id).await.expect("reported");
    }
    let (code, why) = sentence(stage.report(&stage.ada, &said.id).await);
    assert_eq!((code, why.as_str()), (Code::Conflict, "100 reports of yours wait for a moderator, which is the most."));
    let newest = stage.listed(Some(ReportStatus::Open)).await[0].number;
    stage.decide(&stage.service, newest, ReportAction::Dismiss).await.expect("resolved");
    stage.report(&stage.ada, &said.id).await.expect("reported");
}

async fn what_a_message_has_become_is_reported_anew(bench: Bench) {
    let stage = stage(bench).await;
    let room = stage.bench.conversation(&stage.bob, ConversationKind::Room, true, &[]).await;
    let enter = async |user: &UserId| {
        let (by, conversation) = (actor(user), room.clone());
        let join = JoinConversation { actor: by, conversation, profile: Profile::default(), history: false };
        stage.bench.write(join).await.expect("joined");
    };
    let said = stage.bench.send(&stage.bob, &room, "hello").await.expect("sent").message;
    // However many guests somebody pretends to be, a member reports beside them.
    let guests = usize::try_from(GUEST_REPORTS_OF_MESSAGE_MAX).expect("a number");
    for number in 0..=guests {
        let guest = UserId::trusted(&format!("guest-{number}"));
        enter(&guest).await;
        stage.report(&guest, &said.id).await.expect("confirmed");
    }
    assert_eq!(stage.listed(None).await.len(), guests, "one more is confirmed and not kept");
    let most = usize::try_from(REPORTS_OF_MESSAGE_MAX).expect("a number");
    let mut people = vec![stage.ada.clone()];
    for number in 0..most {
        people.push(stage.bench.user(&format!("p{number}")).await);
    }
    for person in &people {
        enter(person).await;
        stage.report(person, &said.id).await.expect("confirmed");
    }
    assert_eq!(stage.listed(None).await.len(), guests + most);

    // What was reported before an edit keeps nobody from reporting what the message is after it, decided or not.
    let first = stage.listed(None).await.into_iter().next_back().expect("a report").number;
    stage.decide(&stage.service, first, ReportAction::Dismiss).await.expect("resolved");
    let edit = async |text: &str| {
        let edit = EditMessage {
            actor: actor(&stage.bob),
            message: said.id.clone(),
            content: text.into(),
            details: None,
            screening: None,
        };
        stage.bench.environment.pass_ms(1_000);
        stage.bench.write(edit).await.expect("edited");
    };
    edit("you fool").await;
    for person in [&stage.ada, &people[most], &stage.ada] {
        stage.report(person, &said.id).await.expect("reported");
    }
    let reports = stage.listed(None).await;
    assert_eq!(reports.len(), guests + most + 2, "each once");
    let newest = reports.iter().take(2).map(|report| {
        let by = report.reporter.as_ref().expect("somebody").id.clone();
        (by, report.snapshot.as_ref().expect("a snapshot").content.as_str())
    });
    assert_eq!(newest.collect::<Vec<_>>(), [(people[most].clone(), "you fool"), (stage.ada.clone(), "you fool")]);
    edit("you fools").await;
    stage.report(&stage.ada, &said.id).await.expect("reported");
    assert_eq!(stage.listed(None).await.len(), guests + most + 3);
}

async fn what_the_server_decided_those_lift_who_look_after_it(bench: Bench) {
    let stage = stage(bench).await;
    let (bench, ada, bob) = (&stage.bench, &stage.ada, &stage.bob);
    let eve = bench.user("eve").await;
    bench.write(SetServerRole { user: eve.clone(), role: ServerRole::Moderator }).await.expect("a role");
    let direct = bench.conversation(ada, ConversationKind::Direct, false, &[bob.clone()]).await;
    let lift = async |by: &UserId, place: &ConversationId| {
        let (by, conversation, reason) = (actor(by), place.clone(), Some(Arc::from("he was sorry")));
        let kind = RestrictionKind::Silence;
        bench.write(LiftRestriction { actor: by, conversation, user: bob.clone(), kind, reason }).await
    };
    let until = |ms: i64| Some(bench.environment.now().plus_ms(ms));
    let silence = async |by: &UserId, until: Option<Timestamp>| {
        let (by, conversation, kind) = (actor(by), stage.group.clone(), RestrictionKind::Silence);
        bench.write(Restrict { actor: by, conversation, user: bob.clone(), kind, until, reason: None }).await
    };
    let why = "A moderator of the server decided this, and only moderators of the server change it.";
    for (place, lifted_by) in [(&direct, &eve), (&stage.group, &eve), (&stage.group, &stage.service)] {
        let said = bench.send(bob, place, "you fool").await.expect("sent").message;
        stage.report(ada, &said.id).await.expect("reported");
        let open = stage.listed(Some(ReportStatus::Open)).await[0].number;
        stage.decide(&eve, open, ReportAction::Silence).await.expect("resolved");
        assert_eq!(sentence(bench.send(bob, place, "me?").await).0, Code::Forbidden);
        // Neither the one who is silenced nor who leads the conversation lifts it, or makes it shorter.
        assert_eq!(sentence(lift(bob, place).await).0, Code::Forbidden);
        let refused = sentence(lift(ada, place).await);
        if place == &stage.group {
            assert_eq!(refused, (Code::Forbidden, why.to_owned()));
            assert_eq!(sentence(silence(ada, until(1_000)).await), (Code::Forbidden, why.to_owned()));
            let page = bench.store.restrictions(ada.clone(), place.clone(), RestrictionKind::Silence, None, 9).await;
            assert!(page.expect("read").items[0].by_server);
        } else {
            assert_eq!(refused.0, Code::Forbidden);
        }
        assert_eq!(sentence(bench.send(bob, place, "me?").await).0, Code::Forbidden);
        lift(lifted_by, place).await.expect("lifted");
        bench.send(bob, place, "sorry").await.expect("sent");
        let page = bench.store.audit(Party::Server, AuditFilter::default(), None, 1).await.expect("read");
        let noted = &page.items[0];
        assert_eq!((noted.act, noted.by.as_ref(), noted.user.as_ref()), (Act::LiftSilence, Some(lifted_by), Some(bob)));
        assert_eq!((noted.reason.as_deref(), noted.conversation.as_ref()), (Some("he was sorry"), Some(place)));
    }
    // What the group has decided itself is no matter of the server, whose moderators see nothing of it.
    let own = silence(ada, until(60_000)).await.expect("silenced");
    assert!(!own.by_server);
    assert_eq!(sentence(lift(&eve, &stage.group).await).0, Code::NotFound);
    lift(ada, &stage.group).await.expect("lifted");
    // A moderator is silenced like everybody else, and does not release itself.
    bench.write(SetServerRole { user: bob.clone(), role: ServerRole::Moderator }).await.expect("a role");
    let said = bench.send(bob, &direct, "you fool").await.expect("sent").message;
    stage.report(ada, &said.id).await.expect("reported");
    let open = stage.listed(Some(ReportStatus::Open)).await[0].number;
    stage.decide(&eve, open, ReportAction::Silence).await.expect("resolved");
    let refused = sentence(lift(bob, &direct).await);
    assert_eq!(refused, (Code::Forbidden, "Nobody bans, silences or releases oneself.".to_owned()));
}

async fn a_service_decides_and_it_is_done(bench: Bench) {
    let stage = stage(bench).await;
    let (one, two) = (stage.say(&stage.bob, "1").await, stage.say(&stage.bob, "2").await);
    for message in [&one, &two, &stage.say(&stage.bob, "3").await, &stage.say(&stage.bob, "4").await] {
        stage.report(&stage.ada, &message.id).await.expect("reported");
    }
    let numbers: Vec<i64> = stage.listed(None).await.iter().rev().map(|report| report.number).collect();
    for (number, action) in numbers.iter().zip(ReportAction::ALL) {
        let resolved = stage.decide(&stage.service, *number, action).await.expect("resolved");
        let resolution = resolved.resolution.as_ref().expect("decided");
        assert_eq!((resolution.action, resolution.by.as_ref()), (action, Some(&stage.service)));
        assert_eq!((resolved.status(), &resolved.snapshot), (ReportStatus::Resolved, &None));
        let read = stage.listed(Some(ReportStatus::Resolved)).await;
        assert_eq!(read.iter().find(|report| report.number == *number), Some(&resolved));
        let again = sentence(stage.decide(&stage.service, *number, ReportAction::Delete).await);
        assert_eq!(again, (Code::Conflict, format!("Report {number} was resolved before.")));
        if action == ReportAction::Silence {
            let (code, why) = sentence(stage.bench.send(&stage.bob, &stage.group, "5").await);
            assert!(code == Code::Forbidden && why.starts_with("You are silenced in this conversation until"), "{why}");
        }
    }
    let acts = stage.acts().await;
    let by_service =
        |act: Act, detail: Option<String>| (act, Some(stage.service.clone()), Some(stage.bob.clone()), detail);
    let resolved = |at: usize| {
        let detail = format!("report {}: {}", numbers[at], ReportAction::ALL[at].as_str());
        by_service(Act::ResolveReport, Some(detail))
    };
    let expected = [
        resolved(3),
        by_service(Act::DisableUser, None),
        resolved(2),
        by_service(Act::Silence, None),
        resolved(1),
        by_service(Act::DeleteMessage, Some(two.id.to_string())),
        resolved(0),
    ];
    assert_eq!(acts[..expected.len()], expected);
    assert!(stage.listed(Some(ReportStatus::Open)).await.is_empty());
    stage.bench.settled().await;
    let deleted: Vec<MessageId> = {
        let entries = stage.bench.entries.lock().unwrap();
        let deleted = entries.iter().filter_map(|entry| match &entry.event {
            Event::MessageDeleted(message) => Some(message.id.clone()),
            _ => None,
        });
        deleted.collect()
    };
    assert_eq!(deleted, [two.id.clone()], "nothing but the second message");
    let account = stage.bench.store.account(Party::Server, stage.bob.clone()).await.expect("read").expect("bob");
    assert!(account.disabled);
    let first = stage.bench.store.message(stage.ada.clone(), one.id.clone()).await.expect("there");
    assert!(first.deleted_at.is_none());

    // What cannot be done is refused, and the report waits on.
    let room = stage.bench.conversation(&stage.ada, ConversationKind::Room, true, &[]).await;
    let guest = UserId::trusted("guest-1");
    let (by, profile) = (actor(&guest), Profile::default());
    let join = JoinConversation { actor: by, conversation: room.clone(), profile, history: false };
    stage.bench.write(join).await.expect("joined");
    for (by, why) in [
        (&guest, (Code::Conflict, "A guest has no account that could be disabled.")),
        (&stage.service, (Code::Forbidden, "Only the operator can disable a service.")),
    ] {
        let said = stage.bench.send(by, &room, "hm").await.expect("sent").message;
        stage.report(&stage.ada, &said.id).await.expect("reported");
        let open = stage.listed(Some(ReportStatus::Open)).await[0].number;
        let refused = sentence(stage.decide(&stage.service, open, ReportAction::Disable).await);
        assert_eq!((refused.0, refused.1.as_str()), why);
        assert_eq!(stage.listed(Some(ReportStatus::Open)).await[0].number, open);
    }
}

async fn nobody_else_decides(bench: Bench) {
    let stage = stage(bench).await;
    let said = stage.say(&stage.bob, "1").await;
    stage.report(&stage.ada, &said.id).await.expect("reported");
    let number = stage.listed(None).await[0].number;
    for by in [&stage.ada, &stage.bob] {
        let refused = sentence(stage.decide(by, number, ReportAction::Dismiss).await);
        assert_eq!(refused.0, Code::Forbidden, "{refused:?}");
    }
    let none = sentence(stage.decide(&stage.service, number + 1, ReportAction::Dismiss).await);
    assert_eq!(none, (Code::NotFound, format!("There is no report `{}` that you can see.", number + 1)));
    assert_eq!(stage.listed(Some(ReportStatus::Open)).await.len(), 1);
}

async fn moderators_of_the_server_decide_without_being_there(bench: Bench) {
    let stage = stage(bench).await;
    let (eve, joe) = (stage.bench.user("eve").await, stage.bench.user("joe").await);
    let role = async |user: &UserId, role| {
        stage.bench.write(SetServerRole { user: user.clone(), role }).await.expect("a role");
    };
    role(&eve, ServerRole::Moderator).await;
    role(&stage.bob, ServerRole::Moderator).await;
    role(&joe, ServerRole::Admin).await;
    for text in ["1", "2", "3"] {
        let said = stage.say(&stage.bob, text).await;
        stage.report(&stage.ada, &said.id).await.expect("reported");
    }
    let numbers: Vec<i64> = stage.listed(None).await.iter().rev().map(|report| report.number).collect();
    let own = sentence(stage.decide(&stage.bob, numbers[0], ReportAction::Dismiss).await);
    assert_eq!(own, (Code::Forbidden, "A report about yourself is for others to resolve.".to_owned()));
    stage.decide(&eve, numbers[0], ReportAction::Delete).await.expect("resolved");
    let equals = sentence(stage.decide(&eve, numbers[1], ReportAction::Disable).await);
    assert_eq!(equals, (Code::Forbidden, "Only somebody of a lower role than your own can be disabled.".to_owned()));
    stage.decide(&eve, numbers[1], ReportAction::Silence).await.expect("resolved");
    // A role shows nobody a conversation.
    assert_eq!(sentence(stage.bench.send(&eve, &stage.group, "hi").await).0, Code::NotFound);
    stage.decide(&joe, numbers[2], ReportAction::Disable).await.expect("resolved");

    // What a silence needs, and whom it does not reach.
    let said = stage.say(&stage.ada, "of the owner").await;
    stage.report(&stage.service, &said.id).await.expect("reported");
    let number = stage.listed(Some(ReportStatus::Open)).await[0].number;
    let owner = (Code::Forbidden, "The owner of a conversation can be neither banned nor silenced.".to_owned());
    assert_eq!(sentence(stage.decide(&joe, number, ReportAction::Silence).await), owner);
    let past = Some(Timestamp(1));
    for (action, until, why) in [
        (ReportAction::Silence, None, "`until` is missing."),
        (ReportAction::Silence, past, "`until` must be in the future."),
        (ReportAction::Delete, past, "`until` is for a silence alone."),
    ] {
        let write = ResolveReport { actor: actor(&joe), report: number, action, until, reason: None };
        assert_eq!(sentence(stage.bench.write(write).await), (Code::InvalidPayload, why.to_owned()));
    }
    role(&joe, ServerRole::User).await;
    assert_eq!(sentence(stage.decide(&joe, number, ReportAction::Dismiss).await).0, Code::Forbidden);
}

async fn who_is_erased_leaves_no_snapshot(bench: Bench) {
    let stage = stage(bench).await;
    let (of_bob, of_ada) = (stage.say(&stage.bob, "bob was here").await, stage.say(&stage.ada, "hm").await);
    stage.report(&stage.ada, &of_bob.id).await.expect("reported");
    stage.report(&stage.bob, &of_ada.id).await.expect("reported");
    let second = stage.say(&stage.bob, "bob was here twice").await;
    stage.bench.write(EraseUser { user: stage.bob.clone(), by: None }).await.expect("begun");
    // Between two portions, too.
    let deleted = (Code::Conflict, "A deleted message cannot be reported.".to_owned());
    assert_eq!(sentence(stage.report(&stage.ada, &second.id).await), deleted);
    while stage.bench.write(ContinueErasure { user: stage.bob.clone() }).await.expect("erased on") {}
    let reports = stage.listed(None).await;
    let kept: Vec<_> =
        reports.iter().map(|report| report.snapshot.as_ref().map(|snapshot| snapshot.content.as_str())).collect();
    assert_eq!(kept, [Some("hm"), None]);
    let reasons: Vec<_> = reports.iter().map(|report| &*report.reason).collect();
    assert_eq!(reasons, ["", ""], "neither what the person wrote nor what was written about it");
    assert!(!format!("{reports:?}").contains("\"bob\""), "{reports:?}");
    assert_eq!(reports[0].reporter.as_ref().map(|user| &user.id), Some(&stage.bob), "an id that leads nowhere");
    stage.decide(&stage.service, reports[1].number, ReportAction::Delete).await.expect("resolved");
    let page = stage.bench.store.audit(Party::Server, AuditFilter::default(), None, 50).await.expect("a page");
    let about_bob = page.items.iter().filter(|entry| entry.user.as_ref() == Some(&stage.bob));
    assert!(about_bob.clone().any(|entry| entry.act == Act::ResolveReport));
    assert!(about_bob.clone().all(|entry| entry.reason.is_none()), "{:?}", page.items);
}

async fn a_report_ends_by_the_clock(bench: Bench) {
    let stage = stage(bench).await;
    let said = stage.say(&stage.bob, "old").await;
    stage.report(&stage.ada, &said.id).await.expect("reported");
    let number = stage.listed(None).await[0].number;
    stage.bench.environment.pass_ms(REPORTS_KEPT_DAYS * DAY_MS - 60_000);
    assert_eq!(stage.listed(None).await.len(), 1);
    stage.bench.environment.pass_ms(120_000);
    assert!(stage.listed(None).await.is_empty(), "nobody has removed it yet");
    assert_eq!(sentence(stage.decide(&stage.service, number, ReportAction::Dismiss).await).0, Code::NotFound);
    // It hinders no new one.
    stage.report(&stage.ada, &said.id).await.expect("reported");
    stage.bench.write(Prune { after: 0 }).await.expect("pruned");
    let left = stage.listed(None).await;
    assert_eq!((left.len(), left[0].number), (1, number + 1));
}
