/* SPDX-License-Identifier: Apache-2.0 */
/* One job being run: a worker, what it says, what others want of it, and its end in status/. */
#ifndef DISPATCH_ATTEMPT_H
#define DISPATCH_ATTEMPT_H

#include "base/log.h"
#include "dispatch/executor.h"
#include "s3/storage.h"
#include "status/jobs.h"

struct attempt;

/* Must outlive the attempts. */
struct attempt_options {
    struct status *status;
    struct storage *storage;
    struct execution_options execution;
    const struct log *log; /* or NULL */
    int wake_fd; /* an eventfd that is written to when something has been done beside the thread */
};

/* Starts the job's worker. If it cannot be started the job ends all the same, as the caller will
 * see at the first attempt_turn(). `job` is copied as far as it is needed. */
struct attempt *attempt_start(const struct attempt_options *options, const struct job_record *job);

void attempt_fds(const struct attempt *attempt, struct pollfd fds[EXECUTION_FDS]);

/* Does what can be done without waiting. Returns whether the attempt is over: its process is gone,
 * and status/ knows how it ended. */
bool attempt_turn(struct attempt *attempt);

/* Stops the worker; its job is queued again. */
void attempt_stop(struct attempt *attempt);

bool attempt_has_crashed(const struct attempt *attempt);

/* Whether it may have left objects: they are on record. */
bool attempt_has_left_objects(const struct attempt *attempt);

int64_t attempt_frames(const struct attempt *attempt);  /* decoded so far */
int64_t attempt_busy_us(const struct attempt *attempt); /* since its start */
int64_t attempt_retries(const struct attempt *attempt); /* of requests to its storage, so far */

/* Kills the worker if it lives; what status/ was not told it learns at the next start of a server.
 * Accepts NULL. */
void attempt_free(struct attempt **attempt);

#endif
