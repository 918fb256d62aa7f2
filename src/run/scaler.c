/* SPDX-License-Identifier: Apache-2.0 */
#include "run/scaler.h"

#include <string.h>

#include <libavutil/buffer.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include "plan/memory.h"

enum { ALIGN = 64 };

struct shape {
    int width, height;
    enum AVPixelFormat format;
    enum AVColorRange range;
    AVRational sar;
};

struct scaler {
    const struct plan *plan;
    const struct plan_picture *picture;
    AVBufferPool *pool;
    struct SwsContext *sws;
    struct shape shape; /* what sws and map were made for */
    struct shape source;
    struct plan_mapping map;
};

enum AVColorSpace scaler_source_matrix(const struct plan_source *source)
{
    enum AVColorSpace matrix = source->colour.matrix;
    if (matrix != AVCOL_SPC_UNSPECIFIED && matrix != AVCOL_SPC_RGB)
        return matrix;
    return source->height >= 720 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
}

struct scaler *scaler_new(const struct plan *plan, const struct plan_picture *picture)
{
    struct scaler *scaler = av_mallocz(sizeof(*scaler));
    if (!scaler)
        return NULL;
    scaler->plan = plan;
    scaler->picture = picture;
    int size = av_image_get_buffer_size(picture->format, picture->width, picture->height, ALIGN);
    scaler->pool = size > 0 ? av_buffer_pool_init((size_t)size + ALIGN, NULL) : NULL;
    if (!scaler->pool)
        scaler_free(&scaler);
    return scaler;
}

void scaler_free(struct scaler **scaler)
{
    if (!*scaler)
        return;
    av_buffer_pool_uninit(&(*scaler)->pool);
    sws_freeContext((*scaler)->sws);
    av_freep(scaler);
}

static AVFrame *new_picture(struct scaler *scaler)
{
    const struct plan_picture *picture = scaler->picture;
    const struct plan_colour *colour = &scaler->plan->source.colour;
    AVFrame *frame = av_frame_alloc();
    AVBufferRef *buffer = frame ? av_buffer_pool_get(scaler->pool) : NULL;
    if (!buffer) {
        av_frame_free(&frame);
        return NULL;
    }
    frame->buf[0] = buffer;
    frame->width = picture->width;
    frame->height = picture->height;
    frame->format = picture->format;
    frame->sample_aspect_ratio = picture->sar;
    frame->color_range = colour->range;
    frame->color_primaries = colour->primaries;
    frame->color_trc = colour->transfer;
    frame->colorspace = colour->matrix;
    av_image_fill_arrays(frame->data, frame->linesize, buffer->data, picture->format,
                         picture->width, picture->height, ALIGN);
    return frame;
}

/* From `data` of a frame, the planes of the rectangle that begins at x, y. */
static void planes_at(const AVFrame *frame, int x, int y, uint8_t *planes[4])
{
    const AVPixFmtDescriptor *pixels = av_pix_fmt_desc_get(frame->format);
    int steps[4];
    av_image_fill_max_pixsteps(steps, NULL, pixels);
    for (int i = 0; i < 4; i++) {
        bool chroma = (i == 1 || i == 2) && !(pixels->flags & AV_PIX_FMT_FLAG_PAL);
        int px = chroma ? x >> pixels->log2_chroma_w : x;
        int py = chroma ? y >> pixels->log2_chroma_h : y;
        bool palette = i == 1 && pixels->flags & AV_PIX_FMT_FLAG_PAL;
        planes[i] =
            !frame->data[i] || palette
                ? frame->data[i]
                : frame->data[i] + (ptrdiff_t)py * frame->linesize[i] + (ptrdiff_t)px * steps[i];
    }
}

static void fill_black(AVFrame *frame, int x, int y, int width, int height)
{
    if (width <= 0 || height <= 0)
        return;
    uint8_t *planes[4];
    planes_at(frame, x, y, planes);
    ptrdiff_t linesizes[4];
    for (int i = 0; i < 4; i++)
        linesizes[i] = frame->linesize[i];
    av_image_fill_black(planes, linesizes, frame->format, frame->color_range, width, height);
}

/* Around the content; after scaling, which writes whole vectors and so a little beyond its width.
 */
