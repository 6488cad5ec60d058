-- What was decided for the whole server, what a report was about, and what goes with a person.

-- Whether a ban or a silence was decided for the server, about a report.
ALTER TABLE restriction ADD COLUMN by_server boolean NOT NULL DEFAULT false;
-- How far the numbers of the conversation had come when a guest left it; null for others.
ALTER TABLE author ADD COLUMN left_at bigint;

-- When the message had been edited last; null if it was as it was sent.
ALTER TABLE report ADD COLUMN edited_at bigint;
DROP INDEX report_sender;
CREATE INDEX report_sender ON report (sender_pk) WHERE snapshot IS NOT NULL OR reason <> '';
CREATE INDEX report_reason ON report (reporter_pk) WHERE reason <> '';

CREATE INDEX audit_act ON audit (act, pk);
CREATE INDEX audit_actor ON audit (actor_pk, pk);
CREATE INDEX audit_user ON audit (user_pk, pk);
CREATE INDEX audit_conversation ON audit (conversation_pk, pk);
CREATE INDEX audit_actor_reason ON audit (actor_pk) WHERE reason IS NOT NULL;
CREATE INDEX audit_user_reason ON audit (user_pk) WHERE reason IS NOT NULL;
