/* SPDX-License-Identifier: Apache-2.0 */
/* How a source lands in a picture: by cases worked out by hand, and what holds for all shapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "plan/plan.h"

struct source {
    int width, height;
    AVRational sar;
};

static const struct {
    struct plan_picture picture;
    struct source source;
    struct plan_mapping map;
} cases[] = {
    // bars, or none
    {{640, 360, {1, 1}}, {640, 360, {1, 1}}, {0, 0, 640, 360, 0, 0, 640, 360}},
    {{640, 360, {1, 1}}, {1920, 1080, {1, 1}}, {0, 0, 1920, 1080, 0, 0, 640, 360}},
    {{640, 360, {1, 1}}, {1920, 800, {1, 1}}, {0, 0, 1920, 800, 0, 46, 640, 266}},
    {{1280, 720, {1, 1}}, {360, 640, {1, 1}}, {0, 0, 360, 640, 436, 0, 406, 720}},
    {{1280, 720, {1, 1}}, {321, 181, {1, 1}}, {0, 0, 321, 181, 2, 0, 1276, 720}},
    {{1280, 720, {1, 1}}, {319, 179, {1, 1}}, {0, 0, 319, 179, 0, 0, 1280, 718}},
    {{32, 32, {1, 1}}, {1, 1, {1, 1}}, {0, 0, 1, 1, 0, 0, 32, 32}},
    // so flat that only chroma's two pixels are left
    {{640, 360, {1, 1}}, {10000, 2, {1, 1}}, {0, 0, 10000, 2, 0, 178, 640, 2}},
    {{640, 360, {1, 1}}, {2, 10000, {1, 1}}, {0, 0, 2, 10000, 318, 0, 2, 360}},
    // a pixel's rounding makes no bar
    {{640, 360, {1, 1}}, {1366, 768, {1, 1}}, {0, 0, 1366, 768, 0, 0, 640, 360}},
    // pixels that are no squares, of the source, of the picture, of both
    {{1280, 720, {1, 1}}, {720, 576, {16, 15}}, {0, 0, 720, 576, 160, 0, 960, 720}},
    {{1280, 720, {1, 1}}, {720, 576, {64, 45}}, {0, 0, 720, 576, 0, 0, 1280, 720}},
    {{1440, 1080, {4, 3}}, {1920, 1080, {1, 1}}, {0, 0, 1920, 1080, 0, 0, 1440, 1080}},
    {{640, 360, {16, 15}}, {720, 576, {16, 15}}, {0, 0, 720, 576, 94, 0, 450, 360}},
    {{720, 576, {64, 45}}, {640, 480, {1, 1}}, {0, 0, 640, 480, 90, 0, 540, 576}},
    // distorted
    {{640, 360, {1, 1}, .fit = FIT_STRETCH},
     {321, 999, {16, 15}},
     {0, 0, 321, 999, 0, 0, 640, 360}},
    // cut
    {{640, 360, {1, 1}, .fit = FIT_FILL}, {640, 360, {1, 1}}, {0, 0, 640, 360, 0, 0, 640, 360}},
    {{640, 360, {1, 1}, .fit = FIT_FILL}, {640, 480, {1, 1}}, {0, 60, 640, 360, 0, 0, 640, 360}},
    {{640, 360, {1, 1}, .fit = FIT_FILL}, {1920, 800, {1, 1}}, {248, 0, 1422, 800, 0, 0, 640, 360}},
    {{640, 360, {1, 1}, .fit = FIT_FILL}, {321, 181, {1, 1}}, {0, 0, 321, 180, 0, 0, 640, 360}},
    {{640, 360, {1, 1}, .fit = FIT_FILL}, {720, 576, {16, 15}}, {0, 72, 720, 432, 0, 0, 640, 360}},
    {{640, 360, {1, 1}, .fit = FIT_FILL}, {1, 1, {1, 1}}, {0, 0, 1, 1, 0, 0, 640, 360}},
    {{640, 360, {1, 1}, .fit = FIT_FILL}, {3, 999, {1, 1}}, {0, 498, 3, 2, 0, 0, 640, 360}},
};

static void expect_map(const struct plan_mapping *found, const struct plan_mapping *expected,
                       size_t row)
{
    if (memcmp(found, expected, sizeof(*found)))
        fail_msg("row %zu: %dx%d at %d,%d becomes %dx%d at %d,%d", row, found->source_width,
                 found->source_height, found->source_x, found->source_y, found->width,
                 found->height, found->x, found->y);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct source *source = &cases[i].source;
        struct plan_mapping map =
            plan_map(&cases[i].picture, source->width, source->height, source->sar);
        expect_map(&map, &cases[i].map, i);
    }
}

/* The shape on a screen. */
static double shape(int width, int height, AVRational sar)
{
    return (double)width / height * av_q2d(sar);
}

