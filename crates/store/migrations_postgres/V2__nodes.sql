-- The processes that use the database. Each writes its row every second, by the clock of the database, which all share.
CREATE TABLE node (
    -- Random, another one after each start.
    id bigint PRIMARY KEY,
    -- How other nodes reach it, as it says itself; null if they cannot.
    address text,
    seen_at timestamptz NOT NULL
) WITH (fillfactor = 50);
