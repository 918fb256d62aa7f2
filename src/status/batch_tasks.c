/* SPDX-License-Identifier: Apache-2.0 */
/* How the tasks of batch jobs ended, the MediaConvert jobs that they have started, and when all of
 * it is forgotten. */
#include <inttypes.h>
#include <string.h>

#include "status/batch.h"
#include "status/named.h"
#include "status/store.h"

static int find_number(struct transaction *t, const char *id, int64_t *ret, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(t->database, "SELECT number FROM batches WHERE id = ?");
    bind_text(s, id);
    if (rows_or_error(statement_row(s, err), err, ERROR_NOT_FOUND, "there is no batch job '%s'",
                      id) < 0)
        return -1;
    *ret = column_int64(s);
    return 0;
}

/* --- results --- */

/* 1: it was not there before. */
static int insert_result(struct transaction *t, int64_t batch, const struct batch_result *result,
                         struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(
        t->database, "INSERT INTO batch_tasks (batch, entry, succeeded, http_status, code, message)"
                     " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
    bind_int(s, batch);
    bind_int(s, result->entry);
    bind_int(s, result->succeeded);
    bind_int(s, result->http_status);
    bind_text(s, result->code);
    bind_text(s, result->message);
    return statement_run(s, err);
}

static int count_results(struct transaction *t, int64_t batch, int64_t succeeded, int64_t failed,
                         struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database,
                  "UPDATE batches SET succeeded = succeeded + ?1, failed = failed + ?2,"
                  " active_us = active_us + iif(active_since_us, max(?3 - active_since_us, 0), 0),"
                  " active_since_us = iif(active_since_us, ?3, 0) WHERE number = ?4");
    bind_int(s, succeeded);
    bind_int(s, failed);
    bind_int(s, t->now_us);
    bind_int(s, batch);
    return statement_run(s, err) < 0 ? -1 : 0;
}

int status_batch_record(struct status *status, const char *id, const struct batch_result *results,
                        int count, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    int64_t batch, succeeded = 0, failed = 0;
    if (transaction_begin(&t, status, err) < 0 || find_number(&t, id, &batch, err) < 0)
        return -1;
    for (int i = 0; i < count; i++) {
        int added = insert_result(&t, batch, &results[i], err);
        if (added < 0)
            return -1;
        *(results[i].succeeded ? &succeeded : &failed) += added;
    }
    if (count_results(&t, batch, succeeded, failed, err) < 0)
        return -1;
    return transaction_commit(&t, err);
}

int status_batch_results(struct status *status, const char *id, int64_t entry, int max,
                         struct arena *arena, struct batch_result **ret, int *ret_count,
                         struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    int64_t batch;
    if (find_number(&t, id, &batch, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "SELECT entry, succeeded, http_status, code, message FROM batch_tasks"
                              " WHERE batch = ? AND entry > ? ORDER BY entry LIMIT ?");
    bind_int(s, batch);
    bind_int(s, entry);
    bind_int(s, max);
    struct batch_result *results = ARENA_ARRAY(arena, struct batch_result, max);
    int count = 0, r;
    while ((r = statement_row(s, err)) > 0) {
        struct batch_result *result = &results[count++];
        result->entry = column_int64(s);
        result->succeeded = column_bool(s);
        result->http_status = column_int(s);
        result->code = column_text(s, arena);
        result->message = column_text(s, arena);
    }
    if (r < 0)
        return -1;
    *ret = results;
    *ret_count = count;
    return 0;
}

/* --- forgetting --- */

enum { TASKS_AT_ONCE = 2000, BATCHES_AT_ONCE = 50 };

static int forget_tasks(struct transaction *t, int64_t before_us, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(
        t->database,
        "DELETE FROM batch_tasks WHERE (batch, entry) IN (SELECT k.batch, k.entry FROM batches b"
        " JOIN batch_tasks k ON k.batch = b.number WHERE b.ended_us > 0 AND b.ended_us < ? LIMIT "
        "?)");
    bind_int(s, before_us);
    bind_int(s, TASKS_AT_ONCE);
    return statement_run(s, err);
}

static int forget_batches(struct transaction *t, int64_t before_us, struct arena *arena,
                          const char **ids, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "DELETE FROM batches WHERE number IN (SELECT number FROM batches"
                               " WHERE ended_us > 0 AND ended_us < ? LIMIT ?) RETURNING id");
    bind_int(s, before_us);
    bind_int(s, BATCHES_AT_ONCE);
    int count = 0, r;
    while ((r = statement_row(s, err)) > 0 && count < BATCHES_AT_ONCE)
        ids[count++] = column_text(s, arena);
    return r < 0 ? -1 : count;
}

