/* SPDX-License-Identifier: Apache-2.0 */
/* Events for functions: on record until they are over. */
#include "status/invocations.h"

#include "status_place.h"

static void add(struct place *p, const char *function, const char *context)
{
    const struct invocation_record event = {
        .function = function, .payload = "{\"a\":1}", .client_context = context};
    ok(p, status_invocation_add(p->status, &event, &p->err));
}

/* The next one, or NULL; *ret_due_us as the call says. */
static struct invocation_record *take(struct place *p, int64_t *ret_due_us)
{
    struct invocation_record *record;
    ok(p, status_invocation_take(p->status, p->arena, &record, ret_due_us, &p->err));
    return record;
}

static void test_order(void **state)
{
    struct place *p = *state;
    int64_t due_us;
    assert_null(take(p, &due_us));
    assert_int_equal(due_us, 0);
    add(p, "first", NULL);
    add(p, "second", "{}");
    struct invocation_record *first = take(p, &due_us), *second = take(p, &due_us);
    assert_string_equal(first->function, "first");
    assert_string_equal(first->payload, "{\"a\":1}");
    assert_null(first->client_context);
    assert_int_equal(first->created_us, start_us);
    assert_string_equal(second->function, "second");
    assert_string_equal(second->client_context, "{}");
    assert_null(take(p, &due_us)); // both are under way
    assert_int_equal(due_us, 0);
    ok(p, status_invocation_forget(p->status, first->number, &p->err));
    ok(p, status_invocations_recover(p->status, &p->err));
    assert_int_equal(take(p, &due_us)->number, second->number);
}

static void test_again(void **state)
{
    struct place *p = *state;
    int64_t due_us;
    add(p, "f", NULL);
    struct invocation_record *record = take(p, &due_us);
    record->errors = 2;
    record->throttles = 3;
    ok(p, status_invocation_again(p->status, record, start_us + MINUTE, &p->err));
    add(p, "later", NULL);
    assert_string_equal(take(p, &due_us)->function, "later"); // that one is due
    assert_null(take(p, &due_us));
    assert_int_equal(due_us, start_us + MINUTE);
    pass(MINUTE);
    struct invocation_record *again = take(p, &due_us);
    assert_int_equal(again->number, record->number);
    assert_int_equal(again->errors, 2);
    assert_int_equal(again->throttles, 3);
    assert_int_equal(again->created_us, start_us);
}

/* Those of a megabyte each: not ten thousand of them. */
static void test_bytes(void **state)
{
    enum { SIZE = 1 << 20 };
    struct place *p = *state;
    char *payload = malloc(SIZE + 1);
    memset(payload, ' ', SIZE);
    payload[SIZE] = '\0';
    struct invocation_record event = {
        .function = "f", .payload = payload, .trace_id = "Root=1-2-3"};
    for (int64_t bytes = 0; bytes < INVOCATIONS_BYTES_MAX; bytes += SIZE)
        ok(p, status_invocation_add(p->status, &event, &p->err));
    event.payload = "1";
    assert_int_equal(status_invocation_add(p->status, &event, &p->err), -1);
    assert_int_equal(p->err.kind, ERROR_THROTTLED);
    assert_string_equal(p->err.frame[0], "events of 256 MiB wait already");
    int64_t due_us;
    struct invocation_record *first = take(p, &due_us);
    assert_string_equal(first->trace_id, "Root=1-2-3");
    ok(p, status_invocation_forget(p->status, first->number, &p->err));
    ok(p, status_invocation_add(p->status, &event, &p->err));
    free(payload);
}

/* What was under way when the process ended is due at the next start. */
static void test_it_lasts(void **state)
{
    struct place *p = *state;
    int64_t due_us;
    add(p, "f", NULL);
    assert_non_null(take(p, &due_us));
    status_close(&p->status);
    ok(p, place_open(p));
    assert_null(take(p, &due_us));
    ok(p, status_invocations_recover(p->status, &p->err));
    assert_string_equal(take(p, &due_us)->function, "f");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_order),
        TEST(test_again),
        TEST(test_bytes),
        TEST(test_it_lasts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
