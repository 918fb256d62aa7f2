/* SPDX-License-Identifier: Apache-2.0 */
/* Batch jobs: made, looked at, asked for something; their states. batch_tasks.c has the tasks. */
#include "status/batch.h"

#include <string.h>

#include "base/random.h"
#include "status/batch_request.h"
#include "status/named.h"
#include "status/page.h"
#include "status/store.h"

#define COLUMNS                                                                                    \
    "number, id, token, request, priority, status, update_reason, etag, created_us, suspended_us," \
    " ended_us, total, succeeded, failed, active_us, active_since_us"

const char *status_batch_arn(const struct status *status, struct arena *arena, const char *id)
{
    return arena_printf(arena, "arn:aws:s3:%s:%s:job/%s", status->owner.region,
                        status->owner.account, id);
}

/* --- records --- */

static int read_failures(struct transaction *t, struct batch_record *record, int64_t number,
                         struct arena *arena, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "SELECT count(*) OVER (), code, reason FROM batch_failures"
                               " WHERE batch = ? ORDER BY number");
    bind_int(s, number);
    int r;
    while ((r = statement_row(s, err)) > 0) {
        int count = column_int(s);
        if (!record->failures)
            record->failures = ARENA_ARRAY(arena, struct batch_failure, count);
        struct batch_failure *failure = &record->failures[record->failures_count++];
        failure->code = column_text(s, arena);
        failure->reason = column_text(s, arena);
    }
    return r;
}

static int read_record(struct transaction *t, struct statement *s, struct arena *arena,
                       struct batch_record **ret, int64_t *ret_number, struct error *err)
{
    struct batch_record *record = ARENA_NEW(arena, struct batch_record);
    int64_t number = *ret_number = column_int64(s);
    record->id = column_text(s, arena);
    record->request.token = column_text(s, arena);
    const char *request = column_text(s, arena);
    record->request.priority = column_int(s);
    record->status = (enum batch_status)column_int(s);
    record->status_update_reason = column_text(s, arena);
    const char *etag = column_text(s, arena);
    record->created_us = column_int64(s);
    record->suspended_us = column_int64(s);
    record->suspended_cause = record->suspended_us ? "AwaitingConfirmation" : NULL;
    record->ended_us = column_int64(s);
    record->total = column_int64(s);
    record->succeeded = column_int64(s);
    record->failed = column_int64(s);
    record->active_us = column_int64(s);
    int64_t since = column_int64(s);
    if (since && t->now_us > since)
        record->active_us += t->now_us - since;
    const char *builtin = column_text(s, arena);
    if (batch_request_read(arena, request, &record->request, err) < 0 ||
        (builtin && batch_builtin_read(arena, builtin, &record->request.builtin, err) < 0))
        return -1;
    if (!record->request.manifest_etag)
        record->request.manifest_etag = etag;
    *ret = record;
    return read_failures(t, record, number, arena, err);
}

static int get(struct transaction *t, const char *column, const char *value, struct arena *arena,
               struct batch_record **ret, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(
        t->database,
        arena_printf(arena, "SELECT " COLUMNS ", builtin FROM batches WHERE %s = ?", column));
    bind_text(s, value);
    int r = statement_row(s, err);
    int64_t number;
    if (r > 0 && read_record(t, s, arena, ret, &number, err) < 0)
        return -1;
    return r;
}

static int get_by_id(struct transaction *t, const char *id, struct arena *arena,
                     struct batch_record **ret, struct error *err)
{
    if (rows_or_error(get(t, "id", id, arena, ret, err), err, ERROR_NOT_FOUND,
                      "there is no batch job '%s'", id) < 0)
        return -1;
    return 0;
}

/* Commits, and returns the record as it is then. */
static int finish(struct transaction *t, const char *id, struct arena *arena,
                  struct batch_record **ret, struct error *err)
{
    struct batch_record *record;
    if (get_by_id(t, id, arena, &record, err) < 0 || transaction_commit(t, err) < 0)
        return -1;
    *ret = record;
    return 0;
}

