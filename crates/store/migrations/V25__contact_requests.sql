-- Requests to reach a person: to write to it, or to take it into a group.

CREATE TABLE contact_request (
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    from_pk INTEGER NOT NULL REFERENCES user (pk),
    to_pk INTEGER NOT NULL REFERENCES user (pk),
    conversation_pk INTEGER NOT NULL REFERENCES conversation (pk),
    role TEXT NOT NULL,
    at INTEGER NOT NULL,
    declined INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (to_pk, conversation_pk)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_request_from ON contact_request (from_pk, to_pk);
CREATE INDEX contact_request_conversation ON contact_request (conversation_pk);
CREATE INDEX contact_request_at ON contact_request (at);

-- Groups that people have left by their own choice, and come back to by their own choice alone.
CREATE TABLE left_group (
    user_pk INTEGER NOT NULL REFERENCES user (pk),
    conversation_pk INTEGER NOT NULL REFERENCES conversation (pk),
    PRIMARY KEY (user_pk, conversation_pk)
) STRICT, WITHOUT ROWID;
CREATE INDEX left_group_conversation ON left_group (conversation_pk);
