//! Lists over very many rows: complete, page by page, and no page larger than its limits.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::support::actor;
use crate::support::stage::{On, Stage, every_database};
use quintet_domain::limits::{LIST_BYTES_MAX, MEMBERS_LISTED_MAX, NAMES_SEARCHED_MAX, UNREAD_COUNTED_MAX};
use quintet_domain::{AddMember, ConversationKind, DeleteMessage, MarkRead, Member, Quotas, Reading, Role, UserId};
use quintet_store::{Filter, Page, Party};

every_database!(
    a_search_goes_on_where_its_page_ended,
    a_page_ends_before_it_is_too_large,
    a_conversation_as_a_late_member_sees_it,
    open_groups_and_own_ones_are_one_list,
    the_last_members_of_a_large_room_are_found,
    a_large_room_is_listed_nearly_as_fast_as_a_small_one,
);

/// Users `u-1` to `u-N`, whose picture links have a number of bytes.
fn users(count: usize, link_bytes: usize) -> String {
    let link = format!("https://{}", "0".repeat(link_bytes));
    format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
         INSERT INTO user (pk, id, kind, service, username, username_key, name, avatar, created_at, token_generation,
             tokens_from_s, disabled, erased, erasing_conversation_pk)
         SELECT 1000 + i, 'u-' || i, 'registered', false, 'u-' || i, 'u-' || i, 'Somebody', '{link}', 0, 0, 0, false,
             false, 0
         FROM n"
    )
}

async fn a_search_goes_on_where_its_page_ended(on: On) {
    let stage = Stage::with(on, Quotas::default());
    let asker = stage.bench.user("asker").await;
    let stage = stage.sql(&users(NAMES_SEARCHED_MAX as usize + 10, 0)).await;
    let last = stage.bench.user("zz-needle").await;
    let by = || Party::User(asker.clone());
    let search = |query: &str, cursor, limit| stage.bench.store.users(by(), query.to_owned(), cursor, limit);

    let first = search("NEEDLE", None, 5).await.unwrap();
    assert!(first.items.is_empty() && first.next.is_some(), "so many names were looked at, and none fits: {first:?}");
    // Exactly as many as fit a page, so that this is the end.
    let second = search("needle", first.next, 1).await.unwrap();
    assert_eq!(second.items.iter().map(|user| &user.id).collect::<Vec<_>>(), [&last]);
    assert_eq!(second.next, None);
    // If more match than fit, the page is full, and the next one continues after it.
    let page = search("u-1", None, 3).await.unwrap();
    assert_eq!(page.items.iter().map(|user| user.username.as_str()).collect::<Vec<_>>(), ["u-1", "u-10", "u-100"]);
    let page = search("u-1", page.next, 1).await.unwrap();
    assert_eq!(page.items[0].username, "u-1000");
}

