/* SPDX-License-Identifier: Apache-2.0 */
/* The store and the calls of a bucket against the S3 server of AWS_ENDPOINT_URL_S3; keys also in a
 * folder. tests/s3/test_s3.py starts the server, runs this, and reads back with other clients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "s3/s3.h"
#include "s3/s3_bucket.h"

enum { MIB = 1 << 20 };

struct place {
    struct storage *storage, *folder;
    struct client *client;
    struct arena *arena;
    struct error err;
};

/* Fails the test with what the error says. */
static void ok_(struct place *p, int r, const char *what, int line)
{
    char text[1024];
    if (r < 0)
        fail_msg("line %d: %s: %s", line, what, error_text(&p->err, text, sizeof(text)));
}
#define ok(p, call) ok_((p), (call), #call, __LINE__)

static struct s3_bucket bucket_called(const struct place *p, const char *name)
{
    return (struct s3_bucket){.client = p->client, .name = name};
}

/* Bytes that differ wherever one looks. */
static void fill(char *bytes, size_t size)
{
    uint32_t x = 2463534242u;
    for (size_t i = 0; i < size; i++) {
        x ^= x << 13, x ^= x >> 17, x ^= x << 5;
        bytes[i] = (char)x;
    }
}

static void put(struct place *p, struct storage *storage, const char *uri, const void *bytes,
                size_t size)
{
    CLEANUP(delivery_free) struct delivery *delivery = NULL;
    ok(p, delivery_new(storage, NULL, &delivery, &p->err));
    ok(p, object_put(delivery, uri, NULL, bytes, size, &p->err));
    ok(p, delivery_commit(delivery, &p->err));
}

static void expect(struct place *p, struct storage *storage, const char *uri, const char *bytes,
                   size_t size)
{
    CLEANUP(object_close) struct object_reader *reader = NULL;
    CLEANUP(free_pointer) char *got = malloc(size + 1);
    size_t got_size;
    ok(p, storage_open(storage, uri, NULL, &reader, &p->err));
    assert_int_equal(object_info(reader)->bytes, size);
    ok(p, object_read(reader, 0, got, size + 1, &got_size, &p->err));
    assert_int_equal(got_size, size);
    assert_memory_equal(got, bytes, size);
}

static void expect_none(struct place *p, const char *uri)
{
    struct object_reader *reader = NULL;
    assert_int_equal(storage_open(p->storage, uri, NULL, &reader, &p->err), -1);
    assert_int_equal(p->err.kind, ERROR_NOT_FOUND);
}

static void expect_no_uploads(struct place *p, const char *bucket)
{
    struct upload_listing *uploads;
    struct s3_bucket b = bucket_called(p, bucket);
    ok(p, s3_bucket_list_uploads(&b, p->arena, "", NULL, &uploads, &p->err));
    assert_null(uploads);
}

/* --- keys --- */

static void test_keys(void **state)
{
    struct place *p = *state;
    char longest[1024 + 1];
    memset(longest, 'k', sizeof(longest) - 1);
    longest[1024] = '\0';
    memcpy(longest + 500, "\xc3\xa4/", 3);

    const char *const keys[] = {
        "plain.mp4",
        "with space.mp4",
        "a+b",
        "100%",
        "%41",
        "%2F",
        "a%2Fb",
        "a//b",
        "a/b/",
        "/a",
        "//",
        "dots...",
        "dots./x.",
        "./here",
        "../up",
        "a/../b",
        "a/./b",
        "..",
        "\xc3\xa4\xe1\x88\xb4\xf0\x9f\x8e\xac",
        "q?x=1&y=2#f",
        "'()*!;:@=$,[]{}|^`~\"<>\\",
        "tab\there",
        longest,
    };
    for (size_t i = 0; i < COUNT(keys); i++) {
        const char *uri = arena_printf(p->arena, "s3://keys/%s", keys[i]);
        put(p, p->storage, uri, uri, strlen(uri));
        put(p, p->folder, uri, uri, strlen(uri));
    }
    for (size_t i = 0; i < COUNT(keys); i++) {
        const char *uri = arena_printf(p->arena, "s3://keys/%s", keys[i]);
        expect(p, p->storage, uri, uri, strlen(uri));
        expect(p, p->folder, uri, uri, strlen(uri));
    }
    put(p, p->storage, "s3://calls/empty", "", 0);
    expect(p, p->storage, "s3://calls/empty", "", 0);
    put(p, p->folder, "s3://calls/empty", "", 0);
    expect(p, p->folder, "s3://calls/empty", "", 0);
}

