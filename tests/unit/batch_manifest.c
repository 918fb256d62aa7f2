/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.json of an inventory; gzip with several members, cut short, damaged, growing too much.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/text.h"
#include "batch/batch.h"
#include "batch/manifest.h"
#include "batch/manifest_inventory.h"

/* --- manifest.json --- */

#define MD5 "0123456789abcdef0123456789ABCDEF"
#define JSON(format, schema, source, destination, files)                                           \
    "{\"fileFormat\":\"" format "\",\"fileSchema\":\"" schema "\",\"sourceBucket\":\"" source      \
    "\",\"destinationBucket\":\"" destination "\",\"files\":" files "}"
#define FILE_(key, size, md5) "{\"key\":\"" key "\",\"size\":" size ",\"MD5checksum\":\"" md5 "\"}"
#define ARN                   "arn:aws:s3:::inv"
#define ONE                   "[" FILE_("d/1.csv.gz", "7", MD5) "]"

static const struct {
    const char *json, *why;
} refused[] = {
    {"", "is no manifest.json"},
    {"[]", "it is no object"},
    {"{}", "has no string 'fileFormat'"},
    {JSON("ORC", "Bucket, Key", "b", ARN, ONE), "the format 'ORC': only CSV"},
    {JSON("Parquet", "Bucket, Key", "b", ARN, ONE), "the format 'Parquet': only CSV"},
    {JSON("CSV", "Bucket, Size", "b", ARN, ONE), "missing in the schema: Key"},
    {JSON("CSV", "", "b", ARN, ONE), "missing in the schema: Bucket, Key"},
    {JSON("CSV", "Bucket, Key", "", ARN, ONE), "sourceBucket"},
    {JSON("CSV", "Bucket, Key", "b", "inv", ONE), "no bucket's ARN"},
    {JSON("CSV", "Bucket, Key", "b", "arn:aws:s3:::", ONE), "no bucket's ARN"},
    {JSON("CSV", "Bucket, Key", "b", "arn:aws:s3:::a/b", ONE), "no bucket's ARN"},
    {JSON("CSV", "Bucket, Key", "b", ARN, "{}"), "no list of files"},
    {JSON("CSV", "Bucket, Key", "b", ARN, "[7]"), "a file that is no object"},
    {JSON("CSV", "Bucket, Key", "b", ARN, "[{}]"), "has no string 'key'"},
    {JSON("CSV", "Bucket, Key", "b", ARN, "[" FILE_("k", "\"7\"", MD5) "]"), "the size of 'k'"},
    {JSON("CSV", "Bucket, Key", "b", ARN, "[" FILE_("k", "-1", MD5) "]"), "the size of 'k'"},
    {JSON("CSV", "Bucket, Key", "b", ARN, "[" FILE_("k", "1.5", MD5) "]"), "the size of 'k'"},
    {JSON("CSV", "Bucket, Key", "b", ARN, "[" FILE_("k", "1e99", MD5) "]"), "the size of 'k'"},
    {JSON("CSV", "Bucket, Key", "b", ARN, "[" FILE_("k", "1", "xyz") "]"), "no MD5 for 'k'"},
    {JSON("CSV", "Bucket, Key", "b", ARN,
          "[" FILE_("k", "1", MD5) "," FILE_("l", "1", MD5) "," FILE_("k", "1", MD5) "]"),
     "names 's3://inv/k' twice"},
};

static void bad_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct inventory inventory;
        struct error err;
        char text[1024];
        assert_int_equal(inventory_parse(arena, "s3://i/manifest.json", refused[i].json,
                                         strlen(refused[i].json), &inventory, &err),
                         -1);
        assert_int_equal(err.kind, ERROR_INPUT);
        error_text(&err, text, sizeof(text));
        if (!strstr(text, refused[i].why) || !strstr(text, "s3://i/manifest.json"))
            fail_msg("row %zu: '%s' is not in '%s'", i, refused[i].why, text);
    }
}

