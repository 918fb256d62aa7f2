/* SPDX-License-Identifier: Apache-2.0 */
/* A process of ours between fork() and exec(). It has a copy of one thread only, and locks that
 * nobody will open: so these are system calls and nothing else. */
#ifndef BASE_NEWBORN_H
#define BASE_NEWBORN_H

#include <sys/resource.h>
#include <sys/types.h>

/* No signal is blocked, caught or ignored; it dies with its parent, at once if that is dead
 * already; and nothing that it executes gives it rights that it does not have. */
void newborn_begin(pid_t parent);

/* Not above what the parent itself may have. RLIM_INFINITY is the largest number. */
void newborn_limit(int resource, rlim_t soft, rlim_t hard);

/* Let the kernel kill this one rather than the server, where memory is short. */
void newborn_goes_first(void);

#endif
