-- Bans and silences, limits on what the members of a conversation write, roles on the whole server, and the audit log.

-- Seconds between two messages of one member; null without slow mode.
ALTER TABLE conversation ADD COLUMN slow_mode_s INTEGER;
-- A set of bits: 1 only admins write, 2 somebody was banned or silenced there; null for none.
ALTER TABLE conversation ADD COLUMN moderation INTEGER;
-- The moment until which a member is silenced, as the table of restrictions has it; null where it is not.
ALTER TABLE member ADD COLUMN silenced_until INTEGER;
-- When a user last sent a message to a conversation in slow mode. It stays when the membership ends.
ALTER TABLE author ADD COLUMN slow_sent_at INTEGER;
-- What a person may do on the whole server: 'moderator' or 'admin'; null for what every person may.
ALTER TABLE user ADD COLUMN server_role TEXT;

CREATE TABLE restriction (
    conversation_pk INTEGER NOT NULL REFERENCES conversation (pk),
    kind TEXT NOT NULL CHECK (kind IN ('ban', 'silence')),
    user_pk INTEGER NOT NULL REFERENCES user (pk),
    -- Null for one that lasts until it is lifted.
    until INTEGER,
    reason TEXT,
    by_pk INTEGER NOT NULL REFERENCES user (pk),
    at INTEGER NOT NULL,
    PRIMARY KEY (conversation_pk, kind, user_pk)
) STRICT, WITHOUT ROWID;
CREATE INDEX restriction_user ON restriction (user_pk);
CREATE INDEX restriction_by ON restriction (by_pk);
CREATE INDEX restriction_until ON restriction (until) WHERE until IS NOT NULL;

-- Acts, whose keys may lead to rows that are gone.
CREATE TABLE audit (
    pk INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    act TEXT NOT NULL,
    -- Null for the operator.
    actor_pk INTEGER,
    user_pk INTEGER,
    conversation_pk INTEGER,
    until INTEGER,
    reason TEXT,
    detail TEXT
) STRICT;
CREATE INDEX audit_at ON audit (at);
