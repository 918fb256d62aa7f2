/* SPDX-License-Identifier: Apache-2.0 */
/* A folder as storage: what is written is read back, nothing is seen too early, nothing is left. */
#include "s3_place.h"

#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "base/text.h"
#include "s3/digest.h"
#include "s3/file.h"

/* --- one object --- */

static void test_visible_after_commit(void **state)
{
    struct place *p = *state;
    CLEANUP(delivery_free) struct delivery *delivery = begin(p);
    assert_int_equal(access(p->folder, F_OK), -1);
    add(p, delivery, "s3://out/a/b.txt", "hello");
    expect_none(p, "s3://out/a/b.txt");
    assert_false(exists(p, "out/a"));

    ok(p, delivery_commit(delivery, &p->err));
    expect(p, "s3://out/a/b.txt", "hello");
    assert_false(exists(p, "out/.uploads"));
}

static void test_headers(void **state)
{
    struct place *p = *state;
    struct object_headers headers = {.content_type = "video/MP2T", .canned_acl = "public-read"};
    CLEANUP(delivery_free) struct delivery *delivery = begin(p);
    ok(p, object_put(delivery, "s3://out/a", &headers, "hello", 5, &p->err));
    ok(p, object_put(delivery, "s3://out/b", NULL, "", 0, &p->err));
    ok(p, delivery_commit(delivery, &p->err));

    struct object_reader *reader = NULL;
    const char *etag;
    ok(p, storage_open(p->storage, "s3://out/a", NULL, &reader, &p->err));
    bool attributes = getxattr(in_folder(p, "out/a"), "user.s3.etag", NULL, 0) > 0;
    assert_string_equal(object_info(reader)->content_type,
                        attributes ? "video/MP2T" : "binary/octet-stream");
    ok(p, object_etag(reader, &etag, &p->err));
    assert_string_equal(etag, "5d41402abc4b2a76b9719d911017c592");
    object_close(&reader);

    ok(p, storage_open(p->storage, "s3://out/b", NULL, &reader, &p->err));
    assert_string_equal(object_info(reader)->content_type, "binary/octet-stream");
    ok(p, object_etag(reader, &etag, &p->err));
    assert_string_equal(etag, "d41d8cd98f00b204e9800998ecf8427e");
    object_close(&reader);

    // A person may edit the file: what is known of it is not believed.
    FILE *file = fopen(in_folder(p, "out/a"), "w");
    fputs("other", file);
    fclose(file);
    ok(p, storage_open(p->storage, "s3://out/a", NULL, &reader, &p->err));
    assert_string_equal(object_info(reader)->etag, "");
    ok(p, object_etag(reader, &etag, &p->err));
    assert_string_equal(etag, "795f3202b17cb6bc3d4b771d8c6c9eaf");
    object_close(&reader);
}

static void test_ranges(void **state)
{
    struct place *p = *state;
    put(p, "s3://out/a", "0123456789");
    CLEANUP(object_close) struct object_reader *reader = NULL;
    ok(p, storage_open(p->storage, "s3://out/a", NULL, &reader, &p->err));

    static const struct {
        int64_t offset;
        size_t size;
        const char *expected;
    } rows[] = {{0, 10, "0123456789"}, {3, 4, "3456"}, {8, 10, "89"}, {10, 1, ""}, {99, 5, ""}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        char buffer[16] = "";
        size_t size = 99;
        ok(p, object_read(reader, rows[i].offset, buffer, rows[i].size, &size, &p->err));
        assert_int_equal(size, strlen(rows[i].expected));
        assert_memory_equal(buffer, rows[i].expected, size);
    }
}

