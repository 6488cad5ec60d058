-- Webhooks: servers of others that are told what happened. `kinds` and `conversations` are separated by
-- spaces; empty for all.
CREATE TABLE webhook (
    id TEXT PRIMARY KEY NOT NULL,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    description TEXT NOT NULL,
    kinds TEXT NOT NULL,
    conversations TEXT NOT NULL,
    -- Whether it is told of direct conversations and notifications.
    personal INTEGER NOT NULL,
    enabled INTEGER NOT NULL,
    disabled_because TEXT,
    created_at INTEGER NOT NULL,
    -- The position up to which everything was delivered.
    position INTEGER NOT NULL,
    -- How often it was sent back or disabled. What was begun before that is not noted after it.
    turn INTEGER NOT NULL,
    failing_since INTEGER
) STRICT;

-- The newest attempts to deliver something to each webhook, numbered from the oldest on.
CREATE TABLE webhook_delivery (
    webhook_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    at INTEGER NOT NULL,
    took_ms INTEGER NOT NULL,
    status INTEGER,
    delivered INTEGER NOT NULL,
    problem TEXT,
    PRIMARY KEY (webhook_id, number)
) STRICT, WITHOUT ROWID;