int status_batch_get(struct status *status, const char *id, struct arena *arena,
                     struct batch_record **ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    return get_by_id(&t, id, arena, ret, err);
}

int status_batch_find(struct status *status, const char *token, struct arena *arena,
                      struct batch_record **ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    struct batch_record *record = NULL;
    if (get(&t, "token", token, arena, &record, err) < 0)
        return -1;
    *ret = record;
    return 0;
}

int status_batch_list(struct status *status, const bool wanted[BATCH_STATUSES],
                      const struct page *page, struct arena *arena, struct batch_record ***ret,
                      int *ret_count, const char **ret_next, struct error *err)
{
    int64_t before = INT64_MAX, states = 0;
    if (page->token && page_number(arena, "batches", page->token, &before, err) < 0)
        return -1;
    for (int i = 0; i < BATCH_STATUSES; i++)
        states |= !wanted || wanted[i] ? 1 << i : 0;

    CLEANUP(transaction_end) struct transaction t = reading(status);
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "SELECT " COLUMNS ", NULL FROM batches WHERE number < ?"
                              " AND (1 << status) & ? ORDER BY number DESC LIMIT ?");
    bind_int(s, before);
    bind_int(s, states);
    bind_int(s, (int64_t)page->max + 1);
    struct batch_record **records = ARENA_ARRAY(arena, struct batch_record *, page->max);
    int count = 0, r;
    while ((r = statement_row(s, err)) > 0 && count < page->max)
        if (read_record(&t, s, arena, &records[count++], &before, err) < 0)
            return -1;
    if (r < 0)
        return -1;
    *ret = records;
    *ret_count = count;
    *ret_next = r > 0 && count ? page_token_number(arena, "batches", before) : NULL;
    return 0;
}

static int find_status(struct transaction *t, const char *id, enum batch_status *ret,
                       struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(t->database, "SELECT status FROM batches WHERE id = ?");
    bind_text(s, id);
    if (rows_or_error(statement_row(s, err), err, ERROR_NOT_FOUND, "there is no batch job '%s'",
                      id) < 0)
        return -1;
    *ret = (enum batch_status)column_int(s);
    return 0;
}

/* --- CreateJob --- */

/* What tags know it as. */
static const char *resource_of(struct arena *arena, const char *id)
{
    return arena_printf(arena, "batches/%s", id);
}

static int insert_batch(struct transaction *t, const struct batch_request *request,
                        const char *text, struct arena *arena, const char **ret_id,
                        struct error *err)
{
    char uuid[RANDOM_UUID_SIZE];
    const char *id = arena_strdup(arena, random_uuid(uuid));
    CLEANUP(statement_done)
    struct statement *s = statement(
        t->database, "INSERT INTO batches (id, token, request, priority, status, created_us,"
                     " builtin) VALUES (?, ?, ?, ?, ?, ?, ?)");
    bind_text(s, id);
    bind_text(s, request->token);
    bind_text(s, text);
    bind_int(s, request->priority);
    bind_int(s, BATCH_NEW);
    bind_int(s, t->now_us);
    bind_text(s, batch_builtin_text(arena, &request->builtin));
    if (statement_run(s, err) < 0)
        return -1;
    *ret_id = id;
    return request->tags ? named_add_tags(t, resource_of(arena, *ret_id), request->tags, err) : 0;
}

/* The first request with this token; 1: there was one. */
static int find_token(struct transaction *t, const char *token, const char *text,
                      struct arena *arena, const char **ret_id, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "SELECT id, request = ? FROM batches WHERE token = ?");
    bind_text(s, text);
    bind_text(s, token);
    int r = statement_row(s, err);
    if (r <= 0)
        return r;
    *ret_id = column_text(s, arena);
    if (!column_bool(s))
        return error_set(err, ERROR_CONFLICT,
                         "the token '%s' was used for the batch job '%s', which was another", token,
                         *ret_id);
    return 1;
}

