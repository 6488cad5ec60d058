-- Times are milliseconds since 1970 UTC. `pk` columns never leave the store; `id` columns are what clients see. Keys are
-- compared by their bytes (COLLATE "C"), as the rules compare them.
--
-- There are no foreign keys: each check would lock the row that is referred to, which all senders of a conversation
-- share. The rules keep references, and all writes of a part of the order run one after the other.

-- The parts of the order. Whoever writes locks the row of its part first.
CREATE TABLE part (
    id smallint PRIMARY KEY,
    -- Incremented by whatever changes rows beside the log of groups, so that every node forgets the rows that it keeps.
    epoch bigint NOT NULL
);
INSERT INTO part (id, epoch) VALUES (1, 1);

-- The groups of writes that were committed, oldest first. The newest gives the newest position.
CREATE TABLE commit_group (
    part smallint NOT NULL,
    -- Consecutive numbers, from 1.
    number bigint NOT NULL,
    -- The newest position after the group.
    position bigint NOT NULL,
    -- Random. It tells a node whose connection was lost at COMMIT whether its group was committed.
    mark bytea NOT NULL,
    at bigint NOT NULL,
    -- The keys of the rows that it changed and that nodes keep: users, conversations, and members as pairs.
    users bigint[] NOT NULL,
    conversations bigint[] NOT NULL,
    member_conversations bigint[] NOT NULL,
    member_users bigint[] NOT NULL,
    PRIMARY KEY (part, number)
);

CREATE TABLE chat_user (
    pk bigint PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('registered', 'guest')),
    service boolean NOT NULL,
    username text NOT NULL,
    name text NOT NULL,
    last_name text,
    avatar text,
    last_seen bigint,
    created_at bigint NOT NULL,
    -- In lower case; null for guests, whose names are not unique.
    username_key text COLLATE "C" UNIQUE,
    -- By which names are compared that readers take for each other.
    name_key text COLLATE "C",
    name_look text COLLATE "C",
    email text,
    email_key text COLLATE "C" UNIQUE,
    password_hash text,
    home_dialect text,
    country text,
    token_generation bigint NOT NULL,
    tokens_from_s bigint NOT NULL,
    disabled boolean NOT NULL,
    erased boolean NOT NULL,
    -- The progress of an erasure: the conversation, and the sequence number in it.
    erasing_from bigint,
    erasing_conversation_pk bigint NOT NULL,
    picture_pk bigint,
    -- The id that a guest had before an account took it.
    former_id text COLLATE "C",
    -- Counts, so that a limit is checked by reading one row.
    conversations bigint NOT NULL DEFAULT 0,
    notifications bigint NOT NULL DEFAULT 0,
    file_bytes bigint NOT NULL DEFAULT 0
);
CREATE INDEX chat_user_name_key ON chat_user (name_key) WHERE name_key IS NOT NULL;
CREATE INDEX chat_user_name_look ON chat_user (name_look) WHERE name_look IS NOT NULL;
CREATE INDEX chat_user_picture ON chat_user (picture_pk) WHERE picture_pk IS NOT NULL;
CREATE INDEX chat_user_guest ON chat_user (pk) WHERE kind = 'guest';
CREATE INDEX chat_user_erasing ON chat_user (pk) WHERE erasing_from IS NOT NULL;

-- The rules by which `name_key` and `name_look` were computed.
CREATE TABLE name_keys (version text NOT NULL);

CREATE TABLE guest_secret (
    -- Never used again: rooms and messages name it.
    pk bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_pk bigint NOT NULL,
    name text COLLATE "C" NOT NULL UNIQUE,
    -- SHA-256 of the second half of the secret.
    hash bytea NOT NULL,
    created_at bigint NOT NULL
);
CREATE INDEX guest_secret_user ON guest_secret (user_pk);

CREATE TABLE service_key (
    user_pk bigint PRIMARY KEY,
    hash text COLLATE "C" NOT NULL UNIQUE,
    created_at bigint NOT NULL
);

