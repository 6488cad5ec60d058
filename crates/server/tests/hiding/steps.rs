//! The steps of a random history.

use proptest::prelude::*;

use super::claims::Kind;
use super::model::{Model, User};
use super::vocabularies::{NAMESPACES, Vocabulary};
use super::world::{USERS, World};

/// A conversation as a step names it.
#[derive(Clone, Copy, Debug)]
pub enum Where {
    Hall,
    Lounge,
    /// The direct conversation with another user, if there is one.
    With(User),
}

#[derive(Clone, Debug)]
pub enum Step {
    Connect(User, Vocabulary),
    /// Lose the oldest connection.
    Lose(User),
    /// Resume the newest that was lost.
    Resume(User),
    Say(User, Where),
    /// Send the newest message once more.
    Repeat(User),
    Edit(User),
    /// Send a message that another user reads, rather one who is hidden, send it once more, and edit it.
    HaveRead(User, User, Where),
    Mark(User, Where, Kind),
    Type(User, Where, bool),
    Block(User, User, bool),
    /// Block another user or, if it is blocked, end the block.
    ChangeBlock(User, User),
    /// Block somebody who has begun a direct conversation, and end the block soon.
    BlockForAWhile(User, User),
    /// Block somebody who connects just then, or end the block.
    BlockWhoComes(User, User, bool, Vocabulary),
    /// Open the direct conversation with another user.
    Open(User, User),
    /// Decide what another user has asked.
    Decide(User, User, bool),
    JoinAgain(User, Where),
    LeaveAndJoin(User),
    /// Make a group of all, or of all and many others.
    MakeGroup(bool),
    RenameHall,
    ChangeProfile(User),
    /// Look at something over HTTP.
    Look(User, usize),
    /// Wait until those without connections are offline.
    WaitForOffline,
}

fn user() -> impl Strategy<Value = User> {
    0..USERS
}

fn two() -> impl Strategy<Value = (User, User)> {
    (user(), 1..USERS).prop_map(|(one, further)| (one, (one + further) % USERS))
}

/// A conversation of all.
fn shared() -> impl Strategy<Value = Where> {
    prop_oneof![Just(Where::Hall), Just(Where::Lounge)]
}

fn place() -> impl Strategy<Value = Where> {
    prop_oneof![1 => shared(), 1 => user().prop_map(Where::With)]
}

fn vocabulary() -> impl Strategy<Value = Vocabulary> {
    // A connection that is undecided receives the events of all vocabularies.
    prop_oneof![5 => (0..NAMESPACES.len()).prop_map(Some), 1 => Just(None)]
}

fn step() -> impl Strategy<Value = Step> {
    let marks = prop_oneof![2 => Just(Kind::Read), 1 => Just(Kind::Delivered)];
    prop_oneof![
        5 => (user(), vocabulary()).prop_map(|(user, vocabulary)| Step::Connect(user, vocabulary)),
        3 => user().prop_map(Step::Lose),
        3 => user().prop_map(Step::Resume),
        6 => (user(), place()).prop_map(|(user, place)| Step::Say(user, place)),
        1 => user().prop_map(Step::Repeat),
        1 => user().prop_map(Step::Edit),
        3 => (two(), shared()).prop_map(|((author, reader), place)| Step::HaveRead(author, reader, place)),
        7 => (user(), place(), marks).prop_map(|(user, place, kind)| Step::Mark(user, place, kind)),
        2 => (user(), place(), any::<bool>()).prop_map(|(user, place, typing)| Step::Type(user, place, typing)),
        1 => (two(), any::<bool>()).prop_map(|((by, other), blocked)| Step::Block(by, other, blocked)),
        3 => two().prop_map(|(by, other)| Step::ChangeBlock(by, other)),
        2 => two().prop_map(|(by, other)| Step::BlockForAWhile(by, other)),
        1 => (two(), any::<bool>(), vocabulary())
            .prop_map(|((by, other), blocked, vocabulary)| Step::BlockWhoComes(by, other, blocked, vocabulary)),
        4 => two().prop_map(|(by, other)| Step::Open(by, other)),
        2 => (two(), any::<bool>()).prop_map(|((by, other), accept)| Step::Decide(by, other, accept)),
        4 => (user(), shared()).prop_map(|(user, place)| Step::JoinAgain(user, place)),
        1 => user().prop_map(Step::LeaveAndJoin),
        2 => any::<bool>().prop_map(Step::MakeGroup),
        2 => Just(Step::RenameHall),
        3 => user().prop_map(Step::ChangeProfile),
        8 => (user(), any::<usize>()).prop_map(|(user, number)| Step::Look(user, number)),
        1 => Just(Step::WaitForOffline),
    ]
}

