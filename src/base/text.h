/* SPDX-License-Identifier: Apache-2.0 */
/* A growing string, and numbers written for people. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

/* Starts as {0}; `data` is NUL-terminated once anything was added. Out of memory aborts. */
struct text {
    char *data;
    size_t size, capacity;
};

void text_add(struct text *text, const char *fmt, ...) PRINTF(2, 3);
void text_append(struct text *text, const void *bytes, size_t size);

/* For a terminal, where a control character could do anything: each becomes a "?", as does what is
 * no UTF-8; a tab becomes a space. */
void text_add_printable(struct text *text, const char *s, size_t size);

void text_release(struct text *text);

/* "17 bytes", "4.0 KiB", "3.1 MiB"; returns out. */
char *text_bytes(int64_t bytes, char out[32]);

/* "0:07", "12:31", "1:02:07" from microseconds; returns out. */
char *text_duration(int64_t us, char out[32]);

/* "812 kb/s", "4.31 Mb/s" from bits per second; returns out. */
char *text_bitrate(double bits_per_second, char out[32]);

/* How many letters must be added, dropped, changed or swapped with their neighbour to make b of a,
 * whatever their case. Words of more than 64 bytes are farther than anything. */
int text_distance(const char *a, const char *b);

#endif