/* Both kinds of store list what test_keys() has put, in the same order. */
static void test_lists_are_the_same(void **state)
{
    struct place *p = *state;
    static const char *const uris[] = {"s3://keys", "s3://keys/a", "s3://keys/a/", "s3://keys/no"};
    for (size_t i = 0; i < COUNT(uris); i++) {
        CLEANUP(object_list_free) struct object_list *on_server = NULL, *in_folder = NULL;
        const struct object_entry *there, *here;
        int count = 0;
        ok(p, storage_list(p->storage, uris[i], NULL, &on_server, &p->err));
        ok(p, storage_list(p->folder, uris[i], NULL, &in_folder, &p->err));
        for (;; count++) {
            ok(p, object_list_next(on_server, &there, &p->err));
            ok(p, object_list_next(in_folder, &here, &p->err));
            if (!there || !here)
                break;
            assert_string_equal(there->key, here->key);
            assert_string_equal(there->etag, here->etag);
            assert_string_equal(there->storage_class, here->storage_class);
            assert_int_equal(there->bytes, here->bytes);
        }
        assert_ptr_equal(there, here);
        assert_true(i == 3 ? !count : count >= 2);
    }
    struct object_list *list = NULL;
    assert_int_equal(storage_list(p->storage, "s3://no-such-bucket", NULL, &list, &p->err), -1);
    assert_int_equal(p->err.kind, ERROR_NOT_FOUND);
}

/* --- writing --- */

/* Sizes on both sides of each border: one PUT, parts, parts that are full. */
static void test_sizes(void **state)
{
    struct place *p = *state;
    static const size_t heads[] = {0, 1, 3 * MIB};
    static const size_t bodies[] = {1, 5 * MIB, 5 * MIB + 1, 10 * MIB, 10 * MIB + 1, 29 * MIB + 7};
    CLEANUP(free_pointer) char *all = malloc(33 * MIB);
    fill(all, 33 * MIB);

    for (size_t h = 0; h < COUNT(heads); h++) {
        for (size_t b = 0; b < COUNT(bodies); b++) {
            CLEANUP(delivery_free) struct delivery *delivery = NULL;
            CLEANUP(object_writer_free) struct object_writer *writer = NULL;
            ok(p, delivery_new(p->storage, NULL, &delivery, &p->err));
            ok(p, object_create(delivery, "s3://calls/sizes", NULL, &writer, &p->err));
            for (size_t at = 0, step = 777 * 1024; at < bodies[b]; at += step) {
                size_t size = bodies[b] - at < step ? bodies[b] - at : step;
                ok(p, object_write(writer, all + heads[h] + at, size, &p->err));
            }
            ok(p, object_finish(writer, all, heads[h], &p->err));
            ok(p, delivery_commit(delivery, &p->err));
            expect(p, p->storage, "s3://calls/sizes", all, heads[h] + bodies[b]);
        }
    }
    expect_no_uploads(p, "calls");
}

static void test_abort_leaves_nothing(void **state)
{
    struct place *p = *state;
    CLEANUP(free_pointer) char *bytes = calloc(1, 20 * MIB);
    struct delivery *delivery = NULL;
    struct object_writer *writer = NULL;
    ok(p, delivery_new(p->storage, NULL, &delivery, &p->err));
    ok(p, object_put(delivery, "s3://calls/small", NULL, "x", 1, &p->err));
    ok(p, object_put(delivery, "s3://calls/large", NULL, bytes, 20 * MIB, &p->err));
    ok(p, object_create(delivery, "s3://calls/unfinished", NULL, &writer, &p->err));
    ok(p, object_write(writer, bytes, 20 * MIB, &p->err));
    object_writer_free(&writer);
    delivery_free(&delivery);

    expect_none(p, "s3://calls/small");
    expect_none(p, "s3://calls/large");
    expect_none(p, "s3://calls/unfinished");
    expect_no_uploads(p, "calls");
}

