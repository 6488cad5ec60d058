-- The custom data of profiles and of conversations, as JSON text; null where there is none.
ALTER TABLE chat_user ADD COLUMN metadata text;
ALTER TABLE conversation ADD COLUMN metadata text;
