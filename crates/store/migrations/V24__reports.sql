-- Reports of messages, whose keys may lead to rows that are gone.
CREATE TABLE report (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    message INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    conversation_pk INTEGER NOT NULL,
    sender_pk INTEGER NOT NULL,
    -- Null if the server made it.
    reporter_pk INTEGER,
    reason TEXT NOT NULL,
    -- What the message was, as JSON; null once the report is resolved or the sender is erased.
    snapshot TEXT,
    resolved_by_pk INTEGER,
    resolved_at INTEGER,
    resolved_with TEXT
) STRICT;
CREATE INDEX report_message ON report (message, number);
CREATE INDEX report_open ON report (number) WHERE resolved_at IS NULL;
CREATE INDEX report_reporter ON report (reporter_pk, at) WHERE resolved_at IS NULL;
CREATE INDEX report_flag ON report (sender_pk, at) WHERE resolved_at IS NULL AND reporter_pk IS NULL;
CREATE INDEX report_sender ON report (sender_pk) WHERE snapshot IS NOT NULL;
CREATE INDEX report_at ON report (at);
