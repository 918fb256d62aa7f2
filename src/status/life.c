/* SPDX-License-Identifier: Apache-2.0 */
#include "status/life.h"

#include "status/outbox.h"

int life_find(struct transaction *t, const char *id, struct job_life *ret, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(
        t->database, "SELECT number, status, attempt, cancel_requested FROM jobs WHERE id = ?");
    bind_text(s, id);
    if (rows_or_error(statement_row(s, err), err, ERROR_NOT_FOUND, "there is no job '%s'", id) < 0)
        return -1;
    ret->number = column_int64(s);
    ret->status = (enum job_status)column_int(s);
    ret->attempt = column_int(s);
    ret->cancel_requested = column_bool(s);
    return 0;
}

int life_of_attempt(struct transaction *t, const char *id, int attempt, struct job_life *ret,
                    struct error *err)
{
    if (life_find(t, id, ret, err) < 0)
        return -1;
    if (ret->status != JOB_PROGRESSING || ret->attempt != attempt)
        return error_set(err, ERROR_CONFLICT, "attempt %d of job '%s' is over", attempt, id);
    return 0;
}

/* --- what follows from a change of state --- */

static int run(struct transaction *t, const char *sql, const struct job_life *life,
               struct error *err)
{
    CLEANUP(statement_done) struct statement *s = statement(t->database, sql);
    bind_int(s, life->number);
    return statement_run(s, err) < 0 ? -1 : 0;
}

/* The first STATUS_UPDATE comes after a minute, or sooner where the interval is shorter. */
static int start(struct transaction *t, struct job_life *life, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "UPDATE jobs SET attempt = ?, started_us = ?, error_code = 0,"
                               " error_message = '' WHERE number = ?");
    bind_int(s, ++life->attempt);
    bind_int(s, t->now_us);
    bind_int(s, life->number);
    CLEANUP(statement_done)
    struct statement *running = statement(
        t->database,
        "INSERT OR REPLACE INTO running (job, phase, percent, frames, update_us, interval_us)"
        " SELECT number, 0, 0, 0, ? + min(interval_s, 60) * 1000000, interval_s * 1000000"
        " FROM jobs WHERE number = ?");
    bind_int(running, t->now_us);
    bind_int(running, life->number);
    return statement_run(s, err) < 0 || statement_run(running, err) < 0 ? -1 : 0;
}

static int end(struct transaction *t, const struct job_life *life, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(
        t->database, "UPDATE jobs SET finished_us = ?1, (phase, percent) ="
                     " (SELECT max(phase), max(percent) FROM (SELECT phase, percent FROM running"
                     "  WHERE job = ?2 UNION ALL SELECT 0, 0)) WHERE number = ?2");
    bind_int(s, t->now_us);
    bind_int(s, life->number);
    if (statement_run(s, err) < 0 || run(t, "DELETE FROM running WHERE job = ?", life, err) < 0)
        return -1;
    return run(t, "DELETE FROM hops WHERE job = ?", life, err);
}

/* What the attempt said is said again by the next one. */
static int go_back(struct transaction *t, const struct job_life *life, struct error *err)
{
    if (run(t, "UPDATE jobs SET started_us = 0 WHERE number = ?", life, err) < 0 ||
        run(t, "DELETE FROM running WHERE job = ?", life, err) < 0)
        return -1;
    return run(t, "DELETE FROM messages WHERE job = ? AND attempt > 0", life, err);
}

int life_change(struct transaction *t, struct job_life *life, enum job_status to, struct error *err)
{
    if (!job_status_may_follow(life->status, to))
        return error_set(err, ERROR_CONFLICT, "a job in %s cannot become %s",
                         job_status_names[life->status], job_status_names[to]);
    CLEANUP(statement_done)
    struct statement *s = statement(t->database, "UPDATE jobs SET status = ? WHERE number = ?");
    bind_int(s, to);
    bind_int(s, life->number);
    if (statement_run(s, err) < 0)
        return -1;
    life->status = to;
    if (to == JOB_PROGRESSING)
        return start(t, life, err);
    return to == JOB_SUBMITTED ? go_back(t, life, err) : end(t, life, err);
}

int life_mark_cancel(struct transaction *t, const struct job_life *life, struct error *err)
{
    return run(t, "UPDATE jobs SET cancel_requested = 1 WHERE number = ?", life, err);
}

int life_requeue(struct transaction *t, struct job_life *life, struct error *err)
{
    if (!life->cancel_requested)
        return life_change(t, life, JOB_SUBMITTED, err);
    if (life_change(t, life, JOB_CANCELED, err) < 0)
        return -1;
    return outbox_add(t, life->number, "CANCELED", NULL, err);
}
