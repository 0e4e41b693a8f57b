-- What delivery remembers beyond the row itself: who is left alone, who signed what, what came back.

-- Pacing and replies

-- Signatures

-- Bounces and complaints

-- Alerts and reports

-- What is wrong, or was: raised once, seen again, ended. At most one that is not closed for each kind and subject.
CREATE TABLE alerts (
    id            INTEGER NOT NULL PRIMARY KEY,
    kind          TEXT   NOT NULL,
    subject       TEXT   NOT NULL,                 -- the relay, group, edition, source …; empty where there is only one
    detail        TEXT   NOT NULL,                 -- what was last said about it, in technical words
    count         BIGINT NOT NULL,
    since         BIGINT NOT NULL,
    last_seen_at  BIGINT NOT NULL,
    ended_at      BIGINT,
    told_at       BIGINT,
    closed_at     BIGINT                           -- nothing is left to be told
);
CREATE UNIQUE INDEX alerts_open ON alerts (kind, subject) WHERE closed_at IS NULL;

-- What is told by other ways than mail, until it has been.
CREATE TABLE alert_calls (
    id         INTEGER NOT NULL PRIMARY KEY,
    way        TEXT   NOT NULL CHECK (way IN ('webhook', 'command')),
    body       TEXT   NOT NULL,                    -- JSON
    tries      BIGINT NOT NULL DEFAULT 0,
    next_at    BIGINT NOT NULL,
    done_at    BIGINT,
    error      TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX alert_calls_open ON alert_calls (next_at) WHERE done_at IS NULL;

-- When the editors were told what became of an edition.
ALTER TABLE editions ADD COLUMN reported_at BIGINT;
CREATE INDEX editions_unreported ON editions (released_at) WHERE reported_at IS NULL AND released_at IS NOT NULL;

-- Nodes and leases
