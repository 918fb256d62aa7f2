/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where state-change events go besides GET /events: an NDJSON file, webhooks.
 *
 * Each target has a thread that takes the events after its place in the outbox (status/events.h),
 * oldest first, and moves the place when they have arrived. A target that fails is tried again,
 * after pauses that grow, for as long as the outbox keeps the events: delivery is at least once.
 */
#ifndef EVENTS_TARGETS_H
#define EVENTS_TARGETS_H

#include "base/cancel.h"
#include "base/log.h"
#include "status/events.h"

struct targets;

enum { TARGETS_AT_ONCE = 32, TARGETS_PAUSE_MAX_S = 60 };

/* A kind of target. */
struct target_kind {
    const char *name; /* "file", "webhook": what its place is kept under, before the address */

    /* Opens it; *ret is the target's own state. */
    int (*open)(void **ret, const char *address, struct error *err);
    void (*close)(void *state);

    /* Delivers events in their order. *ret_count of them have arrived, also where it fails. */
    int (*deliver)(void *state, const struct event *events, int count, struct cancel *cancel,
                   int *ret_count, struct error *err);
};

extern const struct target_kind target_file, target_webhook;

/* `status` and `log` must outlive it. */
int targets_new(struct targets **ret, struct status *status, const struct log *log,
                struct error *err) MUST_CHECK;

/* `address`: a path, a URL. ERROR_BAD_REQUEST: it is none, or the file cannot be written. */
int targets_add(struct targets *targets, const struct target_kind *kind, const char *address,
                struct error *err) MUST_CHECK;

/* Stops. A file gets what there is; what a webhook has not got waits for the next start. Accepts
 * NULL. */
void targets_free(struct targets **targets);

#endif
