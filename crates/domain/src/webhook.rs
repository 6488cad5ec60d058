//! Webhooks: servers of others that are told what happened.
//!
//! What must stay true: a secret is never part of debugging output.

use std::fmt;

use crate::limits::{
    WEBHOOK_CONVERSATIONS_MAX, WEBHOOK_DESCRIPTION_CHARS_MAX, WEBHOOK_FAILING_DAYS_MAX, WEBHOOK_PROBLEM_CHARS_MAX,
};
use crate::{ConversationId, ModelEventType, Refusal, Timestamp, refuse_nul};

/// The secret by which a receiver knows that a delivery is of this server.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(pub String);

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret")
    }
}

/// What a webhook is told of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookFilter {
    /// The kinds; empty for all of them but those that [have to be named](ModelEventType::has_to_be_named).
    pub kinds: Vec<ModelEventType>,
    /// The conversations; empty for all of them, and for what is about none.
    pub conversations: Vec<ConversationId>,
    /// Whether it is told of direct conversations and of notifications, which only the operator can decide: services do not
    /// see those of others.
    pub personal: bool,
}

impl WebhookFilter {
    /// Returns whether the only event of a webhook is `push.needed`.
    #[must_use]
    pub fn is_of_pushes(&self) -> bool {
        self.kinds.contains(&ModelEventType::PushNeeded)
    }

    /// Returns whether a webhook is told of something, which may be of a direct conversation or a notification.
    #[must_use]
    pub fn wants(&self, kind: ModelEventType, conversation: Option<&ConversationId>, is_personal: bool) -> bool {
        let wants_kind = match self.kinds.is_empty() {
            true => !kind.has_to_be_named(),
            false => self.kinds.contains(&kind),
        };
        let may_know = self.personal || !is_personal;
        wants_kind
            && may_know
            && (self.conversations.is_empty() || conversation.is_some_and(|id| self.conversations.contains(id)))
    }
}

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The id of the webhook.
    pub id: String,
    /// The address of the receiver.
    pub url: String,
    /// The secret that deliveries are signed with.
    pub secret: WebhookSecret,
    /// What it is for, for people.
    pub description: String,
    /// What it is told of.
    pub filter: WebhookFilter,
    /// Whether it is told anything.
    pub enabled: bool,
    /// Why the server itself has disabled it, as a sentence.
    pub disabled_because: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// The position up to which everything was delivered.
    pub position: u64,
    /// The number of times that it was sent back or disabled. What was begun before that is not noted after it.
    pub turn: u64,
    /// The first failure since the last success.
    pub failing_since: Option<Timestamp>,
}

impl Webhook {
    /// Returns whether deliveries to both are the same, wherever they are in the log.
    #[must_use]
    pub fn delivers_as(&self, other: &Self) -> bool {
        let parts = |one: &Self| (one.enabled, one.turn);
        parts(self) == parts(other)
            && (&self.url, &self.secret, &self.filter) == (&other.url, &other.secret, &other.filter)
    }

    /// Takes over the outcome of deliveries. After [`WEBHOOK_FAILING_DAYS_MAX`] days of failures the webhook is disabled.
    pub fn note(&mut self, position: u64, is_failing: bool, now: Timestamp) {
        self.position = self.position.max(position);
        if !is_failing {
            self.failing_since = None;
            return;
        }
        let since = *self.failing_since.get_or_insert(now);
        if now.0 - since.0 >= WEBHOOK_FAILING_DAYS_MAX * 24 * 60 * 60 * 1_000 {
            self.disable(format!(
                "Every delivery since {since} has failed, for more than {WEBHOOK_FAILING_DAYS_MAX} days."
            ));
        }
    }

    /// Disables the webhook. `because` is a sentence.
    pub fn disable(&mut self, because: String) {
        self.enabled = false;
        self.disabled_because = Some(because);
        self.turn += 1;
    }
}

/// One attempt to deliver something to a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookDelivery {
    /// The position of what was delivered.
    pub position: u64,
    /// What was delivered.
    pub kind: ModelEventType,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// When the attempt began.
    pub at: Timestamp,
    /// The time in milliseconds until there was an answer, or none was waited for.
    pub took_ms: u64,
    /// The status of the answer.
    pub status: Option<u16>,
    /// Whether it was delivered.
    pub delivered: bool,
    /// What was wrong, as a sentence.
    pub problem: Option<String>,
}

/// Changes of a webhook. What is none stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookChange {
    /// The new address.
    pub url: Option<String>,
    /// The new description.
    pub description: Option<String>,
    /// The new kinds.
    pub kinds: Option<Vec<ModelEventType>>,
    /// The new conversations.
    pub conversations: Option<Vec<ConversationId>>,
    /// Whether it is told anything from now on.
    pub enabled: Option<bool>,
}

