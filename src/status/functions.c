/* SPDX-License-Identifier: Apache-2.0 */
#include "status/functions.h"

#include "base/random.h"
#include "status/page.h"
#include "status/store.h"

#define COLUMNS                                                                                    \
    "name, runtime, handler, role, description, timeout_s, memory_mib, reserved, environment,"     \
    " rest, tags, code_sha256, code_size, revision, created_us, modified_us"

static void *read_function(struct statement *s, struct arena *arena)
{
    struct function_record *function = ARENA_NEW(arena, struct function_record);
    function->name = column_text(s, arena);
    function->runtime = column_text(s, arena);
    function->handler = column_text(s, arena);
    function->role = column_text(s, arena);
    function->description = column_text(s, arena);
    function->timeout_s = column_int(s);
    function->memory_mib = column_int(s);
    function->reserved = column_int(s);
    function->environment = column_text(s, arena);
    function->rest = column_text(s, arena);
    function->tags = column_text(s, arena);
    function->code_sha256 = column_text(s, arena);
    function->code_size = column_int64(s);
    function->revision = column_text(s, arena);
    function->created_us = column_int64(s);
    function->modified_us = column_int64(s);
    return function;
}

static int get(struct transaction *t, const char *name, struct arena *arena,
               struct function_record **ret, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "SELECT " COLUMNS " FROM functions WHERE name = ?");
    bind_text(s, name);
    if (rows_or_error(statement_row(s, err), err, ERROR_NOT_FOUND, "there is no function '%s'",
                      name) < 0)
        return -1;
    *ret = read_function(s, arena);
    return 0;
}

int status_function_get(struct status *status, const char *name, struct arena *arena,
                        struct function_record **ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    return get(&t, name, arena, ret, err);
}

/* What comes in the same order in an INSERT and an UPDATE. */
static void bind_function(struct statement *s, const struct function_record *function)
{
    bind_text(s, function->name);
    bind_text(s, function->runtime);
    bind_text(s, function->handler);
    bind_text(s, function->role);
    bind_text(s, function->description);
    bind_int(s, function->timeout_s);
    bind_int(s, function->memory_mib);
    bind_int(s, function->reserved);
    bind_text(s, function->environment);
    bind_text(s, function->rest);
    bind_text(s, function->tags);
    bind_text(s, function->code_sha256);
    bind_int(s, function->code_size);
}

/* Commits, and returns the record as it is then. */
static int finish(struct transaction *t, const char *name, struct arena *arena,
                  struct function_record **ret, struct error *err)
{
    struct function_record *record;
    if (get(t, name, arena, &record, err) < 0 || transaction_commit(t, err) < 0)
        return -1;
    *ret = record;
    return 0;
}

int status_function_create(struct status *status, const struct function_record *function,
                           struct arena *arena, struct function_record **ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s = statement(
        t.database, "INSERT INTO functions (" COLUMNS ") VALUES (?1, ?2, ?3, coalesce(?4, ''),"
                    " coalesce(?5, ''), ?6, ?7, ?8, coalesce(?9, '{}'), coalesce(?10, '{}'),"
                    " coalesce(?11, '{}'), ?12, ?13, ?14, ?15, ?15) ON CONFLICT DO NOTHING");
    char revision[RANDOM_UUID_SIZE];
    bind_function(s, function);
    bind_text(s, random_uuid(revision));
    bind_int(s, t.now_us);
    if (rows_or_error(statement_run(s, err), err, ERROR_CONFLICT,
                      "there is a function '%s' already", function->name) < 0)
        return -1;
    return finish(&t, function->name, arena, ret, err);
}

int status_function_update(struct status *status, const struct function_record *function,
                           struct arena *arena, struct function_record **ret, struct error *err)
{
    CLEANUP(arena_free) struct arena *scratch = arena_new();
    CLEANUP(transaction_end) struct transaction t = {0};
    struct function_record *now;
    if (transaction_begin(&t, status, err) < 0 || get(&t, function->name, scratch, &now, err) < 0)
        return -1;
    if (function->revision && strcmp(function->revision, now->revision) != 0)
        return error_set(err, ERROR_CONFLICT,
                         "the function '%s' has been changed: its revision is '%s', not '%s'",
                         function->name, now->revision, function->revision);
    CLEANUP(statement_done)
    struct statement *s = statement(
        t.database,
        "UPDATE functions SET runtime = coalesce(?2, runtime), handler = coalesce(?3, handler),"
        " role = coalesce(?4, role), description = coalesce(?5, description), timeout_s = ?6,"
        " memory_mib = ?7, reserved = ?8, environment = coalesce(?9, environment),"
        " rest = coalesce(?10, rest), tags = coalesce(?11, tags),"
        " code_sha256 = coalesce(?12, code_sha256), code_size = ?13, revision = ?14,"
        " modified_us = ?15 WHERE name = ?1");
    char revision[RANDOM_UUID_SIZE];
    bind_function(s, function);
    bind_text(s, random_uuid(revision));
    bind_int(s, t.now_us);
    return statement_run(s, err) < 0 ? -1 : finish(&t, function->name, arena, ret, err);
}

int status_function_delete(struct status *status, const char *name, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s = statement(t.database, "DELETE FROM functions WHERE name = ?");
    bind_text(s, name);
    if (rows_or_error(statement_run(s, err), err, ERROR_NOT_FOUND, "there is no function '%s'",
                      name) < 0)
        return -1;
    return transaction_commit(&t, err);
}

int status_function_list(struct status *status, const struct page *page, struct arena *arena,
                         struct function_record ***ret, int *ret_count, const char **ret_next,
                         struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    const char *after;
    if (page_after(arena, "functions", page, &after, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s = statement(
        t.database, "SELECT name, " COLUMNS " FROM functions WHERE name > ? ORDER BY name LIMIT ?");
    bind_text(s, after);
    return page_read(s, "functions", page, arena, read_function, (void ***)ret, ret_count, ret_next,
                     err);
}
