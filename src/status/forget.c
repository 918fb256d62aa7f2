/* SPDX-License-Identifier: Apache-2.0 */
/* What is old is forgotten, so that the database does not grow for ever. */
#include "status/outbox.h"

enum { AT_ONCE = 200 }; /* jobs in a transaction: others want their turn */

static const int64_t query_lasts_us = 86400 * INT64_C(1000000);

#define OLD_JOBS                                                                                   \
    " FROM jobs WHERE status >= 2 AND finished_us < ? ORDER BY finished_us, number LIMIT ?)"

/* Deletes what the oldest jobs are named in. */
static int forget_of_jobs(struct transaction *t, const char *sql, int64_t older_than_us,
                          struct error *err)
{
    CLEANUP(statement_done) struct statement *s = statement(t->database, sql);
    bind_int(s, t->now_us - older_than_us);
    bind_int(s, AT_ONCE);
    return statement_run(s, err);
}

static int forget_jobs(struct transaction *t, int64_t older_than_us, struct error *err)
{
    if (forget_of_jobs(t, "DELETE FROM tags WHERE resource IN (SELECT 'jobs/' || id" OLD_JOBS,
                       older_than_us, err) < 0 ||
        forget_of_jobs(t, "DELETE FROM small_values WHERE key IN (SELECT 'share:' || id" OLD_JOBS,
                       older_than_us, err) < 0)
        return -1;
    return forget_of_jobs(t, "DELETE FROM jobs WHERE number IN (SELECT number" OLD_JOBS,
                          older_than_us, err);
}

/* Their results are asked for at once, so they do not last as long as the jobs. */
static int forget_queries(struct transaction *t, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "DELETE FROM small_values WHERE key BETWEEN 'query:' AND 'query;'"
                               " AND updated_us < ?");
    bind_int(s, t->now_us - query_lasts_us);
    return statement_run(s, err);
}

static int forget_uploads(struct transaction *t, int64_t older_than_us, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "DELETE FROM uploads WHERE number IN (SELECT number FROM uploads"
                               " WHERE ended_us > 0 AND ended_us < ? ORDER BY ended_us LIMIT ?)");
    bind_int(s, t->now_us - older_than_us);
    bind_int(s, AT_ONCE);
    return statement_run(s, err);
}

int status_forget(struct status *status, int64_t older_than_us, struct error *err)
{
    for (int count = 0;;) {
        CLEANUP(transaction_end) struct transaction t = {0};
        if (transaction_begin(&t, status, err) < 0)
            return -1;
        int jobs = forget_jobs(&t, older_than_us, err);
        int uploads = forget_uploads(&t, older_than_us, err);
        if (jobs < 0 || uploads < 0 || outbox_forget(&t, older_than_us, err) < 0 ||
            forget_queries(&t, err) < 0 || transaction_commit(&t, err) < 0)
            return -1;
        count += jobs;
        if (jobs < AT_ONCE && uploads < AT_ONCE)
            return count;
    }
}
