/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of one stream → frames, with their time on the output's timeline. */
#include "plan/compat.h"
#include "plan/memory.h"
#include "run/stage.h"

enum {
    MAX_PIXELS = 8192 * 4608,
    MAX_DAMAGED = 64, /* in a row, from one packet: more than any decoder holds back */
};

struct decode {
    int stream;
    AVCodecParameters *parameters; /* copies: while demux reads, streams may be added and move */
    AVRational time_base;
    AVCodecContext *codec;
    AVFrame *frame;
    int64_t packets, frames;
    int64_t next_us; /* where a frame without a timestamp goes */
    int64_t last_us; /* where the newest frame went */
    int64_t frame_us;
};

int decode_init(struct stage *stage, int stream, struct error *err)
{
    struct decode *decode = stage->state;
    const AVStream *from = media_stream(stage->run->media, stream);
    decode->stream = stream;
    decode->time_base = from->time_base;
    decode->parameters = avcodec_parameters_alloc();
    if (!decode->parameters || avcodec_parameters_copy(decode->parameters, from->codecpar) < 0)
        return error_set(err, ERROR_BUG, "out of memory");
    return 0;
}

static const struct probe_track *track_of(const struct stage *stage)
{
    const struct decode *decode = stage->state;
    return &stage->run->plan->source.probe->tracks[decode->stream];
}

static int open_decoder(struct stage *stage, struct error *err)
{
    struct decode *decode = stage->state;
    const AVCodec *codec = avcodec_find_decoder(decode->parameters->codec_id);
    decode->frame = av_frame_alloc();
    decode->codec = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!decode->codec || !decode->frame)
        return error_set(err, ERROR_BUG, "out of memory");
    decode->codec->pkt_timebase = decode->time_base;
    decode->codec->max_pixels = MAX_PIXELS;
    bool video = decode->parameters->codec_type == AVMEDIA_TYPE_VIDEO;
    decode->codec->thread_count = video ? stage->run->plan->source.decoder_threads : 1;
    AVRational rate = track_of(stage)->frame_rate;
    decode->frame_us = rate.num ? av_rescale_q(1, av_inv_q(rate), AV_TIME_BASE_Q) : 0;

    int r = avcodec_parameters_to_context(decode->codec, decode->parameters);
    if (r >= 0)
        r = avcodec_open2(decode->codec, codec, NULL);
    r = memory_reason(r, MEMORY_OF_THREAD);
    if (r < 0)
        return error_set(err, memory_kind(r, video ? ERROR_UNSUPPORTED : ERROR_AUDIO_DECODER),
                         "cannot open decoder [%s]: %s", codec->name, av_err2str(r));
    return 0;
}

/* A picture without a timestamp, or with one that stands still, comes one frame after the last. */
static int64_t frame_time(struct stage *stage)
{
    struct decode *decode = stage->state;
    const AVFrame *frame = decode->frame;
    int64_t time_us = decode->next_us;
    if (frame->best_effort_timestamp != AV_NOPTS_VALUE)
        time_us = av_rescale_q(frame->best_effort_timestamp, decode->time_base, AV_TIME_BASE_Q) -
                  stage->run->plan->source.start_us;
    bool video = decode->codec->codec_type == AVMEDIA_TYPE_VIDEO;
    if (video && decode->frames && time_us <= decode->last_us)
        time_us = decode->last_us + decode->frame_us;
    int64_t lasts = decode->frame_us;
    if (!video && frame->sample_rate > 0)
        lasts = av_rescale(frame->nb_samples, 1000000, frame->sample_rate);
    decode->last_us = time_us;
    decode->next_us = time_us + lasts;
    return time_us;
}

static int send_frame(struct stage *stage, struct error *err)
{
    struct decode *decode = stage->state;
    AVFrame *frame = decode->frame;
    int64_t time_us = frame_time(stage);
    /* What the frame says of itself is in µs from here on. */
    int64_t *duration = compat_frame_duration(frame);
    *duration = *duration > 0 ? av_rescale_q(*duration, decode->time_base, AV_TIME_BASE_Q) : 0;
    frame->pts = time_us;
    if (decode->codec->codec_type == AVMEDIA_TYPE_VIDEO) {
        atomic_fetch_add(&stage->run->frames, 1);
        if (frame->decode_error_flags)
            atomic_fetch_add(&stage->run->corrupt_frames, 1);
    }
    decode->frames++;
    return stage_send_frame(stage, frame, time_us, err);
}

static int receive_frames(struct stage *stage, struct error *err)
{
    struct decode *decode = stage->state;
    int damaged = 0;
    for (;;) {
        int r = avcodec_receive_frame(decode->codec, decode->frame);
        if (r == AVERROR(EAGAIN) || r == AVERROR_EOF)
            return 0;
        if (r == AVERROR(ENOMEM))
            return error_set(err, ERROR_BUG, "out of memory");
        if (r < 0) { /* damage: the decoder goes on with what it has, then with the next packet */
            atomic_fetch_add(&stage->run->corrupt_frames, 1);
            if (++damaged > MAX_DAMAGED)
                return 0;
            continue;
        }
        r = send_frame(stage, err);
        av_frame_unref(decode->frame);
        if (r < 0)
            return -1;
    }
}

static int decode_process(struct stage *stage, struct item *item, struct error *err)
{
    struct decode *decode = stage->state;
    if (!decode->codec && open_decoder(stage, err) < 0)
        return -1;
    if (!item->packet)
        return stage_send_time(stage, item->time_us, err);
    decode->packets++;
    int r = avcodec_send_packet(decode->codec, item->packet);
    if (r == AVERROR(ENOMEM))
        return error_set(err, ERROR_BUG, "out of memory");
    if (r < 0)
        atomic_fetch_add(&stage->run->corrupt_frames, 1);
    return receive_frames(stage, err);
}

static int decode_flush(struct stage *stage, struct error *err)
{
    struct decode *decode = stage->state;
    if (decode->codec) {
        avcodec_send_packet(decode->codec, NULL);
        if (receive_frames(stage, err) < 0)
            return -1;
    }
    if (decode->frames)
        return 0;
    const struct probe_track *track = track_of(stage);
    if (track->type == AVMEDIA_TYPE_VIDEO)
        return error_set(err, ERROR_DEMUXER, "No video frames decoded on track [%d] [%s]",
                         track->index + 1, track->codec_name);
    if (decode->packets)
        return error_set(err, ERROR_AUDIO_DECODER, "No audio frames decoded on track [%d] [%s]",
                         track->index + 1, track->codec_name);
    return 0; /* an audio track without a packet is silence */
}

static void decode_release(struct stage *stage)
{
    struct decode *decode = stage->state;
    avcodec_free_context(&decode->codec);
    avcodec_parameters_free(&decode->parameters);
    av_frame_free(&decode->frame);
}

const struct stage_kind decode_stage = {
    .name = "decode",
    .state_size = sizeof(struct decode),
    .process = decode_process,
    .flush = decode_flush,
    .release = decode_release,
};
