-- Sessions of users: what each began on one device by logging in. Tokens carry the id, and are good while the row is there.
CREATE TABLE login_session (
    id text NOT NULL PRIMARY KEY,
    user_pk bigint NOT NULL,
    client text,
    created_at bigint NOT NULL,
    seen_at bigint NOT NULL,
    expires_at bigint NOT NULL
);
CREATE INDEX login_session_user ON login_session (user_pk, seen_at, id);
CREATE INDEX login_session_expiry ON login_session (expires_at);
