-- Messages are removed where they are not kept any longer: what refers to a message is found by it.
CREATE INDEX carried_message ON carried (message);
CREATE INDEX thread_reply_position ON thread_reply (position);

-- The days for which a conversation keeps its messages; null where that was not decided for it alone. The bit 4 of `moderation` says
-- that the server has decided it.
ALTER TABLE conversation ADD COLUMN retention_days INTEGER;
CREATE INDEX conversation_retention ON conversation (pk) WHERE retention_days IS NOT NULL;
