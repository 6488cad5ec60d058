-- Reactions to messages, and pinned messages.

CREATE TABLE reaction (
    message bigint NOT NULL,
    emoji text COLLATE "C" NOT NULL,
    -- The position of the change: the users of an emoji are shown in this order.
    position bigint NOT NULL,
    user_pk bigint NOT NULL,
    PRIMARY KEY (message, emoji, position)
);
CREATE UNIQUE INDEX reaction_user ON reaction (user_pk, message, emoji);

-- Counted, so that a reaction to a message with thousands of them reads one row.
CREATE TABLE reaction_count (
    message bigint NOT NULL,
    emoji text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    -- The position of the first: the emojis of a message are shown in this order.
    since bigint NOT NULL,
    PRIMARY KEY (message, emoji)
) WITH (fillfactor = 70);

CREATE TABLE pin (
    message bigint PRIMARY KEY,
    conversation_pk bigint NOT NULL,
    user_pk bigint NOT NULL,
    at bigint NOT NULL,
    -- The position of the change: the pins of a conversation are shown in this order.
    position bigint NOT NULL
);
CREATE INDEX pin_conversation ON pin (conversation_pk, position);
CREATE INDEX pin_user ON pin (user_pk);