CREATE TABLE login_network (
    user_pk bigint NOT NULL,
    network text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (user_pk, network)
);
CREATE INDEX login_network_age ON login_network (at);

-- People added and strangers written to, for each user on the last day (since 1970, UTC) on which it did.
CREATE TABLE contacts (
    user_pk bigint PRIMARY KEY,
    day bigint NOT NULL,
    added bigint NOT NULL,
    direct bigint NOT NULL
);
CREATE INDEX contacts_day ON contacts (day);

-- Every message updates the row of its conversation, so that it is narrow, its pages keep room for new versions, and no
-- index has a column that a message changes.
CREATE TABLE conversation (
    pk bigint PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('direct', 'group', 'room', 'meetup')),
    name text,
    description text,
    open boolean NOT NULL,
    owner_pk bigint,
    owner_secret_pk bigint,
    -- The users of a direct conversation, the smaller key first.
    first_pk bigint,
    second_pk bigint,
    made_by_guest boolean NOT NULL,
    empty_since bigint,
    created_at bigint NOT NULL,
    deleted_at bigint,
    sequence bigint NOT NULL,
    member_count bigint NOT NULL,
    last_message bigint,
    updated_at bigint NOT NULL
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX conversation_pair ON conversation (first_pk, second_pk) WHERE first_pk IS NOT NULL;
CREATE INDEX conversation_second ON conversation (second_pk) WHERE second_pk IS NOT NULL;
CREATE INDEX conversation_owner ON conversation (owner_pk) WHERE owner_pk IS NOT NULL;
CREATE INDEX conversation_empty ON conversation (empty_since) WHERE empty_since IS NOT NULL;
CREATE INDEX conversation_open ON conversation (pk) WHERE open AND deleted_at IS NULL;

CREATE TABLE member (
    conversation_pk bigint NOT NULL,
    user_pk bigint NOT NULL,
    role text NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    joined_at bigint NOT NULL,
    joined_sequence bigint NOT NULL,
    -- The read cursor: every message up to this number is read.
    read_sequence bigint NOT NULL,
    read_at bigint,
    -- The conversation is hidden from the member's list until its newest message has a greater number; null if it is not.
    hidden_sequence bigint,
    PRIMARY KEY (conversation_pk, user_pk)
) WITH (fillfactor = 80);
CREATE INDEX member_user ON member (user_pk, conversation_pk);
CREATE INDEX member_joined ON member (conversation_pk, joined_sequence, user_pk);

CREATE TABLE author (
    user_pk bigint NOT NULL,
    conversation_pk bigint NOT NULL,
    PRIMARY KEY (user_pk, conversation_pk)
);

CREATE TABLE message (
    -- The position in the commit order, which is also the log's record of the creation.
    position bigint PRIMARY KEY,
    -- 16 bytes if it is a UUID in lower case with hyphens; else the text of the id, followed by the byte 255 where it
    -- has 16 bytes as well.
    id bytea NOT NULL UNIQUE,
    conversation_pk bigint NOT NULL,
    sequence bigint NOT NULL,
    sender_pk bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('text', 'image', 'file', 'audio', 'video', 'location', 'custom')),
    content text NOT NULL,
    file_url text,
    file_name text,
    client_message_id text COLLATE "C",
    created_at bigint NOT NULL,
    edited_at bigint,
    deleted_at bigint,
    -- The session of the connection that sent it, and whether its client asked for an acknowledgement.
    origin bigint,
    acked boolean NOT NULL,
    -- The secret that the guest who sent it had proved to own.
    guest_secret_pk bigint
);
CREATE UNIQUE INDEX message_order ON message (conversation_pk, sequence);
CREATE UNIQUE INDEX message_repeat ON message (conversation_pk, sender_pk, client_message_id)
    WHERE client_message_id IS NOT NULL;

