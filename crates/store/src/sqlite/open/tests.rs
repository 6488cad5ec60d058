//! Databases of earlier versions, and their migration.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use quintet_domain::{MessageId, MessageKind, Timestamp, UserId};
use refinery::Target;

use quintet_rules::log::replay_since;
use quintet_rules::names::owner;
use quintet_rules::rows::MessageRows;

use super::super::rows::SqliteRows;
use super::super::{accounts, backup, directory, lists, meetup_lists};
use super::*;
use crate::{BackupError, Filter, MeetupFilter};

/// The key of the user with a username.
fn owner_of(conn: &Connection, username: &str) -> Option<i64> {
    owner(&SqliteRows(conn), username).unwrap().map(|key| key.0)
}

/// A database of version 0.1 keeps its guests and its accounts, including accounts that were made of guests. The rooms
/// of its guests have no secret, so that a client that claims their owner's id is a guest like any other.
#[test]
fn guests_of_an_earlier_version() {
    let folder = tempfile::tempdir().unwrap();
    let mut conn = Connection::open(folder.path().join(FILE)).unwrap();
    migrations::migrations::runner().set_target(Target::Version(6)).run(&mut conn).unwrap();
    conn.execute_batch(
        "INSERT INTO user (pk, id, kind, username, username_key, name, created_at) VALUES
             (1, '42', 'registered', 'was a guest', 'was a guest', 'n', 0), (2, 'g', 'guest', 'g', NULL, 'g', 0);
         INSERT INTO conversation (pk, id, kind, open, owner_pk, made_by_guest, created_at, updated_at) VALUES
             (1, 'adopted', 'room', 1, 1, 1, 0, 0), (2, 'guests', 'room', 1, 2, 1, 0, 0);
         INSERT INTO member (conversation_pk, user_pk, role, joined_at, joined_sequence, read_sequence) VALUES
             (1, 1, 'owner', 0, 0, 0), (2, 2, 'owner', 0, 0, 0);
         INSERT INTO message (pk, id, conversation_pk, sequence, sender_pk, kind, content, created_at) VALUES
             (1, 'm', 1, 1, 1, 'text', 'x', 0);",
    )
    .unwrap();
    migrate(&mut conn, folder.path()).unwrap();
    type Seat = (String, String, String, Option<String>, Option<i64>);
    let seats: Vec<Seat> = conn
        .prepare(
            "SELECT u.id, u.kind, m.role, u.former_id, c.owner_secret_pk FROM member m
             JOIN user u ON u.pk = m.user_pk JOIN conversation c ON c.pk = m.conversation_pk ORDER BY u.pk",
        )
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let seat = |id: &str, kind: &str, role: &str| (id.to_owned(), kind.to_owned(), role.to_owned(), None, None);
    assert_eq!(seats, [seat("42", "registered", "owner"), seat("g", "guest", "member")]);
}

/// A database of an earlier version keeps its messages, and takes those of every kind from then on.
#[test]
fn kinds_of_messages_of_an_earlier_version() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    let mut conn = Connection::open(&file).unwrap();
    migrations::migrations::runner().set_target(Target::Version(13)).run(&mut conn).unwrap();
    let insert = |conn: &Connection, position: usize, kind: &str| {
        let row = (position as i64, format!("m-{kind}"), kind);
        conn.execute(
            "INSERT INTO message (position, id, conversation_pk, sequence, sender_pk, kind, content, created_at)
             VALUES (?1, ?2, 1, ?1, 1, ?3, 'x', 0)",
            row,
        )
    };
    conn.execute_batch(
        "INSERT INTO user (pk, id, kind, username, username_key, name, created_at) VALUES
             (1, 'a', 'registered', 'a', 'a', 'a', 0);
         INSERT INTO conversation (pk, id, kind, name, open, owner_pk, created_at, updated_at) VALUES
             (1, 'c', 'group', 'C', 0, 1, 0, 0);",
    )
    .unwrap();
    let earlier = [MessageKind::Text, MessageKind::Image, MessageKind::File];
    for (position, kind) in MessageKind::ALL.into_iter().enumerate() {
        assert_eq!(insert(&conn, position, kind.as_str()).is_ok(), earlier.contains(&kind), "{kind:?}");
    }
    migrate(&mut conn, folder.path()).unwrap();
    for (position, kind) in MessageKind::ALL.into_iter().enumerate().filter(|(_, kind)| !earlier.contains(kind)) {
        insert(&conn, position, kind.as_str()).unwrap();
    }
    assert!(insert(&conn, 100, "sticker").is_err());
    drop(conn);
    let conn = Connection::open(&file).unwrap();
    for kind in MessageKind::ALL {
        let id = MessageId::trusted(&format!("m-{}", kind.as_str()));
        let found = SqliteRows(&conn).message(&id).unwrap().expect("the message");
        assert_eq!(found.kind, kind);
    }
    let checked: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(checked, "ok");
}