int status_batch_create(struct status *status, const struct batch_request *request,
                        struct arena *arena, struct batch_record **ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    const char *id, *text = batch_request_text(arena, request);
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    int found = find_token(&t, request->token, text, arena, &id, err);
    if (found < 0 || (!found && insert_batch(&t, request, text, arena, &id, err) < 0))
        return -1;
    return finish(&t, id, arena, ret, err);
}

/* --- tags --- */

int status_batch_tags_get(struct status *status, const char *id, struct arena *arena,
                          const char **ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    enum batch_status now;
    if (find_status(&t, id, &now, err) < 0)
        return -1;
    return named_tags(&t, resource_of(arena, id), arena, ret, err);
}

int status_batch_tags_put(struct status *status, const char *id, const char *tags,
                          struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(transaction_end) struct transaction t = {0};
    enum batch_status now;
    const char *resource = resource_of(arena, id);
    if (transaction_begin(&t, status, err) < 0 || find_status(&t, id, &now, err) < 0 ||
        named_forget_tags(&t, resource, err) < 0 || named_add_tags(&t, resource, tags, err) < 0)
        return -1;
    return transaction_commit(&t, err);
}

/* --- states --- */

/* Only here a batch job's state is written, and with it the times that go by states. */
static int change(struct transaction *t, const char *id, enum batch_status from,
                  enum batch_status to, struct error *err)
{
    if (!batch_status_may_follow(from, to))
        return error_set(err, ERROR_CONFLICT, "a batch job that is %s cannot become %s",
                         batch_status_names[from], batch_status_names[to]);
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database,
                  "UPDATE batches SET status = ?1,"
                  " active_us = active_us + iif(active_since_us, max(?2 - active_since_us, 0), 0),"
                  " active_since_us = iif(?3, ?2, 0), suspended_us = iif(?4, ?2, suspended_us),"
                  " ended_us = iif(?5, ?2, 0) WHERE id = ?6");
    bind_int(s, to);
    bind_int(s, t->now_us);
    bind_int(s, to == BATCH_ACTIVE || to == BATCH_PAUSING);
    bind_int(s, to == BATCH_SUSPENDED);
    bind_int(s, batch_status_is_final(to));
    bind_text(s, id);
    return statement_run(s, err) < 0 ? -1 : 0;
}

int status_batch_move(struct status *status, const char *id, enum batch_status from,
                      enum batch_status to, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    enum batch_status now;
    if (transaction_begin(&t, status, err) < 0 || find_status(&t, id, &now, err) < 0)
        return -1;
    if (now != from)
        return error_set(err, ERROR_CONFLICT, "the batch job is %s, not %s any more",
                         batch_status_names[now], batch_status_names[from]);
    if (change(&t, id, from, to, err) < 0)
        return -1;
    return transaction_commit(&t, err);
}

