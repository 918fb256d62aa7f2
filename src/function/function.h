/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lambda functions, run for real on this machine: no container, no emulator between a function's
 * code and its interpreter. THIS IS NO SANDBOX: a function may do what the server's user may.
 *
 *     zip --package--> DATA/functions/NAME/SHA256/          the code, checked and unpacked
 *                              |
 *     functions_invoke --> process (guard → runtime)        one invocation at a time, then the next
 *          ^    |              |        ^
 *          |    event          output   Runtime API: next, response, error
 *          |    v              v        v
 *       result <--- runtime_api (HTTP on a loopback port of its own)
 *                              |
 *                            logs                            DATA/logs/NAME/
 *
 * - package.h    what is accepted as a zip.
 * - runtime.h    which runtimes there are, and what is executed for each.
 * - process.h    one execution environment: a guard, a process, its Runtime API, its output. It
 *                stays warm for ten minutes after an invocation.
 * - logs.h       what was printed; START, END and REPORT of each invocation.
 * - name.h       names and ARNs.
 *
 * functions_invoke() runs in the caller's thread and drives the process from there; it takes an
 * idle process of the function or starts one. One thread of this folder's own looks after
 * processes that are idle. There is no queue and nobody waits for another invocation to end: where
 * no process may be started (the function's reserved concurrency, the server's total), the
 * invocation is throttled at once, as on AWS, and the caller tries again later. So a function that
 * invokes a function, or calls any API of this server, cannot be part of a deadlock.
 *
 * The process is told what Lambda tells it: its environment is Lambda's variables, then those of
 * the options (endpoints and keys of this server), then the function's own; nothing of the server's
 * environment but PATH. Its working directory is LAMBDA_TASK_ROOT.
 *
 * Errors of the function (it raises, it exits, it takes too long, it cannot be imported) are
 * results: `failed`. Errors of these calls are: ERROR_NOT_FOUND (no such function),
 * ERROR_BAD_REQUEST (InvalidParameterValueException), ERROR_CONFLICT (it exists; its revision is
 * another), ERROR_THROTTLED (TooManyRequestsException), ERROR_CANCELED, ERROR_BUG (the disk, the
 * machine).
 */
#ifndef FUNCTION_FUNCTION_H
#define FUNCTION_FUNCTION_H

#include "base/cancel.h"
#include "base/log.h"
#include "base/random.h"
#include "function/limits.h"
#include "function/logs.h"
#include "function/name.h"
#include "status/functions.h"

struct functions;

struct functions_options {
    struct status *status;
    const char *folder;      /* DATA/functions; made if need be */
    const char *logs_folder; /* DATA/logs; made when something is printed */
    struct status_owner owner;
    const char *const *environment; /* "NAME=value", NULL at the end: every function gets these */
    int concurrent;                 /* processes at once; 0: FUNCTION_CONCURRENT_DEFAULT */
    const struct log *log;          /* or NULL */
};

/* The options are copied. Folders of code that no record names are removed. */
int functions_new(struct functions **ret, const struct functions_options *options,
                  struct error *err) MUST_CHECK;

/* Ends all processes. Nobody may be in a call; see functions_stop(). Sets NULL; accepts NULL. */
void functions_free(struct functions **functions);

/* From now on invocations are refused, and those under way end: ERROR_CANCELED. For the time
 * between the server's last answer and functions_free(). */
void functions_stop(struct functions *functions);

const struct status_owner *functions_owner(const struct functions *functions);

/* Its logs, to read and delete; live as long as `functions`. */
struct logs *functions_logs(struct functions *functions);

/* --- records and code ---
 *
 * `record` as status/functions.h says; code_sha256 and code_size are set from the zip. Everything
 * in it is checked: name, runtime, handler, time-out, memory, environment. */

/* CreateFunction. A timeout_s or memory_mib of 0 is Lambda's default, 3 s and 128 MiB; there is
 * no reserved concurrency. */
int functions_create(struct functions *functions, const struct function_record *record,
                     const void *zip, size_t size, struct arena *arena,
                     struct function_record **ret, struct error *err) MUST_CHECK;

/* UpdateFunctionCode. Invocations under way end with the code that they began with. `revision`: see
 * status_function_update(). With `dry_run` the zip is only checked. */
int functions_update_code(struct functions *functions, const char *name, const char *revision,
                          const void *zip, size_t size, bool dry_run, struct arena *arena,
                          struct function_record **ret, struct error *err) MUST_CHECK;

/* UpdateFunctionConfiguration, PutFunctionConcurrency, TagResource: everything but the code;
 * strings of NULL stay as they are, numbers are set: begin with a copy of what is on record, and
 * leave its revision in it, so that nothing is lost that somebody else changes meanwhile:
 * ERROR_CONFLICT, begin again. */
int functions_update(struct functions *functions, const struct function_record *record,
                     struct arena *arena, struct function_record **ret,
                     struct error *err) MUST_CHECK;

/* DeleteFunction. Invocations under way end as they would; its log stays. */
int functions_delete(struct functions *functions, const char *name, struct error *err) MUST_CHECK;

/* The zip that the function's code came from, byte for byte, for Code.Location of GetFunction;
 * lives in the arena. ERROR_NOT_FOUND: no such function. */
int functions_read_code(struct functions *functions, const char *name, struct arena *arena,
                        const void **ret_zip, size_t *ret_size, struct error *err) MUST_CHECK;

/* GetFunction and ListFunctions are status_function_get() and status_function_list(). */

/* --- invocations --- */

struct invocation {
    const char *function;       /* a name, an ARN or part of one; it may be qualified (name.h) */
    const char *qualifier;      /* given beside the name; or NULL */
    const char *payload;        /* JSON; nothing is sent as {} */
    size_t size;                /* more than FUNCTION_PAYLOAD_MAX is refused */
    const char *client_context; /* JSON text, not base64; or NULL */
    const char *request_id;     /* a UUID; NULL: a new one */
    const char *trace_id;       /* Lambda-Runtime-Trace-Id: the function has it as _X_AMZN_TRACE_ID
                                 * while it runs, and SDKs send it on; NULL: one is made up */
    struct cancel *cancel;      /* or NULL. It is looked at twenty times a second. */
};

/* Lives in the caller's arena. */
struct invocation_result {
    char request_id[RANDOM_UUID_SIZE];
    bool failed;         /* X-Amz-Function-Error: Unhandled; the payload says why */
    const char *payload; /* NUL-terminated */
    size_t size;
    const char *log_tail; /* the last FUNCTION_LOG_TAIL_MAX bytes of its log; NUL-terminated */
    size_t log_tail_size;
    int64_t duration_us; /* without the start of the process */
};

/**
 * Runs a function to its end. Blocks at most as long as the function's time-out and the ten seconds
 * that its process may take to start.
 *
 * @retval 0   it has run; whether well or not, *ret says
 * @retval -1  it has not run (ERROR_NOT_FOUND, ERROR_BAD_REQUEST, ERROR_THROTTLED, ERROR_BUG) or
 *             was cancelled (ERROR_CANCELED) and its process is gone
 */
int functions_invoke(struct functions *functions, const struct invocation *invocation,
                     struct arena *arena, struct invocation_result **ret,
                     struct error *err) MUST_CHECK;

/* How many processes there are, and how many of them run an invocation; for /metrics. */
void functions_count(struct functions *functions, int *ret_processes, int *ret_busy);

#endif