/* What a process left that was killed goes when the same object is written again. */
static void test_left_upload(void **state)
{
    struct place *p = *state;
    CLEANUP(free_pointer) char *bytes = calloc(1, 20 * MIB);
    struct client *client = p->client;
    struct request request = {.method = "POST", .verb = "begin", .uri = "left", .bucket = "calls"};
    request_query(&request, "uploads", "");
    static const char *const keys[] = {"left", "left", "left behind"};
    for (size_t i = 0; i < COUNT(keys); i++) {
        CLEANUP(answer_release) struct answer answer = {0};
        request.key = keys[i];
        ok(p, client_send(client, &request, &answer, &p->err));
    }
    put(p, p->storage, "s3://calls/left", bytes, 20 * MIB);

    struct upload_listing *uploads;
    struct s3_bucket bucket = bucket_called(p, "calls");
    ok(p, s3_bucket_list_uploads(&bucket, p->arena, "left", NULL, &uploads, &p->err));
    assert_string_equal(uploads->key, "left behind"); // another key is not touched
    assert_null(uploads->next);
    put(p, p->storage, "s3://calls/left behind", bytes, 20 * MIB);
    expect_no_uploads(p, "calls");
}

/* --- what a killed process leaves --- */

struct witness {
    struct announcer announcer;
    int calls, count;
    char last[64];
};

static int write_down(struct announcer *announcer, const char *const *uris, int count,
                      struct error *err)
{
    struct witness *witness = (struct witness *)announcer;
    (void)err;
    witness->calls++;
    witness->count += count;
    if (count)
        snprintf(witness->last, sizeof(witness->last), "%s", uris[0]);
    return 0;
}

/* Each object when it is begun, and the commit. */
static void test_announced(void **state)
{
    struct place *p = *state;
    struct witness witness = {{write_down}};
    CLEANUP(delivery_free) struct delivery *delivery = NULL;
    ok(p, delivery_new(p->storage, NULL, &delivery, &p->err));
    delivery_announce_to(delivery, &witness.announcer);
    struct object_writer *writer;
    ok(p, object_create(delivery, "s3://calls/announced", NULL, &writer, &p->err));
    assert_string_equal(witness.last, "s3://calls/announced");
    ok(p, object_finish(writer, "1", 1, &p->err));
    object_writer_free(&writer);
    assert_int_equal(witness.calls, 1);
    ok(p, delivery_commit(delivery, &p->err));
    assert_int_equal(witness.calls, 2);
    assert_int_equal(witness.count, 1);
}

static void test_remove(void **state)
{
    struct place *p = *state;
    struct request request = {.method = "POST", .verb = "begin", .uri = "dead", .bucket = "calls"};
    request.key = "dead";
    request_query(&request, "uploads", "");
    CLEANUP(answer_release) struct answer answer = {0};
    put(p, p->storage, "s3://calls/dead", "1", 1);
    put(p, p->storage, "s3://calls/dead too", "2", 1);
    ok(p, client_send(p->client, &request, &answer, &p->err));

    int64_t later_us = clock_true_us() + 120 * 1000000;
    ok(p,
       storage_remove(p->storage, "s3://calls/dead", later_us, NULL, &p->err)); // somebody else's
    expect(p, p->storage, "s3://calls/dead", "1", 1);
    expect_no_uploads(p, "calls");

    ok(p, storage_remove(p->storage, "s3://calls/dead", clock_true_us(), NULL, &p->err));
    ok(p, storage_remove(p->storage, "s3://calls/dead", clock_true_us(), NULL, &p->err)); // again
    ok(p, storage_remove(p->storage, "s3://no-such-bucket/dead", 0, NULL, &p->err));
    struct object_reader *reader;
    assert_int_equal(storage_open(p->storage, "s3://calls/dead", NULL, &reader, &p->err), -1);
    assert_int_equal(p->err.kind, ERROR_NOT_FOUND);
    expect(p, p->storage, "s3://calls/dead too", "2", 1);
}

