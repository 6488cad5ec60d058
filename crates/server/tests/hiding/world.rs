//! Some users of one server, their conversations and connections, and what each was shown.
//!
//! What must stay true: everything that reaches a user of the world passes `World::judge`.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::claims::{self, Claim, Kind};
use super::looks::Look;
use super::model::{Model, Sent, User};
use super::vocabularies::{Act, Place, Vocabulary, event, is_done, message_id, namespace};
use crate::support::{Http, Server, Wire};

pub const SECRET: &str = "a secret of the tests, of 32 bytes and more";

/// The number of users who do something; one more keeps the hall, and is never there.
pub const USERS: usize = 3;
pub const KEEPER: User = USERS;

/// What was shown to somebody of another user: in which vocabulary, where, what, and by which event or field.
pub type Shown = (String, &'static str, Kind, String);

/// A connection of a user.
struct Connection {
    user: User,
    vocabulary: Vocabulary,
    wire: Wire,
    /// The secret by which it is resumed.
    pid: String,
    /// How many of its packets were judged.
    judged: usize,
}

/// A connection that was lost.
struct Lost {
    user: User,
    vocabulary: Vocabulary,
    auth: Value,
}

pub struct World {
    pub http: Http,
    address: std::net::SocketAddr,
    pub name: String,
    pub ids: Vec<String>,
    pub tokens: Vec<String>,
    /// A group of all, or an open room where strangers ask.
    pub hall: String,
    /// An open room of all, which one can leave and join.
    pub lounge: String,
    pub meetup: Option<String>,
    /// Whether strangers ask before they reach somebody.
    strangers: bool,
    connections: Vec<Connection>,
    lost: Vec<Lost>,
    pub model: Model,
    pub looks: Vec<Look>,
    said: usize,
    pub shown: BTreeSet<Shown>,
}

/// A token of a user.
pub fn issued(user: &str) -> String {
    let claims = json!({ "sub": user, "username": user, "exp": 4_102_444_800_u64 });
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).expect("a token")
}

fn id(made: &Value) -> String {
    made["id"].as_str().expect("an id").to_owned()
}

impl World {
    /// Creates the users and what they share. Where `strangers` ask, they share nothing by which they are acquainted.
    pub async fn new(server: &Server, name: &str, strangers: bool, looks: Vec<Look>) -> Self {
        let http = server.http();
        let ids: Vec<String> = ["ada", "bob", "eve", "kim"].iter().map(|one| format!("{name}-{one}")).collect();
        let tokens: Vec<String> = ids.iter().map(|id| issued(id)).collect();
        for token in &tokens {
            http.api(token, "GET", "/me", Value::Null).await.expect(200);
        }
        let room = |name: &str| json!({ "kind": "room", "name": name });
        let group = json!({ "kind": "group", "name": "Hall", "memberIds": &ids[..USERS] });
        let keeper = &tokens[KEEPER];
        let hall = if strangers { room("Hall") } else { group };
        let hall = id(&http.api(keeper, "POST", "/conversations", hall).await.expect(201));
        let lounge = id(&http.api(keeper, "POST", "/conversations", room("Lounge")).await.expect(201));
        let mut world = Self {
            address: server.address(),
            name: name.to_owned(),
            hall,
            lounge,
            meetup: None,
            strangers,
            connections: Vec::new(),
            lost: Vec::new(),
            model: Model::default(),
            looks,
            said: 0,
            shown: BTreeSet::new(),
            http,
            ids,
            tokens,
        };
        for user in 0..=USERS {
            world.join(user, &world.lounge.clone()).await;
            if strangers {
                world.join(user, &world.hall.clone()).await;
            }
        }
        if !strangers {
            world.meet().await;
            for (one, other) in [(0, 1), (0, 2), (1, 2)] {
                world.open(one, other).await;
                world.say(other, &world.model.directs[&(one, other)].clone()).await;
            }
        }
        world
    }

