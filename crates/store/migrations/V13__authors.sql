-- Who has sent messages to which conversation is recorded once, instead of an index with an entry for each message:
-- only the erasure of a person and the removal of a guest need it.

CREATE TABLE author (
    user_pk INTEGER NOT NULL REFERENCES user (pk),
    conversation_pk INTEGER NOT NULL REFERENCES conversation (pk),
    PRIMARY KEY (user_pk, conversation_pk)
) STRICT, WITHOUT ROWID;
INSERT INTO author (user_pk, conversation_pk) SELECT DISTINCT sender_pk, conversation_pk FROM message;
DROP INDEX message_sender;

-- The row in `author` refers to the user from now on. Without an index, the deletion of a user would look through all
-- messages for references.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
    SET sql = replace(sql, 'sender_pk INTEGER NOT NULL REFERENCES user (pk)', 'sender_pk INTEGER NOT NULL')
    WHERE type = 'table' AND name = 'message';
PRAGMA writable_schema = RESET;

-- How far the erasure of a person's messages has come: the conversation, and the sequence number in it. Erasures that
-- have begun start again, and skip what is deleted already.
ALTER TABLE user ADD COLUMN erasing_conversation_pk INTEGER NOT NULL DEFAULT 0;
UPDATE user SET erasing_from = 0 WHERE erasing_from IS NOT NULL;
