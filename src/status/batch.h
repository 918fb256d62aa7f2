/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batch jobs: S3 Batch Operations' jobs, the tasks that they have done, and how these ended.
 *
 * A batch job is made by CreateJob of the S3 Control API or by `batch`; from then on batch/ drives
 * it and the API may ask for two things, that it be confirmed (Ready) or cancelled.
 *
 *   New → Preparing ─┬────────────────► Ready → Active ─────► Completing → Complete
 *                    └► Suspended ──────►↑      ↑  │
 *                      (until confirmed)  │  Paused ◄─ Pausing     (one of higher priority came)
 *   from every state before the end:  → Cancelling → Cancelled,  → Failing → Failed
 *
 * The entries of its manifest are numbered from 0 and kept in a file of batch/'s; here is how each
 * of them ended. A result that status_batch_record() has returned well is on disk, and its task is
 * never invoked again.
 */
#ifndef STATUS_BATCH_H
#define STATUS_BATCH_H

#include "status/state.h"
#include "status/status.h"

/* X(constant, name on the wire) */
#define BATCH_STATUS_MAP(X)                                                                        \
    X(BATCH_NEW, "New")                                                                            \
    X(BATCH_PREPARING, "Preparing")                                                                \
    X(BATCH_SUSPENDED, "Suspended")                                                                \
    X(BATCH_READY, "Ready")                                                                        \
    X(BATCH_ACTIVE, "Active")                                                                      \
    X(BATCH_PAUSING, "Pausing")                                                                    \
    X(BATCH_PAUSED, "Paused")                                                                      \
    X(BATCH_COMPLETING, "Completing")                                                              \
    X(BATCH_COMPLETE, "Complete")                                                                  \
    X(BATCH_CANCELLING, "Cancelling")                                                              \
    X(BATCH_CANCELLED, "Cancelled")                                                                \
    X(BATCH_FAILING, "Failing")                                                                    \
    X(BATCH_FAILED, "Failed")

enum batch_status {
#define X(constant, name) constant,
    BATCH_STATUS_MAP(X)
#undef X
        BATCH_STATUSES
};

extern const char *const batch_status_names[BATCH_STATUSES];

bool batch_status_may_follow(enum batch_status from, enum batch_status to);
bool batch_status_is_final(enum batch_status status);

/* --- what was asked for --- */

enum batch_manifest_format { BATCH_MANIFEST_CSV, BATCH_MANIFEST_INVENTORY };
enum batch_report_scope { BATCH_REPORT_ALL_TASKS, BATCH_REPORT_FAILED_TASKS_ONLY };

/* "S3BatchOperations_CSV_20180820", "S3InventoryReport_CSV_20161130"; "AllTasks",
 * "FailedTasksOnly": as on the wire, in the order of the enums; NULL ends. */
extern const char *const batch_manifest_formats[];
extern const char *const batch_report_scopes[];

enum { BATCH_FIELDS_MAX = 16 };

/* What the function `builtin` makes of each object. */
struct batch_builtin {
    const char *job;           /* settings in JSON; NULL: there is no builtin */
    const char *output_bucket; /* NULL: destinations stay as the job has them */
    const char *role, *application;
};

/* What CreateJob says, checked by whoever calls. Strings may be NULL where it is said. */
struct batch_request {
    const char *description; /* or NULL */
    const char *role_arn;    /* "" where there is none: `batch` */
    const char *token;       /* ClientRequestToken */
    const char *tags;        /* JSON object of strings; or NULL */
    int priority;            /* 0..2147483647; higher is sooner */
    bool confirmation_required;

    enum batch_manifest_format manifest_format;
    const char *fields[BATCH_FIELDS_MAX]; /* of a CSV: "Bucket", "Key", "VersionId", "Ignore" */
    int fields_count;
    const char *manifest;         /* "arn:aws:s3:::BUCKET/KEY"; `batch` also "file:///path" */
    const char *manifest_version; /* ObjectVersionId; or NULL */
    const char *manifest_etag;    /* without quotes; NULL: not compared (`batch` only) */