    /// The first user is the host of a meetup in which the others take part.
    async fn meet(&mut self) {
        let http = &self.http;
        let proposal = json!({ "activity": "Chess", "location": "Park", "startsAt": "2099-01-01T00:00:00Z" });
        let meetup = id(&http.api(&self.tokens[0], "POST", "/meetups", proposal).await.expect(201));
        for other in 1..USERS {
            let path = format!("/meetups/{meetup}/requests");
            http.api(&self.tokens[other], "POST", &path, json!({})).await.expect(201);
            let path = format!("{path}/{}/accept", self.ids[other]);
            http.api(&self.tokens[0], "POST", &path, json!({})).await.expect(200);
        }
        self.meetup = Some(meetup);
    }

    async fn join(&self, user: User, room: &str) {
        let path = format!("/conversations/{room}/members");
        let answer = self.http.api(&self.tokens[user], "POST", &path, json!({})).await;
        assert!(answer.status < 300, "{}", answer.text);
    }

    // --- what is shown ---

    /// Judges what a user was shown, by the model as of before and behind a change: what either permits is permitted.
    pub fn judge(
        &mut self,
        viewer: User,
        vocabulary: &str,
        place: &'static str,
        claims: Vec<Claim>,
        models: &[Model],
        what: &str,
    ) {
        let ids = &self.ids;
        let number = |id: &str| ids.iter().position(|one| one == id);
        for claim in claims {
            let reasons: Vec<Option<String>> =
                models.iter().map(|model| model.forbids(viewer, &claim, number)).collect();
            if let Some(why) = reasons.iter().cloned().reduce(|one, other| one.and(other)).flatten() {
                panic!("{}: {vocabulary} shows {viewer} in its {place} that {claim:?}, but {why}: {what}", self.name);
            }
            let is_of_another = match &claim.of {
                claims::Of::User(id) | claims::Of::Typist { user: id, .. } => {
                    number(id).is_some_and(|user| user != viewer)
                }
                claims::Of::SomeReader { message } => {
                    self.model.sent.get(message).is_some_and(|sent| sent.author == viewer)
                }
            };
            if is_of_another {
                self.shown.insert((vocabulary.to_owned(), place, claim.kind, claim.by));
            }
        }
    }

    /// Judges the packets of all connections that were not judged yet.
    fn judge_packets(&mut self, models: &[Model]) {
        for at in 0..self.connections.len() {
            let connection = &mut self.connections[at];
            connection.wire.events.clear();
            let (user, vocabulary) = (connection.user, namespace(connection.vocabulary));
            let packets: Vec<String> = connection.wire.packets[connection.judged..].to_vec();
            connection.judged = connection.wire.packets.len();
            for packet in packets {
                let arguments: Vec<Value> =
                    serde_json::from_str(&packet[packet.find('[').expect("arguments")..]).expect("JSON");
                if packet.starts_with("43") {
                    let claims = claims::of_value(&arguments[0]);
                    self.judge(user, vocabulary, "acknowledgement", claims, models, &packet);
                } else {
                    let payload = arguments.get(1).unwrap_or(&Value::Null);
                    let claims = claims::of_event(arguments[0].as_str().expect("a name"), payload, arguments.len() > 2);
                    self.judge(user, vocabulary, "event", claims, models, &packet);
                }
            }
        }
    }

    /// Waits until every connection has received what was sent to it before now, and judges it.
    pub async fn settle(&mut self, models: &[Model]) {
        let path = format!("/conversations/{}/messages", self.hall);
        self.said += 1;
        let body = json!({ "content": format!("hello {}", self.said) });
        let sent = self.http.api(&self.tokens[KEEPER], "POST", &path, body).await.expect(201);
        let sent = sent["id"].as_str().expect("an id");
        for connection in &mut self.connections {
            loop {
                let (_, payload) = connection.wire.event().await;
                if payload.to_string().contains(sent) {
                    break;
                }
            }
            // A user that is connected has received all that was sent so far.
            self.model.note(connection.user, None, Kind::Delivered);
        }
        self.judge_packets(models);
    }

