/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One execution environment of a function: its process under a guard (guard.h), its Runtime API
 * (runtime_api.h) and what it prints (journal.h). It runs one invocation after the other.
 *
 * It has no thread. Whoever has it, has it alone: an invocation waits in its caller's thread for
 * the Runtime API, the output, the end of the process, the time-out and the wish to stop. While it
 * is idle, its process waits in a request for the next event, and what it prints stays in the pipe
 * until process_is_alive() or the next invocation.
 *
 * Memory: what the process itself has in memory (without its children) is looked at twenty times a
 * second; with more than its function may have it is killed, as Lambda does. Besides, each process
 * has an RLIMIT_DATA (guard.c).
 */
#ifndef FUNCTION_PROCESS_H
#define FUNCTION_PROCESS_H

#include "function/function.h"
#include "function/runtime.h"

struct process;

struct process_place {
    const char *folder; /* DATA/functions, absolute */
    const struct status_owner *owner;
    const char *const *environment;
    struct logs *logs;
};

/* Starts it; that it can begin is seen by the first invocation only. `function` must outlive it.
 * ERROR_BAD_REQUEST: there is nothing to execute (runtime_prepare()). */
int process_start(struct process **ret, const struct function_record *function,
                  const struct process_place *place, struct error *err) MUST_CHECK;

/* Kills what runs and waits for its end; sets NULL, accepts NULL. */
void process_free(struct process **process);

/* That is all that process_free() has to wait for, if there are several to be freed. */
void process_kill(struct process *process);

struct process_call {
    const char *id; /* request id */
    const char *arn;
    const char *payload;
    size_t size;
    const char *client_context;       /* or NULL */
    const char *trace_id;             /* or NULL */
    struct cancel *cancel, *stopping; /* or NULL */
};

/**
 * Runs an invocation.
 *
 * @retval 0   *ret says how it went; process_is_alive() says whether the process can go on
 * @retval 1   the process had ended before; nothing has run, so another process may be tried
 * @retval -1  ERROR_CANCELED; the process has been killed
 */
int process_invoke(struct process *process, const struct process_call *call, struct arena *arena,
                   struct invocation_result **ret, struct error *err) MUST_CHECK;

/* Whether it can be given an invocation. Takes what it has printed meanwhile to the log. */
bool process_is_alive(struct process *process);

/* Why its log could not be written; NULL: it could. Said once. */
const struct error *process_log_error(struct process *process);

#endif
