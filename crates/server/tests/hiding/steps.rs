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
    Mark(User, Where, Kind),
    Type(User, Where, bool),
    Block(User, User, bool),
    /// Block somebody who connects just then, or end the block.
    BlockWhoComes(User, User, bool, Vocabulary),
    /// Open the direct conversation with another user.
    Open(User, User),
    /// Decide what another user has asked.
    Decide(User, User, bool),
    JoinAgain(User, Where),
    LeaveAndJoin(User),
    MakeGroup,
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

fn place() -> impl Strategy<Value = Where> {
    prop_oneof![2 => Just(Where::Hall), 1 => Just(Where::Lounge), 3 => user().prop_map(Where::With)]
}

fn vocabulary() -> impl Strategy<Value = Vocabulary> {
    prop_oneof![5 => (0..NAMESPACES.len()).prop_map(Some), 1 => Just(None)]
}

fn step() -> impl Strategy<Value = Step> {
    let two = || (user(), user());
    let marks = prop_oneof![2 => Just(Kind::Read), 1 => Just(Kind::Delivered)];
    prop_oneof![
        5 => (user(), vocabulary()).prop_map(|(user, vocabulary)| Step::Connect(user, vocabulary)),
        3 => user().prop_map(Step::Lose),
        3 => user().prop_map(Step::Resume),
        6 => (user(), place()).prop_map(|(user, place)| Step::Say(user, place)),
        1 => user().prop_map(Step::Repeat),
        2 => user().prop_map(Step::Edit),
        7 => (user(), place(), marks).prop_map(|(user, place, kind)| Step::Mark(user, place, kind)),
        2 => (user(), place(), any::<bool>()).prop_map(|(user, place, typing)| Step::Type(user, place, typing)),
        6 => (two(), any::<bool>()).prop_map(|((by, other), blocked)| Step::Block(by, other, blocked)),
        1 => (two(), any::<bool>(), vocabulary())
            .prop_map(|((by, other), blocked, vocabulary)| Step::BlockWhoComes(by, other, blocked, vocabulary)),
        4 => two().prop_map(|(by, other)| Step::Open(by, other)),
        2 => (two(), any::<bool>()).prop_map(|((by, other), accept)| Step::Decide(by, other, accept)),
        2 => (user(), place()).prop_map(|(user, place)| Step::JoinAgain(user, place)),
        1 => user().prop_map(Step::LeaveAndJoin),
        1 => Just(Step::MakeGroup),
        2 => Just(Step::RenameHall),
        2 => user().prop_map(Step::ChangeProfile),
        8 => (user(), any::<usize>()).prop_map(|(user, number)| Step::Look(user, number)),
        1 => Just(Step::WaitForOffline),
    ]
}

/// A random history.
pub fn history() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 30..60)
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
            Step::Block(by, other, blocked) if by != other => self.block(by, other, blocked, None).await,
            Step::BlockWhoComes(by, other, blocked, vocabulary) if by != other => {
                self.block(by, other, blocked, Some(vocabulary)).await;
            }
            Step::Open(by, other) if by != other => self.open(by, other).await,
            Step::Decide(by, other, accept) if by != other => self.decide(by, other, accept).await,
            Step::Block(..) | Step::BlockWhoComes(..) | Step::Open(..) | Step::Decide(..) => {}
            Step::JoinAgain(user, place) => {
                if let Some(conversation) = place.id(user, self) {
                    self.join_again(user, &conversation).await;
                }
            }
            Step::LeaveAndJoin(user) => self.leave_and_join(user).await,
            Step::MakeGroup => self.make_group().await,
            Step::RenameHall => self.rename_hall().await,
            Step::ChangeProfile(user) => self.change_profile(user).await,
            Step::Look(user, number) => self.look(user, number).await,
            Step::WaitForOffline => self.wait_for_offline().await,
        }
    }
}
