/* SPDX-License-Identifier: Apache-2.0 */
#include "function/process.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "function/fault.h"
#include "function/guard.h"
#include "function/journal.h"
#include "function/runtime_api.h"

enum {
    TICK_MS = 50,
    BLOCK = 64 * 1024,
    BLOCKS_AT_ONCE = 16, /* so long output keeps from looking at anything else */
};

struct process {
    const struct function_record *function;
    struct guard guard;
    struct runtime_api *api;
    struct journal journal;
    int output; /* our end of its stdout and stderr */
    int statm;  /* /proc/PID/statm; -1: not to be had */
    int64_t started_us;
    int64_t memory_max; /* bytes, the most that was seen */
    bool executed;      /* what is in memory is the function's and no longer the server's */
    bool killed;        /* by us */
    bool told_log_error;
    int invocations;
};

/* --- start and end --- */

/* Both ends above stdin, stdout and stderr, for guard.c puts others there. */
static int make_pipe(int ends[2], struct error *err)
{
    int low[2];
    if (pipe2(low, O_CLOEXEC) < 0)
        return error_set(err, ERROR_BUG, "cannot make a pipe: %s", strerror(errno));
    for (int i = 0; i < 2; i++) {
        ends[i] = fcntl(low[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        close(low[i]);
    }
    if (ends[0] >= 0 && ends[1] >= 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0)
        return 0;
    int why = errno;
    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0)
            close(ends[i]);
    return error_set(err, ERROR_BUG, "cannot make a pipe: %s", strerror(why));
}

static int execute(struct process *process, const struct runtime_start *start, struct error *err)
{
    int ends[2];
    char path[64];
    if (make_pipe(ends, err) < 0)
        return -1;
    process->output = ends[0];
    struct guard_options options = {
        .words = start->words,
        .environment = start->environment,
        .folder = start->task_root,
        .output = ends[1],
        .memory_mib = start->memory_mib,
    };
    process->started_us = clock_monotonic_us();
    int r = guard_start(&process->guard, &options, err);
    close(ends[1]);
    if (r < 0)
        return -1;
    snprintf(path, sizeof(path), "/proc/%d/statm", process->guard.child);
    process->statm = open(path, O_RDONLY | O_CLOEXEC);
    return 0;
}

int process_start(struct process **ret, const struct function_record *function,
                  const struct process_place *place, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(process_free) struct process *process = calloc(1, sizeof(*process));
    if (!process)
        return error_set(err, ERROR_BUG, "out of memory");
    process->function = function;
    process->output = process->statm = -1;
    journal_init(&process->journal, place->logs, function->name);
    if (runtime_api_open(&process->api, err) < 0)
        return -1;
    struct runtime_place where = {
        .folder = place->folder,
        .owner = place->owner,
        .environment = place->environment,
        .api = runtime_api_address(process->api),
        .log_stream = process->journal.stream,
    };
    struct runtime_start start;
    if (runtime_prepare(function, &where, arena, &start, err) < 0 ||
        execute(process, &start, err) < 0)
        return -1;
    *ret = TAKE(process);
    return 0;
}

void process_kill(struct process *process)
{
    process->killed = true;
    guard_kill(&process->guard);
}

/* --- output --- */

/* Takes what it has printed to the log. */
static void take_output(struct process *process)
{
    char block[BLOCK];
    for (int i = 0; i < BLOCKS_AT_ONCE && process->output >= 0; i++) {
        ssize_t size = read(process->output, block, sizeof(block));
        if (size < 0 && errno == EINTR)
            continue;
        if (size > 0)
            journal_take(&process->journal, block, (size_t)size);
        if (size < 0 && errno == EAGAIN)
            return;
        if (size <= 0) { // nobody is there who could print
            close(process->output);
            process->output = -1;
        }
    }
}

void process_free(struct process **pointer)
{
    struct process *process = *pointer;
    if (!process)
        return;
    guard_release(&process->guard);
    take_output(process);
    journal_flush(&process->journal);
    journal_release(&process->journal);
    runtime_api_close(&process->api);
    if (process->output >= 0)
        close(process->output);
    if (process->statm >= 0)
        close(process->statm);
    free(process);
    *pointer = NULL;
}

bool process_is_alive(struct process *process)
{
    take_output(process);
    guard_look(&process->guard);
    return !process->guard.ended && !process->killed;
}

const struct error *process_log_error(struct process *process)
{
    if (!process->journal.broken || process->told_log_error)
        return NULL;
    process->told_log_error = true;
    return &process->journal.why;
}

/* --- memory --- */

/* Whether it executes something else than we do: between fork() and exec() it has all of our memory
 * for its own. */
static bool has_executed(const struct process *process)
{
    char path[64], own[PATH_MAX], its[PATH_MAX];
    snprintf(path, sizeof(path), "/proc/%d/exe", process->guard.child);
    ssize_t own_size = readlink("/proc/self/exe", own, sizeof(own));
    ssize_t its_size = readlink(path, its, sizeof(its));
    return its_size > 0 && (its_size != own_size || memcmp(own, its, (size_t)its_size) != 0);
}

/* Returns whether it has more than it may have. */
static bool look_at_memory(struct process *process)
{
    char text[64];
    long long resident;
    process->executed = process->executed || has_executed(process);
    if (!process->executed)
        return false;
    ssize_t size = process->statm < 0 ? -1 : pread(process->statm, text, sizeof(text) - 1, 0);
    if (size <= 0)
        return false;
    text[size] = '\0';
    if (sscanf(text, "%*d %lld", &resident) != 1)
        return false;
    int64_t bytes = resident * sysconf(_SC_PAGESIZE);
    process->memory_max = bytes > process->memory_max ? bytes : process->memory_max;
    return bytes > (int64_t)process->function->memory_mib << 20;
}

/* --- an invocation --- */

/* How it ended. */
enum outcome {
    UNDER_WAY,
    ANSWERED, /* and the Runtime API knows what */
    TIMED_OUT,
    EXITED,
    OUT_OF_MEMORY,
    CANCELED,
    GONE_BEFORE, /* it had ended before it was asked */
};

struct run {
    struct process *process;
    const struct process_call *call;
    bool cold, started; /* its process begins with it; START has been said */
    int64_t began_us;
    int64_t init_us;   /* that the process took to ask for the event */
    int64_t looked_us; /* at its memory */
    enum outcome outcome;
};

static const int64_t second = 1000000;

/* When a process that still starts begins to use up its first invocation's time. */
static int64_t init_end_of(const struct process *process)
{
    return process->started_us + FUNCTION_INIT_MAX_S * second;
}

/* When it is too late, by clock_monotonic_us(). */
static int64_t deadline_of(const struct run *run)
{
    const struct process *process = run->process;
    int64_t taken_us = runtime_api_taken_us(process->api);
    int64_t from_us = taken_us ? taken_us : run->cold ? init_end_of(process) : run->began_us;
    return from_us + process->function->timeout_s * second;
}

static void say_start(struct run *run)
{
    if (!run->started)
        journal_say(&run->process->journal, "START RequestId: %s Version: $LATEST", run->call->id);
    run->started = true;
}

/* Lets the Runtime API do what there is to do. What was printed before the event was taken stands
 * before START, what was printed before the answer before END. */
static void move(struct run *run)
{
    struct process *process = run->process;
    if (!run->started)
        take_output(process);
    runtime_api_run(process->api);
    if (runtime_api_taken_us(process->api))
        say_start(run);
    take_output(process);
}

static void look(struct run *run)
{
    struct process *process = run->process;
    guard_look(&process->guard);
    bool ended = process->guard.ended;
    move(run); // it may have answered before it ended
    if (runtime_api_news(process->api) > RUNTIME_TAKEN)
        run->outcome = ANSWERED;
    else if (ended)
        run->outcome = run->started || run->cold ? EXITED : GONE_BEFORE;
    else if (clock_monotonic_us() >= deadline_of(run))
        run->outcome = TIMED_OUT;
    else if (cancel_requested(run->call->cancel) || cancel_requested(run->call->stopping))
        run->outcome = CANCELED;
}

static void wait_for_something(struct run *run)
{
    struct process *process = run->process;
    struct pollfd waited[] = {
        {.fd = runtime_api_fd(process->api), .events = POLLIN},
        {.fd = process->guard.lifeline, .events = POLLIN},
        {.fd = process->output, .events = POLLIN},
    };
    int64_t left_ms = (deadline_of(run) - clock_monotonic_us()) / 1000 + 1;
    int timeout_ms = left_ms < TICK_MS ? (int)left_ms : TICK_MS;
    poll(waited, COUNT(waited), timeout_ms > 0 ? timeout_ms : 0);
    int64_t now_us = clock_monotonic_us();
    if (now_us - run->looked_us < TICK_MS * 1000)
        return;
    run->looked_us = now_us;
    if (look_at_memory(process))
        run->outcome = OUT_OF_MEMORY;
}

static void go(struct run *run)
{
    struct runtime_event event = {
        .id = run->call->id,
        .arn = run->call->arn,
        .payload = run->call->size ? run->call->payload : "{}",
        .size = run->call->size ? run->call->size : 2,
        .timeout_s = run->process->function->timeout_s,
        .client_context = run->call->client_context,
        .trace_id = run->call->trace_id,
    };
    runtime_api_give(run->process->api, &event);
    look(run);
    while (run->outcome == UNDER_WAY) {
        wait_for_something(run);
        if (run->outcome == UNDER_WAY)
            look(run);
    }
}

/* --- its result --- */

/* "exit status 1", "signal: killed"; false: it ended well. */
static bool describe_end(int status, char out[64])
{
    if (WIFSIGNALED(status)) {
        const char *name = sigdescr_np(WTERMSIG(status));
        snprintf(out, 64, "signal: %s%s", name ? name : "unknown",
                 WCOREDUMP(status) ? " (core dumped)" : "");
        for (char *c = out; *c; c++)
            *c = (char)tolower((unsigned char)*c);
        return true;
    }
    snprintf(out, 64, "exit status %d", WEXITSTATUS(status));
    return WEXITSTATUS(status) != 0;
}

static void fault_of_exit(struct run *run, struct arena *arena, struct fault *ret)
{
    const struct guard *guard = &run->process->guard;
    char how[64] = "signal: killed";
    bool known = guard->ended && guard->status >= 0;
    bool badly = !known || describe_end(guard->status, how);
    *ret = (struct fault){
        .type = "Runtime.ExitError",
        .message = badly ? arena_printf(arena, "RequestId: %s Error: Runtime exited with error: %s",
                                        run->call->id, how)
                         : arena_printf(arena,
                                        "RequestId: %s Error: Runtime exited without providing a "
                                        "reason",
                                        run->call->id),
    };
    journal_say(&run->process->journal, "%s\n%s", ret->message, ret->type);
}

static void fault_of_time(struct run *run, struct arena *arena, struct fault *ret)
{
    char now[64];
    *ret = (struct fault){
        .message = arena_printf(arena, "%sZ %s Task timed out after %d.00 seconds",
                                clock_format_ms(clock_true_us(), now), run->call->id,
                                run->process->function->timeout_s),
    };
    journal_say(&run->process->journal, "%s\n", ret->message);
}

static void fault_of_memory(struct run *run, struct arena *arena, struct fault *ret)
{
    const struct process *process = run->process;
    journal_say(&run->process->journal,
                "the process had %lld MB in memory, more than its %d MB, and was killed",
                (long long)(process->memory_max >> 20), process->function->memory_mib);
    fault_of_exit(run, arena, ret);
}

static void fault_of_size(struct fault *ret)
{
    *ret = (struct fault){
        .type = "Function.ResponseSizeTooLarge",
        .message = "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    };
    _Static_assert(FUNCTION_PAYLOAD_MAX == 6291556, "as in the message");
}

/* The payload, and what the report says of it. */
static void make_payload(struct run *run, struct arena *arena, struct invocation_result *result,
                         const char **ret_status)
{
    const struct text *answer = runtime_api_answer(run->process->api);
    enum runtime_news news = runtime_api_news(run->process->api);
    struct fault fault = {0};
    *ret_status = "";
    result->failed = run->outcome != ANSWERED || news != RUNTIME_RESPONSE;
    if (run->outcome == TIMED_OUT) {
        *ret_status = "\tStatus: timeout";
        fault_of_time(run, arena, &fault);
    } else if (run->outcome == OUT_OF_MEMORY) {
        fault_of_memory(run, arena, &fault);
    } else if (run->outcome == EXITED) {
        fault_of_exit(run, arena, &fault);
    } else if (news == RUNTIME_TOO_LARGE) {
        fault_of_size(&fault);
    }
    if (fault.type)
        *ret_status = arena_printf(arena, "\tStatus: error\tError Type: %s", fault.type);
    if (fault.message) {
        result->payload = fault_json(&fault, arena, &result->size);
    } else {
        result->payload = arena_strndup(arena, answer->data ? answer->data : "", answer->size);
        result->size = answer->size;
    }
}

static void say_end(struct run *run, const struct invocation_result *result, const char *status)
{
    struct process *process = run->process;
    char init[64] = "";
    double ms = (double)result->duration_us / 1e3;
    if (run->cold)
        snprintf(init, sizeof(init), "Init Duration: %.2f ms\t", (double)run->init_us / 1e3);
    journal_say(&process->journal, "END RequestId: %s", run->call->id);
    journal_say(&process->journal,
                "REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %lld ms\t"
                "Memory Size: %d MB\tMax Memory Used: %lld MB\t%s%s",
                run->call->id, ms, (long long)ms + 1, process->function->memory_mib,
                (long long)((process->memory_max + (1 << 20) - 1) >> 20), init,
                *status ? status + 1 : "");
}

static struct invocation_result *finish(struct run *run, struct arena *arena)
{
    struct process *process = run->process;
    struct invocation_result *result = ARENA_NEW(arena, struct invocation_result);
    int64_t now_us = clock_monotonic_us(), taken_us = runtime_api_taken_us(process->api);
    const char *status, *tail;
    snprintf(result->request_id, sizeof(result->request_id), "%s", run->call->id);
    int64_t from_us = taken_us ? taken_us : run->cold ? init_end_of(process) : run->began_us;
    result->duration_us = now_us > from_us ? now_us - from_us : 0;
    run->init_us = (taken_us ? taken_us : now_us) - process->started_us;
    look_at_memory(process);
    journal_flush(&process->journal);
    say_start(run);
    make_payload(run, arena, result, &status);
    say_end(run, result, status);
    tail = journal_tail(&process->journal, &result->log_tail_size);
    result->log_tail = arena_strndup(arena, tail, result->log_tail_size);
    return result;
}

int process_invoke(struct process *process, const struct process_call *call, struct arena *arena,
                   struct invocation_result **ret, struct error *err)
{
    struct run run = {
        .process = process,
        .call = call,
        .cold = process->invocations++ == 0,
        .began_us = clock_monotonic_us(),
    };
    run.looked_us = run.began_us;
    journal_begin(&process->journal, call->id);
    go(&run);
    if (run.outcome == GONE_BEFORE)
        return 1;
    bool goes_on = run.outcome == ANSWERED && runtime_api_news(process->api) != RUNTIME_INIT_ERROR;
    if (!goes_on)
        process_kill(process);
    if (run.outcome == CANCELED) {
        journal_say(&process->journal, "RequestId: %s was cancelled", call->id);
        return error_set(err, ERROR_CANCELED, "canceled");
    }
    *ret = finish(&run, arena);
    return 0;
}
