/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How well a QVBR encode kept its level, from what the encoder says of each packet: its QP before
 * adaptive quantization. As long as nothing caps the rate that is one number for all P and B
 * frames; a cap shows as a higher one. A GOP is the window, as in MediaConvert's COMPLETE event.
 */
#ifndef RUN_QUALITY_H
#define RUN_QUALITY_H

#include <libavcodec/packet.h>

#include "plan/plan.h"
#include "run/run.h"

struct quality {
    const struct plan *plan;
    const struct plan_video *video;
    struct {
        int64_t start;     /* its first frame */
        double qp, key_qp; /* sums: of P and B frames, of I frames */
        int frames, key_frames;
    } gop;
    double sum; /* of levels, each frame having its GOP's */
    int64_t frames;
    struct run_quality result;
};

void quality_init(struct quality *quality, const struct plan *plan, const struct plan_video *video);

/* A packet as it comes from the encoder, in its order; its pts counts frames. */
void quality_add(struct quality *quality, const AVPacket *packet);

/* All packets were added. */
struct run_quality quality_finish(struct quality *quality);

#endif
