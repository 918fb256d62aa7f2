/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local executor: one job in one process of its own, and the pipes to it. What is said on them
 * stands in protocol.h; here they are bytes and lines.
 *
 * The process has a group of its own, may gain no privileges, dumps no core, has limits (memory,
 * processor time, files), is the first to go when the machine runs out of memory, and dies with the
 * thread that has started it. So where the server is killed, none of its workers lives on to write
 * beside those of the next server.
 *
 * Nothing here blocks: the owner polls. What comes from the process is not trusted: its lines are
 * bounded, and it may end at any byte.
 */
#ifndef DISPATCH_EXECUTOR_H
#define DISPATCH_EXECUTOR_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

struct execution;

struct execution_options {
    const char *const *words; /* the program and its arguments; NULL ends */
    int64_t memory_max;       /* bytes of its own, written to or not; 0: no limit */
    int64_t cpu_max_s;        /* of processor time, all threads together; 0: no limit */
};

/* Starts it and hands it `job`, which is copied, with its size in front. */
int execution_start(struct execution **ret, const struct execution_options *options,
                    const char *job, size_t size, struct error *err) MUST_CHECK;

/* What to wait for with poll(). */
enum { EXECUTION_FDS = 4 };
void execution_fds(const struct execution *execution, struct pollfd fds[EXECUTION_FDS]);

/* Writes and reads what can be without waiting, and looks whether the process lives. */
void execution_move(struct execution *execution);

/* The next whole line that it has said, without its end, until the next call of anything here;
 * NULL if there is none now. */
char *execution_line(struct execution *execution, size_t *ret_size);

/* It has said a line that is too long; no more is read. */
bool execution_babbles(const struct execution *execution);

/* It says nothing any more, though it may live: its stdout is closed. */
bool execution_is_silent(const struct execution *execution);

/* To its stdin, which nothing is added to when it has not been read for long. */
void execution_tell(struct execution *execution, const char *text);

/* To its group; nothing once it has ended. */
void execution_signal(struct execution *execution, int signal);

/* The process has ended and is no zombie, and there is no more to read but execution_line()s. */
bool execution_ended(const struct execution *execution);

/* Adds "; it may have 1024 MiB" where these are words of a program that got no more memory. */
void execution_add_limit(const struct execution *execution, const char *words, size_t size,
                         struct text *out);

/* How it ended: "the worker was killed by signal 11 (Segmentation fault)", with what it last wrote
 * on stderr. */
void execution_how(const struct execution *execution, struct text *out);

/* Kills it if it lives. Accepts NULL. */
void execution_free(struct execution **execution);

#endif
