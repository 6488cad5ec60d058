-- The incarnation of the data. A greater one begins where the database has lost commits that a process knows of, because
-- a standby that lagged was promoted or a backup was restored; the identity of the data changes with it.
ALTER TABLE part ADD COLUMN incarnation bigint NOT NULL DEFAULT 0;
-- The cluster and the timeline of the server at the newest group that a process has found to continue what it knew; null
-- until one has looked.
ALTER TABLE part ADD COLUMN history text;