    const char *function;       /* FunctionArn: an ARN, a name; `batch` also an http:// URL */
    const char *schema;         /* InvocationSchemaVersion: "1.0", "2.0" */
    const char *user_arguments; /* JSON object of strings; or NULL */

    bool report;               /* Enabled */
    const char *report_bucket; /* "arn:aws:s3:::BUCKET"; NULL where there is no report */
    const char *report_prefix; /* or NULL */
    enum batch_report_scope report_scope;

    /* Where the function is `builtin`; without a job where it is said only when the batch job is
     * prepared. */
    struct batch_builtin builtin;
};

struct batch_failure {
    const char *code, *reason; /* FailureCode, FailureReason */
};

/* A batch job as it is now. Strings are never NULL where not said so. */
struct batch_record {
    const char *id; /* a UUID */
    struct batch_request request;
    enum batch_status status;
    const char *status_update_reason; /* of UpdateJobStatus; or NULL */
    int64_t created_us;
    int64_t suspended_us;        /* 0: it never was */
    const char *suspended_cause; /* NULL: it never was */
    int64_t ended_us;            /* TerminationDate; 0: not yet */
    int64_t total;               /* tasks, once it is prepared */
    int64_t succeeded, failed;   /* tasks that have ended so far */
    int64_t active_us;           /* so long it has been Active, until now */
    struct batch_failure *failures;
    int failures_count;
};

/* "arn:aws:s3:REGION:ACCOUNT:job/ID" */
const char *status_batch_arn(const struct status *status, struct arena *arena, const char *id);

/* --- for the API --- */

/**
 * Adds a batch job in New. The same token again returns the first batch job, in whatever state, and
 * adds nothing.
 *
 * @retval -1  ERROR_CONFLICT: the same token, but another request
 */
int status_batch_create(struct status *status, const struct batch_request *request,
                        struct arena *arena, struct batch_record **ret,
                        struct error *err) MUST_CHECK;

int status_batch_get(struct status *status, const char *id, struct arena *arena,
                     struct batch_record **ret, struct error *err) MUST_CHECK;

/* The one that has this token; NULL: there is none. */
int status_batch_find(struct status *status, const char *token, struct arena *arena,
                      struct batch_record **ret, struct error *err) MUST_CHECK;

/* The newest first, without what their `builtin` does. `wanted` says for each state whether it is;
 * NULL: all are. */
int status_batch_list(struct status *status, const bool wanted[BATCH_STATUSES],
                      const struct page *page, struct arena *arena, struct batch_record ***ret,
                      int *ret_count, const char **ret_next, struct error *err) MUST_CHECK;

/**
 * UpdateJobStatus: BATCH_READY confirms one that is Suspended; BATCH_CANCELLED makes one that has
 * not ended Cancelling. batches_wake() afterwards.
 *
 * @param reason  statusUpdateReason; or NULL
 * @retval -1  ERROR_CONFLICT: its state forbids it
 */
int status_batch_ask(struct status *status, const char *id, enum batch_status wanted,
                     const char *reason, struct arena *arena, struct batch_record **ret,
                     struct error *err) MUST_CHECK;

/* ERROR_CONFLICT: it has ended. */
int status_batch_set_priority(struct status *status, const char *id, int priority,
                              struct arena *arena, struct batch_record **ret,
                              struct error *err) MUST_CHECK;

/* A JSON object of strings; put replaces them all, "{}" removes them. */
int status_batch_tags_get(struct status *status, const char *id, struct arena *arena,
                          const char **ret, struct error *err) MUST_CHECK;
int status_batch_tags_put(struct status *status, const char *id, const char *tags,
                          struct error *err) MUST_CHECK;

/* --- for the driver (batch/) --- */

