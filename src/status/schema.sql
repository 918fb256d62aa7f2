-- SPDX-License-Identifier: Apache-2.0
--
-- The database, told as its history: each "-- version N" brings one of version N - 1 up to date,
-- and is never changed once it was released. All times are microseconds since 1970.

-- version 1

CREATE TABLE queues (
    number          INTEGER PRIMARY KEY AUTOINCREMENT,
    name            TEXT NOT NULL UNIQUE,
    description     TEXT NOT NULL,
    system          INTEGER NOT NULL,
    paused          INTEGER NOT NULL,
    reserved        INTEGER NOT NULL,
    concurrent_jobs INTEGER NOT NULL,
    rest            TEXT NOT NULL,
    created_us      INTEGER NOT NULL,
    updated_us      INTEGER NOT NULL
) STRICT;

-- What becomes of a job. Its number is its place in the order of submission. The queue is a name,
-- for a job that has ended may outlive its queue.
CREATE TABLE jobs (
    number           INTEGER PRIMARY KEY AUTOINCREMENT,
    id               TEXT NOT NULL UNIQUE,
    queue            TEXT NOT NULL,
    priority         INTEGER NOT NULL,
    status           INTEGER NOT NULL, -- enum job_status
    attempt          INTEGER NOT NULL DEFAULT 0,
    phase            INTEGER NOT NULL DEFAULT 0, -- phase and percent: as the job ended
    percent          INTEGER NOT NULL DEFAULT 0,
    created_us       INTEGER NOT NULL,
    started_us       INTEGER NOT NULL DEFAULT 0,
    finished_us      INTEGER NOT NULL DEFAULT 0,
    interval_s       INTEGER NOT NULL,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    error_code       INTEGER NOT NULL DEFAULT 0,
    error_message    TEXT NOT NULL DEFAULT '',
    token            TEXT,
    input            TEXT NOT NULL
) STRICT;
CREATE INDEX jobs_of_queue ON jobs (queue);
CREATE INDEX jobs_in_status ON jobs (status);
CREATE INDEX jobs_of_queue_in_status ON jobs (queue, status);
CREATE INDEX jobs_waiting ON jobs (queue, priority DESC, number) WHERE status = 0;
CREATE INDEX jobs_ended ON jobs (finished_us) WHERE status >= 2;
CREATE INDEX jobs_with_token ON jobs (token, number) WHERE token IS NOT NULL;

-- How many jobs are in each queue and state: counting a hundred thousand takes too long.
CREATE TABLE job_counts (
    queue  TEXT NOT NULL,
    status INTEGER NOT NULL,
    jobs   INTEGER NOT NULL,
    PRIMARY KEY (queue, status)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER job_added AFTER INSERT ON jobs BEGIN
    INSERT INTO job_counts VALUES (new.queue, new.status, 1)
        ON CONFLICT DO UPDATE SET jobs = jobs + 1;
END;
CREATE TRIGGER job_moved AFTER UPDATE OF queue, status ON jobs BEGIN
    UPDATE job_counts SET jobs = jobs - 1 WHERE queue = old.queue AND status = old.status;
    INSERT INTO job_counts VALUES (new.queue, new.status, 1)
        ON CONFLICT DO UPDATE SET jobs = jobs + 1;
END;
CREATE TRIGGER job_forgotten AFTER DELETE ON jobs BEGIN
    UPDATE job_counts SET jobs = jobs - 1 WHERE queue = old.queue AND status = old.status;
END;

-- The long texts of a job, beside it so that a change of state does not write them again.
CREATE TABLE job_texts (
    job           INTEGER PRIMARY KEY REFERENCES jobs ON DELETE CASCADE,
    settings      TEXT NOT NULL,
    rest          TEXT NOT NULL,
    output_groups TEXT NOT NULL DEFAULT ''
) STRICT;

-- messages.info (code 0) and messages.warning (code > 0: MediaConvert's, -1: ours); of attempt 0:
-- before the first one.
CREATE TABLE messages (
    number  INTEGER PRIMARY KEY,
    job     INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    code    INTEGER NOT NULL,
    message TEXT NOT NULL
) STRICT;
CREATE INDEX messages_of_job ON messages (job);

-- The hopDestinations that a job has not used yet. No priority: it keeps its own.
CREATE TABLE hops (
    job      INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
    place    INTEGER NOT NULL,
    queue    TEXT NOT NULL,
    priority INTEGER,
    due_us   INTEGER NOT NULL,
    PRIMARY KEY (job, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX hops_due ON hops (due_us);

CREATE TABLE queue_transitions (
    number     INTEGER PRIMARY KEY,
    job        INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
    from_queue TEXT NOT NULL,
    to_queue   TEXT NOT NULL,
    at_us      INTEGER NOT NULL
) STRICT;
CREATE INDEX queue_transitions_of_job ON queue_transitions (job);

-- Objects that attempts may have made visible. They outlive their job.
CREATE TABLE deliveries (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    job        TEXT NOT NULL, -- id
    attempt    INTEGER NOT NULL,
    started_us INTEGER NOT NULL,
    UNIQUE (job, attempt)
) STRICT;
CREATE TABLE objects (
    delivery INTEGER NOT NULL REFERENCES deliveries ON DELETE CASCADE,
    uri      TEXT NOT NULL,
    PRIMARY KEY (delivery, uri)
) STRICT, WITHOUT ROWID;
CREATE INDEX objects_by_uri ON objects (uri);
CREATE VIEW running_deliveries AS
    SELECT d.number FROM jobs j JOIN deliveries d ON d.job = j.id AND d.attempt = j.attempt
    WHERE j.status = 1;

-- Job templates and presets.
CREATE TABLE stored (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       INTEGER NOT NULL, -- enum stored_kind
    name       TEXT NOT NULL,
    category   TEXT NOT NULL,
    request    TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL,
    UNIQUE (kind, name)
) STRICT;

-- Of what an ARN ends in: "jobs/ID", "queues/NAME".
CREATE TABLE tags (
    resource TEXT NOT NULL,
    key      TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (resource, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE small_values (
    key        TEXT PRIMARY KEY,
    value      TEXT NOT NULL,
    updated_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at_us  INTEGER NOT NULL,
    json   TEXT NOT NULL
) STRICT;

CREATE TABLE targets (
    name  TEXT PRIMARY KEY,
    place INTEGER NOT NULL -- number of the last event that it has got
) STRICT, WITHOUT ROWID;
