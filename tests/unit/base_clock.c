/* SPDX-License-Identifier: Apache-2.0 */
/* Time written as names need it, and stopped as reproducible builds do it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"

static void test_format(void **state)
{
    (void)state;
    static const struct {
        int64_t us;
        const char *fmt, *expected;
    } rows[] = {
        {0, "%Y%m%dT%H%M%S", "19700101T000000"},
        {1591284328999999, "%Y%m%dT%H%M%S", "20200604T152528"},
        {-1, "%Y-%m-%d %H:%M:%S", "1969-12-31 23:59:59"},
        {-1000000, "%H:%M:%S", "23:59:59"},
        {0, "", ""},
        {0, "%A %A %A %A %A %A %A %A %A %A %A %A", ""}, // longer than the buffer
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[64];
        assert_string_equal(clock_format(rows[i].us, rows[i].fmt, out), rows[i].expected);
    }
}

static void test_format_ms(void **state)
{
    (void)state;
    char out[64];
    assert_string_equal(clock_format_ms(1591284328045999, out), "2020-06-04T15:25:28.045");
    assert_string_equal(clock_format_ms(0, out), "1970-01-01T00:00:00.000");
}

static void test_stopped(void **state)
{
    (void)state;
    static const struct {
        const char *epoch;
        int64_t us; /* -1: it runs on */
    } rows[] = {
        {"0", 0},   {"1591284328", 1591284328000000}, {"", -1}, {"now", -1}, {"12x", -1},
        {"-5", -1}, {"99999999999999999999", -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        setenv("SOURCE_DATE_EPOCH", rows[i].epoch, 1);
        if (rows[i].us >= 0)
            assert_true(clock_wall_us() == rows[i].us);
        else
            assert_true(clock_wall_us() > 1600000000000000);
    }
    unsetenv("SOURCE_DATE_EPOCH");
    assert_true(clock_wall_us() > 1600000000000000);
}

static void test_monotonic(void **state)
{
    (void)state;
    int64_t last = clock_monotonic_us();
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_monotonic_us();
        assert_true(now >= last);
        last = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_format_ms),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_monotonic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