static void fill_bars(AVFrame *frame, const struct plan_mapping *map)
{
    int right = map->x + map->width, bottom = map->y + map->height;
    fill_black(frame, 0, 0, frame->width, map->y);
    fill_black(frame, 0, bottom, frame->width, frame->height - bottom);
    fill_black(frame, 0, map->y, map->x, map->height);
    fill_black(frame, right, map->y, frame->width - right, map->height);
}

/* The container's word on the pixels' shape stands before the codec's, until the size changes. */
static struct shape shape_of(const struct scaler *scaler, const AVFrame *frame)
{
    const struct plan_source *source = &scaler->plan->source;
    AVRational sar = frame->sample_aspect_ratio;
    if (sar.num <= 0 || sar.den <= 0 ||
        (frame->width == source->width && frame->height == source->height))
        sar = source->sar;
    return (struct shape){frame->width, frame->height, frame->format, frame->color_range, sar};
}

static bool same_shape(const struct shape *a, const struct shape *b)
{
    return a->width == b->width && a->height == b->height && a->format == b->format &&
           a->range == b->range && av_cmp_q(a->sar, b->sar) == 0;
}

static bool is_full_range(const struct scaler *scaler, const AVFrame *frame)
{
    const struct plan_colour *colour = &scaler->plan->source.colour;
    const AVPixFmtDescriptor *pixels = av_pix_fmt_desc_get(frame->format);
    if (pixels->flags & AV_PIX_FMT_FLAG_RGB)
        return true;
    return colour->range == AVCOL_RANGE_JPEG;
}

struct SwsContext *scaler_new_sws(const struct sws_side *from, const struct sws_side *to, int flags,
                                  double softness)
{
    struct SwsContext *sws = sws_alloc_context();
    if (!sws)
        return NULL;
    av_opt_set_int(sws, "srcw", from->width, 0);
    av_opt_set_int(sws, "srch", from->height, 0);
    av_opt_set_int(sws, "src_format", from->format, 0);
    av_opt_set_int(sws, "src_range", from->full_range, 0);
    av_opt_set_int(sws, "dstw", to->width, 0);
    av_opt_set_int(sws, "dsth", to->height, 0);
    av_opt_set_int(sws, "dst_format", to->format, 0);
    av_opt_set_int(sws, "dst_range", to->full_range, 0);
    av_opt_set_int(sws, "sws_flags", flags, 0);
    if (softness > 0) {
        av_opt_set_double(sws, "param0", softness, 0);
        av_opt_set_double(sws, "param1", 0.6 * (1 - softness), 0);
    }
    /* Ranges must be known when it is opened, matrices can only be told afterwards. */
    if (sws_init_context(sws, NULL, NULL) < 0) {
        sws_freeContext(sws);
        return NULL;
    }
    sws_setColorspaceDetails(sws, sws_getCoefficients((int)from->matrix), from->full_range,
                             sws_getCoefficients((int)to->matrix), to->full_range, 0, 1 << 16,
                             1 << 16);
    return sws;
}

/* The same matrix and range on both sides: values are kept, whatever they mean. */
static struct SwsContext *new_sws(const struct scaler *scaler, const AVFrame *from)
{
    const struct plan_mapping *map = &scaler->map;
    const struct plan_source *source = &scaler->plan->source;
    enum AVColorSpace matrix = scaler_source_matrix(source);
    struct sws_side input = {map->source_width, map->source_height, from->format, matrix,
                             is_full_range(scaler, from)};
    struct sws_side output = {map->width, map->height, scaler->picture->format, matrix,
                              source->colour.range == AVCOL_RANGE_JPEG};
    const struct plan_picture *picture = scaler->picture;
    return scaler_new_sws(&input, &output, picture->bilinear ? SWS_FAST_BILINEAR : SWS_BICUBIC,
                          (50 - picture->sharpness) / 50.0);
}

