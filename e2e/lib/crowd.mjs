// Many users, members and conversations at once, written into the database of a server that does not run: the API would take
// minutes for them.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** `USERS` accounts without passwords, all of them in the group; and `ROOMS` rooms with the first user in them. */
const SCRIPT = `
import sqlite3, sys
path, group, owner, users, rooms = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
given = ["Ada", "Bo", "Chi", "Dina", "Emil", "Fay", "Gus", "Hana", "Ivo", "Jo"]
family = ["Abel", "Brandt", "Curie", "Dahl", "Engel", "Fuchs", "Gauss", "Hopper", "Imai", "Jansen"]
base = sqlite3.connect(path)
with base:
    (first,) = base.execute("SELECT max(pk) + 1 FROM user").fetchone()
    (chat, at) = base.execute("SELECT pk, created_at FROM conversation WHERE id = ?", [group]).fetchone()
    (own,) = base.execute("SELECT pk FROM user WHERE id = ?", [owner]).fetchone()
    those = [(first + n, f"crowd-{n}", f"user{n:05}", f"{given[n % 10]} {family[n // 10 % 10]} {n}") for n in range(users)]
    base.executemany("INSERT INTO user (pk, id, kind, username, username_key, name, name_key, name_look, created_at, conversations) "
        "VALUES (?1, ?2, 'registered', ?3, ?3, ?4, ?3, ?3, 0, 1)", those)
    member = "INSERT INTO member (conversation_pk, user_pk, role, joined_at, joined_sequence, read_sequence) VALUES (?, ?, 'member', 0, 0, 0)"
    base.executemany(member, [(chat, pk) for (pk, *_) in those])
    base.execute("UPDATE conversation SET member_count = member_count + ? WHERE pk = ?", [users, chat])
    (last,) = base.execute("SELECT max(pk) + 1 FROM conversation").fetchone()
    base.executemany("INSERT INTO conversation (pk, id, kind, name, open, owner_pk, member_count, created_at, updated_at) VALUES (?, ?, 'room', ?, 1, ?, 1, ?, ?)",
        [(last + n, f"room-{n}", f"Room {n:04}", first + n, at, at - n * 60_000) for n in range(rooms)])
    base.executemany(member, [(last + n, own) for n in range(rooms)])
    base.execute("UPDATE user SET conversations = conversations + ? WHERE pk = ?", [rooms, own])
`;

/** Adds `users` members to a group, and `rooms` rooms with its owner as their only member. `folder` is that of the server. */
export async function crowd(folder, { group, owner, users, rooms }) {
  await promisify(execFile)("python3", ["-c", SCRIPT, join(folder, "data", "quintet.sqlite3"), group, owner, String(users), String(rooms)]);
}
