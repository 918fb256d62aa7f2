/* SPDX-License-Identifier: Apache-2.0 */
/* How many cores and how much memory this process may use: what the machine has, or what its
 * cgroups (of version 2) let it have of that, which are a container's limits, if that is less. */
#ifndef BASE_MACHINE_H
#define BASE_MACHINE_H

#include <stdint.h>

/* Of the CPUs that it may run on: 1.5, say. */
double machine_cores(void);

/* As many threads keep them busy: rounded up, from 1 to MACHINE_THREADS_MAX. */
enum { MACHINE_THREADS_MAX = 1024 };
int machine_threads(void);

/* In bytes. */
int64_t machine_memory(void);

/* The least quota of a cgroup v2 and those above it, in cores or bytes; 0: none. `root` is where
 * they are mounted, `path` what /proc/self/cgroup calls this one ("/a/b"). */
double machine_cores_quota(const char *root, const char *path);
int64_t machine_memory_quota(const char *root, const char *path);

#endif
