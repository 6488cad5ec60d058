//! The migration of a database of version 0.1 to messages that are keyed by their positions.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use quintet_domain::{Departure, Event, MeetupId, MeetupStatus, MessageId, NotificationId, UserId};
use quintet_rules::log::{ChangeRecord, ReadSpan, replay_since};
use quintet_rules::rows::{ErasureProgress, FileRows, LogRows, MessageRows, UserRows};
use quintet_rules::{ConversationKey, FileKey, MessageKey, SecretKey, UserKey};
use refinery::Target;

use super::super::queries;
use super::super::rows::SqliteRows;
use super::*;
use crate::PageOf;

/// The version of the schema before messages were keyed by their positions.
const BEFORE: i32 = 11;
const UUID: &str = "0191e8a4-7d3c-7000-8000-00000000abcd";

fn before_core(file: &Path) -> Connection {
    let mut conn = Connection::open(file).unwrap();
    configure(&conn, true).unwrap();
    migrations::migrations::runner().set_target(Target::Version(BEFORE)).run(&mut conn).unwrap();
    conn
}

/// Creates a database with every kind of change, and two messages that are older than the log.
fn with_every_change(file: &Path) -> Connection {
    let conn = before_core(file);
    conn.execute_batch(&format!(
        "INSERT INTO user (pk, id, kind, username, username_key, name, created_at, token_generation, erasing_from) VALUES
             (1, 'a', 'registered', 'a', 'a', 'a', 0, 4, NULL), (2, 'b', 'registered', 'b', 'b', 'b', 0, 0, 3),
             (3, 'g', 'guest', 'g', NULL, 'g', 0, 0, NULL), (4, 'e', 'registered', 'e', 'e', 'e', 0, 0, 0);
         INSERT INTO conversation (pk, id, kind, name, open, owner_pk, sequence, member_count, last_message_pk,
             created_at, updated_at) VALUES
             (10, 'c', 'group', 'C', 1, 1, 9, 2, 4, 0, 9), (11, 'd', 'group', 'D', 0, 1, 3, 101, NULL, 0, 9);
         INSERT INTO member (conversation_pk, user_pk, role, joined_at, joined_sequence, read_sequence, read_at) VALUES
             (10, 1, 'owner', 0, 0, 4, 9), (10, 2, 'member', 0, 0, 4, 8), (11, 1, 'owner', 0, 0, 0, NULL);
         INSERT INTO message (pk, id, conversation_pk, sequence, sender_pk, kind, content, client_message_id, created_at,
             deleted_at, guest_origin, guest_secret_pk) VALUES
             (1, 'foreign', 10, 1, 1, 'text', 'oldest', 'mine', 1, NULL, NULL, NULL),
             (2, '{UUID}', 10, 2, 1, 'text', 'old', NULL, 2, NULL, NULL, NULL),
             (3, '0191E8A4-7d3c-7000-8000-00000000abcd', 10, 3, 2, 'text', 'gone', NULL, 3, 23, NULL, NULL),
             (4, 'm-4', 10, 4, 3, 'text', 'a guest''s', NULL, 4, NULL, 77, 5);
         INSERT INTO file (pk, id, secret, uploader_pk, created_at) VALUES (1, 'f', 's', 1, 0);
         INSERT INTO carried (file_pk, message_pk) VALUES (1, 2), (1, 4);
         INSERT INTO notification (id, user_pk, title, message, at, position) VALUES ('n-1', 1, 't', 'm', 0, 31);
         INSERT INTO addressed (user_pk, position) VALUES (4, 30);
         INSERT INTO change (position, kind, conversation_pk, sequence, actor_pk, message_pk, detail, at, origin, acked)
         VALUES
             (20, 'message_created', 10, 3, 2, 3, NULL, 20, 5, 1), (21, 'message_created', 10, 4, 3, 4, NULL, 21, 77, 0),
             (22, 'message_edited', 10, 5, 3, 4, NULL, 22, 77, 1), (23, 'message_deleted', 10, 6, 2, 3, NULL, 23, NULL, 0),
             (24, 'messages_read', 10, NULL, 2, NULL, '0 4', 24, NULL, 0),
             (25, 'messages_read', 10, NULL, 1, NULL, '0 4 all', 25, NULL, 0),
             (26, 'messages_read', 10, NULL, 1, NULL, '3 4 some', 26, NULL, 0),
             (27, 'messages_read', 11, NULL, 1, NULL, '0 2', 27, NULL, 0),
             (28, 'member_joined', 10, 7, 3, NULL, '3', 28, NULL, 0),
             (29, 'member_left', 10, 8, 3, NULL, '2 guest_gone', 29, NULL, 0),
             (30, 'meetup_changed', 10, NULL, 1, NULL, 'm-1 confirmed', 30, NULL, 0),
             (31, 'notified', NULL, NULL, 1, NULL, 'n-1', 31, NULL, 0),
             (32, 'user_changed', NULL, NULL, 1, NULL, NULL, 32, NULL, 0),
             (33, 'revoked', NULL, NULL, 1, NULL, NULL, 33, NULL, 0),
             (34, 'conversation_created', 11, NULL, 1, NULL, NULL, 34, NULL, 0),
             (35, 'conversation_changed', 10, 9, NULL, NULL, NULL, 35, NULL, 0),
             (36, 'meetup_changed', 11, NULL, NULL, NULL, 'm-2 expired', 36, NULL, 0),
             (37, 'conversation_deleted', 11, 3, NULL, NULL, NULL, 37, NULL, 0);"
    ))
    .unwrap();
    conn
}

