/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects that were put, handled as if each were a task of a batch job: the same handlers are
 * invoked in the same way, and what may succeed later is tried again as a task is.
 *
 *   notification → http/upload.h → status/uploads.h → handler
 *
 * Whoever notifies is answered when an upload is on record; here a few threads take what is due. An
 * upload that a killed process was handling is handled again: handlers get the same task id, and
 * `builtin` the same ClientRequestToken, so that it starts no second job. A throttled invocation is
 * no attempt.
 *
 * To a function an upload looks like a task of the batch job UPLOADS_BATCH.
 */
#ifndef BATCH_UPLOADS_H
#define BATCH_UPLOADS_H

#include "batch/batch.h"
#include "status/uploads.h"

struct uploads;

#define UPLOADS_BATCH "00000000-0000-4000-8000-000000000000"

enum { UPLOADS_AT_ONCE = 4 };

/* `function` is as in LambdaInvoke's FunctionArn. What both point to must outlive it. */
int uploads_start(struct uploads **ret, const struct batches_options *options, const char *function,
                  struct error *err) MUST_CHECK;

/* There is something new in status/. */
void uploads_wake(struct uploads *uploads);

/* Nothing is handled any more. Invocations under way are abandoned, and happen again at the next
 * start. Accepts NULL, and to be called twice. */
void uploads_stop(struct uploads *uploads);

/* Stops, too. Accepts NULL. */
void uploads_free(struct uploads **uploads);

#endif
