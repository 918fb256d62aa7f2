/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One batch job brought one step further, in a thread of its own: prepared, its tasks run, its
 * report written. Which step it is, its state says; the step ends by writing the next state.
 */
#ifndef BATCH_RUNNER_H
#define BATCH_RUNNER_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/cancel.h"
#include "batch/batch.h"

struct runner {
    /* Constant once it runs. */
    const struct batches_options *options;
    char *id, *folder;
    pthread_t thread;

    struct cancel leave;  /* begin no more tasks */
    struct cancel cancel; /* end at once */
    atomic_bool prepares; /* it reads the manifest: cancelled, it need not go on */
    atomic_bool ended;
    bool failed; /* once it has ended: the database, the disk; err says why */
    struct error err;
    void (*wake)(void *driver); /* called when it has ended */
    void *driver;
    struct runner *next; /* the driver's */
};

#define FAILURE_THRESHOLD "FailureThresholdExceeded"
#define FAILURE_SUSPENDED "SuspendedTooLong"

/* Starts it for a batch job whose entries are in `folder`. */
int runner_start(struct runner **ret, const struct batches_options *options, const char *id,
                 const char *folder, void (*wake)(void *driver), void *driver,
                 struct error *err) MUST_CHECK;

/* Waits until it has ended. */
void runner_free(struct runner **runner);

#endif
