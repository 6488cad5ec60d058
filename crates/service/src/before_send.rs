//! The hook that is asked before a message is sent or edited, if the operator names one.
//!
//! What must stay true: without a hook, a send costs one load. Only who sends waits for the hook: the commands of its
//! connection behind this one, and nobody else. What was asked about goes on, even if whoever sent it is gone.

use quintet_domain::{Actor, CheckDraft, Draft, Refusal, SendMessage, SendRewritten, Write, WriteCommand, Written};
use quintet_store::ReplyTo;
use quintet_telemetry::in_current_scope;
use tokio::sync::oneshot;

use crate::asking::{BeforeSend, Question};
use crate::{Lists, Service, screening};

/// The draft of a command; none if hooks are not asked about such commands.
pub(crate) fn draft_of(command: &WriteCommand) -> Option<Draft> {
    match command {
        WriteCommand::Send(text) => Some(Draft::Message(text.clone())),
        WriteCommand::Edit { message, content, details } => {
            Some(Draft::Edit { message: message.clone(), content: content.clone(), details: details.clone() })
        }
        WriteCommand::Delete { .. }
        | WriteCommand::React { .. }
        | WriteCommand::Pin { .. }
        | WriteCommand::Read(_)
        | WriteCommand::Deliver(_)
        | WriteCommand::Configure { .. }
        | WriteCommand::Block { .. }
        | WriteCommand::Report { .. }
        | WriteCommand::Join { .. }
        | WriteCommand::Leave { .. }
        | WriteCommand::CreateRoom { .. } => None,
    }
}

/// The write of a draft as it is. Its text is compared with lists, if there are any.
fn plain(lists: Option<&Lists>, actor: Actor, draft: Draft) -> Write {
    match draft {
        Draft::Message(text) => screening::sending(lists, actor, text).into(),
        Draft::Edit { message, content, details } => screening::editing(lists, actor, message, content, details).into(),
    }
}

impl Service {
    /// Sets what is asked before messages are sent and edited. Must be called before clients are served.
    pub fn set_before_send(&self, hook: Box<dyn BeforeSend>) {
        if self.0.asking.hook.set(hook).is_err() {
            tracing::error!("the hook was set twice");
        }
    }

    /// Whether a hook is asked before messages are sent and edited.
    pub(crate) fn asks_before_sending(&self) -> bool {
        self.0.asking.hook.get().is_some()
    }

    /// Waits until nothing waits for the hook any more.
    pub(crate) async fn finish_asking(&self) {
        self.0.asking.waiting.close();
        self.0.asking.waiting.wait().await;
    }

    /// Asks the hook about a draft, and returns its write. The lists of words and links have the last word: they are compared
    /// with what the hook has made of it.
    async fn write_after_asking(&self, actor: Actor, draft: Draft) -> Result<Write, Refusal> {
        let lists = self.lists();
        let Some(hook) = self.0.asking.hook.get() else { return Ok(plain(lists, actor, draft)) };
        let check = CheckDraft { actor: actor.clone(), draft: draft.clone() };
        let Some(context) = self.write(check).await? else { return Ok(plain(lists, actor, draft)) };
        let (id, links) = (format!("ask_{}", self.environment().new_id()), self.bases().public_links());
        let at = self.environment().now();
        let question = Question { id: &id, at, draft: &draft, context: &context, links: &links };
        let Some(rewrite) = hook.ask(question).await? else { return Ok(plain(lists, actor, draft)) };
        let rewritten = draft.clone().rewritten(rewrite);
        Ok(match (draft, rewritten) {
            (Draft::Message(given), Draft::Message(text)) if text != given => {
                let SendMessage { actor, text, screening } = screening::sending(lists, actor, text);
                SendRewritten { actor, text, given, screening }.into()
            }
            (_, rewritten) => plain(lists, actor, rewritten),
        })
    }

    /// Asks the hook about a draft, and queues its write. Returns once it is queued.
    pub(crate) async fn submit_after_asking(&self, actor: Actor, draft: Draft, reply: ReplyTo) -> Result<(), Refusal> {
        let service = self.clone();
        // In a task of its own: the message of a client that goes away meanwhile is sent all the same.
        let asking = self.0.asking.waiting.spawn(in_current_scope(async move {
            let write = service.write_after_asking(actor, draft).await?;
            Ok(service.store().submit(write, reply).await?)
        }));
        asking.await.map_err(|error| {
            tracing::error!(%error, "the task of a message that a hook was asked about has ended");
            Refusal::internal()
        })?
    }

    /// Asks the hook about a draft, and returns the result of its write once that is committed.
    pub(crate) async fn written_after_asking(&self, actor: Actor, draft: Draft) -> Result<Written, Refusal> {
        let (sender, receiver) = oneshot::channel();
        self.submit_after_asking(actor, draft, ReplyTo::Caller(sender)).await?;
        match receiver.await {
            Ok(written) => Ok(written?),
            // The writer stopped before it could answer.
            Err(_) => Err(Refusal::internal()),
        }
    }
}
