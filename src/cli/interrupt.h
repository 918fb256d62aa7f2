/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGINT, SIGTERM and SIGHUP as a wish to stop: the first sets `cancel`, another one ends the
 * process at once. They are waited for in a thread of its own, so nothing runs in a handler.
 */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <pthread.h>
#include <signal.h>

#include "base/cancel.h"

struct interrupt {
    struct cancel cancel;
    sigset_t signals;
    pthread_t thread;
};

/* To be called while there is one thread: those started later inherit the blocked signals. */
void interrupt_init(struct interrupt *interrupt);
void interrupt_release(struct interrupt *interrupt);

#endif
