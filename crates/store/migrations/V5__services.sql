-- Other backends: users that come with a key and no password. The check of `kind` knows no third word, so a mark says it.

ALTER TABLE user ADD COLUMN service INTEGER NOT NULL DEFAULT 0;

CREATE TABLE service_key (
    user_pk INTEGER PRIMARY KEY REFERENCES user (pk),
    -- SHA-256 of the key: the key itself is shown once and kept nowhere.
    hash TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;

-- Pictures are looked for by their link: one lives as long as a profile has it.
CREATE INDEX user_avatar ON user (avatar) WHERE avatar IS NOT NULL;
