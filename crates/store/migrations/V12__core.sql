-- Messages are keyed by their position in the commit order, so that the log needs no row of its own for their creation.
-- Changes beside them are records in JSON with a version.

-- The rules keep the counts of users and the bytes of all files.
DROP TRIGGER member_counted;
DROP TRIGGER member_uncounted;
DROP TRIGGER notification_counted;
DROP TRIGGER notification_uncounted;
DROP TRIGGER file_sized;
DROP TRIGGER file_removed;

ALTER TABLE message RENAME TO message_old;
ALTER TABLE change RENAME TO change_old;
ALTER TABLE carried RENAME TO carried_old;

-- The new key of each message: the position at which the log has its creation. Messages that are older than the log get
-- keys of 0 and below, in the order in which they were sent.
CREATE TEMP TABLE message_key (pk INTEGER PRIMARY KEY, position INTEGER NOT NULL, origin INTEGER, acked INTEGER NOT NULL);
INSERT OR IGNORE INTO message_key (pk, position, origin, acked)
    SELECT c.message_pk, c.position, c.origin, c.acked FROM change_old c
    WHERE c.kind = 'message_created' AND c.message_pk IS NOT NULL ORDER BY c.position;
INSERT INTO message_key (pk, position, origin, acked)
    SELECT m.pk, row_number() OVER (ORDER BY m.pk) - count(*) OVER (), NULL, 0 FROM message_old m
    WHERE NOT EXISTS (SELECT 1 FROM message_key k WHERE k.pk = m.pk);

CREATE TABLE message (
    -- The position in the commit order, which is also the log's record of the creation. 0 and below where a message was
    -- older than the log when the database was brought over from version 0.1.
    position INTEGER PRIMARY KEY,
    -- 16 bytes where it is a UUID in lower case with hyphens, else the text of the id.
    id ANY NOT NULL,
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
    deleted_at INTEGER,
    -- The session of the connection that sent it, and whether its client asked for an acknowledgement.
    origin INTEGER,
    acked INTEGER NOT NULL DEFAULT 0,
    -- The secret that the guest who sent it had proved to have.
    guest_secret_pk INTEGER
) STRICT;

INSERT INTO message (position, id, conversation_pk, sequence, sender_pk, kind, content, file_url, file_name,
        client_message_id, created_at, edited_at, deleted_at, origin, acked, guest_secret_pk)
    SELECT k.position,
        CASE WHEN m.id GLOB '????????-????-????-????-????????????' AND m.id NOT GLOB '*[^0-9a-f-]*'
                AND length(replace(m.id, '-', '')) = 32
            THEN unhex(replace(m.id, '-', '')) ELSE m.id END,
        m.conversation_pk, m.sequence, m.sender_pk, m.kind, m.content, m.file_url, m.file_name, m.client_message_id,
        m.created_at, m.edited_at, m.deleted_at, coalesce(m.guest_origin, k.origin), k.acked, m.guest_secret_pk
    FROM message_old m JOIN message_key k ON k.pk = m.pk ORDER BY m.pk;

CREATE TABLE change (
    position INTEGER PRIMARY KEY,
    conversation_pk INTEGER REFERENCES conversation (pk),
    -- The number among the conversation's changes; null for what is not numbered.
    sequence INTEGER,
    -- The session of the connection that asked for it, and whether its client asked for an acknowledgement.
    origin INTEGER,
    acked INTEGER NOT NULL,
    at INTEGER NOT NULL,
    -- The version of the record, and the record as JSON. It names users by their keys, without a reference, so that the
    -- deletion of a guest does not look through the log.
    version INTEGER NOT NULL,
    data TEXT NOT NULL
) STRICT;

