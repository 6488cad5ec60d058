-- The pictures of conversations.

-- The link to the picture.
ALTER TABLE conversation ADD COLUMN picture text;
-- The file of this server that is the picture, where the conversation keeps it available.
ALTER TABLE conversation ADD COLUMN picture_pk bigint;
CREATE INDEX conversation_picture ON conversation (picture_pk) WHERE picture_pk IS NOT NULL;
