/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The patterns of AWS's model, matched as they stand there.
 *
 * They are written for JavaScript and Java; what these have beyond a POSIX extended regular
 * expression and the model uses (\d, \w, \s, an escaped slash, the lazy .*?) is translated, so
 * that a row, and the message about it, can have the service's own text.
 */
#ifndef JOB_PATTERN_H
#define JOB_PATTERN_H

#include <regex.h>
#include <stdbool.h>

enum { PATTERNS_MAX = 64 }; /* kept at a time */

/* Patterns that have been compiled, by their address; starts as {0}. */
struct patterns {
    int count;
    struct {
        const char *pattern;
        regex_t regex;
    } items[PATTERNS_MAX];
};

/* Whether `string` matches. A pattern that is none aborts: the unit test of the tables has
 * compiled each of them. */
bool pattern_matches(struct patterns *patterns, const char *pattern, const char *string);

void patterns_release(struct patterns *patterns);

#endif
