/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mux stage: an output's streams, interleaved by time, into a container.
 *
 * mux.c holds packets back until every stream has one (or has ended), so containers get them in
 * the order of their dts, whatever the speed of the encoders. A container is one file with one
 * const struct container_kind.
 */
#ifndef RUN_MUX_H
#define RUN_MUX_H

#include <libavformat/avformat.h>

#include "run/packets.h"
#include "run/stage.h"

struct mux_stream {
    const AVCodecContext *codec;           /* while it is being opened */
    const struct plan_output_audio *audio; /* NULL: video */
    AVRational time_base;
    struct packets waiting;
    bool ended;
    int64_t end_us; /* of the newest packet */
};

struct mux {
    const struct plan_output *output;
    int index; /* in plan->outputs */
    const struct container_kind *container;
    void *state; /* the container's */
    int streams_count;
    struct mux_stream streams[1 + PLAN_MAX_AUDIOS];
    int64_t video_bytes;
};

struct container_kind {
    enum plan_container container;
    size_t state_size;
    int (*open)(struct stage *stage, struct error *err);
    /* Packets in order of dts, in their stream's time base; the packet may be changed. */
    int (*write)(struct stage *stage, int stream, AVPacket *packet, struct error *err);
    int (*finish)(struct stage *stage, struct error *err);
    void (*release)(struct stage *stage);
};

extern const struct container_kind mp4_container, ts_container, adts_container, raw_aac_container;

static inline struct mux *mux_of(const struct stage *stage)
{
    return stage->state;
}

/* Where the output ends: its longest stream. */
int64_t mux_end_us(const struct mux *mux);

/* An FFmpeg muxer for the output's streams that writes through our AVIO. */
int mux_new_format(struct stage *stage, const char *name, AVIOContext *avio, AVFormatContext **ret,
                   struct error *err) MUST_CHECK;

#endif
