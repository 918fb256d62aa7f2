/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs as clients see them: made, looked at, cancelled. attempt.c has the other side. */
#include "status/jobs.h"

#include <string.h>

#include "base/random.h"
#include "base/text.h"
#include "status/batch.h"
#include "status/life.h"
#include "status/named.h"
#include "status/outbox.h"
#include "status/page.h"
#include "status/record.h"

static const int64_t token_lasts_us = 60 * INT64_C(1000000);

/* --- CreateJob --- */

/* "1515368087458-qnoxtd" */
static const char *new_id(struct arena *arena, int64_t now_us)
{
    uint64_t random;
    random_bytes(&random, sizeof(random));
    char letters[7] = "";
    for (int i = 0; i < 6; i++, random /= 36)
        letters[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[random % 36];
    return arena_printf(arena, "%013lld-%s", (long long)(now_us / 1000), letters);
}

/* The job that was made with this token within the last minute; 1: there is one. A clock that was
 * set back makes the minute longer, which is better than a second job. A batch task's token lasts
 * as long as its job, unless that failed. */
static int find_token(struct transaction *t, const char *token, int64_t *ret, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "SELECT number FROM jobs WHERE token = ?"
                               " AND (created_us >= ? OR (? AND status NOT IN (?, ?)))"
                               " ORDER BY number DESC LIMIT 1");
    bind_text(s, token);
    bind_int(s, t->now_us - token_lasts_us);
    bind_int(s, strncmp(token, BATCH_TASK_TOKEN, strlen(BATCH_TASK_TOKEN)) == 0);
    bind_int(s, JOB_ERROR);
    bind_int(s, JOB_CANCELED);
    int r = statement_row(s, err);
    if (r > 0)
        *ret = column_int64(s);
    return r;
}

static int insert_job(struct transaction *t, const struct new_job *job, const char *id,
                      int64_t *ret_number, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(
        t->database, "INSERT INTO jobs (id, queue, priority, status, created_us, interval_s, token,"
                     " input) SELECT ?, name, ?, 0, ?, ?, ?, ? FROM queues WHERE name = ?"
                     " RETURNING number");
    bind_text(s, id);
    bind_int(s, job->priority);
    bind_int(s, t->now_us);
    bind_int(s, job->interval_s > 0 ? job->interval_s : 60);
    bind_text(s, job->token);
    bind_text(s, job->input);
    bind_text(s, job->queue);
    if (rows_or_error(statement_row(s, err), err, ERROR_NOT_FOUND, "there is no queue '%s'",
                      job->queue) < 0)
        return -1;
    *ret_number = column_int64(s);
    return 0;
}

static int insert_texts(struct transaction *t, const struct new_job *job, int64_t number,
                        struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "INSERT INTO job_texts (job, settings, rest) VALUES (?, ?, ?)");
    bind_int(s, number);
    bind_text(s, job->settings);
    bind_text(s, job->rest);
    return statement_run(s, err) < 0 ? -1 : 0;
}

/* hopDestinations: [{queue: an ARN, a name or none for Default, priority, waitMinutes}]. */
static int insert_hops(struct transaction *t, const struct new_job *job, int64_t number,
                       struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(
        t->database,
        "INSERT INTO hops (job, place, queue, priority, due_us)"
        " SELECT ?1, place, substr(queue, 1 + iif(at > 0, at + length('queues'), 0)),"
        "  CAST(value ->> '$.priority' AS INTEGER),"
        "  ?2 + 60000000 * min(max(CAST(value ->> '$.waitMinutes' AS INTEGER), 0), 1000000)"
        " FROM (SELECT key AS place, value, queue, instr(queue, 'queues/') AS at"
        "  FROM (SELECT *, coalesce(value ->> '$.queue', 'Default') AS queue"
        "   FROM json_each(?3, '$.hopDestinations')))");
    bind_int(s, number);
    bind_int(s, t->now_us);
    bind_text(s, job->rest);
    return statement_run(s, err) < 0 ? -1 : 0;
}

