/* SPDX-License-Identifier: Apache-2.0 */
/* Writes state-change events and messages, in the transaction of the change that they tell. */
#ifndef STATUS_OUTBOX_H
#define STATUS_OUTBOX_H

#include "status/store.h"

struct cJSON;

/* "MediaConvert Job State Change" of the job with that number. `event` is what stands in
 * detail.status; the members of `more` (NULL: none) come behind those that every detail has. */
int outbox_add(struct transaction *t, int64_t job, const char *event, const struct cJSON *more,
               struct error *err) MUST_CHECK;

/* A job's message: an info (code 0), or a warning, which is an event, too. */
int outbox_message(struct transaction *t, int64_t job, int attempt, int code, const char *message,
                   struct error *err) MUST_CHECK;

/* Forgets events that every target named since the start has got and that are older than a day, and
 * all that are older than `older_than_us`. */
int outbox_forget(struct transaction *t, int64_t older_than_us, struct error *err) MUST_CHECK;

#endif
