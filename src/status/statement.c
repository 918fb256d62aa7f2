/* SPDX-License-Identifier: Apache-2.0 */
#include "status/statement.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

struct statement {
    struct database *database;
    char *sql;
    sqlite3_stmt *prepared;
    int failure;       /* of preparing or binding; SQLITE_OK: none */
    int bound, column; /* how many so far */
    bool in_use;
    struct statement *next; /* in the same bucket */
};

enum { BUCKETS = 64 };

struct database {
    sqlite3 *connection;
    struct statement *statements[BUCKETS];
};

/* WAL with FULL: a transaction is on disk when COMMIT returns. temp_store: progress is kept in a
 * temporary table, which never becomes a file. */
static const char settings[] = "PRAGMA journal_mode = WAL;"
                               "PRAGMA synchronous = FULL;"
                               "PRAGMA foreign_keys = ON;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA trusted_schema = OFF;"
                               "PRAGMA journal_size_limit = 67108864;";

int database_failed(struct database *database, struct error *err)
{
    return error_set(err, ERROR_BUG, "database: %s", sqlite3_errmsg(database->connection));
}

struct sqlite3 *database_connection(struct database *database)
{
    return database->connection;
}

int database_open(struct database **ret, const char *path, struct error *err)
{
    CLEANUP(database_close) struct database *database = calloc(1, sizeof(*database));
    if (!database)
        abort();
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &database->connection, flags, NULL) != SQLITE_OK)
        return database_failed(database, err);
    sqlite3_extended_result_codes(database->connection, 1);
    sqlite3_busy_timeout(database->connection, 10000); // somebody looks with sqlite3
    sqlite3_db_config(database->connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (sqlite3_exec(database->connection, settings, NULL, NULL, NULL) != SQLITE_OK)
        return database_failed(database, err);
    *ret = TAKE(database);
    return 0;
}

void database_close(struct database **database)
{
    if (!*database)
        return;
    for (int i = 0; i < BUCKETS; i++) {
        while ((*database)->statements[i]) {
            struct statement *gone = (*database)->statements[i];
            (*database)->statements[i] = gone->next;
            sqlite3_finalize(gone->prepared);
            free(gone->sql);
            free(gone);
        }
    }
    sqlite3_close((*database)->connection);
    free(*database);
    *database = NULL;
}

static unsigned bucket_of(const char *sql)
{
    unsigned hash = 5381;
    for (; *sql; sql++)
        hash = hash * 33 + (unsigned char)*sql;
    return hash % BUCKETS;
}

static struct statement *statement_new(struct database *database, const char *sql)
{
    struct statement *new = calloc(1, sizeof(*new));
    if (!new)
        abort();
    new->database = database;
    new->sql = strdup(sql);
    if (!new->sql)
        abort();
    return new;
}

struct statement *statement(struct database *database, const char *sql)
{
    struct statement **bucket = &database->statements[bucket_of(sql)];
    struct statement *s = *bucket;
    while (s && (s->in_use || strcmp(s->sql, sql) != 0))
        s = s->next;
    if (!s) {
        s = statement_new(database, sql);
        s->next = *bucket;
        *bucket = s;
    }
    s->in_use = true;
    s->bound = s->column = 0;
    s->failure = SQLITE_OK;
    if (!s->prepared)
        s->failure = sqlite3_prepare_v3(database->connection, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                        &s->prepared, NULL);
    return s;
}

void statement_done(struct statement **statement)
{
    struct statement *s = *statement;
    if (!s)
        return;
    if (s->prepared) {
        sqlite3_reset(s->prepared);
        sqlite3_clear_bindings(s->prepared);
    }
    s->in_use = false;
    *statement = NULL;
}

static void note(struct statement *s, int result)
{
    if (s->failure == SQLITE_OK)
        s->failure = result;
}

void bind_text(struct statement *s, const char *value)
{
    s->bound++;
    if (s->prepared)
        note(s, sqlite3_bind_text(s->prepared, s->bound, value, -1, SQLITE_STATIC));
}

void bind_int(struct statement *s, int64_t value)
{
    s->bound++;
    if (s->prepared)
        note(s, sqlite3_bind_int64(s->prepared, s->bound, value));
}

static int failed(struct statement *s, int result, struct error *err)
{
    const char *message = sqlite3_errstr(result);
    if (result == sqlite3_extended_errcode(s->database->connection))
        message = sqlite3_errmsg(s->database->connection);
    if ((result & 0xff) == SQLITE_ERROR && strstr(message, "JSON"))
        return error_set(err, ERROR_BAD_REQUEST, "%s", message);
    return error_set(err, ERROR_BUG, "database: %s", message);
}

int statement_row(struct statement *s, struct error *err)
{
    if (s->failure != SQLITE_OK)
        return failed(s, s->failure, err);
    s->column = 0;
    int result = sqlite3_step(s->prepared);
    if (result == SQLITE_ROW)
        return 1;
    return result == SQLITE_DONE ? 0 : failed(s, result, err);
}

int statement_run(struct statement *s, struct error *err)
{
    int r = statement_row(s, err);
    if (r < 0)
        return r;
    return sqlite3_changes(s->database->connection);
}

int rows_or_error(int rows, struct error *err, enum error_kind kind, const char *fmt, ...)
{
    if (rows)
        return rows;
    char text[ERROR_TEXT];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return error_set(err, kind, "%s", text);
}

const char *column_text(struct statement *s, struct arena *arena)
{
    const char *text = (const char *)sqlite3_column_text(s->prepared, s->column);
    int size = sqlite3_column_bytes(s->prepared, s->column);
    s->column++;
    return text ? arena_strndup(arena, text, (size_t)size) : NULL;
}

int64_t column_int64(struct statement *s)
{
    return sqlite3_column_int64(s->prepared, s->column++);
}

int column_int(struct statement *s)
{
    return (int)column_int64(s);
}

bool column_bool(struct statement *s)
{
    return column_int64(s) != 0;
}
