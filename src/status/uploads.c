/* SPDX-License-Identifier: Apache-2.0 */
#include "status/uploads.h"

#include "status/store.h"

/* --- adding --- */

/* 1: it was not there. */
static int add(struct transaction *t, const struct upload_notice *notice, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(
        t->database, "INSERT INTO uploads (identity, bucket, key, version, received_us, due_us)"
                     " SELECT json_array(?1, ?2, ?3, ?4), ?1, ?2, ?3, ?5, ?5"
                     " WHERE true ON CONFLICT DO NOTHING");
    bind_text(s, notice->bucket);
    bind_text(s, notice->key);
    bind_text(s, notice->version);
    bind_text(s, notice->mark);
    bind_int(s, t->now_us);
    return statement_run(s, err);
}

int status_uploads_add(struct status *status, const struct upload_notice *notices, int count,
                       int *ret_added, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    int added = 0;
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    for (int i = 0; i < count; i++) {
        int r = add(&t, &notices[i], err);
        if (r < 0)
            return -1;
        added += r;
    }
    if (transaction_commit(&t, err) < 0)
        return -1;
    *ret_added = added;
    return 0;
}

/* --- handling --- */

static int give_back(struct transaction *t, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "UPDATE uploads SET taken = 0 WHERE ended_us = 0 AND taken = 1");
    return statement_run(s, err);
}

int status_uploads_begin(struct status *status, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0 || give_back(&t, err) < 0)
        return -1;
    return transaction_commit(&t, err);
}

static int find_due(struct transaction *t, int64_t *ret_due_us, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(t->database, "SELECT ifnull(min(due_us), 0) FROM uploads"
                                                 " WHERE ended_us = 0 AND taken = 0");
    if (statement_row(s, err) < 0)
        return -1;
    *ret_due_us = column_int64(s);
    return 0;
}

static int take(struct transaction *t, struct arena *arena, struct upload_record **ret,
                struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(
        t->database, "UPDATE uploads SET taken = 1, attempts = attempts + 1 WHERE number ="
                     " (SELECT number FROM uploads WHERE ended_us = 0 AND taken = 0 AND due_us <= ?"
                     " ORDER BY due_us, number LIMIT 1)"
                     " RETURNING number, bucket, key, version, attempts, received_us");
    bind_int(s, t->now_us);
    int r = statement_row(s, err);
    if (r <= 0)
        return r;
    struct upload_record *record = ARENA_NEW(arena, struct upload_record);
    record->number = column_int64(s);
    record->bucket = column_text(s, arena);
    record->key = column_text(s, arena);
    record->version = column_text(s, arena);
    record->attempts = column_int(s);
    record->received_us = column_int64(s);
    *ret = record;
    return 0;
}

int status_upload_take(struct status *status, struct arena *arena, struct upload_record **ret,
                       int64_t *ret_due_us, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    *ret = NULL;
    *ret_due_us = 0;
    if (transaction_begin(&t, status, err) < 0 || find_due(&t, ret_due_us, err) < 0)
        return -1;
    if (!*ret_due_us || *ret_due_us > t.now_us)
        return 0;
    return take(&t, arena, ret, err) < 0 ? -1 : transaction_commit(&t, err);
}

static int end(struct transaction *t, int64_t number, bool succeeded, const char *message,
               struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "UPDATE uploads SET taken = 0, ended_us = ?, succeeded = ?,"
                               " message = ? WHERE number = ?");
    bind_int(s, t->now_us);
    bind_int(s, succeeded);
    bind_text(s, message);
    bind_int(s, number);
    return statement_run(s, err);
}

int status_upload_end(struct status *status, int64_t number, bool succeeded, const char *message,
                      struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0 || end(&t, number, succeeded, message, err) < 0)
        return -1;
    return transaction_commit(&t, err);
}

static int postpone(struct transaction *t, int64_t number, int64_t pause_us, bool counted,
                    const char *message, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "UPDATE uploads SET taken = 0, due_us = ?, attempts = attempts - ?,"
                               " message = ? WHERE number = ?");
    bind_int(s, t->now_us + pause_us);
    bind_int(s, !counted);
    bind_text(s, message);
    bind_int(s, number);
    return statement_run(s, err);
}

int status_upload_again(struct status *status, int64_t number, int64_t pause_us, bool counted,
                        const char *message, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0 ||
        postpone(&t, number, pause_us, counted, message, err) < 0)
        return -1;
    return transaction_commit(&t, err);
}

int status_upload_counts(struct status *status, struct upload_counts *ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "SELECT ifnull(sum(ended_us = 0), 0), ifnull(sum(succeeded), 0),"
                              " ifnull(sum(ended_us > 0 AND NOT succeeded), 0) FROM uploads");
    if (statement_row(s, err) < 0)
        return -1;
    ret->waiting = column_int64(s);
    ret->succeeded = column_int64(s);
    ret->failed = column_int64(s);
    return 0;
}