/// A database of an earlier version keeps its pictures, except as references of profiles to files of other users.
#[test]
fn pictures_of_an_earlier_version() {
    let folder = tempfile::tempdir().unwrap();
    let mut conn = Connection::open(folder.path().join(FILE)).unwrap();
    migrations::migrations::runner().set_target(Target::Version(5)).run(&mut conn).unwrap();
    conn.execute_batch(
        "INSERT INTO user (pk, id, kind, username, name, avatar, created_at, service) VALUES
             (1, 'a', 'registered', 'a', 'a', '/files/f-1/s-1', 0, 0),
             (2, 'b', 'registered', 'b', 'b', '/files/f-1/s-1', 0, 0),
             (3, 'c', 'registered', 'c', 'c', '/files/f-2/s-2', 0, 0),
             (4, 'd', 'registered', 'd', 'd', '/files/f-2/wrong', 0, 0),
             (5, 'e', 'registered', 'e', 'e', 'https://example.org/files/f-1/s-1', 0, 0),
             (6, 'shop', 'registered', 'shop', 'shop', NULL, 0, 1);
         INSERT INTO file (pk, id, secret, uploader_pk, created_at) VALUES
             (10, 'f-1', 's-1', 1, 0), (20, 'f-2', 's-2', 6, 0);",
    )
    .unwrap();
    migrate(&mut conn, folder.path()).unwrap();
    let pictures: Vec<(String, Option<i64>)> = conn
        .prepare("SELECT id, picture_pk FROM user ORDER BY pk")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let expected = [("a", Some(10)), ("b", None), ("c", Some(20)), ("d", None), ("e", None), ("shop", None)];
    assert_eq!(pictures, expected.map(|(id, picture)| (id.to_owned(), picture)));
}

