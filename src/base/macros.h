/* SPDX-License-Identifier: Apache-2.0 */
/* The few macros that every file may use. */
#ifndef BASE_MACROS_H
#define BASE_MACROS_H

#include <stdlib.h>

/* Frees a local when it goes out of scope: CLEANUP(arena_free) struct arena *arena = arena_new();
 */
#define CLEANUP(free_function) __attribute__((cleanup(free_function)))

/* For what came from malloc(): CLEANUP(free_pointer) char *block = malloc(size); */
static inline void free_pointer(void *pointer)
{
    free(*(void **)pointer);
}

/* Hands a CLEANUP local over to the caller: return TAKE(p); */
#define TAKE(p)                                                                                    \
    ({                                                                                             \
        __typeof__(p) taken_ = (p);                                                                \
        (p) = NULL;                                                                                \
        taken_;                                                                                    \
    })

#define PRINTF(fmt_at, first_at) __attribute__((format(printf, fmt_at, first_at)))
#define MUST_CHECK               __attribute__((warn_unused_result))
#define COUNT(array)             (sizeof(array) / sizeof((array)[0]))

/* One word of two, each of which may be a macro. */
#define JOIN(a, b)               JOIN_WORDS(a, b)
#define JOIN_WORDS(a, b)         a##b

#endif
