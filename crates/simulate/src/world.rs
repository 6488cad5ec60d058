//! The users, conversations and clients of a simulation.
//!
//! What must stay true: every vocabulary that can ask for something has several clients, some users have two, and each
//! kind of conversation is there.

use std::rc::Rc;

use quintet_dialect::Dialect;
use quintet_domain::{
    Actor, ConversationKind, CreateConversation, DecideContact, NewConversation, NewUser, Profile, Refusal,
    RegisterUser, UserId,
};

use crate::client::Client;
use crate::server::Server;
use crate::sim::Sim;

/// Registered users.
pub(crate) const USERS: [&str; 6] = ["ada", "ben", "cleo", "dan", "eva", "finn"];

/// The clients: their users, whether these are guests, and their vocabularies.
const CLIENTS: [(&str, bool, Option<Dialect>); 12] = [
    ("ada", false, Some(Dialect::Conversations)),
    ("ada", false, Some(Dialect::Chat)),
    ("ben", false, Some(Dialect::Chat)),
    ("ben", false, Some(Dialect::Conversations)),
    ("cleo", false, Some(Dialect::Conversations)),
    ("dan", false, Some(Dialect::Chat)),
    ("eva", false, Some(Dialect::Rooms)),
    ("eva", false, Some(Dialect::Chat)),
    ("finn", false, None),
    ("finn", false, Some(Dialect::Rooms)),
    ("gus", true, Some(Dialect::Rooms)),
    ("hal", true, Some(Dialect::Rooms)),
];

/// Makes the clients.
pub(crate) fn clients() -> Vec<Rc<Client>> {
    let clients = CLIENTS.iter().enumerate().map(|(index, (user, guest, dialect))| {
        let alone = CLIENTS.iter().filter(|(other, ..)| other == user).count() == 1;
        Rc::new(Client::new(index, UserId::trusted(user), *guest, *dialect, alone))
    });
    clients.collect()
}

/// A conversation to be made by a user.
pub(crate) fn conversation(by: &str, kind: ConversationKind, open: bool, members: &[&str]) -> CreateConversation {
    let new = NewConversation {
        kind,
        name: (kind != ConversationKind::Direct).then(|| format!("of {by}")),
        description: None,
        picture: None,
        metadata: None,
        open,
        members: members.iter().map(|user| UserId::trusted(user)).collect(),
        owner: None,
        join: true,
        profile: Profile::default(),
    };
    CreateConversation { actor: Actor::user(UserId::trusted(by)), new }
}

/// Registers the users and makes the first conversations.
pub(crate) async fn begin(sim: &Sim, server: &Server) -> Result<(), Refusal> {
    for user in USERS {
        let new = NewUser { id: Some(UserId::trusted(user)), username: user.to_owned(), ..NewUser::default() };
        server.call(RegisterUser { new }).await?;
    }
    let joint = [
        // Whoever is in no closed group with another one is a stranger to it.
        conversation("ada", ConversationKind::Group, false, &["ben", "cleo"]),
        conversation("cleo", ConversationKind::Group, false, &["dan", "finn"]),
        conversation("ben", ConversationKind::Group, true, &["ada", "dan", "eva"]),
        conversation("eva", ConversationKind::Room, true, &[]),
        conversation("finn", ConversationKind::Room, true, &[]),
    ];
    for conversation in joint {
        server.call(conversation).await?;
    }
    // All of them are strangers at first, and so were invited.
    for user in USERS.map(UserId::trusted) {
        for invited in server.contact_requests(user.clone()).await? {
            sim.history.borrow_mut().agree(&invited.conversation.id, &user);
            let actor = Actor::user(user.clone());
            server.call(DecideContact { actor, request: invited.id, accept: true }).await?;
        }
    }
    for (by, with) in [("ada", "ben"), ("cleo", "finn")] {
        server.call(conversation(by, ConversationKind::Direct, false, &[with])).await?;
    }
    Ok(())
}
