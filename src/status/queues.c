/* SPDX-License-Identifier: Apache-2.0 */
#include "status/queues.h"

#include "status/named.h"
#include "status/page.h"
#include "status/store.h"

#define COLUMNS                                                                                    \
    "q.name, q.description, q.system, q.paused, q.reserved, q.concurrent_jobs, q.rest,"            \
    " q.created_us, q.updated_us,"                                                                 \
    " coalesce((SELECT jobs FROM job_counts WHERE queue = q.name AND status = 0), 0),"             \
    " coalesce((SELECT jobs FROM job_counts WHERE queue = q.name AND status = 1), 0)"

static void *read_queue(struct statement *s, struct arena *arena)
{
    struct queue_record *queue = ARENA_NEW(arena, struct queue_record);
    queue->name = column_text(s, arena);
    queue->description = column_text(s, arena);
    queue->system = column_bool(s);
    queue->paused = column_bool(s);
    queue->reserved = column_bool(s);
    queue->concurrent_jobs = column_int(s);
    queue->rest = column_text(s, arena);
    queue->created_us = column_int64(s);
    queue->updated_us = column_int64(s);
    queue->submitted = column_int64(s);
    queue->progressing = column_int64(s);
    return queue;
}

static int get(struct transaction *t, const char *name, struct arena *arena,
               struct queue_record **ret, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "SELECT " COLUMNS " FROM queues q WHERE q.name = ?");
    bind_text(s, name);
    if (rows_or_error(statement_row(s, err), err, ERROR_NOT_FOUND, "there is no queue '%s'", name) <
        0)
        return -1;
    *ret = read_queue(s, arena);
    return 0;
}

int status_queue_get(struct status *status, const char *name, struct arena *arena,
                     struct queue_record **ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    return get(&t, name, arena, ret, err);
}

/* What comes in the same order in an INSERT and an UPDATE. */
static void bind_queue(struct statement *s, const struct queue_record *queue, int64_t now_us)
{
    bind_text(s, queue->name);
    bind_text(s, queue->description);
    bind_int(s, queue->paused);
    bind_int(s, queue->reserved);
    bind_int(s, queue->concurrent_jobs);
    bind_text(s, queue->rest);
    bind_int(s, now_us);
}

/* Commits, and returns the record as it is then. */
static int finish(struct transaction *t, const char *name, struct arena *arena,
                  struct queue_record **ret, struct error *err)
{
    struct queue_record *record;
    if (get(t, name, arena, &record, err) < 0 || transaction_commit(t, err) < 0)
        return -1;
    *ret = record;
    return 0;
}

int status_queue_create(struct status *status, const struct queue_record *queue,
                        struct arena *arena, struct queue_record **ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s = statement(
        t.database,
        "INSERT INTO queues (name, description, system, paused, reserved, concurrent_jobs, rest,"
        " created_us, updated_us) VALUES (?1, coalesce(?2, ''), 0, ?3, ?4, ?5,"
        " coalesce(?6, '{}'), ?7, ?7) ON CONFLICT DO NOTHING");
    bind_queue(s, queue, t.now_us);
    if (rows_or_error(statement_run(s, err), err, ERROR_CONFLICT, "there is a queue '%s' already",
                      queue->name) < 0)
        return -1;
    return finish(&t, queue->name, arena, ret, err);
}

int status_queue_update(struct status *status, const struct queue_record *queue,
                        struct arena *arena, struct queue_record **ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s = statement(
        t.database, "UPDATE queues SET description = coalesce(?2, description), paused = ?3,"
                    " reserved = ?4, concurrent_jobs = ?5, rest = coalesce(?6, rest),"
                    " updated_us = ?7 WHERE name = ?1");
    bind_queue(s, queue, t.now_us);
    return statement_run(s, err) < 0 ? -1 : finish(&t, queue->name, arena, ret, err);
}

int status_queue_delete(struct status *status, const char *name, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(transaction_end) struct transaction t = {0};
    struct queue_record *queue;
    if (transaction_begin(&t, status, err) < 0 || get(&t, name, arena, &queue, err) < 0)
        return -1;
    if (queue->system)
        return error_set(err, ERROR_CONFLICT, "the queue '%s' cannot be deleted", name);
    if (queue->submitted + queue->progressing > 0)
        return error_set(err, ERROR_CONFLICT, "the queue '%s' has jobs that have not ended", name);
    CLEANUP(statement_done)
    struct statement *s = statement(t.database, "DELETE FROM queues WHERE name = ?");
    bind_text(s, name);
    if (statement_run(s, err) < 0 ||
        named_forget_tags(&t, arena_printf(arena, "queues/%s", name), err) < 0)
        return -1;
    return transaction_commit(&t, err);
}

int status_queue_list(struct status *status, enum list_by by, const struct page *page,
                      struct arena *arena, struct queue_record ***ret, int *ret_count,
                      const char **ret_next, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    CLEANUP(text_release) struct text sql = {0};
    const char *after;
    if (named_list_sql(&sql, COLUMNS, "queues q WHERE 1", by, page, arena, &after, err) < 0)
        return -1;
    CLEANUP(statement_done) struct statement *s = statement(t.database, sql.data);
    bind_text(s, after);
    return page_read(s, named_list(by), page, arena, read_queue, (void ***)ret, ret_count, ret_next,
                     err);
}
