/* SPDX-License-Identifier: Apache-2.0 */
/* A Lambda function that runs here. */
#include <string.h>

#include "batch/handler.h"
#include "batch/lambda.h"
#include "function/function.h"

struct process {
    struct functions *functions;
    char *function;
};

/* Every name that nobody else has: one that there is no function of fails with ERROR_NOT_FOUND. */
static bool takes(const struct batches_options *options, const char *function)
{
    struct error unknown;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct function_record *record;
    return options->functions &&
           status_function_get(options->status, handler_function_name(arena, function), arena,
                               &record, &unknown) == 0;
}

static int open_process(void **ret, const struct batches_options *options,
                        const struct batch_record *record, struct error *err)
{
    struct process *process = calloc(1, sizeof(*process));
    if (!process || !(process->function = strdup(record->request.function))) {
        free(process);
        return error_set(err, ERROR_BUG, "out of memory");
    }
    process->functions = options->functions;
    *ret = process;
    return 0;
}

static void close_process(void *state)
{
    struct process *process = state;
    free(process->function);
    free(process);
}

/* What Lambda's API would say where the function was not run. */
static const struct {
    enum error_kind kind;
    enum task_code code;
    int http_status;
} refusals[] = {
    {ERROR_NOT_FOUND, TASK_PERMANENT, 404},
    {ERROR_BAD_REQUEST, TASK_PERMANENT, 400},
    {ERROR_CONFLICT, TASK_TEMPORARY, 409},
    {ERROR_THROTTLED, TASK_TEMPORARY, 429},
};

static int refused(struct arena *arena, const struct error *err, struct task_outcome *ret)
{
    char text[1024];
    error_text(err, text, sizeof(text));
    *ret = (struct task_outcome){
        .code = TASK_TEMPORARY,
        .http_status = 500,
        .message = lambda_message(arena, text, strlen(text)),
        .throttled = err->kind == ERROR_THROTTLED,
    };
    for (size_t i = 0; i < COUNT(refusals); i++) {
        if (refusals[i].kind == err->kind) {
            ret->code = refusals[i].code;
            ret->http_status = refusals[i].http_status;
        }
    }
    return 0;
}

static int invoke(void *state, const struct batch_task *task, struct cancel *cancel,
                  struct arena *arena, struct task_outcome *ret, struct error *err)
{
    struct process *process = state;
    const char *event = lambda_event(arena, task);
    struct invocation invocation = {
        .function = process->function,
        .payload = event,
        .size = strlen(event),
        .trace_id = task->trace,
        .cancel = cancel,
    };
    struct invocation_result *result;
    if (functions_invoke(process->functions, &invocation, arena, &result, err) < 0)
        return err->kind == ERROR_CANCELED ? -1 : refused(arena, err, ret);
    lambda_judge(arena, task, result->failed, result->payload, result->size, ret);
    return 0;
}

const struct handler handler_process = {"process", takes, open_process, close_process, invoke};
