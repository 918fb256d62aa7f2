/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoded audio → AAC packets on the output's timeline.
 *
 * Samples are counted from time zero. Where the input leaves a gap, begins late or ends before the
 * video, silence is put in; what lies before zero is dropped. Small wobble of timestamps is left
 * alone: the threshold is under one AAC frame, so audio and video never drift apart by more.
 *
 * Audio that may not outlast the video is encoded as it comes, but sent only once the video has got
 * as far; what is left when the video has ended is dropped.
 */
#include <stdlib.h>
#include <string.h>

#include <libavutil/audio_fifo.h>
#include <libavutil/channel_layout.h>
#include <libswresample/swresample.h>

#include "plan/memory.h"
#include "run/packets.h"
#include "run/stage.h"

enum {
    WOBBLE_US = 20 * 1000,
    SILENCE_STEP = 4096, /* samples */
};

struct sound {
    const struct plan_audio *audio;
    const struct plan_track *track;
    AVCodecContext *codec;
    SwrContext *swr;
    AVChannelLayout in_layout;
    int in_rate, in_format;
    AVAudioFifo *fifo;
    AVFrame *frame;
    AVPacket *packet;
    int64_t written;          /* samples put into the fifo since zero */
    int64_t encoded;          /* samples given to the encoder */
    int64_t silence, dropped; /* samples */
    struct packets held; /* MATCH_VIDEO_DURATION: not yet known to lie before the video's end */
};

static int open_encoder(struct sound *sound, struct error *err)
{
    const AVCodec *aac = avcodec_find_encoder(AV_CODEC_ID_AAC);
    sound->codec = aac ? avcodec_alloc_context3(aac) : NULL;
    if (!sound->codec)
        return error_set(err, ERROR_BUG, "out of memory");
    sound->codec->sample_fmt = AV_SAMPLE_FMT_FLTP;
    sound->codec->sample_rate = sound->audio->sample_rate;
    sound->codec->time_base = (AVRational){1, sound->audio->sample_rate};
    sound->codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    sound->codec->thread_count = 1;
    av_channel_layout_default(&sound->codec->ch_layout, sound->audio->channels);

    CLEANUP(av_dict_free) AVDictionary *options = NULL;
    for (int i = 0; i < sound->audio->options_count; i++) {
        const struct plan_option *option = &sound->audio->options[i];
        if (!strcmp(option->name, "q")) {
            sound->codec->flags |= AV_CODEC_FLAG_QSCALE;
            sound->codec->global_quality = (int)(atof(option->value) * FF_QP2LAMBDA);
        } else {
            av_dict_set(&options, option->name, option->value, 0);
        }
    }
    int r = avcodec_open2(sound->codec, aac, &options);
    if (r < 0)
        return error_set(err, memory_kind(r, ERROR_SETTINGS),
                         "Error initializing encoder for audio [%s]", av_err2str(r));
    return 0;
}

int sound_init(struct stage *stage, int audio, struct error *err)
{
    struct sound *sound = stage->state;
    sound->audio = &stage->run->plan->audios[audio];
    sound->track = &stage->run->plan->tracks[sound->audio->track];
    if (open_encoder(sound, err) < 0)
        return -1;
    sound->fifo = av_audio_fifo_alloc(AV_SAMPLE_FMT_FLTP, sound->audio->channels, 2 * SILENCE_STEP);
    sound->frame = av_frame_alloc();
    sound->packet = av_packet_alloc();
    if (!sound->fifo || !sound->frame || !sound->packet)
        return error_set(err, ERROR_BUG, "out of memory");
    return 0;
}

const AVCodecContext *sound_context(const struct stage *stage)
{
    const struct sound *sound = stage->state;
    return sound->codec;
}

static int64_t to_samples(const struct sound *sound, int64_t time_us)
{
    return av_rescale_rnd(time_us, sound->audio->sample_rate, 1000000, AV_ROUND_NEAR_INF);
}

/* ---- encoding ---- */

/* Sends what begins before this time. */
static int send_held(struct stage *stage, int64_t end_us, struct error *err)
{
    struct sound *sound = stage->state;
    while (sound->held.first && sound->held.first->packet->pts < to_samples(sound, end_us)) {
        CLEANUP(av_packet_free) AVPacket *packet = packets_pop(&sound->held);
        if (stage_send_packet(stage, packet, err) < 0)
            return -1;
    }
    return 0;
}

static int send_packet(struct stage *stage, struct error *err)
{
    struct sound *sound = stage->state;
    if (!sound->audio->match_video || !stage->run->picture)
        return stage_send_packet(stage, sound->packet, err);
    AVPacket *packet = av_packet_clone(sound->packet);
    if (!packet)
        return error_set(err, ERROR_BUG, "out of memory");
    if (packets_push(&sound->held, packet, err) < 0)
        return -1;
    return send_held(stage, atomic_load(&stage->run->media_us), err);
}

