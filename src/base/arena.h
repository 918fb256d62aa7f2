/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is freed together: a parsed job, a plan, a document each live in one arena.
 *
 * Nothing in an arena is freed by itself. Out of memory aborts: these are small allocations, and
 * an untested error path is worse than none. Media buffers never come from here.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/macros.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena **arena); /* sets NULL; accepts NULL */

/* Zeroed, aligned for any type; never NULL. */
void *arena_alloc(struct arena *arena, size_t size);

char *arena_strndup(struct arena *arena, const char *s, size_t length);
char *arena_strdup(struct arena *arena, const char *s);
char *arena_printf(struct arena *arena, const char *fmt, ...) PRINTF(2, 3);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count)                                                            \
    ((type *)arena_alloc((arena), sizeof(type) * (size_t)(count)))

#endif