/* --- reading --- */

static void test_ranges(void **state)
{
    struct place *p = *state;
    enum { SIZE = 3 * MIB + 5 };
    CLEANUP(free_pointer) char *all = malloc(SIZE);
    fill(all, SIZE);
    put(p, p->storage, "s3://calls/ranges", all, SIZE);

    CLEANUP(object_close) struct object_reader *reader = NULL;
    ok(p, storage_open(p->storage, "s3://calls/ranges", NULL, &reader, &p->err));
    static const struct {
        int64_t offset;
        size_t size, expected;
    } rows[] = {
        {SIZE - 10, 10, 10}, {SIZE - 10, 99, 10},
        {SIZE, 1, 0},        {SIZE + MIB, 1, 0},
        {0, 1, 1},           {65535, 2, 2},
        {65536, 1, 1},       {2 * MIB - 1, 300000, 300000},
        {1, SIZE, SIZE - 1}, {12345, 678, 678},
        {MIB, 65536, 65536},
    };
    CLEANUP(free_pointer) char *got = malloc(SIZE);
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t size;
        ok(p, object_read(reader, rows[i].offset, got, rows[i].size, &size, &p->err));
        assert_int_equal(size, rows[i].expected);
        if (size)
            assert_memory_equal(got, all + rows[i].offset, size);
    }
    const char *etag;
    ok(p, object_etag(reader, &etag, &p->err));
    assert_int_equal(strlen(etag), 32);
}

static void test_changed_while_read(void **state)
{
    struct place *p = *state;
    CLEANUP(free_pointer) char *all = calloc(1, 2 * MIB);
    put(p, p->storage, "s3://calls/changing", all, 2 * MIB);
    CLEANUP(object_close) struct object_reader *reader = NULL;
    ok(p, storage_open(p->storage, "s3://calls/changing", NULL, &reader, &p->err));
    all[0] = 1;
    put(p, p->storage, "s3://calls/changing", all, 2 * MIB);

    char byte;
    size_t size;
    assert_int_equal(object_read(reader, 2 * MIB - 1, &byte, 1, &size, &p->err), -1);
    assert_int_equal(p->err.kind, ERROR_SOURCE_READ);
}

/* --- the bucket --- */

static void test_list(void **state)
{
    struct place *p = *state;
    enum { MANY = 1003 }; // more than a page
    CLEANUP(delivery_free) struct delivery *delivery = NULL;
    ok(p, delivery_new(p->storage, NULL, &delivery, &p->err));
    for (int i = 0; i < MANY; i++) {
        const char *uri = arena_printf(p->arena, "s3://calls/list/%04d +%%", i);
        ok(p, object_put(delivery, uri, NULL, "abc", 3, &p->err));
    }
    ok(p, delivery_commit(delivery, &p->err));

    struct s3_bucket bucket = bucket_called(p, "calls");
    const char *token = NULL;
    int count = 0, pages = 0;
    do {
        struct object_listing *object;
        ok(p, s3_bucket_list(&bucket, p->arena, "list/", token, &object, &token, &p->err));
        for (pages++; object; object = object->next) {
            assert_string_equal(object->key, arena_printf(p->arena, "list/%04d +%%", count++));
            assert_int_equal(object->bytes, 3);
            assert_string_equal(object->etag, "900150983cd24fb0d6963f7d28e17f72");
            assert_true(object->modified_us > 1600000000000000);
        }
    } while (token);
    assert_int_equal(count, MANY);
    assert_int_equal(pages, 2);

    CLEANUP(object_list_free) struct object_list *list = NULL;
    const struct object_entry *entry;
    ok(p, storage_list(p->storage, "s3://calls/list/", NULL, &list, &p->err));
    for (count = 0; ok(p, object_list_next(list, &entry, &p->err)), entry; count++)
        assert_string_equal(entry->key, arena_printf(p->arena, "list/%04d +%%", count));
    assert_int_equal(count, MANY);
}