static int receive_packets(struct stage *stage, struct error *err)
{
    struct sound *sound = stage->state;
    for (;;) {
        int r = avcodec_receive_packet(sound->codec, sound->packet);
        if (r == AVERROR(EAGAIN) || r == AVERROR_EOF)
            return 0;
        if (r < 0)
            return error_set(err, ERROR_UNKNOWN, "AAC encoder failed: %s", av_err2str(r));
        r = send_packet(stage, err);
        av_packet_unref(sound->packet);
        if (r < 0)
            return -1;
    }
}

static int encode_samples(struct stage *stage, int samples, struct error *err)
{
    struct sound *sound = stage->state;
    AVFrame *frame = sound->frame;
    frame->nb_samples = samples;
    frame->format = AV_SAMPLE_FMT_FLTP;
    frame->sample_rate = sound->audio->sample_rate;
    av_channel_layout_copy(&frame->ch_layout, &sound->codec->ch_layout);
    int r = av_frame_get_buffer(frame, 0);
    if (r < 0)
        return error_set(err, ERROR_BUG, "out of memory");
    av_audio_fifo_read(sound->fifo, (void **)frame->extended_data, samples);
    frame->pts = sound->encoded;
    sound->encoded += samples;
    r = avcodec_send_frame(sound->codec, frame);
    av_frame_unref(frame);
    if (r < 0)
        return error_set(err, ERROR_UNKNOWN, "AAC encoder failed: %s", av_err2str(r));
    return receive_packets(stage, err);
}

static int encode_full_frames(struct stage *stage, struct error *err)
{
    struct sound *sound = stage->state;
    while (av_audio_fifo_size(sound->fifo) >= sound->codec->frame_size)
        if (encode_samples(stage, sound->codec->frame_size, err) < 0)
            return -1;
    return 0;
}

/* ---- the timeline ---- */

static int add_silence(struct stage *stage, int64_t samples, struct error *err)
{
    struct sound *sound = stage->state;
    static const float zeros[SILENCE_STEP];
    void *planes[8];
    for (int i = 0; i < 8; i++)
        planes[i] = (void *)(uintptr_t)zeros; /* only read */
    sound->silence += samples;
    while (samples > 0) {
        int step = samples < SILENCE_STEP ? (int)samples : SILENCE_STEP;
        if (av_audio_fifo_write(sound->fifo, planes, step) < step)
            return error_set(err, ERROR_BUG, "out of memory");
        sound->written += step;
        samples -= step;
        if (encode_full_frames(stage, err) < 0)
            return -1;
    }
    return 0;
}

/* Converts a frame (NULL: what the resampler still holds), leaving out the first `skip` samples. */
static int convert(struct stage *stage, const AVFrame *in, int64_t skip, struct error *err)
{
    struct sound *sound = stage->state;
    if (!sound->swr)
        return 0;
    int room = swr_get_out_samples(sound->swr, in ? in->nb_samples : 0);
    if (room <= 0)
        return 0;
    CLEANUP(av_frame_free) AVFrame *out = av_frame_alloc();
    if (!out)
        return error_set(err, ERROR_BUG, "out of memory");
    out->nb_samples = room;
    out->format = AV_SAMPLE_FMT_FLTP;
    av_channel_layout_copy(&out->ch_layout, &sound->codec->ch_layout);
    if (av_frame_get_buffer(out, 0) < 0)
        return error_set(err, ERROR_BUG, "out of memory");
    int got = swr_convert(sound->swr, out->extended_data, room,
                          in ? (const uint8_t **)in->extended_data : NULL, in ? in->nb_samples : 0);
    if (got < 0)
        return error_set(err, ERROR_BUG, "resampling failed: %s", av_err2str(got));
    int first = skip > got ? got : (int)skip;
    float *planes[8];
    for (int i = 0; i < sound->audio->channels; i++)
        planes[i] = (float *)out->extended_data[i] + first;
    sound->dropped += first;
    if (got > first && av_audio_fifo_write(sound->fifo, (void **)planes, got - first) < got - first)
        return error_set(err, ERROR_BUG, "out of memory");
    sound->written += got - first;
    return encode_full_frames(stage, err);
}

static bool same_input(const struct sound *sound, const AVFrame *frame)
{
    return sound->swr && sound->in_rate == frame->sample_rate &&
           sound->in_format == frame->format &&
           av_channel_layout_compare(&sound->in_layout, &frame->ch_layout) == 0;
}

