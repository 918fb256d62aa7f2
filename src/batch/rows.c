/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/rows.h"

#include <csv.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/json.h"
#include "batch/manifest.h"

enum { PIECE = 4096 }; /* so much is parsed before the row's length is looked at */

struct rows {
    struct rows_columns columns;
    struct entry_sink *sink;
    struct csv_parser csv;
    char *name;
    char bucket[ENTRY_BUCKET_MAX + 1]; /* of all rows; "" before the first */
    int64_t entries;                   /* so many rows have ended */

    /* The row that is being read. */
    int fields;
    char text[ROWS_ROW_MAX]; /* its fields, a NUL behind each */
    size_t used;
    const char *values[ROWS_COLUMNS_MAX];
    size_t sizes[ROWS_COLUMNS_MAX];

    bool after_return; /* a line feed belongs to the line end before */
    bool failed, sink_failed;
    struct error err;
};

/* --- columns --- */

static int find_column(const char *const *names, int count, const char *name, int *ret,
                       struct error *err)
{
    *ret = -1;
    for (int i = 0; i < count; i++) {
        if (strcmp(names[i], name) != 0)
            continue;
        if (*ret >= 0)
            return error_set(err, ERROR_INPUT, "the manifest has two columns '%s'", name);
        *ret = i;
    }
    return 0;
}

int rows_columns_find(const char *const *names, int count, struct rows_columns *ret,
                      struct error *err)
{
    struct rows_columns columns = {.count = count};
    if (find_column(names, count, "Bucket", &columns.bucket, err) < 0 ||
        find_column(names, count, "Key", &columns.key, err) < 0 ||
        find_column(names, count, "VersionId", &columns.version, err) < 0)
        return -1;
    if (columns.bucket < 0 || columns.key < 0)
        return error_set(err, ERROR_INPUT, "Required fields are missing in the schema: %s%s%s",
                         columns.bucket < 0 ? "Bucket" : "",
                         columns.bucket < 0 && columns.key < 0 ? ", " : "",
                         columns.key < 0 ? "Key" : "");
    *ret = columns;
    return 0;
}

/* --- one row --- */

/* libcsv cannot be told to stop: what comes after the first fault is passed over. */
static void fail(struct rows *rows, const char *fmt, ...) PRINTF(2, 3);

static void fail(struct rows *rows, const char *fmt, ...)
{
    if (rows->failed)
        return;
    rows->failed = true;
    char text[ERROR_TEXT];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    (void)error_set(&rows->err, ERROR_INPUT, "row %" PRId64 " of '%s' %s", rows->entries + 1,
                    rows->name, text);
}

static void take_field(void *bytes, size_t size, void *arg)
{
    struct rows *rows = arg;
    if (rows->failed)
        return;
    if (rows->fields == rows->columns.count)
        return fail(rows, "has more than %d columns", rows->columns.count);
    if (rows->used + size + 1 > sizeof(rows->text))
        return fail(rows, "is longer than %d bytes", ROWS_ROW_MAX);
    char *value = rows->text + rows->used;
    if (size)
        memcpy(value, bytes, size);
    value[size] = '\0';
    rows->values[rows->fields] = value;
    rows->sizes[rows->fields++] = size;
    rows->used += size + 1;
}

/* Its length in characters; -1 if it is no UTF-8. */
static int characters(const char *text, size_t size)
{
    int count = 0;
    for (size_t i = 0; i < size; count++) {
        int length = json_utf8_length(text + i, size - i);
        if (!length)
            return -1;
        i += (size_t)length;
    }
    return count;
}

static bool check_bucket(struct rows *rows, const char *bucket, size_t size)
{
    if (strncmp(bucket, "\xef\xbb\xbf", 3) == 0)
        return fail(rows, "begins with a byte order mark"), false;
    if (!size)
        return fail(rows, "names no bucket"), false;
    if (size > ENTRY_BUCKET_MAX || strlen(bucket) != size || strchr(bucket, '/') ||
        characters(bucket, size) < 0)
        return fail(rows, "has a bucket that cannot be one"), false;
    if (!rows->bucket[0])
        memcpy(rows->bucket, bucket, size + 1);
    if (strcmp(rows->bucket, bucket) != 0)
        return fail(rows, "is of the bucket '%s': the manifest is of '%s'", bucket, rows->bucket),
               false;
    return true;
}