    pub async fn settle_now(&mut self) {
        let models = [self.model.clone()];
        self.settle(&models).await;
    }

    /// Does something that changes what may be shown: what was shown before is judged as of before, and what is shown
    /// meanwhile as of either.
    async fn change(&mut self, change: impl FnOnce(&mut Model)) -> Model {
        self.settle_now().await;
        let before = self.model.clone();
        change(&mut self.model);
        before
    }

    async fn changed(&mut self, before: Model) {
        self.settle(&[before, self.model.clone()]).await;
    }

    // --- what users do ---

    pub async fn connect(&mut self, user: User, vocabulary: Vocabulary) {
        self.attach(user, vocabulary, json!({ "token": self.tokens[user] })).await;
        self.settle_now().await;
    }

    async fn attach(&mut self, user: User, vocabulary: Vocabulary, auth: Value) {
        let (wire, pid) = Wire::recoverable(self.address, namespace(vocabulary), auth).await;
        self.connections.push(Connection { user, vocabulary, wire, pid, judged: 0 });
        self.model.note(user, None, Kind::Delivered);
    }

    /// Loses the oldest connection of a user. It goes offline some time later, unless it has another one.
    pub fn lose(&mut self, user: User) {
        let Some(at) = self.connections.iter().position(|one| one.user == user) else { return };
        let Connection { vocabulary, wire, pid, .. } = self.connections.remove(at);
        let mut auth = json!({ "token": self.tokens[user], "pid": pid });
        if let Some(offset) = wire.offset {
            auth["offset"] = offset;
        }
        self.lost.push(Lost { user, vocabulary, auth });
    }

    /// Resumes the newest connection that a user has lost.
    pub async fn resume(&mut self, user: User) {
        let Some(at) = self.lost.iter().rposition(|one| one.user == user) else { return };
        let Lost { vocabulary, auth, .. } = self.lost.remove(at);
        self.attach(user, vocabulary, auth).await;
        self.settle_now().await;
    }

    /// Does something in a conversation on a connection of the user, if one of its connections can. Returns the
    /// acknowledgement of what was done.
    async fn act(&mut self, user: User, conversation: &str, act: &Act<'_>) -> Option<Value> {
        let pair = self.model.directs.iter().find(|(_, direct)| *direct == conversation).map(|(pair, _)| *pair);
        let other = pair.map(|(one, other)| self.ids[if one == user { other } else { one }].clone());
        let place = Place { me: &self.ids[user], conversation, other: other.as_deref() };
        // The connections take turns.
        let turn = self.said + self.connections.len();
        let own: Vec<&mut Connection> = self.connections.iter_mut().filter(|one| one.user == user).collect();
        let mut able: Vec<_> =
            own.into_iter().filter_map(|one| Some((event(one.vocabulary?, act, &place)?, one))).collect();
        if able.is_empty() {
            return None;
        }
        let at = turn % able.len();
        let ((name, payload), connection) = able.swap_remove(at);
        let ack = connection.wire.call(name, &payload).await;
        is_done(&ack).then_some(ack)
    }

    pub async fn say(&mut self, user: User, conversation: &str) {
        // A message that names the other user instead of the conversation accepts what the other user has asked for.
        let asked = (0..USERS).map(|other| (other, user)).find(|pair| {
            let direct = self.model.directs.get(&Model::pair(pair.0, pair.1));
            self.model.begun.contains(pair) && direct.is_some_and(|direct| direct == conversation)
        });
        if asked.is_some() {
            self.settle_now().await;
        }
        self.said += 1;
        let text = format!("hello-{}", self.said);
        let message = match self.act(user, conversation, &Act::Send(&text)).await {
            Some(ack) => message_id(&ack),
            None => {
                let path = format!("/conversations/{conversation}/messages");
                let body = json!({ "content": text, "clientMessageId": text });
                let answer = self.http.api(&self.tokens[user], "POST", &path, body).await;
                let claims = claims::of_value(&answer.json());
                let models = [self.model.clone()];
                self.judge(user, "v1", "answer", claims, &models, &answer.text);
                if answer.status == 201 { message_id(&answer.json()) } else { None }
            }
        };
        let Some(message) = message else { return };
        let sent = Sent { conversation: conversation.to_owned(), author: user, text, ..Sent::default() };
        self.model.sent.insert(message, sent);
        for user in self.connections.iter().map(|one| one.user) {
            self.model.note(user, Some(conversation), Kind::Delivered);
        }
        if let Some(pair) = asked {
            let before = self.model.clone();
            self.model.begun.remove(&pair);
            self.changed(before).await;
        }
    }

