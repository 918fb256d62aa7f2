/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only truth about jobs: an SQLite database in WAL mode. What a call has returned well is on
 * disk, whatever happens to the process or the power afterwards. Progress alone is kept in memory:
 * a job whose process is lost starts again.
 *
 *   jobs.h       jobs and their lives: created, started, followed, ended; queried
 *   queues.h     queues; what is next to run in them
 *   stored.h     job templates, presets, tags, the policy, certificates, job queries
 *   events.h     the outbox of state-change events, each until every target has got it
 *
 * One struct status is used by all threads of the server; a lock inside lets one in at a time, and
 * no call waits for anything but the disk. Records that calls return live in the caller's arena.
 *
 * Times are microseconds since 1970. Errors: ERROR_NOT_FOUND (no such record), ERROR_CONFLICT (the
 * state forbids it, the name is taken), ERROR_BAD_REQUEST (a page token that is none, text that is
 * no JSON, a folder that cannot be made), ERROR_BUG (the database: disk full, damaged).
 */
#ifndef STATUS_STATUS_H
#define STATUS_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct status;

/* Who the records belong to: in every ARN. */
struct status_owner {
    const char *region;  /* "us-east-1" */
    const char *account; /* "111122223333" */
};

/* Opens or makes FOLDER/status.db, brings an older schema up to date (a newer one is refused), and
 * makes the queue Default. One process at a time: a second one is refused with the first's PID. */
int status_open(struct status **ret, const char *folder, const struct status_owner *owner,
                struct error *err) MUST_CHECK;
void status_close(struct status **status);

const struct status_owner *status_owner(const struct status *status);

/* "arn:aws:mediaconvert:REGION:ACCOUNT:jobs/ID"; kind is "jobs", "queues", "jobTemplates",
 * "presets". */
const char *status_arn(const struct status *status, struct arena *arena, const char *kind,
                       const char *name);

/* Pages: at most `max` records, those after `token` (NULL: from the start). Lists put the token of
 * the next page into *ret_next, NULL at the end. */
struct page {
    int max;
    const char *token;
    bool descending; /* by creation (jobs), by name or creation (the others) */
};

#endif
