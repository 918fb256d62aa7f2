/* SPDX-License-Identifier: Apache-2.0 */
/* One task: an entry, and the handler that is invoked for it. */
#ifndef BATCH_TASK_H
#define BATCH_TASK_H

#include "batch/handler.h"

/* The handler of one batch job, opened. */
struct tasks;

int tasks_open(struct tasks **ret, const struct batches_options *options,
               const struct batch_record *record, struct error *err) MUST_CHECK;
void tasks_close(struct tasks **tasks);

/**
 * Invokes the handler for entry `number`. Any thread.
 *
 * @retval -1  ERROR_CANCELED: nothing is known about the task
 */
int tasks_invoke(struct tasks *tasks, int64_t number, const struct batch_entry *entry,
                 struct cancel *cancel, struct arena *arena, struct task_outcome *ret,
                 struct error *err) MUST_CHECK;

/* As it stands in the report. Its strings are the outcome's. */
struct batch_result task_result(int64_t number, const struct task_outcome *outcome);

/* Before attempt number `attempt` (2, 3, …): `first_us`, doubling, up to a quarter of it less by
 * chance. */
int64_t task_pause_us(int64_t first_us, int attempt, unsigned *seed);

#endif
