/* SPDX-License-Identifier: Apache-2.0 */
/* A program that is executed for its output. */
#ifndef HTTP_CHILD_H
#define HTTP_CHILD_H

#include <stdint.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/text.h"

struct child_limits {
    int64_t timeout_us; /* then it is killed */
    size_t output_max;  /* bytes of its stdout; more, and it is killed */
    int64_t memory_max; /* bytes of its address space; 0: no limit */
    int cpu_s;          /* seconds of processor time */
};

/**
 * Runs `words` (words[0] is the program's path, NULL ends) with nothing on stdin, and waits.
 *
 * @param cancel  makes it give up soon
 * @param output  what it wrote to stdout is added
 * @retval 0   it has ended; *ret_status is its exit status, or 128 and the signal that killed it
 * @retval -1  it could not be run, took too long, wrote too much (ERROR_BUG), or ERROR_CANCELED
 */
int child_run(const char *const *words, const struct child_limits *limits, struct cancel *cancel,
              struct text *output, int *ret_status, struct error *err) MUST_CHECK;

#endif
