/* SPDX-License-Identifier: Apache-2.0 */
/* The few macros that every file may use. */
#ifndef BASE_MACROS_H
#define BASE_MACROS_H

/* Frees a local when it goes out of scope: CLEANUP(arena_free) struct arena *arena = arena_new(); */
#define CLEANUP(free_function) __attribute__((cleanup(free_function)))

/* Hands a CLEANUP local over to the caller: return TAKE(p); */
#define TAKE(p)                     \
    ({                              \
        __typeof__(p) taken_ = (p); \
        (p) = NULL;                 \
        taken_;                     \
    })

#define PRINTF(format, first) __attribute__((format(printf, format, first)))
#define MUST_CHECK __attribute__((warn_unused_result))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
