-- The custom data of profiles and of conversations, as JSON text; null where there is none.
ALTER TABLE user ADD COLUMN metadata TEXT;
ALTER TABLE conversation ADD COLUMN metadata TEXT;