static int open_resampler(struct stage *stage, const AVFrame *frame, struct error *err)
{
    struct sound *sound = stage->state;
    if (convert(stage, NULL, 0, err) < 0) /* the end of what came before */
        return -1;
    swr_free(&sound->swr);
    AVChannelLayout layout = {0};
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&layout, frame->ch_layout.nb_channels);
    else
        av_channel_layout_copy(&layout, &frame->ch_layout);
    int r = swr_alloc_set_opts2(&sound->swr, &sound->codec->ch_layout, AV_SAMPLE_FMT_FLTP,
                                sound->audio->sample_rate, &layout, frame->format,
                                frame->sample_rate, 0, NULL);
    av_channel_layout_uninit(&layout);
    if (r >= 0)
        r = swr_init(sound->swr);
    if (r < 0)
        return error_set(err, memory_kind(r, ERROR_UNSUPPORTED),
                         "cannot resample %d channels at %d Hz: %s", frame->ch_layout.nb_channels,
                         frame->sample_rate, av_err2str(r));
    sound->in_rate = frame->sample_rate;
    sound->in_format = frame->format;
    return av_channel_layout_copy(&sound->in_layout, &frame->ch_layout) < 0
               ? error_set(err, ERROR_BUG, "out of memory")
               : 0;
}

/* Samples up to now, with those that the resampler holds back. */
static int64_t position(const struct sound *sound)
{
    return sound->written + (sound->swr ? swr_get_delay(sound->swr, sound->audio->sample_rate) : 0);
}

static int take_frame(struct stage *stage, const AVFrame *frame, struct error *err)
{
    struct sound *sound = stage->state;
    if (frame->sample_rate <= 0 || frame->nb_samples <= 0 || frame->ch_layout.nb_channels > 64)
        return 0;
    if (!same_input(sound, frame) && open_resampler(stage, frame, err) < 0)
        return -1;

    int64_t gap = to_samples(sound, frame->pts + sound->track->offset_us) - position(sound);
    int64_t wobble = to_samples(sound, WOBBLE_US);
    bool at_start = sound->written == 0;
    int64_t skip = 0;
    if (gap > (at_start ? 0 : wobble)) {
        if (convert(stage, NULL, 0, err) < 0) /* what is held back comes before the silence */
            return -1;
        if (add_silence(stage, gap, err) < 0)
            return -1;
        if (swr_init(sound->swr) < 0)
            return error_set(err, ERROR_BUG, "cannot restart the resampler");
    } else if (gap < -(at_start ? 0 : wobble)) {
        skip = -gap;
    }
    return convert(stage, frame, skip, err);
}

/* The stream has nothing until this time. */
static int take_time(struct stage *stage, int64_t time_us, struct error *err)
{
    struct sound *sound = stage->state;
    int64_t gap = to_samples(sound, time_us) - position(sound);
    if (gap <= 0)
        return 0;
    if (convert(stage, NULL, 0, err) < 0)
        return -1;
    if (sound->swr && swr_init(sound->swr) < 0)
        return error_set(err, ERROR_BUG, "cannot restart the resampler");
    return add_silence(stage, gap, err);
}

static int sound_process(struct stage *stage, struct item *item, struct error *err)
{
    if (item->frame)
        return take_frame(stage, item->frame, err);
    return take_time(stage, item->time_us, err);
}

static int sound_flush(struct stage *stage, struct error *err)
{
    struct sound *sound = stage->state;
    if (convert(stage, NULL, 0, err) < 0)
        return -1;
    int64_t end_us = run_wait_video_end(stage->run), end = to_samples(sound, end_us);
    if (end > sound->written && add_silence(stage, end - sound->written, err) < 0)
        return -1;
    int left = av_audio_fifo_size(sound->fifo);
    if (left && encode_samples(stage, left, err) < 0)
        return -1;
    int r = avcodec_send_frame(sound->codec, NULL);
    if (r < 0 && r != AVERROR_EOF)
        return error_set(err, ERROR_UNKNOWN, "AAC encoder failed: %s", av_err2str(r));
    if (sound->track->stream >= 0)
        run_add_padding(stage->run, av_rescale(sound->silence, 1000000, sound->audio->sample_rate),
                        av_rescale(sound->dropped, 1000000, sound->audio->sample_rate));
    if (receive_packets(stage, err) < 0)
        return -1;
    return send_held(stage, end_us, err);
}

static void sound_release(struct stage *stage)
{
    struct sound *sound = stage->state;
    avcodec_free_context(&sound->codec);
    swr_free(&sound->swr);
    av_channel_layout_uninit(&sound->in_layout);
    if (sound->fifo)
        av_audio_fifo_free(sound->fifo);
    av_frame_free(&sound->frame);
    av_packet_free(&sound->packet);
    packets_release(&sound->held);
}

const struct stage_kind sound_stage = {
    .name = "sound",
    .state_size = sizeof(struct sound),
    .process = sound_process,
    .flush = sound_flush,
    .release = sound_release,
};
