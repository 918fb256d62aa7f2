/* SPDX-License-Identifier: Apache-2.0 */
/* What S3 Batch Operations and a Lambda function say to each other: the event of one task, and what
 * the function's answer means for it. */
#ifndef BATCH_LAMBDA_H
#define BATCH_LAMBDA_H

#include "batch/handler.h"

enum { LAMBDA_MESSAGE_MAX = 4096 }; /* bytes of a ResultMessage; what is longer is cut */

const char *lambda_event(struct arena *arena, const struct batch_task *task);

/**
 * Judges an answer.
 *
 * @param failed  the function has raised, exited, or run out of time (X-Amz-Function-Error)
 */
void lambda_judge(struct arena *arena, const struct batch_task *task, bool failed,
                  const char *payload, size_t size, struct task_outcome *ret);

/* A message of the length that a report's may have, cut between characters, and without what is no
 * UTF-8. */
const char *lambda_message(struct arena *arena, const char *text, size_t size);

#endif
