/* SPDX-License-Identifier: Apache-2.0 */
/* CSV to entries: what is read, byte by byte and at once, and what is refused, with its row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "batch/rows.h"

/* Writes entries as "bucket|key|version;". */
struct writer {
    struct entry_sink sink;
    struct text text;
    int64_t most; /* entries that it takes; -1: all */
};

static int take(struct entry_sink *sink, const struct batch_entry *entry, struct error *err)
{
    struct writer *writer = (struct writer *)sink;
    if (writer->most == 0)
        return error_set(err, ERROR_DISK_FULL, "full");
    writer->most--;
    text_add(&writer->text, "%s|%s", entry->bucket, entry->key);
    if (entry->version)
        text_add(&writer->text, "|%s", entry->version);
    text_add(&writer->text, ";");
    return 0;
}

/* In pieces of so many bytes; returns how it went. */
static int read_rows(const char *columns, const char *csv, size_t size, size_t piece,
                     struct writer *writer, int64_t *entries, struct error *err)
{
    const char *names[ROWS_COLUMNS_MAX];
    char copy[256];
    int count = 0;
    snprintf(copy, sizeof(copy), "%s", columns);
    char *rest = copy;
    for (char *name; (name = strsep(&rest, ","));)
        names[count++] = name;
    struct rows_columns found;
    if (rows_columns_find(names, count, &found, err) < 0)
        return -1;
    CLEANUP(rows_free) struct rows *rows = NULL;
    assert_int_equal(rows_new(&rows, &found, "s3://m/x.csv", "", &writer->sink, err), 0);
    int r = 0;
    for (size_t i = 0; r == 0 && i < size; i += piece)
        r = rows_push(rows, csv + i, size - i < piece ? size - i : piece, err);
    if (r == 0)
        r = rows_end(rows, entries, err);
    assert_int_equal(rows_sink_failed(rows), r < 0 && err->kind == ERROR_DISK_FULL);
    return r;
}

static const struct {
    const char *columns, *csv;
    const char *entries; /* NULL: refused … */
    const char *why;     /* … with this in the message */
} rows[] = {
    {"Bucket,Key", "b,k\n", "b|k;"},
    {"Bucket,Key", "b,k", "b|k;"},
    {"Bucket,Key", "b,k\r\nb,l\r\n", "b|k;b|l;"},
    {"Bucket,Key", "b,a%20b\nb,c+d\nb, e \n", "b|a%20b;b|c+d;b| e ;"},
    {"Bucket,Key", "\"b\",\"k,\"\"1\"\"\"\n\"b\",\"l\"", "b|k,\"1\";b|l;"},
    {"Bucket,Key", "b,\"two\nlines\"\n", "b|two\nlines;"},
    {"Bucket,Key", "b,\xc3\xa4.mp4\n", "b|\xc3\xa4.mp4;"},
    {"Key,Bucket", "k,b\n", "b|k;"},
    {"Ignore,Bucket,Ignore,Key", "1,b,2,k\n", "b|k;"},
    {"Bucket,Key,VersionId", "b,k,v\nb,l,\nb,m,null\n", "b|k|v;b|l|;b|m|null;"},
    {"Bucket,Key", "", ""},
    {"Bucket,Key", "b\n", NULL, "row 1 of 's3://m/x.csv' has 1 columns instead of 2"},
    {"Bucket,Key", "b,k\nb,k,v\n", NULL, "row 2 of 's3://m/x.csv' has more than 2 columns"},
    {"Bucket,Key,VersionId", "b,k,v\nb,l\n", NULL, "row 2 of 's3://m/x.csv' has 2 columns"},
    {"Bucket,Key", "b,k\n\nb,l\n", NULL, "row 2 of 's3://m/x.csv' is an empty line"},
    {"Bucket,Key", "b,k\r\n\r\n", NULL, "row 2 of 's3://m/x.csv' is an empty line"},
    {"Bucket,Key", "b,k\nc,l\n", NULL, "row 2 of 's3://m/x.csv' is of the bucket 'c'"},
    {"Bucket,Key", "b,\n", NULL, "row 1 of 's3://m/x.csv' has no key"},
    {"Bucket,Key", ",k\n", NULL, "names no bucket"},
    {"Bucket,Key", "a/b,k\n", NULL, "a bucket that cannot be one"},
    {"Bucket,Key",
     "\xef\xbb\xbf"
     "b,k\n",
     NULL, "begins with a byte order mark"},
    {"Bucket,Key", "b,\xff\n", NULL, "no UTF-8"},
    {"Bucket,Key", "b,\"k\nb,l\n", NULL, "a quote that is not closed"},
    {"Bucket,Key", "b,k\"l\n", NULL, "a quote where none may be"},
    {"Bucket,Key", "b,\"k\"l\n", NULL, "a quote where none may be"},
    {"Bucket", "b\n", NULL, "Required fields are missing in the schema: Key"},
    {"Ignore", "b\n", NULL, "Required fields are missing in the schema: Bucket, Key"},
    {"Bucket,Key,Key", "b,k,l\n", NULL, "two columns 'Key'"},
};