int status_batch_forget(struct status *status, int64_t before_us, struct arena *arena,
                        const char ***ret_ids, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    const char **ids = ARENA_ARRAY(arena, const char *, BATCHES_AT_ONCE + 1);
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    int gone = forget_tasks(&t, before_us, err);
    if (gone == 0)
        gone = forget_batches(&t, before_us, arena, ids, err);
    for (int i = 0; gone > 0 && ids[i]; i++)
        if (named_forget_tags(&t, arena_printf(arena, "batches/%s", ids[i]), err) < 0)
            return -1;
    if (gone < 0 || transaction_commit(&t, err) < 0)
        return -1;
    *ret_ids = ids;
    return gone;
}

/* --- MediaConvert jobs --- */

/* "batch-task-4d5f…-", all but the entry's number. */
static char *token_start(struct arena *arena, const char *id)
{
    char *token = arena_printf(arena, BATCH_TASK_TOKEN "%s-", id);
    char *out = token + strlen(BATCH_TASK_TOKEN);
    for (const char *c = id; *c; c++)
        if (*c != '-')
            *out++ = *c;
    out[0] = '-';
    out[1] = '\0';
    return token;
}

const char *batch_task_token(struct arena *arena, const char *id, int64_t entry)
{
    return arena_printf(arena, "%s%" PRId64, token_start(arena, id), entry);
}

/* Binds the two ends of all their tokens. They must live until statement_done(). */
static void bind_tokens(struct statement *s, struct arena *arena, const char *id)
{
    char *start = token_start(arena, id), *end = arena_strdup(arena, start);
    end[strlen(end) - 1]++; // the character behind '-'
    bind_text(s, start);
    bind_text(s, end);
}

int status_batch_jobs(struct status *status, const char *id, int64_t counts[JOB_STATUSES],
                      struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(transaction_end) struct transaction t = reading(status);
    CLEANUP(statement_done)
    struct statement *s = statement(
        t.database,
        "SELECT status, count(*) FROM jobs WHERE token > ? AND token < ? GROUP BY status");
    bind_tokens(s, arena, id);
    int64_t found[JOB_STATUSES] = {0};
    int r;
    while ((r = statement_row(s, err)) > 0) {
        int which = column_int(s);
        int64_t jobs = column_int64(s);
        if (which >= 0 && which < JOB_STATUSES)
            found[which] = jobs;
    }
    if (r < 0)
        return -1;
    memcpy(counts, found, sizeof(found));
    return 0;
}

int status_batch_jobs_failed(struct status *status, const char *id, int max, struct arena *arena,
                             const char ***ret, int *ret_count, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    CLEANUP(statement_done)
    struct statement *s = statement(
        t.database, "SELECT printf('%s %s: ErrorCode %d: %s', id, input, error_code, error_message)"
                    " FROM jobs WHERE token > ? AND token < ? AND status = ? ORDER BY number"
                    " LIMIT ?");
    bind_tokens(s, arena, id);
    bind_int(s, JOB_ERROR);
    bind_int(s, max);
    const char **lines = ARENA_ARRAY(arena, const char *, max);
    int count = 0, r;
    while ((r = statement_row(s, err)) > 0)
        lines[count++] = column_text(s, arena);
    if (r < 0)
        return -1;
    *ret = lines;
    *ret_count = count;
    return 0;
}
