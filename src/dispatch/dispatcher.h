/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the jobs of the queues, each in a process of its own, `mediaconvert-local-media worker`.
 *
 *   dispatcher.c   the thread: takes jobs from status/ while there is room, waits for its workers
 *   attempt.c      one job being run: what its worker says, what others want of it, how it ends
 *   executor.c     the process, its limits and its pipes
 *   protocol.h     what is said on them
 *   strays.c       objects that dead workers have left
 *
 * One thread does all of it. It asks status/ for what others want (cancel), and nobody calls it
 * back. Removing what a dead worker left is done beside it, since a server of S3 may be slow.
 *
 * Before any object of a job can be seen it is on record (status_job_objects); the worker waits for
 * that. So whatever dies at whatever time, the record names every object that may be there. Those
 * of an attempt that did not end well are removed before its job ends, those of a server that has
 * died before the next one starts a job. Where the store does not answer, or refuses, they stay on
 * record and are tried again later: no job waits for that. Nobody can name an object while it is
 * removed.
 *
 * A worker that crashes, or wants more than its limits, makes its job end with ErrorCode 1999 and
 * the signal's name, or the limit, in the message. The job of a worker that dies with the server is
 * queued again when the next one starts.
 */
#ifndef DISPATCH_DISPATCHER_H
#define DISPATCH_DISPATCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/log.h"
#include "s3/storage.h"
#include "status/status.h"

struct dispatcher;

struct dispatcher_options {
    const char *const *store_words; /* --storage … or --s3-endpoint …, for the workers; NULL ends */
    const char *worker_program;     /* NULL: mediaconvert-local-media, as program.h finds it */
    int concurrent;                 /* jobs at once; 0: as many as the cores can feed, see below */
    bool draft;                     /* --speed draft for all jobs */
    int threads;                    /* cores to plan each job for; 0: its share, see below */
    int64_t delay_us;               /* each job stays in SUBMITTED at least so long */
    int64_t memory_max;             /* bytes that a worker may have; 0: see below */
    int64_t cpu_max_s;              /* of processor time of a worker; 0: a week of all cores */
    const struct log *log;          /* NULL: nothing is written */
};

/* Queues again what a server before this one left, and starts the thread; that removes stray
 * objects, as far as the store lets it, before it takes a job. All that is given must outlive the
 * dispatcher. */
int dispatcher_start(struct dispatcher **ret, struct status *status, struct storage *storage,
                     const struct dispatcher_options *options, struct error *err) MUST_CHECK;

/* A job was added or is to be cancelled, a queue changed: looks at once instead of at the next
 * turn, a fraction of a second later. */
void dispatcher_wake(struct dispatcher *dispatcher);

/* Starts no more jobs and waits until those that run have ended, or `timeout_us` has passed; what
 * still runs then is stopped and queued again. */
void dispatcher_drain(struct dispatcher *dispatcher, int64_t timeout_us);

/* For /metrics and ListQueues. */
struct dispatcher_counts {
    int64_t concurrent; /* jobs that may run at once */
    int64_t running;
    int64_t frames, busy_us;    /* decoded in all, and the time that took: encode speed */
    int64_t waited_us, started; /* in queues, and how many jobs that was */
    int64_t crashed;
    int64_t s3_retries; /* the workers' and the server's own */
};
void dispatcher_counts(struct dispatcher *dispatcher, struct dispatcher_counts *ret);

/* Drains without waiting for jobs to end. Accepts NULL. */
void dispatcher_free(struct dispatcher **dispatcher);

/*
 * How many jobs so many cores can feed: half as many, at least one. A job's encoders work in
 * parallel, and a ladder of three renditions keeps about two cores busy from start to end (its
 * decoder, its scaler and its encoders wait for each other beyond that). More jobs at once would
 * take memory and end none of them sooner.
 */
int dispatcher_concurrent(double cores);

/*
 * How many of the cores one job is planned for when so many may run at once: an equal share, at
 * least one. It is the same when no other job runs, as encoders give other bytes with other
 * threads.
 */
int dispatcher_threads(int cores, int concurrent);

/*
 * What one worker may have of so much memory: three quarters, at least 512 MiB. It is not shared
 * out among those that run at once, as most of them need little and the one that needs much is to
 * get it. A runaway ends before the machine is out of memory; where several together ask for too
 * much, the kernel stops one of them, not the server.
 */
int64_t dispatcher_worker_memory(int64_t machine);

#endif