    /// The newest message of a user: ids of messages grow.
    fn newest_of(&self, user: User) -> Option<(String, Sent)> {
        let own = self.model.sent.iter().rev().find(|(_, sent)| sent.author == user);
        own.map(|(id, sent)| (id.clone(), sent.clone()))
    }

    /// Sends the newest message once more, which is acknowledged as it is by now.
    pub async fn repeat(&mut self, user: User) {
        let Some((_, Sent { conversation, text, .. })) = self.newest_of(user) else { return };
        self.act(user, &conversation, &Act::Send(&text)).await;
        self.settle_now().await;
    }

    pub async fn edit(&mut self, user: User) {
        let Some((message, Sent { conversation, .. })) = self.newest_of(user) else { return };
        if self.act(user, &conversation, &Act::Edit(&message)).await.is_none() {
            let path = format!("/messages/{message}");
            let answer = self.http.api(&self.tokens[user], "PATCH", &path, json!({ "content": "edited" })).await;
            let claims = claims::of_value(&answer.json());
            let models = [self.model.clone()];
            self.judge(user, "v1", "answer", claims, &models, &answer.text);
        }
        self.settle_now().await;
    }

    /// Reads everything in a conversation, or says that it was received.
    pub async fn mark(&mut self, user: User, conversation: &str, kind: Kind) {
        self.model.note(user, Some(conversation), kind);
        let (act, call) = if kind == Kind::Read { (Act::Read, "read") } else { (Act::Deliver, "delivered") };
        if self.act(user, conversation, &act).await.is_none() {
            let newest = self.model.sent.iter().rev().find(|(_, sent)| sent.conversation == conversation);
            let Some(newest) = newest.map(|(id, _)| id.clone()) else { return };
            let path = format!("/conversations/{conversation}/{call}");
            self.http.api(&self.tokens[user], "PUT", &path, json!({ "messageId": newest })).await;
        }
    }

    pub async fn set_typing(&mut self, user: User, conversation: &str, typing: bool) {
        self.act(user, conversation, &Act::Type(typing)).await;
    }

    /// Joins where the user is a member: the members are shown to it.
    pub async fn join_again(&mut self, user: User, conversation: &str) {
        self.act(user, conversation, &Act::Join).await;
        self.settle_now().await;
    }

    /// Leaves the lounge, and joins it again.
    pub async fn leave_and_join(&mut self, user: User) {
        let lounge = self.lounge.clone();
        let path = format!("/conversations/{lounge}/members/{}", self.ids[user]);
        self.http.api(&self.tokens[user], "DELETE", &path, Value::Null).await.expect(204);
        if self.act(user, &lounge, &Act::Join).await.is_none() {
            self.join(user, &lounge).await;
        }
        self.settle_now().await;
    }

