//! Nobody finds what they may not see, at any moment: random histories and searches, beside a model.
//!
//! What must stay true: once the index has come to what was committed, a search finds exactly what the model finds, in every
//! store; before that, messages may be missing, and nothing else is different.

use std::collections::BTreeSet;

use proptest::prelude::*;
use quintet_domain::{
    AddMember, AddService, ConversationId, ConversationKind, DeleteConversation, DeleteMessage, Departure, EditMessage,
    FileLink, Has, JoinConversation, LeaveConversation, MessageId, MessageSearch, Metadata, NewDetails, Profile,
    RemoveMember, Scopes, UserId,
};

use crate::search::{found, found_now, search};
use crate::support::{Bench, Factory, actor, block_on, message, postgres_store, quick_stores};

/// The number of people.
const PEOPLE: usize = 4;
/// The user that is a service, which is a member of nothing.
const SERVICE: usize = PEOPLE;
/// The conversations; the last one is direct, of the first two people.
const CONVERSATIONS: usize = 4;
const DIRECT: usize = CONVERSATIONS - 1;

/// What a message brings beside its text.
#[derive(Clone, Debug, Default)]
struct Brought {
    /// The names of its files.
    files: Vec<String>,
    metadata: Option<String>,
    mention: Option<usize>,
    /// Whether it continues the thread of the newest message.
    in_thread: bool,
}

#[derive(Clone, Debug)]
enum Step {
    Send(String, Brought),
    Edit(String),
    Delete,
    Join,
    Leave,
    Add(usize),
    Remove(usize),
    DeleteConversation,
    Find { text: String, waits: bool, has: Option<Has>, here: bool, from: Option<usize> },
}

fn word() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["ab", "abc", "Äbc", "zz", "東京", "東京都", "京"])
}

fn words() -> impl Strategy<Value = String> {
    proptest::collection::vec(word(), 1..4).prop_map(|words| words.join(" "))
}

