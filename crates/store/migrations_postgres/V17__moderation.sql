-- Bans and silences, limits on what the members of a conversation write, roles on the whole server, and the audit log.

-- Seconds between two messages of one member; null without slow mode.
ALTER TABLE conversation ADD COLUMN slow_mode_s bigint;
-- A set of bits: 1 only admins write, 2 somebody was banned or silenced there; null for none.
ALTER TABLE conversation ADD COLUMN moderation bigint;
-- The moment until which a member is silenced, as the table of restrictions has it; null where it is not.
ALTER TABLE member ADD COLUMN silenced_until bigint;
-- When a user last sent a message to a conversation in slow mode. It stays when the membership ends.
ALTER TABLE author ADD COLUMN slow_sent_at bigint;
-- What a person may do on the whole server: 'moderator' or 'admin'; null for what every person may.
ALTER TABLE chat_user ADD COLUMN server_role text;

CREATE TABLE restriction (
    conversation_pk bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('ban', 'silence')),
    user_pk bigint NOT NULL,
    -- Null for one that lasts until it is lifted.
    until bigint,
    reason text,
    by_pk bigint NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (conversation_pk, kind, user_pk)
);
CREATE INDEX restriction_user ON restriction (user_pk);
CREATE INDEX restriction_by ON restriction (by_pk);
CREATE INDEX restriction_until ON restriction (until) WHERE until IS NOT NULL;

-- Acts, whose keys may lead to rows that are gone.
CREATE TABLE audit (
    pk bigint PRIMARY KEY,
    at bigint NOT NULL,
    act text NOT NULL,
    -- Null for the operator.
    actor_pk bigint,
    user_pk bigint,
    conversation_pk bigint,
    until bigint,
    reason text,
    detail text
);
CREATE INDEX audit_at ON audit (at);
