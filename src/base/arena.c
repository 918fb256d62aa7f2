/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 16 * 1024 };

struct block {
    struct block *next;
    size_t used, size;
    _Alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    struct block *blocks;
};

static void *must(void *p)
{
    if (!p) {
        fputs("out of memory\n", stderr);
        abort();
    }
    return p;
}

struct arena *arena_new(void)
{
    return must(calloc(1, sizeof(struct arena)));
}

void arena_free(struct arena **arena)
{
    if (!*arena)
        return;
    for (struct block *b = (*arena)->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(*arena);
    *arena = NULL;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        must(NULL);
    size_t align = _Alignof(max_align_t);
    size = (size + align - 1) / align * align;

    struct block *b = arena->blocks;
    if (!b || b->size - b->used < size) {
        size_t bytes = size > BLOCK_BYTES ? size : BLOCK_BYTES;
        b = must(calloc(1, sizeof(*b) + bytes));
        b->size = bytes;
        b->next = arena->blocks;
        arena->blocks = b;
    }
    void *p = b->bytes + b->used;
    b->used += size;
    return p;
}

char *arena_strndup(struct arena *arena, const char *s, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);
    memcpy(copy, s, length);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *s)
{
    return arena_strndup(arena, s, strlen(s));
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *s = arena_alloc(arena, (size_t)(length < 0 ? 0 : length) + 1);
    vsnprintf(s, (size_t)length + 1, fmt, again);
    va_end(again);
    return s;
}
