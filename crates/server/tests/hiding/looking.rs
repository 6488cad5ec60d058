//! What the users of a world look at over HTTP.

use super::claims::{self, Kind};
use super::looks::{About, Look, look};
use super::model::{Model, User};
use super::world::{USERS, World};

impl World {
    /// The ids that something can be looked at about.
    fn candidates(&self, viewer: User, about: About) -> Vec<String> {
        let directs = || self.model.directs.iter().filter(|((one, other), _)| *one == viewer || *other == viewer);
        match about {
            About::Nothing => vec![String::new()],
            About::User => self.ids[..USERS].to_vec(),
            About::Hall => vec![self.hall.clone(), self.lounge.clone()],
            About::Direct => directs().map(|(_, id)| id.clone()).collect(),
            About::Message => {
                let own = self.model.sent.iter().rev().filter(|(_, sent)| sent.author == viewer);
                own.take(2).map(|(id, _)| id.clone()).collect()
            }
            About::Meetup => self.meetup.iter().cloned().collect(),
        }
    }

    /// Looks at one of all things, by its number.
    pub async fn look(&mut self, viewer: User, number: usize) {
        if let Some(one) = self.looks.get(number % self.looks.len().max(1)).cloned() {
            self.look_at(viewer, &one).await;
        }
    }

    /// Looks at one thing. Returns whether there was anything.
    async fn look_at(&mut self, viewer: User, one: &Look) -> bool {
        let mut found = false;
        for id in self.candidates(viewer, one.about) {
            if one.marks_read() {
                self.model.note(viewer, None, Kind::Read);
            }
            let path = one.path(&id, &self.name);
            let Some(answer) = look(&self.http, &self.tokens[viewer], &path).await else { continue };
            found = true;
            let claims = claims::of_value(&answer);
            let models = [self.model.clone()];
            self.judge(viewer, one.vocabulary(), "answer", claims, &models, &format!("{path} {answer}"));
        }
        found
    }

    /// Waits until a user is shown that something it wrote to another one was delivered, which is saved a little later.
    pub async fn wait_for_delivered(&self, user: User, other: User) {
        let direct = &self.model.directs[&Model::pair(user, other)];
        let path = format!("/conversations/api/messages/{direct}");
        let delivered = async {
            while look(&self.http, &self.tokens[user], &path)
                .await
                .is_none_or(|answer| !answer.to_string().contains("\"delivered\""))
            {}
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), delivered).await.expect("it is delivered");
    }

    /// Looks at everything, and keeps what there is to look at.
    pub async fn look_around(&mut self, viewer: User) -> Vec<Look> {
        let mut found = Vec::new();
        for one in self.looks.clone() {
            if self.look_at(viewer, &one).await {
                found.push(one);
            }
        }
        found
    }
}
