/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a job and its changes, the only place where jobs.status is written. */
#ifndef STATUS_LIFE_H
#define STATUS_LIFE_H

#include "status/store.h"

struct job_life {
    int64_t number;
    enum job_status status;
    int attempt;
    bool cancel_requested;
};

/* ERROR_NOT_FOUND */
int life_find(struct transaction *t, const char *id, struct job_life *ret,
              struct error *err) MUST_CHECK;

/* The same for whoever runs the job. ERROR_CONFLICT: this attempt is over. */
int life_of_attempt(struct transaction *t, const char *id, int attempt, struct job_life *ret,
                    struct error *err) MUST_CHECK;

/* Into another state, with everything that follows from it for the job's times, attempt and
 * progress. The event is the caller's. ERROR_CONFLICT: the state does not allow it. */
int life_change(struct transaction *t, struct job_life *life, enum job_status to,
                struct error *err) MUST_CHECK;

/* CancelJob of one that is running. */
int life_mark_cancel(struct transaction *t, const struct job_life *life,
                     struct error *err) MUST_CHECK;

/* An attempt was lost: into SUBMITTED, or CANCELED (with its event) where that was asked for. */
int life_requeue(struct transaction *t, struct job_life *life, struct error *err) MUST_CHECK;

#endif