/* What is known last but stands first comes in front of what was written, whatever the sizes. */
static void test_head(void **state)
{
    struct place *p = *state;
    enum { MIB = 1024 * 1024 };
    static const size_t heads[] = {0, 1, 700, MIB - 1, MIB, 2 * MIB + 5};
    static const size_t bodies[] = {0, 1, 699, MIB, MIB + 1, 3 * MIB + 17};

    CLEANUP(text_release) struct text all = {0};
    for (int i = 0; i < 6 * MIB / 4; i++)
        text_append(&all, &i, sizeof(i));

    for (size_t h = 0; h < COUNT(heads); h++) {
        for (size_t b = 0; b < COUNT(bodies); b++) {
            CLEANUP(delivery_free) struct delivery *delivery = begin(p);
            CLEANUP(object_writer_free) struct object_writer *writer = NULL;
            ok(p, object_create(delivery, "s3://out/a", NULL, &writer, &p->err));
            ok(p, object_write(writer, all.data + heads[h], bodies[b] / 3, &p->err));
            ok(p, object_write(writer, all.data + heads[h] + bodies[b] / 3,
                               bodies[b] - bodies[b] / 3, &p->err));
            ok(p, object_finish(writer, all.data, heads[h], &p->err));
            ok(p, delivery_commit(delivery, &p->err));

            CLEANUP(object_close) struct object_reader *reader = NULL;
            ok(p, storage_open(p->storage, "s3://out/a", NULL, &reader, &p->err));
            assert_int_equal(object_info(reader)->bytes, heads[h] + bodies[b]);
            CLEANUP(free_pointer) char *read = malloc(heads[h] + bodies[b] + 1);
            size_t size;
            ok(p, object_read(reader, 0, read, heads[h] + bodies[b] + 1, &size, &p->err));
            assert_int_equal(size, heads[h] + bodies[b]);
            assert_memory_equal(read, all.data, size);

            char etag[33];
            CLEANUP(md5_free) EVP_MD_CTX *md5 = md5_new();
            EVP_DigestUpdate(md5, read, size);
            md5_hex(md5, etag);
            const char *kept;
            ok(p, object_etag(reader, &kept, &p->err));
            assert_string_equal(kept, etag);
        }
    }
}

/* --- keys --- */

