-- Files: what was uploaded, and which messages carry it. Whether one may still be had is worked out from these.

CREATE TABLE file (
    pk INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    -- 128 random bits: who knows the link may have the file.
    secret TEXT NOT NULL,
    uploader_pk INTEGER NOT NULL REFERENCES user (pk),
    name TEXT,
    -- Null until all of it has come.
    size INTEGER,
    mime TEXT,
    width INTEGER,
    height INTEGER,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX file_uploader ON file (uploader_pk);

CREATE TABLE carried (
    file_pk INTEGER NOT NULL REFERENCES file (pk),
    message_pk INTEGER NOT NULL REFERENCES message (pk),
    PRIMARY KEY (file_pk, message_pk)
) STRICT, WITHOUT ROWID;