/// Users of version 0.1 whose names compare equal now keep them, and each is found by its own exact name.
#[test]
fn names_of_an_earlier_version() {
    let folder = tempfile::tempdir().unwrap();
    let mut conn = Connection::open(folder.path().join(FILE)).unwrap();
    migrations::migrations::runner().set_target(Target::Version(6)).run(&mut conn).unwrap();
    let users = ["alice", "\u{430}lice", "Ada King", "ada@example.org", "admin", "\u{200B}"];
    for (at, username) in users.iter().enumerate() {
        conn.execute(
            "INSERT INTO user (id, kind, username, username_key, name, created_at)
             VALUES (?1, 'registered', ?2, ?3, ?2, 0)",
            (format!("u-{at}"), username, username.to_lowercase()),
        )
        .unwrap();
    }
    conn.execute(
        "INSERT INTO user (id, kind, username, name, created_at) VALUES ('g', 'guest', 'alice', 'alice', 0)",
        [],
    )
    .unwrap();
    conn.execute(
        "UPDATE user SET name = ' Ada \u{202E} King\u{200B}', last_name = 'King\u{200B}' WHERE id = 'u-2'",
        [],
    )
    .unwrap();
    drop(conn);
    // Twice, because a second start must find nothing to do.
    for _ in 0..2 {
        let opened = open(&Location::Folder(folder.path().to_owned())).unwrap();
        for (at, username) in users.iter().enumerate() {
            let pk = i64::try_from(at + 1).unwrap();
            assert_eq!(owner_of(&opened.writer, username), Some(pk), "{username:?}");
        }
        for (spelling, found) in
            [("ALICE", Some(1)), ("\u{410}LICE", Some(2)), ("al\u{456}ce", None), ("ADAKING", Some(3))]
        {
            assert_eq!(owner_of(&opened.writer, spelling), found, "{spelling}");
        }
        let shown: (String, Option<String>) = opened
            .writer
            .query_row("SELECT name, last_name FROM user WHERE id = 'u-2'", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert_eq!(shown, ("Ada King".to_owned(), Some("King".to_owned())));
        let version: String = opened.writer.query_row("SELECT version FROM name_keys", [], |row| row.get(0)).unwrap();
        assert_eq!(version, quintet_domain::NAME_KEY_VERSION.as_str());
    }
}

/// The counts of a database of an earlier version are computed from its rows, and its log stays as it was.
#[test]
fn counts_of_an_earlier_version() {
    let folder = tempfile::tempdir().unwrap();
    let mut conn = Connection::open(folder.path().join(FILE)).unwrap();
    conn.pragma_update(None, "foreign_keys", true).unwrap();
    migrations::migrations::runner().set_target(Target::Version(6)).run(&mut conn).unwrap();
    conn.execute_batch(
        "INSERT INTO user (pk, id, kind, username, name, created_at) VALUES
             (1, 'a', 'registered', 'a', 'a', 0), (2, 'b', 'registered', 'b', 'b', 0);
         INSERT INTO conversation (pk, id, kind, open, created_at, updated_at) VALUES
             (1, 'c-1', 'group', 0, 0, 0), (2, 'c-2', 'group', 0, 0, 0);
         INSERT INTO member (conversation_pk, user_pk, role, joined_at, joined_sequence, read_sequence) VALUES
             (1, 1, 'owner', 0, 0, 0), (2, 1, 'owner', 0, 0, 0), (2, 2, 'member', 0, 0, 0);
         INSERT INTO file (pk, id, secret, uploader_pk, size, created_at) VALUES
             (1, 'f-1', 's', 1, 100, 0), (2, 'f-2', 's', 1, 20, 0), (3, 'f-3', 's', 2, NULL, 0);
         INSERT INTO notification (id, user_pk, title, message, at) VALUES ('n-1', 2, 't', 'm', 0);
         INSERT INTO change (position, kind, conversation_pk, sequence, actor_pk, detail, at, origin, acked) VALUES
             (7, 'member_joined', 2, 1, 2, '2', 5, 9, 1), (8, 'user_changed', NULL, NULL, 1, NULL, 6, NULL, 0);",
    )
    .unwrap();
    migrate(&mut conn, folder.path()).unwrap();
    let counts = |id: &str| -> (i64, i64, i64) {
        conn.query_row("SELECT conversations, notifications, file_bytes FROM user WHERE id = ?1", [id], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap()
    };
    assert_eq!((counts("a"), counts("b")), ((2, 0, 120), (1, 1, 0)));
    let total: i64 = conn.query_row("SELECT bytes FROM file_total", [], |row| row.get(0)).unwrap();
    assert_eq!(total, 120);
    type Logged = (i64, Option<i64>, Option<i64>, Option<i64>, bool, i64, String);
    let logged: Vec<Logged> = conn
        .prepare("SELECT position, conversation_pk, sequence, origin, acked, at, data FROM change ORDER BY position")
        .unwrap()
        .query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
        })
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let data = r#"{"kind":"member_joined","member":2,"member_count":2}"#;
    let joined = (7, Some(2), Some(1), Some(9), true, 5, data.to_owned());
    let changed = (8, None, None, None, false, 6, r#"{"kind":"user_changed","user":1}"#.to_owned());
    assert_eq!(logged, [joined, changed]);
}

/// The lists of an earlier version have the same items in this version, which reads them by new indexes.
#[test]
fn lists_of_an_earlier_version() {
    let folder = tempfile::tempdir().unwrap();
    let mut conn = Connection::open(folder.path().join(FILE)).unwrap();
    configure(&conn, true).unwrap();
    migrations::migrations::runner().set_target(Target::Version(6)).run(&mut conn).unwrap();
    conn.execute_batch(
        "INSERT INTO user (pk, id, kind, username, username_key, name, created_at) VALUES
             (1, 'ada', 'registered', 'Ada', 'ada', 'Ada Lovelace', 0), (2, 'guest', 'guest', 'g', NULL, 'g', 0);
         INSERT INTO conversation (pk, id, kind, name, open, member_count, created_at, updated_at) VALUES
             (10, 'seen', 'group', 'Seen', 0, 1, 0, 5), (11, 'hidden', 'group', 'Hidden', 0, 1, 0, 6),
             (12, 'open', 'room', 'Open', 1, 0, 0, 7), (13, 'walk', 'meetup', 'Walk', 0, 1, 0, 8);
         INSERT INTO member (conversation_pk, user_pk, role, joined_at, joined_sequence, read_sequence, hidden_sequence)
             VALUES (10, 1, 'owner', 0, 0, 0, -1), (11, 1, 'owner', 0, 0, 0, 3), (13, 1, 'owner', 0, 0, 0, -1);
         INSERT INTO meetup (pk, id, conversation_pk, host_pk, activity, location, starts_at, expires_at, status)
             VALUES (20, 'm', 13, 1, 'Walk', 'Park', 9, 9, 'open');
         INSERT INTO meetup_request (meetup_pk, user_pk, created_at) VALUES (20, 2, 0);",
    )
    .unwrap();
    migrate(&mut conn, folder.path()).unwrap();
    let ada = UserId::trusted("ada");
    let page = lists::conversations(&conn, &ada, None, 10).unwrap();
    assert_eq!(page.items.iter().map(|item| item.conversation.id.as_str()).collect::<Vec<_>>(), ["walk", "seen"]);
    let found = directory::found(&conn, (&ada, Timestamp(1)), "", &Filter::OpenOrMine, None, 10).unwrap();
    let ids: Vec<&str> = found.items.iter().map(|item| item.conversation.id.as_str()).collect();
    assert_eq!(ids, ["open", "hidden", "seen"]);
    let found = accounts::search(&conn, "love", None, 10).unwrap();
    assert_eq!(found.items.iter().map(|user| user.id.as_str()).collect::<Vec<_>>(), ["ada"]);
    for current in [true, false] {
        let filter = MeetupFilter { current };
        let page = meetup_lists::list(&conn, &ada, filter, Timestamp(1), None, 10).unwrap();
        let seen: Vec<_> = page.items.iter().map(|meetup| (meetup.id.as_str(), meetup.requests.len())).collect();
        assert_eq!(seen, [("m", 1)]);
    }
    let replayed = replay_since(&SqliteRows(&conn), &ada, false, 0.into()).unwrap();
    assert_eq!(replayed.entries.map(|entries| entries.len()), Some(0));
}

/// Creates a database of version 0.1 in a folder, with a user for each kind of login.
fn of_version_0_1(folder: &Path) {
    let mut conn = Connection::open(folder.join(FILE)).unwrap();
    configure(&conn, true).unwrap();
    migrations::migrations::runner().set_target(Target::Version(6)).run(&mut conn).unwrap();
    conn.execute_batch(
        "INSERT INTO user (id, kind, username, username_key, name, email, email_key, password_hash, created_at, service)
         VALUES ('p', 'registered', 'p', 'p', 'p', 'P@example.org', 'p@example.org', 'hash', 0, 0),
             ('t', 'registered', 't', 't', 't', 'T@example.org', 't@example.org', NULL, 0, 0),
             ('s', 'registered', 's', 's', 's', 's@example.org', 's@example.org', NULL, 0, 1);",
    )
    .unwrap();
}

fn version_in(file: &Path) -> i64 {
    let conn = Connection::open(file).unwrap();
    conn.query_row("SELECT max(version) FROM refinery_schema_history", [], |row| row.get(0)).unwrap()
}

/// While a server of version 0.1 runs, nothing can be changed. Without one, a backup is of that version, so that it can
/// be restored by that server.
#[test]
fn an_earlier_version_that_is_served_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    of_version_0_1(folder.path());
    let (file, copy) = (folder.path().join(FILE), folder.path().join("copy"));
    let served = lock(folder.path()).unwrap();
    for location in [Location::Existing(folder.path().to_owned()), Location::Folder(folder.path().to_owned())] {
        assert!(matches!(open(&location), Err(OpenError::Locked(_))));
        assert_eq!(version_in(&file), 6);
    }
    drop(served);
    backup::of_folder(folder.path(), &copy).unwrap();
    assert_eq!((version_in(&file), version_in(&copy)), (6, 6));
    drop(open(&Location::Existing(folder.path().to_owned())).unwrap());
    assert_eq!(version_in(&file), known_version());
}

