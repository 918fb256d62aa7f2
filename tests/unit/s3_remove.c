/* SPDX-License-Identifier: Apache-2.0 */
/* What is announced before it can be seen, and what is removed of those who were killed. */
#include "s3_place.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"

/* An announcer that writes down what it is told, and whether it could be seen by then. */
struct witness {
    struct announcer announcer;
    struct place *place;
    int calls, count;
    char uris[8][64];
    bool refuses;
};

static int write_down(struct announcer *announcer, const char *const *uris, int count,
                      struct error *err)
{
    struct witness *witness = (struct witness *)announcer;
    witness->calls++;
    for (int i = 0; i < count; i++) {
        expect_none(witness->place, uris[i]);
        snprintf(witness->uris[witness->count++], sizeof(witness->uris[0]), "%s", uris[i]);
    }
    return witness->refuses ? error_set(err, ERROR_CANCELED, "no") : 0;
}

static void test_announced(void **state)
{
    struct place *p = *state;
    struct witness witness = {{write_down}, p};
    CLEANUP(delivery_free) struct delivery *delivery = begin(p);
    delivery_announce_to(delivery, &witness.announcer);
    add(p, delivery, "s3://out/a", "1");
    add(p, delivery, "s3://other/b", "2");
    assert_int_equal(witness.calls, 0);
    ok(p, delivery_commit(delivery, &p->err));
    assert_int_equal(witness.calls, 1);
    assert_int_equal(witness.count, 2);
    assert_string_equal(witness.uris[0], "s3://out/a");
    assert_string_equal(witness.uris[1], "s3://other/b");
    expect(p, "s3://out/a", "1");
}

static void test_refused(void **state)
{
    struct place *p = *state;
    struct witness witness = {{write_down}, p, .refuses = true};
    struct delivery *delivery = begin(p);
    delivery_announce_to(delivery, &witness.announcer);
    add(p, delivery, "s3://out/a", "1");
    assert_int_equal(delivery_commit(delivery, &p->err), -1);
    assert_int_equal(p->err.kind, ERROR_CANCELED);
    delivery_free(&delivery);
    expect_none(p, "s3://out/a");
    assert_false(exists(p, "out"));
}

static void test_remove(void **state)
{
    static const struct {
        const char *uri, *other; /* what is removed; what stays */
    } rows[] = {
        {"s3://out/a", "s3://out/b"},
        {"s3://out/x/y/z", "s3://out/x/y2"},
        {"s3://out/folder", "s3://out/folder/in/it"}, // the object beside a folder of its name
        {"s3://out/folder/in/it", "s3://out/folder"},
        {"s3://out/odd//key/", "s3://out/odd/key"},
    };
    struct place *p = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        put(p, rows[i].uri, "1");
        put(p, rows[i].other, "2");
        ok(p, storage_remove(p->storage, rows[i].uri, 0, NULL, &p->err));
        expect_none(p, rows[i].uri);
        expect(p, rows[i].other, "2");
        ok(p, storage_remove(p->storage, rows[i].uri, 0, NULL, &p->err)); // again
        ok(p, storage_remove(p->storage, rows[i].other, 0, NULL, &p->err));
        expect_none(p, rows[i].other);
    }
    assert_true(exists(p, "out"));
    assert_false(exists(p, "out/x"));
    assert_false(exists(p, "out/folder"));
}

static void test_nothing_to_remove(void **state)
{
    struct place *p = *state;
    ok(p, storage_remove(p->storage, "s3://out/a", 0, NULL, &p->err)); // no storage folder
    put(p, "s3://out/file", "1");
    ok(p, storage_remove(p->storage, "s3://none/a", 0, NULL, &p->err));
    ok(p, storage_remove(p->storage, "s3://out/file/below", 0, NULL, &p->err));
    ok(p, storage_remove(p->storage, "s3://out/fil", 0, NULL, &p->err));
    expect(p, "s3://out/file", "1");
    assert_int_equal(storage_remove(p->storage, "s3://../x", 0, NULL, &p->err), -1);
    assert_int_equal(storage_remove(p->storage, "s3://out", 0, NULL, &p->err), -1);
}

/* A link in a bucket leads nowhere, not even to be removed through it. */
static void test_remove_through_link(void **state)
{
    struct place *p = *state;
    put(p, "s3://out/a", "1");
    put(p, "s3://victim/b", "2");
    assert_int_equal(symlink("../victim", in_folder(p, "out/link")), 0);
    (void)!storage_remove(p->storage, "s3://out/link/b", 0, NULL, &p->err);
    expect(p, "s3://victim/b", "2");
}

static void test_older_objects_stay(void **state)
{
    struct place *p = *state;
    put(p, "s3://out/old", "1");
    static const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
    nanosleep(&pause, NULL);
    int64_t since_us = clock_true_us();
    put(p, "s3://out/new", "2");
    ok(p, storage_remove(p->storage, "s3://out/old", since_us, NULL, &p->err));
    ok(p, storage_remove(p->storage, "s3://out/new", since_us, NULL, &p->err));
    expect(p, "s3://out/old", "1");
    expect_none(p, "s3://out/new");
}

static void test_sweep(void **state)
{
    struct place *p = *state;
    struct delivery *alive = begin(p);
    add(p, alive, "s3://out/a", "1");
    pid_t pid = fork();
    if (!pid) {
        struct delivery *delivery = begin(p);
        add(p, delivery, "s3://killed/b", "2");
        kill(getpid(), SIGKILL);
    }
    waitpid(pid, NULL, 0);
    assert_true(exists(p, "killed/.uploads"));
    storage_sweep(p->storage);
    assert_false(exists(p, "killed/.uploads"));
    ok(p, delivery_commit(alive, &p->err));
    delivery_free(&alive);
    expect(p, "s3://out/a", "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_announced),
        TEST(test_refused),
        TEST(test_remove),
        TEST(test_nothing_to_remove),
        TEST(test_remove_through_link),
        TEST(test_older_objects_stay),
        TEST(test_sweep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
