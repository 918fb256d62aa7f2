/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one process prints, on its way to the log: cut into lines, each an event of the process's
 * stream; and the end of it, which an invocation gives back.
 *
 * A line is made valid UTF-8 ("?" for what is not), and a carriage return inside it becomes a
 * newline: so Lambda's Python prints an exception with its traceback as one event.
 */
#ifndef FUNCTION_JOURNAL_H
#define FUNCTION_JOURNAL_H

#include "base/text.h"
#include "base/random.h"
#include "function/logs.h"
#include "function/name.h"

struct journal {
    struct logs *logs;
    char group[FUNCTION_NAME_MAX + 1];
    char stream[LOGS_STREAM_MAX];
    char invocation[RANDOM_UUID_SIZE]; /* "": none */
    struct text line;                  /* what has no newline yet */
    struct text tail;                  /* of this invocation; somewhat longer than it need be */
    bool broken;                       /* the log could not be written: `why` is the first reason */
    struct error why;
};

/* A stream of its own: "2026/01/31/[$LATEST]" and a random number. */
void journal_init(struct journal *journal, struct logs *logs, const char *group);
void journal_release(struct journal *journal);

/* What comes now is of this invocation. */
void journal_begin(struct journal *journal, const char *invocation);

/* What the process has printed; the bytes are changed. */
void journal_take(struct journal *journal, char *bytes, size_t size);

/* Ends the line that has no newline yet, if there is one. */
void journal_flush(struct journal *journal);

/* A line of our own; "\n" in it stays. */
void journal_say(struct journal *journal, const char *fmt, ...) PRINTF(2, 3);

/* The last FUNCTION_LOG_TAIL_MAX bytes of the invocation. */
const char *journal_tail(const struct journal *journal, size_t *ret_size);

#endif
