/* SPDX-License-Identifier: Apache-2.0 */
/* MediaConvert's queues, and which job is next. */
#ifndef STATUS_QUEUES_H
#define STATUS_QUEUES_H

#include "status/jobs.h"

struct queue_record {
    const char *name, *description;
    bool system; /* Default: cannot be deleted */
    bool paused, reserved;
    int concurrent_jobs; /* 0: as many as the server runs */
    const char *rest;    /* JSON object: reservationPlan, maximumConcurrentFeeds … as echoed */
    int64_t created_us, updated_us;
    int64_t submitted, progressing; /* jobs in it */
};

/* `queue`: name, description, paused, reserved, concurrent_jobs, rest. ERROR_CONFLICT: it exists.
 */
int status_queue_create(struct status *status, const struct queue_record *queue,
                        struct arena *arena, struct queue_record **ret,
                        struct error *err) MUST_CHECK;
int status_queue_get(struct status *status, const char *name, struct arena *arena,
                     struct queue_record **ret, struct error *err) MUST_CHECK;
/* A description or rest of NULL stays as it is. */
int status_queue_update(struct status *status, const struct queue_record *queue,
                        struct arena *arena, struct queue_record **ret,
                        struct error *err) MUST_CHECK;
/* ERROR_CONFLICT: Default, or it has jobs that have not ended. */
int status_queue_delete(struct status *status, const char *name, struct error *err) MUST_CHECK;

enum list_by { LIST_BY_NAME, LIST_BY_CREATION_DATE, LIST_BY_SYSTEM };

int status_queue_list(struct status *status, enum list_by by, const struct page *page,
                      struct arena *arena, struct queue_record ***ret, int *ret_count,
                      const char **ret_next, struct error *err) MUST_CHECK;

/**
 * Takes the next job: of all queues that are active and have a place free, the job with the highest
 * priority, among these the one submitted first. It becomes PROGRESSING, in phase PROBING, with a
 * new attempt. Before that, jobs that have waited long enough hop (QUEUE_HOP): once to each of
 * their hopDestinations, when its waitMinutes have passed since they were submitted, with its
 * priority if it has one. One whose queue is not there makes a warning, 100000.
 *
 * @param delay_us  jobs younger than this are left alone (a queue that takes its time)
 * @retval 1  *ret is the job
 * @retval 0  there is none now
 */
int status_next_job(struct status *status, int64_t delay_us, struct arena *arena,
                    struct job_record **ret, struct error *err) MUST_CHECK;

/* At start, when no process of this server runs: every job in PROGRESSING is queued again, or
 * CANCELED where that was asked for. Returns how many, or -1. */
int status_recover(struct status *status, struct error *err) MUST_CHECK;

#endif
