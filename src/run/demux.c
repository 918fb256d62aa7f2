/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads packets and hands each to the decoder of its stream.
 *
 * Timelines are kept continuous here, where all streams are still together: a jump (a spliced
 * transport stream, a wrapped clock) moves all of them by the same amount. And the passing of time
 * is told to whoever waits for a stream that is silent just now, in file order, so that what they
 * do then does not depend on the speed of threads.
 */
#include <stdlib.h>

#include "run/stage.h"

enum {
    JUMP_US = 10 * 1000 * 1000,           /* where the format allows jumps */
    ABSURD_GAP_US = 3600LL * 1000 * 1000, /* where it does not: no frame is held for an hour */
    BACK_US = 1000 * 1000,                /* a stream that goes back by more has been spliced */
    SILENT_US = 10 * 1000 * 1000,         /* so long without packets, a stream is told the time */
};

struct route {
    struct link to;
    int stream;      /* -1: only wants to know the time */
    int64_t last_us; /* of its newest packet, or of what it was told */
    bool seen;
};

struct demux {
    struct route *routes;
    int routes_count;
    int64_t shift_us;   /* added to the container's time */
    int64_t newest_us;  /* of any packet */
    int64_t made_up_us; /* gaps so far, in all streams */
};

static void add_route(struct stage *stage, int stream, struct stage *to)
{
    struct demux *demux = stage->state;
    demux->routes =
        av_realloc_array(demux->routes, (size_t)demux->routes_count + 1, sizeof(*demux->routes));
    if (!demux->routes)
        abort();
    demux->routes[demux->routes_count++] = (struct route){.to = {to, 0}, .stream = stream};
    stage_connect(stage, to, 0);
}

void demux_route(struct stage *stage, int stream, struct stage *to)
{
    add_route(stage, stream, to);
}

void demux_route_time(struct stage *stage, struct stage *to)
{
    add_route(stage, -1, to);
}

/* Where in the output's time a packet is, or AV_NOPTS_VALUE. */
static int64_t packet_time(const struct run *run, const AVPacket *packet)
{
    int64_t time = packet->dts != AV_NOPTS_VALUE ? packet->dts : packet->pts;
    if (time == AV_NOPTS_VALUE)
        return AV_NOPTS_VALUE;
    AVRational base = media_stream(run->media, packet->stream_index)->time_base;
    return av_rescale_q(time, base, AV_TIME_BASE_Q) - run->plan->source.start_us;
}

/* A jump against the stream's own past moves the time of all streams, so that it goes on. */
static int make_continuous(struct stage *stage, struct route *route, const AVPacket *packet,
                           int64_t *time_us, struct error *err)
{
    struct demux *demux = stage->state;
    *time_us += demux->shift_us;
    bool may_jump = media_timestamps_jump(stage->run->media);
    int64_t most = may_jump ? JUMP_US : ABSURD_GAP_US;
    int64_t gap = *time_us - (route->seen ? route->last_us : demux->newest_us);
    AVRational base = media_stream(stage->run->media, packet->stream_index)->time_base;
    int64_t lasts = av_rescale_q(packet->duration > 0 ? packet->duration : 0, base, AV_TIME_BASE_Q);
    if (route->seen && (gap > most || (may_jump && -gap > BACK_US))) {
        int64_t go_on = route->last_us + (lasts > 0 && lasts < JUMP_US ? lasts : 40000);
        demux->shift_us += go_on - *time_us;
        *time_us = go_on;
    } else if (gap > JUMP_US) {
        /* Held pictures and silence are made up; nobody means hours of them. */
        demux->made_up_us += gap;
        if (gap > ABSURD_GAP_US || demux->made_up_us > 4LL * ABSURD_GAP_US)
            return error_set(err, ERROR_DEMUXER,
                             "Demuxer: [timestamps of track [%d] leave gaps of %lld s]",
                             packet->stream_index + 1, (long long)(demux->made_up_us / 1000000));
    }
    if (*time_us > demux->newest_us)
        demux->newest_us = *time_us;
    return 0;
}

static void shift_packet(struct run *run, AVPacket *packet, int64_t shift_us)
{
    AVRational base = media_stream(run->media, packet->stream_index)->time_base;
    int64_t shift = av_rescale_q(shift_us, AV_TIME_BASE_Q, base);
    if (packet->pts != AV_NOPTS_VALUE)
        packet->pts += shift;
    if (packet->dts != AV_NOPTS_VALUE)
        packet->dts += shift;
}

/* Everyone who has been without packets for long learns the time. */
static int tell_time(struct stage *stage, int64_t now_us, struct error *err)
{
    struct demux *demux = stage->state;
    for (int i = 0; i < demux->routes_count; i++) {
        struct route *route = &demux->routes[i];
        int64_t patience = route->stream < 0 ? 1000000 : SILENT_US;
        if (now_us - route->last_us < patience)
            continue;
        route->last_us = now_us;
        if (link_send_time(&route->to, now_us - (route->stream < 0 ? 0 : SILENT_US / 2), err) < 0)
            return -1;
    }
    return 0;
}

/* PadVideo wants to know where the audio ends, whatever the container says. */
static void note_audio_end(struct stage *stage, const AVPacket *packet, int64_t time_us)
{
    const AVStream *stream = media_stream(stage->run->media, packet->stream_index);
    if (stream->codecpar->codec_type != AVMEDIA_TYPE_AUDIO || packet->duration < 0)
        return;
    int64_t end_us = time_us + av_rescale_q(packet->duration, stream->time_base, AV_TIME_BASE_Q);
    if (end_us > atomic_load(&stage->run->audio_end_us))
        atomic_store(&stage->run->audio_end_us, end_us);
}

static int route_packet(struct stage *stage, AVPacket *packet, struct error *err)
{
    struct demux *demux = stage->state;
    int64_t time_us = packet_time(stage->run, packet);
    for (int i = 0; i < demux->routes_count; i++) {
        struct route *route = &demux->routes[i];
        if (route->stream != packet->stream_index)
            continue;
        if (time_us != AV_NOPTS_VALUE) {
            if (make_continuous(stage, route, packet, &time_us, err) < 0)
                return -1;
            note_audio_end(stage, packet, time_us);
            if (!route->seen || time_us > route->last_us)
                route->last_us = time_us;
            route->seen = true;
        }
        shift_packet(stage->run, packet, demux->shift_us);
        if (link_send_packet(&route->to, packet, err) < 0)
            return -1;
        return time_us == AV_NOPTS_VALUE ? 0 : tell_time(stage, time_us, err);
    }
    return 0; /* a stream that nobody asked for */
}

static int demux_produce(struct stage *stage, struct error *err)
{
    CLEANUP(av_packet_free) AVPacket *packet = av_packet_alloc();
    if (!packet)
        return error_set(err, ERROR_BUG, "out of memory");
    for (;;) {
        int r = media_read(stage->run->media, packet, err);
        if (r <= 0)
            return r;
        r = route_packet(stage, packet, err);
        av_packet_unref(packet);
        if (r < 0)
            return -1;
    }
}

static void demux_release(struct stage *stage)
{
    struct demux *demux = stage->state;
    av_freep(&demux->routes);
}

const struct stage_kind demux_stage = {
    .name = "demux",
    .state_size = sizeof(struct demux),
    .produce = demux_produce,
    .release = demux_release,
};
