/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A wish to stop, made in one place and looked at in many. Setting it is safe in a signal
 * handler. Whoever waits polls it or is woken by the one who looks (run_wait).
 */
#ifndef BASE_CANCEL_H
#define BASE_CANCEL_H

#include <stdatomic.h>
#include <stdbool.h>

struct cancel {
    atomic_bool requested;
};

static inline void cancel_request(struct cancel *cancel)
{
    atomic_store(&cancel->requested, true);
}

/* NULL is never cancelled. */
static inline bool cancel_requested(struct cancel *cancel)
{
    return cancel && atomic_load(&cancel->requested);
}

#endif
