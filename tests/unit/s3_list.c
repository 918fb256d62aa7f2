/* SPDX-License-Identifier: Apache-2.0 */
/* A folder's objects one after the other: all of them, nothing else, in the order of their keys. */
#include "s3_place.h"

#include <sys/xattr.h>

#include "base/text.h"
#include "s3/file.h"
#include "s3/key.h"

/* The keys of a list, a line each. */
static char *keys_of(struct place *p, const char *uri)
{
    struct text text = {0};
    CLEANUP(object_list_free) struct object_list *list = NULL;
    const struct object_entry *entry;
    ok(p, storage_list(p->storage, uri, NULL, &list, &p->err));
    text_append(&text, "", 0);
    while (ok(p, object_list_next(list, &entry, &p->err)), entry)
        text_add(&text, "%s\n", entry->key);
    return text.data;
}

static void expect_keys(struct place *p, const char *uri, const char *expected)
{
    CLEANUP(free_pointer) char *keys = keys_of(p, uri);
    assert_string_equal(keys, expected);
}

static void test_order(void **state)
{
    struct place *p = *state;
    static const char *const keys[] = {
        "b",    "a/b",   "a-b",   "a",
        "a0",   "a/b/c", "A",     "\xc3\xa4",
        "a//b", "/x",    "x/",    ".uploads/mine",
        ".%x",  "..",    "a/./b", "a/.%@",
        "%41",  "a+b",   "a b",   "\xf0\x9f\x8e\xac",
        "x//",
    };
    CLEANUP(delivery_free) struct delivery *delivery = begin(p);
    for (size_t i = 0; i < COUNT(keys); i++) {
        char uri[64];
        snprintf(uri, sizeof(uri), "s3://out/%s", keys[i]);
        add(p, delivery, uri, "1");
    }
    ok(p, delivery_commit(delivery, &p->err));
    expect_keys(p, "s3://out",
                "%41\n.%x\n..\n.uploads/mine\n/x\nA\na\na b\na+b\na-b\na/.%@\na/./b\na//b\na/b\n"
                "a/b/c\na0\nb\nx/\nx//\n\xc3\xa4\n\xf0\x9f\x8e\xac\n");

    expect_keys(p, "s3://out/a/", "a/.%@\na/./b\na//b\na/b\na/b/c\n");
    expect_keys(p, "s3://out/a/b", "a/b\na/b/c\n");
    expect_keys(p, "s3://out/a/b/c", "a/b/c\n");
    expect_keys(p, "s3://out/a/b/c/", "");
    expect_keys(p, "s3://out/x/", "x/\nx//\n");
    expect_keys(p, "s3://out/",
                "%41\n.%x\n..\n.uploads/mine\n/x\nA\na\na b\na+b\na-b\na/.%@\na/./b\n"
                "a//b\na/b\na/b/c\na0\nb\nx/\nx//\n\xc3\xa4\n\xf0\x9f\x8e\xac\n");
    expect_keys(p, "s3://out//", "/x\n");
    expect_keys(p, "s3://out/no", "");
}

/* Components that are too long for one name are several folders, and one component. */
static void test_long_components(void **state)
{
    struct place *p = *state;
    static const int lengths[] = {1,   250, 252, 253, 254, 255, 256,
                                  257, 258, 300, 504, 505, 510, 1024};
    CLEANUP(delivery_free) struct delivery *delivery = begin(p);
    CLEANUP(text_release) struct text expected = {0};
    char k[1025];
    memset(k, 'k', sizeof(k));
    for (size_t i = 0; i < COUNT(lengths); i++) {
        // each is before the next, and "…j" after it where there is one more
        CLEANUP(text_release) struct text uri = {0};
        text_add(&uri, "s3://out/%.*s", lengths[i], k);
        add(p, delivery, uri.data, "1");
        text_add(&expected, "%.*s\n", lengths[i], k);
        if (i % 3 == 0 && lengths[i] < 1000) {
            text_add(&uri, "/b");
            add(p, delivery, uri.data, "1");
            text_add(&expected, "%.*s/b\n", lengths[i], k);
        }
    }
    for (size_t i = COUNT(lengths) - 1; i-- > 0;) {
        CLEANUP(text_release) struct text uri = {0};
        text_add(&uri, "s3://out/%.*sl", lengths[i], k);
        add(p, delivery, uri.data, "1");
        text_add(&expected, "%.*sl\n", lengths[i], k);
    }
    ok(p, delivery_commit(delivery, &p->err));
    expect_keys(p, "s3://out", expected.data);
}

static void test_what_is_told(void **state)
{
    struct place *p = *state;
    struct object_headers headers = {.storage_class = "STANDARD_IA"};
    CLEANUP(delivery_free) struct delivery *delivery = begin(p);
    ok(p, object_put(delivery, "s3://out/a", &headers, "hello", 5, &p->err));
    ok(p, object_put(delivery, "s3://out/b", NULL, "", 0, &p->err));
    ok(p, delivery_commit(delivery, &p->err));
    bool attributes = getxattr(in_folder(p, "out/a"), "user.s3.etag", NULL, 0) > 0;

    CLEANUP(object_list_free) struct object_list *list = NULL;
    const struct object_entry *entry;
    ok(p, storage_list(p->storage, "s3://out", NULL, &list, &p->err));
    ok(p, object_list_next(list, &entry, &p->err));
    struct stat st;
    assert_int_equal(stat(in_folder(p, "out/a"), &st), 0);
    assert_string_equal(entry->key, "a");
    assert_int_equal(entry->bytes, 5);
    assert_int_equal(entry->modified_us / 1000000, st.st_mtim.tv_sec);
    assert_string_equal(entry->etag, attributes ? "5d41402abc4b2a76b9719d911017c592" : "");
    assert_string_equal(entry->storage_class, attributes ? "STANDARD_IA" : "STANDARD");
    ok(p, object_list_next(list, &entry, &p->err));
    assert_string_equal(entry->storage_class, "STANDARD");
    assert_int_equal(entry->bytes, 0);
    ok(p, object_list_next(list, &entry, &p->err));
    assert_null(entry);
    ok(p, object_list_next(list, &entry, &p->err)); // again
    assert_null(entry);
}

