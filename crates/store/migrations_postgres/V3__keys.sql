-- The keys of the installation, by which tokens and whatever else is signed. All nodes share them, and the first one makes
-- them.
CREATE TABLE installation_key (
    name text COLLATE "C" PRIMARY KEY,
    -- The key; encrypted under the secret of the nodes if `sealed`.
    value bytea NOT NULL,
    sealed boolean NOT NULL,
    -- When the key was made, in seconds since 1970.
    made_s bigint NOT NULL
);
