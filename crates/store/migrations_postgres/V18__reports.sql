-- Reports of messages, whose keys may lead to rows that are gone.
CREATE TABLE report (
    number bigint PRIMARY KEY,
    at bigint NOT NULL,
    message bigint NOT NULL,
    message_id text COLLATE "C" NOT NULL,
    conversation_pk bigint NOT NULL,
    sender_pk bigint NOT NULL,
    -- Null if the server made it.
    reporter_pk bigint,
    reason text NOT NULL,
    -- What the message was, as JSON; null once the report is resolved or the sender is erased.
    snapshot text,
    resolved_by_pk bigint,
    resolved_at bigint,
    resolved_with text COLLATE "C"
);
CREATE INDEX report_message ON report (message, number);
CREATE INDEX report_open ON report (number) WHERE resolved_at IS NULL;
CREATE INDEX report_reporter ON report (reporter_pk, at) WHERE resolved_at IS NULL;
CREATE INDEX report_flag ON report (sender_pk, at) WHERE resolved_at IS NULL AND reporter_pk IS NULL;
CREATE INDEX report_sender ON report (sender_pk) WHERE snapshot IS NOT NULL;
CREATE INDEX report_at ON report (at);
