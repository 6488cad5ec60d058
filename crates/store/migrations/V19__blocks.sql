-- Users who have blocked others.

CREATE TABLE block (
    blocker_pk INTEGER NOT NULL REFERENCES user (pk),
    blocked_pk INTEGER NOT NULL REFERENCES user (pk),
    at INTEGER NOT NULL,
    PRIMARY KEY (blocker_pk, blocked_pk)
) STRICT, WITHOUT ROWID;
CREATE INDEX block_blocked ON block (blocked_pk, blocker_pk);

-- Whether anybody has blocked the user, so that others pay for no statement.
ALTER TABLE user ADD COLUMN is_blocked INTEGER NOT NULL DEFAULT 0;
-- The position of the last change of the user's own blocks, by which a connection that comes back finds it.
ALTER TABLE user ADD COLUMN blocks_position INTEGER;
-- Whether one of the two users of a direct conversation has blocked the other.
ALTER TABLE conversation ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0;
