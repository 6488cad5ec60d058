-- A guest holds its id only while no account has it. When an account gets the id, the guest's row takes an id of the form
-- `guest-` and 32 hexadecimal digits, and keeps the one that it had here: what others saw before is told by it.
ALTER TABLE user ADD COLUMN former_id TEXT;

-- The id that a guest claims proves nothing. What a guest owns hangs on a secret that the server made for it.
CREATE TABLE guest_secret (
    -- Never used again: rooms and messages name it without a reference, so that guests can be forgotten cheaply.
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    user_pk INTEGER NOT NULL REFERENCES user (pk) ON DELETE CASCADE,
    -- The first half of the secret, by which it is found.
    name TEXT NOT NULL UNIQUE,
    -- SHA-256 of the second half, which is kept nowhere.
    hash BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX guest_secret_user ON guest_secret (user_pk);

-- Which secret of its owner's a guest's room hangs on.
ALTER TABLE conversation ADD COLUMN owner_secret_pk INTEGER;

-- For messages of guests: the connection that wrote it, and the secret that this connection had.
ALTER TABLE message ADD COLUMN guest_origin INTEGER;
ALTER TABLE message ADD COLUMN guest_secret_pk INTEGER;

-- Guests' rooms of before have no secret, so nobody can prove to be their owner.
UPDATE member SET role = 'member' WHERE role = 'owner' AND user_pk IN (SELECT pk FROM user WHERE kind = 'guest');