static void test_bucket(void **state)
{
    struct place *p = *state;
    struct s3_bucket bucket = bucket_called(p, "calls"), none = bucket_called(p, "none");
    struct object_info info;
    put(p, p->storage, "s3://calls/from +%", "abc", 3);
    ok(p, s3_bucket_copy(&bucket, "to", "calls", "from +%", &p->err));
    expect(p, p->storage, "s3://calls/to", "abc", 3);
    ok(p, s3_bucket_head(&bucket, "to", &info, &p->err));
    assert_int_equal(info.bytes, 3);
    ok(p, s3_bucket_delete(&bucket, "to", &p->err));
    ok(p, s3_bucket_delete(&bucket, "to", &p->err));
    expect_none(p, "s3://calls/to");
    assert_int_equal(s3_bucket_head(&bucket, "to", &info, &p->err), -1);
    assert_int_equal(p->err.kind, ERROR_NOT_FOUND);
    assert_int_equal(s3_bucket_delete(&none, "to", &p->err), -1);
    ok(p, s3_bucket_create(&bucket, &p->err)); // again
}

static void test_cors(void **state)
{
    struct place *p = *state;
    struct s3_bucket bucket = bucket_called(p, "calls");
    CLEANUP(text_release) struct text got = {0};
    ok(p, s3_bucket_put_cors(&bucket,
                             "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod>"
                             "<AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>",
                             &p->err));
    ok(p, s3_bucket_get_cors(&bucket, &got, &p->err));
    assert_non_null(strstr(got.data, "<AllowedMethod>GET</AllowedMethod>"));
}

/* Somebody without keys reads what was signed for him, as any http:// input. */
static void test_presigned(void **state)
{
    struct place *p = *state;
    const char *uri = "s3://calls/for you +%/\xc3\xa4";
    put(p, p->storage, uri, "abc", 3);
    const char *url = client_presign(p->client, p->arena, "calls", uri + strlen("s3://calls/"), 60);
    expect(p, p->folder, url, "abc", 3);

    char *wrong = arena_strdup(p->arena, url);
    wrong[strlen(wrong) - 1] ^= 1;
    struct object_reader *reader = NULL;
    assert_int_equal(storage_open(p->folder, wrong, NULL, &reader, &p->err), -1);
    assert_int_equal(p->err.kind, ERROR_HTTP_FORBIDDEN);
}

static void test_canceled(void **state)
{
    struct place *p = *state;
    struct cancel cancel = {true};
    struct object_reader *reader = NULL;
    assert_int_equal(storage_open(p->storage, "s3://calls/x", &cancel, &reader, &p->err), -1);
    assert_int_equal(p->err.kind, ERROR_CANCELED);
}

static char folder[] = "/tmp/mediaconvert-local-test-XXXXXX";

static int setup(void **state)
{
    static struct place place;
    struct place *p = *state = &place;
    struct s3_options options = {.endpoint = getenv("AWS_ENDPOINT_URL_S3")};
    if (!options.endpoint || !mkdtemp(folder))
        return -1;
    p->arena = arena_new();
    ok(p, storage_open_folder(&p->folder, folder, &p->err));
    ok(p, storage_open_s3(&p->storage, &options, &p->err));
    p->client = ((struct s3 *)p->storage)->client;
    static const char *const buckets[] = {"calls", "keys"};
    for (size_t i = 0; i < COUNT(buckets); i++) {
        struct s3_bucket bucket = bucket_called(p, buckets[i]);
        ok(p, s3_bucket_create(&bucket, &p->err));
    }
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    storage_free(&p->storage);
    storage_free(&p->folder);
    arena_free(&p->arena);
    char command[128];
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_lists_are_the_same),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_abort_leaves_nothing),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_left_upload),
        cmocka_unit_test(test_bucket),
        cmocka_unit_test(test_changed_while_read),
        cmocka_unit_test(test_cors),
        cmocka_unit_test(test_presigned),
        cmocka_unit_test(test_canceled),
        cmocka_unit_test(test_announced),
        cmocka_unit_test(test_remove),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
