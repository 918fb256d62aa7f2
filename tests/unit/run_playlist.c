/* SPDX-License-Identifier: Apache-2.0 */
/* BANDWIDTH: "the largest bit rate of any contiguous set of segments whose total duration is
 * between 0.5 and 1.5 times the target duration" (RFC 8216, 4.1 and 4.3.4.2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "base/macros.h"
#include "run/playlist.h"

static const struct {
    const char *what;
    double target;
    struct {
        double seconds;
        int64_t bytes;
    } segments[6];
    double peak;
} cases[] = {
    {"no segments", 6, {{0}}, 0},
    {"one", 6, {{6, 750000}}, 1000000},
    {"the largest", 6, {{6, 750000}, {6, 1500000}, {6, 900000}}, 2000000},
    {"a short last one", 6, {{6, 750000}, {2, 750000}}, 1500000},
    {"a last one of half a target", 6, {{6, 750000}, {3, 750000}}, 2000000},
    {"a last one of almost half", 6, {{6, 750000}, {2.999, 750000}}, 12e6 / 8.999},
    {"a cheap short last one", 6, {{6, 750000}, {2, 1000}}, 1000000},
    {"one and a half", 6, {{2.5, 500000}, {6.5, 700000}}, 1200000 * 8 / 9.0},
    {"more than one and a half", 6, {{2.5, 500000}, {6.501, 700000}}, 700000 * 8 / 6.501},
    {"short ones together", 6, {{2, 100000}, {2, 100000}, {2, 700000}, {2, 700000}}, 2800000},
    {"short ones, of which two are enough",
     6,
     {{1.5, 10000}, {1.5, 10000}, {1.5, 400000}, {1.5, 10000}},
     410000 * 8 / 3.0},
    {"only the last two", 6, {{6, 10000}, {2, 300000}, {1, 300000}}, 600000 * 8 / 3.0},
    {"nothing but a short one", 6, {{2, 500000}}, 2000000},
    {"nothing but short ones", 6, {{1, 500000}, {1, 250000}}, 3000000},
    {"nothing but a long one", 6, {{10, 1250000}}, 1000000},
    {"a long one among others", 6, {{10, 12500000}, {6, 750000}}, 1000000},
    {"no time", 6, {{0, 1000}}, 0},
    {"no bytes", 6, {{6, 0}, {6, 0}}, 0},
    {"rounded to microseconds", 6, {{6.006, 750750}, {6.006, 750750}}, 1000000},
    {"another target", 2, {{2, 250000}, {1, 250000}, {0.9, 450000}}, 700000 * 8 / 1.9},
};

static void test_peak(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct segment segments[COUNT(cases[i].segments)] = {0};
        struct rendition rendition = {.segments = segments};
        while (rendition.count < (int)COUNT(segments)) {
            double seconds = cases[i].segments[rendition.count].seconds;
            int64_t bytes = cases[i].segments[rendition.count].bytes;
            if (!seconds && !bytes)
                break;
            segments[rendition.count++] =
                (struct segment){.duration_us = llround(seconds * 1e6), .bytes = bytes};
        }
        double peak = playlist_peak_bandwidth(&rendition, cases[i].target);
        if (fabs(peak - cases[i].peak) > 1)
            fail_msg("%s: %.0f, not %.0f", cases[i].what, peak, cases[i].peak);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
