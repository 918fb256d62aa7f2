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

-- version 2

-- Lambda functions. Their code is in files.
CREATE TABLE functions (
    name        TEXT PRIMARY KEY,
    runtime     TEXT NOT NULL,
    handler     TEXT NOT NULL,
    role        TEXT NOT NULL,
    description TEXT NOT NULL,
    timeout_s   INTEGER NOT NULL,
    memory_mib  INTEGER NOT NULL,
    reserved    INTEGER NOT NULL, -- -1: none
    environment TEXT NOT NULL,
    rest        TEXT NOT NULL,
    tags        TEXT NOT NULL,
    code_sha256 TEXT NOT NULL,
    code_size   INTEGER NOT NULL,
    revision    TEXT NOT NULL,
    created_us  INTEGER NOT NULL,
    modified_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- version 3

-- S3 Batch Operations' jobs. The request is kept as the JSON of struct batch_request.
CREATE TABLE batches (
    number          INTEGER PRIMARY KEY AUTOINCREMENT,
    id              TEXT NOT NULL UNIQUE,
    token           TEXT NOT NULL UNIQUE,
    request         TEXT NOT NULL,
    priority        INTEGER NOT NULL,
    status          INTEGER NOT NULL, -- enum batch_status
    update_reason   TEXT,
    etag            TEXT, -- of the manifest that was read
    created_us      INTEGER NOT NULL,
    suspended_us    INTEGER NOT NULL DEFAULT 0,
    ended_us        INTEGER NOT NULL DEFAULT 0,
    total           INTEGER NOT NULL DEFAULT 0,
    succeeded       INTEGER NOT NULL DEFAULT 0,
    failed          INTEGER NOT NULL DEFAULT 0,
    active_us       INTEGER NOT NULL DEFAULT 0, -- up to active_since_us
    active_since_us INTEGER NOT NULL DEFAULT 0  -- 0: not Active
) STRICT;
CREATE INDEX batches_unended ON batches (priority DESC, number) WHERE ended_us = 0;
CREATE INDEX batches_ended ON batches (ended_us) WHERE ended_us > 0;

CREATE TABLE batch_failures (
    number INTEGER PRIMARY KEY,
    batch  INTEGER NOT NULL REFERENCES batches ON DELETE CASCADE,
    code   TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE INDEX batch_failures_of_batch ON batch_failures (batch);

-- How tasks ended. A million of them cannot go in one transaction with their batch job.
CREATE TABLE batch_tasks (
    batch       INTEGER NOT NULL,
    entry       INTEGER NOT NULL,
    succeeded   INTEGER NOT NULL,
    http_status INTEGER NOT NULL,
    code        TEXT NOT NULL,
    message     TEXT NOT NULL,
    PRIMARY KEY (batch, entry)
) STRICT, WITHOUT ROWID;

-- version 4

-- IAM's roles and policies. Names differ by more than their case.
CREATE TABLE iam_roles (
    name          TEXT PRIMARY KEY COLLATE NOCASE,
    path          TEXT NOT NULL,
    id            TEXT NOT NULL,
    description   TEXT NOT NULL,
    trust         TEXT NOT NULL, -- AssumeRolePolicyDocument
    boundary      TEXT NOT NULL,
    tags          TEXT NOT NULL,
    max_session_s INTEGER NOT NULL,
    created_us    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Policies that are a role's own.
CREATE TABLE iam_role_policies (
    role     TEXT NOT NULL COLLATE NOCASE REFERENCES iam_roles,
    name     TEXT NOT NULL COLLATE NOCASE,
    document TEXT NOT NULL,
    PRIMARY KEY (role, name)
) STRICT, WITHOUT ROWID;

-- Managed policies of the account's own.
CREATE TABLE iam_policies (
    arn         TEXT NOT NULL UNIQUE,
    name        TEXT PRIMARY KEY COLLATE NOCASE,
    path        TEXT NOT NULL,
    id          TEXT NOT NULL,
    description TEXT NOT NULL,
    document    TEXT NOT NULL,
    tags        TEXT NOT NULL,
    created_us  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Also of policies that are AWS's.
CREATE TABLE iam_attachments (
    role TEXT NOT NULL COLLATE NOCASE REFERENCES iam_roles,
    arn  TEXT NOT NULL,
    PRIMARY KEY (role, arn)
) STRICT, WITHOUT ROWID;
CREATE INDEX iam_attachments_of ON iam_attachments (arn);

-- Invocations of functions that nobody waits for.
CREATE TABLE invocations (
    number         INTEGER PRIMARY KEY AUTOINCREMENT,
    function       TEXT NOT NULL,
    payload        TEXT NOT NULL,
    client_context TEXT,
    errors         INTEGER NOT NULL DEFAULT 0,
    throttles      INTEGER NOT NULL DEFAULT 0,
    taken          INTEGER NOT NULL DEFAULT 0,
    created_us     INTEGER NOT NULL,
    due_us         INTEGER NOT NULL
) STRICT;
CREATE INDEX invocations_due ON invocations (taken, due_us);

-- version 5

-- What PutBucketInventoryConfiguration says, and what came of it.
CREATE TABLE inventories (
    bucket      TEXT NOT NULL,
    id          TEXT NOT NULL,
    filter      TEXT NOT NULL,
    destination TEXT NOT NULL,
    prefix      TEXT NOT NULL,
    owner       TEXT NOT NULL,
    encryption  TEXT NOT NULL,
    kms_key     TEXT NOT NULL,
    fields      TEXT NOT NULL,
    enabled     INTEGER NOT NULL,
    period_days INTEGER NOT NULL,
    changed_us  INTEGER NOT NULL,
    due_us      INTEGER NOT NULL, -- of the next report; 0: there will be none
    written_us  INTEGER NOT NULL DEFAULT 0,
    manifest    TEXT NOT NULL DEFAULT '',
    why         TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (bucket, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX inventories_due ON inventories (due_us) WHERE due_us > 0;

-- Objects that somebody has told us were put, each of which is handled once. `identity` tells one
-- from another.
CREATE TABLE uploads (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    identity    TEXT NOT NULL UNIQUE,
    bucket      TEXT NOT NULL,
    key         TEXT NOT NULL,
    version     TEXT,
    received_us INTEGER NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    taken       INTEGER NOT NULL DEFAULT 0,
    due_us      INTEGER NOT NULL,           -- of the next attempt
    ended_us    INTEGER NOT NULL DEFAULT 0, -- 0: not yet
    succeeded   INTEGER NOT NULL DEFAULT 0,
    message     TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX uploads_due ON uploads (taken, due_us) WHERE ended_us = 0;
CREATE INDEX uploads_ended ON uploads (ended_us) WHERE ended_us > 0;

-- version 6

-- What the function 'builtin' makes of each object: struct batch_builtin as a JSON object. NULL: it
-- is not known yet, or the function is another.
ALTER TABLE batches ADD COLUMN builtin TEXT;

-- version 7

-- How much waits for functions is bounded by its bytes, too; the index has them beside no payload.
ALTER TABLE invocations ADD COLUMN trace_id TEXT;
ALTER TABLE invocations ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0; -- of payload
UPDATE invocations SET bytes = length(CAST(payload AS BLOB));
CREATE INDEX invocations_bytes ON invocations (bytes);
