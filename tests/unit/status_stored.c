/* SPDX-License-Identifier: Apache-2.0 */
/* Templates and presets, tags, small values. */
#include "status_place.h"

#include "status/stored.h"

static void add(struct place *p, enum stored_kind kind, const char *name, const char *category)
{
    struct stored_record new = {.name = name, .category = category, .request = "{}"}, *made;
    ok(p, status_stored_create(p->status, kind, &new, p->arena, &made, &p->err));
    assert_string_equal(made->name, name);
}

static void one(void **state)
{
    struct place *p = *state;
    for (int kind = STORED_JOB_TEMPLATE; kind <= STORED_PRESET; kind++) {
        enum stored_kind k = (enum stored_kind)kind;
        struct stored_record new = {"T \xc3\xa4", "c", "{\"settings\":{}}"}, *record;
        ok(p, status_stored_create(p->status, k, &new, p->arena, &record, &p->err));
        refused(p, status_stored_create(p->status, k, &new, p->arena, &record, &p->err),
                ERROR_CONFLICT);
        pass(SECOND);
        struct stored_record change = {.name = new.name, .request = "{\"a\":1}"};
        ok(p, status_stored_update(p->status, k, &change, p->arena, &record, &p->err));
        ok(p, status_stored_get(p->status, k, new.name, p->arena, &record, &p->err));
        assert_string_equal(record->category, "c");
        assert_string_equal(record->request, "{\"a\":1}");
        assert_int_equal(record->updated_us - record->created_us, SECOND);
        ok(p, status_stored_delete(p->status, k, new.name, &p->err));
        refused(p, status_stored_get(p->status, k, new.name, p->arena, &record, &p->err),
                ERROR_NOT_FOUND);
        refused(p, status_stored_delete(p->status, k, new.name, &p->err), ERROR_NOT_FOUND);
        refused(p, status_stored_update(p->status, k, &change, p->arena, &record, &p->err),
                ERROR_NOT_FOUND);
    }
}

static const struct {
    enum stored_kind kind;
    const char *category;
    enum list_by by;
    bool descending;
    const char *expected;
} lists[] = {
    {STORED_PRESET, NULL, LIST_BY_NAME, false, "abc"},
    {STORED_PRESET, NULL, LIST_BY_NAME, true, "cba"},
    {STORED_PRESET, NULL, LIST_BY_CREATION_DATE, false, "cab"},
    {STORED_PRESET, NULL, LIST_BY_CREATION_DATE, true, "bac"},
    {STORED_PRESET, NULL, LIST_BY_SYSTEM, false, "abc"},
    {STORED_PRESET, "x", LIST_BY_NAME, false, "ac"},
    {STORED_PRESET, "", LIST_BY_NAME, false, "b"},
    {STORED_PRESET, "y", LIST_BY_NAME, false, ""},
    {STORED_JOB_TEMPLATE, NULL, LIST_BY_NAME, false, "d"},
};

static void pages(void **state)
{
    struct place *p = *state;
    add(p, STORED_PRESET, "c", "x");
    add(p, STORED_PRESET, "a", "x");
    add(p, STORED_PRESET, "b", NULL);
    add(p, STORED_JOB_TEMPLATE, "d", "x");
    for (size_t i = 0; i < COUNT(lists); i++) {
        for (int max = 1; max <= 4; max++) {
            char found[16] = "";
            struct page page = {.max = max, .descending = lists[i].descending};
            do {
                struct stored_record **records;
                int count;
                ok(p, status_stored_list(p->status, lists[i].kind, lists[i].category, lists[i].by,
                                         &page, p->arena, &records, &count, &page.token, &p->err));
                for (int r = 0; r < count; r++)
                    strncat(found, records[r]->name, 1);
            } while (page.token);
            assert_string_equal(found, lists[i].expected);
        }
    }
}

/* --- tags --- */

static void expect_tags(struct place *p, const char *arn, const char *expected)
{
    const char *tags;
    ok(p, status_tags_get(p->status, arn, p->arena, &tags, &p->err));
    assert_string_equal(tags, expected);
}

