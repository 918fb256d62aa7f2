/* SPDX-License-Identifier: Apache-2.0 */
/* Job templates and presets. */
#include "status/stored.h"

#include "status/named.h"
#include "status/page.h"

#define COLUMNS "name, category, request, created_us, updated_us"

static const struct {
    const char *word, *resource;
} kinds[] = {
    [STORED_JOB_TEMPLATE] = {"job template", "jobTemplates"},
    [STORED_PRESET] = {"preset", "presets"},
};

static void *read_stored(struct statement *s, struct arena *arena)
{
    struct stored_record *record = ARENA_NEW(arena, struct stored_record);
    record->name = column_text(s, arena);
    record->category = column_text(s, arena);
    record->request = column_text(s, arena);
    record->created_us = column_int64(s);
    record->updated_us = column_int64(s);
    return record;
}

static int get(struct transaction *t, enum stored_kind kind, const char *name, struct arena *arena,
               struct stored_record **ret, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "SELECT " COLUMNS " FROM stored WHERE kind = ? AND name = ?");
    bind_int(s, kind);
    bind_text(s, name);
    if (rows_or_error(statement_row(s, err), err, ERROR_NOT_FOUND, "there is no %s '%s'",
                      kinds[kind].word, name) < 0)
        return -1;
    *ret = read_stored(s, arena);
    return 0;
}

int status_stored_get(struct status *status, enum stored_kind kind, const char *name,
                      struct arena *arena, struct stored_record **ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    return get(&t, kind, name, arena, ret, err);
}

/* What comes in the same order in an INSERT and an UPDATE. */
static void bind_stored(struct statement *s, enum stored_kind kind,
                        const struct stored_record *record, int64_t now_us)
{
    bind_int(s, kind);
    bind_text(s, record->name);
    bind_text(s, record->category);
    bind_text(s, record->request);
    bind_int(s, now_us);
}

/* Commits, and returns the record as it is then. */
static int finish(struct transaction *t, enum stored_kind kind, const char *name,
                  struct arena *arena, struct stored_record **ret, struct error *err)
{
    struct stored_record *record;
    if (get(t, kind, name, arena, &record, err) < 0 || transaction_commit(t, err) < 0)
        return -1;
    *ret = record;
    return 0;
}

int status_stored_create(struct status *status, enum stored_kind kind,
                         const struct stored_record *record, struct arena *arena,
                         struct stored_record **ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s = statement(
        t.database, "INSERT INTO stored (kind, name, category, request, created_us, updated_us)"
                    " VALUES (?1, ?2, coalesce(?3, ''), ?4, ?5, ?5) ON CONFLICT DO NOTHING");
    bind_stored(s, kind, record, t.now_us);
    if (rows_or_error(statement_run(s, err), err, ERROR_CONFLICT, "there is a %s '%s' already",
                      kinds[kind].word, record->name) < 0)
        return -1;
    return finish(&t, kind, record->name, arena, ret, err);
}

int status_stored_update(struct status *status, enum stored_kind kind,
                         const struct stored_record *record, struct arena *arena,
                         struct stored_record **ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "UPDATE stored SET category = coalesce(?3, category),"
                              " request = coalesce(?4, request), updated_us = ?5"
                              " WHERE kind = ?1 AND name = ?2");
    bind_stored(s, kind, record, t.now_us);
    return statement_run(s, err) < 0 ? -1 : finish(&t, kind, record->name, arena, ret, err);
}

int status_stored_delete(struct status *status, enum stored_kind kind, const char *name,
                         struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(transaction_end) struct transaction t = {0};
    struct stored_record *record;
    if (transaction_begin(&t, status, err) < 0 || get(&t, kind, name, arena, &record, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s = statement(t.database, "DELETE FROM stored WHERE kind = ? AND name = ?");
    bind_int(s, kind);
    bind_text(s, name);
    const char *resource = arena_printf(arena, "%s/%s", kinds[kind].resource, name);
    if (statement_run(s, err) < 0 || named_forget_tags(&t, resource, err) < 0)
        return -1;
    return transaction_commit(&t, err);
}

int status_stored_list(struct status *status, enum stored_kind kind, const char *category,
                       enum list_by by, const struct page *page, struct arena *arena,
                       struct stored_record ***ret, int *ret_count, const char **ret_next,
                       struct error *err)
{
    CLEANUP(text_release) struct text sql = {0};
    const char *after;
    const char *from = "(SELECT *, 0 AS system FROM stored)"
                       " WHERE kind = ? AND category = coalesce(?, category)";
    if (named_list_sql(&sql, COLUMNS, from, by, page, arena, &after, err) < 0)
        return -1;
    CLEANUP(transaction_end) struct transaction t = reading(status);
    CLEANUP(statement_done) struct statement *s = statement(t.database, sql.data);
    bind_int(s, kind);
    bind_text(s, category);
    bind_text(s, after);
    return page_read(s, named_list(by), page, arena, read_stored, (void ***)ret, ret_count,
                     ret_next, err);
}
