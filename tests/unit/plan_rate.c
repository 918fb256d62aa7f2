/* SPDX-License-Identifier: Apache-2.0 */
/* Times of a container, and the three steps to the frame rate that INITIALIZE_FROM_SOURCE means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "plan/probe.h"

static void expect_rate(AVRational found, AVRational expected, size_t row)
{
    if (found.num != expected.num || found.den != expected.den)
        fail_msg("row %zu: %d/%d, not %d/%d", row, found.num, found.den, expected.num,
                 expected.den);
}

static void test_time(void **state)
{
    (void)state;
    enum { YEAR = 366 * 86400 };
    static const struct {
        int64_t time;
        AVRational base;
        int64_t us;
    } rows[] = {
        {0, {1, 90000}, 0},
        {90000, {1, 90000}, 1000000},
        {-45000, {1, 90000}, -500000},
        {1001, {1, 30000}, 33367},
        {99 * (int64_t)YEAR, {1, 1}, 99 * (int64_t)YEAR * 1000000},
        {AV_NOPTS_VALUE, {1, 90000}, AV_NOPTS_VALUE},
        {101 * (int64_t)YEAR, {1, 1}, AV_NOPTS_VALUE},
        {-101 * (int64_t)YEAR, {1, 1}, AV_NOPTS_VALUE},
        {INT64_MAX, {1, 1000000}, AV_NOPTS_VALUE},
        {INT64_MAX, {1, 1}, AV_NOPTS_VALUE},
        {INT64_MIN + 1, {INT32_MAX, 1}, AV_NOPTS_VALUE},
        {INT64_MAX, {1, INT32_MAX}, AV_NOPTS_VALUE},
        {7, {0, 1}, AV_NOPTS_VALUE},
        {7, {1, 0}, AV_NOPTS_VALUE},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        if (probe_time(rows[i].time, rows[i].base) != rows[i].us)
            fail_msg("row %zu: %lld", i, (long long)probe_time(rows[i].time, rows[i].base));
}

static void test_declared(void **state)
{
    (void)state;
    static const struct {
        AVRational average, real, declared;
    } rows[] = {
        {{25, 1}, {50, 1}, {25, 1}},
        {{30000, 1001}, {0, 0}, {30000, 1001}},
        {{120, 1}, {0, 0}, {120, 1}},
        {{1, 1}, {0, 0}, {1, 1}},
        // nobody films like that
        {{121, 1}, {60, 1}, {60, 1}},
        {{90000, 1}, {90000, 1}, {0, 1}},
        {{1, 2}, {24, 1}, {24, 1}},
        {{0, 0}, {24000, 1001}, {24000, 1001}},
        {{0, 1}, {0, 1}, {0, 1}},
        {{-25, 1}, {25, -1}, {0, 1}},
        {{25, 0}, {INT32_MAX, 1}, {0, 1}},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        AVStream stream = {.avg_frame_rate = rows[i].average, .r_frame_rate = rows[i].real};
        expect_rate(probe_declared_rate(&stream), rows[i].declared, i);
    }
}

enum { MANY = 300 };

static const struct {
    int64_t times[12]; /* -1 ends */
    AVRational rate;
} measured[] = {
    // nothing to go by
    {{-1}, {25, 1}},
    {{7, -1}, {25, 1}},
    {{7, 7, 7, -1}, {25, 1}},
    {{0, 40000, -1}, {25, 1}},
    {{0, 20000, 40000, 60000, -1}, {50, 1}},
    {{9000000, 9100000, 9200000, -1}, {10, 1}},
    // as B-frames come, and some twice
    {{0, 160000, 80000, 40000, 120000, 80000, 160000, -1}, {25, 1}},
    // the median does not mind a gap, nor a short one
    {{0, 40000, 80000, 1000000, 1040000, 1080000, -1}, {25, 1}},
    {{0, 40000, 80000, 80001, 120000, 160000, -1}, {25, 1}},
    // bounds
    {{0, 1, 2, 3, -1}, {120, 1}},
    {{0, 5000000, 10000000, -1}, {1, 1}},
};

static void test_measured(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(measured); i++) {
        int64_t times[COUNT(measured[i].times)];
        memcpy(times, measured[i].times, sizeof(times));
        int count = 0;
        while (times[count] >= 0)
            count++;
        expect_rate(probe_measured_rate(times, count), measured[i].rate, i);
    }
}

/* Microseconds are no whole fraction of most rates: the third step mends that. */
static void test_measured_then_standard(void **state)
{
    (void)state;
    static const AVRational rates[] = {{24000, 1001}, {24, 1}, {30000, 1001}, {30, 1},
                                       {60000, 1001}, {60, 1}, {120, 1},      {12, 1}};
    for (size_t i = 0; i < COUNT(rates); i++) {
        int64_t times[MANY];
        for (int k = 0; k < MANY; k++)
            times[k] = av_rescale_q(k, av_inv_q(rates[i]), AV_TIME_BASE_Q);
        expect_rate(probe_standard_rate(probe_measured_rate(times, MANY)), rates[i], i);
    }
}

/* Timestamps are as hostile as the file is. */
static void test_measured_extremes(void **state)
{
    (void)state;
    int64_t times[] = {INT64_MIN, INT64_MAX, INT64_MIN + 1, INT64_MAX - 1};
    AVRational rate = probe_measured_rate(times, (int)COUNT(times));
    assert_true(av_cmp_q(rate, (AVRational){1, 1}) >= 0 &&
                av_cmp_q(rate, (AVRational){120, 1}) <= 0);
}

static void test_standard(void **state)
{
    (void)state;
    static const struct {
        AVRational rate, standard;
    } rows[] = {
        {{25, 1}, {25, 1}},
        {{50, 2}, {25, 1}},
        {{24, 1}, {24, 1}},
        {{24000, 1001}, {24000, 1001}},
        {{2398, 100}, {24000, 1001}},
        {{2997003, 100000}, {30000, 1001}},
        {{1000000, 33333}, {30, 1}},
        {{5950, 100}, {60000, 1001}},
        {{1195, 10}, {120000, 1001}},
        {{1499, 100}, {15000, 1001}},
        {{INT32_MAX, 89478485}, {24, 1}},
        // within 1 %, or not
        {{2476, 100}, {25, 1}},
        {{2474, 100}, {1237, 50}},
        {{2425, 100}, {97, 4}},
        {{1080, 59}, {1080, 59}},
        {{90, 1}, {90, 1}},
        {{1, 1}, {1, 1}},
        {{0, 1}, {0, 1}},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        expect_rate(probe_standard_rate(rows[i].rate), rows[i].standard, i);
}

/* A container's fraction may have parts with which a time base would overflow. */
static void test_standard_parts(void **state)
{
    (void)state;
    static const AVRational rows[] = {
        {123456789, 6789012}, {INT32_MAX, INT32_MAX - 1}, {INT32_MAX, 30000000}, {1, INT32_MAX}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        AVRational rate = probe_standard_rate(rows[i]);
        assert_true(rate.num <= 1001000 && rate.den <= 1001000);
        assert_true(fabs(av_q2d(rate) - av_q2d(rows[i])) < 1e-6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_declared),
        cmocka_unit_test(test_measured),
        cmocka_unit_test(test_measured_then_standard),
        cmocka_unit_test(test_measured_extremes),
        cmocka_unit_test(test_standard),
        cmocka_unit_test(test_standard_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
