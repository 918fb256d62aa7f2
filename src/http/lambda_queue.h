/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs what was invoked as an event (status/invocations.h): a few threads take invocations in the
 * order in which they are due, and each waits for its function.
 *
 * A function that fails is tried again twice, after one and two more minutes (retry_us), and then
 * given up, with a line in the log: as with Lambda, which has no place to put it either unless it
 * is given one. One that is throttled waits, from a second up to five minutes, for six hours at
 * most. One whose function is deleted is given up.
 */
#ifndef HTTP_LAMBDA_QUEUE_H
#define HTTP_LAMBDA_QUEUE_H

#include "base/log.h"
#include "function/function.h"

struct lambda_queue;

enum { LAMBDA_RETRY_S = 60 };

struct lambda_queue_options {
    struct status *status;
    struct functions *functions;
    int64_t retry_us; /* after the first failure; twice as long after the second; 0: a minute */
    const struct log *log;
};

int lambda_queue_start(struct lambda_queue **ret, const struct lambda_queue_options *options,
                       struct error *err) MUST_CHECK;

/* There is something new. */
void lambda_queue_wake(struct lambda_queue *queue);

/* Ends the invocations that are under way; they are due again at the next start. Sets NULL; accepts
 * NULL. */
void lambda_queue_free(struct lambda_queue **queue);

#endif
