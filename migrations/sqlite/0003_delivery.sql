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
ALTER TABLE nodes ADD COLUMN roles TEXT NOT NULL DEFAULT 'web,scheduler,pump';

-- Work that one node does at a time. Any node may die: when `until` has passed another one takes it, with a higher epoch.
CREATE TABLE leases (
    name  TEXT   NOT NULL PRIMARY KEY,
    owner TEXT,                                    -- none once given back
    until BIGINT NOT NULL,
    epoch BIGINT NOT NULL
);

-- One row: which database this is, and how far its life has come. A node keeps the beat it saw last in a file; a
-- database whose beat is behind that file is an older copy.
CREATE TABLE installation (
    id       BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    identity TEXT   NOT NULL,
    beat     BIGINT NOT NULL,
    beat_at  BIGINT NOT NULL
);
INSERT INTO installation (id, identity, beat, beat_at) VALUES (1, lower(hex(randomblob(16))), 0, 0);

-- While a row has no end, no node sends or fires anything.
CREATE TABLE sending_holds (
    id       INTEGER NOT NULL PRIMARY KEY,
    reason   TEXT   NOT NULL,
    since    BIGINT NOT NULL,                      -- the last moment that this database remembers
    at       BIGINT NOT NULL,
    ended_at BIGINT
);

-- What became of an edition's deliveries that retention has removed: the balance still holds.
CREATE TABLE folded_deliveries (
    edition_id BIGINT NOT NULL PRIMARY KEY REFERENCES editions (id),
    sent       BIGINT NOT NULL,
    failed     BIGINT NOT NULL,
    cancelled  BIGINT NOT NULL,
    folded_at  BIGINT NOT NULL
);
CREATE INDEX deliveries_finished ON deliveries (finished_at) WHERE finished_at IS NOT NULL;
