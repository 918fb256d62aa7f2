/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MPEG-2 transport stream segments, by FFmpeg's muxer across the whole rendition, so that
 * continuity counters run on. A segment is cut in front of the IDR that begins it; PAT and PMT are
 * sent first.
 */
#include <string.h>

#include <libavutil/opt.h>

#include "plan/compat.h"
#include "plan/memory.h"
#include "run/adts.h"
#include "run/mux.h"
#include "run/segment.h"

enum {
    TS_PACKET = 188,
    SDT_PID = 17,              /* service names are not part of an HLS rendition */
    MUX_DELAY_US = 700 * 1000, /* by which the PCR runs ahead of the dts: the decoder's buffer */
    MAX_PES_BYTES = 1 << 16,
};

struct audio_group {
    struct adts_format adts;
    uint8_t *bytes; /* AudioFramesPerPes ADTS frames, collected */
    int size, frames;
    int64_t pts, duration;
};

struct ts {
    struct segmenter *segmenter;
    AVIOContext *avio;
    AVFormatContext *format;
    AVPacket *group_packet;
    struct audio_group groups[1 + PLAN_MAX_AUDIOS]; /* by stream */
    int64_t next_cut_us;                            /* where there is no video */
    struct error error;
    bool failed;
};

static struct ts *ts_of(const struct stage *stage)
{
    return mux_of(stage)->state;
}

static int avio_write_ts(void *opaque, compat_written *bytes, int size)
{
    struct ts *ts = opaque;
    int from = 0;
    for (int at = 0; at + TS_PACKET <= size; at += TS_PACKET) {
        int pid = (bytes[at + 1] & 0x1f) << 8 | bytes[at + 2];
        if (pid != SDT_PID)
            continue;
        if (at > from &&
            segmenter_write(ts->segmenter, bytes + from, (size_t)(at - from), &ts->error) < 0)
            goto fail;
        from = at + TS_PACKET;
    }
    if (size > from &&
        segmenter_write(ts->segmenter, bytes + from, (size_t)(size - from), &ts->error) < 0)
        goto fail;
    return size;
fail:
    ts->failed = true;
    return AVERROR(EIO);
}

static int ts_error(struct ts *ts, int r, struct error *err)
{
    if (ts->failed) {
        *err = ts->error;
        return -1;
    }
    return error_set(err, ERROR_UNKNOWN, "MPEG-TS muxer failed: %s", av_err2str(r));
}

static int smaller_interval(const struct plan_ts *plan)
{
    int pat = plan->pat_interval_ms, pmt = plan->pmt_interval_ms;
    return !pat ? pmt : !pmt ? pat : pat < pmt ? pat : pmt;
}

static int set_options(struct stage *stage, struct error *err)
{
    struct ts *ts = ts_of(stage);
    const struct mux *mux = mux_of(stage);
    const struct plan_ts *plan = &mux->output->ts;
    for (int i = 0; i < mux->streams_count; i++) {
        int audio = mux->output->video >= 0 ? i - 1 : i;
        ts->format->streams[i]->id =
            mux->streams[i].audio ? plan->audio_pids[audio] : plan->video_pid;
    }
    /* a PCR before zero cannot be said */
    ts->format->max_delay =
        plan->pts_offset_us < MUX_DELAY_US ? (int)plan->pts_offset_us : MUX_DELAY_US;
    /* The muxer sends both tables together; with no interval only when told to, at a cut. */
    char period[32];
    int interval = smaller_interval(plan);
    snprintf(period, sizeof(period), "%d.%03d", interval ? interval / 1000 : 1000000,
             interval % 1000);

    CLEANUP(av_dict_free) AVDictionary *options = NULL;
    av_dict_set_int(&options, "mpegts_copyts", 1, 0);
    av_dict_set_int(&options, "mpegts_pmt_start_pid", plan->pmt_pid, 0);
    av_dict_set_int(&options, "mpegts_service_id", plan->program_number, 0);
    av_dict_set_int(&options, "mpegts_transport_stream_id", plan->transport_stream_id, 0);
    av_dict_set_int(&options, "pcr_period", plan->pcr_interval_ms ? plan->pcr_interval_ms : 1, 0);
    av_dict_set_int(&options, "pes_payload_size", 0, 0);
    av_dict_set(&options, "pat_period", period, 0);
    av_dict_set(&options, "sdt_period", "1000000", 0);
    int r = avformat_write_header(ts->format, &options);
    if (r < 0)
        return error_set(err, memory_kind(r, ERROR_SETTINGS),
                         "MPEG-TS muxer refuses the settings: %s", av_err2str(r));
    return 0;
}

