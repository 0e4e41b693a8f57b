-- What delivery remembers beyond the row itself: who is left alone, who signed what, what came back.

-- Pacing and replies
ALTER TABLE deliveries ADD COLUMN reply_class TEXT;    -- what the last refusal meant (replies/classes.toml)

-- Groups of recipient domains that are left alone, or were until now: then one message tries how it is.
CREATE TABLE group_rests (
    recipient_group TEXT   NOT NULL PRIMARY KEY,
    until           BIGINT NOT NULL,
    troubles        BIGINT NOT NULL,               -- in a row
    cause           TEXT   NOT NULL CHECK (cause IN ('throttled', 'policy', 'refusals')),
    detail          TEXT   NOT NULL,               -- what was said
    at              BIGINT NOT NULL
);

-- What became of an edition's messages, by group: what the breaker goes by.
CREATE TABLE edition_results (
    edition_id      BIGINT NOT NULL REFERENCES editions (id),
    recipient_group TEXT   NOT NULL,
    sent            BIGINT NOT NULL,
    hard            BIGINT NOT NULL,
    policy          BIGINT NOT NULL,
    message         BIGINT NOT NULL,
    other           BIGINT NOT NULL,
    distrusted_at   BIGINT,                        -- since when its hard refusals are the host's trouble
    PRIMARY KEY (edition_id, recipient_group)
);

-- Editions that were paused because of what was refused. Once an operator has let one go on, it is not paused for the
-- same again.
CREATE TABLE edition_breakers (
    edition_id BIGINT NOT NULL PRIMARY KEY REFERENCES editions (id),
    cause      TEXT   NOT NULL CHECK (cause IN ('hard', 'policy', 'message')),
    detail     TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    stopped    BOOLEAN NOT NULL CHECK (stopped IN (0, 1))
);

-- Messages that a relay took in a day (since 1970, UTC), for its quota.
CREATE TABLE relay_days (
    relay    TEXT   NOT NULL,
    day      BIGINT NOT NULL,
    messages BIGINT NOT NULL,
    PRIMARY KEY (relay, day)
);

-- Signatures

-- Bounces and complaints

-- What came back of a delivery, by the relay's answer or by a report in a mailbox: at most one of each kind, so that
-- a report has no effect twice. 'hard' and 'soft' are the recipient's own; 'other' is no reader's fault.
CREATE TABLE bounces (
    delivery_id BIGINT NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    kind        TEXT   NOT NULL CHECK (kind IN ('bounce', 'complaint')),
    class       TEXT   NOT NULL CHECK (class IN ('hard', 'soft', 'other', 'complaint')),
    status      TEXT,                              -- RFC 3463, such as 5.1.1
    reply       TEXT,                              -- the host's own words, on one line
    reporter    TEXT,                              -- the host that said so
    at          BIGINT NOT NULL,
    PRIMARY KEY (delivery_id, kind)
);
CREATE INDEX bounces_at ON bounces (at);

-- The mailboxes that reports are read from ([[bounces]]): how far, and how it went.
CREATE TABLE mailboxes (
    mailbox      TEXT   NOT NULL PRIMARY KEY,      -- as configured, with its user, without a password
    next_at      BIGINT NOT NULL,                  -- claimed by moving it on, so that one node reads
    uid_validity BIGINT,                           -- IMAP: what the next column counts in (RFC 9051 section 2.3.1.1)
    uid          BIGINT,                           -- IMAP: the last message that was read
    checked_at   BIGINT,
    succeeded_at BIGINT,
    failures     BIGINT NOT NULL DEFAULT 0,        -- since the last success
    error        TEXT,
    reports      BIGINT NOT NULL DEFAULT 0,        -- of ours, so far
    left_alone   BIGINT NOT NULL DEFAULT 0         -- anything else, so far
);

-- Messages of those mailboxes that were read: of a Maildir all, of IMAP those that were of ours.
CREATE TABLE mailbox_messages (
    mailbox     TEXT    NOT NULL,
    name        TEXT    NOT NULL,                  -- the file's name before its flags, or 'UIDVALIDITY/UID'
    fingerprint BLOB,                              -- of the Message-ID and what it is about; none for others' mail
    flagged     BOOLEAN NOT NULL CHECK (flagged IN (0, 1)),  -- nothing is left to be done in the mailbox
    at          BIGINT  NOT NULL,
    PRIMARY KEY (mailbox, name)
);
CREATE INDEX mailbox_messages_fingerprint ON mailbox_messages (fingerprint) WHERE fingerprint IS NOT NULL;
CREATE INDEX mailbox_messages_open ON mailbox_messages (mailbox) WHERE NOT flagged;

-- False waves undone: who lifted which suppressions, when, and how many.
CREATE TABLE suppression_lifts (
    id     INTEGER NOT NULL PRIMARY KEY,
    reason TEXT   NOT NULL,
    domain TEXT,                                   -- all domains without one
    since  BIGINT NOT NULL,
    until  BIGINT NOT NULL,
    lifted BIGINT NOT NULL,
    by     TEXT   NOT NULL,
    at     BIGINT NOT NULL
);
ALTER TABLE suppressions ADD COLUMN lift_id BIGINT REFERENCES suppression_lifts (id);
CREATE INDEX suppressions_at ON suppressions (at) WHERE lifted_at IS NULL;

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

-- When somebody last looked for alerts to tell, and told some. Its row is the lock of who does.
CREATE TABLE alert_watch (
    id          BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    looked_at   BIGINT NOT NULL,
    bulletin_at BIGINT NOT NULL
);
INSERT INTO alert_watch (id, looked_at, bulletin_at) VALUES (1, 0, 0);

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

-- Fan-out

-- What has a subscription is found by it, an edition's rows above all. Hashes lie scattered: a million of them in an
-- index took two thirds of the time of a fan-out.
DROP INDEX deliveries_of_address;
CREATE INDEX deliveries_of_address ON deliveries (address_hash, created_at) WHERE subscription_id IS NULL;
