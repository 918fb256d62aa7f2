/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that `serve` runs, and `batch` for one batch job: status, storage, queues, functions,
 * batch jobs, the server; and the options that say how.
 *
 * The socket listens before functions are told its address, and is answered when everything is
 * there. Whatever calls the server is ended before it.
 */
#ifndef CLI_HOUSE_H
#define CLI_HOUSE_H

#include "base/cancel.h"
#include "base/log.h"
#include "base/machine.h"
#include "batch/batch.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/store.h"
#include "function/function.h"

struct house_arguments {
    const char *data, *region, *account;
    struct store_arguments store;
    int concurrent, threads, worker_memory_mib, worker_cpu_s, speed;
    const char *job, *output_bucket, *role, *application;
    int batch_concurrency, batch_retry_ms, function_concurrency, event_retry_s;
    struct option_list http_functions; /* NAME=URL */
};

enum {
    HOUSE_CONCURRENT_MAX = 1000,
    HOUSE_WORKER_MIB_MIN = 256, /* with less, hardly an encoder can be opened */
    HOUSE_WORKER_MIB_MAX = 1 << 20,
    HOUSE_WORKER_CPU_MAX_S = 1000000000,
    HOUSE_RETRY_MS_MAX = 3600 * 1000,
    HOUSE_EVENT_RETRY_S_MAX = 3600,
};

extern const char *const house_speeds[];

/* Their rows for the option table of a command whose struct has such a `field`. */
/* clang-format off */
#define HOUSE_OPTIONS(type, field)                                                                 \
    {"data", 0, "DIR", "where jobs and queues are kept (" DATA_DEFAULT ")", OPTION_TEXT,           \
     offsetof(type, field.data)},                                                                  \
    STORE_OPTIONS(type, field.store),                                                              \
    {"concurrent", 'c', "N", "jobs at once (as many as the cores can feed)", OPTION_NUMBER,        \
     offsetof(type, field.concurrent), NULL, 1, HOUSE_CONCURRENT_MAX},                             \
    {"threads", 't', "N", "cores for each of them (an equal share of all)", OPTION_NUMBER,         \
     offsetof(type, field.threads), NULL, 1, MACHINE_THREADS_MAX},                                 \
    {"worker-memory", 0, "MIB", "a job's process may have (3/4 of the machine's or container's)",  \
     OPTION_NUMBER, offsetof(type, field.worker_memory_mib), NULL, HOUSE_WORKER_MIB_MIN,           \
     HOUSE_WORKER_MIB_MAX},                                                                        \
    {"worker-cpu", 0, "SECONDS", "of processor time it may use (a week of every core)",            \
     OPTION_NUMBER, offsetof(type, field.worker_cpu_s), NULL, 1, HOUSE_WORKER_CPU_MAX_S},          \
    {"speed", 0, NULL, "draft: the same shapes, encoded fast", OPTION_CHOICE,                      \
     offsetof(type, field.speed), house_speeds},                                                   \
    {"job", 0, "FILE", "the job that the function 'builtin' makes of each object", OPTION_TEXT,    \
     offsetof(type, field.job)},                                                                   \
    {"output-bucket", 0, "NAME", "where its outputs go (each into its Destination's)",             \
     OPTION_TEXT, offsetof(type, field.output_bucket)},                                            \
    {"role", 0, "ARN", "its jobs' role", OPTION_TEXT, offsetof(type, field.role)},                 \
    {"application", 0, "NAME", "in its jobs' UserMetadata (VOD)", OPTION_TEXT,                     \
     offsetof(type, field.application)},                                                           \
    {"http-function", 0, "NAME=URL", "a function that runs there; may be repeated", OPTION_LIST,   \
     offsetof(type, field.http_functions)},                                                        \
    {"batch-concurrency", 0, "N", "tasks of a batch job at once (as many as cores, at least 2)",   \
     OPTION_NUMBER, offsetof(type, field.batch_concurrency), NULL, 1, BATCHES_CONCURRENCY_MAX},    \
    {"batch-retry", 0, "MS", "until a failed task is tried again, doubling (1000)",                \
     OPTION_NUMBER, offsetof(type, field.batch_retry_ms), NULL, 1, HOUSE_RETRY_MS_MAX},            \
    {"function-concurrency", 0, "N", "functions' processes at once (32)", OPTION_NUMBER,           \
     offsetof(type, field.function_concurrency), NULL, 1, HOUSE_CONCURRENT_MAX},                   \
    {"event-retry", 0, "SECONDS", "until a function that failed on an event gets it again (60)",  \
     OPTION_NUMBER, offsetof(type, field.event_retry_s), NULL, 1, HOUSE_EVENT_RETRY_S_MAX},        \
    {"region", 0, "NAME", "in every ARN (AWS_REGION, or us-east-1)", OPTION_TEXT,                  \
     offsetof(type, field.region)},                                                                \
    {"account", 0, "DIGITS", "in every ARN (111122223333)", OPTION_TEXT,                           \
     offsetof(type, field.account)}
/* clang-format on */

/* What one command has besides. */
struct house_options {
    const char *host; /* to listen on */
    int port;         /* 0: a free one */
    const char *events_file;
    const struct option_list *webhooks; /* or NULL */
    const char *token;                  /* of webhooks that come in; or NULL */
    const char *upload_handler;         /* the function that they are handed to */
    int64_t queue_delay_us;
    bool one_batch; /* of all batch jobs only the one that batches_choose() is told is driven */
    const struct log *log;
    struct cancel *stopping; /* what waits for something gives up */
};

struct house;

/* Everything runs. The arguments, options and what they point to must outlive it.
 * ERROR_BAD_REQUEST: one of them is wrong. */
int house_open(struct house **ret, const struct house_arguments *arguments,
               const struct house_options *options, struct error *err) MUST_CHECK;

/* Stops it without losing anything; jobs that run get half a minute. Accepts NULL. */
void house_close(struct house **house);

const char *house_url(const struct house *house);
struct status *house_status(const struct house *house);
struct storage *house_storage(const struct house *house);
struct batches *house_batches(const struct house *house);
const struct batch_builtin *house_builtin(const struct house *house);
struct functions *house_functions(const struct house *house);

/* A whole file of at most `max` bytes, a NUL behind it. ERROR_BAD_REQUEST: it cannot be read. */
int house_read_file(struct arena *arena, const char *path, size_t max, const char **ret,
                    size_t *ret_size, struct error *err) MUST_CHECK;

/* What is to be done now and then; to be called some ten times a second. Logs what fails. */
void house_keep(struct house *house);

#endif
