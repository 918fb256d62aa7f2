/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A function's process and all that it starts, kept together.
 *
 *     server <--lifeline--> guard --> the function's process --> its children …
 *
 * The guard is a process of ours that does nothing but wait. All descendants of the function's
 * process whose parents have died become its children, whatever session they have made for
 * themselves. When the function's process ends, when the server says so, or when the server is gone
 * (kill -9: the lifeline closes), the guard kills every one of them, and ends.
 *
 * The guard is forked by the server and executes nothing: it lives on system calls alone.
 */
#ifndef FUNCTION_GUARD_H
#define FUNCTION_GUARD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct guard {
    pid_t pid;    /* the guard's; 0: there is none */
    pid_t child;  /* the function's process; a number only: it may be somebody else's later */
    int lifeline; /* readable when there is something for guard_look() */
    bool ended;   /* the function's process has */
    int status;   /* as of waitpid(), once it has ended; -1: unknown */
};

struct guard_options {
    const char *const *words, *const *environment;
    const char *folder; /* working directory */
    int output;         /* becomes stdout and stderr; stays the caller's */
    int memory_mib;     /* see guard.c: limit_memory() */
};

int guard_start(struct guard *guard, const struct guard_options *options,
                struct error *err) MUST_CHECK;

/* Looks whether the function's process has ended, without waiting: sets guard->ended. */
void guard_look(struct guard *guard);

/* Everything is to be killed. guard_release() waits for it. */
void guard_kill(struct guard *guard);

/* Kills what still runs; accepts {0}. */
void guard_release(struct guard *guard);

#endif
