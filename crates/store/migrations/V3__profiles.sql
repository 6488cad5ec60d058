-- What clients of existing backends say of themselves and of their groups, and the rooms that one may find.

ALTER TABLE user ADD COLUMN country TEXT;
ALTER TABLE conversation ADD COLUMN description TEXT;

CREATE INDEX conversation_open ON conversation (updated_at, pk) WHERE open = 1 AND deleted_at IS NULL;
