/* SPDX-License-Identifier: Apache-2.0 */
#include "run/run.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/avutil.h>

#include "base/clock.h"
#include "base/condition.h"
#include "plan/memory.h"
#include "run/playlist.h"
#include "run/segment.h"
#include "run/stage.h"

/* Packets are small and come in bursts; a scaled frame is a megabyte, a decoded one three. Two of
 * those are enough: scaling is quick, and the encoders behind it have queues of their own. */
enum { PACKET_QUEUE = 64, DECODED_QUEUE = 2, FRAME_QUEUE = 3, SOUND_QUEUE = 32 };

/* ---- links ---- */

int stage_canceled(struct error *err)
{
    return error_set(err, ERROR_CANCELED, "canceled");
}

int link_send_frame(const struct link *link, const AVFrame *frame, int64_t time_us,
                    struct error *err)
{
    struct item item = {.source = link->source, .frame = av_frame_clone(frame), .time_us = time_us};
    if (!item.frame)
        return error_set(err, ERROR_BUG, "out of memory");
    return queue_send(link->to->queue, item) == QUEUE_SENT ? 0 : stage_canceled(err);
}

int link_send_packet(const struct link *link, const AVPacket *packet, struct error *err)
{
    struct item item = {.source = link->source, .packet = av_packet_clone(packet)};
    if (!item.packet)
        return error_set(err, ERROR_BUG, "out of memory");
    return queue_send(link->to->queue, item) == QUEUE_SENT ? 0 : stage_canceled(err);
}

int link_send_time(const struct link *link, int64_t time_us, struct error *err)
{
    struct item item = {.source = link->source, .time_us = time_us};
    return queue_send(link->to->queue, item) == QUEUE_SENT ? 0 : stage_canceled(err);
}

int stage_send_frame(struct stage *stage, const AVFrame *frame, int64_t time_us, struct error *err)
{
    for (int i = 0; i < stage->links_count; i++)
        if (link_send_frame(&stage->links[i], frame, time_us, err) < 0)
            return -1;
    return 0;
}

int stage_send_packet(struct stage *stage, const AVPacket *packet, struct error *err)
{
    for (int i = 0; i < stage->links_count; i++)
        if (link_send_packet(&stage->links[i], packet, err) < 0)
            return -1;
    return 0;
}

int stage_send_time(struct stage *stage, int64_t time_us, struct error *err)
{
    for (int i = 0; i < stage->links_count; i++)
        if (link_send_time(&stage->links[i], time_us, err) < 0)
            return -1;
    return 0;
}

void stage_connect(struct stage *from, struct stage *to, int source)
{
    from->links =
        av_realloc_array(from->links, (size_t)from->links_count + 1, sizeof(*from->links));
    if (!from->links)
        abort();
    from->links[from->links_count++] = (struct link){to, source};
    queue_add_sender(to->queue);
}

/* ---- the loop that every stage is ---- */

static int stage_work(struct stage *stage, struct error *err)
{
    if (stage->kind->produce)
        return stage->kind->produce(stage, err);
    struct item item;
    int got;
    while ((got = queue_receive(stage->queue, &item)) == QUEUE_RECEIVED) {
        int r = stage->kind->process(stage, &item, err);
        item_release(&item);
        if (r < 0)
            return -1;
    }
    if (got == QUEUE_CLOSED)
        return stage_canceled(err);
    return stage->kind->flush ? stage->kind->flush(stage, err) : 0;
}

static void close_queues(struct run *run)
{
    for (int i = 0; i < run->stages_count; i++)
        if (run->stages[i]->queue)
            queue_close(run->stages[i]->queue);
}

/* The first cause wins; what follows from the closing of queues is not news. */
static void run_fail(struct run *run, const struct error *err)
{
    pthread_mutex_lock(&run->lock);
    if (!run->failed) {
        run->failed = true;
        run->cause = *err;
    }
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
    close_queues(run);
}

/* A mux must know which of its streams has ended. */
static int tell_end(struct stage *stage, struct error *err)
{
    for (int i = 0; i < stage->links_count; i++)
        if (stage->links[i].to->kind == &mux_stage &&
            link_send_time(&stage->links[i], INT64_MAX, err) < 0)
            return -1;
    return 0;
}

static void release(struct stage *stage)
{
    if (stage->kind->release && !stage->released)
        stage->kind->release(stage);
    stage->released = true;
}

