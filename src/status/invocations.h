/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invocations of functions that nobody waits for (InvocationType Event): on record from the moment
 * in which they are acknowledged until they have succeeded or been given up. One that was under way
 * when the process ended is due again at the next start, so an event may be handled twice, as with
 * Lambda.
 */
#ifndef STATUS_INVOCATIONS_H
#define STATUS_INVOCATIONS_H

#include "status/status.h"

/* On record. */
enum {
    INVOCATIONS_MAX = 10000,
    INVOCATIONS_BYTES_MAX = 256 << 20, /* of payloads */
};

struct invocation_record {
    int64_t number;
    const char *function; /* name */
    const char *payload;
    const char *client_context; /* NULL: none */
    int errors;                 /* how often the function has failed */
    int throttles;              /* how often in a row it could not be run */
    int64_t created_us;
    const char *trace_id; /* NULL: none */
};

/* function, payload, client_context and trace_id. ERROR_THROTTLED: there are too many. */
int status_invocation_add(struct status *status, const struct invocation_record *invocation,
                          struct error *err) MUST_CHECK;

/* To be called before the first status_invocation_take(): nothing is under way. */
int status_invocations_recover(struct status *status, struct error *err) MUST_CHECK;

/* Takes the one that has been due longest. None: *ret is NULL, and *ret_due_us says when the next
 * one will be, 0 if there is none. */
int status_invocation_take(struct status *status, struct arena *arena,
                           struct invocation_record **ret, int64_t *ret_due_us,
                           struct error *err) MUST_CHECK;

/* It is over, or to be tried again then: with the errors and throttles that the record says. */
int status_invocation_forget(struct status *status, int64_t number, struct error *err) MUST_CHECK;
int status_invocation_again(struct status *status, const struct invocation_record *invocation,
                            int64_t due_us, struct error *err) MUST_CHECK;

#endif
