/* SPDX-License-Identifier: Apache-2.0 */
/* Tags, and small values of their own. */
#include <string.h>

#include "status/named.h"
#include "status/stored.h"
#include "status/store.h"

/* --- tags --- */

/* What can have tags, by the kind in its ARN. */
static const struct {
    const char *prefix, *exists;
} kinds[] = {
    {"queues/", "SELECT 1 FROM queues WHERE name = ?"},
    {"jobs/", "SELECT 1 FROM jobs WHERE id = ?"},
    {"jobTemplates/", "SELECT 1 FROM stored WHERE kind = 0 AND name = ?"},
    {"presets/", "SELECT 1 FROM stored WHERE kind = 1 AND name = ?"},
};
_Static_assert(STORED_JOB_TEMPLATE == 0 && STORED_PRESET == 1, "as in the table");

/* What the ARN ends in, "queues/NAME", if that is there. */
static int find_resource(struct transaction *t, const char *arn, const char **ret,
                         struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *ours = status_arn(t->status, arena, "", "");
    size_t size = strlen(ours) - strlen("/");
    const char *resource = strncmp(arn, ours, size) == 0 ? arn + size : "";
    for (size_t i = 0; i < COUNT(kinds); i++) {
        size_t prefix = strlen(kinds[i].prefix);
        if (strncmp(resource, kinds[i].prefix, prefix) != 0)
            continue;
        CLEANUP(statement_done) struct statement *s = statement(t->database, kinds[i].exists);
        bind_text(s, resource + prefix);
        int r = statement_row(s, err);
        if (r > 0)
            *ret = resource;
        if (r != 0)
            return r < 0 ? -1 : 0;
    }
    return error_set(err, ERROR_NOT_FOUND, "there is no '%s'", arn);
}

int status_tags_get(struct status *status, const char *arn, struct arena *arena, const char **ret,
                    struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    const char *resource;
    if (find_resource(&t, arn, &resource, err) < 0)
        return -1;
    return named_tags(&t, resource, arena, ret, err);
}

int status_tags_add(struct status *status, const char *arn, const char *tags, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    const char *resource;
    if (transaction_begin(&t, status, err) < 0 || find_resource(&t, arn, &resource, err) < 0 ||
        named_add_tags(&t, resource, tags, err) < 0)
        return -1;
    return transaction_commit(&t, err);
}

int status_tags_remove(struct status *status, const char *arn, const char *const *keys,
                       struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    const char *resource;
    if (transaction_begin(&t, status, err) < 0 || find_resource(&t, arn, &resource, err) < 0)
        return -1;
    for (; *keys; keys++) {
        CLEANUP(statement_done)
        struct statement *s =
            statement(t.database, "DELETE FROM tags WHERE resource = ? AND key = ?");
        bind_text(s, resource);
        bind_text(s, *keys);
        if (statement_run(s, err) < 0)
            return -1;
    }
    return transaction_commit(&t, err);
}

/* --- values --- */

int status_value_get(struct status *status, const char *key, struct arena *arena, const char **ret,
                     struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    CLEANUP(statement_done)
    struct statement *s = statement(t.database, "SELECT value FROM small_values WHERE key = ?");
    bind_text(s, key);
    if (rows_or_error(statement_row(s, err), err, ERROR_NOT_FOUND, "there is no '%s'", key) < 0)
        return -1;
    *ret = column_text(s, arena);
    return 0;
}

int status_value_set(struct status *status, const char *key, const char *value, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "INSERT OR REPLACE INTO small_values (key, value, updated_us)"
                              " VALUES (?, ?, ?)");
    bind_text(s, key);
    bind_text(s, value);
    bind_int(s, t.now_us);
    if (statement_run(s, err) < 0)
        return -1;
    return transaction_commit(&t, err);
}

int status_value_delete(struct status *status, const char *key, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s = statement(t.database, "DELETE FROM small_values WHERE key = ?");
    bind_text(s, key);
    if (rows_or_error(statement_run(s, err), err, ERROR_NOT_FOUND, "there is no '%s'", key) < 0)
        return -1;
    return transaction_commit(&t, err);
}