int status_batch_ask(struct status *status, const char *id, enum batch_status wanted,
                     const char *reason, struct arena *arena, struct batch_record **ret,
                     struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    enum batch_status now;
    enum batch_status to = wanted == BATCH_CANCELLED ? BATCH_CANCELLING : wanted;
    if (transaction_begin(&t, status, err) < 0 || find_status(&t, id, &now, err) < 0)
        return -1;
    if (wanted == BATCH_READY && now != BATCH_SUSPENDED)
        return error_set(err, ERROR_CONFLICT, "a batch job that is %s cannot be confirmed",
                         batch_status_names[now]);
    if (change(&t, id, now, to, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "UPDATE batches SET update_reason = ? WHERE id = ?");
    bind_text(s, reason);
    bind_text(s, id);
    return statement_run(s, err) < 0 ? -1 : finish(&t, id, arena, ret, err);
}

int status_batch_set_priority(struct status *status, const char *id, int priority,
                              struct arena *arena, struct batch_record **ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    enum batch_status now;
    if (transaction_begin(&t, status, err) < 0 || find_status(&t, id, &now, err) < 0)
        return -1;
    if (batch_status_is_final(now))
        return error_set(err, ERROR_CONFLICT, "a batch job that is %s has no priority any more",
                         batch_status_names[now]);
    CLEANUP(statement_done)
    struct statement *s = statement(t.database, "UPDATE batches SET priority = ? WHERE id = ?");
    bind_int(s, priority);
    bind_text(s, id);
    return statement_run(s, err) < 0 ? -1 : finish(&t, id, arena, ret, err);
}

int status_batch_prepared(struct status *status, const char *id, int64_t total, const char *etag,
                          const struct batch_builtin *builtin, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(transaction_end) struct transaction t = {0};
    struct batch_record *record;
    if (transaction_begin(&t, status, err) < 0 || get_by_id(&t, id, arena, &record, err) < 0)
        return -1;
    bool suspend = record->request.confirmation_required;
    if (change(&t, id, record->status, suspend ? BATCH_SUSPENDED : BATCH_READY, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s = statement(t.database, "UPDATE batches SET total = ?, etag = ?,"
                                                " builtin = coalesce(builtin, ?) WHERE id = ?");
    bind_int(s, total);
    bind_text(s, etag);
    bind_text(s, builtin ? batch_builtin_text(arena, builtin) : NULL);
    bind_text(s, id);
    if (statement_run(s, err) < 0)
        return -1;
    return transaction_commit(&t, err);
}

int status_batch_fail(struct status *status, const char *id, const char *code, const char *reason,
                      struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    enum batch_status now;
    if (transaction_begin(&t, status, err) < 0 || find_status(&t, id, &now, err) < 0)
        return -1;
    bool ending = now == BATCH_FAILING || now == BATCH_CANCELLING;
    if (!ending && change(&t, id, now, BATCH_FAILING, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s = statement(t.database, "INSERT INTO batch_failures (batch, code, reason)"
                                                " SELECT number, ?, ? FROM batches WHERE id = ?");
    bind_text(s, code);
    bind_text(s, reason);
    bind_text(s, id);
    if (statement_run(s, err) < 0)
        return -1;
    return transaction_commit(&t, err);
}

/* --- what there is to do --- */

int status_batches_begin(struct status *status, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "UPDATE batches SET active_since_us = ? WHERE active_since_us > 0");
    bind_int(s, t.now_us);
    if (statement_run(s, err) < 0)
        return -1;
    return transaction_commit(&t, err);
}

int status_batch_unended(struct status *status, int64_t suspended_us, int max, struct arena *arena,
                         struct batch_brief **ret, int *ret_count, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    CLEANUP(statement_done)
    struct statement *s = statement(
        t.database, "SELECT id, status, priority, suspended_us FROM batches WHERE ended_us = 0"
                    " AND NOT (status = ? AND suspended_us > ?)"
                    " ORDER BY status IN (?, ?, ?), priority DESC, number LIMIT ?");
    bind_int(s, BATCH_SUSPENDED);
    bind_int(s, t.now_us - suspended_us);
    bind_int(s, BATCH_NEW);
    bind_int(s, BATCH_READY);
    bind_int(s, BATCH_PAUSED);
    bind_int(s, max);
    struct batch_brief *briefs = ARENA_ARRAY(arena, struct batch_brief, max);
    int count = 0, r;
    while ((r = statement_row(s, err)) > 0) {
        briefs[count].id = column_text(s, arena);
        briefs[count].status = (enum batch_status)column_int(s);
        briefs[count].priority = column_int(s);
        briefs[count].suspended_us = column_int64(s);
        count++;
    }
    if (r < 0)
        return -1;
    *ret = briefs;
    *ret_count = count;
    return 0;
}

int status_batch_counts(struct status *status, struct batch_counts *ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    CLEANUP(statement_done)
    struct statement *s = statement(
        t.database,
        "SELECT status, count(*), sum(succeeded), sum(failed) FROM batches GROUP BY status");
    struct batch_counts counts = {0};
    int r;
    while ((r = statement_row(s, err)) > 0) {
        int which = column_int(s);
        int64_t batches = column_int64(s);
        if (which >= 0 && which < BATCH_STATUSES)
            counts.batches[which] = batches;
        counts.tasks_succeeded += column_int64(s);
        counts.tasks_failed += column_int64(s);
    }
    if (r < 0)
        return -1;
    *ret = counts;
    return 0;
}
