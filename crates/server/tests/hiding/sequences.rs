//! What single steps in a random order seldom lead to: several things that users do one after another.

use quintet_domain::limits::TOLD_EACH_MAX;
use serde_json::{Value, json};

use super::claims::Kind;
use super::model::User;
use super::world::{KEEPER, USERS, World, issued};
use crate::support::Http;

/// The ids of people who do nothing. A group of these people and the users of a world is so large that the server tells its
/// members of it by another event than those of a small group.
fn crowd() -> impl Iterator<Item = String> {
    (USERS..=TOLD_EACH_MAX).map(|number| format!("crowd-{number}"))
}

/// Creates the people who do nothing.
pub async fn create_crowd(http: &Http) {
    for id in crowd() {
        http.api(&issued(&id), "GET", "/me", Value::Null).await.expect(200);
    }
}

impl World {
    /// The keeper creates a group of all, or of all and many others.
    pub async fn make_group(&mut self, large: bool) {
        let members: Vec<String> = self.ids[..USERS].iter().cloned().chain(crowd().filter(|_| large)).collect();
        let body = json!({ "kind": "group", "name": "Group", "memberIds": members });
        self.http.api(&self.tokens[KEEPER], "POST", "/conversations", body).await.expect(201);
        self.settle_now().await;
    }

    /// Everybody comes once and goes, so that it is stored when each was last seen.
    pub async fn come_and_go(&mut self) {
        for user in 0..USERS {
            self.connect(user, None).await;
            self.lose(user);
        }
        self.wait_for_offline().await;
    }

    /// Sends a message that another user reads, sends it once more, and edits it: the acknowledgements show who has read it.
    /// Somebody who is hidden from the author reads it rather than the given one.
    pub async fn have_read(&mut self, author: User, reader: User, conversation: &str) {
        let reader = (0..USERS).find(|user| self.model.hides(*user, author)).unwrap_or(reader);
        self.say(author, conversation).await;
        self.mark(reader, conversation, Kind::Read).await;
        self.repeat(author).await;
        self.edit(author).await;
    }

    /// Blocks a user who has begun a direct conversation, and ends the block. If the user has not accepted what the other
    /// began, it stays hidden after the block.
    pub async fn block_for_a_while(&mut self, user: User, other: User) {
        self.open(other, user).await;
        self.block(user, other, true, None).await;
        self.block(user, other, false, None).await;
        self.change_profile(user).await;
    }
}
