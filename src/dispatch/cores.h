/* SPDX-License-Identifier: Apache-2.0 */
/* How many cores this process may use. */
#ifndef DISPATCH_CORES_H
#define DISPATCH_CORES_H

/* The CPUs that it may run on, or what its cgroups let it have of them (a container's limit), if
 * that is less: 1.5, say. */
double cores_usable(void);

/* The least quota of a cgroup v2 and those above it, in cores; 0: none. `root` is where they are
 * mounted, `path` what /proc/self/cgroup calls this one ("/a/b"). */
double cores_quota(const char *root, const char *path);

#endif
