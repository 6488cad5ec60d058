-- What the keys of services are good for. Keys that exist keep all that there was to do.
ALTER TABLE service_key ADD COLUMN scopes text COLLATE "C" NOT NULL DEFAULT 'read,post,users,moderate,admin';

-- Invitations: links by which people may register, or become members of groups.
CREATE TABLE invitation (
    pk bigint PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    -- SHA-256 of the code: the code itself is shown once and kept nowhere.
    hash text COLLATE "C" NOT NULL UNIQUE,
    -- Whether it lets people register who have no account yet.
    admits boolean NOT NULL,
    -- The ids of the groups and rooms that it leads into, as a JSON list.
    conversations text NOT NULL,
    -- Null if the operator made it.
    made_by_pk bigint,
    created_at bigint NOT NULL,
    expires_at bigint,
    uses_max bigint,
    uses bigint NOT NULL,
    revoked_at bigint
);

CREATE INDEX invitation_maker ON invitation (made_by_pk, pk);
