//! What lists of words and links do to messages, for each store.

use std::sync::Arc;

use quintet_domain::limits::FLAGS_OPEN_OF_USER_MAX;
use quintet_domain::{
    Code, EditMessage, Event, Message, Refusal, ReportAction, ReportStatus, Screening, SendMessage, Timestamp, UserId,
};

use crate::permissions::reports::{Stage, sentence, stage};
use crate::support::{Bench, actor, every_store, message};

every_store!(
    what_is_masked_is_stored_and_told,
    what_is_refused_changes_nothing,
    what_is_flagged_is_reported_by_the_server,
);

impl Stage {
    /// Sends a text of which lists say something.
    async fn screened(
        &self,
        by: &UserId,
        text: &str,
        id: Option<&str>,
        says: &Screening,
    ) -> Result<Arc<Message>, Refusal> {
        let send = message(by, &self.group, text, id);
        let screening = says.clone().kept();
        Ok(self.bench.write(SendMessage { screening, ..send }).await?.message)
    }
}

async fn what_is_masked_is_stored_and_told(bench: Bench) {
    let stage = stage(bench).await;
    let masked = |text: &str| Screening { masked: Some(text.to_owned()), ..Screening::default() };
    let sent = stage.screened(&stage.bob, "darn it", Some("c-1"), &masked("**** it")).await.expect("sent");
    assert_eq!(sent.content, "**** it");
    let read = stage.bench.store.message(stage.ada.clone(), sent.id.clone()).await.expect("there");
    assert_eq!((read.content.as_str(), &read.details), ("**** it", &None), "it is a plain message");
    // The same again is the same message, whatever the lists are by now; another text is another one.
    for says in
        [masked("**** it"), Screening::default(), Screening { refused: Some("darn".into()), ..Screening::default() }]
    {
        let again = stage.screened(&stage.bob, "darn it", Some("c-1"), &says).await.expect("repeated");
        assert_eq!(again.id, sent.id);
    }
    let other = stage.screened(&stage.bob, "damn it", Some("c-1"), &masked("**** it")).await;
    assert_eq!(sentence(other).0, Code::Conflict);
    let edit = EditMessage {
        actor: actor(&stage.bob),
        message: sent.id.clone(),
        content: "oh darn".into(),
        details: None,
        screening: masked("oh ****").kept(),
    };
    assert_eq!(stage.bench.write(edit).await.expect("edited").content, "oh ****");
    stage.bench.settled().await;
    let told: Vec<String> = {
        let entries = stage.bench.entries.lock().unwrap();
        let texts = entries.iter().filter_map(|entry| match &entry.event {
            Event::MessageCreated(message) | Event::MessageEdited(message) => Some(message.content.clone()),
            _ => None,
        });
        texts.collect()
    };
    assert_eq!(told, ["**** it", "oh ****"]);
    // Services are exempt.
    let sent = stage.screened(&stage.service, "darn it", None, &masked("**** it")).await.expect("sent");
    assert_eq!(sent.content, "darn it");
}

async fn what_is_refused_changes_nothing(bench: Bench) {
    let stage = stage(bench).await;
    let refused = Screening { refused: Some("Fool".into()), ..Screening::default() };
    let why = (Code::Forbidden, "The message has `Fool`, which is not allowed on this server.".to_owned());
    assert_eq!(sentence(stage.screened(&stage.bob, "you Fool", None, &refused).await), why);
    // Not even the direct conversation that it would begin.
    let mut direct = message(&stage.ada, &stage.group, "you Fool", None);
    direct.text.target = quintet_domain::Target::Direct(stage.bob.clone());
    assert_eq!(sentence(stage.bench.write(SendMessage { screening: refused.clone().kept(), ..direct }).await), why);
    assert_eq!(stage.bench.store.direct_conversation(stage.ada.clone(), stage.bob.clone()).await.expect("read"), None);
    let said = stage.say(&stage.bob, "hello").await;
    let edit = EditMessage {
        actor: actor(&stage.bob),
        message: said.id.clone(),
        content: "you Fool".into(),
        details: None,
        screening: refused.clone().kept(),
    };
    assert_eq!(sentence(stage.bench.write(edit).await), why);
    assert_eq!(stage.bench.store.message(stage.ada.clone(), said.id.clone()).await.expect("there").content, "hello");
    // Who may not write is told that, and nothing of the lists.
    let eve = stage.bench.user("eve").await;
    assert_eq!(sentence(stage.screened(&eve, "you Fool", None, &refused).await).0, Code::NotFound);
    stage.screened(&stage.service, "you Fool", None, &refused).await.expect("services are exempt");
}

async fn what_is_flagged_is_reported_by_the_server(bench: Bench) {
    let stage = stage(bench).await;
    let flagged = Screening { flagged: Some(Arc::from("The list of words has `pills`.")), ..Screening::default() };
    let said = stage.screened(&stage.bob, "pills", None, &flagged).await.expect("sent");
    let edit = |content: &str| EditMessage {
        actor: actor(&stage.bob),
        message: said.id.clone(),
        content: content.into(),
        details: None,
        screening: flagged.clone().kept(),
    };
    stage.bench.write(edit("more pills")).await.expect("edited");
    let reports = stage.listed(None).await;
    assert_eq!(reports.len(), 1, "one that waits is enough");
    assert_eq!((reports[0].by_server, &reports[0].reporter), (true, &None));
    assert_eq!(&*reports[0].reason, "The list of words has `pills`.");
    assert_eq!(reports[0].snapshot.as_ref().expect("a snapshot").content, "pills");
    stage.decide(&stage.service, reports[0].number, ReportAction::Dismiss).await.expect("resolved");
    stage.bench.write(edit("many pills")).await.expect("edited");
    let reports = stage.listed(Some(ReportStatus::Open)).await;
    let snapshot = reports[0].snapshot.clone().expect("a snapshot");
    assert_eq!((snapshot.content.as_str(), reports.len()), ("many pills", 1));
    assert!(snapshot.edited_at > Some(Timestamp(0)));
    // A person reports it beside that.
    stage.report(&stage.ada, &said.id).await.expect("reported");
    stage.screened(&stage.service, "pills", None, &flagged).await.expect("services are exempt");
    assert_eq!(stage.listed(Some(ReportStatus::Open)).await.len(), 2);
    for number in 1..FLAGS_OPEN_OF_USER_MAX + 5 {
        stage.screened(&stage.bob, &format!("{number}"), None, &flagged).await.expect("sent");
    }
    let flags = stage.listed(Some(ReportStatus::Open)).await.into_iter().filter(|report| report.by_server).count();
    assert_eq!(flags as i64, FLAGS_OPEN_OF_USER_MAX);
}