INSERT INTO change (position, conversation_pk, sequence, origin, acked, at, version, data)
    SELECT position, conversation_pk, sequence, origin, acked, at, 1, data FROM (
        SELECT c.position, c.conversation_pk, c.sequence, c.origin, c.acked, c.at,
            CASE c.kind
                WHEN 'message_edited' THEN
                    json_object('kind', c.kind, 'message', k.position, 'by', coalesce(c.actor_pk, 0))
                WHEN 'message_deleted' THEN
                    json_object('kind', c.kind, 'message', k.position, 'by', coalesce(c.actor_pk, 0))
                -- "FROM TO", and since some version whether all members were told or only some.
                WHEN 'messages_read' THEN
                    json_object('kind', c.kind, 'reader', coalesce(c.actor_pk, 0), 'from', CAST(c.detail AS INTEGER),
                        'to', CAST(substr(c.detail, instr(c.detail, ' ') + 1) AS INTEGER),
                        'to_all', json(iif(CASE
                            WHEN c.detail LIKE '% some' THEN 0
                            WHEN c.detail LIKE '% all' THEN 1
                            ELSE coalesce(v.member_count, 0) <= 100 END, 'true', 'false')))
                WHEN 'conversation_created' THEN json_object('kind', c.kind, 'by', coalesce(c.actor_pk, 0))
                WHEN 'conversation_changed' THEN json_object('kind', c.kind)
                WHEN 'conversation_deleted' THEN json_object('kind', c.kind)
                -- "COUNT"
                WHEN 'member_joined' THEN
                    json_object('kind', c.kind, 'member', coalesce(c.actor_pk, 0), 'member_count',
                        iif(c.detail GLOB '[0-9]*', CAST(c.detail AS INTEGER), coalesce(v.member_count, 0)))
                -- "COUNT DEPARTURE"
                WHEN 'member_left' THEN
                    json_object('kind', c.kind, 'member', coalesce(c.actor_pk, 0),
                        'departure', iif(substr(c.detail, instr(c.detail, ' ') + 1)
                                IN ('left', 'removed', 'guest_gone', 'id_taken'),
                            substr(c.detail, instr(c.detail, ' ') + 1), 'left'),
                        'member_count',
                        iif(c.detail GLOB '[0-9]*', CAST(c.detail AS INTEGER), coalesce(v.member_count, 0)))
                -- "MEETUP STATUS"
                WHEN 'meetup_changed' THEN
                    iif(substr(c.detail, instr(c.detail, ' ') + 1)
                            IN ('open', 'confirmed', 'cancelled', 'completed', 'expired'),
                        json_object('kind', c.kind, 'meetup', substr(c.detail, 1, instr(c.detail, ' ') - 1),
                            'status', substr(c.detail, instr(c.detail, ' ') + 1), 'by', c.actor_pk), NULL)
                WHEN 'notified' THEN
                    json_object('kind', c.kind, 'user', coalesce(c.actor_pk, 0), 'notification', c.detail)
                WHEN 'user_changed' THEN json_object('kind', c.kind, 'user', coalesce(c.actor_pk, 0))
                WHEN 'revoked' THEN
                    json_object('kind', c.kind, 'user', coalesce(c.actor_pk, 0), 'generation',
                        coalesce(u.token_generation, 0))
            END AS data
        FROM change_old c
        LEFT JOIN message_key k ON k.pk = c.message_pk
        LEFT JOIN conversation v ON v.pk = c.conversation_pk
        LEFT JOIN user u ON u.pk = c.actor_pk
        WHERE c.kind <> 'message_created'
          AND (c.kind NOT IN ('message_edited', 'message_deleted') OR k.position IS NOT NULL)
          AND (c.kind NOT IN ('messages_read', 'notified') OR c.detail IS NOT NULL)
        ORDER BY c.position)
    WHERE data IS NOT NULL;

-- The position behind which the log is complete: whoever was away for longer starts afresh.
CREATE TABLE pruned (position INTEGER NOT NULL) STRICT;
INSERT INTO pruned (position) SELECT coalesce(min(position), 1) - 1 FROM change_old;

CREATE TABLE carried (
    file_pk INTEGER NOT NULL REFERENCES file (pk),
    message INTEGER NOT NULL REFERENCES message (position),
    PRIMARY KEY (file_pk, message)
) STRICT, WITHOUT ROWID;
INSERT INTO carried (file_pk, message)
    SELECT c.file_pk, k.position FROM carried_old c JOIN message_key k ON k.pk = c.message_pk;

ALTER TABLE conversation RENAME COLUMN last_message_pk TO last_message;
UPDATE conversation SET last_message = (SELECT position FROM message_key WHERE pk = last_message)
    WHERE last_message IS NOT NULL;
-- Where an erasure had come to; before all messages where it had not begun.
UPDATE user SET erasing_from = coalesce((SELECT position FROM message_key WHERE pk = erasing_from), -9223372036854775808)
    WHERE erasing_from IS NOT NULL;

DROP TABLE carried_old;
DROP TABLE change_old;
DROP TABLE message_old;
DROP TABLE message_key;

-- Each answers a question that is asked often: a message by its id; a page of a conversation, and what of it is behind a
-- position; a send that is repeated; the messages of somebody who is erased.
CREATE UNIQUE INDEX message_id ON message (id);
CREATE UNIQUE INDEX message_order ON message (conversation_pk, sequence);
CREATE UNIQUE INDEX message_repeat ON message (conversation_pk, sender_pk, client_message_id)
    WHERE client_message_id IS NOT NULL;
CREATE INDEX message_sender ON message (sender_pk);
CREATE INDEX change_conversation ON change (conversation_pk, position) WHERE conversation_pk IS NOT NULL;

-- People added and strangers written to, for each user and day.
ALTER TABLE reached RENAME TO contacts;
DROP INDEX reached_day;
CREATE INDEX contacts_day ON contacts (day);

-- Whether a connection that speaks the meetup vocabulary was sent a notification.
DROP INDEX notification_untold;
ALTER TABLE notification RENAME COLUMN told TO delivered;
CREATE INDEX notification_pending ON notification (user_pk) WHERE delivered = 0;