#[test]
fn every_change_is_brought_over() {
    let folder = tempfile::tempdir().unwrap();
    drop(with_every_change(&folder.path().join(FILE)));
    let opened = open(&Location::Folder(folder.path().to_owned())).unwrap();
    let rows = SqliteRows(&opened.writer);

    let user = UserKey;
    let read = |reader, from, to, to_all| ChangeRecord::MessagesRead { reader, span: ReadSpan { from, to }, to_all };
    let meetup = |meetup, status, by| ChangeRecord::MeetupChanged { meetup: MeetupId::trusted(meetup), status, by };
    let expected = [
        (22, ChangeRecord::MessageEdited { message: MessageKey(21), by: user(3) }),
        (23, ChangeRecord::MessageDeleted { message: MessageKey(20), by: user(2) }),
        (24, read(user(2), 0, 4, true)),
        (25, read(user(1), 0, 4, true)),
        (26, read(user(1), 3, 4, false)),
        (27, read(user(1), 0, 2, false)),
        (28, ChangeRecord::MemberJoined { member: user(3), member_count: 3, announced: false }),
        (
            29,
            ChangeRecord::MemberLeft {
                member: user(3),
                departure: Departure::GuestGone,
                reason: None,
                member_count: 2,
            },
        ),
        (30, meetup("m-1", MeetupStatus::Confirmed, Some(user(1)))),
        (31, ChangeRecord::Notified { user: user(1), notification: NotificationId::trusted("n-1") }),
        (32, ChangeRecord::UserChanged { user: user(1), visible: true }),
        (33, ChangeRecord::Revoked { user: user(1), generation: 4 }),
        (34, ChangeRecord::ConversationCreated { by: user(1) }),
        (35, ChangeRecord::ConversationChanged),
        (36, meetup("m-2", MeetupStatus::Expired, None)),
        (37, ChangeRecord::ConversationDeleted { announced: false }),
    ];
    let found: Vec<(i64, ChangeRecord)> = opened
        .writer
        .prepare("SELECT position, version, data FROM change ORDER BY position")
        .unwrap()
        .query_map([], |row| {
            let data: String = row.get(2)?;
            Ok((row.get(0)?, ChangeRecord::decode(row.get(1)?, &data).unwrap()))
        })
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(found, expected);
    assert_eq!((LogRows::newest_position(&rows).unwrap(), LogRows::pruned_to(&rows).unwrap()), (37, 19));

    let keys: Vec<(i64, String)> = rows
        .newest_messages(ConversationKey(10), 9)
        .unwrap()
        .into_iter()
        .map(|row| (row.key.0, row.id.as_str().to_owned()))
        .collect();
    let upper = "0191E8A4-7d3c-7000-8000-00000000abcd";
    assert_eq!(keys, [(-1, "foreign"), (0, UUID), (20, upper), (21, "m-4")].map(|(key, id)| (key, id.to_owned())));
    for (key, id) in keys {
        assert_eq!(rows.message(&MessageId::trusted(&id)).unwrap().map(|row| row.key), Some(MessageKey(key)), "{id}");
    }
    let bytes: i64 = opened
        .writer
        .query_row("SELECT count(*) FROM message WHERE typeof(id) = 'blob'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(bytes, 1, "an id that is written otherwise stays a text");
    let of_guest = rows.message_by_key(MessageKey(21)).unwrap().unwrap();
    assert_eq!((of_guest.origin.map(|origin| origin.0), of_guest.guest_secret), (Some(77), Some(SecretKey(5))));
    let of_user = rows.message_by_key(MessageKey(20)).unwrap().unwrap();
    assert_eq!((of_user.origin.map(|origin| origin.0), of_user.acked), (Some(5), true));
    let erasing = |key| rows.user_by_key(UserKey(key)).unwrap().unwrap().erasing;
    let again = Some(ErasureProgress::START);
    assert_eq!([erasing(1), erasing(2), erasing(4)], [None, again, again]);
    let authored = |key| rows.authored_conversation(UserKey(key), ConversationKey(0)).unwrap();
    assert_eq!([authored(1), authored(3), authored(4)], [Some(ConversationKey(10)), Some(ConversationKey(10)), None]);
    let refers: String =
        opened.writer.query_row("SELECT sql FROM sqlite_schema WHERE name = 'message'", [], |row| row.get(0)).unwrap();
    assert!(refers.contains("sender_pk INTEGER NOT NULL,"), "{refers}");
    let last: i64 =
        opened.writer.query_row("SELECT last_message FROM conversation WHERE pk = 10", [], |row| row.get(0)).unwrap();
    assert_eq!(last, 21);
    assert!(rows.file_use(FileKey(1)).unwrap().carried_alive);
}

#[test]
fn what_was_missed_and_said_is_read_as_before() {
    let folder = tempfile::tempdir().unwrap();
    drop(with_every_change(&folder.path().join(FILE)));
    let opened = open(&Location::Folder(folder.path().to_owned())).unwrap();
    let rows = SqliteRows(&opened.writer);
    let replayed = |user: &str, after: u64| replay_since(&rows, &UserId::trusted(user), false, after.into()).unwrap();
    let positions = |user: &str, after| {
        replayed(user, after).entries.map(|entries| entries.iter().map(|entry| entry.position).collect::<Vec<_>>())
    };
    // Of the reads, those that passed messages of others; of the second group all, and the end of a meetup.
    assert_eq!(positions("a", 19), Some(vec![20, 21, 22, 23, 24, 25, 26, 28, 29, 30, 31, 34, 35, 36, 37]));
    assert_eq!(positions("b", 23), Some(vec![24, 25, 28, 29, 30, 35]));
    assert_eq!(positions("e", 19), Some(vec![30]), "it was addressed");
    assert_eq!(positions("a", 18), None, "what came right behind it is not in the log any more");
    let first = replayed("a", 19).entries.unwrap().remove(0);
    assert_eq!((first.sequence, first.origin.map(|origin| origin.0), first.acked), (Some(3), Some(5), true));
    assert!(matches!(first.event, Event::MessageCreated(message) if message.content == "gone"));

    let (user, conversation) = (UserId::trusted("a"), quintet_domain::ConversationId::trusted("c"));
    let page = queries::messages(&opened.writer, &user, &conversation, (PageOf::Newest, true), 10).unwrap();
    let said: Vec<(u64, &str, usize)> =
        page.items.iter().map(|message| (message.sequence, message.content.as_str(), message.readers.len())).collect();
    assert_eq!(said, [(1, "oldest", 1), (2, "old", 1), (3, "gone", 1), (4, "a guest's", 2)]);
    assert_eq!(page.items[0].client_message_id.as_ref().map(|id| id.as_str()), Some("mine"));
}

/// A process that ends during the migration leaves the database as it was, and the next start migrates it.
#[test]
fn an_end_in_the_middle_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    let conn = with_every_change(&file);
    let runner = migrations::migrations::runner();
    let core = runner.get_migrations().iter().find(|migration| migration.version() == BEFORE + 1).unwrap();
    conn.execute_batch("BEGIN IMMEDIATE").unwrap();
    conn.execute_batch(core.sql().unwrap()).unwrap();
    let keyed: i64 = conn.query_row("SELECT count(position) FROM message", [], |row| row.get(0)).unwrap();
    assert_eq!(keyed, 4);
    drop(conn);

    let conn = Connection::open(&file).unwrap();
    assert_eq!(version(&conn, folder.path()).unwrap(), i64::from(BEFORE));
    let old: (i64, i64) = conn
        .query_row("SELECT (SELECT count(pk) FROM message), (SELECT count(kind) FROM change)", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(old, (4, 18));
    let whole: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
    drop(conn);
    let opened = open(&Location::Folder(folder.path().to_owned())).unwrap();
    let newest: i64 = opened.writer.query_row("SELECT max(position) FROM message", [], |row| row.get(0)).unwrap();
    assert_eq!(newest, 21);
    let foreign: Option<String> =
        opened.writer.query_row("PRAGMA foreign_key_check", [], |row| row.get(0)).optional().unwrap();
    assert_eq!(foreign, None);
}

/// Prints how long the migration of a million messages takes, and the size of the file.
#[test]
#[ignore = "takes a minute; run it alone, in a release build"]
fn a_million_messages() {
    const MESSAGES: i64 = 1_000_000;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    let conn = before_core(&file);
    conn.execute_batch(&format!(
        "PRAGMA synchronous = OFF;
         BEGIN;
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
         INSERT INTO user (pk, id, kind, username, username_key, name, created_at)
             SELECT i, 'u-' || i, 'registered', 'u-' || i, 'u-' || i, 'n', 0 FROM n;
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
         INSERT INTO conversation (pk, id, kind, open, member_count, created_at, updated_at)
             SELECT i, 'c-' || i, 'group', 0, 10, 0, 0 FROM n;
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MESSAGES})
         INSERT INTO message (pk, id, conversation_pk, sequence, sender_pk, kind, content, client_message_id, created_at)
             SELECT i, lower(printf('0191e8a4-7d3c-7000-8000-%012x', i)), 1 + i % 100, 1 + i / 100, 1 + i % 1000, 'text',
                 'A message of about sixty bytes, as most of them are: ' || i, 'client-' || i, i FROM n;
         INSERT INTO change (position, kind, conversation_pk, sequence, actor_pk, message_pk, at, origin, acked)
             SELECT pk, 'message_created', conversation_pk, sequence, sender_pk, pk, created_at, 1, 1 FROM message;
         COMMIT;
         PRAGMA wal_checkpoint(TRUNCATE);"
    ))
    .unwrap();
    drop(conn);
    let size = || std::fs::metadata(&file).unwrap().len() / 1_000_000;
    let (before, began) = (size(), std::time::Instant::now());
    let opened = open(&Location::Folder(folder.path().to_owned())).unwrap();
    let took = began.elapsed();
    let count: i64 = opened.writer.query_row("SELECT count(*) FROM message", [], |row| row.get(0)).unwrap();
    assert_eq!(count, MESSAGES);
    opened.writer.pragma_update(None, "wal_checkpoint", "TRUNCATE").unwrap();
    let free: i64 = opened.writer.query_row("PRAGMA freelist_count", [], |row| row.get(0)).unwrap();
    eprintln!("{MESSAGES} messages in {took:?}: a file of {before} MB, then {} MB with {free} free pages", size());
}
