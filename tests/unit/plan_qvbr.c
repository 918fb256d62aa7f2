/* SPDX-License-Identifier: Apache-2.0 */
/* QVBR levels as CRF: the table of docs/performance.md, and what is chosen where none is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "plan/build.h"

static void expect(double found, double expected, double tolerance, size_t row)
{
    if (fabs(found - expected) > tolerance)
        fail_msg("row %zu: %g, not %g", row, found, expected);
}

static void test_crf(void **state)
{
    (void)state;
    static const struct {
        double level;
        int height;
        double crf;
    } rows[] = {
        // as measured, at 720
        {10, 720, 16},
        {9.67, 720, 17.2},
        {9.33, 720, 18.3},
        {9, 720, 19.5},
        {8.67, 720, 20.5},
        {8.33, 720, 21.5},
        {8, 720, 22.5},
        {7.67, 720, 23.4},
        {7.33, 720, 24.3},
        {7, 720, 25.25},
        {6.67, 720, 26.2},
        {6.33, 720, 27.1},
        {6, 720, 28},
        {5, 720, 31},
        {4, 720, 34},
        {3, 720, 37},
        {2, 720, 40},
        {1, 720, 43},
        // between
        {7.5, 720, 23.85},
        {5.5, 720, 29.5},
        {9.5, 720, 17.75},
        // other heights
        {7, 360, 24.05},
        {7, 540, 24.65},
        {7, 450, 24.35},
        {7, 630, 24.95},
        {8, 1080, 24},
        {8, 900, 23.25},
        // beyond both tables
        {7, 180, 24.05},
        {8, 2160, 24},
        {11, 720, 16},
        {0, 720, 43},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        expect(qvbr_crf(rows[i].level, rows[i].height), rows[i].crf, 1e-9, i);
}

/* A higher level is always finer; a larger picture is never finer at the same level. */
static void test_crf_falls(void **state)
{
    (void)state;
    for (int height = 100; height < 2200; height += 20) {
        for (double level = 1; level < 10; level += 0.05) {
            assert_true(qvbr_crf(level + 0.05, height) < qvbr_crf(level, height));
            assert_true(qvbr_crf(level, height + 20) >= qvbr_crf(level, height));
        }
    }
}

static void test_given_level(void **state)
{
    (void)state;
    static const struct {
        int level;
        double fine_tune, found;
    } rows[] = {
        {1, 0, 1},
        {7, 0, 7},
        {10, 0, 10},
        {7, 0.33, 7 + 1.0 / 3},
        {7, 0.66, 7 + 2.0 / 3},
        {7, 0.67, 7 + 2.0 / 3},
        {7, 0.1, 7},
        {7, 0.2, 7 + 1.0 / 3},
        {7, 0.99, 8},
        {10, 0.67, 10},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct h264_qvbr_settings qvbr = {.QvbrQualityLevel = rows[i].level,
                                          .has_QvbrQualityLevel = true,
                                          .QvbrQualityLevelFineTune = rows[i].fine_tune};
        struct h264_settings h264 = {.QvbrSettings = &qvbr, .MaxBitrate = 1000};
        expect(qvbr_level(&h264, 1280, 720, (AVRational){30, 1}), rows[i].found, 1e-9, i);
    }
}

/* As seen: libx264's vstats of an uncapped encode at CRF 22.5, without its I frames. */
static void test_qp(void **state)
{
    (void)state;
    static const struct {
        AVRational frame_rate;
        double qcomp, qp;
    } rows[] = {
        {{24, 1}, 0.6, 28},  {{25, 1}, 0.6, 28},  {{30000, 1001}, 0.6, 29},
        {{30, 1}, 0.6, 29},  {{60, 1}, 0.6, 31},  {{24, 1}, 0.55, 28},
        {{25, 1}, 0.55, 29}, {{30, 1}, 0.55, 29}, {{60, 1}, 0.55, 32},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        expect(round(qvbr_qp(22.5, rows[i].qcomp, rows[i].frame_rate)), rows[i].qp, 0, i);
}

static void test_attained(void **state)
{
    (void)state;
    static const struct {
        double level;
        int height;
        double excess, attained;
    } rows[] = {
        {8, 720, 0, 8},     {8, 720, -3, 8},    {8, 720, 2.75, 7},
        {8, 720, 5.5, 6},   {7, 720, 5.75, 5},  {7, 360, 5.75, 5},
        {9, 1080, 5.75, 7}, {5, 720, 1.5, 4.5}, {5, 720, 30, 1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct plan_picture picture = {.height = rows[i].height};
        struct plan plan = {.pictures = &picture};
        struct plan_video video = {.qvbr = {.level = rows[i].level,
                                            .crf = qvbr_crf(rows[i].level, rows[i].height),
                                            .qp = 28}};
        expect(plan_qvbr_attained(&plan, &video, 28 + rows[i].excess), rows[i].attained, 1e-6, i);
    }
}

static void test_automatic_level(void **state)
{
    (void)state;
    static const struct {
        int width, height;
        AVRational frame_rate;
        int64_t max_bitrate;
        double level;
    } rows[] = {
        // the tutorial's rungs
        {640, 360, {30, 1}, 1200000, 7},
        {960, 540, {30, 1}, 3500000, 7},
        {1280, 720, {30, 1}, 5000000, 8},
        // as high as the size deserves
        {640, 360, {30, 1}, 100000000, 7},
        {1278, 718, {30, 1}, 100000000, 7},
        {1280, 718, {30, 1}, 100000000, 7},
        {1280, 720, {30, 1}, 100000000, 8},
        {1920, 1080, {30, 1}, 100000000, 9},
        {3840, 2160, {30, 1}, 100000000, 9},
        // down by thirds: 1.15 · 1357k · 1.42 = 2216k is what level 8 needs at 720
        {1280, 720, {30, 1}, 2217000, 8},
        {1280, 720, {30, 1}, 2215000, 8 - 1.0 / 3},
        {1280, 720, {30, 1}, 1800000, 8 - 2.0 / 3},
        {1280, 720, {30, 1}, 1600000, 7},
        // no further than 5
        {1280, 720, {30, 1}, 100000, 5},
        {1920, 1080, {30, 1}, 1000, 5},
        {640, 360, {30, 1}, 0, 5},
        // more frames take more
        {1280, 720, {60, 1}, 3000000, 8 - 2.0 / 3},
        {1280, 720, {24, 1}, 2000000, 8},
    };
    struct h264_qvbr_settings none = {0};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct h264_settings h264 = {.MaxBitrate = rows[i].max_bitrate,
                                     .QvbrSettings = i % 2 ? &none : NULL};
        expect(qvbr_level(&h264, rows[i].width, rows[i].height, rows[i].frame_rate), rows[i].level,
               1e-9, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crf),         cmocka_unit_test(test_crf_falls),
        cmocka_unit_test(test_given_level), cmocka_unit_test(test_qp),
        cmocka_unit_test(test_attained),    cmocka_unit_test(test_automatic_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
