-- The networks from which accounts were logged in to: whoever guesses passwords elsewhere keeps nobody out there. What is
-- kept of a network is a keyed hash.

CREATE TABLE login_network (
    user_pk INTEGER NOT NULL REFERENCES user (pk) ON DELETE CASCADE,
    network TEXT NOT NULL,
    -- The last time, in milliseconds since 1970 UTC.
    at INTEGER NOT NULL,
    PRIMARY KEY (user_pk, network)
) STRICT, WITHOUT ROWID;

CREATE INDEX login_network_age ON login_network (at);