static void make(struct place *p, const char *path)
{
    FILE *file = fopen(in_folder(p, path), "w");
    assert_non_null(file);
    fclose(file);
}

/* Links, what is no file, unfinished deliveries, names that nobody's key has. */
static void test_what_is_no_object(void **state)
{
    struct place *p = *state;
    put(p, "s3://out/a/b", "1");
    put(p, "s3://secret/c", "2");
    assert_int_equal(symlink("../secret", in_folder(p, "out/link")), 0);
    assert_int_equal(symlink("a/b", in_folder(p, "out/a-link")), 0);
    assert_int_equal(mkfifo(in_folder(p, "out/fifo"), 0600), 0);
    assert_int_equal(mkdir(in_folder(p, "out/empty"), 0700), 0);
    assert_int_equal(mkdir(in_folder(p, "out/.%+short"), 0700), 0);
    make(p, "out/.%+short/c");
    make(p, "out/.%escaped for nothing");
    make(p, "out/.%@");
    make(p, "out/by hand");
    assert_int_equal(mkdir(in_folder(p, "out/a/.%"), 0700), 0);
    CLEANUP(delivery_free) struct delivery *delivery = begin(p);
    add(p, delivery, "s3://out/unfinished", "1");
    assert_true(exists(p, "out/.uploads"));
    expect_keys(p, "s3://out", "a/b\nby hand\n");
}

static void test_refused(void **state)
{
    struct place *p = *state;
    static const struct {
        const char *uri;
        enum error_kind kind;
    } rows[] = {
        {"s3://none", ERROR_NOT_FOUND},   {"s3://none/a", ERROR_NOT_FOUND},
        {"s3://", ERROR_FILE_OPEN},       {"s3:///a", ERROR_FILE_OPEN},
        {"file:///tmp", ERROR_FILE_OPEN}, {"s3://.uploads/a", ERROR_FILE_OPEN},
        {"s3://..", ERROR_FILE_OPEN},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct object_list *list = NULL;
        assert_int_equal(storage_list(p->storage, rows[i].uri, NULL, &list, &p->err), -1);
        assert_int_equal(p->err.kind, rows[i].kind);
        assert_null(list);
    }
    put(p, "s3://out/a", "1");
    expect_keys(p, "s3://out", "a\n");
    CLEANUP(object_list_free) struct object_list *list = NULL;
    const struct object_entry *entry;
    ok(p, storage_list(p->storage, "s3://out", &p->cancel, &list, &p->err));
    cancel_request(&p->cancel);
    assert_int_equal(object_list_next(list, &entry, &p->err), -1);
    assert_int_equal(p->err.kind, ERROR_CANCELED);
}

/* What disappears while it is listed is left out. */
static void test_meanwhile(void **state)
{
    struct place *p = *state;
    put(p, "s3://out/a", "1");
    put(p, "s3://out/b/c", "1");
    put(p, "s3://out/d", "1");
    put(p, "s3://out/e", "1");
    CLEANUP(object_list_free) struct object_list *list = NULL;
    const struct object_entry *entry;
    ok(p, storage_list(p->storage, "s3://out", NULL, &list, &p->err));
    ok(p, object_list_next(list, &entry, &p->err));
    assert_string_equal(entry->key, "a");
    ok(p, storage_remove(p->storage, "s3://out/b/c", 0, NULL, &p->err));
    ok(p, storage_remove(p->storage, "s3://out/d", 0, NULL, &p->err));
    assert_int_equal(symlink("e", in_folder(p, "out/d")), 0);
    ok(p, object_list_next(list, &entry, &p->err));
    assert_string_equal(entry->key, "e");
}

/* More than fit into memory at once: the folder is read again. */
static void test_pages(void **state)
{
    struct place *p = *state;
    enum { MANY = 2 * 32 * 1024 + 1000 };
    put(p, "s3://out/zzz", "1");
    CLEANUP(file_close) int dir = open(in_folder(p, "out"), O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%06d", (i * 7919) % MANY);
        int file = openat(dir, name, O_CREAT | O_WRONLY, 0600);
        assert_true(file >= 0);
        close(file);
    }
    put(p, "s3://out/032767/in it", "1"); // an object and a folder, at the end of a page
    CLEANUP(object_list_free) struct object_list *list = NULL;
    const struct object_entry *entry;
    ok(p, storage_list(p->storage, "s3://out", NULL, &list, &p->err));
    for (int i = 0; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%06d", i);
        ok(p, object_list_next(list, &entry, &p->err));
        assert_string_equal(entry->key, name);
        if (i == 32767) {
            ok(p, object_list_next(list, &entry, &p->err));
            assert_string_equal(entry->key, "032767/in it");
        }
    }
    ok(p, object_list_next(list, &entry, &p->err));
    assert_string_equal(entry->key, "zzz");
    ok(p, object_list_next(list, &entry, &p->err));
    assert_null(entry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_order),   TEST(test_long_components),   TEST(test_what_is_told),
        TEST(test_refused), TEST(test_what_is_no_object), TEST(test_meanwhile),
        TEST(test_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
