/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs. What CreateJob was sent is kept as JSON text and never changed but for queue and priority;
 * what becomes of the job is columns beside it. Each change of state is one transaction, which
 * writes the job, its event (events.h) and nothing else.
 */
#ifndef STATUS_JOBS_H
#define STATUS_JOBS_H

#include "status/state.h"
#include "status/status.h"

struct new_job {
    const char *queue;    /* name */
    int priority;         /* -50..50 */
    const char *settings; /* JSON on the wire's spelling, after templates and presets are merged */
    const char *rest;     /* JSON object: role, userMetadata, hopDestinations (they are obeyed, see
                           * queues.h), jobTemplate, billingTagsSource … as GetJob echoes them */
    const char *input;    /* the first FileInput, for SearchJobs */
    const char *tags;     /* JSON object; or NULL */
    const char *token;    /* ClientRequestToken; or NULL */
    int interval_s;       /* StatusUpdateInterval; 0: 60 */
};

struct queue_transition {
    const char *from, *to; /* names */
    int64_t at_us;
};

/* A job as it is now. Strings are never NULL where not said so. */
struct job_record {
    const char *id, *queue;
    const char *settings, *rest;
    int priority;
    enum job_status status;
    enum job_phase phase; /* where status is JOB_PROGRESSING */
    int percent;          /* 0..100 */
    int attempt;          /* 0 before the first start; retryCount is attempt - 1 */
    int64_t created_us, started_us, finished_us; /* 0: not yet */
    int error_code;                              /* where status is JOB_ERROR */
    const char *error_message;
    const char *infos, *warnings; /* JSON arrays of strings: messages.info, messages.warning */
    const char *warning_counts;   /* JSON array of {code, count} */
    const char *output_groups;    /* JSON: outputGroupDetails of GetJob; "" before the end */
    struct queue_transition *transitions;
    int transitions_count;
    bool cancel_requested;
};

/**
 * Adds a job in SUBMITTED. The same token again within a minute of the first returns the first
 * job, in whatever state, and adds nothing (MediaConvert's idempotency).
 *
 * @retval -1  ERROR_NOT_FOUND: no such queue
 */
int status_job_create(struct status *status, const struct new_job *job, struct arena *arena,
                      struct job_record **ret, struct error *err) MUST_CHECK;

int status_job_get(struct status *status, const char *id, struct arena *arena,
                   struct job_record **ret, struct error *err) MUST_CHECK;

struct job_filter {
    const char *queue;             /* name; NULL: all */
    const enum job_status *status; /* NULL: all */
    const char *input;             /* SearchJobs: a part of the input's URI; NULL: all */
};

/* By creation. *ret is an array of *ret_count records. */
int status_job_list(struct status *status, const struct job_filter *filter, const struct page *page,
                    struct arena *arena, struct job_record ***ret, int *ret_count,
                    const char **ret_next, struct error *err) MUST_CHECK;

/**
 * CancelJob: a job in SUBMITTED becomes CANCELED; one in PROGRESSING is marked, and whoever runs it
 * (status_job_cancel_requested) ends it.
 *
 * @retval -1  ERROR_CONFLICT: it has ended already
 */
int status_job_cancel(struct status *status, const char *id, struct error *err) MUST_CHECK;

/* What the dispatcher says about a job that it runs. `attempt` is the one that it was given by
 * status_next_job(): what an earlier one says is refused with ERROR_CONFLICT, so that nothing ends
 * twice. */

struct job_progress {
    enum job_phase phase;
    int percent;
    int64_t frames; /* framesDecoded */
};

int status_job_progress(struct status *status, const char *id, int attempt,
                        const struct job_progress *progress, struct error *err) MUST_CHECK;

/* INPUT_INFORMATION; `details` is the JSON array inputDetails. */
int status_job_input(struct status *status, const char *id, int attempt, const char *details,
                     struct error *err) MUST_CHECK;

/* Adds to messages.info (code 0) or messages.warning. One of MediaConvert's warnings (code > 0) is
 * counted in warnings and makes a NEW_WARNING event; one of ours (code -1) is neither. */
int status_job_message(struct status *status, const char *id, int attempt, int code,
                       const char *message, struct error *err) MUST_CHECK;

/**
 * Adds objects that an attempt is about to make visible, a JSON array of URIs, to those that it has
 * named before; kept until it has ended well, or status_job_objects_gone() says that they have been
 * removed.
 *
 * @retval 0   they are on record
 * @retval 1   not yet, to be asked again: one of them is being removed for an attempt before
 */
int status_job_objects(struct status *status, const char *id, int attempt, const char *uris,
                       struct error *err) MUST_CHECK;

struct job_end {
    enum job_status status; /* JOB_COMPLETE, JOB_ERROR, JOB_CANCELED */
    int error_code;         /* of JOB_ERROR */
    const char *error_message;
    const char *output_groups; /* of JOB_COMPLETE: GetJob's outputGroupDetails */
    const char *event;         /* of JOB_COMPLETE: members of the event's detail besides the common
                                * ones, as a JSON object (outputGroupDetails, paddingInserted …) */
};

int status_job_end(struct status *status, const char *id, int attempt, const struct job_end *end,
                   struct error *err) MUST_CHECK;

/* Back to SUBMITTED, its place in the queue kept: its process or the server was lost. */
int status_job_requeue(struct status *status, const char *id, int attempt,
                       struct error *err) MUST_CHECK;

bool status_job_cancel_requested(struct status *status, const char *id);

/* What an attempt has named and may have left; to be removed by the caller, who then says
 * status_job_objects_gone() or, where it has not been possible, _stay(). Until then nobody can name
 * one of these objects. */
struct stray_objects {
    int64_t number; /* of the record */
    const char *id;
    int attempt;
    int64_t since_us; /* its start: what is older is somebody else's */
    const char *uris; /* JSON array of all that it has named, but for what another attempt has named
                       * since and completed */
};

/* Of attempts that did not end well and no longer run: the record with the least number above
 * `after`. *ret is NULL when there is none. While another one that runs has named one of the
 * objects, it is not yet time. */
int status_stray_objects(struct status *status, int64_t after, struct arena *arena,
                         struct stray_objects **ret, struct error *err) MUST_CHECK;

/* Of an attempt that is not over, but whose worker is dead. */
int status_lost_objects(struct status *status, const char *id, int attempt, struct arena *arena,
                        struct stray_objects **ret, struct error *err) MUST_CHECK;

int status_job_objects_gone(struct status *status, const char *id, int attempt,
                            struct error *err) MUST_CHECK;
int status_job_objects_stay(struct status *status, const char *id, int attempt,
                            struct error *err) MUST_CHECK;

/* Jobs that have been in a final state for longer than this are forgotten, and so is what else is
 * too old to be of use: their tags and values under "share:", events (events.h), uploads
 * (uploads.h), and after a day values under "query:". To be called now and then. Returns how many
 * jobs, or -1. */
int status_forget(struct status *status, int64_t older_than_us, struct error *err) MUST_CHECK;

/* For /metrics: how many jobs are in each state. */
int status_job_counts(struct status *status, int64_t counts[JOB_STATUSES],
                      struct error *err) MUST_CHECK;

#endif
