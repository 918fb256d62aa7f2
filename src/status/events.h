/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State-change events in EventBridge's shape, kept until every target has got them.
 *
 * They are written by the transactions of jobs.h that cause them. A target is a name; it gets
 * events in their order, and says how far it has come. An event is forgotten (status_forget) when
 * it is older than a day and every target that was named since the start has got it.
 */
#ifndef STATUS_EVENTS_H
#define STATUS_EVENTS_H

#include "status/status.h"

struct event {
    int64_t number;   /* 1, 2, 3 … without end */
    const char *json; /* one line */
};

/* A target starts behind the newest event there is when it is first named. */
int status_target_add(struct status *status, const char *target, struct error *err) MUST_CHECK;

/* Up to `max` events after `number`, oldest first. */
int status_events_after(struct status *status, int64_t number, int max, struct arena *arena,
                        struct event **ret, int *ret_count, struct error *err) MUST_CHECK;

/* How far the target has come; status_target_got() moves it. */
int status_target_place(struct status *status, const char *target, int64_t *ret,
                        struct error *err) MUST_CHECK;
int status_target_got(struct status *status, const char *target, int64_t number,
                      struct error *err) MUST_CHECK;

/* STATUS_UPDATE of every job in PROGRESSING whose interval has passed; the first comes a minute
 * after the start where the interval is longer. To be called every second or so. */
int status_send_updates(struct status *status, struct error *err) MUST_CHECK;

/* The number of the newest event; 0: there has been none. */
int64_t status_newest_event(struct status *status);

/* Waits until there is an event after `number`, or `timeout_us` has passed. */
void status_wait_for_event(struct status *status, int64_t number, int64_t timeout_us);

#endif
