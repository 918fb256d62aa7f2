/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that end as they should, and those that do not. */
#include "http/child.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

static void test_ends(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        int result, status;
        const char *output;
    } rows[] = {
        {"echo a", 0, 0, "a\n"},
        {"printf b; exit 3", 0, 3, "b"},
        {"kill -9 $$", 0, 128 + 9, ""},
        {"exec >&-; sleep 0.2; exit 4", 0, 4, ""},
        {"sleep 30", -1, 0, ""},
        {"exec >&-; sleep 30", -1, 0, ""}, /* says that it is done, and is not */
        {"while :; do echo much; done", -1, 0, NULL},
    };
    const struct child_limits limits = {.timeout_us = 1000000, .output_max = 1000, .cpu_s = 10};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *const words[] = {"/bin/sh", "-c", rows[i].script, NULL};
        CLEANUP(text_release) struct text output = {0};
        struct cancel never = {0};
        struct error err;
        int status = -1;
        int64_t start = clock_monotonic_us();
        assert_int_equal(child_run(words, &limits, &never, &output, &status, &err), rows[i].result);
        assert_true(clock_monotonic_us() - start < 5000000);
        if (rows[i].result == 0)
            assert_int_equal(status, rows[i].status);
        if (rows[i].output)
            assert_string_equal(output.data ? output.data : "", rows[i].output);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
