/* SPDX-License-Identifier: Apache-2.0 */
#include "run/mux.h"

static const struct container_kind *const containers[] = {
    &mp4_container,
    &ts_container,
    &adts_container,
    &raw_aac_container,
};

static void add_stream(struct mux *mux, const AVCodecContext *codec,
                       const struct plan_output_audio *audio)
{
    struct mux_stream *stream = &mux->streams[mux->streams_count++];
    stream->codec = codec;
    stream->audio = audio;
    stream->time_base = codec->time_base;
}

int mux_init(struct stage *stage, int index, struct error *err)
{
    struct mux *mux = mux_of(stage);
    struct run *run = stage->run;
    mux->output = &run->plan->outputs[index];
    mux->index = index;
    if (mux->output->video >= 0) {
        struct stage *encoder = run->encoders[mux->output->video];
        stage_connect(encoder, stage, mux->streams_count);
        add_stream(mux, encode_context(encoder), NULL);
    }
    for (int i = 0; i < mux->output->audios_count; i++) {
        struct stage *sound = run->sounds[mux->output->audios[i].audio];
        stage_connect(sound, stage, mux->streams_count);
        add_stream(mux, sound_context(sound), &mux->output->audios[i]);
    }
    for (size_t i = 0; i < COUNT(containers); i++)
        if (containers[i]->container == mux->output->container)
            mux->container = containers[i];
    if (!mux->container)
        return error_set(err, ERROR_BUG, "no muxer for %s", mux->output->label);
    mux->state = av_mallocz(mux->container->state_size);
    if (!mux->state)
        return error_set(err, ERROR_BUG, "out of memory");
    if (mux->container->open(stage, err) < 0)
        return error_add(err, "%s", mux->output->label);
    return 0;
}

/* ISO 13818-1 audio_type, as muxers want to hear it. */
static int disposition_of(int audio_type)
{
    static const int dispositions[] = {0, AV_DISPOSITION_CLEAN_EFFECTS,
                                       AV_DISPOSITION_HEARING_IMPAIRED,
                                       AV_DISPOSITION_VISUAL_IMPAIRED};
    return audio_type >= 0 && audio_type < (int)COUNT(dispositions) ? dispositions[audio_type] : 0;
}

int mux_new_format(struct stage *stage, const char *name, AVIOContext *avio, AVFormatContext **ret,
                   struct error *err)
{
    const struct mux *mux = mux_of(stage);
    AVFormatContext *format = NULL;
    if (avformat_alloc_output_context2(&format, NULL, name, NULL) < 0)
        return error_set(err, ERROR_BUG, "no muxer '%s' in this FFmpeg", name);
    *ret = format;
    format->pb = avio;
    format->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT;
    format->avoid_negative_ts = AVFMT_AVOID_NEG_TS_DISABLED;
    for (int i = 0; i < mux->streams_count; i++) {
        AVStream *stream = avformat_new_stream(format, NULL);
        if (!stream || avcodec_parameters_from_context(stream->codecpar, mux->streams[i].codec) < 0)
            return error_set(err, ERROR_BUG, "out of memory");
        stream->time_base = mux->streams[i].time_base;
        stream->avg_frame_rate = mux->streams[i].codec->framerate;
        stream->sample_aspect_ratio = mux->streams[i].codec->sample_aspect_ratio;
        if (mux->streams[i].audio)
            stream->disposition = disposition_of(mux->streams[i].audio->audio_type);
        if (mux->streams[i].audio)
            av_dict_set(&stream->metadata, "language", mux->streams[i].audio->language, 0);
    }
    return 0;
}

int64_t mux_end_us(const struct mux *mux)
{
    int64_t end_us = 0;
    for (int i = 0; i < mux->streams_count; i++)
        if (mux->streams[i].end_us > end_us)
            end_us = mux->streams[i].end_us;
    return end_us;
}

static void remember_end(struct mux_stream *stream, const AVPacket *packet)
{
    int64_t end = av_rescale_q(packet->pts + packet->duration, stream->time_base, AV_TIME_BASE_Q);
    if (end > stream->end_us)
        stream->end_us = end;
}

/* The stream whose first packet is next, or -1: some stream may still bring an earlier one. */
static int next_stream(const struct mux *mux)
{
    int next = -1;
    for (int i = 0; i < mux->streams_count; i++) {
        const struct mux_stream *stream = &mux->streams[i];
        const struct packet_node *first = stream->waiting.first;
        if (!first) {
            if (!stream->ended)
                return -1;
            continue;
        }
        const struct mux_stream *best = next < 0 ? NULL : &mux->streams[next];
        if (!best || av_compare_ts(first->packet->dts, stream->time_base,
                                   best->waiting.first->packet->dts, best->time_base) < 0)
            next = i;
    }
    return next;
}

static int write_ready(struct stage *stage, struct error *err)
{
    struct mux *mux = mux_of(stage);
    for (int i; (i = next_stream(mux)) >= 0;) {
        struct mux_stream *stream = &mux->streams[i];
        CLEANUP(av_packet_free) AVPacket *packet = packets_pop(&stream->waiting);
        if (!stream->audio)
            mux->video_bytes += packet->size;
        remember_end(stream, packet);
        if (mux->container->write(stage, i, packet, err) < 0)
            return error_add(err, "%s", mux->output->label);
    }
    return 0;
}

static int mux_process(struct stage *stage, struct item *item, struct error *err)
{
    struct mux_stream *stream = &mux_of(stage)->streams[item->source];
    if (item->packet && packets_push(&stream->waiting, TAKE(item->packet), err) < 0)
        return -1;
    if (item->time_us == INT64_MAX)
        stream->ended = true;
    return write_ready(stage, err);
}

static int mux_flush(struct stage *stage, struct error *err)
{
    struct mux *mux = mux_of(stage);
    if (mux->container->finish(stage, err) < 0)
        return error_add(err, "%s", mux->output->label);
    struct run_output *result = &stage->run->result.outputs[mux->index];
    result->duration_us = mux->output->video >= 0 ? mux->streams[0].end_us : mux_end_us(mux);
    result->video_bytes = mux->video_bytes;
    return 0;
}

static void mux_release(struct stage *stage)
{
    struct mux *mux = mux_of(stage);
    for (int i = 0; i < mux->streams_count; i++)
        packets_release(&mux->streams[i].waiting);
    if (mux->state)
        mux->container->release(stage);
    av_freep(&mux->state);
}

const struct stage_kind mux_stage = {
    .name = "mux",
    .state_size = sizeof(struct mux),
    .process = mux_process,
    .flush = mux_flush,
    .release = mux_release,
};
