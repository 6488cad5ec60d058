-- Sessions of users: what each began on one device by logging in. Tokens carry the id, and are good while the row is there.
CREATE TABLE login_session (
    id TEXT NOT NULL PRIMARY KEY,
    user_pk INTEGER NOT NULL REFERENCES user (pk),
    client TEXT,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_session_user ON login_session (user_pk, seen_at, id);
CREATE INDEX login_session_expiry ON login_session (expires_at);
