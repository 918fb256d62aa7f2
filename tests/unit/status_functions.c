/* SPDX-License-Identifier: Apache-2.0 */
#include "status/functions.h"

#include "status_place.h"

static const struct function_record whole = {
    .name = "f",
    .runtime = "python3.9",
    .handler = "a.b",
    .role = "arn:aws:iam::111122223333:role/r",
    .description = "d",
    .timeout_s = 120,
    .memory_mib = 256,
    .reserved = 5,
    .environment = "{\"A\":\"b\"}",
    .rest = "{\"r\":1}",
    .tags = "{\"t\":\"u\"}",
    .code_sha256 = "sha",
    .code_size = 1234567890123,
};

static struct function_record *add(struct place *p, const struct function_record *record)
{
    struct function_record *made = NULL;
    ok(p, status_function_create(p->status, record, p->arena, &made, &p->err));
    return made;
}

static void expect_same(const struct function_record *a, const struct function_record *b)
{
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->runtime, b->runtime);
    assert_string_equal(a->handler, b->handler);
    assert_string_equal(a->role, b->role);
    assert_string_equal(a->description, b->description);
    assert_int_equal(a->timeout_s, b->timeout_s);
    assert_int_equal(a->memory_mib, b->memory_mib);
    assert_int_equal(a->reserved, b->reserved);
    assert_string_equal(a->environment, b->environment);
    assert_string_equal(a->rest, b->rest);
    assert_string_equal(a->tags, b->tags);
    assert_string_equal(a->code_sha256, b->code_sha256);
    assert_int_equal(a->code_size, b->code_size);
}

static void lasts(void **state)
{
    struct place *p = *state;
    struct function_record *made = add(p, &whole), *found;
    expect_same(made, &whole);
    assert_int_equal(made->created_us, clock_us);
    assert_int_equal(strlen(made->revision), 36);
    status_close(&p->status);
    ok(p, place_open(p));
    ok(p, status_function_get(p->status, "f", p->arena, &found, &p->err));
    expect_same(found, &whole);
    assert_string_equal(found->revision, made->revision);
}

static void what_is_not_said(void **state)
{
    struct place *p = *state;
    struct function_record least = {
        .name = "g", .runtime = "provided", .handler = "h", .code_sha256 = "s"};
    struct function_record *made = add(p, &least);
    assert_string_equal(made->role, "");
    assert_string_equal(made->description, "");
    assert_string_equal(made->environment, "{}");
    assert_string_equal(made->rest, "{}");
    assert_string_equal(made->tags, "{}");
}

static void once(void **state)
{
    struct place *p = *state;
    struct function_record *record;
    add(p, &whole);
    refused(p, status_function_create(p->status, &whole, p->arena, &record, &p->err),
            ERROR_CONFLICT);
    ok(p, status_function_delete(p->status, "f", &p->err));
    refused(p, status_function_delete(p->status, "f", &p->err), ERROR_NOT_FOUND);
    refused(p, status_function_get(p->status, "f", p->arena, &record, &p->err), ERROR_NOT_FOUND);
    refused(p, status_function_update(p->status, &whole, p->arena, &record, &p->err),
            ERROR_NOT_FOUND);
    add(p, &whole);
}

static void updated(void **state)
{
    struct place *p = *state;
    struct function_record *first = add(p, &whole), *second, *third;
    struct function_record change = {.name = "f",
                                     .timeout_s = 7,
                                     .memory_mib = 128,
                                     .reserved = FUNCTION_NO_LIMIT,
                                     .description = "another",
                                     .code_size = 5};
    pass(SECOND);
    ok(p, status_function_update(p->status, &change, p->arena, &second, &p->err));
    struct function_record expected = whole;
    expected.timeout_s = 7;
    expected.memory_mib = 128;
    expected.reserved = FUNCTION_NO_LIMIT;
    expected.description = "another";
    expected.code_size = 5;
    expect_same(second, &expected);
    assert_string_not_equal(first->revision, second->revision);
    assert_int_equal(second->created_us, first->created_us);
    assert_int_equal(second->modified_us, first->created_us + SECOND);

    change.revision = first->revision;
    refused(p, status_function_update(p->status, &change, p->arena, &third, &p->err),
            ERROR_CONFLICT);
    change.revision = second->revision;
    ok(p, status_function_update(p->status, &change, p->arena, &third, &p->err));
}

static void pages(void **state)
{
    struct place *p = *state;
    static const char *const names[] = {"c", "a", "e", "b", "d"};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct function_record record = whole;
        record.name = names[i];
        add(p, &record);
    }
    for (int max = 1; max <= 6; max++) {
        char found[32] = "";
        struct page page = {.max = max};
        do {
            struct function_record **records;
            int count;
            ok(p, status_function_list(p->status, &page, p->arena, &records, &count, &page.token,
                                       &p->err));
            assert_true(count <= max);
            for (int i = 0; i < count; i++)
                strncat(found, records[i]->name, 2);
        } while (page.token);
        assert_string_equal(found, "abcde");
    }
    struct page wrong = {.max = 1, .token = "00"};
    struct function_record **records;
    int count;
    const char *next_page;
    refused(
        p, status_function_list(p->status, &wrong, p->arena, &records, &count, &next_page, &p->err),
        ERROR_BAD_REQUEST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lasts), TEST(what_is_not_said), TEST(once), TEST(updated), TEST(pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