static bool check_text(struct rows *rows, const char *what, const char *text, size_t size)
{
    int count = characters(text, size);
    if (strlen(text) != size || count < 0)
        return fail(rows, "has a %s that is no UTF-8 text", what), false;
    if (count > ENTRY_KEY_MAX_CHARACTERS)
        return fail(rows, "has a %s of more than %d characters", what, ENTRY_KEY_MAX_CHARACTERS),
               false;
    return true;
}

static void take_row(struct rows *rows)
{
    const struct rows_columns *columns = &rows->columns;
    if (rows->fields < columns->count)
        return fail(rows, "has %d columns instead of %d", rows->fields, columns->count);
    if (rows->entries == MANIFEST_ENTRIES_MAX)
        return fail(rows, "is one too many: a manifest has at most %d", MANIFEST_ENTRIES_MAX);
    struct batch_entry entry = {
        .bucket = rows->values[columns->bucket],
        .key = rows->values[columns->key],
        .version = columns->version < 0 ? NULL : rows->values[columns->version],
    };
    if (!check_bucket(rows, entry.bucket, rows->sizes[columns->bucket]) ||
        !check_text(rows, "key", entry.key, rows->sizes[columns->key]) ||
        (entry.version &&
         !check_text(rows, "version", entry.version, rows->sizes[columns->version])))
        return;
    if (!*entry.key)
        return fail(rows, "has no key");
    if (rows->sink->take(rows->sink, &entry, &rows->err) < 0)
        rows->failed = rows->sink_failed = true;
    rows->entries++;
}

/* Every unquoted CR and LF, -1 at the end of the text: the end of a row, or of an empty line. */
static void end_row(int character, void *arg)
{
    struct rows *rows = arg;
    bool second = character == '\n' && rows->after_return && !rows->fields;
    rows->after_return = character == '\r';
    if (rows->failed || second)
        return;
    if (rows->fields)
        take_row(rows);
    else if (character >= 0)
        fail(rows, "is an empty line");
    rows->fields = 0;
    rows->used = 0;
}

/* --- pieces --- */

/* Spaces belong to what they stand beside. */
static int no_space(unsigned char character)
{
    (void)character;
    return 0;
}

int rows_new(struct rows **ret, const struct rows_columns *columns, const char *name,
             const char *bucket, struct entry_sink *sink, struct error *err)
{
    struct rows *rows = calloc(1, sizeof(*rows));
    if (!rows)
        return error_set(err, ERROR_BUG, "out of memory");
    if (columns->count > ROWS_COLUMNS_MAX || strlen(bucket) > ENTRY_BUCKET_MAX ||
        !(rows->name = strdup(name)) ||
        csv_init(&rows->csv, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) != 0) {
        free(rows->name);
        free(rows);
        return error_set(err, ERROR_INPUT, "'%s' cannot be read: too many columns, or no memory",
                         name);
    }
    csv_set_space_func(&rows->csv, no_space);
    rows->columns = *columns;
    rows->sink = sink;
    memcpy(rows->bucket, bucket, strlen(bucket) + 1);
    *ret = rows;
    return 0;
}

void rows_free(struct rows **rows)
{
    if (!*rows)
        return;
    csv_free(&(*rows)->csv);
    free((*rows)->name);
    free(*rows);
    *rows = NULL;
}

static int outcome(struct rows *rows, struct error *err)
{
    int why = csv_error(&rows->csv);
    if (why != CSV_SUCCESS)
        fail(rows, why == CSV_EPARSE ? "has a quote where none may be, or one that is not closed"
                                     : "cannot be read: out of memory");
    if (rows->failed)
        *err = rows->err;
    return rows->failed ? -1 : 0;
}

int rows_push(struct rows *rows, const void *bytes, size_t size, struct error *err)
{
    const char *next = bytes;
    while (size && !rows->failed) {
        size_t piece = size < PIECE ? size : PIECE;
        size_t parsed = csv_parse(&rows->csv, next, piece, take_field, end_row, rows);
        if (rows->used + rows->csv.entry_pos > sizeof(rows->text))
            fail(rows, "is longer than %d bytes", ROWS_ROW_MAX);
        if (parsed < piece)
            break;
        next += piece;
        size -= piece;
    }
    return outcome(rows, err);
}

int rows_end(struct rows *rows, int64_t *ret_entries, struct error *err)
{
    if (!rows->failed && csv_fini(&rows->csv, take_field, end_row, rows) != 0)
        fail(rows, "has a quote that is not closed");
    if (outcome(rows, err) < 0)
        return -1;
    *ret_entries = rows->entries;
    return 0;
}

int64_t rows_count(const struct rows *rows)
{
    return rows->entries;
}

bool rows_sink_failed(const struct rows *rows)
{
    return rows->sink_failed;
}
