/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV as manifests have it (RFC 4180, no header row), in pieces of any size, to entries.
 *
 * Refused, with the row's number: more or fewer columns than there should be, an empty line, a
 * quote that is not closed or stands in the middle, no bucket, no key, a key of more than 1024
 * characters, a row of more than ROWS_ROW_MAX bytes, another bucket than in the rows before, what
 * is no UTF-8.
 */
#ifndef BATCH_ROWS_H
#define BATCH_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "batch/entry.h"

enum { ROWS_COLUMNS_MAX = 32, ROWS_ROW_MAX = 16 * 1024 };

struct rows;

/* Which column is what, from 0. */
struct rows_columns {
    int count;
    int bucket, key;
    int version; /* -1: there is none */
};

/* The columns that have these names. FAILURE_CONTENT's ERROR_INPUT: Bucket or Key is missing, or is
 * there twice. */
int rows_columns_find(const char *const *names, int count, struct rows_columns *ret,
                      struct error *err) MUST_CHECK;

/* `name` is the object's, for messages. `bucket`: the one that every row must have; "": that of the
 * first row. Both are copied. */
int rows_new(struct rows **ret, const struct rows_columns *columns, const char *name,
             const char *bucket, struct entry_sink *sink, struct error *err) MUST_CHECK;
void rows_free(struct rows **rows);

int rows_push(struct rows *rows, const void *bytes, size_t size, struct error *err) MUST_CHECK;

/* There is no more; the last row may lack its line end. *ret_entries is how many there were. */
int rows_end(struct rows *rows, int64_t *ret_entries, struct error *err) MUST_CHECK;

/* How many rows there were so far. */
int64_t rows_count(const struct rows *rows);

/* Whether the sink, and not the manifest, is at fault. */
bool rows_sink_failed(const struct rows *rows);

#endif
