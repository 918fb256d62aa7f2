/* SPDX-License-Identifier: Apache-2.0 */
/* Which job is next, and which queue it has hopped to before. */
#include <cjson/cJSON.h>

#include "status/life.h"
#include "status/outbox.h"
#include "status/queues.h"
#include "status/record.h"

/* --- hopDestinations --- */

enum { CANNOT_HOP = 100000 }; /* a warning code of the service */

struct hop {
    int64_t job;
    int place;
    const char *from, *to;
    int priority_before, priority;
    bool queue_exists;
};

/* The next hop that is due; 1: there is one. It is used up. */
static int take_hop(struct transaction *t, struct arena *arena, struct hop *ret, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(
        t->database,
        "SELECT h.job, h.place, j.queue, h.queue, j.priority, coalesce(h.priority, j.priority),"
        " EXISTS (SELECT 1 FROM queues q WHERE q.name = h.queue)"
        " FROM hops h CROSS JOIN jobs j ON j.number = h.job"
        " WHERE h.due_us <= ? AND j.status = 0 ORDER BY h.due_us, h.job, h.place LIMIT 1");
    bind_int(s, t->now_us);
    int r = statement_row(s, err);
    if (r <= 0)
        return r;
    ret->job = column_int64(s);
    ret->place = column_int(s);
    ret->from = column_text(s, arena);
    ret->to = column_text(s, arena);
    ret->priority_before = column_int(s);
    ret->priority = column_int(s);
    ret->queue_exists = column_bool(s);
    CLEANUP(statement_done)
    struct statement *used = statement(t->database, "DELETE FROM hops WHERE job = ? AND place = ?");
    bind_int(used, ret->job);
    bind_int(used, ret->place);
    return statement_run(used, err);
}

static int hop_event(struct transaction *t, const struct hop *hop, struct arena *arena,
                     struct error *err)
{
    cJSON *more = cJSON_CreateObject();
    cJSON_AddStringToObject(more, "previousQueue",
                            status_arn(t->status, arena, "queues", hop->from));
    cJSON_AddNumberToObject(more, "priority", hop->priority);
    cJSON_AddNumberToObject(more, "previousPriority", hop->priority_before);
    int r = outbox_add(t, hop->job, "QUEUE_HOP", more, err);
    cJSON_Delete(more);
    return r;
}

static int do_hop(struct transaction *t, const struct hop *hop, struct arena *arena,
                  struct error *err)
{
    if (!hop->queue_exists)
        return outbox_message(
            t, hop->job, 0, CANNOT_HOP,
            arena_printf(arena, "The job can't hop to the queue [%s]: it doesn't exist.", hop->to),
            err);
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "UPDATE jobs SET queue = ?, priority = ? WHERE number = ?");
    bind_text(s, hop->to);
    bind_int(s, hop->priority);
    bind_int(s, hop->job);
    CLEANUP(statement_done)
    struct statement *transition =
        statement(t->database, "INSERT INTO queue_transitions (job, from_queue, to_queue, at_us)"
                               " VALUES (?, ?, ?, ?)");
    bind_int(transition, hop->job);
    bind_text(transition, hop->from);
    bind_text(transition, hop->to);
    bind_int(transition, t->now_us);
    if (statement_run(s, err) < 0 || statement_run(transition, err) < 0)
        return -1;
    return hop_event(t, hop, arena, err);
}

static int do_hops(struct transaction *t, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct hop hop;
    int r;
    while ((r = take_hop(t, arena, &hop, err)) > 0)
        if (do_hop(t, &hop, arena, err) < 0)
            return -1;
    return r;
}

/* --- the next job --- */

/* Each queue shows its first one, the best of these is it. A job whose time of submission is still
 * to come (the clock was set back) does not wait for it. */
static int find_next(struct transaction *t, int64_t delay_us, struct job_life *ret,
                     struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(
        t->database,
        "SELECT j.number, j.attempt FROM queues q CROSS JOIN jobs j ON j.number ="
        "  (SELECT number FROM jobs WHERE queue = q.name AND status = 0"
        "   AND created_us NOT BETWEEN ?1 + 1 AND ?2 ORDER BY priority DESC, number LIMIT 1)"
        " WHERE NOT q.paused AND (q.concurrent_jobs = 0 OR q.concurrent_jobs > coalesce("
        "  (SELECT jobs FROM job_counts WHERE queue = q.name AND status = 1), 0))"
        " ORDER BY j.priority DESC, j.number LIMIT 1");
    bind_int(s, t->now_us - delay_us);
    bind_int(s, t->now_us);
    int r = statement_row(s, err);
    if (r <= 0)
        return r;
    ret->number = column_int64(s);
    ret->attempt = column_int(s);
    ret->status = JOB_SUBMITTED;
    return 1;
}

int status_next_job(struct status *status, int64_t delay_us, struct arena *arena,
                    struct job_record **ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0 || do_hops(&t, err) < 0)
        return -1;
    struct job_life life = {0};
    int found = find_next(&t, delay_us, &life, err);
    if (found < 0)
        return -1;
    struct job_record *record = NULL;
    if (found && (life_change(&t, &life, JOB_PROGRESSING, err) < 0 ||
                  outbox_add(&t, life.number, "PROGRESSING", NULL, err) < 0 ||
                  record_get(&t, life.number, arena, &record, err) < 0))
        return -1;
    if (transaction_commit(&t, err) < 0)
        return -1;
    if (found)
        *ret = record;
    return found;
}

/* --- after a restart --- */

static int next_lost(struct transaction *t, struct job_life *ret, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "SELECT number, attempt, cancel_requested FROM jobs"
                               " WHERE status = 1 LIMIT 1");
    int r = statement_row(s, err);
    if (r <= 0)
        return r;
    ret->number = column_int64(s);
    ret->attempt = column_int(s);
    ret->cancel_requested = column_bool(s);
    ret->status = JOB_PROGRESSING;
    return 1;
}

int status_recover(struct status *status, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    struct job_life life = {0};
    int count = 0, r;
    for (; (r = next_lost(&t, &life, err)) > 0; count++)
        if (life_requeue(&t, &life, err) < 0)
            return -1;
    return r < 0 || transaction_commit(&t, err) < 0 ? -1 : count;
}
