/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads: each is on record once, taken by one, again after a while, and forgotten at last. */
#include "status_place.h"

#include "status/uploads.h"

static int add(struct place *p, const char *key, const char *version, const char *mark)
{
    const struct upload_notice notice = {"b", key, version, mark};
    int added = -1;
    ok(p, status_uploads_add(p->status, &notice, 1, &added, &p->err));
    return added;
}

static struct upload_record *take(struct place *p, int64_t *ret_due_us)
{
    struct upload_record *record;
    ok(p, status_upload_take(p->status, p->arena, &record, ret_due_us, &p->err));
    return record;
}

static void test_once(void **state)
{
    struct place *p = *state;
    assert_int_equal(add(p, "k", NULL, "1"), 1);
    assert_int_equal(add(p, "k", NULL, "1"), 0);
    assert_int_equal(add(p, "k", NULL, "2"), 1);
    assert_int_equal(add(p, "k", "v", "1"), 1);
    assert_int_equal(add(p, "k\",\"1", NULL, "1"), 1);
    const struct upload_notice twice[] = {
        {"c", "k", NULL, "1"}, {"c", "k", NULL, "1"}, {"c", "l", NULL, "1"}};
    int added;
    ok(p, status_uploads_add(p->status, twice, 3, &added, &p->err));
    assert_int_equal(added, 2);
}

static void test_taken(void **state)
{
    struct place *p = *state;
    int64_t due_us;
    assert_null(take(p, &due_us));
    assert_int_equal(due_us, 0);
    add(p, "first", "v", "1");
    add(p, "second", NULL, "1");
    struct upload_record *first = take(p, &due_us), *second = take(p, &due_us);
    assert_string_equal(first->key, "first");
    assert_string_equal(first->bucket, "b");
    assert_string_equal(first->version, "v");
    assert_int_equal(first->attempts, 1);
    assert_string_equal(second->key, "second");
    assert_null(second->version);
    assert_null(take(p, &due_us));
    assert_int_equal(due_us, 0);

    ok(p, status_upload_end(p->status, first->number, true, "fine", &p->err));
    ok(p, status_upload_again(p->status, second->number, MINUTE, true, "not yet", &p->err));
    assert_null(take(p, &due_us));
    assert_int_equal(due_us, start_us + MINUTE);
    pass(MINUTE);
    second = take(p, &due_us);
    assert_string_equal(second->key, "second");
    assert_int_equal(second->attempts, 2);
    assert_int_equal(second->received_us, start_us);
    ok(p, status_upload_again(p->status, second->number, 0, false, "no room", &p->err));
    second = take(p, &due_us);
    assert_int_equal(second->attempts, 2); // the one without room was none
    ok(p, status_upload_end(p->status, second->number, false, "no", &p->err));

    struct upload_counts counts;
    add(p, "third", NULL, "1");
    ok(p, status_upload_counts(p->status, &counts, &p->err));
    assert_int_equal(counts.waiting, 1);
    assert_int_equal(counts.succeeded, 1);
    assert_int_equal(counts.failed, 1);
    assert_int_equal(add(p, "first", "v", "1"), 0); // it has ended, and is remembered
}

/* What a killed process had taken is there again. */
static void test_given_back(void **state)
{
    struct place *p = *state;
    int64_t due_us;
    add(p, "k", NULL, "1");
    add(p, "done", NULL, "1");
    int64_t number = take(p, &due_us)->number;
    ok(p, status_upload_end(p->status, take(p, &due_us)->number, true, "", &p->err));
    status_close(&p->status);
    ok(p, place_open(p));
    assert_null(take(p, &due_us));
    ok(p, status_uploads_begin(p->status, &p->err));
    struct upload_record *again = take(p, &due_us);
    assert_int_equal(again->number, number);
    assert_int_equal(again->attempts, 2);
    assert_null(take(p, &due_us));
}

static void test_forgotten(void **state)
{
    struct place *p = *state;
    int64_t due_us;
    add(p, "old", NULL, "1");
    add(p, "waits", NULL, "1");
    ok(p, status_upload_end(p->status, take(p, &due_us)->number, true, "", &p->err));
    pass(10 * (int64_t)MINUTE);
    ok(p, status_forget(p->status, 20 * (int64_t)MINUTE, &p->err));
    assert_int_equal(add(p, "old", NULL, "1"), 0);
    ok(p, status_forget(p->status, 5 * (int64_t)MINUTE, &p->err));
    assert_int_equal(add(p, "old", NULL, "1"), 1);
    assert_int_equal(add(p, "waits", NULL, "1"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_once),
        TEST(test_taken),
        TEST(test_given_back),
        TEST(test_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
