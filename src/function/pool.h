/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes of all functions, and which of them are free.
 *
 * A `version` is a function's record as it is now, or was when a process was started: a change
 * makes a new one, and processes of the old one get no more invocations. It lives as long as it is
 * the current one or a process has it.
 *
 * A `slot` is the place of one process, taken by an invocation or idle. The keeper, a thread, ends
 * processes that have been idle for FUNCTION_IDLE_S, whose version is an old one or that have ended
 * by themselves, and removes the code of versions that nobody has any more.
 */
#ifndef FUNCTION_POOL_H
#define FUNCTION_POOL_H

#include <pthread.h>

#include "function/process.h"

struct version {
    struct version *next;
    struct arena *arena; /* which has all that is here */
    const struct function_record *record;
    const char *arn;
    // ---- guarded by pool.lock ----
    int slots; /* that have it */
    bool current;
};

struct slot {
    struct slot *next;
    struct version *version;
    struct process *process; /* of whoever has taken the slot; NULL: yet to be started */
    // ---- guarded by pool.lock ----
    bool busy;
    int64_t idle_since_us;
};

struct pool {
    /* Constant while it runs. */
    struct process_place place;
    int concurrent;
    const struct log *log;
    struct cancel stopping;
    pthread_t keeper;
    bool running; /* the keeper */

    /* Held while code on disk and records are changed, before `lock`. */
    pthread_mutex_t changes;

    pthread_mutex_t lock;
    pthread_cond_t wake; /* the keeper */
    // ---- guarded by lock ----
    struct version *versions;
    struct slot *slots; /* the last used first */
    int slots_count;
    bool ending;
};

int pool_start(struct pool *pool, struct error *err) MUST_CHECK;

/* Ends the keeper and all processes. */
void pool_end(struct pool *pool);

/* The record becomes the function's current version, in place of one that it has. Whoever calls
 * holds `changes`. */
void pool_set(struct pool *pool, const struct function_record *record, const char *arn);

/* There is no such function any more. Whoever calls holds `changes`. */
void pool_forget(struct pool *pool, const char *name);

/* Removes the code of a function that no version has. Whoever calls holds `changes`. */
int pool_tidy(struct pool *pool, const char *name, struct error *err) MUST_CHECK;

/* A slot for an invocation. ERROR_NOT_FOUND, ERROR_THROTTLED. */
int pool_take(struct pool *pool, const char *name, struct slot **ret, struct error *err) MUST_CHECK;

/* Gives it back; its process stays if it can go on. */
void pool_give(struct pool *pool, struct slot *slot);

void pool_count(struct pool *pool, int *ret_processes, int *ret_busy);

#endif
