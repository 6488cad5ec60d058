-- Periodic work, which one node at a time does: who takes the row of a job does it next.
CREATE TABLE job (
    name text COLLATE "C" PRIMARY KEY,
    -- From when on a node may take it: while one works on it, a time after which that node counts as gone.
    due_at timestamptz NOT NULL,
    -- Where the next turn begins.
    cursor bigint NOT NULL
);
