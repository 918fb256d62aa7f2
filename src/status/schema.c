/* SPDX-License-Identifier: Apache-2.0 */
#include "status/schema.h"

#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

static const char mark[] = "\n-- version ";

/* The next version's SQL in *schema, NULL at the end; *schema goes on to behind it. */
static const char *next_version(const char **schema, size_t *ret_size, int *ret_version)
{
    const char *start = strstr(*schema, mark);
    if (!start)
        return NULL;
    start += strlen(mark);
    *ret_version = atoi(start);
    const char *end = strstr(start, mark);
    *schema = end ? end : start + strlen(start);
    start += strcspn(start, "\n");
    *ret_size = (size_t)(*schema - start);
    return start;
}

static int run(struct database *database, const char *sql, struct error *err)
{
    if (sqlite3_exec(database_connection(database), sql, NULL, NULL, NULL) != SQLITE_OK)
        return database_failed(database, err);
    return 0;
}

static int database_version(struct database *database, int *ret, struct error *err)
{
    CLEANUP(statement_done) struct statement *s = statement(database, "PRAGMA user_version");
    if (statement_row(s, err) < 0)
        return -1;
    *ret = column_int(s);
    return 0;
}

static int run_versions(struct database *database, const char *schema, int have, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *sql;
    size_t size;
    int version;
    while ((sql = next_version(&schema, &size, &version))) {
        if (version <= have)
            continue;
        char set_version[64];
        snprintf(set_version, sizeof(set_version), "PRAGMA user_version = %d", version);
        if (run(database, arena_strndup(arena, sql, size), err) < 0 ||
            run(database, set_version, err) < 0)
            return error_add(err, "bringing it from version %d to %d", have, version);
    }
    return 0;
}

int schema_update(struct database *database, const char *schema, struct error *err)
{
    int have, newest = 0;
    if (database_version(database, &have, err) < 0)
        return -1;
    size_t size;
    for (const char *rest = schema; next_version(&rest, &size, &newest);)
        ;
    if (have > newest)
        return error_set(
            err, ERROR_CONFLICT,
            "it was made by a newer version of this program: its schema is version %d, "
            "this program knows %d",
            have, newest);
    if (have == newest)
        return 0;
    if (run(database, "BEGIN IMMEDIATE", err) < 0)
        return -1;
    if (run_versions(database, schema, have, err) < 0 || run(database, "COMMIT", err) < 0) {
        sqlite3_exec(database_connection(database), "ROLLBACK", NULL, NULL, NULL);
        return -1;
    }
    return 0;
}