static int ts_open(struct stage *stage, struct error *err)
{
    struct ts *ts = ts_of(stage);
    struct mux *mux = mux_of(stage);
    uint8_t *buffer = av_malloc(TS_PACKET * 256);
    ts->avio = buffer
                   ? avio_alloc_context(buffer, TS_PACKET * 256, 1, ts, NULL, avio_write_ts, NULL)
                   : NULL;
    ts->group_packet = av_packet_alloc();
    if (!ts->avio || !ts->group_packet)
        return error_set(err, ERROR_BUG, "out of memory");
    for (int i = 0; i < mux->streams_count; i++) {
        if (!mux->streams[i].audio)
            continue;
        const struct plan_audio *audio = &stage->run->plan->audios[mux->streams[i].audio->audio];
        ts->groups[i].adts = adts_format(mux->streams[i].codec, audio->mpeg2);
        ts->groups[i].bytes = av_malloc(MAX_PES_BYTES);
        if (!ts->groups[i].bytes)
            return error_set(err, ERROR_BUG, "out of memory");
    }
    ts->next_cut_us = mux->output->rendition.segment_us;
    if (segmenter_new(&ts->segmenter, stage, err) < 0 ||
        mux_new_format(stage, "mpegts", ts->avio, &ts->format, err) < 0)
        return -1;
    return set_options(stage, err);
}

/* Into the muxer, on the transport stream's clock. */
static int write_packet(struct stage *stage, int index, AVPacket *packet, struct error *err)
{
    struct ts *ts = ts_of(stage);
    const struct mux *mux = mux_of(stage);
    AVRational from = mux->streams[index].time_base, to = ts->format->streams[index]->time_base;
    av_packet_rescale_ts(packet, from, to);
    int64_t offset = av_rescale_q(mux->output->ts.pts_offset_us, AV_TIME_BASE_Q, to);
    packet->pts += offset;
    packet->dts += offset;
    packet->stream_index = index;
    int r = av_write_frame(ts->format, packet);
    return r < 0 ? ts_error(ts, r, err) : 0;
}

static int flush_group(struct stage *stage, int index, struct error *err)
{
    struct ts *ts = ts_of(stage);
    struct audio_group *group = &ts->groups[index];
    if (!group->frames)
        return 0;
    if (av_new_packet(ts->group_packet, group->size) < 0)
        return error_set(err, ERROR_BUG, "out of memory");
    memcpy(ts->group_packet->data, group->bytes, (size_t)group->size);
    ts->group_packet->pts = ts->group_packet->dts = group->pts;
    ts->group_packet->duration = group->duration;
    ts->group_packet->flags |= AV_PKT_FLAG_KEY;
    *group = (struct audio_group){.adts = group->adts, .bytes = group->bytes};
    int r = write_packet(stage, index, ts->group_packet, err);
    av_packet_unref(ts->group_packet);
    return r;
}