static void *stage_main(void *opaque)
{
    struct stage *stage = opaque;
    struct run *run = stage->run;
    pthread_setname_np(pthread_self(), stage->kind->name);
    struct error err = {0};
    int r = stage_work(stage, &err);
    if (r == 0)
        r = tell_end(stage, &err);
    if (r < 0)
        run_fail(run, &err);
    release(stage); /* at once: an encoder's frames need not wait for the MP4 index to be written */
    for (int i = 0; i < stage->links_count; i++)
        queue_end(stage->links[i].to->queue);

    pthread_mutex_lock(&run->lock);
    run->running--;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
    return NULL;
}

/* ---- making a run ---- */

static struct stage *add_stage(struct run *run, const struct stage_kind *kind, int queue_length)
{
    struct stage *stage = av_mallocz(sizeof(*stage));
    if (!stage)
        return NULL;
    stage->kind = kind;
    stage->run = run;
    stage->state = av_mallocz(kind->state_size);
    stage->queue = queue_length ? queue_new(queue_length) : NULL;
    if (!stage->state || (queue_length && !stage->queue)) {
        queue_free(&stage->queue);
        av_free(stage->state);
        av_free(stage);
        return NULL;
    }
    run->stages[run->stages_count++] = stage;
    return stage;
}

static int out_of_memory(struct error *err)
{
    return error_set(err, ERROR_BUG, "out of memory");
}

/* In a first pass only what has two passes is encoded. */
static bool takes_part(const struct run *run, int video)
{
    return run->options.pass != 1 || run->plan->videos[video].passes == 2;
}

static int add_video(struct run *run, struct stage *demux, struct error *err)
{
    const struct plan *plan = run->plan;
    if (plan->source.video < 0)
        return 0;
    struct stage *decoder = add_stage(run, &decode_stage, PACKET_QUEUE);
    struct stage *picture = add_stage(run, &picture_stage, DECODED_QUEUE);
    if (!decoder || !picture)
        return out_of_memory(err);
    if (decode_init(decoder, plan->source.video, err) < 0)
        return -1;
    demux_route(demux, plan->source.video, decoder);
    stage_connect(decoder, picture, 0);
    run->picture = picture;
    if (picture_init(picture, err) < 0)
        return -1;
    for (int i = 0; i < plan->videos_count; i++) {
        if (!takes_part(run, i))
            continue;
        run->encoders[i] = add_stage(run, &encode_stage, FRAME_QUEUE);
        if (!run->encoders[i])
            return out_of_memory(err);
        if (encode_init(run->encoders[i], i, err) < 0)
            return -1;
        picture_route(picture, i, -1, run->encoders[i]);
    }
    return 0;
}

static int add_audio(struct run *run, struct stage *demux, struct error *err)
{
    const struct plan *plan = run->plan;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct stage **decoders =
        ARENA_ARRAY(arena, struct stage *, plan->tracks_count); /* of tracks; shared by stream */
    for (int i = 0; i < plan->tracks_count; i++) {
        for (int k = 0; k < i; k++)
            if (plan->tracks[k].stream == plan->tracks[i].stream)
                decoders[i] = decoders[k];
        if (decoders[i] || plan->tracks[i].stream < 0)
            continue;
        decoders[i] = add_stage(run, &decode_stage, PACKET_QUEUE);
        if (!decoders[i])
            return out_of_memory(err);
        if (decode_init(decoders[i], plan->tracks[i].stream, err) < 0)
            return -1;
        demux_route(demux, plan->tracks[i].stream, decoders[i]);
    }
    for (int i = 0; i < plan->audios_count; i++) {
        struct stage *sound = run->sounds[i] = add_stage(run, &sound_stage, SOUND_QUEUE);
        if (!sound)
            return out_of_memory(err);
        if (sound_init(sound, i, err) < 0)
            return -1;
        struct stage *decoder = decoders[plan->audios[i].track];
        if (decoder)
            stage_connect(decoder, sound, 0);
        else
            demux_route_time(demux, sound);
    }
    return 0;
}

