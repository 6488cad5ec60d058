"""python-socketio on uvicorn, written as a team would for this workload: rooms and acknowledgements. With FILE, every
message is committed with fsync before it is acknowledged or delivered. `server.py PORT [FILE] [--presence]`"""

import asyncio
import datetime
import sqlite3
import sys
import uuid
from urllib.parse import parse_qs

import socketio
import uvicorn

port, *rest = sys.argv[1:]
presence = "--presence" in rest
file = next((word for word in rest if not word.startswith("--")), None)

sio = socketio.AsyncServer(async_mode="asgi", transports=["websocket"])
who = {}
waiting = []
db = None

if file:
    db = sqlite3.connect(file, isolation_level=None)
    db.executescript(
        """PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
        CREATE TABLE IF NOT EXISTS message (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, room TEXT, sender TEXT,
            content TEXT, at TEXT);
        CREATE INDEX IF NOT EXISTS message_room ON message (room, seq);"""
    )


def written(id, room, sender, content, at):
    return {
        "id": id, "conversationId": room, "content": content, "type": "TEXT", "fileUrl": None, "fileName": None,
        "sender": {"id": sender, "username": "user", "name": "user", "avatar": None}, "isEdited": False,
        "isDeleted": False, "createdAt": at, "updatedAt": at, "readBy": [],
    }


def flush():
    """Commits all messages of one turn of the event loop together."""
    sends = waiting[:]
    waiting.clear()
    db.execute("BEGIN")
    db.executemany(
        "INSERT INTO message (id, room, sender, content, at) VALUES (?, ?, ?, ?, ?)",
        [(m["id"], m["conversationId"], m["sender"]["id"], m["content"], m["createdAt"]) for m, _ in sends],
    )
    db.execute("COMMIT")
    for _, committed in sends:
        committed.set_result(None)


@sio.event
async def connect(sid, environ):
    said = parse_qs(environ.get("QUERY_STRING", ""))
    room, user = said.get("room", ["0"])[0], said.get("user", [sid])[0]
    who[sid] = (room, user)
    await sio.enter_room(sid, room)
    if "after" in said and db:
        found = db.execute(
            "SELECT id, room, sender, content, at FROM message WHERE room = ? AND seq > ? ORDER BY seq",
            (room, int(said["after"][0])),
        )
        for row in found.fetchall():
            await sio.emit("receive_message", {"message": written(*row), "conversationId": room}, to=sid)
    if presence:
        await sio.emit("user_online", {"userId": user})


@sio.event
async def disconnect(sid, reason=None):
    _, user = who.pop(sid, (None, None))
    if presence:
        await sio.emit("user_offline", {"userId": user})


@sio.event
async def send_message(sid, data):
    room, user = who[sid]
    at = datetime.datetime.now(datetime.timezone.utc).isoformat()
    message = written(str(uuid.uuid4()), room, user, data["content"], at)
    if db:
        loop = asyncio.get_running_loop()
        committed = loop.create_future()
        waiting.append((message, committed))
        if len(waiting) == 1:
            loop.call_soon(flush)
        await committed
    await sio.emit("receive_message", {"message": message, "conversationId": room}, room=room)
    return {"success": True, "message": message}


uvicorn.run(socketio.ASGIApp(sio), host="127.0.0.1", port=int(port), log_level="error", backlog=16384)