/// How a history begins: everybody is there, so that the first steps meet somebody, and one user, who receives the events of all
/// vocabularies, has written to another, who may have blocked it.
fn beginning() -> impl Strategy<Value = Vec<Step>> {
    let there = prop::collection::vec(vocabulary(), USERS);
    (there, two(), any::<bool>()).prop_map(|(there, (by, other), blocked)| {
        let connections = there.into_iter().enumerate();
        let mut steps: Vec<Step> = connections.map(|(user, vocabulary)| Step::Connect(user, vocabulary)).collect();
        steps.extend([Step::Connect(other, None), Step::Open(other, by)]);
        steps.extend(blocked.then_some(Step::Block(by, other, true)));
        steps
    })
}

/// A random history.
pub fn history() -> impl Strategy<Value = Vec<Step>> {
    (beginning(), prop::collection::vec(step(), 22..44)).prop_map(|(beginning, steps)| [beginning, steps].concat())
}

impl Where {
    fn id(self, user: User, world: &World) -> Option<String> {
        match self {
            Self::Hall => Some(world.hall.clone()),
            Self::Lounge => Some(world.lounge.clone()),
            Self::With(other) => world.model.directs.get(&Model::pair(user, other)).cloned(),
        }
    }
}

impl World {
    pub async fn take(&mut self, step: &Step) {
        match *step {
            Step::Connect(user, vocabulary) => self.connect(user, vocabulary).await,
            Step::Lose(user) => self.lose(user),
            Step::Resume(user) => self.resume(user).await,
            Step::Say(user, place) => {
                if let Some(conversation) = place.id(user, self) {
                    self.say(user, &conversation).await;
                }
            }
            Step::Repeat(user) => self.repeat(user).await,
            Step::Edit(user) => self.edit(user).await,
            Step::Mark(user, place, kind) => {
                if let Some(conversation) = place.id(user, self) {
                    self.mark(user, &conversation, kind).await;
                }
            }
            Step::Type(user, place, typing) => {
                if let Some(conversation) = place.id(user, self) {
                    self.set_typing(user, &conversation, typing).await;
                }
            }
            Step::HaveRead(author, reader, place) => {
                if let Some(conversation) = place.id(author, self) {
                    self.have_read(author, reader, &conversation).await;
                }
            }
            Step::Block(by, other, blocked) => self.block(by, other, blocked, None).await,
            Step::ChangeBlock(by, other) => {
                let blocked = !self.model.blocks.contains(&(by, other));
                self.block(by, other, blocked, None).await;
            }
            Step::BlockForAWhile(by, other) => self.block_for_a_while(by, other).await,
            Step::BlockWhoComes(by, other, blocked, vocabulary) => {
                self.block(by, other, blocked, Some(vocabulary)).await;
            }
            Step::Open(by, other) => self.open(by, other).await,
            Step::Decide(by, other, accept) => self.decide(by, other, accept).await,
            Step::JoinAgain(user, place) => {
                if let Some(conversation) = place.id(user, self) {
                    self.join_again(user, &conversation).await;
                }
            }
            Step::LeaveAndJoin(user) => self.leave_and_join(user).await,
            Step::MakeGroup(large) => self.make_group(large).await,
            Step::RenameHall => self.rename_hall().await,
            Step::ChangeProfile(user) => self.change_profile(user).await,
            Step::Look(user, number) => self.look(user, number).await,
            Step::WaitForOffline => self.wait_for_offline().await,
        }
    }
}
