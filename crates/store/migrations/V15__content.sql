-- What messages carry beside their text and their first file. A plain message has null in both columns.
--
-- `marks` says which tables have rows about the message, as a set of bits: 1 reactions, 2 a pin, 4 a thread of which it is
-- the first message, 8 a thread in which it is a reply. `extra` is what it was sent with, as JSON: files, custom data, the
-- position of the message that it answers, that of the first message of its thread, and the keys of the users whom it
-- mentions.
ALTER TABLE message ADD COLUMN marks INTEGER;
ALTER TABLE message ADD COLUMN extra TEXT;

CREATE TABLE thread (
    root INTEGER PRIMARY KEY REFERENCES message (position),
    -- The replies that are not deleted: their number, the time of the newest, and the keys of the users who sent the newest
    -- of them, between spaces.
    count INTEGER NOT NULL,
    last_at INTEGER,
    last_senders TEXT NOT NULL
) STRICT;

CREATE TABLE thread_reply (
    root INTEGER NOT NULL REFERENCES thread (root),
    position INTEGER NOT NULL REFERENCES message (position),
    PRIMARY KEY (root, position)
) STRICT, WITHOUT ROWID;
