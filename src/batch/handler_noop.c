/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing is done for a task, successfully: to measure what batch jobs cost by themselves. */
#include <string.h>

#include "batch/handler.h"

static bool takes(const struct batches_options *options, const char *function)
{
    (void)options;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    return strcmp(handler_function_name(arena, function), "noop") == 0;
}

static int open_noop(void **ret, const struct batches_options *options,
                     const struct batch_record *record, struct error *err)
{
    (void)options, (void)record, (void)err;
    *ret = NULL;
    return 0;
}

static void close_noop(void *state)
{
    (void)state;
}

static int invoke(void *state, const struct batch_task *task, struct cancel *cancel,
                  struct arena *arena, struct task_outcome *ret, struct error *err)
{
    (void)state, (void)task, (void)cancel, (void)arena, (void)err;
    *ret =
        (struct task_outcome){.code = TASK_SUCCEEDED, .http_status = 200, .message = "Successful"};
    return 0;
}

const struct handler handler_noop = {"noop", takes, open_noop, close_noop, invoke};