static void good_json(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct inventory inventory;
    struct error err;
    const char *json =
        JSON("CSV", "Bucket, Key, VersionId, Size", "b", ARN,
             "[" FILE_("d/1.csv.gz", "7", MD5) "," FILE_("2", "2147483648", MD5) "]");
    assert_int_equal(inventory_parse(arena, "m", json, strlen(json), &inventory, &err), 0);
    assert_string_equal(inventory.bucket, "b");
    assert_int_equal(inventory.columns.count, 4);
    assert_int_equal(inventory.columns.bucket, 0);
    assert_int_equal(inventory.columns.key, 1);
    assert_int_equal(inventory.columns.version, 2);
    assert_int_equal(inventory.files_count, 2);
    assert_string_equal(inventory.files[0].uri, "s3://inv/d/1.csv.gz");
    assert_string_equal(inventory.files[0].md5, "0123456789abcdef0123456789abcdef");
    assert_int_equal(inventory.files[1].bytes, 2147483648);
}

/* --- gzip --- */

static int count_entry(struct entry_sink *sink, const struct batch_entry *entry, struct error *err);

struct counter {
    struct entry_sink sink;
    int64_t entries;
};

static int count_entry(struct entry_sink *sink, const struct batch_entry *entry, struct error *err)
{
    (void)entry, (void)err;
    ((struct counter *)sink)->entries++;
    return 0;
}

/* Adds one gzip member. */
static void add_member(struct text *out, const char *bytes, size_t size)
{
    enum { GZIP = 16 };
    z_stream z = {0};
    unsigned char buffer[4096];
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, MAX_WBITS + GZIP, 9, Z_DEFAULT_STRATEGY),
                     Z_OK);
    z.next_in = (unsigned char *)bytes;
    z.avail_in = (unsigned)size;
    int r = Z_OK;
    while (r == Z_OK) {
        z.next_out = buffer;
        z.avail_out = sizeof(buffer);
        r = deflate(&z, Z_FINISH);
        text_append(out, buffer, sizeof(buffer) - z.avail_out);
    }
    assert_int_equal(r, Z_STREAM_END);
    deflateEnd(&z);
}

/* How many entries come out; -1 with err. */
static int64_t gunzip(const char *bytes, size_t size, size_t piece, struct error *err)
{
    static const struct rows_columns columns = {2, 0, 1, -1};
    struct counter counter = {{count_entry}, 0};
    CLEANUP(rows_free) struct rows *into = NULL;
    CLEANUP(gunzip_free) struct gunzip *gz = NULL;
    assert_int_equal(rows_new(&into, &columns, "f", "b", &counter.sink, err), 0);
    assert_int_equal(gunzip_new(&gz, into, "f", err), 0);
    for (size_t i = 0; i < size; i += piece)
        if (gunzip_push(gz, bytes + i, size - i < piece ? size - i : piece, err) < 0)
            return -1;
    int64_t entries;
    if (gunzip_end(gz, err) < 0 || rows_end(into, &entries, err) < 0)
        return -1;
    assert_int_equal(entries, counter.entries);
    return entries;
}

static void gzip_members(void **state)
{
    (void)state;
    CLEANUP(text_release) struct text zipped = {0};
    struct error err;
    char text[1024];
    add_member(&zipped, "b,k\nb,", 6); // a row goes on in the next member
    add_member(&zipped, "", 0);
    add_member(&zipped, "l\nb,m\n", 6);
    for (size_t piece = 1; piece < 5; piece++)
        assert_int_equal(gunzip(zipped.data, zipped.size, piece, &err), 3);
    assert_int_equal(gunzip(zipped.data, zipped.size, zipped.size, &err), 3);
    zipped.data[zipped.size - 5] ^= 1; // the checksum
    assert_int_equal(gunzip(zipped.data, zipped.size, 100, &err), -1);
    assert_non_null(strstr(error_text(&err, text, sizeof(text)), "damaged after row "));
    zipped.data[zipped.size - 5] ^= 1;
    for (size_t cut = 1; cut < 15; cut++) { // inside the last member
        assert_int_equal(gunzip(zipped.data, zipped.size - cut, 7, &err), -1);
        assert_non_null(strstr(error_text(&err, text, sizeof(text)), "'f' is cut short"));
    }
    assert_int_equal(gunzip("", 0, 1, &err), -1);
    assert_non_null(strstr(error_text(&err, text, sizeof(text)), "'f' is cut short"));
    zipped.data[zipped.size - 5] ^= 1; // the checksum
    assert_int_equal(gunzip(zipped.data, zipped.size, 100, &err), -1);
    assert_non_null(strstr(error_text(&err, text, sizeof(text)), "is damaged"));
    assert_int_equal(gunzip("b,k\n", 4, 4, &err), -1);
    assert_non_null(strstr(error_text(&err, text, sizeof(text)), "is no gzip file"));
}

