//! Browsers that messages are pushed to: what their users ask, and what the sender asks.
//!
//! What must stay true: a subscription is checked before it is stored; its keys leave the store only to encrypt with.

use quintet_domain::limits::PUSH_ENDPOINT_BYTES_MAX;
use quintet_domain::{
    Actor, AddPushSubscription, Code, MovePushCursor, NotePushActivity, Refusal, RemovePushSubscriptions, Timestamp,
    UserId,
};
use quintet_outbound::check_url;
use quintet_push::{Subscription, SubscriptionError};
use quintet_store::{PushAbout, PushContent, PushNotice, PushStep, PushSubscriptionRow};

use crate::Service;
use crate::activity::{Activity, NotedFor};

/// What a browser hands over when it is subscribed.
#[derive(Clone)]
pub struct PushInput {
    /// The URL at which its push service takes messages for it.
    pub endpoint: String,
    /// The public key of the browser, in base64url.
    pub p256dh: String,
    /// The secret that the browser shares with the sender, in base64url.
    pub auth: String,
}

fn refused(error: SubscriptionError) -> Refusal {
    Refusal::invalid(error.field, error.reason)
}

impl Service {
    /// Sets the public key by which push services know this server, once. Without it, nobody can subscribe.
    pub fn set_push_key(&self, key: String) {
        if self.0.push_key.set(key).is_err() {
            tracing::error!("the key of push messages was set before");
        }
    }

    /// Returns when users were last active on this node.
    #[must_use]
    pub fn activity(&self) -> &Activity {
        &self.0.activity
    }

    /// Records that a connection of a registered user sent an event.
    pub fn note_active(&self, user: &UserId) {
        self.0.activity.note(user, || self.environment().now());
    }

    /// Returns the public key by which push services know this server, in base64url.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if push messages are not set up.
    pub fn push_key(&self) -> Result<&str, Refusal> {
        let key = self.0.push_key.get().map(String::as_str);
        key.ok_or_else(|| Refusal::not_found("push key", "of this server"))
    }

    /// Subscribes a browser, or renews its subscription.
    ///
    /// # Errors
    /// A refusal that names the invalid field; `ERR_FORBIDDEN` for those who are no registered users.
    pub async fn add_push_subscription(&self, actor: Actor, input: PushInput) -> Result<(), Refusal> {
        self.push_key()?;
        if input.endpoint.len() > PUSH_ENDPOINT_BYTES_MAX {
            return Err(Refusal::too_large("endpoint", format!("has at most {PUSH_ENDPOINT_BYTES_MAX} bytes")));
        }
        let subscription = Subscription::parse(&input.endpoint, &input.p256dh, &input.auth).map_err(refused)?;
        let endpoint = &subscription.endpoint;
        let allowed = &self.0.settings.outbound;
        check_url(endpoint.as_str(), allowed).map_err(|error| Refusal::new(Code::InvalidPayload, error.to_string()))?;
        if !endpoint.is_encrypted() && !endpoint.address().is_some_and(|address| allowed.contain(address)) {
            return Err(Refusal::invalid("endpoint", "must be an https URL"));
        }
        self.write(AddPushSubscription {
            actor,
            endpoint: endpoint.as_str().to_owned(),
            p256dh: subscription.keys.p256dh.to_vec(),
            auth: subscription.keys.auth.to_vec(),
        })
        .await?;
        self.activity().set_noted(NotedFor::Browsers, true);
        Ok(())
    }

    /// Ends the subscription of a user's browser, or of all of them. Returns how many ended.
    ///
    /// # Errors
    /// An internal error.
    pub async fn remove_push_subscriptions(&self, user: UserId, endpoint: Option<String>) -> Result<u64, Refusal> {
        self.write(RemovePushSubscriptions { user: Some(user), endpoint }).await
    }

    /// Returns the browsers of a user that messages are pushed to, the one that was renewed longest ago first.
    ///
    /// # Errors
    /// An internal error.
    pub async fn push_subscriptions(&self, user: UserId) -> Result<Vec<PushSubscriptionRow>, Refusal> {
        Ok(self.store().push().subscriptions(user).await?)
    }

    // --- what the sender asks ---

    /// Returns whether anybody has a browser that messages are pushed to.
    ///
    /// # Errors
    /// An internal error.
    pub async fn has_push_subscribers(&self) -> Result<bool, Refusal> {
        Ok(self.store().push().has_subscribers().await?)
    }

    /// Returns who is to be sent a push message about what was committed behind the cursor.
    ///
    /// # Errors
    /// An internal error.
    pub async fn push_step(&self) -> Result<PushStep, Refusal> {
        Ok(self.store().push().step().await?)
    }

    /// Returns the push message for a user about something, as it is now; `None` if nothing is to be sent.
    ///
    /// # Errors
    /// An internal error.
    pub async fn push_notice(&self, user: UserId, about: PushAbout) -> Result<Option<PushNotice>, Refusal> {
        Ok(self.store().push().notice(user, about).await?)
    }

    /// Stores up to which position it has been decided who is sent a push message.
    ///
    /// # Errors
    /// An internal error.
    pub async fn move_push_cursor(&self, to: u64) -> Result<(), Refusal> {
        self.write(MovePushCursor { to }).await
    }

    /// Ends a subscription that its push service does not know any more.
    ///
    /// # Errors
    /// An internal error.
    pub async fn remove_dead_push_subscription(&self, endpoint: String) -> Result<u64, Refusal> {
        self.write(RemovePushSubscriptions { user: None, endpoint: Some(endpoint) }).await
    }

    /// Stores when users were last active, for the other nodes.
    ///
    /// # Errors
    /// An internal error.
    pub async fn store_push_activity(&self, users: Vec<(UserId, Timestamp)>) -> Result<(), Refusal> {
        let everybody = self.activity().is_noted_for(NotedFor::Webhooks);
        self.write(NotePushActivity { users, everybody }).await
    }

    // --- what webhooks are told ---

    /// Returns who of all people is to be sent a push message about what was committed behind a position.
    ///
    /// # Errors
    /// An internal error.
    pub async fn push_step_behind(&self, after: u64) -> Result<PushStep, Refusal> {
        Ok(self.store().push().step_behind(after).await?)
    }

    /// Returns what is to be pushed to a user about something, as it is now, and when the user was last active on any node;
    /// `None` if nothing is to be sent.
    ///
    /// # Errors
    /// An internal error.
    pub async fn push_needed(
        &self,
        user: UserId,
        about: PushAbout,
    ) -> Result<Option<(PushContent, Timestamp)>, Refusal> {
        let here = self.activity().last(&user).unwrap_or(Timestamp(0));
        let needed = self.store().push().needed(user, about).await?;
        Ok(needed.map(|(content, stored)| (content, stored.max(here))))
    }
}
