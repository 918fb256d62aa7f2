/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/task.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>

#include "base/random.h"
#include "batch/lambda.h"
#include "s3/digest.h"

/* In the order in which they are asked. A function that nobody takes is process', which says that
 * there is none. */
static const struct handler *const handlers[] = {
    &handler_process,
    &handler_http,
    &handler_builtin,
    &handler_noop,
};

struct tasks {
    struct arena *arena;
    const struct handler *handler;
    void *state;
    const char *unusable; /* why every task fails; NULL: the handler is open */
    const char *batch, *schema, *user_arguments;
};

static const struct handler *find_handler(const struct batches_options *options,
                                          const char *function)
{
    for (size_t i = 0; i < COUNT(handlers); i++)
        if (handlers[i]->takes(options, function))
            return handlers[i];
    return options->functions ? &handler_process : NULL;
}

int tasks_open(struct tasks **ret, const struct batches_options *options,
               const struct batch_record *record, struct error *err)
{
    CLEANUP(tasks_close) struct tasks *tasks = calloc(1, sizeof(*tasks));
    if (!tasks)
        abort();
    tasks->arena = arena_new();
    tasks->batch = arena_strdup(tasks->arena, record->id);
    tasks->schema = arena_strdup(tasks->arena, record->request.schema);
    tasks->user_arguments = record->request.user_arguments
                                ? arena_strdup(tasks->arena, record->request.user_arguments)
                                : NULL;
    tasks->handler = find_handler(options, record->request.function);
    if (!tasks->handler)
        tasks->unusable =
            arena_printf(tasks->arena, "Function not found: %s", record->request.function);
    else if (tasks->handler->open(&tasks->state, options, record, err) < 0) {
        if (err->kind != ERROR_BAD_REQUEST)
            return error_add(err, "handler '%s'", tasks->handler->name);
        char text[1024];
        tasks->unusable = arena_strdup(tasks->arena, error_text(err, text, sizeof(text)));
    }
    *ret = TAKE(tasks);
    return 0;
}

void tasks_close(struct tasks **tasks)
{
    if (!*tasks)
        return;
    if ((*tasks)->handler && !(*tasks)->unusable)
        (*tasks)->handler->close((*tasks)->state);
    arena_free(&(*tasks)->arena);
    free(*tasks);
    *tasks = NULL;
}

/* --- ids --- */

enum { ID_BYTES = 24 };

static const char *base64(struct arena *arena, const unsigned char *bytes)
{
    unsigned char *text = arena_alloc(arena, ID_BYTES / 3 * 4 + 1);
    EVP_EncodeBlock(text, bytes, ID_BYTES);
    return (const char *)text;
}

/* Opaque to functions, and always the same for the task; so is what its trace is made of. */
static void name_task(struct arena *arena, struct batch_task *task)
{
    unsigned char hash[SHA256_DIGEST_LENGTH], random[ID_BYTES];
    const char *token = batch_task_token(arena, task->batch, task->number);
    SHA256((const unsigned char *)token, strlen(token), hash);
    task->id = base64(arena, hash);
    random_bytes(random, sizeof(random));
    task->invocation = base64(arena, random);
    char hex[SHA256_HEX_SIZE];
    digest_hex(hash, sizeof(hash), hex);
    task->trace = arena_printf(arena, "Root=1-%.8s-%.24s;Parent=%.16s;Sampled=0;Task=%s", hex,
                               hex + 8, hex + 32, token + strlen(BATCH_TASK_TOKEN));
}

/* --- invoking --- */

/* What S3 itself says of an entry without asking anybody. False: nothing. */
static bool is_refused(const struct tasks *tasks, const struct batch_entry *entry,
                       struct task_outcome *ret)
{
    if (entry->version && !*entry->version)
        *ret = (struct task_outcome){TASK_PERMANENT, 400, "InvalidRequest",
                                     "Task failed due to missing VersionId"};
    else if (!tasks->handler)
        *ret = (struct task_outcome){TASK_PERMANENT, 404, NULL, tasks->unusable};
    else if (tasks->unusable)
        *ret = (struct task_outcome){TASK_PERMANENT, 400, NULL, tasks->unusable};
    else
        return false;
    return true;
}

int tasks_invoke(struct tasks *tasks, int64_t number, const struct batch_entry *entry,
                 struct cancel *cancel, struct arena *arena, struct task_outcome *ret,
                 struct error *err)
{
    if (is_refused(tasks, entry, ret))
        return 0;
    struct batch_task task = {
        .batch = tasks->batch,
        .number = number,
        .entry = *entry,
        .schema = tasks->schema,
        .user_arguments = tasks->user_arguments,
    };
    name_task(arena, &task);
    if (tasks->handler->invoke(tasks->state, &task, cancel, arena, ret, err) == 0)
        return 0;
    if (err->kind == ERROR_CANCELED)
        return -1;
    char text[1024];
    error_text(err, text, sizeof(text));
    *ret =
        (struct task_outcome){TASK_TEMPORARY, 500, NULL, lambda_message(arena, text, strlen(text))};
    return 0;
}

struct batch_result task_result(int64_t number, const struct task_outcome *outcome)
{
    static const char *const codes[] = {
        [TASK_SUCCEEDED] = "",
        [TASK_TEMPORARY] = "TemporaryFailure",
        [TASK_PERMANENT] = "PermanentFailure",
    };
    return (struct batch_result){
        .entry = number,
        .succeeded = outcome->code == TASK_SUCCEEDED,
        .http_status = outcome->http_status,
        .code = outcome->error_code ? outcome->error_code : codes[outcome->code],
        .message = outcome->message ? outcome->message : "",
    };
}

int64_t task_pause_us(int64_t first_us, int attempt, unsigned *seed)
{
    enum { DOUBLINGS_MAX = 16 };
    int doublings = attempt < 2 ? 0 : attempt - 2;
    int64_t pause_us = first_us << (doublings < DOUBLINGS_MAX ? doublings : DOUBLINGS_MAX);
    int64_t less = pause_us / 4;
    return less > 0 ? pause_us - rand_r(seed) % less : pause_us;
}
