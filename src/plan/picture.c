/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/build.h"

#include <math.h>

enum { LEAST = 32, MOST = 8192 }; /* of Width and Height, be they given or follow from the input */

/* A distance in pixels as the nearest even one, at least 2: chroma has half the size. */
static int even(double pixels)
{
    int value = (int)lround(fmin(pixels, 1e6) / 2) * 2;
    return value < 2 ? 2 : value;
}

/* The shape of the whole picture on a screen, in units of the output's pixels. */
static double shape_in_pixels(int width, int height, AVRational source_sar, AVRational sar)
{
    return (double)width / height * av_q2d(source_sar) / av_q2d(sar);
}

/* The largest rectangle of this shape in width x height. */
static void inscribe(double shape, int width, int height, int *ret_width, int *ret_height)
{
    int w = even(height * shape), h = even(width / shape);
    *ret_width = w <= width ? w : width;
    *ret_height = w <= width ? height : h <= height ? h : height;
}

struct plan_mapping plan_map(const struct plan_picture *picture, int width, int height,
                             AVRational sar)
{
    double shape = shape_in_pixels(width, height, sar, picture->sar);
    struct plan_mapping map = {.source_width = width,
                               .source_height = height,
                               .width = picture->width,
                               .height = picture->height};
    switch (picture->fit) {
    case FIT_STRETCH:
        break;
    case FIT_PAD:
        inscribe(shape, picture->width, picture->height, &map.width, &map.height);
        map.x = (picture->width - map.width) / 4 * 2;
        map.y = (picture->height - map.height) / 4 * 2;
        break;
    case FIT_FILL: {
        /* The part of the source that has the picture's shape. */
        double wanted = (double)picture->width / picture->height;
        if (shape > wanted)
            map.source_width = even(width * wanted / shape);
        else
            map.source_height = even(height * shape / wanted);
        if (map.source_width > width)
            map.source_width = width;
        if (map.source_height > height)
            map.source_height = height;
        map.source_x = (width - map.source_width) / 4 * 2;
        map.source_y = (height - map.source_height) / 4 * 2;
        break;
    }
    }
    return map;
}

struct plan_mapping plan_map_child(const struct plan *plan, const struct plan_picture *child,
                                   int width, int height, AVRational sar)
{
    struct plan_mapping from = plan_map(&plan->pictures[child->parent], width, height, sar);
    struct plan_mapping map = plan_map(child, width, height, sar);
    map.source_x = from.x;
    map.source_y = from.y;
    map.source_width = from.width;
    map.source_height = from.height;
    return map;
}

/* Width and Height: both, one (the other follows the picture's shape) or none (the input's). */
static void decide_size(const struct plan_source *source, const struct video_description *video,
                        AVRational sar, int *ret_width, int *ret_height)
{
    double shape = shape_in_pixels(source->width, source->height, source->sar, sar);
    if (video->has_Width && video->has_Height) {
        *ret_width = (int)video->Width;
        *ret_height = (int)video->Height;
    } else if (video->has_Width) {
        *ret_width = (int)video->Width;
        *ret_height = even((double)video->Width / shape);
    } else if (video->has_Height) {
        *ret_width = even((double)video->Height * shape);
        *ret_height = (int)video->Height;
    } else {
        *ret_width = source->width;
        *ret_height = source->height;
    }
}

static void decide_fit(const struct plan_source *source, const struct video_description *video,
                       struct plan_picture *picture)
{
    picture->fit = FIT_PAD;
    if (video->ScalingBehavior == SCALING_BEHAVIOR_STRETCH_TO_OUTPUT)
        picture->fit = FIT_STRETCH;
    if (video->ScalingBehavior == SCALING_BEHAVIOR_FILL)
        picture->fit = FIT_FILL;
    if (video->ScalingBehavior != SCALING_BEHAVIOR_FIT &&
        video->ScalingBehavior != SCALING_BEHAVIOR_FIT_NO_UPSCALE)
        return;

    /* No bars: the output is as large as the picture in it. */
    double shape = shape_in_pixels(source->width, source->height, source->sar, picture->sar);
    int width = picture->width, height = picture->height;
    if (video->ScalingBehavior == SCALING_BEHAVIOR_FIT_NO_UPSCALE) {
        width = source->width < width ? even(source->width - 0.5) : width;
        height = source->height < height ? even(source->height - 0.5) : height;
    }
    inscribe(shape, width, height, &picture->width, &picture->height);
}

static bool same_picture(const struct plan_picture *a, const struct plan_picture *b)
{
    return a->width == b->width && a->height == b->height && av_cmp_q(a->sar, b->sar) == 0 &&
           a->format == b->format && a->fit == b->fit && a->sharpness == b->sharpness &&
           a->bilinear == b->bilinear;
}

int picture_build(struct build *build, const struct video_description *video, AVRational sar,
                  enum AVPixelFormat format, int *ret, struct error *err)
{
    struct plan *plan = build->plan;
    /* From 50 up the kernel is as narrow as bicubic: renditions that only differ there share it. */
    struct plan_picture picture = {.sar = sar,
                                   .format = format,
                                   .sharpness = video->Sharpness < 50 ? (int)video->Sharpness : 50,
                                   .bilinear = build->options->draft && video->Sharpness >= 50,
                                   .parent = -1};
    decide_size(&plan->source, video, sar, &picture.width, &picture.height);
    decide_fit(&plan->source, video, &picture);
    if (picture.width % 2 || picture.height % 2)
        return error_set(err, ERROR_SETTINGS,
                         "Invalid resolution [%d x %d], only even values are supported.",
                         picture.width, picture.height);
    if (picture.width < LEAST || picture.width > MOST || picture.height < LEAST ||
        picture.height > MOST)
        return error_set(err, ERROR_SETTINGS,
                         "Invalid resolution [%d x %d], only values from %d to %d are supported.",
                         picture.width, picture.height, LEAST, MOST);

    for (int i = 0; i < plan->pictures_count; i++) {
        if (same_picture(&plan->pictures[i], &picture)) {
            *ret = i;
            return 0;
        }
    }
    plan->pictures[plan->pictures_count] = picture;
    *ret = plan->pictures_count++;
    return 0;
}

/* Whether what stands in `parent` is all that `child` shows, at no less detail. */
static bool can_parent(const struct plan_source *source, const struct plan_picture *parent,
                       const struct plan_picture *child)
{
    if (parent->fit != child->fit || parent->fit == FIT_FILL || parent->format != child->format ||
        av_cmp_q(parent->sar, child->sar) != 0 || parent->sharpness < 50 || child->sharpness < 50)
        return false;
    struct plan_mapping from = plan_map(parent, source->width, source->height, source->sar);
    struct plan_mapping to = plan_map(child, source->width, source->height, source->sar);
    bool smaller_than_source = from.width <= source->width && from.height <= source->height;
    return smaller_than_source && from.width > to.width && from.height > to.height;
}

void picture_cascade(struct build *build)
{
    struct plan *plan = build->plan;
    for (int i = 0; i < plan->pictures_count; i++) {
        struct plan_picture *child = &plan->pictures[i];
        for (int k = 0; k < plan->pictures_count; k++) {
            const struct plan_picture *parent = &plan->pictures[k];
            if (k == i || !can_parent(&plan->source, parent, child))
                continue;
            if (child->parent < 0 || parent->width < plan->pictures[child->parent].width)
                child->parent = k; /* the smallest that will do */
        }
    }
}