/* One that has not ended, in brief. */
struct batch_brief {
    const char *id;
    enum batch_status status;
    int priority;
    int64_t suspended_us;
};

/* To be called first: the time without a driver was not Active time. */
int status_batches_begin(struct status *status, struct error *err) MUST_CHECK;

/* Those that may need something to be done, at most `max`: those that are being brought on first,
 * before those that wait (New, Ready, Paused); of each the higher priority first, then the older.
 * What is Suspended needs nothing until it has been so for `suspended_us`. */
int status_batch_unended(struct status *status, int64_t suspended_us, int max, struct arena *arena,
                         struct batch_brief **ret, int *ret_count, struct error *err) MUST_CHECK;

/**
 * From one state to the next, the clock of Active time with it.
 *
 * @retval -1  ERROR_CONFLICT: it is not in `from` any more (it was cancelled meanwhile), or `to`
 *             may not follow
 */
int status_batch_move(struct status *status, const char *id, enum batch_status from,
                      enum batch_status to, struct error *err) MUST_CHECK;

/* Preparing has ended well: on to Suspended or Ready. `etag` is the manifest's. `builtin` is kept
 * where the request has none; or NULL. */
int status_batch_prepared(struct status *status, const char *id, int64_t total, const char *etag,
                          const struct batch_builtin *builtin, struct error *err) MUST_CHECK;

/* Adds a reason and goes to Failing from wherever it is; one that is Failing or Cancelling already
 * only gets the reason. */
int status_batch_fail(struct status *status, const char *id, const char *code, const char *reason,
                      struct error *err) MUST_CHECK;

/* How a task ended. */
struct batch_result {
    int64_t entry; /* its number in the manifest, from 0 */
    bool succeeded;
    int http_status;
    const char *code;    /* "" where it succeeded */
    const char *message; /* ResultMessage */
};

/* Records how tasks ended, all or none of them, in one transaction. One that was recorded before
 * stays as it was. */
int status_batch_record(struct status *status, const char *id, const struct batch_result *results,
                        int count, struct error *err) MUST_CHECK;

/* Results by entry number, those after `entry` (-1: from the start). */
int status_batch_results(struct status *status, const char *id, int64_t entry, int max,
                         struct arena *arena, struct batch_result **ret, int *ret_count,
                         struct error *err) MUST_CHECK;

/* Forgets how the tasks of batch jobs ended that ended themselves before `before_us`, and them,
 * a slice at a time. Returns how many rows, or -1; 0: there is nothing more. The ids of those that
 * are gone are in *ret_ids, NULL at the end. */
int status_batch_forget(struct status *status, int64_t before_us, struct arena *arena,
                        const char ***ret_ids, struct error *err) MUST_CHECK;

/* --- the MediaConvert jobs that a batch job's tasks have started --- */

/* Tokens that name a task begin so: "batch-task-", the batch job's id without dashes, "-", the
 * entry's number. CreateJob never forgets one as long as its job is there and did not fail, so
 * that a task that is repeated starts no second job. */
#define BATCH_TASK_TOKEN "batch-task-"

const char *batch_task_token(struct arena *arena, const char *id, int64_t entry);

/* How many of them are in each state. */
int status_batch_jobs(struct status *status, const char *id, int64_t counts[JOB_STATUSES],
                      struct error *err) MUST_CHECK;

/* Of those that ended in ERROR, at most `max`: each as "ID INPUT: ErrorCode 1234: why". */
int status_batch_jobs_failed(struct status *status, const char *id, int max, struct arena *arena,
                             const char ***ret, int *ret_count, struct error *err) MUST_CHECK;

/* --- for /metrics --- */

struct batch_counts {
    int64_t batches[BATCH_STATUSES];
    int64_t tasks_succeeded, tasks_failed; /* of those on record */
};

int status_batch_counts(struct status *status, struct batch_counts *ret,
                        struct error *err) MUST_CHECK;

#endif