    /// Blocks another user, or ends the block. At the same time a connection of the other comes in a vocabulary, if one is
    /// given.
    pub async fn block(&mut self, user: User, other: User, blocked: bool, comes: Option<Vocabulary>) {
        let before = self
            .change(|model| {
                if blocked {
                    model.blocks.insert((user, other));
                } else {
                    model.blocks.remove(&(user, other));
                }
            })
            .await;
        let id = self.ids[other].clone();
        let (method, path) = (if blocked { "PUT" } else { "DELETE" }, format!("/me/blocks/{id}"));
        if let Some(vocabulary) = comes {
            let (http, token) = (self.http.clone(), self.tokens[user].clone());
            let block = http.api(&token, method, &path, Value::Null);
            let auth = json!({ "token": self.tokens[other] });
            futures_util::join!(block, self.attach(other, vocabulary, auth)).0.expect(204);
        } else if self.act(user, "", &Act::Block(&id, blocked)).await.is_none() {
            self.http.api(&self.tokens[user], method, &path, Value::Null).await.expect(204);
        }
        self.changed(before).await;
    }

    /// Opens the direct conversation of two users, by which the first asks the second or accepts that it asked.
    pub async fn open(&mut self, user: User, other: User) {
        let (is_new, strangers) = (!self.model.directs.contains_key(&Model::pair(user, other)), self.strangers);
        if self.model.is_blocked(user, other) {
            return;
        }
        let before = self
            .change(|model| {
                model.begun.remove(&(other, user));
                if is_new && strangers {
                    model.begun.insert((user, other));
                }
            })
            .await;
        let body = json!({ "kind": "direct", "memberIds": [self.ids[other]] });
        let made = self.http.api(&self.tokens[user], "POST", "/conversations", body).await;
        assert!(made.status < 300, "{}", made.text);
        let claims = claims::of_value(&made.json());
        self.judge(user, "v1", "answer", claims, &[before.clone(), self.model.clone()], &made.text);
        self.model.directs.insert(Model::pair(user, other), id(&made.json()));
        self.changed(before).await;
    }

    /// Decides what another user has asked.
    pub async fn decide(&mut self, user: User, other: User, accept: bool) {
        let requests = self.http.api(&self.tokens[user], "GET", "/me/requests", Value::Null).await.expect(200);
        let items = requests["items"].as_array().expect("a list");
        let Some(request) = items.iter().find(|one| one["from"]["id"] == self.ids[other]) else { return };
        let verb = if accept { "accept" } else { "decline" };
        let path = format!("/me/requests/{}/{verb}", request["id"].as_str().expect("an id"));
        let before = self
            .change(|model| {
                if accept {
                    model.begun.remove(&(other, user));
                }
            })
            .await;
        let answer = self.http.api(&self.tokens[user], "POST", &path, Value::Null).await;
        assert!(answer.status < 300, "{}", answer.text);
        let claims = claims::of_value(&answer.json());
        self.judge(user, "v1", "answer", claims, &[before.clone(), self.model.clone()], &answer.text);
        self.changed(before).await;
    }

    pub async fn rename_hall(&mut self) {
        self.said += 1;
        let (path, name) = (format!("/conversations/{}", self.hall), format!("Hall {}", self.said));
        self.http.api(&self.tokens[KEEPER], "PATCH", &path, json!({ "name": name })).await.expect(200);
        self.settle_now().await;
    }

    pub async fn change_profile(&mut self, user: User) {
        self.said += 1;
        let body = json!({ "name": format!("Name {}", self.said) });
        self.http.api(&self.tokens[user], "PATCH", "/me", body).await.expect(200);
        self.settle_now().await;
    }

    /// Waits until every user without a connection is shown to be offline.
    pub async fn wait_for_offline(&mut self) {
        for user in 0..USERS {
            if self.connections.iter().any(|one| one.user == user) {
                continue;
            }
            let path = format!("/users/{}", self.ids[user]);
            let mut look = tokio::time::interval(Duration::from_millis(50));
            let gone = async {
                loop {
                    look.tick().await;
                    let shown = self.http.api(&self.tokens[KEEPER], "GET", &path, Value::Null).await.expect(200);
                    if shown["online"] != true {
                        break;
                    }
                }
            };
            tokio::time::timeout(Duration::from_secs(20), gone).await.expect("it goes offline");
        }
        self.settle_now().await;
    }
}
