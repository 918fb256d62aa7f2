/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AAC frames with ADTS headers: segments of an audio rendition, each begun with an ID3 tag that
 * says where it lies on the group's clock (RFC 8216, 3.4), or one plain file.
 */
#include <string.h>

#include "run/adts.h"
#include "run/mux.h"
#include "run/segment.h"

struct adts {
    struct adts_format format;
    struct segmenter *segmenter; /* of a rendition */
    int64_t next_cut_us;
    struct object_writer *file; /* of a file group */
    int64_t file_bytes;
};

static struct adts *adts_of(const struct stage *stage)
{
    return mux_of(stage)->state;
}

static void set_format(struct stage *stage)
{
    const struct mux_stream *stream = &mux_of(stage)->streams[0];
    bool mpeg2 = stream->audio && stage->run->plan->audios[stream->audio->audio].mpeg2;
    adts_of(stage)->format = adts_format(stream->codec, mpeg2);
}

/* A 33-bit clock of 90 kHz in a PRIV frame, the only ID3 that players look for here. */
static int write_timestamp(struct stage *stage, int64_t time_us, struct error *err)
{
    static const char owner[] = "com.apple.streaming.transportStreamTimestamp";
    enum { PRIV = (int)sizeof(owner) + 8, FRAME = 10 + PRIV, TAG = 10 + FRAME };
    uint8_t tag[TAG] = {'I', 'D', '3', 4, 0, 0, 0, 0, 0, FRAME, 'P', 'R', 'I', 'V', 0, 0, 0, PRIV};
    uint64_t clock =
        (uint64_t)av_rescale(time_us + mux_of(stage)->output->ts.pts_offset_us, 90000, 1000000) &
        0x1ffffffff;
    memcpy(tag + 20, owner, sizeof(owner));
    for (int i = 0; i < 8; i++)
        tag[TAG - 1 - i] = (uint8_t)(clock >> 8 * i);
    return segmenter_write(adts_of(stage)->segmenter, tag, sizeof(tag), err);
}

static int write_frame(struct stage *stage, const AVPacket *packet, struct error *err)
{
    struct adts *adts = adts_of(stage);
    uint8_t header[ADTS_HEADER];
    adts_header(&adts->format, packet->size, header);
    if (adts->file) {
        adts->file_bytes += ADTS_HEADER + packet->size;
        return object_write(adts->file, header, sizeof(header), err) < 0 ||
                       object_write(adts->file, packet->data, (size_t)packet->size, err) < 0
                   ? -1
                   : 0;
    }
    return segmenter_write(adts->segmenter, header, sizeof(header), err) < 0 ||
                   segmenter_write(adts->segmenter, packet->data, (size_t)packet->size, err) < 0
               ? -1
               : 0;
}

/* ---- rendition ---- */

static int segments_open(struct stage *stage, struct error *err)
{
    struct adts *adts = adts_of(stage);
    set_format(stage);
    adts->next_cut_us = mux_of(stage)->output->rendition.segment_us;
    return segmenter_new(&adts->segmenter, stage, err);
}

static int segments_write(struct stage *stage, int index, AVPacket *packet, struct error *err)
{
    struct adts *adts = adts_of(stage);
    const struct mux *mux = mux_of(stage);
    if (index) /* raw AAC holds one stream */
        return 0;
    int64_t time_us = av_rescale_q(packet->pts, mux->streams[0].time_base, AV_TIME_BASE_Q);
    if (time_us >= adts->next_cut_us) {
        if (segmenter_cut(adts->segmenter, time_us, err) < 0)
            return -1;
        while (adts->next_cut_us <= time_us)
            adts->next_cut_us += mux->output->rendition.segment_us;
    }
    if (mux->output->rendition.timestamp_header && segmenter_is_empty(adts->segmenter) &&
        write_timestamp(stage, time_us, err) < 0)
        return -1;
    return write_frame(stage, packet, err);
}

static int segments_finish(struct stage *stage, struct error *err)
{
    return segmenter_finish(adts_of(stage)->segmenter, mux_end_us(mux_of(stage)), err);
}

/* ---- file ---- */

static int file_open(struct stage *stage, struct error *err)
{
    const struct plan_output *output = mux_of(stage)->output;
    set_format(stage);
    struct object_headers headers = run_headers(stage->run, output->group, output->content_type);
    return object_create(stage->run->delivery, output->uri, &headers, &adts_of(stage)->file, err);
}

static int file_write(struct stage *stage, int index, AVPacket *packet, struct error *err)
{
    return index ? 0 : write_frame(stage, packet, err);
}

static int file_finish(struct stage *stage, struct error *err)
{
    struct adts *adts = adts_of(stage);
    const struct mux *mux = mux_of(stage);
    if (object_finish(adts->file, NULL, 0, err) < 0)
        return -1;
    run_add_object(stage->run, mux->index, "AAC", mux->output->uri, adts->file_bytes,
                   mux_end_us(mux));
    return 0;
}

static void adts_release(struct stage *stage)
{
    segmenter_free(&adts_of(stage)->segmenter);
    object_writer_free(&adts_of(stage)->file);
}

const struct container_kind adts_container = {
    .container = CONTAINER_ADTS,
    .state_size = sizeof(struct adts),
    .open = segments_open,
    .write = segments_write,
    .finish = segments_finish,
    .release = adts_release,
};

const struct container_kind raw_aac_container = {
    .container = CONTAINER_RAW_AAC,
    .state_size = sizeof(struct adts),
    .open = file_open,
    .write = file_write,
    .finish = file_finish,
    .release = adts_release,
};
