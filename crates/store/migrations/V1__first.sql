-- Moments are milliseconds since 1970 UTC. `pk` columns never leave the store; `id` columns are what clients see.

CREATE TABLE user (
    pk INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('registered', 'guest')),
    username TEXT NOT NULL,
    -- Lower case; null for guests, whose names are not theirs alone.
    username_key TEXT UNIQUE,
    name TEXT NOT NULL,
    email TEXT,
    email_key TEXT UNIQUE,
    password_hash TEXT,
    avatar TEXT,
    -- The dialect in which the user registered, for tokens that decide a connection's.
    home_dialect TEXT,
    -- Counted up when all tokens of the user are revoked.
    token_generation INTEGER NOT NULL DEFAULT 0,
    -- Tokens of other issuers carry no generation; those issued before this second are revoked.
    tokens_from_s INTEGER NOT NULL DEFAULT 0,
    disabled INTEGER NOT NULL DEFAULT 0,
    last_seen INTEGER,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE conversation (
    pk INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('direct', 'group', 'room', 'meetup')),
    name TEXT,
    open INTEGER NOT NULL,
    owner_pk INTEGER REFERENCES user (pk),
    -- The pair of a direct conversation: smaller pk first.
    first_pk INTEGER REFERENCES user (pk),
    second_pk INTEGER REFERENCES user (pk),
    -- The number of the newest change.
    sequence INTEGER NOT NULL DEFAULT 0,
    member_count INTEGER NOT NULL DEFAULT 0,
    last_message_pk INTEGER,
    made_by_guest INTEGER NOT NULL DEFAULT 0,
    -- Since when a room that a guest made is empty.
    empty_since INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;

CREATE UNIQUE INDEX conversation_pair ON conversation (first_pk, second_pk) WHERE first_pk IS NOT NULL;
CREATE INDEX conversation_empty ON conversation (empty_since) WHERE empty_since IS NOT NULL;

CREATE TABLE member (
    conversation_pk INTEGER NOT NULL REFERENCES conversation (pk),
    user_pk INTEGER NOT NULL REFERENCES user (pk),
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    joined_at INTEGER NOT NULL,
    -- The conversation's number when the member joined: what is older it did not miss.
    joined_sequence INTEGER NOT NULL,
    -- The cursor: everything up to this number is read. It never moves back.
    read_sequence INTEGER NOT NULL,
    read_at INTEGER,
    -- The conversation is out of the member's list until its newest message is newer than this.
    hidden_sequence INTEGER NOT NULL DEFAULT -1,
    PRIMARY KEY (conversation_pk, user_pk)
) STRICT, WITHOUT ROWID;

CREATE INDEX member_user ON member (user_pk);

CREATE TABLE message (
    pk INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    conversation_pk INTEGER NOT NULL REFERENCES conversation (pk),
    sequence INTEGER NOT NULL,
    sender_pk INTEGER NOT NULL REFERENCES user (pk),
    kind TEXT NOT NULL CHECK (kind IN ('text', 'image', 'file')),
    content TEXT NOT NULL,
    file_url TEXT,
    file_name TEXT,
    client_message_id TEXT,
    created_at INTEGER NOT NULL,
    edited_at INTEGER,
    deleted_at INTEGER
) STRICT;

CREATE UNIQUE INDEX message_order ON message (conversation_pk, sequence);
CREATE UNIQUE INDEX message_repeat ON message (conversation_pk, sender_pk, client_message_id)
    WHERE client_message_id IS NOT NULL;
CREATE INDEX message_sender ON message (sender_pk);

-- Everything that was committed, in commit order: what a client that comes back is brought up to date from.
CREATE TABLE change (
    position INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    conversation_pk INTEGER REFERENCES conversation (pk),
    -- The number among the conversation's changes; null for what is not numbered.
    sequence INTEGER,
    actor_pk INTEGER REFERENCES user (pk),
    message_pk INTEGER REFERENCES message (pk),
    detail TEXT,
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE meetup (
    pk INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    conversation_pk INTEGER NOT NULL UNIQUE REFERENCES conversation (pk),
    host_pk INTEGER NOT NULL REFERENCES user (pk),
    activity TEXT NOT NULL,
    location TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    capacity INTEGER,
    status TEXT NOT NULL CHECK (status IN ('open', 'confirmed', 'cancelled', 'completed', 'expired')),
    deleted_at INTEGER
) STRICT;

CREATE INDEX meetup_expiry ON meetup (expires_at) WHERE status = 'open';

CREATE TABLE meetup_request (
    meetup_pk INTEGER NOT NULL REFERENCES meetup (pk),
    user_pk INTEGER NOT NULL REFERENCES user (pk),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (meetup_pk, user_pk)
) STRICT, WITHOUT ROWID;

CREATE TABLE notification (
    pk INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_pk INTEGER NOT NULL REFERENCES user (pk),
    -- Whom the words name, so that they go when that one is erased.
    cause_pk INTEGER REFERENCES user (pk),
    title TEXT NOT NULL,
    message TEXT NOT NULL,
    at INTEGER NOT NULL,
    -- Whether a connection that speaks the meetup vocabulary was sent it.
    told INTEGER NOT NULL DEFAULT 0,
    read_at INTEGER
) STRICT;

CREATE INDEX notification_user ON notification (user_pk, pk);
CREATE INDEX notification_cause ON notification (cause_pk) WHERE cause_pk IS NOT NULL;
CREATE INDEX notification_untold ON notification (user_pk) WHERE told = 0;
