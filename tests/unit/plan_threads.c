/* SPDX-License-Identifier: Apache-2.0 */
/* How many threads each encoder gets of so many cores. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan/build.h"

enum { VIDEOS = 4 };

struct wanted {
    int height;
    bool capped;
};

static void share(int cores, const struct wanted wanted[VIDEOS], int count, int ret[VIDEOS])
{
    struct plan_picture pictures[VIDEOS];
    struct plan_video videos[VIDEOS];
    struct plan plan = {.pictures = pictures, .videos = videos, .videos_count = count};
    struct plan_options options = {.threads = cores};
    for (int i = 0; i < count; i++) {
        int height = wanted[i].height;
        pictures[i] = (struct plan_picture){.width = height / 9 * 16, .height = height};
        videos[i] = (struct plan_video){.picture = i, .max_bitrate = wanted[i].capped};
    }
    plan_share_threads(&(struct build){.options = &options, .plan = &plan});
    for (int i = 0; i < count; i++)
        ret[i] = videos[i].threads;
}

static void test_alike(void **state)
{
    (void)state;
    static const struct {
        int cores, encoders, height, threads;
    } rows[] = {
        {1, 1, 360, 1},    {1, 1, 1080, 1},  {1, 4, 360, 1},    {1, 4, 1080, 1}, {2, 1, 360, 3},
        {2, 1, 1080, 3},   {2, 4, 360, 1},   {2, 4, 1080, 1},   {4, 4, 1080, 1}, {5, 4, 1080, 2},
        {8, 1, 360, 5},    {8, 1, 1080, 12}, {8, 4, 360, 3},    {8, 4, 1080, 3}, {64, 1, 360, 5},
        {64, 1, 1080, 16}, {64, 4, 360, 5},  {64, 4, 1080, 16}, {64, 1, 54, 1},
    };
    for (size_t i = 0; i < COUNT(rows) * 2; i++) {
        bool capped = i % 2;
        struct wanted wanted[VIDEOS];
        int threads[VIDEOS], expected = capped ? 1 : rows[i / 2].threads;
        for (int k = 0; k < VIDEOS; k++)
            wanted[k] = (struct wanted){rows[i / 2].height, capped};
        share(rows[i / 2].cores, wanted, rows[i / 2].encoders, threads);
        for (int k = 0; k < rows[i / 2].encoders; k++)
            if (threads[k] != expected)
                fail_msg("row %zu: %d, not %d", i / 2, threads[k], expected);
    }
}

/* By their pixels; a capped one has its share, too, though it uses one thread of it. */
static void test_ladder(void **state)
{
    (void)state;
    static const struct {
        int capped, threads[3];
    } rows[] = {{-1, {8, 3, 1}}, {0, {1, 3, 1}}, {1, {8, 1, 1}}, {2, {8, 3, 1}}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct wanted wanted[VIDEOS] = {{1080, false}, {720, false}, {360, false}};
        int threads[VIDEOS];
        if (rows[i].capped >= 0)
            wanted[rows[i].capped].capped = true;
        share(8, wanted, 3, threads);
        for (int k = 0; k < 3; k++)
            if (threads[k] != rows[i].threads[k])
                fail_msg("row %zu: video %d has %d", i, k, threads[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alike),
        cmocka_unit_test(test_ladder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
