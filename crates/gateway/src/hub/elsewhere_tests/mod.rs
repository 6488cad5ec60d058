//! Presence and typing of users who are connected to other nodes, with several hubs in one process.

mod world;

use std::sync::Arc;

use quintet_bus::{Bus, RemotePresence};
use quintet_dialect::Dialect::{Chat, Messenger, Rooms};
use quintet_domain::{
    Actor, ChangeProfile, ConversationKind, Departure, Ephemeral, Event, LeaveConversation, NodeId, ProfileChange,
    User, UserId,
};
use quintet_service::Memberships;
use quintet_store::Store;
use serde_json::json;
use tokio::sync::oneshot;
use world::{Conn, World, guest};

use super::ClientMessage;
use super::directory::Directory;
use super::local_user::UserPresence;

/// The time after which everybody knows that a user left: a little more than the time for which it still counts as online.
const OFFLINE_S: u32 = 4;

/// The time within which a dead node is noticed.
const DEAD_S: u32 = 16;

/// The time after which the memberships of a guest end.
const GUEST_GONE_S: u32 = 35;

fn online(user: &User) -> (String, serde_json::Value) {
    ("userOnline".to_owned(), json!(user.id.as_str()))
}

fn offline(user: &User) -> (String, serde_json::Value) {
    ("userOffline".to_owned(), json!(user.id.as_str()))
}

