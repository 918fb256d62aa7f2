/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One query: prepared once and kept, then bound, stepped, read.
 *
 *     CLEANUP(statement_done) struct statement *s =
 *         statement(database, "SELECT queue, priority FROM jobs WHERE id = ?");
 *     bind_text(s, id);
 *     int found = statement_row(s, err);
 *     if (found <= 0)
 *         return found;
 *     const char *queue = column_text(s, arena);
 *     int priority = column_int(s);
 *
 * Values are bound and columns read in their order, one call each: so never in an initialiser,
 * which C evaluates in any order. What goes wrong while preparing or binding is told by the first
 * statement_row() or statement_run().
 *
 * Whoever calls has the lock of struct status.
 */
#ifndef STATUS_STATEMENT_H
#define STATUS_STATEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct sqlite3;
struct database;
struct statement;

/* Opens or makes the file, in WAL mode and durable. */
int database_open(struct database **ret, const char *path, struct error *err) MUST_CHECK;
void database_close(struct database **database);

struct sqlite3 *database_connection(struct database *database);

/* ERROR_BUG with what SQLite says. */
int database_failed(struct database *database, struct error *err);

/* `sql` is one statement. It is kept for the next time, so it must be one of few texts; values are
 * bound. */
struct statement *statement(struct database *database, const char *sql);
void statement_done(struct statement **statement);

/* NULL: NULL. The text must live until statement_done(). */
void bind_text(struct statement *statement, const char *value);
void bind_int(struct statement *statement, int64_t value);

/* 1: there is a row, 0: there is none (more), -1. */
int statement_row(struct statement *statement, struct error *err) MUST_CHECK;

/* For what returns no rows: how many rows it has changed, or -1. */
int statement_run(struct statement *statement, struct error *err) MUST_CHECK;

/* `rows`, which statement_row() or statement_run() has returned; where there are none, that is this
 * error. */
int rows_or_error(int rows, struct error *err, enum error_kind kind, const char *fmt, ...)
    PRINTF(4, 5) MUST_CHECK;

/* The next column of the row. NULL reads as 0, or as NULL. Texts are copied into the arena. */
const char *column_text(struct statement *statement, struct arena *arena);
int64_t column_int64(struct statement *statement);
int column_int(struct statement *statement);
bool column_bool(struct statement *statement);

#endif