-- All changes but the creation of messages.
CREATE TABLE change (
    position bigint PRIMARY KEY,
    conversation_pk bigint,
    sequence bigint,
    origin bigint,
    acked boolean NOT NULL,
    at bigint NOT NULL,
    -- The version of the record, and the record as JSON.
    version bigint NOT NULL,
    data text NOT NULL,
    -- The ids of the users who were told of it, where other rows do not tell them later.
    told text[]
);
CREATE INDEX change_conversation ON change (conversation_pk, position) WHERE conversation_pk IS NOT NULL;

-- The position after which the log is complete.
CREATE TABLE pruned (position bigint NOT NULL);
INSERT INTO pruned (position) VALUES (0);

-- Memberships that ended.
CREATE TABLE departed (
    user_pk bigint NOT NULL,
    position bigint NOT NULL,
    conversation_pk bigint NOT NULL,
    PRIMARY KEY (user_pk, position, conversation_pk)
);
CREATE INDEX departed_position ON departed (position);

-- Users who received a change without being members of its conversation.
CREATE TABLE addressed (
    user_pk bigint NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (user_pk, position)
);
CREATE INDEX addressed_position ON addressed (position);

CREATE TABLE meetup (
    pk bigint PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    conversation_pk bigint NOT NULL UNIQUE,
    host_pk bigint NOT NULL,
    activity text NOT NULL,
    location text NOT NULL,
    starts_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    capacity bigint,
    status text NOT NULL CHECK (status IN ('open', 'confirmed', 'cancelled', 'completed', 'expired')),
    deleted_at bigint
);
CREATE INDEX meetup_expiry ON meetup (expires_at) WHERE status = 'open';
CREATE INDEX meetup_host ON meetup (host_pk);
CREATE INDEX meetup_there ON meetup (pk) WHERE deleted_at IS NULL;
CREATE INDEX meetup_current ON meetup (pk) WHERE deleted_at IS NULL AND status IN ('open', 'confirmed');

CREATE TABLE meetup_request (
    meetup_pk bigint NOT NULL,
    user_pk bigint NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (meetup_pk, user_pk)
);
CREATE INDEX meetup_request_user ON meetup_request (user_pk);
CREATE INDEX meetup_request_order ON meetup_request (meetup_pk, created_at, user_pk);

CREATE TABLE notification (
    pk bigint PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    user_pk bigint NOT NULL,
    -- The user whom the text names, so that it is removed with that user.
    cause_pk bigint,
    title text NOT NULL,
    message text NOT NULL,
    at bigint NOT NULL,
    read_at bigint,
    -- Whether a connection of the meetup dialect was sent it.
    delivered boolean NOT NULL DEFAULT false,
    position bigint NOT NULL
);
CREATE INDEX notification_user ON notification (user_pk, pk);
CREATE INDEX notification_cause ON notification (cause_pk) WHERE cause_pk IS NOT NULL;
CREATE INDEX notification_pending ON notification (user_pk, pk) WHERE NOT delivered;
CREATE INDEX notification_position ON notification (user_pk, position);
CREATE INDEX notification_read ON notification (read_at) WHERE read_at IS NOT NULL;

CREATE TABLE file (
    pk bigint PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    secret text NOT NULL,
    uploader_pk bigint NOT NULL,
    name text,
    size bigint,
    mime text,
    width bigint,
    height bigint,
    created_at bigint NOT NULL
);
CREATE INDEX file_uploader ON file (uploader_pk, pk);

-- Messages that carry files.
CREATE TABLE carried (
    file_pk bigint NOT NULL,
    message bigint NOT NULL,
    PRIMARY KEY (file_pk, message)
);

-- The number of bytes of all files together.
CREATE TABLE file_total (bytes bigint NOT NULL);
INSERT INTO file_total (bytes) VALUES (0);

-- The identity of the data: a client's offset belongs to one identity.
CREATE TABLE identity (id text NOT NULL);
INSERT INTO identity (id) VALUES (replace(gen_random_uuid()::text, '-', ''));