#[tokio::test(start_paused = true)]
async fn a_user_is_online_from_its_first_connection_to_any_node_until_after_its_last_one() {
    let mut world = World::new(3).await;
    let (alice, bob) = (world.register("alice").await, world.register("bob").await);
    let carol = world.register("carol").await;
    let watchers = [world.connect(0, &alice, Messenger).await, world.connect(1, &carol, Messenger).await];
    watchers.iter().for_each(|watcher| drop(watcher.heard()));
    let first = world.connect(1, &bob, Chat).await;
    watchers.iter().for_each(|watcher| assert_eq!(watcher.heard(), [online(&bob)]));
    let others = [world.connect(2, &bob, Chat).await, world.connect(0, &bob, Chat).await];
    world.disconnect(first).await;
    world.seconds(OFFLINE_S).await;
    let [second, third] = others;
    world.disconnect(third).await;
    world.seconds(OFFLINE_S).await;
    // A move to another node within the time for which a user still counts as online.
    world.disconnect(second).await;
    world.seconds(1).await;
    let last = world.connect(1, &bob, Chat).await;
    world.seconds(OFFLINE_S).await;
    watchers.iter().for_each(|watcher| assert_eq!(watcher.heard(), []));
    for node in &world.nodes {
        assert!(node.service.presence().is_online(&bob.id));
    }
    let (writes, left_at) = (world.writes, world.nodes[1].service.environment().now());
    world.disconnect(last).await;
    world.seconds(OFFLINE_S).await;
    watchers.iter().for_each(|watcher| assert_eq!(watcher.heard(), [offline(&bob)]));
    assert_eq!(world.writes, writes + 1, "when it was last seen is stored once");
    let seen = world.stored(&bob.id).await.last_seen.expect("last seen");
    assert!((left_at.0..left_at.0 + 4_000).contains(&seen.0), "{seen:?}");
    world.seconds(OFFLINE_S).await;
    for node in &world.nodes {
        assert!(!node.service.presence().is_online(&bob.id));
        let stored = world.stored(&bob.id).await;
        assert_eq!(node.service.presence().last_seen(&stored, left_at), Some(seen));
        assert!(node.hub.directory.user(&bob.id).is_none(), "nothing is left of it");
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_last_connections_that_end_together_one_is_stored_as_the_last() {
    for loses in [false, true] {
        let mut world = World::new(2).await;
        let bob = world.register("bob").await;
        let (one, other) = (world.connect(0, &bob, Chat).await, world.connect(1, &bob, Chat).await);
        // Neither node hears in time that the other one was left.
        world.cut = loses;
        world.disconnect(one).await;
        world.disconnect(other).await;
        world.seconds(OFFLINE_S).await;
        world.cut = false;
        world.seconds(OFFLINE_S).await;
        assert!(world.nodes.iter().all(|node| !node.service.presence().is_online(&bob.id)), "{loses}");
        assert!(world.stored(&bob.id).await.last_seen.is_some(), "{loses}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_online_elsewhere_is_shown_to_those_who_come() {
    let mut world = World::new(2).await;
    let (alice, bob) = (world.register("alice").await, world.register("bob").await);
    let _bob = world.connect(1, &bob, Chat).await;
    let came = world.connect(0, &alice, Messenger).await;
    assert_eq!(came.heard(), [("onlineUsers".to_owned(), json!(["bob", "alice"]))]);
    // A user of another node who comes here as well is greeted as everybody is.
    let second = world.connect(0, &bob, Messenger).await;
    assert_eq!(second.names(), ["onlineUsers"]);
    assert_eq!(came.heard(), []);
}

/// Otherwise it would hear again what it has read.
#[tokio::test(start_paused = true)]
async fn a_further_connection_waits_for_the_position_that_was_read() {
    let mut world = World::new(1).await;
    let alice = world.register("alice").await;
    let _first = world.connect(0, &alice, Chat).await;
    let next = world.store.memberships(alice.id.clone()).await.expect("a read").position + 1;
    let mut second = world.connect_with(0, &alice, Chat, Some(next)).await;
    assert!(second.attached.try_recv().is_err());
    world.create(&alice, ConversationKind::Group, &[]).await;
    assert!(second.attached.try_recv().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_user_whose_last_connection_ends_while_it_waits_goes_offline() {
    let mut world = World::new(1).await;
    let (alice, bob) = (world.register("alice").await, world.register("bob").await);
    let first = world.connect(0, &alice, Chat).await;
    let next = world.store.memberships(alice.id.clone()).await.expect("a read").position + 1;
    world.disconnect(first).await;
    let second = world.connect_with(0, &alice, Chat, Some(next)).await;
    world.disconnect(second).await;
    world.create(&bob, ConversationKind::Group, &[]).await;
    world.seconds(OFFLINE_S).await;
    assert!(!world.nodes[0].service.presence().is_online(&alice.id));
    assert!(world.nodes[0].hub.directory.user(&alice.id).is_none(), "nothing is left of it");
}

#[tokio::test(start_paused = true)]
async fn memberships_of_users_elsewhere_follow_the_stream() {
    let mut world = World::new(2).await;
    let (alice, bob) = (world.register("alice").await, world.register("bob").await);
    let before = world.create(&alice, ConversationKind::Group, &[&bob]).await;
    let _alice = world.connect(0, &alice, Chat).await;
    let _bob = world.connect(1, &bob, Chat).await;
    let after = world.create(&alice, ConversationKind::Group, &[&bob]).await;
    assert!(world.nodes[0].hub.directory.is_member(&bob.id, &before));
    assert!(world.nodes[0].hub.directory.is_member(&bob.id, &after));
    let (actor, conversation) = (Actor::user(bob.id.clone()), before.clone());
    world.write(LeaveConversation { actor, conversation, departure: Departure::Left }).await;
    assert!(!world.nodes[0].hub.directory.is_member(&bob.id, &before));
    assert!(world.nodes[0].hub.directory.is_member(&bob.id, &after));
}

#[tokio::test(start_paused = true)]
async fn a_guest_stays_in_its_rooms_while_any_node_has_it() {
    let mut world = World::new(3).await;
    let (alice, gus) = (world.register("alice").await, guest("gus"));
    let room = world.create(&alice, ConversationKind::Room, &[]).await;
    let watcher = world.connect(0, &alice, Rooms).await;
    let (one, other) = (world.connect(1, &gus, Rooms).await, world.connect(2, &gus, Rooms).await);
    world.join_as_guest(&gus, &room).await;
    assert_eq!(watcher.names().last().map(String::as_str), Some("user_joined"));
    world.disconnect(one).await;
    world.seconds(GUEST_GONE_S).await;
    assert!(world.is_member(&gus, &room).await);
    assert_eq!(watcher.heard(), []);
    for node in &world.nodes {
        assert_eq!(node.service.presence().guests(), std::slice::from_ref(&gus.id));
    }
    world.disconnect(other).await;
    world.seconds(OFFLINE_S).await;
    assert_eq!(watcher.names(), ["user_left"]);
    assert!(world.is_member(&gus, &room).await);
    world.seconds(GUEST_GONE_S).await;
    assert!(!world.is_member(&gus, &room).await);
    assert_eq!(watcher.heard(), []);
    for node in &world.nodes {
        assert_eq!(node.service.presence().guests(), []);
        assert!(node.hub.directory.user(&gus.id).is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn while_a_node_is_not_heard_no_membership_of_a_guest_ends() {
    let mut world = World::new(2).await;
    let (alice, gus) = (world.register("alice").await, guest("gus"));
    let room = world.create(&alice, ConversationKind::Room, &[]).await;
    let conn = world.connect(0, &gus, Rooms).await;
    world.join_as_guest(&gus, &room).await;
    world.disconnect(conn).await;
    world.cut = true;
    let conn = world.connect(1, &gus, Rooms).await;
    world.seconds(2 * GUEST_GONE_S).await;
    assert!(world.is_member(&gus, &room).await, "it is connected to the other node");
    world.cut = false;
    world.seconds(GUEST_GONE_S).await;
    assert!(world.is_member(&gus, &room).await);
    world.cut = true;
    world.disconnect(conn).await;
    world.seconds(2 * GUEST_GONE_S).await;
    assert!(world.is_member(&gus, &room).await);
    world.cut = false;
    world.seconds(GUEST_GONE_S).await;
    assert!(!world.is_member(&gus, &room).await);
}

#[tokio::test(start_paused = true)]
async fn the_users_of_a_dead_node_go_offline_once() {
    let mut world = World::new(3).await;
    let (alice, bob) = (world.register("alice").await, world.register("bob").await);
    let (carol, gus) = (world.register("carol").await, guest("gus"));
    let room = world.create(&alice, ConversationKind::Room, &[]).await;
    let watchers = [world.connect(0, &alice, Messenger).await, world.connect(1, &carol, Messenger).await];
    // Bob and Gus are on the node that dies alone; Carol is there as well.
    let _gone =
        [world.connect(2, &bob, Chat).await, world.connect(2, &carol, Chat).await, world.connect(2, &gus, Rooms).await];
    world.join_as_guest(&gus, &room).await;
    world.seconds(10).await;
    watchers.iter().for_each(|watcher| drop(watcher.heard()));
    let (writes, died_at) = (world.writes, world.nodes[0].service.environment().now());
    world.nodes[2].alive = false;
    world.seconds(8).await;
    watchers.iter().for_each(|watcher| assert_eq!(watcher.heard(), []));
    world.seconds(DEAD_S).await;
    watchers.iter().for_each(|watcher| assert_eq!(watcher.heard(), [offline(&bob)]));
    assert_eq!(world.writes, writes + 1, "one node stores when they were last seen");
    let seen = world.stored(&bob.id).await.last_seen.expect("last seen");
    assert!((died_at.0 - 1_000..=died_at.0 + 2_000).contains(&seen.0), "{seen:?}, died at {died_at:?}");
    assert!(world.is_member(&gus, &room).await);
    world.seconds(GUEST_GONE_S).await;
    assert!(!world.is_member(&gus, &room).await, "one of the others ends the memberships of its guests");
    for node in &world.nodes[..2] {
        assert!(node.service.presence().is_online(&carol.id));
        assert!(node.hub.directory.user(&bob.id).is_none());
        assert_eq!(node.service.presence().guests(), []);
    }
    assert_eq!(watchers[0].names(), ["userLeftGroup"]);
    // The node was only stopped: its users are online again, once.
    world.nodes[2].alive = true;
    world.seconds(OFFLINE_S).await;
    watchers.iter().for_each(|watcher| assert_eq!(watcher.heard(), [online(&bob)]));
}

#[tokio::test(start_paused = true)]
async fn what_the_wire_lost_is_made_up_for() {
    let mut world = World::new(2).await;
    let (alice, bob) = (world.register("alice").await, world.register("bob").await);
    let watcher = world.connect(0, &alice, Messenger).await;
    watcher.heard();
    world.cut = true;
    let conn = world.connect(1, &bob, Chat).await;
    world.seconds(OFFLINE_S).await;
    assert_eq!(watcher.heard(), []);
    world.cut = false;
    world.seconds(OFFLINE_S).await;
    assert_eq!(watcher.heard(), [online(&bob)]);
    world.cut = true;
    world.disconnect(conn).await;
    world.seconds(OFFLINE_S).await;
    assert_eq!(watcher.heard(), []);
    world.cut = false;
    world.seconds(OFFLINE_S).await;
    assert_eq!(watcher.heard(), [offline(&bob)]);
    assert!(world.stored(&bob.id).await.last_seen.is_some(), "stored by the node that the user left");
    // A hub whose changes were lost on the way to its own node is asked again.
    let _conn = world.connect(1, &bob, Chat).await;
    let own = world.nodes[1].id;
    world.nodes[1].bus.bus.remote(own, RemotePresence::AllWanted);
    world.seconds(OFFLINE_S).await;
    assert_eq!(watcher.heard(), [online(&bob)]);
}

/// The names of the events about typing that a connection has received.
fn typing(conn: &Conn) -> Vec<String> {
    conn.names().into_iter().filter(|name| name.starts_with("typing")).collect()
}

#[tokio::test(start_paused = true)]
async fn typing_is_delivered_on_every_node_and_ends() {
    let mut world = World::new(2).await;
    let (alice, bob) = (world.register("alice").await, world.register("bob").await);
    let group = world.create(&alice, ConversationKind::Group, &[&bob]).await;
    let watcher = world.connect(0, &alice, Messenger).await;
    let device = world.connect(0, &bob, Messenger).await;
    let typist = world.connect(1, &bob, Chat).await;
    world.type_in(&typist, &group, true).await;
    assert_eq!(typing(&watcher), ["typingStarted"]);
    world.type_in(&typist, &group, false).await;
    assert_eq!(typing(&watcher), ["typingStopped"]);
    // The stop is lost.
    world.type_in(&typist, &group, true).await;
    world.cut = true;
    world.type_in(&typist, &group, false).await;
    assert_eq!(typing(&watcher), ["typingStarted"]);
    world.seconds(29).await;
    assert_eq!(typing(&watcher), [] as [&str; 0]);
    world.seconds(5).await;
    assert_eq!(typing(&watcher), ["typingStopped"]);
    world.cut = false;
    // The node dies.
    world.seconds(10).await;
    world.type_in(&typist, &group, true).await;
    world.nodes[1].alive = false;
    world.seconds(DEAD_S).await;
    assert_eq!(typing(&watcher), ["typingStarted", "typingStopped"]);
    world.seconds(40).await;
    assert_eq!(typing(&watcher), [] as [&str; 0]);
    assert_eq!(typing(&device), [] as [&str; 0], "a user is not shown its own typing");
    // A start that comes after its user has left the group.
    let (actor, conversation) = (Actor::user(bob.id.clone()), group.clone());
    world.write(LeaveConversation { actor, conversation, departure: Departure::Left }).await;
    watcher.heard();
    let conversation = Arc::clone(&world.nodes[0].hub.directory.channel(&group).expect("a channel").conversation);
    let late = Event::Typing { conversation, user: Arc::clone(&bob), typing: true };
    world.nodes[0].bus.bus.ephemeral(Ephemeral::Event(late)).expect("room on the bus");
    world.settle().await;
    assert_eq!(typing(&watcher), [] as [&str; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_profile_of_a_user_elsewhere_is_the_newest_one() {
    let mut world = World::new(1).await;
    let old = world.register("bob").await;
    let change = ProfileChange { name: Some("Robert".to_owned()), ..ProfileChange::default() };
    world.write(ChangeProfile { user: old.id.clone(), change }).await;
    // Another node tells of the user as it was.
    world.nodes[0].bus.bus.remote(NodeId(9), RemotePresence::Came(Arc::clone(&old)));
    world.settle().await;
    assert_eq!(world.nodes[0].hub.directory.user(&old.id).expect("known").user.name, "Robert");
    let change = ProfileChange { name: Some("Bobby".to_owned()), ..ProfileChange::default() };
    world.write(ChangeProfile { user: old.id.clone(), change }).await;
    assert_eq!(world.nodes[0].hub.directory.user(&old.id).expect("known").user.name, "Bobby");
}

#[tokio::test(start_paused = true)]
async fn an_account_that_takes_the_id_of_a_guest_inherits_none_of_its_presence() {
    let mut world = World::new(3).await;
    let gus = guest("gus");
    let mut conn = world.connect(1, &gus, Rooms).await;
    assert!(conn.attached.try_recv().expect("an answer").is_ok());
    assert_eq!(world.nodes[0].service.presence().guests(), std::slice::from_ref(&gus.id));
    let account = world.register("gus").await;
    assert!(conn.names().contains(&"error".to_owned()), "its connection ends");
    for node in &world.nodes {
        assert_eq!(node.service.presence().guests(), []);
        assert!(node.hub.directory.user(&gus.id).is_none());
    }
    let _conn = world.connect(2, &account, Chat).await;
    world.seconds(OFFLINE_S).await;
    let local = world.nodes[0].hub.directory.user(&account.id).expect("known");
    assert!(!local.user.is_guest() && local.is_on(NodeId(3)) && !local.is_on(NodeId(2)));
    // A node that has not heard of the account yet tells of the guest.
    world.nodes[0].bus.bus.remote(NodeId(2), RemotePresence::Came(Arc::clone(&gus)));
    world.settle().await;
    assert!(!world.nodes[0].hub.directory.user(&account.id).expect("known").is_on(NodeId(2)));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_stops_stores_when_those_were_last_seen_who_are_nowhere_else() {
    let mut world = World::new(2).await;
    let (alice, bob) = (world.register("alice").await, world.register("bob").await);
    let _conns =
        [world.connect(0, &alice, Chat).await, world.connect(0, &bob, Chat).await, world.connect(1, &bob, Chat).await];
    let (reply, stopped) = oneshot::channel();
    world.tell(0, ClientMessage::Stop { reply }).await;
    stopped.await.expect("stopped");
    assert!(world.stored(&alice.id).await.last_seen.is_some());
    assert!(world.stored(&bob.id).await.last_seen.is_none());
}

#[test]
fn other_nodes_cost_each_user_a_pointer() {
    assert_eq!(size_of::<UserPresence>(), 16 + size_of::<usize>());
}

#[test]
fn a_read_for_another_node_gives_way_to_that_of_a_connection() {
    let mut directory = Directory::default();
    let user = guest("gus");
    let load = directory.arrive_elsewhere(Arc::clone(&user), NodeId(2));
    assert!(directory.is_awaited(&user.id, load));
    let again = directory.load_again(&user.id, false);
    assert!(!directory.is_awaited(&user.id, load));
    assert!(!directory.load(&user.id, load, Memberships::default()), "an older read is not used");
    assert!(directory.load(&user.id, again, Memberships::default()));
    // A user who has left before its memberships were read is not read.
    let user = guest("hal");
    let load = directory.arrive_elsewhere(Arc::clone(&user), NodeId(2));
    assert_eq!(directory.remove_node(NodeId(2), false).len(), 2);
    assert!(!directory.is_awaited(&user.id, load));
    assert!(directory.user(&UserId::trusted("hal")).is_none());
}
