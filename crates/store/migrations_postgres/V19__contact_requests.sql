-- Requests to reach a person: to write to it, or to take it into a group.

CREATE TABLE contact_request (
    id text NOT NULL UNIQUE,
    kind text NOT NULL,
    from_pk bigint NOT NULL,
    to_pk bigint NOT NULL,
    conversation_pk bigint NOT NULL,
    role text NOT NULL,
    at bigint NOT NULL,
    declined boolean NOT NULL DEFAULT false,
    PRIMARY KEY (to_pk, conversation_pk)
);
CREATE INDEX contact_request_from ON contact_request (from_pk, to_pk);
CREATE INDEX contact_request_conversation ON contact_request (conversation_pk);
CREATE INDEX contact_request_at ON contact_request (at);

-- Groups that people have left by their own choice, and come back to by their own choice alone.
CREATE TABLE left_group (
    user_pk bigint NOT NULL,
    conversation_pk bigint NOT NULL,
    PRIMARY KEY (user_pk, conversation_pk)
);
CREATE INDEX left_group_conversation ON left_group (conversation_pk);