static void table(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 3, 100000};
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t j = 0; j < COUNT(pieces); j++) {
            struct writer writer = {.sink = {take}, .most = -1};
            struct error err = {0};
            int64_t entries = -1, expected = 0;
            char text[1024] = "";
            int r = read_rows(rows[i].columns, rows[i].csv, strlen(rows[i].csv), pieces[j], &writer,
                              &entries, &err);
            if (rows[i].entries) {
                if (r < 0)
                    fail_msg("row %zu: %s", i, error_text(&err, text, sizeof(text)));
                assert_string_equal(writer.text.data ? writer.text.data : "", rows[i].entries);
                for (const char *c = rows[i].entries; *c; c++)
                    expected += *c == ';';
                assert_int_equal(entries, expected);
            } else {
                assert_int_equal(r, -1);
                assert_int_equal(err.kind, ERROR_INPUT);
                error_text(&err, text, sizeof(text));
                if (!strstr(text, rows[i].why))
                    fail_msg("row %zu: '%s' is not in '%s'", i, rows[i].why, text);
            }
            text_release(&writer.text);
        }
}

/* Bytes that a text cannot show here. */
static void bounds(void **state)
{
    (void)state;
    static const struct {
        int letters; /* in the key, each `width` bytes */
        int width;
        const char *why; /* NULL: fine */
    } keys[] = {
        {1024, 1, NULL},
        {1025, 1, "more than 1024 characters"},
        {1024, 4, NULL},
        {1025, 4, "more than 1024 characters"},
        {20000, 1, "longer than 16384 bytes"},
        {5000000, 1, "longer than 16384 bytes"},
    };
    for (size_t i = 0; i < COUNT(keys); i++) {
        CLEANUP(text_release) struct text csv = {0};
        struct writer writer = {.sink = {take}, .most = -1};
        struct error err = {0};
        int64_t entries;
        char text[1024];
        text_add(&csv, "b,");
        for (int j = 0; j < keys[i].letters; j++)
            text_append(&csv, keys[i].width == 1 ? "k" : "\xf0\x9f\x8e\xac", (size_t)keys[i].width);
        text_add(&csv, "\n");
        int r = read_rows("Bucket,Key", csv.data, csv.size, 64 * 1024, &writer, &entries, &err);
        assert_int_equal(r, keys[i].why ? -1 : 0);
        if (keys[i].why)
            assert_non_null(strstr(error_text(&err, text, sizeof(text)), keys[i].why));
        text_release(&writer.text);
    }
}

static void a_nul(void **state)
{
    (void)state;
    struct writer writer = {.sink = {take}, .most = -1};
    struct error err;
    int64_t entries;
    assert_int_equal(read_rows("Bucket,Key", "b,k\0l\n", 6, 9, &writer, &entries, &err), -1);
    assert_int_equal(err.kind, ERROR_INPUT);
    text_release(&writer.text);
}

/* Who takes the entries may have enough: that is not the manifest's fault. */
static void a_full_disk(void **state)
{
    (void)state;
    struct writer writer = {.sink = {take}, .most = 1};
    struct error err;
    int64_t entries;
    assert_int_equal(read_rows("Bucket,Key", "b,k\nb,l\nb,m\n", 12, 1, &writer, &entries, &err),
                     -1);
    assert_int_equal(err.kind, ERROR_DISK_FULL);
    assert_string_equal(writer.text.data, "b|k;");
    text_release(&writer.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(bounds),
        cmocka_unit_test(a_nul),
        cmocka_unit_test(a_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
