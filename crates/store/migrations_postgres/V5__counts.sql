-- What all nodes count together: log-ins and registrations. These rows are worth nothing after an hour, so that they are not
-- written to the log of the server, and are gone after its crash. Keys are keyed hashes, which name nobody.

-- Rates, as the moment at which a burst is used up, in microseconds since 1970.
CREATE UNLOGGED TABLE shared_rate (
    key text COLLATE "C" PRIMARY KEY,
    used_up_us bigint NOT NULL
);

-- Failed log-ins in a row, and the moment of the last one, in milliseconds since 1970.
CREATE UNLOGGED TABLE login_failure (
    key text COLLATE "C" PRIMARY KEY,
    count bigint NOT NULL,
    last_ms bigint NOT NULL
);