static int cut(struct stage *stage, int64_t time_us, struct error *err)
{
    struct ts *ts = ts_of(stage);
    const struct mux *mux = mux_of(stage);
    for (int i = 0; i < mux->streams_count; i++)
        if (flush_group(stage, i, err) < 0)
            return -1;
    int r = av_write_frame(ts->format, NULL);
    if (r < 0)
        return ts_error(ts, r, err);
    avio_flush(ts->avio);
    if (ts->failed)
        return ts_error(ts, 0, err);
    av_opt_set(ts->format->priv_data, "mpegts_flags", "+resend_headers", 0);
    return segmenter_cut(ts->segmenter, time_us, err);
}

static int write_video(struct stage *stage, int index, AVPacket *packet, struct error *err)
{
    const struct mux *mux = mux_of(stage);
    int64_t frame = packet->pts; /* the video's time base is one frame */
    if (packet->flags & AV_PKT_FLAG_KEY && frame > 0 &&
        frame % mux->output->rendition.segment_frames == 0 &&
        cut(stage, av_rescale_q(frame, mux->streams[index].time_base, AV_TIME_BASE_Q), err) < 0)
        return -1;
    return write_packet(stage, index, packet, err);
}

static int write_audio(struct stage *stage, int index, AVPacket *packet, struct error *err)
{
    struct ts *ts = ts_of(stage);
    const struct mux *mux = mux_of(stage);
    struct audio_group *group = &ts->groups[index];
    if (mux->output->video < 0 && index == 0) {
        int64_t time_us = av_rescale_q(packet->pts, mux->streams[index].time_base, AV_TIME_BASE_Q);
        if (time_us >= ts->next_cut_us) {
            if (cut(stage, time_us, err) < 0)
                return -1;
            ts->next_cut_us += mux->output->rendition.segment_us;
        }
    }
    if (group->size + packet->size + ADTS_HEADER > MAX_PES_BYTES &&
        flush_group(stage, index, err) < 0)
        return -1;
    if (packet->size + ADTS_HEADER > MAX_PES_BYTES)
        return error_set(err, ERROR_BUG, "AAC frame of %d bytes", packet->size);
    if (!group->frames)
        group->pts = packet->pts;
    adts_header(&group->adts, packet->size, group->bytes + group->size);
    memcpy(group->bytes + group->size + ADTS_HEADER, packet->data, (size_t)packet->size);
    group->size += ADTS_HEADER + packet->size;
    group->duration += packet->duration;
    if (++group->frames < mux->output->ts.audio_frames_per_pes)
        return 0;
    return flush_group(stage, index, err);
}

static int ts_write(struct stage *stage, int index, AVPacket *packet, struct error *err)
{
    return mux_of(stage)->streams[index].audio ? write_audio(stage, index, packet, err)
                                               : write_video(stage, index, packet, err);
}

static int ts_finish(struct stage *stage, struct error *err)
{
    struct ts *ts = ts_of(stage);
    const struct mux *mux = mux_of(stage);
    for (int i = 0; i < mux->streams_count; i++)
        if (flush_group(stage, i, err) < 0)
            return -1;
    int r = av_write_trailer(ts->format);
    if (r < 0 || ts->failed)
        return ts_error(ts, r, err);
    avio_flush(ts->avio);
    if (ts->failed)
        return ts_error(ts, 0, err);
    int64_t end_us = mux->output->video >= 0 ? mux->streams[0].end_us : mux_end_us(mux);
    return segmenter_finish(ts->segmenter, end_us, err);
}

static void ts_release(struct stage *stage)
{
    struct ts *ts = ts_of(stage);
    avformat_free_context(ts->format);
    if (ts->avio)
        av_freep(&ts->avio->buffer);
    avio_context_free(&ts->avio);
    for (int i = 0; i <= PLAN_MAX_AUDIOS; i++)
        av_freep(&ts->groups[i].bytes);
    av_packet_free(&ts->group_packet);
    segmenter_free(&ts->segmenter);
}

const struct container_kind ts_container = {
    .container = CONTAINER_TS,
    .state_size = sizeof(struct ts),
    .open = ts_open,
    .write = ts_write,
    .finish = ts_finish,
    .release = ts_release,
};
