-- The index of messages for searches, which is made from them and kept behind the commits by one node at a time. It has no
-- row for a message that has no words or was deleted.
CREATE TABLE message_search (
    position bigint PRIMARY KEY,
    -- The terms of the message, and one for its conversation.
    terms tsvector NOT NULL
);
CREATE INDEX message_search_terms ON message_search USING gin (terms);

-- How far the index has come: the position, and the version of the terms; one row. The row is locked while it is filled.
CREATE TABLE message_search_progress (
    position bigint NOT NULL,
    terms_version bigint NOT NULL,
    -- The newest position when the index was made. Older changes are in the messages that were indexed since.
    made_at bigint NOT NULL
);
INSERT INTO message_search_progress (position, terms_version, made_at) VALUES (-1, 0, 0);
