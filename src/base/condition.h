/* SPDX-License-Identifier: Apache-2.0 */
/* A condition that is waited for until a time of clock_monotonic_us(), so that nobody who sets the
 * machine's clock makes a wait longer. */
#ifndef BASE_CONDITION_H
#define BASE_CONDITION_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* To be ended by pthread_cond_destroy(). */
void condition_init(pthread_cond_t *condition);

/* As pthread_cond_timedwait(): true may mean nothing. False: the time is over. */
bool condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t until_us);

#endif
