/* SPDX-License-Identifier: Apache-2.0 */
#include "run/quality.h"

#include <math.h>

#include <libavutil/avutil.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/mathematics.h>

void quality_init(struct quality *quality, const struct plan *plan, const struct plan_video *video)
{
    *quality = (struct quality){.plan = plan, .video = video};
}

static double to_thirds(double level)
{
    return round(level * 3) / 3;
}

static int64_t start_us(const struct quality *quality)
{
    return av_rescale_q(quality->gop.start, av_inv_q(quality->video->frame_rate), AV_TIME_BASE_Q);
}

static void end_gop(struct quality *quality)
{
    int inter = quality->gop.frames, key = quality->gop.key_frames;
    if (!inter && !key)
        return;
    /* An I frame has about three QP less than its neighbours, unless it has none. */
    double qp = inter ? quality->gop.qp / inter : quality->gop.key_qp / key;
    double level = to_thirds(plan_qvbr_attained(quality->plan, quality->video, qp));
    quality->sum += level * (inter + key);
    quality->frames += inter + key;

    struct run_quality *result = &quality->result;
    if (!result->known || level < result->least) {
        result->least = level;
        result->least_us = start_us(quality);
    }
    if (!result->known || level > result->most) {
        result->most = level;
        result->most_us = start_us(quality);
    }
    result->known = true;
}

void quality_add(struct quality *quality, const AVPacket *packet)
{
    enum { STATS_SIZE = 5 }; /* QP · FF_QP2LAMBDA in 32 bits, the type of picture in 8 */
    size_t size;
    const uint8_t *stats = av_packet_get_side_data(packet, AV_PKT_DATA_QUALITY_STATS, &size);
    if (quality->video->qvbr.qp <= 0 || !stats || size < STATS_SIZE)
        return;
    if (packet->pts % quality->video->gop_frames == 0 && (packet->flags & AV_PKT_FLAG_KEY)) {
        end_gop(quality);
        quality->gop = (typeof(quality->gop)){.start = packet->pts};
    }
    double qp = AV_RL32(stats) / (double)FF_QP2LAMBDA;
    if (stats[4] == AV_PICTURE_TYPE_I) {
        quality->gop.key_qp += qp;
        quality->gop.key_frames++;
    } else {
        quality->gop.qp += qp;
        quality->gop.frames++;
    }
}

struct run_quality quality_finish(struct quality *quality)
{
    end_gop(quality);
    if (quality->result.known)
        quality->result.average = quality->sum / (double)quality->frames;
    return quality->result;
}
