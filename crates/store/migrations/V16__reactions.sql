-- Reactions to messages, and pinned messages.

CREATE TABLE reaction (
    message INTEGER NOT NULL REFERENCES message (position),
    emoji TEXT NOT NULL,
    -- The position of the change: the users of an emoji are shown in this order.
    position INTEGER NOT NULL,
    user_pk INTEGER NOT NULL REFERENCES user (pk),
    PRIMARY KEY (message, emoji, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX reaction_user ON reaction (user_pk, message, emoji);

-- Counted, so that a reaction to a message with thousands of them reads one row.
CREATE TABLE reaction_count (
    message INTEGER NOT NULL REFERENCES message (position),
    emoji TEXT NOT NULL,
    count INTEGER NOT NULL,
    -- The position of the first: the emojis of a message are shown in this order.
    since INTEGER NOT NULL,
    PRIMARY KEY (message, emoji)
) STRICT, WITHOUT ROWID;

CREATE TABLE pin (
    message INTEGER PRIMARY KEY REFERENCES message (position),
    conversation_pk INTEGER NOT NULL REFERENCES conversation (pk),
    user_pk INTEGER NOT NULL REFERENCES user (pk),
    at INTEGER NOT NULL,
    -- The position of the change: the pins of a conversation are shown in this order.
    position INTEGER NOT NULL
) STRICT;
CREATE INDEX pin_conversation ON pin (conversation_pk, position);
CREATE INDEX pin_user ON pin (user_pk);
