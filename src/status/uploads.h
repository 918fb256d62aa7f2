/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads: objects that a notification says were put, and how handling each of them went. One that
 * was added is there, whatever happens to the process, and is handled until that has ended. */
#ifndef STATUS_UPLOADS_H
#define STATUS_UPLOADS_H

#include "status/status.h"

/* What a notification says. */
struct upload_notice {
    const char *bucket, *key; /* the key as it is, not encoded */
    const char *version;      /* NULL: none */
    const char *mark;         /* its sequencer or ETag: tells uploads of the same key apart */
};

struct upload_record {
    int64_t number;
    const char *bucket, *key, *version;
    int attempts; /* that were begun, with this one */
    int64_t received_us;
};

/* Adds those that are not there yet, all or none of them; says how many these were. */
int status_uploads_add(struct status *status, const struct upload_notice *notices, int count,
                       int *ret_added, struct error *err) MUST_CHECK;

/* To be called once, first: nobody has taken any yet. */
int status_uploads_begin(struct status *status, struct error *err) MUST_CHECK;

/* Takes the one that is due, an attempt. NULL: none is; *ret_due_us says when one will be, 0: there
 * is none. */
int status_upload_take(struct status *status, struct arena *arena, struct upload_record **ret,
                       int64_t *ret_due_us, struct error *err) MUST_CHECK;

/* How the attempt went: it has ended; or it is due again later, and where it was not `counted`, it
 * was no attempt. `message` is for people. */
int status_upload_end(struct status *status, int64_t number, bool succeeded, const char *message,
                      struct error *err) MUST_CHECK;
int status_upload_again(struct status *status, int64_t number, int64_t pause_us, bool counted,
                        const char *message, struct error *err) MUST_CHECK;

/* --- for /metrics --- */

struct upload_counts {
    int64_t waiting, succeeded, failed;
};

int status_upload_counts(struct status *status, struct upload_counts *ret,
                         struct error *err) MUST_CHECK;

#endif
