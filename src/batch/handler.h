/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is invoked for a task. Each kind is one file that exports one const struct handler, and
 * stands in one array (task.c):
 *
 *   process  a function of function/, under its name
 *   http     one that somebody else runs, by URL: a Lambda container, a remote Invoke
 *   builtin  what the tutorial's function does, without a function: starts a MediaConvert job
 *   noop     nothing, successfully: to measure with
 *
 * In this order they are asked whether a function is theirs; nothing falls back: once a batch job
 * has its handler, what that cannot do fails the task.
 */
#ifndef BATCH_HANDLER_H
#define BATCH_HANDLER_H

#include "base/arena.h"
#include "base/cancel.h"
#include "batch/batch.h"
#include "batch/entry.h"

struct batch_task {
    const char *batch; /* id of the batch job */
    int64_t number;    /* of the entry */
    struct batch_entry entry;
    const char *id;             /* taskId: the same in every invocation of the task */
    const char *invocation;     /* invocationId: another in each */
    const char *trace;          /* for X-Amzn-Trace-Id: names the task */
    const char *schema;         /* "1.0", "2.0" */
    const char *user_arguments; /* JSON object; or NULL */
};

enum task_code { TASK_SUCCEEDED, TASK_TEMPORARY, TASK_PERMANENT };

/* How an invocation ended. Strings live in the arena that the handler was given. */
struct task_outcome {
    enum task_code code;
    int http_status;
    const char *error_code; /* for the report's ErrorCode; NULL: the code's own name */
    const char *message;
    bool throttled; /* TASK_TEMPORARY: there was no room for it now */
};

struct handler {
    const char *name;

    /* Whether a FunctionArn of a batch job is this handler's. */
    bool (*takes)(const struct batches_options *options, const char *function);

    /* Before the tasks of a batch job, whose record outlives it; *ret is the handler's own state.
     * ERROR_BAD_REQUEST: it cannot be used; every task fails so. */
    int (*open)(void **ret, const struct batches_options *options,
                const struct batch_record *record, struct error *err) MUST_CHECK;
    void (*close)(void *state);

    /* Blocks until it has ended. Called by many threads.
     * @retval -1  ERROR_CANCELED, as `cancel` said; anything else is the machine's fault */
    int (*invoke)(void *state, const struct batch_task *task, struct cancel *cancel,
                  struct arena *arena, struct task_outcome *ret, struct error *err) MUST_CHECK;
};

extern const struct handler handler_process, handler_http, handler_builtin, handler_noop;

/* Whether a FunctionArn is that of `builtin`. */
bool handler_is_builtin(const char *function);

/* The last part of a FunctionArn: "arn:aws:lambda:us-east-1:111122223333:function:NAME:ALIAS" and
 * what is shorter. In the arena. */
const char *handler_function_name(struct arena *arena, const char *function);

#endif
