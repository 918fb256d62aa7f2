/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a picture of a frame: cut, scaled, with black around it, in a buffer from a pool.
 *
 * One scaler serves one picture of the plan. It adapts itself when the frames change their size,
 * format or pixel shape. Colours keep their values: only pixel formats are converted.
 */
#ifndef RUN_SCALER_H
#define RUN_SCALER_H

#include <libavutil/frame.h>

#include "base/error.h"
#include "plan/plan.h"

struct scaler;

struct scaler *scaler_new(const struct plan *plan,
                          const struct plan_picture *picture); /* NULL: out of memory */
void scaler_free(struct scaler **scaler);

/* `from` is the decoded frame, or the parent's picture of it; `source` is the decoded frame in both
 * cases. On success *ret is the caller's to free. */
int scaler_scale(struct scaler *scaler, const AVFrame *from, const AVFrame *source, AVFrame **ret,
                 struct error *err) MUST_CHECK;

/* A black picture. */
int scaler_black(struct scaler *scaler, AVFrame **ret, struct error *err) MUST_CHECK;

/* One side of a conversion. */
struct sws_side {
    int width, height;
    enum AVPixelFormat format;
    enum AVColorSpace matrix;
    bool full_range;
};

/* A scaler and colour converter: SWS_FAST_BILINEAR, or SWS_BICUBIC, which softness 0 … 1 makes a
 * B-spline. NULL: it cannot be done. The caller's, to be freed with sws_freeContext(). */
struct SwsContext *scaler_new_sws(const struct sws_side *from, const struct sws_side *to, int flags,
                                  double softness);

/* The colour matrix of the source's pixels; without a word about it, what screens assume by size.
 */
enum AVColorSpace scaler_source_matrix(const struct plan_source *source);

#endif
