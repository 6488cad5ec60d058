-- What the keys of services are good for. Keys that exist keep all that there was to do.
ALTER TABLE service_key ADD COLUMN scopes TEXT NOT NULL DEFAULT 'read,post,users,moderate,admin';

-- Invitations: links by which people may register, or become members of groups.
CREATE TABLE invitation (
    pk INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    -- SHA-256 of the code: the code itself is shown once and kept nowhere.
    hash TEXT NOT NULL UNIQUE,
    -- Whether it lets people register who have no account yet.
    admits INTEGER NOT NULL,
    -- The ids of the groups and rooms that it leads into, as a JSON list.
    conversations TEXT NOT NULL,
    -- Null if the operator made it.
    made_by_pk INTEGER REFERENCES user (pk),
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    uses_max INTEGER,
    uses INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

CREATE INDEX invitation_maker ON invitation (made_by_pk, pk);
