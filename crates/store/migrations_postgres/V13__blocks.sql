-- Users who have blocked others.

CREATE TABLE block (
    blocker_pk bigint NOT NULL,
    blocked_pk bigint NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (blocker_pk, blocked_pk)
);
CREATE INDEX block_blocked ON block (blocked_pk, blocker_pk);

-- Whether anybody has blocked the user, so that others pay for no statement.
ALTER TABLE chat_user ADD COLUMN is_blocked boolean NOT NULL DEFAULT false;
-- The position of the last change of the user's own blocks, by which a connection that comes back finds it.
ALTER TABLE chat_user ADD COLUMN blocks_position bigint;
-- Whether one of the two users of a direct conversation has blocked the other.
ALTER TABLE conversation ADD COLUMN blocked boolean NOT NULL DEFAULT false;