static void check_inside(const struct plan_picture *picture, const struct source *source,
                         const struct plan_mapping *map)
{
    assert_true(map->x >= 0 && map->width >= 2 && map->x + map->width <= picture->width);
    assert_true(map->y >= 0 && map->height >= 2 && map->y + map->height <= picture->height);
    assert_int_equal((map->x | map->y | map->width | map->height) & 1, 0);
    assert_true(map->source_x >= 0 && map->source_width >= 1);
    assert_true(map->source_y >= 0 && map->source_height >= 1);
    assert_true(map->source_x + map->source_width <= source->width);
    assert_true(map->source_y + map->source_height <= source->height);
    assert_int_equal((map->source_x | map->source_y) & 1, 0);
}

/* In the middle, to the pixel that chroma allows. */
static void check_centred(int before, int size, int all)
{
    int after = all - size - before;
    assert_true(after >= before && after - before <= 3);
}

/* The whole picture, in its shape as far as pairs of pixels can show it, along two of the edges. */
static void check_pad(const struct plan_picture *picture, const struct source *source,
                      const struct plan_mapping *map)
{
    assert_int_equal(map->source_width, source->width);
    assert_int_equal(map->source_height, source->height);
    assert_true(map->width == picture->width || map->height == picture->height);
    check_centred(map->x, map->width, picture->width);
    check_centred(map->y, map->height, picture->height);

    double wanted = shape(source->width, source->height, source->sar) / av_q2d(picture->sar);
    assert_true(fabs(map->height * wanted - map->width) <= 1.001 || map->width == 2 ||
                fabs(map->width / wanted - map->height) <= 1.001 || map->height == 2);
}

static void check_fill(const struct plan_picture *picture, const struct source *source,
                       const struct plan_mapping *map)
{
    assert_int_equal(map->width, picture->width);
    assert_int_equal(map->height, picture->height);
    assert_true(map->source_width == source->width || map->source_height == source->height);
    check_centred(map->source_x, map->source_width, source->width);
    check_centred(map->source_y, map->source_height, source->height);

    double wanted = shape(picture->width, picture->height, picture->sar) / av_q2d(source->sar);
    assert_true(
        fabs(map->source_height * wanted - map->source_width) <= 1.001 || map->source_width <= 2 ||
        fabs(map->source_width / wanted - map->source_height) <= 1.001 || map->source_height <= 2);
}

static void test_all_shapes(void **state)
{
    (void)state;
    static const int sizes[] = {1, 2, 3, 17, 64, 179, 320, 321, 480, 719, 720, 1080, 1921, 4096};
    static const AVRational sars[] = {{1, 1},   {16, 15}, {8, 9},         {64, 45},      {4, 3},
                                      {1, 100}, {99, 1},  {1, INT32_MAX}, {INT32_MAX, 1}};
    static const int outputs[][2] = {{32, 32}, {640, 360}, {1280, 720}, {360, 640}, {1080, 1080}};
    for (size_t p = 0; p < COUNT(outputs) * COUNT(sars); p++) {
        for (size_t s = 0; s < COUNT(sizes) * COUNT(sizes) * COUNT(sars); s++) {
            struct plan_picture picture = {outputs[p % COUNT(outputs)][0],
                                           outputs[p % COUNT(outputs)][1],
                                           sars[p / COUNT(outputs)]};
            struct source source = {sizes[s % COUNT(sizes)], sizes[s / COUNT(sizes) % COUNT(sizes)],
                                    sars[s / COUNT(sizes) / COUNT(sizes)]};
            for (picture.fit = FIT_PAD; picture.fit <= FIT_FILL; picture.fit++) {
                struct plan_mapping map =
                    plan_map(&picture, source.width, source.height, source.sar);
                check_inside(&picture, &source, &map);
                if (picture.fit == FIT_PAD)
                    check_pad(&picture, &source, &map);
                if (picture.fit == FIT_FILL)
                    check_fill(&picture, &source, &map);
            }
        }
    }
}

/* What is scaled from a larger picture begins inside that one's bars. */
static void test_child(void **state)
{
    (void)state;
    static const struct {
        struct source source;
        struct plan_mapping map;
    } rows[] = {
        {{1920, 1080, {1, 1}}, {0, 0, 1280, 720, 0, 0, 640, 360}},
        {{720, 576, {16, 15}}, {160, 0, 960, 720, 80, 0, 480, 360}},
        {{321, 181, {1, 1}}, {2, 0, 1276, 720, 0, 0, 638, 360}},
    };
    struct plan_picture pictures[] = {
        {1280, 720, {1, 1}, .parent = -1},
        {640, 360, {1, 1}, .parent = 0},
    };
    const struct plan plan = {.pictures = pictures, .pictures_count = COUNT(pictures)};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct source *source = &rows[i].source;
        struct plan_mapping map =
            plan_map_child(&plan, &pictures[1], source->width, source->height, source->sar);
        expect_map(&map, &rows[i].map, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_all_shapes),
        cmocka_unit_test(test_child),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
