/* SPDX-License-Identifier: Apache-2.0 */
/*
 * S3 Batch Operations: a manifest in, a handler invoked for each of its entries, a report out.
 *
 *     manifest → entry → task → handler → result → report
 *
 *   manifest.h  reads a manifest (CSV, or an S3 Inventory) entry by entry, and checks it
 *   entries.h   the entries, in a file of our own: what a manifest said when the job was prepared
 *   task.h      invokes the handler for one entry, judges the answer, says when to try again
 *   handler.h   what is invoked: builtin, a Lambda function, an HTTP server; noop
 *   runner.h    one batch job: its thread, its pool of handler threads, its results
 *   report.h    the completion report
 *   batch.c     the driver: which batch jobs run, by their states and priorities
 *
 * The driver's thread looks at what status/ has (status/batch.h) when it is woken and now and then,
 * and gives each batch job that needs something a thread, a runner. A runner prepares its job, or
 * runs its tasks, or writes its report, and ends; the next state is found by the next look. So
 * whatever a process that was killed has left is found at the next start as if it had just come.
 *
 * Of the batch jobs that could run, those of the highest priority do, BATCHES_ACTIVE_MAX at most;
 * others wait in Ready, or are paused if they have begun. A driver that was told so drives one
 * batch job alone, and leaves the others as they are.
 *
 * Memory is constant: entries are read from their file as they are needed, results go to the
 * database in groups as they come.
 *
 * Cancelling waits for the tasks under way; batches_free() does not: their results are not
 * recorded, and they are invoked again at the next start.
 */
#ifndef BATCH_BATCH_H
#define BATCH_BATCH_H

#include "base/arena.h"
#include "base/log.h"
#include "s3/storage.h"
#include "status/batch.h"

struct batches;
struct functions;

enum {
    BATCHES_ACTIVE_MAX = 4,
    BATCHES_CONCURRENCY_MAX = 1000,
    BATCHES_ATTEMPTS = 5, /* of a task whose result is TemporaryFailure */
    BATCHES_SUSPENDED_DAYS = 30,
    BATCHES_KEPT_DAYS = 90,
};

/* Who makes MediaConvert jobs: CreateJob itself, handed in from above. Called by many threads. */
struct submitter {
    /* `request` is CreateJob's body. *ret_id lives in the arena.
     * @retval -1  the message is what CreateJob would answer; ERROR_BAD_REQUEST: it will never do
     */
    int (*submit)(struct submitter *submitter, const char *request, struct arena *arena,
                  const char **ret_id, struct error *err) MUST_CHECK;
};

/* A function that somebody else runs: its name, and the URL that its invocations go to. */
struct http_function {
    const char *name, *url;
};

struct batches_options {
    struct status *status;
    struct storage *storage;
    struct functions *functions;  /* or NULL */
    struct submitter *submitter;  /* NULL: there is no builtin */
    const char *folder;           /* entries are kept in FOLDER/ID/; made */
    struct batch_builtin builtin; /* of batch jobs that do not say it themselves */
    const struct http_function *http_functions;
    int http_functions_count;
    int concurrency; /* tasks of one batch job at once; 0: as many as there are cores, 2 at least */
    int64_t retry_us; /* before the first repetition; doubles with each; 0: one second */
    bool only_chosen; /* nothing is driven but what batches_choose() names */
    const struct log *log;
};

/* Begins, or goes on where another process stopped. What `options` points to must outlive it. */
int batches_start(struct batches **ret, const struct batches_options *options,
                  struct error *err) MUST_CHECK;

/* There is something new in status/. */
void batches_wake(struct batches *batches);

/* With `only_chosen`: drives this batch job. To be called once. */
void batches_choose(struct batches *batches, const char *id);

/* Ends what is under way, without losing anything; what it does later is done at the next start.
 * For the time until nobody wakes it any more. */
void batches_stop(struct batches *batches);

/* Stops it, if it is not. Accepts NULL. */
void batches_free(struct batches **batches);

/* "arn:aws:s3:::BUCKET/KEY" (any partition) as "s3://BUCKET/KEY"; "file:///path" as it is.
 * ERROR_BAD_REQUEST: it is neither. */
int batch_uri(struct arena *arena, const char *arn, const char **ret, struct error *err) MUST_CHECK;

#endif
