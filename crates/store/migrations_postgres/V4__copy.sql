-- A copy of an installation that has begun and not ended; no row otherwise. A database with a row is not served.
CREATE TABLE incomplete_copy (
    -- What is copied, for people.
    source text NOT NULL
);