#[test]
fn a_folder_without_a_database() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("data"), folder.path().join("copy"));
    let existing = Location::Existing(data.clone());
    assert!(matches!(open(&existing), Err(OpenError::Missing(_))));
    assert!(matches!(backup::of_folder(&data, &copy), Err(BackupError::Open(OpenError::Missing(_)))));
    assert!(!data.exists() && !copy.exists());
    drop(open(&Location::Folder(data)).unwrap());
    open(&existing).unwrap();
}

/// The index of the log is in memory, which means that SQLite makes no system calls for locks.
#[test]
fn the_index_of_the_log_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(&Location::Folder(folder.path().to_owned())).unwrap();
    opened.writer.execute("UPDATE name_keys SET version = version", []).unwrap();
    let exist = ["-wal", "-shm"].map(|end| folder.path().join(format!("{FILE}{end}")).exists());
    assert_eq!(exist, [true, false]);
}

/// Users that an earlier version created after the migration get their keys at the next start.
#[test]
fn users_without_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Folder(folder.path().to_owned());
    let opened = open(&location).unwrap();
    opened
        .writer
        .execute_batch(
            "INSERT INTO user (id, kind, username, username_key, name, created_at) VALUES
                 ('u', 'registered', 'alice', 'alice', 'alice', 0);",
        )
        .unwrap();
    drop(opened);
    let opened = open(&location).unwrap();
    assert_eq!(owner_of(&opened.writer, "\u{FF41}lice"), Some(1));
}

