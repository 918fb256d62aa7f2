/* SPDX-License-Identifier: Apache-2.0 */
/* Inventory configurations: kept, listed, and each report due when it should be. */
#include "status_place.h"

#include "status/inventories.h"

static const int64_t day_us = 86400 * INT64_C(1000000);

static struct inventory_record plain(const char *bucket, const char *id)
{
    return (struct inventory_record){
        .bucket = bucket,
        .id = id,
        .filter = "in/",
        .destination = "arn:aws:s3:::to",
        .prefix = "p",
        .owner = "",
        .encryption = "",
        .kms_key = "",
        .fields = "Size,ETag",
        .enabled = true,
        .period_days = 7,
    };
}

static void put(struct place *p, const struct inventory_record *record)
{
    ok(p, status_inventory_put(p->status, record, &p->err));
}

static struct inventory_record *due(struct place *p)
{
    struct inventory_record *record;
    ok(p, status_inventory_next(p->status, p->arena, &record, &p->err));
    return record;
}

static struct inventory_record *read_back(struct place *p, const char *bucket, const char *id)
{
    struct inventory_record *record = NULL;
    ok(p, status_inventory_get(p->status, bucket, id, p->arena, &record, &p->err));
    return record;
}

static void test_kept(void **state)
{
    struct place *p = *state;
    struct inventory_record record = plain("b", "daily"), *got;
    put(p, &record);
    status_close(&p->status);
    ok(p, place_open(p));
    got = read_back(p, "b", "daily");
    assert_string_equal(got->destination, record.destination);
    assert_string_equal(got->filter, "in/");
    assert_string_equal(got->fields, "Size,ETag");
    assert_true(got->enabled);
    assert_int_equal(got->period_days, 7);
    assert_int_equal(got->written_us, 0);
    assert_string_equal(got->manifest, "");

    refused(p, status_inventory_get(p->status, "c", "daily", p->arena, &got, &p->err),
            ERROR_NOT_FOUND);
    ok(p, status_inventory_delete(p->status, "b", "daily", &p->err));
    refused(p, status_inventory_delete(p->status, "b", "daily", &p->err), ERROR_NOT_FOUND);
    assert_null(due(p));
}

static void test_due(void **state)
{
    struct place *p = *state;
    struct inventory_record off = plain("b", "off"), first = plain("b", "first"),
                            second = plain("a", "second");
    off.enabled = false;
    second.period_days = 1;
    assert_null(due(p));
    put(p, &off);
    put(p, &first);
    pass(SECOND);
    put(p, &second);
    assert_string_equal(due(p)->id, "first");
    ok(p, status_inventory_done(p->status, due(p), "s3://to/manifest.json", NULL, &p->err));
    assert_string_equal(due(p)->id, "second");
    ok(p, status_inventory_done(p->status, due(p), NULL, "no bucket", &p->err));

    assert_string_equal(read_back(p, "b", "first")->manifest, "s3://to/manifest.json");
    assert_string_equal(read_back(p, "b", "first")->why, "");
    assert_int_equal(read_back(p, "b", "first")->due_us, start_us + SECOND + 7 * day_us);
    assert_string_equal(due(p)->id, "second");
    assert_int_equal(due(p)->due_us, start_us + SECOND + day_us);
    assert_string_equal(due(p)->why, "no bucket");

    // one that goes well keeps no old failure, one that fails keeps the last manifest
    ok(p, status_inventory_done(p->status, due(p), "s3://to/second.json", NULL, &p->err));
    assert_string_equal(read_back(p, "a", "second")->why, "");
    ok(p, status_inventory_done(p->status, read_back(p, "a", "second"), NULL, "again", &p->err));
    assert_string_equal(read_back(p, "a", "second")->manifest, "s3://to/second.json");
}

/* A report that was being written says nothing of the configuration that came meanwhile. */
static void test_changed_meanwhile(void **state)
{
    struct place *p = *state;
    struct inventory_record record = plain("b", "daily");
    put(p, &record);
    struct inventory_record *old = due(p);
    put(p, &record); // at the same time by the clock
    ok(p, status_inventory_done(p->status, old, "s3://to/old.json", NULL, &p->err));
    assert_string_equal(read_back(p, "b", "daily")->manifest, "");
    assert_int_equal(due(p)->due_us, start_us);
    ok(p, status_inventory_delete(p->status, "b", "daily", &p->err));
    ok(p, status_inventory_done(p->status, old, "s3://to/old.json", NULL, &p->err));
    assert_null(due(p));
}

static void test_pages(void **state)
{
    struct place *p = *state;
    struct inventory_record record = plain("b", "c"), **got;
    int count;
    const char *token;
    static const char *const ids[] = {"c", "a", "b"};
    for (size_t i = 0; i < COUNT(ids); i++) {
        record.id = ids[i];
        put(p, &record);
    }
    record.bucket = "other";
    put(p, &record);
    struct page page = {.max = 2};
    ok(p, status_inventory_list(p->status, "b", &page, p->arena, &got, &count, &token, &p->err));
    assert_int_equal(count, 2);
    assert_string_equal(got[0]->id, "a");
    assert_string_equal(got[1]->id, "b");
    page.token = token;
    ok(p, status_inventory_list(p->status, "b", &page, p->arena, &got, &count, &token, &p->err));
    assert_int_equal(count, 1);
    assert_string_equal(got[0]->id, "c");
    assert_null(token);
    page.token = "none";
    refused(p,
            status_inventory_list(p->status, "b", &page, p->arena, &got, &count, &token, &p->err),
            ERROR_BAD_REQUEST);
}

static void test_most(void **state)
{
    struct place *p = *state;
    for (int i = 0; i < INVENTORIES_MAX; i++) {
        struct inventory_record record = plain("b", arena_printf(p->arena, "%d", i));
        put(p, &record);
    }
    struct inventory_record record = plain("b", "one more");
    refused(p, status_inventory_put(p->status, &record, &p->err), ERROR_CONFLICT);
    record.id = "7"; // which is there
    put(p, &record);
    record.bucket = "other";
    put(p, &record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_kept),  TEST(test_due),  TEST(test_changed_meanwhile),
        TEST(test_pages), TEST(test_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
