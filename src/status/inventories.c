/* SPDX-License-Identifier: Apache-2.0 */
#include "status/inventories.h"

#include "status/page.h"
#include "status/store.h"

#define COLUMNS                                                                                    \
    "bucket, id, filter, destination, prefix, owner, encryption, kms_key, fields, enabled,"        \
    " period_days, changed_us, due_us, written_us, manifest, why"

static void *read_record(struct statement *s, struct arena *arena)
{
    struct inventory_record *record = ARENA_NEW(arena, struct inventory_record);
    record->bucket = column_text(s, arena);
    record->id = column_text(s, arena);
    record->filter = column_text(s, arena);
    record->destination = column_text(s, arena);
    record->prefix = column_text(s, arena);
    record->owner = column_text(s, arena);
    record->encryption = column_text(s, arena);
    record->kms_key = column_text(s, arena);
    record->fields = column_text(s, arena);
    record->enabled = column_bool(s);
    record->period_days = column_int(s);
    record->changed_us = column_int64(s);
    record->due_us = column_int64(s);
    record->written_us = column_int64(s);
    record->manifest = column_text(s, arena);
    record->why = column_text(s, arena);
    return record;
}

/* Whether there is room for one more of that name. */
static int check_room(struct transaction *t, const struct inventory_record *record,
                      struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "SELECT count(*) FROM inventories WHERE bucket = ? AND id <> ?");
    bind_text(s, record->bucket);
    bind_text(s, record->id);
    if (statement_row(s, err) < 0)
        return -1;
    if (column_int(s) >= INVENTORIES_MAX)
        return error_set(err, ERROR_CONFLICT, "a bucket has at most %d inventory configurations",
                         INVENTORIES_MAX);
    return 0;
}

/* A time of its own for each change tells one from the other. */
static int replace(struct transaction *t, const struct inventory_record *record, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s = statement(
        t->database,
        "INSERT INTO inventories (bucket, id, filter, destination, prefix, owner, encryption,"
        " kms_key, fields, enabled, period_days, due_us, changed_us)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
        " max(?, 1 + (SELECT ifnull(max(changed_us), 0) FROM inventories)))"
        " ON CONFLICT DO UPDATE SET filter = excluded.filter, destination = excluded.destination,"
        " prefix = excluded.prefix, owner = excluded.owner, encryption = excluded.encryption,"
        " kms_key = excluded.kms_key, fields = excluded.fields, enabled = excluded.enabled,"
        " period_days = excluded.period_days, due_us = excluded.due_us,"
        " changed_us = excluded.changed_us");
    bind_text(s, record->bucket);
    bind_text(s, record->id);
    bind_text(s, record->filter);
    bind_text(s, record->destination);
    bind_text(s, record->prefix);
    bind_text(s, record->owner);
    bind_text(s, record->encryption);
    bind_text(s, record->kms_key);
    bind_text(s, record->fields);
    bind_int(s, record->enabled);
    bind_int(s, record->period_days);
    bind_int(s, record->enabled ? t->now_us : 0);
    bind_int(s, t->now_us);
    return statement_run(s, err) < 0 ? -1 : 0;
}

int status_inventory_put(struct status *status, const struct inventory_record *record,
                         struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0 || check_room(&t, record, err) < 0 ||
        replace(&t, record, err) < 0)
        return -1;
    return transaction_commit(&t, err);
}

#define NOT_THERE "the bucket '%s' has no inventory configuration '%s'"

int status_inventory_get(struct status *status, const char *bucket, const char *id,
                         struct arena *arena, struct inventory_record **ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "SELECT " COLUMNS " FROM inventories WHERE bucket = ? AND id = ?");
    bind_text(s, bucket);
    bind_text(s, id);
    if (rows_or_error(statement_row(s, err), err, ERROR_NOT_FOUND, NOT_THERE, bucket, id) < 0)
        return -1;
    *ret = read_record(s, arena);
    return 0;
}

static int delete_one(struct transaction *t, const char *bucket, const char *id, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "DELETE FROM inventories WHERE bucket = ? AND id = ?");
    bind_text(s, bucket);
    bind_text(s, id);
    return rows_or_error(statement_run(s, err), err, ERROR_NOT_FOUND, NOT_THERE, bucket, id);
}

int status_inventory_delete(struct status *status, const char *bucket, const char *id,
                            struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0 || delete_one(&t, bucket, id, err) < 0)
        return -1;
    return transaction_commit(&t, err);
}

int status_inventory_list(struct status *status, const char *bucket, const struct page *page,
                          struct arena *arena, struct inventory_record ***ret, int *ret_count,
                          const char **ret_next, struct error *err)
{
    const char *after;
    if (page_after(arena, "inventories", page, &after, err) < 0)
        return -1;
    CLEANUP(transaction_end) struct transaction t = reading(status);
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "SELECT id, " COLUMNS " FROM inventories WHERE bucket = ? AND id > ?"
                              " ORDER BY id LIMIT ?");
    bind_text(s, bucket);
    bind_text(s, after);
    return page_read(s, "inventories", page, arena, read_record, (void ***)ret, ret_count, ret_next,
                     err);
}

int status_inventory_next(struct status *status, struct arena *arena, struct inventory_record **ret,
                          struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    CLEANUP(statement_done)
    struct statement *s = statement(t.database, "SELECT " COLUMNS " FROM inventories"
                                                " WHERE due_us > 0 ORDER BY due_us LIMIT 1");
    int r = statement_row(s, err);
    if (r < 0)
        return -1;
    *ret = r ? read_record(s, arena) : NULL;
    return 0;
}

static int note(struct transaction *t, const struct inventory_record *record, const char *manifest,
                const char *why, struct error *err)
{
    const int64_t day_us = 86400 * INT64_C(1000000);
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "UPDATE inventories SET written_us = ?, due_us = ?,"
                               " manifest = ifnull(?, manifest), why = ifnull(?, '')"
                               " WHERE bucket = ? AND id = ? AND changed_us = ?");
    bind_int(s, t->now_us);
    bind_int(s, t->now_us + record->period_days * day_us);
    bind_text(s, manifest);
    bind_text(s, why);
    bind_text(s, record->bucket);
    bind_text(s, record->id);
    bind_int(s, record->changed_us);
    return statement_run(s, err) < 0 ? -1 : 0;
}

int status_inventory_done(struct status *status, const struct inventory_record *record,
                          const char *manifest, const char *why, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0 || note(&t, record, manifest, why, err) < 0)
        return -1;
    return transaction_commit(&t, err);
}