static void tags(void **state)
{
    struct place *p = *state;
    struct new_job tagged = *plain_job();
    tagged.tags = "{\"of\":\"the job\"}";
    const char *job = status_arn(p->status, p->arena, "jobs", create(p, &tagged)->id);
    expect_tags(p, job, "{\"of\":\"the job\"}");

    add(p, STORED_PRESET, "p/1", NULL);
    add(p, STORED_JOB_TEMPLATE, "t", NULL);
    const char *arns[] = {
        status_arn(p->status, p->arena, "queues", "Default"),
        status_arn(p->status, p->arena, "presets", "p/1"),
        status_arn(p->status, p->arena, "jobTemplates", "t"),
    };
    for (size_t i = 0; i < COUNT(arns); i++) {
        expect_tags(p, arns[i], "{}");
        ok(p, status_tags_add(p->status, arns[i], "{\"b\":\"1\",\"a\":\"\\\"\"}", &p->err));
        ok(p, status_tags_add(p->status, arns[i], "{\"b\":\"2\",\"c\":\"\"}", &p->err));
        expect_tags(p, arns[i], "{\"a\":\"\\\"\",\"b\":\"2\",\"c\":\"\"}");
        const char *keys[] = {"a", "none", "c", NULL};
        ok(p, status_tags_remove(p->status, arns[i], keys, &p->err));
        expect_tags(p, arns[i], "{\"b\":\"2\"}");
        refused(p, status_tags_add(p->status, arns[i], "no", &p->err), ERROR_BAD_REQUEST);
    }
    ok(p, status_stored_delete(p->status, STORED_PRESET, "p/1", &p->err));
    add(p, STORED_PRESET, "p/1", NULL); // a new one of that name has none
    expect_tags(p, arns[1], "{}");
}

static const char *const no_arns[] = {
    "",
    "Default",
    "arn:aws:mediaconvert:us-east-1:111122223333:queues/None",
    "arn:aws:mediaconvert:us-east-1:111122223333:queues/",
    "arn:aws:mediaconvert:us-east-1:111122223333:things/Default",
    "arn:aws:mediaconvert:us-east-1:111122223333:/Default",
    "arn:aws:mediaconvert:us-east-1:999999999999:queues/Default",
    "arn:aws:mediaconvert:eu-west-1:111122223333:queues/Default",
};

static void arns_of_nothing(void **state)
{
    struct place *p = *state;
    const char *keys[] = {"a", NULL}, *found;
    for (size_t i = 0; i < COUNT(no_arns); i++) {
        refused(p, status_tags_get(p->status, no_arns[i], p->arena, &found, &p->err),
                ERROR_NOT_FOUND);
        refused(p, status_tags_add(p->status, no_arns[i], "{}", &p->err), ERROR_NOT_FOUND);
        refused(p, status_tags_remove(p->status, no_arns[i], keys, &p->err), ERROR_NOT_FOUND);
    }
}

/* --- values --- */

static void values(void **state)
{
    struct place *p = *state;
    const char *value;
    refused(p, status_value_get(p->status, "policy", p->arena, &value, &p->err), ERROR_NOT_FOUND);
    refused(p, status_value_delete(p->status, "policy", &p->err), ERROR_NOT_FOUND);
    ok(p, status_value_set(p->status, "policy", "1", &p->err));
    ok(p, status_value_set(p->status, "policy", "2", &p->err));
    ok(p, status_value_get(p->status, "policy", p->arena, &value, &p->err));
    assert_string_equal(value, "2");
    ok(p, status_value_delete(p->status, "policy", &p->err));
    refused(p, status_value_get(p->status, "policy", p->arena, &value, &p->err), ERROR_NOT_FOUND);
}

/* What lasts for ever, what goes after a day, what goes with its job. */
static void values_are_forgotten(void **state)
{
    struct place *p = *state;
    const int64_t day = 24 * 60 * (int64_t)MINUTE;
    const char *value, *share;
    const struct job_record *ended = submit(p, "Default", 0), *waiting = submit(p, "Default", 0);
    ok(p, status_job_cancel(p->status, ended->id, &p->err));
    ok(p, status_value_set(p->status, "policy", "1", &p->err));
    ok(p, status_value_set(p->status, "query:x", "q", &p->err));
    share = arena_printf(p->arena, "share:%s", ended->id);
    ok(p, status_value_set(p->status, share, "s", &p->err));
    const char *other = arena_printf(p->arena, "share:%s", waiting->id);
    ok(p, status_value_set(p->status, other, "s", &p->err));

    pass(day - MINUTE);
    ok(p, status_forget(p->status, 90 * day, &p->err));
    ok(p, status_value_get(p->status, "query:x", p->arena, &value, &p->err));
    pass(2 * MINUTE);
    ok(p, status_forget(p->status, 90 * day, &p->err));
    refused(p, status_value_get(p->status, "query:x", p->arena, &value, &p->err), ERROR_NOT_FOUND);
    ok(p, status_value_get(p->status, share, p->arena, &value, &p->err));

    pass(90 * day);
    assert_int_equal(status_forget(p->status, 90 * day, &p->err), 1);
    refused(p, status_value_get(p->status, share, p->arena, &value, &p->err), ERROR_NOT_FOUND);
    ok(p, status_value_get(p->status, other, p->arena, &value, &p->err));
    ok(p, status_value_get(p->status, "policy", p->arena, &value, &p->err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one),    TEST(pages),
        TEST(tags),   TEST(arns_of_nothing),
        TEST(values), TEST(values_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
