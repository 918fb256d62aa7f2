/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures → JPEG objects NAME.0000000.jpg …: full-range BT.601 4:2:0, as JPEG files are. */
#include <libswscale/swscale.h>
#include <turbojpeg.h>

#include "run/scaler.h"
#include "run/stage.h"

struct capture {
    const struct plan_output *output;
    int index;
    tjhandle jpeg;
    struct SwsContext *sws;
    AVFrame *full; /* the picture in JPEG's colours */
    int64_t count;
};

int capture_init(struct stage *stage, int output, struct error *err)
{
    struct capture *capture = stage->state;
    const struct plan *plan = stage->run->plan;
    capture->index = output;
    capture->output = &plan->outputs[output];
    const struct plan_picture *picture = &plan->pictures[capture->output->capture.picture];
    capture->jpeg = tjInitCompress();
    capture->full = av_frame_alloc();
    if (!capture->jpeg || !capture->full)
        return error_set(err, ERROR_BUG, "out of memory");
    capture->full->width = picture->width;
    capture->full->height = picture->height;
    capture->full->format = AV_PIX_FMT_YUV420P;
    if (av_frame_get_buffer(capture->full, 0) < 0)
        return error_set(err, ERROR_BUG, "out of memory");
    return 0;
}

/* Pictures keep the source's matrix and range; JPEG knows only BT.601 and full range. */
static int convert(struct stage *stage, const AVFrame *picture, struct error *err)
{
    struct capture *capture = stage->state;
    if (!capture->sws) {
        struct sws_side from = {picture->width, picture->height, picture->format,
                                scaler_source_matrix(&stage->run->plan->source),
                                picture->color_range == AVCOL_RANGE_JPEG};
        struct sws_side to = {picture->width, picture->height, AV_PIX_FMT_YUV420P,
                              AVCOL_SPC_SMPTE170M, true};
        capture->sws = scaler_new_sws(&from, &to, SWS_BICUBIC, 0);
        if (!capture->sws)
            return error_set(err, ERROR_BUG, "cannot convert pictures to JPEG's colours");
    }
    int lines = sws_scale(capture->sws, (const uint8_t *const *)picture->data, picture->linesize, 0,
                          picture->height, capture->full->data, capture->full->linesize);
    return lines > 0 ? 0
                     : error_set(err, ERROR_BUG, "cannot convert picture: %s", av_err2str(lines));
}

static int put(struct stage *stage, const void *jpeg, size_t size, struct error *err)
{
    struct capture *capture = stage->state;
    const struct plan_capture *plan = &capture->output->capture;
    char uri[2048];
    int length = snprintf(uri, sizeof(uri), "%s.%07lld.%s", capture->output->uri,
                          (long long)capture->count++, plan->extension);
    if (length >= (int)sizeof(uri))
        return error_set(err, ERROR_SETTINGS, "object name too long");
    return run_put(stage->run, capture->index, "capture", uri, capture->output->content_type, NULL,
                   jpeg, size, 0, err);
}

static int capture_flush(struct stage *stage, struct error *err)
{
    (void)err;
    struct capture *capture = stage->state;
    const struct plan_capture *plan = &capture->output->capture;
    stage->run->result.outputs[capture->index].duration_us =
        av_rescale(capture->count * 1000000, plan->denominator, plan->numerator);
    return 0;
}

static int capture_process(struct stage *stage, struct item *item, struct error *err)
{
    struct capture *capture = stage->state;
    if (!item->frame)
        return 0;
    if (convert(stage, item->frame, err) < 0)
        return -1;
    const AVFrame *full = capture->full;
    unsigned char *jpeg = NULL;
    unsigned long size = 0;
    int r = tjCompressFromYUVPlanes(capture->jpeg, (const unsigned char **)full->data, full->width,
                                    full->linesize, full->height, TJSAMP_420, &jpeg, &size,
                                    capture->output->capture.quality, 0);
    if (r < 0)
        r = error_set(err, ERROR_BUG, "JPEG encoder failed: %s", tjGetErrorStr2(capture->jpeg));
    else
        r = put(stage, jpeg, size, err);
    tjFree(jpeg);
    return r;
}

static void capture_release(struct stage *stage)
{
    struct capture *capture = stage->state;
    if (capture->jpeg)
        tjDestroy(capture->jpeg);
    sws_freeContext(capture->sws);
    av_frame_free(&capture->full);
}

const struct stage_kind capture_stage = {
    .name = "capture",
    .state_size = sizeof(struct capture),
    .process = capture_process,
    .flush = capture_flush,
    .release = capture_release,
};
