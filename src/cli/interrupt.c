/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/interrupt.h"

#include <time.h>
#include <unistd.h>

#include "base/macros.h"
#include "cli/command.h"

static void *wait_for_signals(void *arg)
{
    struct interrupt *interrupt = arg;
    int signal;
    sigwait(&interrupt->signals, &signal);
    cancel_request(&interrupt->cancel);
    // timeout(1) and shells send the same signal to a process and to its group: that is one wish
    static const struct timespec moment = {.tv_nsec = 500 * 1000 * 1000}, none = {0};
    nanosleep(&moment, NULL);
    while (sigtimedwait(&interrupt->signals, NULL, &none) > 0)
        continue;
    sigwait(&interrupt->signals, &signal);
    _exit(EXIT_FAILED);
}

void interrupt_init(struct interrupt *interrupt)
{
    static const int wanted[] = {SIGINT, SIGTERM, SIGHUP};
    atomic_init(&interrupt->cancel.requested, false);
    sigemptyset(&interrupt->signals);
    for (size_t i = 0; i < COUNT(wanted); i++) {
        struct sigaction action;
        sigaction(wanted[i], NULL, &action);
        if (action.sa_handler != SIG_IGN) // nohup, or in the background of a script
            sigaddset(&interrupt->signals, wanted[i]);
    }
    pthread_sigmask(SIG_BLOCK, &interrupt->signals, NULL);
    pthread_create(&interrupt->thread, NULL, wait_for_signals, interrupt);
}

void interrupt_release(struct interrupt *interrupt)
{
    pthread_cancel(interrupt->thread);
    pthread_join(interrupt->thread, NULL);
    pthread_sigmask(SIG_UNBLOCK, &interrupt->signals, NULL);
}