static void garbage_behind(void **state)
{
    (void)state;
    CLEANUP(text_release) struct text zipped = {0};
    struct error err;
    add_member(&zipped, "b,k\n", 4);
    text_append(&zipped, "garbage", 7);
    assert_int_equal(gunzip(zipped.data, zipped.size, 100, &err), -1);
    assert_int_equal(err.kind, ERROR_INPUT);
}

/* Rows without end in a few kilobytes. */
static void bombs(void **state)
{
    (void)state;
    CLEANUP(text_release) struct text rows = {0}, zipped = {0};
    struct error err;
    char text[1024];
    for (int i = 0; i < 1 << 18; i++)
        text_append(&rows, "b,k\n", 4);
    for (int i = 0; i < 70; i++)
        add_member(&zipped, rows.data, rows.size);
    assert_true(zipped.size < 200 * 1024);
    assert_int_equal(gunzip(zipped.data, zipped.size, 64 * 1024, &err), -1);
    assert_non_null(strstr(error_text(&err, text, sizeof(text)), "grows more than"));
    memset(rows.data, 'a', rows.size);
    text_release(&zipped);
    add_member(&zipped, rows.data, rows.size);
    assert_int_equal(gunzip(zipped.data, zipped.size, 64 * 1024, &err), -1);
    assert_non_null(strstr(error_text(&err, text, sizeof(text)), "row 1 of 'f' is longer than"));
}

/* What a message has no room for is left out of the middle, and no character is cut. */
static void names(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *plain = "s3://b/a key that is no longer than others";
    assert_string_equal(manifest_name(arena, plain), plain);
    char uri[1100] = "s3://b/x";
    for (int i = 0; i < 500; i++)
        memcpy(uri + 8 + 2 * i, "\xc3\xa4", 3);
    memcpy(uri + 8 + 1000, "e.csv", 6);
    const char *name = manifest_name(arena, uri);
    assert_true(strlen(name) <= 120);
    assert_memory_equal(name, "s3://b/x\xc3\xa4", 10);
    const char *dots = strstr(name, "...");
    assert_non_null(dots);
    assert_int_equal((unsigned char)dots[-1], 0xa4);
    assert_int_equal((unsigned char)dots[3], 0xc3);
    assert_string_equal(name + strlen(name) - 5, "e.csv");
}

static void uris(void **state)
{
    (void)state;
    static const struct {
        const char *arn, *uri; /* NULL: refused */
    } cases[] = {
        {"arn:aws:s3:::b/k", "s3://b/k"},
        {"arn:aws-cn:s3:::b/k/l", "s3://b/k/l"},
        {"file:///tmp/m.csv", "file:///tmp/m.csv"},
        {"arn:aws:s3:::b", NULL},
        {"arn:aws:s3:::/k", NULL},
        {"s3://b/k", NULL},
        {"file://host/m", NULL},
        {"", NULL},
    };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *uri = NULL;
        struct error err;
        assert_int_equal(batch_uri(arena, cases[i].arn, &uri, &err), cases[i].uri ? 0 : -1);
        if (cases[i].uri)
            assert_string_equal(uri, cases[i].uri);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),          cmocka_unit_test(bad_json),
        cmocka_unit_test(good_json),      cmocka_unit_test(gzip_members),
        cmocka_unit_test(garbage_behind), cmocka_unit_test(bombs),
        cmocka_unit_test(uris),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