static void test_keys(void **state)
{
    struct place *p = *state;
    char long_name[301], long_uri[640];
    memset(long_name, 'x', 300);
    long_name[300] = '\0';
    snprintf(long_uri, sizeof(long_uri), "s3://out/%s/%s", long_name, long_name);

    const struct {
        const char *uri, *path; /* path: NULL: not looked at */
    } rows[] = {
        {"s3://out/a.mp4", "out/a.mp4"},
        {"s3://out/my video & 100%.mp4", "out/my video & 100%.mp4"},
        {"s3://out//a", "out/.%/a"},
        {"s3://out/b//c", "out/b/.%/c"},
        {"s3://out/d/", "out/d/.%"},
        {"s3://out/../../../escape", "out/.%../.%../.%../escape"},
        {"s3://out/./here", "out/.%./here"},
        {"s3://out/.uploads/x", "out/.%.uploads/x"},
        {"s3://out/.%", "out/.%.%"},
        {long_uri, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        put(p, rows[i].uri, rows[i].uri);
        if (rows[i].path)
            assert_true(exists(p, rows[i].path));
    }
    for (size_t i = 0; i < COUNT(rows); i++)
        expect(p, rows[i].uri, rows[i].uri);
    assert_int_equal(access("/escape", F_OK), -1);
}

/* An object may be called like a folder, whichever was there first. */
static void test_beside(void **state)
{
    struct place *p = *state;
    static const char *const orders[][3] = {
        {"a", "a/b", "a/b/c"}, {"a", "a/b/c", "a/b"}, {"a/b", "a", "a/b/c"},
        {"a/b", "a/b/c", "a"}, {"a/b/c", "a", "a/b"}, {"a/b/c", "a/b", "a"},
    };
    for (int together = 0; together < 2; together++) {
        for (size_t i = 0; i < COUNT(orders); i++) {
            char uri[3][64];
            CLEANUP(delivery_free) struct delivery *delivery = begin(p);
            for (int k = 0; k < 3; k++) {
                snprintf(uri[k], sizeof(uri[k]), "s3://out%d%zu/%s", together, i, orders[i][k]);
                if (together)
                    add(p, delivery, uri[k], uri[k]);
                else
                    put(p, uri[k], uri[k]);
            }
            ok(p, delivery_commit(delivery, &p->err));
            for (int k = 0; k < 3; k++)
                expect(p, uri[k], uri[k]);
            put(p, uri[0], "again");
            expect(p, uri[0], "again");
            expect(p, uri[1], uri[1]);
        }
    }
}

/* --- what is left when it does not go well --- */

static void test_abort_leaves_nothing(void **state)
{
    struct place *p = *state;
    struct delivery *delivery = begin(p);
    add(p, delivery, "s3://out/finished", "x");
    struct object_writer *writer = NULL;
    ok(p, object_create(delivery, "s3://other/unfinished", NULL, &writer, &p->err));
    ok(p, object_write(writer, "x", 1, &p->err));
    object_writer_free(&writer);
    delivery_free(&delivery);
    assert_int_equal(access(p->folder, F_OK), -1);

    put(p, "s3://out/kept", "kept");
    delivery = begin(p);
    add(p, delivery, "s3://out/kept", "new");
    add(p, delivery, "s3://out/finished", "x");
    add(p, delivery, "s3://other/finished", "x");
    delivery_free(&delivery);
    expect(p, "s3://out/kept", "kept");
    expect_none(p, "s3://out/finished");
    assert_false(exists(p, "other"));
    assert_false(exists(p, "out/.uploads"));
}

static void test_unfinished_is_not_committed(void **state)
{
    struct place *p = *state;
    CLEANUP(delivery_free) struct delivery *delivery = begin(p);
    struct object_writer *writer = NULL;
    ok(p, object_create(delivery, "s3://out/unfinished", NULL, &writer, &p->err));
    object_writer_free(&writer);
    add(p, delivery, "s3://out/finished", "x");
    ok(p, delivery_commit(delivery, &p->err));
    expect(p, "s3://out/finished", "x");
    expect_none(p, "s3://out/unfinished");
}

static void test_failed_commit_goes_back(void **state)
{
    struct place *p = *state;
    put(p, "s3://out/old", "old");
    put(p, "s3://out/name", "name");
    put(p, "s3://out/both", "both");
    assert_int_equal(symlink("/tmp", in_folder(p, "out/link")), 0);

    struct delivery *delivery = begin(p);
    add(p, delivery, "s3://out/old", "new");
    add(p, delivery, "s3://out/made/for/it", "new");
    add(p, delivery, "s3://out/name/below", "new");
    add(p, delivery, "s3://out/old", "newer");
    add(p, delivery, "s3://out/both", "new");
    add(p, delivery, "s3://out/both/below", "new");
    add(p, delivery, "s3://out/fresh", "new");
    add(p, delivery, "s3://out/fresh/below", "new");
    add(p, delivery, "s3://out/link/a", "new");
    add(p, delivery, "s3://out/later", "new");
    assert_int_equal(delivery_commit(delivery, &p->err), -1);
    assert_int_equal(p->err.kind, ERROR_PERMISSION);
    delivery_free(&delivery);

    expect(p, "s3://out/old", "old");
    expect(p, "s3://out/name", "name");
    expect(p, "s3://out/both", "both");
    assert_false(exists(p, "out/both/below"));
    assert_false(exists(p, "out/fresh"));
    assert_false(exists(p, "out/made"));
    assert_false(exists(p, "out/name/below"));
    assert_false(exists(p, "out/later"));
    assert_false(exists(p, "out/.uploads"));
    assert_int_equal(access("/tmp/a", F_OK), -1);
}

static void test_killed_process(void **state)
{
    struct place *p = *state;
    put(p, "s3://out/kept", "kept");
    struct delivery *alive = begin(p);
    add(p, alive, "s3://out/alive", "alive");

    pid_t child = fork();
    if (!child) {
        struct delivery *delivery = begin(p);
        add(p, delivery, "s3://out/dead", "dead");
        add(p, delivery, "s3://new/dead", "dead");
        _exit(0);
    }
    waitpid(child, NULL, 0);
    assert_true(exists(p, "new/.uploads"));
    expect_none(p, "s3://out/dead");

    struct delivery *next = begin(p);
    delivery_free(&next);
    assert_false(exists(p, "new/.uploads"));
    assert_true(exists(p, "out/.uploads"));
    ok(p, delivery_commit(alive, &p->err));
    delivery_free(&alive);
    assert_false(exists(p, "out/.uploads"));
    expect(p, "s3://out/kept", "kept");
    expect(p, "s3://out/alive", "alive");
}

/* --- refusals --- */

static void test_open_refused(void **state)
{
    struct place *p = *state;
    put(p, "s3://out/folder/a", "a");
    assert_int_equal(symlink("a", in_folder(p, "out/folder/link")), 0);
    assert_int_equal(symlink("/etc", in_folder(p, "out/etc")), 0);
    char fifo[128], folder[128];
    snprintf(fifo, sizeof(fifo), "file://%s/fifo", p->top);
    snprintf(folder, sizeof(folder), "file://%s", p->top);
    assert_int_equal(mkfifo(fifo + strlen("file://"), 0600), 0);

    const struct {
        const char *uri;
        enum error_kind kind;
    } rows[] = {
        {"s3://out/none", ERROR_NOT_FOUND},
        {"s3://out/folder/a/b", ERROR_NOT_FOUND},
        {"s3://out/folder", ERROR_NOT_FOUND},
        {"s3://out/folder/", ERROR_NOT_FOUND},
        {"s3://none/a", ERROR_NOT_FOUND},
        {"s3://out/folder/link", ERROR_PERMISSION},
        {"s3://out/etc/passwd", ERROR_PERMISSION},
        {"s3://out/../buckets/out/folder/a", ERROR_NOT_FOUND},
        {"s3://../a", ERROR_FILE_OPEN},
        {"s3://.hidden/a", ERROR_FILE_OPEN},
        {"s3://a b/a", ERROR_FILE_OPEN},
        {"s3://out/", ERROR_FILE_OPEN},
        {"s3://out", ERROR_FILE_OPEN},
        {"s3:///a", ERROR_FILE_OPEN},
        {"/etc/passwd", ERROR_FILE_OPEN},
        {"file://etc/passwd", ERROR_FILE_OPEN},
        {"file:///no/such/file", ERROR_NOT_FOUND},
        {"file:///dev/null", ERROR_FILE_OPEN},
        {fifo, ERROR_FILE_OPEN},
        {folder, ERROR_FILE_OPEN},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct object_reader *reader = NULL;
        if (storage_open(p->storage, rows[i].uri, NULL, &reader, &p->err) != -1)
            fail_msg("'%s' was opened", rows[i].uri);
        if (p->err.kind != rows[i].kind)
            fail_msg("'%s': kind %d, expected %d", rows[i].uri, p->err.kind, rows[i].kind);
        char text[1024];
        assert_non_null(strstr(error_text(&p->err, text, sizeof(text)), rows[i].uri));
    }
}

static void test_kinds_of_errno(void **state)
{
    (void)state;
    static const struct {
        int errno_;
        enum error_kind kind;
    } rows[] = {
        {ENOENT, ERROR_NOT_FOUND}, {EACCES, ERROR_PERMISSION}, {EROFS, ERROR_PERMISSION},
        {ENOSPC, ERROR_DISK_FULL}, {EDQUOT, ERROR_DISK_FULL},  {EIO, ERROR_FILE_OPEN},
        {EMFILE, ERROR_FILE_OPEN},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error err;
        errno = rows[i].errno_;
        assert_int_equal(file_error(&err, "write", "s3://b/k"), -1);
        assert_int_equal(err.kind, rows[i].kind);
    }
}

static void test_storage_refused(void **state)
{
    struct place *p = *state;
    struct storage *storage = NULL;
    assert_int_equal(storage_open_folder(&storage, "/dev/null", &p->err), -1);
    assert_int_equal(storage_open_folder(&storage, "", &p->err), -1);
    assert_null(storage);
}

/* --- threads --- */

struct worker {
    struct delivery *delivery;
    int number;
};

static void *write_many(void *arg)
{
    struct worker *w = arg;
    struct error err;
    for (int i = 0; i < 25; i++) {
        char uri[64];
        snprintf(uri, sizeof(uri), "s3://out%d/%d/%d", i % 2, w->number, i);
        if (object_put(w->delivery, uri, NULL, uri, strlen(uri), &err) < 0)
            return w;
    }
    return NULL;
}

static void test_many_writers(void **state)
{
    struct place *p = *state;
    CLEANUP(delivery_free) struct delivery *delivery = begin(p);
    pthread_t threads[8];
    struct worker workers[8];
    for (int i = 0; i < 8; i++) {
        workers[i] = (struct worker){delivery, i};
        pthread_create(&threads[i], NULL, write_many, &workers[i]);
    }
    for (int i = 0; i < 8; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    ok(p, delivery_commit(delivery, &p->err));
    for (int i = 0; i < 8 * 25; i++) {
        char uri[64];
        snprintf(uri, sizeof(uri), "s3://out%d/%d/%d", i / 8 % 2, i % 8, i / 8);
        expect(p, uri, uri);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_visible_after_commit),
        TEST(test_headers),
        TEST(test_ranges),
        TEST(test_head),
        TEST(test_keys),
        TEST(test_beside),
        TEST(test_abort_leaves_nothing),
        TEST(test_unfinished_is_not_committed),
        TEST(test_failed_commit_goes_back),
        TEST(test_killed_process),
        TEST(test_open_refused),
        TEST(test_kinds_of_errno),
        TEST(test_storage_refused),
        TEST(test_many_writers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