int status_job_create(struct status *status, const struct new_job *job, struct arena *arena,
                      struct job_record **ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    int64_t number = 0;
    int found = job->token ? find_token(&t, job->token, &number, err) : 0;
    if (found < 0)
        return -1;
    const char *id = new_id(arena, t.now_us);
    if (!found &&
        (insert_job(&t, job, id, &number, err) < 0 || insert_texts(&t, job, number, err) < 0 ||
         insert_hops(&t, job, number, err) < 0 ||
         (job->tags && named_add_tags(&t, arena_printf(arena, "jobs/%s", id), job->tags, err) < 0)))
        return -1;
    struct job_record *record;
    if (record_get(&t, number, arena, &record, err) < 0 || transaction_commit(&t, err) < 0)
        return -1;
    *ret = record;
    return 0;
}

/* --- GetJob, ListJobs, SearchJobs --- */

int status_job_get(struct status *status, const char *id, struct arena *arena,
                   struct job_record **ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    struct job_life life;
    if (life_find(&t, id, &life, err) < 0)
        return -1;
    return record_get(&t, life.number, arena, ret, err);
}

/* One text for each combination of filters, so that each has its own index. */
static void list_sql(struct text *sql, const struct job_filter *filter, bool descending)
{
    text_add(sql, "SELECT " RECORD_COLUMNS " FROM " RECORD_TABLES " WHERE j.number %s ?",
             descending ? "<" : ">");
    if (filter->queue)
        text_add(sql, " AND j.queue = ?");
    if (filter->status)
        text_add(sql, " AND j.status = ?");
    if (filter->input)
        text_add(sql, " AND instr(j.input, ?) > 0");
    text_add(sql, " ORDER BY j.number%s LIMIT ?", descending ? " DESC" : "");
}

int status_job_list(struct status *status, const struct job_filter *filter, const struct page *page,
                    struct arena *arena, struct job_record ***ret, int *ret_count,
                    const char **ret_next, struct error *err)
{
    int64_t after = page->descending ? INT64_MAX : 0;
    if (page->token && page_number(arena, "jobs", page->token, &after, err) < 0)
        return -1;
    CLEANUP(text_release) struct text sql = {0};
    list_sql(&sql, filter, page->descending);

    CLEANUP(transaction_end) struct transaction t = reading(status);
    CLEANUP(statement_done) struct statement *s = statement(t.database, sql.data);
    bind_int(s, after);
    if (filter->queue)
        bind_text(s, filter->queue);
    if (filter->status)
        bind_int(s, *filter->status);
    if (filter->input)
        bind_text(s, filter->input);
    bind_int(s, (int64_t)page->max + 1); // one more tells whether there is a next page

    struct job_record **records = ARENA_ARRAY(arena, struct job_record *, page->max);
    int count = 0, r;
    while ((r = statement_row(s, err)) > 0 && count < page->max) {
        records[count] = record_read(s, arena, &after);
        if (record_complete(&t, records[count++], after, arena, err) < 0)
            return -1;
    }
    if (r < 0)
        return -1;
    *ret = records;
    *ret_count = count;
    *ret_next = r > 0 ? page_token_number(arena, "jobs", after) : NULL;
    return 0;
}

int status_job_counts(struct status *status, int64_t counts[JOB_STATUSES], struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    for (int i = 0; i < JOB_STATUSES; i++)
        counts[i] = 0;
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "SELECT status, sum(jobs) FROM job_counts GROUP BY status");
    int r;
    while ((r = statement_row(s, err)) > 0) {
        int in = column_int(s);
        if (in >= 0 && in < JOB_STATUSES)
            counts[in] = column_int64(s);
    }
    return r;
}

/* --- CancelJob --- */

int status_job_cancel(struct status *status, const char *id, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    struct job_life life;
    if (transaction_begin(&t, status, err) < 0 || life_find(&t, id, &life, err) < 0)
        return -1;
    if (life.status == JOB_PROGRESSING) {
        if (life_mark_cancel(&t, &life, err) < 0)
            return -1;
    } else if (life_change(&t, &life, JOB_CANCELED, err) < 0 ||
               outbox_add(&t, life.number, "CANCELED", NULL, err) < 0) {
        return -1;
    }
    return transaction_commit(&t, err);
}

bool status_job_cancel_requested(struct status *status, const char *id)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    struct job_life life;
    struct error err;
    return life_find(&t, id, &life, &err) == 0 && life.cancel_requested;
}
