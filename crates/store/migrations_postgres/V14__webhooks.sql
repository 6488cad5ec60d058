-- Webhooks: servers of others that are told what happened. `kinds` and `conversations` are separated by
-- spaces; empty for all.
CREATE TABLE webhook (
    id text PRIMARY KEY,
    url text NOT NULL,
    secret text NOT NULL,
    description text NOT NULL,
    kinds text NOT NULL,
    conversations text NOT NULL,
    -- Whether it is told of direct conversations and notifications.
    personal boolean NOT NULL,
    enabled boolean NOT NULL,
    disabled_because text,
    created_at bigint NOT NULL,
    -- The position up to which everything was delivered.
    position bigint NOT NULL,
    -- How often it was sent back or disabled. What was begun before that is not noted after it.
    turn bigint NOT NULL,
    failing_since bigint
);

-- The newest attempts to deliver something to each webhook, numbered from the oldest on.
CREATE TABLE webhook_delivery (
    webhook_id text NOT NULL,
    number bigint NOT NULL,
    position bigint NOT NULL,
    kind text NOT NULL,
    attempt bigint NOT NULL,
    at bigint NOT NULL,
    took_ms bigint NOT NULL,
    status bigint,
    delivered boolean NOT NULL,
    problem text,
    PRIMARY KEY (webhook_id, number)
);