/// Checks the description of a webhook.
///
/// # Errors
/// A refusal that names `description`.
pub fn validate_webhook_description(text: &str) -> Result<(), Refusal> {
    refuse_nul("description", text)?;
    let chars = text.chars().count();
    if chars > WEBHOOK_DESCRIPTION_CHARS_MAX {
        let what = format!("has {chars} characters; at most {WEBHOOK_DESCRIPTION_CHARS_MAX} are allowed");
        return Err(Refusal::too_large("description", what));
    }
    Ok(())
}

/// Reads the kinds of a filter.
///
/// # Errors
/// A refusal that names `events`, the kind that does not exist, and those that do.
pub fn webhook_kinds<T: AsRef<str>>(texts: &[T]) -> Result<Vec<ModelEventType>, Refusal> {
    let mut kinds = Vec::new();
    for text in texts {
        let kind = ModelEventType::parse(text.as_ref()).ok_or_else(|| {
            let known = ModelEventType::ALL.map(ModelEventType::as_str).join(", ");
            Refusal::invalid("events", format!("has `{}`, which is none of {known}", text.as_ref()))
        })?;
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    // Its deliveries wait for people to be away, and those of other events must not.
    if kinds.contains(&ModelEventType::PushNeeded) && kinds.len() > 1 {
        let name = ModelEventType::PushNeeded.as_str();
        let what = format!("has `{name}` beside others; a webhook that is told of it is told of nothing else");
        return Err(Refusal::invalid("events", what));
    }
    Ok(kinds)
}

/// Reads the conversations of a filter.
///
/// # Errors
/// A refusal that names `conversations`.
pub fn webhook_conversations<T: AsRef<str>>(texts: &[T]) -> Result<Vec<ConversationId>, Refusal> {
    if texts.len() > WEBHOOK_CONVERSATIONS_MAX {
        let what = format!("has {} ids; at most {WEBHOOK_CONVERSATIONS_MAX} are allowed", texts.len());
        return Err(Refusal::too_large("conversations", what));
    }
    let id = |text: &T| {
        ConversationId::new(text.as_ref())
            .map_err(|error| Refusal::invalid("conversations", format!("has what is no id: {error}")))
    };
    texts.iter().map(id).collect()
}

/// Cuts a sentence about a delivery, which may quote what others wrote, to what is kept of it.
#[must_use]
pub fn webhook_problem(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(WEBHOOK_PROBLEM_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_names() {
        for kind in ModelEventType::ALL {
            assert_eq!(ModelEventType::parse(kind.as_str()), Some(kind));
        }
        let refusal = webhook_kinds(&["message.created", "message.seen"]).expect_err("unknown");
        assert!(refusal.message.starts_with("`events` has `message.seen`, which is none of message.created, "));
    }

    #[test]
    fn a_webhook_of_pushes_is_told_nothing_else() {
        let pushes = webhook_kinds(&["push.needed", "push.needed"]).expect("one kind");
        assert!(WebhookFilter { kinds: pushes, ..WebhookFilter::default() }.is_of_pushes());
        assert!(!WebhookFilter::default().is_of_pushes(), "everything else");
        let refusal = webhook_kinds(&["push.needed", "message.created"]).expect_err("both");
        assert!(refusal.message.starts_with("`events` has `push.needed` beside others"), "{refusal}");
    }

    #[test]
    fn a_filter_names_kinds_and_conversations() {
        let (a, b) = (ConversationId::trusted("a"), ConversationId::trusted("b"));
        let (created, edited, user) =
            (ModelEventType::MessageCreated, ModelEventType::MessageEdited, ModelEventType::UserCreated);
        let all = WebhookFilter::default();
        assert!(all.wants(user, None, false) && all.wants(created, Some(&a), false));
        assert!(!all.wants(created, Some(&a), true), "what is personal is told to nobody by itself");
        assert!(WebhookFilter { personal: true, ..all }.wants(created, Some(&a), true));
        let some = WebhookFilter { kinds: vec![created], conversations: vec![a.clone()], personal: false };
        assert!(some.wants(created, Some(&a), false));
        assert!(!some.wants(edited, Some(&a), false) && !some.wants(created, Some(&b), false));
        let reported = ModelEventType::ReportCreated;
        assert!(!WebhookFilter::default().wants(reported, Some(&a), false), "it has to be named");
        assert!(WebhookFilter { kinds: vec![reported], ..WebhookFilter::default() }.wants(reported, Some(&a), false));
        let of_a = WebhookFilter { kinds: Vec::new(), ..some };
        assert!(!of_a.wants(user, None, false), "what is about no conversation is not of one");
    }
}