/// An email address that only a token named does not prevent anybody from registering it.
#[test]
fn emails_of_an_earlier_version() {
    let folder = tempfile::tempdir().unwrap();
    of_version_0_1(folder.path());
    let opened = open(&Location::Folder(folder.path().to_owned())).unwrap();
    let emails: Vec<(String, String, Option<String>)> = opened
        .writer
        .prepare("SELECT id, email, email_key FROM user ORDER BY id")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let row = |id: &str, email: &str, key: Option<&str>| (id.to_owned(), email.to_owned(), key.map(str::to_owned));
    let expected = [
        row("p", "P@example.org", Some("p@example.org")),
        row("s", "s@example.org", Some("s@example.org")),
        row("t", "T@example.org", None),
    ];
    assert_eq!(emails, expected);
}

/// Addresses that an earlier version compared in their own form are compared in one form; where two users have one
/// address by now, each keeps the form by which it logs in.
#[test]
fn addresses_of_an_earlier_version_get_one_form() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Folder(folder.path().to_owned());
    drop(open(&location).unwrap());
    let conn = Connection::open(folder.path().join(FILE)).unwrap();
    let insert = "INSERT INTO user (id, kind, username, username_key, name, email, email_key, created_at)
         VALUES (?1, 'registered', ?1, ?1, ?1, ?2, ?2, 0)";
    for (id, email) in [("a", "zoe\u{308}@example.org"), ("b", "ada@example.org"), ("c", "zo\u{eb}@example.com")] {
        conn.execute(insert, (id, email)).unwrap();
    }
    conn.execute(insert, ("d", "zoe\u{308}@example.com")).unwrap();
    drop(conn);
    let opened = open(&location).unwrap();
    let key_of = |id: &str| -> String {
        opened.writer.query_row("SELECT email_key FROM user WHERE id = ?1", [id], |row| row.get(0)).unwrap()
    };
    assert_eq!(key_of("a"), "zo\u{eb}@example.org");
    assert_eq!(key_of("b"), "ada@example.org");
    assert_eq!((key_of("c"), key_of("d")), ("zo\u{eb}@example.com".to_owned(), "zoe\u{308}@example.com".to_owned()));
}
