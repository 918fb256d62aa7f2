/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch/cores.h"

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* "200000 100000": so many µs of CPU in each period; "max 100000": no limit. */
static double quota_in(const char *folder)
{
    char path[PATH_MAX + 16];
    double quota = 0, period = 0;
    snprintf(path, sizeof(path), "%s/cpu.max", folder);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    bool limited = fscanf(file, "%lf %lf", &quota, &period) == 2 && quota > 0 && period > 0;
    fclose(file);
    return limited ? quota / period : 0;
}

double cores_quota(const char *root, const char *path)
{
    char folder[PATH_MAX];
    size_t top = strlen(root);
    if (snprintf(folder, sizeof(folder), "%s%s", root, path) >= (int)sizeof(folder))
        return 0;
    double least = 0;
    for (char *slash = folder; slash; slash = strrchr(folder + top, '/')) {
        if (slash != folder)
            *slash = '\0';
        double quota = quota_in(folder);
        if (quota > 0 && (least == 0 || quota < least))
            least = quota;
    }
    return least;
}

/* Writes this process's cgroup v2, the line "0::/path". */
static void find_cgroup(char path[PATH_MAX])
{
    char line[PATH_MAX];
    snprintf(path, PATH_MAX, "/");
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file && fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = '\0';
        if (!strncmp(line, "0::/", 4))
            snprintf(path, PATH_MAX, "%s", line + 3);
    }
    if (file)
        fclose(file);
}

double cores_usable(void)
{
    cpu_set_t set;
    double cores = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    char path[PATH_MAX];
    find_cgroup(path);
    double quota = cores_quota("/sys/fs/cgroup", path);
    return quota > 0 && quota < cores ? quota : cores;
}