fn brought() -> impl Strategy<Value = Brought> {
    let files = prop_oneof![2 => Just(0..1), 1 => Just(2..4)]
        .prop_flat_map(|count| proptest::collection::vec(word().prop_map(|word| format!("{word}.png")), count));
    let metadata = proptest::option::weighted(0.3, words());
    let mention = proptest::option::weighted(0.3, 0..PEOPLE);
    (files, metadata, mention, any::<bool>()).prop_map(|(files, metadata, mention, in_thread)| Brought {
        files,
        metadata,
        mention,
        in_thread,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let has = prop_oneof![3 => Just(None), 1 => Just(Some(Has::File)), 1 => Just(Some(Has::Mention))];
    let from = proptest::option::weighted(0.2, 0..PEOPLE);
    let find = (words(), any::<bool>(), has, any::<bool>(), from);
    prop_oneof![
        4 => words().prop_map(|text| Step::Send(text, Brought::default())),
        5 => (words(), brought()).prop_map(|(text, brought)| Step::Send(text, brought)),
        3 => words().prop_map(Step::Edit),
        2 => Just(Step::Delete),
        4 => Just(Step::Join),
        2 => Just(Step::Leave),
        3 => (0..PEOPLE).prop_map(Step::Add),
        2 => (0..PEOPLE).prop_map(Step::Remove),
        1 => Just(Step::DeleteConversation),
        7 => find.prop_map(|(text, waits, has, here, from)| Step::Find { text, waits, has, here, from }),
    ]
}

/// A message as the model has it.
struct Modelled {
    id: MessageId,
    conversation: usize,
    sender: usize,
    /// The text; `None` once it is deleted.
    text: Option<String>,
    brought: Brought,
}

impl Modelled {
    fn texts(&self) -> Option<Vec<&str>> {
        let text = self.text.as_deref()?;
        Some([text].into_iter().chain(self.brought.files.iter().map(String::as_str)).collect())
    }

    fn has(&self, has: Option<Has>) -> bool {
        match has {
            None => true,
            Some(Has::File) => !self.brought.files.is_empty(),
            Some(Has::Mention) => self.brought.mention.is_some(),
            Some(Has::Link) => false,
        }
    }
}

struct Conversation {
    id: ConversationId,
    members: BTreeSet<usize>,
    /// The users who have left by their own choice. An addition of one of them is only an invitation.
    left: BTreeSet<usize>,
    deleted: bool,
}

impl Conversation {
    /// A user joins by its own choice.
    fn comes(&mut self, user: usize) {
        self.members.insert(user);
        self.left.remove(&user);
    }

    /// A user leaves by its own choice.
    fn goes(&mut self, user: usize) {
        if self.members.remove(&user) {
            self.left.insert(user);
        }
    }
}

struct Run {
    bench: Bench,
    users: Vec<UserId>,
    conversations: Vec<Conversation>,
    messages: Vec<Modelled>,
}

impl Run {
    async fn start(factory: Factory) -> Self {
        let bench = Bench::of(factory);
        let mut users = Vec::new();
        for user in 0..PEOPLE {
            users.push(bench.user(&format!("u{user}")).await);
        }
        let service = AddService { name: "shop".into(), hash: "hash".into(), scopes: Scopes::all() };
        users.push(bench.write(service).await.unwrap().user.id.clone());
        let mut conversations = Vec::new();
        for (kind, open, others) in [
            (ConversationKind::Group, false, 1..1),
            (ConversationKind::Group, true, 1..1),
            (ConversationKind::Room, true, 1..1),
            (ConversationKind::Direct, false, 1..2),
        ] {
            let id = bench.conversation(&users[0], kind, open, &users[others.clone()]).await;
            let members = others.chain([0]).collect();
            conversations.push(Conversation { id, members, left: BTreeSet::new(), deleted: false });
        }
        Self { bench, users, conversations, messages: Vec::new() }
    }

    /// Whether a user may read the messages of a conversation now, whenever they were sent.
    fn may_read(&self, user: usize, at: usize) -> bool {
        let Conversation { members, deleted, .. } = &self.conversations[at];
        !deleted && (members.contains(&user) || user == SERVICE && at != DIRECT)
    }

    async fn take(&mut self, by: usize, at: usize, step: Step) {
        let (id, me) = (self.conversations[at].id.clone(), self.users[by].clone());
        let actor = actor(&me);
        // The newest message of the conversation is edited or deleted.
        let newest = self.messages.iter().rposition(|message| message.conversation == at);
        match step {
            Step::Send(text, brought) => self.send(by, at, text, brought).await,
            Step::Edit(text) => {
                let Some(newest) = newest else { return };
                let message = self.messages[newest].id.clone();
                if self
                    .bench
                    .write(EditMessage { actor, message, content: text.clone(), details: None, screening: None })
                    .await
                    .is_ok()
                {
                    self.messages[newest].text = Some(text);
                }
            }
            Step::Delete => {
                let Some(newest) = newest else { return };
                let message = self.messages[newest].id.clone();
                if self.bench.write(DeleteMessage { actor, message }).await.is_ok() {
                    self.messages[newest].text = None;
                }
            }
            Step::Join => {
                let join = JoinConversation { actor, conversation: id, profile: Profile::default(), history: false };
                if by != SERVICE && self.bench.write(join).await.is_ok() {
                    self.conversations[at].comes(by);
                }
            }
            Step::Leave => {
                let leave = LeaveConversation { actor, conversation: id, departure: Departure::Left };
                if self.bench.write(leave).await.is_ok() {
                    self.conversations[at].goes(by);
                }
            }
            Step::Add(other) => {
                let add =
                    AddMember { actor, conversation: id, user: self.users[other].clone(), role: None, reason: None };
                if self.bench.write(add).await.is_ok() {
                    // A user who adds itself joins.
                    if by == other {
                        self.conversations[at].comes(by);
                    } else if !self.conversations[at].left.contains(&other) {
                        self.conversations[at].members.insert(other);
                    }
                }
            }
            Step::Remove(other) => {
                let remove = RemoveMember { actor, conversation: id, user: self.users[other].clone(), reason: None };
                if self.bench.write(remove).await.is_ok() {
                    match by == other {
                        true => self.conversations[at].goes(by),
                        false => _ = self.conversations[at].members.remove(&other),
                    }
                }
            }
            Step::DeleteConversation => {
                // A direct conversation is hidden by that, and its messages stay.
                if self.bench.write(DeleteConversation { actor, conversation: id }).await.is_ok() && at != DIRECT {
                    self.conversations[at].members.clear();
                    self.conversations[at].deleted = true;
                }
            }
            Step::Find { text, waits, has, here, from } => {
                let narrowed = MessageSearch {
                    has,
                    conversation: here.then_some(id),
                    from: from.map(|from| self.users[from].clone()),
                    ..search(&text)
                };
                if here && !self.may_read(by, at) {
                    let refused = self.bench.store.search_messages(me, narrowed, None, 2).await;
                    assert!(refused.is_err(), "{by} searches {at}");
                    return;
                }
                let fits = |message: &Modelled| {
                    message.has(has)
                        && from.is_none_or(|from| message.sender == from)
                        && (!here || message.conversation == at)
                };
                self.find(by, &narrowed, fits, waits).await;
            }
        }
    }

    async fn send(&mut self, by: usize, at: usize, text: String, brought: Brought) {
        let root = self.messages.iter().rfind(|message| message.conversation == at);
        let link = |name: &String| FileLink::new(format!("https://example.org/{name}"), Some(name.clone())).unwrap();
        let details = NewDetails {
            files: brought.files.iter().map(link).collect(),
            metadata: brought.metadata.as_ref().map(|text| Metadata::trusted(&format!("{{\"{text}\":\"{text}\"}}"))),
            thread: root.filter(|_| brought.in_thread).map(|root| root.id.clone()),
            mentions: brought.mention.map(|user| vec![self.users[user].clone()]),
            ..NewDetails::default()
        };
        let mut write = message(&self.users[by], &self.conversations[at].id, &text, None);
        write.text.file = details.files.first().cloned();
        write.text.details = details.kept();
        if let Ok(sent) = self.bench.write(write).await {
            let id = sent.message.id.clone();
            self.messages.push(Modelled { id, conversation: at, sender: by, text: Some(text), brought });
        }
    }

    async fn find(&self, by: usize, search: &MessageSearch, fits: impl Fn(&Modelled) -> bool, waits: bool) {
        let fitting = |message: &&Modelled| {
            let has_words = message.texts().is_some_and(|texts| search.text.fits(texts));
            has_words && self.may_read(by, message.conversation) && fits(message)
        };
        let expected: Vec<&MessageId> = self.messages.iter().rev().filter(fitting).map(|found| &found.id).collect();
        let me = &self.users[by];
        let found = match waits {
            true => found(&self.bench, me, search).await,
            false => found_now(&*self.bench.store, me, search).await,
        };
        let ids: Vec<&MessageId> = found.iter().map(|message| &message.id).collect();
        if waits {
            assert_eq!(ids, expected, "{by} searches {search:?}");
        } else {
            // What the index does not know yet may be missing, and nothing else is different.
            let known: BTreeSet<&MessageId> = ids.iter().copied().collect();
            let rest: Vec<&MessageId> = expected.into_iter().filter(|id| known.contains(id)).collect();
            assert_eq!(ids, rest, "{by} searches {search:?}");
        }
        for message in &found {
            let modelled = self.messages.iter().find(|modelled| modelled.id == message.id).unwrap();
            let (text, sender) = (modelled.text.as_ref(), &self.users[modelled.sender]);
            assert_eq!((Some(&message.content), &message.sender.id), (text, sender));
            let details = message.details.as_deref().cloned().unwrap_or_default();
            let names: Vec<_> = details.files.into_iter().filter_map(|file| file.name).collect();
            assert_eq!(names, modelled.brought.files);
            assert_eq!(details.metadata.is_some(), modelled.brought.metadata.is_some());
            assert_eq!(details.mentions.len(), usize::from(modelled.brought.mention.is_some()));
        }
    }
}

fn finds_what_is_readable(factory: Factory, steps: &[(usize, usize, Step)]) {
    block_on(async {
        let mut run = Run::start(factory).await;
        for (user, at, step) in steps.iter().cloned() {
            run.take(user, at, step).await;
        }
        for user in 0..=SERVICE {
            for text in ["ab", "abc", "zz", "東京", "京", "ab zz", "png"] {
                run.find(user, &search(text), |_| true, true).await;
            }
        }
    });
}

#[test]
fn those_who_are_asked_back_find_nothing_yet() {
    let find = Step::Find { text: "ab".to_owned(), waits: false, has: None, here: true, from: None };
    let steps = [(SERVICE, 1, Step::Add(1)), (0, 1, Step::Remove(0)), (1, 1, Step::Add(0)), (0, 1, find)];
    for (_, factory) in quick_stores() {
        finds_what_is_readable(factory, &steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 256, ..ProptestConfig::default() })]

    #[test]
    fn nobody_finds_what_they_may_not_see(
        steps in proptest::collection::vec((0..=SERVICE, 0..CONVERSATIONS, step()), 1..60)
    ) {
        for (name, factory) in quick_stores() {
            eprintln!("{name}");
            finds_what_is_readable(factory, &steps);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 32, ..ProptestConfig::default() })]

    #[test]
    fn nobody_finds_it_on_postgres(
        steps in proptest::collection::vec((0..=SERVICE, 0..CONVERSATIONS, step()), 1..60)
    ) {
        finds_what_is_readable(postgres_store(), &steps);
    }
}