async fn a_page_ends_before_it_is_too_large(on: On) {
    const GROUPS: usize = 120;
    let stage = Stage::with(on, Quotas::default());
    let asker = stage.bench.user("asker").await;
    let mut groups = BTreeSet::new();
    for _ in 0..GROUPS {
        groups.insert(stage.bench.conversation(&asker, ConversationKind::Group, false, &[]).await);
    }
    let stage = stage
        .sql(&format!(
            "{}; INSERT INTO member (conversation_pk, user_pk, role, joined_at, joined_sequence, read_sequence)
                 SELECT c.pk, u.pk, 'member', 0, 1, 0 FROM conversation c CROSS JOIN user u WHERE u.id LIKE 'u-%';
             UPDATE conversation SET member_count = 101",
            users(100, 2_000)
        ))
        .await;
    let mut cursor = None;
    let mut pages = 0;
    loop {
        let Page { items, next } = stage.bench.store.conversations(asker.clone(), cursor, 200).await.unwrap();
        let avatars = items.iter().flat_map(|item| &item.members).filter_map(|member| member.user.avatar.as_ref());
        let bytes: usize = avatars.map(String::len).sum();
        assert!(!items.is_empty() && bytes <= LIST_BYTES_MAX, "{bytes} bytes in {} conversations", items.len());
        for item in &items {
            assert!(groups.remove(&item.conversation.id), "listed twice");
            assert_eq!((item.members.len(), item.member_count), (MEMBERS_LISTED_MAX, 101));
        }
        pages += 1;
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    assert!(groups.is_empty(), "{} were listed on no page", groups.len());
    assert!(pages > 1, "all of it is more than a page may have");
}

/// Of a long list of members, the first ones and the requesting user are shown; the readers of the newest message too,
/// and the number of unread messages up to the limit of counting.
/// The members are looked at in several portions, of which only the last has those who are searched for.
async fn the_last_members_of_a_large_room_are_found(on: On) {
    const MEMBERS: usize = 4_100;
    let stage = Stage::with(on, Quotas::default());
    let owner = stage.bench.user("owner").await;
    let room = stage.bench.conversation(&owner, ConversationKind::Room, true, &[]).await;
    let stage = stage
        .sql(&format!(
            "{}; INSERT INTO member (conversation_pk, user_pk, role, joined_at, joined_sequence, read_sequence)
                 SELECT 1, pk, 'member', 0, 1, 0 FROM user WHERE id LIKE 'u-%'",
            users(MEMBERS, 0)
        ))
        .await;
    let search = |query: &str, cursor, limit| {
        stage.bench.store.members(owner.clone(), room.clone(), query.to_owned(), cursor, limit)
    };
    let names = |page: &Page<Member>| page.items.iter().map(|one| one.user.username.clone()).collect::<Vec<_>>();
    let first = search("U-409", None, 9).await.unwrap();
    assert_eq!(
        names(&first),
        ["u-409", "u-4090", "u-4091", "u-4092", "u-4093", "u-4094", "u-4095", "u-4096", "u-4097"]
    );
    let second = search("U-409", first.next, 9).await.unwrap();
    assert_eq!((names(&second), second.next), (vec!["u-4098".to_owned(), "u-4099".to_owned()], None));
    let (mut count, mut mark) = (0, None);
    loop {
        let page = search("", mark, 200).await.unwrap();
        count += page.items.len();
        mark = page.next;
        if mark.is_none() {
            break;
        }
    }
    assert_eq!(count, MEMBERS + 1, "each is on one page, and the owner too");
}

async fn a_conversation_as_a_late_member_sees_it(on: On) {
    let stage = Stage::with(on, Quotas::default());
    let owner = stage.bench.user("owner").await;
    let group = stage.bench.conversation(&owner, ConversationKind::Group, true, &[]).await;
    let stage = stage
        .sql(&format!(
            "{}; INSERT INTO member (conversation_pk, user_pk, role, joined_at, joined_sequence, read_sequence)
                 SELECT 1, pk, 'member', 0, 1, 0 FROM user WHERE id LIKE 'u-%';
             UPDATE conversation SET member_count = member_count + {MEMBERS_LISTED_MAX}",
            users(MEMBERS_LISTED_MAX, 0)
        ))
        .await;
    let late = stage.bench.user("late").await;
    let (by, conversation, user) = (actor(&owner), group.clone(), late.clone());
    stage
        .bench
        .write(AddMember { actor: by, conversation, user, role: Some(Role::Member), reason: None })
        .await
        .unwrap();
    let sent = stage.bench.send(&owner, &group, "read by one").await.unwrap();
    let by = actor(&late);
    stage
        .bench
        .write(MarkRead {
            actor: by,
            reading: Reading::Messages { conversation: None, messages: vec![sent.message.id.clone()] },
        })
        .await
        .unwrap();
    for _ in 0..3 {
        stage.bench.send(&owner, &group, "unread").await.unwrap();
    }
    let deleted = stage.bench.send(&owner, &group, "gone").await.unwrap().message.id.clone();
    let by = actor(&owner);
    stage.bench.write(DeleteMessage { actor: by, message: deleted }).await.unwrap();

    let listed = stage.bench.store.conversations(late.clone(), None, 10).await.unwrap().items.remove(0);
    let ids: Vec<&UserId> = listed.members.iter().map(|member| &member.user.id).collect();
    assert_eq!(ids.len(), MEMBERS_LISTED_MAX);
    assert_eq!((ids[0], ids[MEMBERS_LISTED_MAX - 1]), (&owner, &late));
    assert_eq!((listed.unread_count, listed.owner.as_ref()), (3, Some(&owner)));
    let whole = stage.bench.store.conversation(late.clone(), group.clone()).await.unwrap();
    assert_eq!(whole.members.len(), MEMBERS_LISTED_MAX + 2);
    assert_eq!(stage.bench.store.conversations(owner.clone(), None, 10).await.unwrap().items[0].unread_count, 0);
    let newest = whole.last_message.expect("a message");
    assert_eq!((newest.deleted_at.is_some(), newest.readers.len()), (true, 0));
    let by = actor(&late);
    stage
        .bench
        .write(MarkRead {
            actor: by,
            reading: Reading::Messages { conversation: None, messages: vec![newest.id.clone()] },
        })
        .await
        .unwrap();
    let newest =
        stage.bench.store.conversation(owner.clone(), group.clone()).await.unwrap().last_message.expect("a message");
    assert_eq!(newest.readers.iter().map(|reader| &reader.user).collect::<Vec<_>>(), [&late]);

    let stage = stage
        .sql(
            "WITH RECURSIVE n (i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
         INSERT INTO message (position, id, conversation_pk, sequence, sender_pk, kind, content, created_at, acked)
             SELECT 10000 + i, 'm-' || i, 1, i, 1, 'text', 'text', 0, false FROM n;
         UPDATE conversation SET sequence = 4000",
        )
        .await;
    let listed = stage.bench.store.conversations(late, None, 10).await.unwrap().items.remove(0);
    assert_eq!(listed.unread_count, u64::from(UNREAD_COUNTED_MAX));
}

/// Open conversations and the user's own are listed in one order, each once, whatever the size of the pages.
async fn open_groups_and_own_ones_are_one_list(on: On) {
    let stage = Stage::with(on, Quotas::default());
    let (ada, bob) = (stage.bench.user("ada").await, stage.bench.user("bob").await);
    let mut expected = Vec::new();
    for n in 0..12 {
        let (owner, open) = (if n % 3 == 0 { &bob } else { &ada }, n % 2 == 0);
        let group = stage.bench.conversation(owner, ConversationKind::Group, open, &[]).await;
        if open || owner == &ada {
            expected.insert(0, group);
        }
    }
    for limit in [1, 2, 5, 50] {
        let (mut found, mut cursor) = (Vec::new(), None);
        loop {
            let which = Filter::OpenOrMine;
            let page =
                stage.bench.store.find_conversations(ada.clone(), String::new(), which, cursor, limit).await.unwrap();
            assert!(page.items.len() <= limit as usize);
            for item in page.items {
                assert_eq!(item.is_member, item.owner.as_ref() == Some(&ada));
                found.push(item.conversation.id.clone());
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(found, expected, "in pages of {limit}");
    }
    let closed_of_bob = stage.bench.conversation(&bob, ConversationKind::Group, false, &[]).await;
    let one =
        stage.bench.store.find_conversations(ada, String::new(), Filter::One(closed_of_bob), None, 1).await.unwrap();
    assert!(one.items.is_empty(), "a closed group is not found by its id");
}

/// Only the first members of a conversation are shown, so that a list costs no more where there are thousands.
async fn a_large_room_is_listed_nearly_as_fast_as_a_small_one(on: On) {
    const MEMBERS: usize = 5_000;
    let stage = Stage::with(on, Quotas::default());
    let (small, large) = (stage.bench.user("small").await, stage.bench.user("large").await);
    for owner in [&small, &large] {
        stage.bench.conversation(owner, ConversationKind::Group, true, &[]).await;
    }
    let members = |conversation: i64, count: usize| {
        format!(
            "INSERT INTO member (conversation_pk, user_pk, role, joined_at, joined_sequence, read_sequence)
                 SELECT {conversation}, pk, 'member', 0, 1, 0 FROM user WHERE pk > 1000 AND pk <= 1000 + {count};"
        )
    };
    let both = [members(1, MEMBERS_LISTED_MAX), members(2, MEMBERS)].concat();
    let stage = stage.sql(&format!("{}; {both} UPDATE conversation SET member_count = 5001", users(MEMBERS, 0))).await;
    let mut least = [Duration::MAX; 2];
    for _ in 0..10 {
        for (least, owner) in least.iter_mut().zip([&small, &large]) {
            let began = Instant::now();
            let listed = stage.bench.store.conversations(owner.clone(), None, 10).await.unwrap().items;
            assert_eq!(listed[0].members.len(), MEMBERS_LISTED_MAX);
            *least = began.elapsed().min(*least);
        }
    }
    // Where every member was looked at, it took a hundred times as long.
    assert!(least[1] < least[0] * 20, "{least:?}");
}
