/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of run/ share: a stage, and the run that they are stages of.
 *
 * A kind of stage is one file with one const struct stage_kind. All of them run the same loop
 * (stage_main in run.c): receive, process, until the queue ends; then flush, then end the queues
 * behind. A stage's state belongs to its own thread from start to join.
 */
#ifndef RUN_STAGE_H
#define RUN_STAGE_H

#include <pthread.h>
#include <stdatomic.h>

#include <libavcodec/avcodec.h>

#include "run/queue.h"
#include "run/run.h"

struct stage;
struct rendition;

/* Where a stage's items go: a queue, and the number by which its receiver knows them. */
struct link {
    struct stage *to;
    int source;
};

struct stage_kind {
    const char *name;
    size_t state_size;
    int (*process)(struct stage *stage, struct item *item,
                   struct error *err); /* the item stays the caller's */
    int (*flush)(struct stage *stage,
                 struct error *err); /* the queue has ended; NULL: nothing to do */
    int (*produce)(struct stage *stage,
                   struct error *err);    /* instead of both, where there is no queue */
    void (*release)(struct stage *stage); /* once, when its thread ends or was never started */
};

extern const struct stage_kind demux_stage, decode_stage, picture_stage, encode_stage,
    capture_stage, sound_stage, mux_stage;

struct stage {
    const struct stage_kind *kind;
    struct run *run;
    void *state;         /* of kind->state_size, zeroed */
    struct queue *queue; /* NULL for demux */
    struct link *links;
    int links_count;
    pthread_t thread;
    bool started, released;
};

struct run {
    /* immutable once the threads run */
    const struct plan *plan;
    struct media *media;
    struct delivery *delivery;
    struct run_options options;
    struct stage **stages; /* in the order of the data */
    int stages_count;
    struct stage *picture;     /* NULL without video */
    struct stage **encoders;   /* of plan->videos; NULL where this pass has none */
    struct stage **sounds;     /* of plan->audios */
    const char **video_codecs; /* of plan->videos, as playlists call them: "avc1.4d401f" */
    struct rendition
        *renditions; /* of plan->outputs; each written by its own mux until that has ended */

    atomic_int_least64_t frames, media_us;
    atomic_int_least64_t corrupt_frames;
    atomic_int_least64_t audio_end_us; /* of the audio packets read; final when demux has ended */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* ---- guarded by lock ---- */
    int running; /* threads that have not ended */
    bool failed;
    struct error cause; /* the first */
    bool video_ended;
    int64_t video_end_us;
    struct arena *arena; /* of the strings in result */
    struct run_result result;
    int objects_capacity;
};

/* Sends a new reference of the frame or packet to every link; 0 or -1 with ERROR_CANCELED where the
 * queues were closed. */
int stage_send_frame(struct stage *stage, const AVFrame *frame, int64_t time_us,
                     struct error *err) MUST_CHECK;
int stage_send_packet(struct stage *stage, const AVPacket *packet, struct error *err) MUST_CHECK;
int stage_send_time(struct stage *stage, int64_t time_us, struct error *err) MUST_CHECK;
int link_send_frame(const struct link *link, const AVFrame *frame, int64_t time_us,
                    struct error *err) MUST_CHECK;
int link_send_packet(const struct link *link, const AVPacket *packet, struct error *err) MUST_CHECK;
int link_send_time(const struct link *link, int64_t time_us, struct error *err) MUST_CHECK;

/* Before any thread runs: what `from` sends goes to `to`, who knows it as `source`. */
void stage_connect(struct stage *from, struct stage *to, int source);

/* What to return when a queue was closed under us. */
int stage_canceled(struct error *err) MUST_CHECK;

/* ---- each stage's own opening, called by run_new() in the main thread ---- */

int decode_init(struct stage *stage, int stream, struct error *err) MUST_CHECK;
int picture_init(struct stage *stage, struct error *err) MUST_CHECK;
int encode_init(struct stage *stage, int video, struct error *err) MUST_CHECK;
int sound_init(struct stage *stage, int audio, struct error *err) MUST_CHECK;
int capture_init(struct stage *stage, int output, struct error *err) MUST_CHECK;
int mux_init(struct stage *stage, int output, struct error *err) MUST_CHECK;
void demux_route(struct stage *stage, int stream, struct stage *to);
void demux_route_time(struct stage *stage, struct stage *to);
void picture_route(struct stage *stage, int video, int capture_output, struct stage *to);

/* Until the threads run: an encoder goes when its stage has ended. */
const AVCodecContext *encode_context(const struct stage *stage);
const AVCodecContext *sound_context(const struct stage *stage);

/* ---- what stages tell the run ---- */

/* The picture stage knows where the video ends; sound waits for it to end there, too. Without video
 * or when the run is closed, run_wait_video_end() returns at once, with 0. */
void run_set_video_end(struct run *run, int64_t end_us);
int64_t run_wait_video_end(struct run *run);

/* Puts a whole object with its group's headers and remembers it for the result. `output` is -1 for
 * what belongs to the group as a whole. */
int run_put_in(struct run *run, int group, int output, const char *kind, const char *uri,
               const char *content_type, const char *content_encoding, const void *bytes,
               size_t size, int64_t duration_us, struct error *err) MUST_CHECK;
int run_put(struct run *run, int output, const char *kind, const char *uri,
            const char *content_type, const char *content_encoding, const void *bytes, size_t size,
            int64_t duration_us, struct error *err) MUST_CHECK;
void run_add_object(struct run *run, int output, const char *kind, const char *uri, int64_t bytes,
                    int64_t duration_us);
struct object_headers run_headers(const struct run *run, int group, const char *content_type);

/* A copy that lives as long as the run. */
const char *run_strdup(struct run *run, const char *text);

void run_add_padding(struct run *run, int64_t padding_us, int64_t dropped_us);

#endif
