"""A life with the client that openapi-python-client makes of the OpenAPI document: `generated.py URL EMAIL PASSWORD USER_ID`.

mypy checks it with the generated package. `USER_ID` is the other user of a direct conversation.
"""

import sys
from io import BytesIO
from urllib.parse import urlsplit

from quintet_client import AuthenticatedClient, Client
from quintet_client.api.auth import log_in, log_out
from quintet_client.api.conversations import create_conversation
from quintet_client.api.files import get_file, upload_file
from quintet_client.api.me import get_me
from quintet_client.api.messages import list_messages, send_message
from quintet_client.models import (
    Conversation,
    Credentials,
    Form,
    GivenFile,
    Message,
    Messages,
    NewConversation,
    NewConversationKind,
    NewMessage,
    Own,
    ProblemBody,
    Session,
    Upload,
)
from quintet_client.types import File


def main(url: str, email: str, password: str, other: str) -> None:
    """Logs in, begins a conversation, sends, reads, uploads, downloads and logs out."""
    nobody = Client(base_url=url)
    wrong = log_in.sync(client=nobody, body=Credentials(email=email, password="wrong horse"))
    assert isinstance(wrong, ProblemBody), wrong
    session = log_in.sync(client=nobody, body=Credentials(email=email, password=password))
    assert isinstance(session, Session), session
    client = AuthenticatedClient(base_url=url, token=session.token)

    new = NewConversation(kind=NewConversationKind.DIRECT, member_ids=[other])
    conversation = create_conversation.sync(client=client, body=new)
    assert isinstance(conversation, Conversation), conversation

    form = Form(file=File(payload=BytesIO(b"a, b\n1, 2\n"), file_name="table.csv", mime_type="text/csv"))
    upload = upload_file.sync(client=client, body=form)
    assert isinstance(upload, Upload), upload

    body = NewMessage(content="Hello", files=[GivenFile(url=upload.url)])
    message = send_message.sync(conversation.id, client=client, body=body)
    assert isinstance(message, Message), message
    page = list_messages.sync(conversation.id, client=client)
    assert isinstance(page, Messages), page
    assert [(one.id, one.content) for one in page.items] == [(message.id, "Hello")], page

    _, _, file, secret = urlsplit(upload.url).path.split("/")
    download = get_file.sync(file, secret, client=nobody)
    assert isinstance(download, File), download
    assert download.payload.read() == b"a, b\n1, 2\n"

    assert isinstance(get_me.sync(client=client), Own)
    assert log_out.sync_detailed(client=client).status_code == 204
    assert isinstance(get_me.sync(client=client), ProblemBody)
    print("A life was lived.")


if __name__ == "__main__":
    main(*sys.argv[1:])
