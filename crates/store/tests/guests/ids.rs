//! Ids of guests: those that nobody can claim, and those by which clients refer to a guest who gave its id up.

use quintet_domain::{
    Actor, AdoptUser, Claims, ConversationKind, Departure, Event, JoinConversation, NewUser, Profile, RegisterUser,
    UserId,
};

use super::id;
use crate::support::{Bench, quick_stores};

/// Nobody can claim an id of the form that former guests have.
#[tokio::test]
async fn ids_of_former_guests_are_nobodys() {
    let (bench, _folder) = Bench::in_file();
    let reserved = UserId::former_guest(7);
    let claims =
        Claims { id: reserved.clone(), username: None, name: None, email: None, email_verified: false, avatar: None };
    assert!(bench.write(AdoptUser { claims }).await.is_err());
    let new = NewUser { id: Some(reserved.clone()), username: "u".into(), ..NewUser::default() };
    assert!(bench.write(RegisterUser { new }).await.is_err());
    let owner = bench.user("owner").await;
    let room = bench.conversation(&owner, ConversationKind::Room, true, &[]).await;
    let guest = Actor { user: reserved, guest: true, guest_proof: None, address: None, origin: None, acked: false };
    assert!(
        bench
            .write(JoinConversation { actor: guest, conversation: room, profile: Profile::default(), history: false })
            .await
            .is_err()
    );
}

/// The number of rooms of a guest is limited, because it leaves all of them in one write when an account gets its id.
#[tokio::test]
async fn a_guest_is_in_so_many_rooms() {
    let bench = Bench::of(quick_stores()[0].1);
    let owner = bench.user("owner").await;
    let guest = Actor { user: id(0), guest: true, guest_proof: None, address: None, origin: None, acked: false };
    for n in 0..=quintet_domain::limits::GUEST_ROOMS_MAX {
        let room = bench.conversation(&owner, ConversationKind::Room, true, &[]).await;
        let by = guest.clone();
        let joined = bench
            .write(JoinConversation { actor: by, conversation: room, profile: Profile::default(), history: false })
            .await;
        assert_eq!(joined.is_ok(), n < quintet_domain::limits::GUEST_ROOMS_MAX, "{n}: {joined:?}");
    }
    let claims = Claims { id: id(0), username: None, name: None, email: None, email_verified: false, avatar: None };
    bench.write(AdoptUser { claims }).await.expect("adopted");
    assert!(bench.store.memberships(id(0)).await.expect("read").conversations.is_empty());
}

/// What a reconnecting client receives of a guest that it knew by its old id: the guest left by that id. A client that
/// learns of the guest only now receives a join and a departure by the new id.
#[tokio::test]
async fn a_departure_names_whom_the_client_knows() {
    let bench = Bench::of(quick_stores()[0].1);
    let owner = bench.user("owner").await;
    let room = bench.conversation(&owner, ConversationKind::Room, true, &[]).await;
    let before = bench.settled().await;
    let guest = Actor { user: id(0), guest: true, guest_proof: None, address: None, origin: None, acked: false };
    let conversation = room.clone();
    bench
        .write(JoinConversation { actor: guest, conversation, profile: Profile::default(), history: false })
        .await
        .expect("joined");
    let joined = bench.settled().await;
    let claims = Claims { id: id(0), username: None, name: None, email: None, email_verified: false, avatar: None };
    bench.write(AdoptUser { claims }).await.expect("adopted");
    let delivered = async |after: u64| {
        let entries = bench
            .store
            .replay_since(owner.clone(), false, after.into())
            .await
            .expect("read")
            .entries
            .expect("not too much");
        let ids = entries.into_iter().filter_map(|entry| match entry.event {
            Event::MemberJoined { user, .. } => Some(("joined", user.id.clone())),
            Event::MemberLeft { user, departure: Departure::IdTaken, .. } => Some(("left", user.id.clone())),
            _ => None,
        });
        ids.collect::<Vec<_>>()
    };
    assert_eq!(delivered(joined).await, [("left", id(0))]);
    let all = delivered(before).await;
    assert!(matches!(&all[..], [("joined", a), ("left", b)] if a == b && a.is_former_guests()), "{all:?}");
    // As clients received it that were connected.
    bench.settled().await;
    let entries = bench.entries.lock().unwrap();
    let left = entries.iter().find_map(|entry| match &entry.event {
        Event::MemberLeft { user, .. } => Some(user.id.clone()),
        _ => None,
    });
    assert_eq!(left, Some(id(0)));
}
