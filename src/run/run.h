/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct plan → objects. A run is a set of stages, each a thread of its own, joined by bounded
 * queues through which packets and frames pass by reference:
 *
 *             ┌ decode (video) ─ picture ─┬─ encode ──┬─ mux ─ object(s)
 *   demux ────┤                           ├─ encode ──┤
 *             │                           └─ capture ─── objects
 *             └ decode (audio) ─────────────  sound ──── mux
 *
 *   demux    reads packets, keeps timelines continuous, hands each to its decoder
 *   decode   packets → frames with a time in µs on the output's timeline
 *   picture  filters (if any), constant frame rate, one scaled frame per distinct geometry
 *   encode   frames → H.264 packets; forces the IDR cadence
 *   capture  frames → JPEG objects
 *   sound    resamples, fills gaps with silence, → AAC packets
 *   mux      interleaves an output's packets by time and writes its object or segments
 *
 * The law: a stage knows its own queue and the queues behind it, nothing else. It receives, works,
 * sends, until its queue ends; then it flushes and ends the queues behind it. A full queue holds
 * its sender back, so memory is bounded by queue lengths and the encoders' lookahead. Nobody ever
 * waits for one particular stream but mux, and mux never holds anybody back: hence no deadlock.
 *
 * Nothing depends on the timing of threads: the same input, plan and program give the same bytes.
 *
 * The first stage that fails decides the error; it closes all queues, which wakes everyone.
 * Playlists are written when every stage has ended well, so they name only what is there.
 */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "plan/media.h"
#include "plan/plan.h"
#include "s3/storage.h"

struct run;

struct run_options {
    int pass;                 /* 1: first of two, writes no objects; 2: the only or last one */
    const char *stats_folder; /* of two-pass encodes; NULL if the plan has none */
};

struct run_progress {
    int64_t frames;   /* decoded */
    int64_t media_us; /* of the source's timeline, picture or sound, that has passed */
};

/* What became of an output; in the order of plan->outputs. */
struct run_output {
    int64_t duration_us;
    int64_t video_bytes; /* of the elementary stream */
};

/* The QVBR levels that a video attained, GOP by GOP. */
struct run_quality {
    bool known; /* else nothing of the rest is */
    double average, least, most;
    int64_t least_us, most_us; /* where the first such GOP begins */
};

struct run_object {
    const char *uri;
    const char *kind; /* for people: "segment", "playlist", "MP4", "capture" */
    int output;       /* in plan->outputs; -1: the top-level playlist of a group */
    int64_t bytes, duration_us;
};

struct run_result {
    struct run_output *outputs;
    struct run_quality *qualities; /* of plan->videos */
    struct run_object *objects;    /* in the order in which they were finished */
    int objects_count;
    int64_t padding_us;       /* the most silence that any track got */
    int64_t dropped_audio_us; /* the most that any track lost */
    int64_t corrupt_frames;   /* packets that did not decode, concealed */
};

/**
 * Opens the encoders and muxers and starts the threads. Plan, media and delivery stay the caller's
 * and must outlive the run; delivery may be NULL in pass 1.
 *
 * @retval -1  1040 the encoder refuses the settings; no thread was started
 */
int run_new(struct run **ret, const struct plan *plan, struct media *media,
            struct delivery *delivery, const struct run_options *options,
            struct error *err) MUST_CHECK;

/**
 * Wait until the run has ended or `timeout_us` has passed, whichever comes first.
 *
 * The only way in which anything comes back up. One thread at a time; another may call
 * run_cancel() meanwhile, which makes this return soon.
 *
 * @param timeout_us  microseconds; 0 looks without waiting
 * @param progress    filled on every return; never falls
 *
 * @retval 1   the run has ended: every object is finished, none is visible before delivery_commit()
 * @retval 0   not yet
 * @retval -1  failed or cancelled (ERROR_CANCELED); err holds the first cause of any stage
 */
int run_wait(struct run *run, int64_t timeout_us, struct run_progress *progress,
             struct error *err) MUST_CHECK;

void run_cancel(struct run *run);

/* Valid after run_wait() returned 1, until run_free(). */
const struct run_result *run_result(const struct run *run);

/* Cancels what still runs, joins, frees. Sets NULL; accepts NULL. */
void run_free(struct run **run);

#endif
