//! Webhooks: who is told what happened, and how far they have been told.
//!
//! What must stay true: a position moves only ahead, unless the webhook is sent back; what was begun before that is not noted
//! after it.

use std::sync::Arc;

use quintet_domain::limits::{WEBHOOK_DELIVERIES_KEPT, WEBHOOKS_MAX};
use quintet_domain::{
    Act, AddWebhook, ChangeWebhook, DeleteWebhook, NoteWebhook, Refusal, ReplayWebhook, UserId, Webhook, WebhookFilter,
};

use crate::rows::AuditRow;
use crate::transaction::Transaction;
use crate::{RuleResult, audit, push};

fn found(tx: &mut Transaction<'_>, id: &str) -> RuleResult<Webhook> {
    tx.webhooks().webhook(id)?.ok_or_else(|| Refusal::not_found("webhook", id).into())
}

/// Notes that a service, or the operator if there is none, has done something with a webhook.
fn note_act(tx: &mut Transaction<'_>, act: Act, by: Option<&UserId>, id: &str) -> RuleResult<()> {
    let by = by.map(|by| tx.user(by)).transpose()?;
    let detail = Some(Arc::from(id));
    let noted = AuditRow { detail, ..audit::act(tx, act, by.map(|by| by.key)) };
    audit::note(tx, &noted)
}

/// Creates a webhook that is told what happens from now on.
pub(crate) fn add(tx: &mut Transaction<'_>, write: AddWebhook) -> RuleResult<Webhook> {
    if tx.webhooks().webhooks()?.len() >= WEBHOOKS_MAX {
        let why = format!("There are {WEBHOOKS_MAX} webhooks, which is the most; delete one first.");
        return Err(Refusal::conflict(why).into());
    }
    let webhook = Webhook {
        id: tx.new_id(),
        url: write.url,
        secret: write.secret,
        description: write.description,
        filter: write.filter,
        enabled: true,
        disabled_because: None,
        created_at: tx.now,
        position: tx.position(),
        turn: 0,
        failing_since: None,
    };
    tx.webhooks().put_webhook(&webhook)?;
    note_act(tx, Act::AddWebhook, write.by.as_ref(), &webhook.id)?;
    Ok(webhook)
}

/// Changes a webhook.
pub(crate) fn change(tx: &mut Transaction<'_>, write: ChangeWebhook) -> RuleResult<Webhook> {
    let before = found(tx, &write.id)?;
    let was_of_pushes = before.filter.is_of_pushes();
    let change = write.change;
    if change.url.is_some() && before.filter.personal {
        let why = "This webhook is told of direct conversations and notifications, so that its address stays; the operator \
                   can create another one.";
        return Err(Refusal::forbidden(why).into());
    }
    let known = before.clone();
    let enabled = change.enabled.unwrap_or(before.enabled);
    let filter = WebhookFilter {
        kinds: change.kinds.unwrap_or(before.filter.kinds),
        conversations: change.conversations.unwrap_or(before.filter.conversations),
        personal: before.filter.personal,
    };
    // Whoever changes it has seen why it failed, so that the days of failures begin anew.
    let webhook = Webhook {
        url: change.url.unwrap_or(before.url),
        description: change.description.unwrap_or(before.description),
        filter,
        enabled,
        disabled_because: before.disabled_because.filter(|_| !enabled),
        failing_since: None,
        ..before
    };
    tx.webhooks().put_webhook(&webhook)?;
    if webhook != known {
        note_act(tx, Act::ChangeWebhook, write.by.as_ref(), &webhook.id)?;
    }
    if was_of_pushes {
        push::end_webhooks(tx)?;
    }
    Ok(webhook)
}

/// Deletes a webhook.
pub(crate) fn delete(tx: &mut Transaction<'_>, write: &DeleteWebhook) -> RuleResult<()> {
    let before = found(tx, &write.id)?;
    tx.webhooks().delete_webhook(&write.id)?;
    if before.filter.is_of_pushes() {
        push::end_webhooks(tx)?;
    }
    note_act(tx, Act::DeleteWebhook, write.by.as_ref(), &write.id)
}

/// Sends a webhook to a position.
pub(crate) fn replay(tx: &mut Transaction<'_>, write: &ReplayWebhook) -> RuleResult<Webhook> {
    let before = found(tx, &write.id)?;
    let (pruned_to, newest) = (tx.log().pruned_to()?, tx.position());
    let Some(position) = write.from.checked_sub(1) else {
        return Err(Refusal::invalid("from", "must be at least 1, which is the first position").into());
    };
    if position < pruned_to {
        let why = format!(
            "The log is kept from position {} on, so that nothing can be told again from {}.",
            pruned_to + 1,
            write.from
        );
        return Err(Refusal::new(quintet_domain::Code::NotFound, why).into());
    }
    if position > newest {
        let what = format!("must be at most {}, which is the next position", newest + 1);
        return Err(Refusal::invalid("from", what).into());
    }
    let webhook = Webhook { position, turn: before.turn + 1, failing_since: None, ..before };
    tx.webhooks().put_webhook(&webhook)?;
    Ok(webhook)
}

/// Notes the outcome of deliveries.
pub(crate) fn note(tx: &mut Transaction<'_>, write: &NoteWebhook) -> RuleResult<Webhook> {
    let mut webhook = found(tx, &write.id)?;
    if webhook.turn != write.turn {
        return Err(Refusal::conflict("The webhook was sent back while something was delivered to it.").into());
    }
    webhook.note(write.position, write.is_failing, tx.now);
    if let Some(because) = &write.disable {
        webhook.disable(because.clone());
    }
    tx.webhooks().put_webhook(&webhook)?;
    if !write.attempts.is_empty() {
        tx.webhooks().add_webhook_deliveries(&write.id, &write.attempts, WEBHOOK_DELIVERIES_KEPT)?;
    }
    Ok(webhook)
}
