"""The official Python client against a running server: `clients.py URL TOKEN CHAT_ID`.

Sends and receives a message over each combination of transports. A timeout or an unexpected payload is an error.
"""

import asyncio
import queue
import sys

import socketio

PATIENCE_S = 20

WAYS = (["websocket"], ["polling"], None)
"""Transports: WebSocket only, polling only, and polling with an upgrade."""


def blocking(url, token, chat, transports):
    """Tests the blocking client."""
    client = socketio.Client(reconnection=False)
    heard = queue.Queue()
    client.on("message:new", heard.put)
    client.connect(url, auth={"token": token, "dialect": "chat"}, transports=transports, wait_timeout=PATIENCE_S)
    content = f"blocking over {transports}"
    ack = client.call("message:send", {"chatId": chat, "content": content}, timeout=PATIENCE_S)
    assert ack["success"] is True, ack
    assert heard.get(timeout=PATIENCE_S)["content"] == content
    client.disconnect()


async def on_asyncio(url, token, chat, transports):
    """Tests the asyncio client."""
    client = socketio.AsyncClient(reconnection=False)
    heard = asyncio.Queue()
    client.on("message:new", heard.put)
    auth = {"token": token, "dialect": "chat"}
    await client.connect(url, auth=auth, transports=transports, wait_timeout=PATIENCE_S)
    content = f"asyncio over {transports}"
    ack = await client.call("message:send", {"chatId": chat, "content": content}, timeout=PATIENCE_S)
    assert ack["success"] is True, ack
    message = await asyncio.wait_for(heard.get(), PATIENCE_S)
    assert message["content"] == content, message
    await client.disconnect()


async def refused(url):
    """Tests that a refused connection reports its reason."""
    client = socketio.AsyncClient(reconnection=False)
    reasons = asyncio.Queue()
    client.on("connect_error", reasons.put)
    try:
        await client.connect(url, auth={"token": "no token", "dialect": "chat"}, wait_timeout=PATIENCE_S)
    except socketio.exceptions.ConnectionError:
        reason = await asyncio.wait_for(reasons.get(), PATIENCE_S)
        assert reason["data"]["code"] == "ERR_UNAUTHENTICATED", reason
    else:
        raise AssertionError("connected without a valid token")


def main():
    """Runs all tests, one after the other."""
    url, token, chat = sys.argv[1:]
    for transports in WAYS:
        blocking(url, token, chat, transports)
        print(f"ok blocking {transports}")
        asyncio.run(on_asyncio(url, token, chat, transports))
        print(f"ok asyncio {transports}")
    asyncio.run(refused(url))
    print("ok refused")


main()
