"""A typed client of the chat dialect: `typed.py URL TOKEN CHAT_ID`.

mypy checks it with `chat.py`, which the server makes. Then it sends a message, and hears it.
"""

import queue
import sys
from typing import cast

import socketio  # type: ignore[import-untyped]
from chat import Call, ChatJoinAcknowledgement, MessageNewEvent, On

PATIENCE_S = 20


def main(url: str, token: str, chat: str) -> None:
    """Sends a message and waits for it."""
    client = socketio.Client(reconnection=False)
    on, call = cast(On, client.on), cast(Call, client.call)
    heard: queue.Queue[MessageNewEvent] = queue.Queue()
    on("message:new", heard.put)
    client.connect(url, auth={"token": token, "dialect": "chat"}, transports=["websocket"], wait_timeout=PATIENCE_S)
    joined: ChatJoinAcknowledgement = call("chat:join", chat)
    assert joined["success"] is True, joined["code"]
    answer = call("message:send", {"chatId": chat, "content": "Hello", "metadata": {"lines": [1]}})
    assert answer["success"] is True, answer
    message = heard.get(timeout=PATIENCE_S)
    assert (message["content"], message["sender"]["status"]) == ("Hello", "online"), message
    assert message.get("metadata") == {"lines": [1]}, message
    refused = call("message:send", {"chatId": "nowhere", "content": "Hello"})
    assert refused["success"] is False and refused["code"] == "ERR_NOT_FOUND", refused
    client.disconnect()
    print("A message was sent and heard.")


if __name__ == "__main__":
    main(*sys.argv[1:])
