/* SPDX-License-Identifier: Apache-2.0 */
/* A job_record from the tables. */
#ifndef STATUS_RECORD_H
#define STATUS_RECORD_H

#include "status/store.h"

/* What a query selects that record_read() is to read. */
#define RECORD_COLUMNS                                                                             \
    "j.number, j.id, j.queue, j.priority, j.status, j.attempt,"                                    \
    " coalesce(r.phase, j.phase), coalesce(r.percent, j.percent),"                                 \
    " j.created_us, j.started_us, j.finished_us, j.error_code, j.error_message,"                   \
    " j.cancel_requested, t.settings, t.rest, t.output_groups"
#define RECORD_TABLES                                                                              \
    "jobs j CROSS JOIN job_texts t ON t.job = j.number"                                            \
    " LEFT JOIN running r ON r.job = j.number"

struct job_record *record_read(struct statement *s, struct arena *arena, int64_t *ret_number);

/* Fills in the messages and transitions, which are in tables of their own. */
int record_complete(struct transaction *t, struct job_record *record, int64_t number,
                    struct arena *arena, struct error *err) MUST_CHECK;

/* The whole record of the job with that number. */
int record_get(struct transaction *t, int64_t number, struct arena *arena, struct job_record **ret,
               struct error *err) MUST_CHECK;

#endif