static int add_outputs(struct run *run, struct error *err)
{
    const struct plan *plan = run->plan;
    for (int i = 0; i < plan->outputs_count; i++) {
        bool capture = plan->outputs[i].container == CONTAINER_CAPTURE;
        struct stage *stage = add_stage(run, capture ? &capture_stage : &mux_stage,
                                        capture ? FRAME_QUEUE : PACKET_QUEUE);
        if (!stage)
            return out_of_memory(err);
        if (capture) {
            if (capture_init(stage, i, err) < 0)
                return -1;
            picture_route(run->picture, -1, i, stage);
        } else if (mux_init(stage, i, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static void select_streams(struct run *run)
{
    const struct plan *plan = run->plan;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    int *streams = ARENA_ARRAY(arena, int, plan->tracks_count + 1), count = 0;
    if (plan->source.video >= 0)
        streams[count++] = plan->source.video;
    for (int i = 0; run->options.pass != 1 && i < plan->tracks_count; i++)
        if (plan->tracks[i].stream >= 0)
            streams[count++] = plan->tracks[i].stream;
    media_select(run->media, streams, count);
}

static int start(struct run *run, struct error *err)
{
    run->running = run->stages_count;
    for (int i = run->stages_count - 1; i >= 0; i--) { /* receivers first */
        struct stage *stage = run->stages[i];
        int r = pthread_create(&stage->thread, NULL, stage_main, stage);
        if (r) {
            pthread_mutex_lock(&run->lock);
            run->running -= i + 1;
            pthread_mutex_unlock(&run->lock);
            return error_set(err, ERROR_UNKNOWN, "cannot start a thread: %s",
                             av_err2str(memory_reason(AVERROR(r), MEMORY_OF_THREAD)));
        }
        stage->started = true;
    }
    return 0;
}

static int make_stages(struct run *run, struct error *err)
{
    const struct plan *plan = run->plan;
    int most =
        3 + plan->tracks_count + plan->videos_count + plan->audios_count + plan->outputs_count;
    run->arena = arena_new();
    run->stages = ARENA_ARRAY(run->arena, struct stage *, most);
    run->encoders = ARENA_ARRAY(run->arena, struct stage *, plan->videos_count);
    run->video_codecs = ARENA_ARRAY(run->arena, const char *, plan->videos_count);
    run->sounds = ARENA_ARRAY(run->arena, struct stage *, plan->audios_count);
    run->renditions = ARENA_ARRAY(run->arena, struct rendition, plan->outputs_count);
    run->result.qualities = ARENA_ARRAY(run->arena, struct run_quality, plan->videos_count);
    run->result.outputs = ARENA_ARRAY(run->arena, struct run_output, plan->outputs_count);

    struct stage *demux = add_stage(run, &demux_stage, 0);
    if (!demux)
        return out_of_memory(err);
    if (add_video(run, demux, err) < 0)
        return -1;
    if (run->options.pass != 1 && (add_audio(run, demux, err) < 0 || add_outputs(run, err) < 0))
        return -1;
    select_streams(run);
    return start(run, err);
}

int run_new(struct run **ret, const struct plan *plan, struct media *media,
            struct delivery *delivery, const struct run_options *options, struct error *err)
{
    CLEANUP(run_free) struct run *run = av_mallocz(sizeof(*run));
    if (!run)
        return out_of_memory(err);
    run->plan = plan;
    run->media = media;
    run->delivery = delivery;
    run->options = *options;
    pthread_mutex_init(&run->lock, NULL);
    condition_init(&run->changed);
    if (make_stages(run, err) < 0)
        return -1;
    *ret = TAKE(run);
    return 0;
}

/* ---- waiting ---- */

static int put_playlists(struct run *run, struct error *err)
{
    for (int i = 0; run->options.pass != 1 && i < run->plan->groups_count; i++)
        if (run->plan->groups[i].type == GROUP_HLS && playlist_put_group(run, i, err) < 0)
            return -1;
    return 0;
}

int run_wait(struct run *run, int64_t timeout_us, struct run_progress *progress, struct error *err)
{
    int64_t until_us = clock_monotonic_us() + timeout_us;
    pthread_mutex_lock(&run->lock);
    while (run->running > 0 && condition_wait(&run->changed, &run->lock, until_us))
        continue;
    bool ended = run->running == 0, failed = ended && run->failed;
    if (failed)
        *err = run->cause;
    pthread_mutex_unlock(&run->lock);

    progress->frames = atomic_load(&run->frames);
    progress->media_us = atomic_load(&run->media_us);
    if (failed)
        return -1;
    if (!ended)
        return 0;
    if (put_playlists(run, err) < 0)
        return -1;
    run->result.corrupt_frames = atomic_load(&run->corrupt_frames);
    return 1;
}

void run_cancel(struct run *run)
{
    struct error err;
    (void)!stage_canceled(&err);
    run_fail(run, &err);
}

const struct run_result *run_result(const struct run *run)
{
    return &run->result;
}

void run_free(struct run **run)
{
    struct run *r = *run;
    if (!r)
        return;
    run_cancel(r);
    for (int i = 0; i < r->stages_count; i++)
        if (r->stages[i]->started)
            pthread_join(r->stages[i]->thread, NULL);
    for (int i = r->stages_count - 1; i >= 0; i--) {
        struct stage *stage = r->stages[i];
        release(stage);
        queue_free(&stage->queue);
        av_free(stage->links);
        av_free(stage->state);
        av_free(stage);
    }
    for (int i = 0; r->renditions && i < r->plan->outputs_count; i++)
        av_free(r->renditions[i].segments);
    av_free(r->result.objects);
    arena_free(&r->arena);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    av_freep(run);
}

/* ---- what stages tell ---- */

void run_set_video_end(struct run *run, int64_t end_us)
{
    pthread_mutex_lock(&run->lock);
    run->video_ended = true;
    run->video_end_us = end_us;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
}

int64_t run_wait_video_end(struct run *run)
{
    pthread_mutex_lock(&run->lock);
    while (run->picture && !run->video_ended && !run->failed)
        pthread_cond_wait(&run->changed, &run->lock);
    int64_t end_us = run->video_end_us;
    pthread_mutex_unlock(&run->lock);
    return end_us;
}

const char *run_strdup(struct run *run, const char *text)
{
    pthread_mutex_lock(&run->lock);
    const char *copy = arena_strdup(run->arena, text);
    pthread_mutex_unlock(&run->lock);
    return copy;
}

void run_add_object(struct run *run, int output, const char *kind, const char *uri, int64_t bytes,
                    int64_t duration_us)
{
    pthread_mutex_lock(&run->lock);
    struct run_result *result = &run->result;
    if (result->objects_count == run->objects_capacity) {
        int capacity = run->objects_capacity ? run->objects_capacity * 2 : 256;
        struct run_object *more =
            av_realloc_array(result->objects, (size_t)capacity, sizeof(*more));
        if (!more)
            abort();
        result->objects = more;
        run->objects_capacity = capacity;
    }
    result->objects[result->objects_count++] = (struct run_object){
        .uri = arena_strdup(run->arena, uri),
        .kind = kind,
        .output = output,
        .bytes = bytes,
        .duration_us = duration_us,
    };
    pthread_mutex_unlock(&run->lock);
}

struct object_headers run_headers(const struct run *run, int group, const char *content_type)
{
    struct object_headers headers = run->plan->groups[group].headers;
    headers.content_type = content_type;
    return headers;
}

int run_put_in(struct run *run, int group, int output, const char *kind, const char *uri,
               const char *content_type, const char *content_encoding, const void *bytes,
               size_t size, int64_t duration_us, struct error *err)
{
    struct object_headers headers = run_headers(run, group, content_type);
    headers.content_encoding = content_encoding;
    if (object_put(run->delivery, uri, &headers, bytes, size, err) < 0)
        return -1;
    run_add_object(run, output, kind, uri, (int64_t)size, duration_us);
    return 0;
}

int run_put(struct run *run, int output, const char *kind, const char *uri,
            const char *content_type, const char *content_encoding, const void *bytes, size_t size,
            int64_t duration_us, struct error *err)
{
    int group = run->plan->outputs[output].group;
    return run_put_in(run, group, output, kind, uri, content_type, content_encoding, bytes, size,
                      duration_us, err);
}

void run_add_padding(struct run *run, int64_t padding_us, int64_t dropped_us)
{
    pthread_mutex_lock(&run->lock);
    struct run_result *result = &run->result;
    result->padding_us = padding_us > result->padding_us ? padding_us : result->padding_us;
    result->dropped_audio_us =
        dropped_us > result->dropped_audio_us ? dropped_us : result->dropped_audio_us;
    pthread_mutex_unlock(&run->lock);
}
