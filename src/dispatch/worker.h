/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE SPINE: one job's life. Everything else in the program serves what is told in worker.c.
 *
 *   worker_new    opens the input, probes it, plans            PROBING
 *   worker_wait   the plan runs in threads of its own;         TRANSCODING
 *                 then its objects are made visible together   UPLOADING
 *   worker_free   whatever was not made visible is removed
 *
 * The caller polls; nothing calls back. One thread per worker; others may set its `cancel`.
 */
#ifndef DISPATCH_WORKER_H
#define DISPATCH_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/error.h"
#include "job/job.h"
#include "s3/storage.h"
#include "status/state.h"

struct worker;

struct worker_options {
    bool draft;            /* fastest encode, same shapes */
    int threads;           /* cores to plan for; 0: those this process may use */
    int64_t start_wall_us; /* when the job started, for date identifiers; 0: now */
    struct cancel
        *cancel; /* makes worker_new() and worker_wait() fail soon with ERROR_CANCELED; or NULL */
    struct announcer *announcer; /* see storage.h; or NULL */
};

struct progress {
    enum job_phase phase; /* PROBING is over when there is a worker */
    double percent;       /* 0..100 of the whole job; never falls */
    int64_t frames;       /* input frames decoded, in all passes */
    int64_t media_us;     /* of the input, processed */
    int64_t duration_us;  /* of the input; 0 if unknown */
    int64_t elapsed_us;   /* since worker_new() */
};

/* What a finished job made. Owned by the worker. */
struct report_object {
    const char *uri;
    const char *kind; /* "HLS segments", "MP4", "thumbnails", "playlist" … for a table */
    int64_t bytes;
    int64_t duration_us; /* of the media in it; 0 for playlists and images */
};

struct report_output {
    const char *const *paths; /* outputFilePaths as the COMPLETE event has them; NULL ends */
    int64_t duration_ms;
    int width, height;      /* 0 without video */
    double average_bitrate; /* bits/s of the video stream; 0 without */

    /* QVBR levels that were attained, by GOP; 0 where that is not known. Where from: start of the
     * first such GOP. */
    double qvbr_average, qvbr_least, qvbr_most;
    int64_t qvbr_least_ms, qvbr_most_ms;
};

struct report_group {
    const char *type;             /* "HLS_GROUP", "FILE_GROUP" */
    const char *const *playlists; /* playlistFilePaths; NULL ends; NULL for a file group */
    int outputs_count;
    struct report_output *outputs;
};

struct report_warning {
    int code; /* MediaConvert's warning code */
    const char *message;
};

struct report {
    int groups_count;
    struct report_group *groups;
    int objects_count;
    struct report_object *objects; /* in the order in which they were finished */
    int warnings_count;
    struct report_warning *warnings; /* warningCode, warningMessage */
    int infos_count;
    const char **infos; /* messages.info */
    int64_t padding_inserted_ms;
};

/* `job` and `storage` must outlive the worker. Blocks while the input is probed. */
int worker_new(struct worker **ret, const struct job *job, struct storage *storage,
               const struct worker_options *options, struct error *err) MUST_CHECK;

/**
 * Waits until the job has ended or `timeout_us` has passed, whichever comes first.
 *
 * @retval 1   complete: every object is visible; worker_report() tells what was made
 * @retval 0   not yet
 * @retval -1  failed or cancelled (ERROR_CANCELED); err has the first cause, no object remains
 */
int worker_wait(struct worker *worker, int64_t timeout_us, struct progress *progress,
                struct error *err) MUST_CHECK;

/* What the first input is. */
struct probe;
const struct probe *worker_probe(const struct worker *worker);

/* Infos and warnings from the start on, the rest after worker_wait() returned 1. */
const struct report *worker_report(const struct worker *worker);

void worker_free(struct worker **worker);

#endif