static int adapt(struct scaler *scaler, const AVFrame *from, const AVFrame *source,
                 struct error *err)
{
    struct shape shape = shape_of(scaler, from), source_shape = shape_of(scaler, source);
    if (scaler->sws && same_shape(&shape, &scaler->shape) &&
        same_shape(&source_shape, &scaler->source))
        return 0;
    scaler->shape = shape;
    scaler->source = source_shape;
    scaler->map = from == source
                      ? plan_map(scaler->picture, source->width, source->height, source_shape.sar)
                      : plan_map_child(scaler->plan, scaler->picture, source->width, source->height,
                                       source_shape.sar);
    sws_freeContext(scaler->sws);
    scaler->sws = new_sws(scaler, from);
    if (!scaler->sws && memory_reason(AVERROR_EXTERNAL, MEMORY_OF_THREAD) == AVERROR(ENOMEM))
        return error_set(err, ERROR_BUG, "out of memory");
    if (!scaler->sws)
        return error_set(err, ERROR_UNSUPPORTED, "cannot scale pixel format [%s]",
                         av_get_pix_fmt_name(from->format));
    return 0;
}

/* Nothing to do: the frame is already what the picture wants. */
static bool fits_as_it_is(const struct scaler *scaler, const AVFrame *from)
{
    const struct plan_picture *picture = scaler->picture;
    const struct plan_mapping *map = &scaler->map;
    bool same_format =
        (enum AVPixelFormat)from->format == picture->format ||
        (from->format == AV_PIX_FMT_YUVJ420P && picture->format == AV_PIX_FMT_YUV420P);
    return same_format && from->width == picture->width && from->height == picture->height &&
           map->source_width == from->width && map->source_height == from->height &&
           map->width == picture->width && map->height == picture->height;
}

/* A reference to the frame itself, under the picture's colours and pixel shape. */
static AVFrame *reuse(const struct scaler *scaler, const AVFrame *from)
{
    const struct plan_colour *colour = &scaler->plan->source.colour;
    AVFrame *frame = av_frame_clone(from);
    if (!frame)
        return NULL;
    for (int i = 0; i < frame->nb_side_data;)
        av_frame_remove_side_data(frame, frame->side_data[i]->type);
    frame->format = scaler->picture->format;
    frame->sample_aspect_ratio = scaler->picture->sar;
    frame->color_range = colour->range;
    frame->color_primaries = colour->primaries;
    frame->color_trc = colour->transfer;
    frame->colorspace = colour->matrix;
    return frame;
}

/* The part of a frame that is to be scaled, whatever its pixels are packed like. */
static AVFrame *crop(const AVFrame *frame, const struct plan_mapping *map)
{
    AVFrame *part = av_frame_clone(frame);
    if (!part)
        return NULL;
    part->crop_left = (size_t)map->source_x;
    part->crop_top = (size_t)map->source_y;
    part->crop_right = (size_t)(frame->width - map->source_x - map->source_width);
    part->crop_bottom = (size_t)(frame->height - map->source_y - map->source_height);
    if (av_frame_apply_cropping(part, AV_FRAME_CROP_UNALIGNED) < 0)
        av_frame_free(&part);
    return part;
}

int scaler_scale(struct scaler *scaler, const AVFrame *from, const AVFrame *source, AVFrame **ret,
                 struct error *err)
{
    if (adapt(scaler, from, source, err) < 0)
        return -1;
    const struct plan_mapping *map = &scaler->map;
    if (fits_as_it_is(scaler, from)) {
        *ret = reuse(scaler, from);
        return *ret ? 0 : error_set(err, ERROR_BUG, "out of memory");
    }

    CLEANUP(av_frame_free) AVFrame *picture = new_picture(scaler);
    if (!picture)
        return error_set(err, ERROR_BUG, "out of memory");
    CLEANUP(av_frame_free) AVFrame *part = crop(from, map);
    if (!part)
        return error_set(err, ERROR_BUG, "out of memory");
    uint8_t *output[4];
    planes_at(picture, map->x, map->y, output);
    int lines = sws_scale(scaler->sws, (const uint8_t *const *)part->data, part->linesize, 0,
                          map->source_height, output, picture->linesize);
    if (lines <= 0)
        return error_set(err, ERROR_BUG, "scaling failed: %s", av_err2str(lines));
    fill_bars(picture, map);
    *ret = TAKE(picture);
    return 0;
}

int scaler_black(struct scaler *scaler, AVFrame **ret, struct error *err)
{
    *ret = new_picture(scaler);
    if (!*ret)
        return error_set(err, ERROR_BUG, "out of memory");
    fill_black(*ret, 0, 0, (*ret)->width, (*ret)->height);
    return 0;
}
