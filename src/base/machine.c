/* SPDX-License-Identifier: Apache-2.0 */
#include "base/machine.h"

#include <limits.h>
#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The first two numbers in a cgroup's file; how many there are: none in "max 100000". */
static int read_numbers(const char *folder, const char *name, double numbers[2])
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    int count = fscanf(file, "%lf %lf", &numbers[0], &numbers[1]);
    fclose(file);
    return count;
}

/* "200000 100000": so many µs of CPU in each period. */
static double cores_in(const char *folder)
{
    double numbers[2];
    bool limited =
        read_numbers(folder, "cpu.max", numbers) == 2 && numbers[0] > 0 && numbers[1] > 0;
    return limited ? numbers[0] / numbers[1] : 0;
}

static double memory_in(const char *folder)
{
    double numbers[2];
    bool limited = read_numbers(folder, "memory.max", numbers) >= 1 && numbers[0] > 0;
    return limited ? numbers[0] : 0;
}

/* The least of a cgroup and those above it; 0: none has a limit. */
static double least(const char *root, const char *path, double (*quota_in)(const char *folder))
{
    char folder[PATH_MAX];
    size_t top = strlen(root);
    if (snprintf(folder, sizeof(folder), "%s%s", root, path) >= (int)sizeof(folder))
        return 0;
    double found = 0;
    for (char *slash = folder; slash; slash = strrchr(folder + top, '/')) {
        if (slash != folder)
            *slash = '\0';
        double quota = quota_in(folder);
        if (quota > 0 && (found == 0 || quota < found))
            found = quota;
    }
    return found;
}

double machine_cores_quota(const char *root, const char *path)
{
    return least(root, path, cores_in);
}

int64_t machine_memory_quota(const char *root, const char *path)
{
    double bytes = least(root, path, memory_in);
    return bytes < 1e18 ? (int64_t)bytes : 0;
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

static const char mounted[] = "/sys/fs/cgroup";

/* More than 1024 of them do not fit into the set. */
static double cores_of_affinity(void)
{
    cpu_set_t set;
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        return CPU_COUNT(&set);
    return online > 0 ? (double)online : 1;
}

double machine_cores(void)
{
    char path[PATH_MAX];
    find_cgroup(path);
    double cores = cores_of_affinity(), quota = machine_cores_quota(mounted, path);
    return quota > 0 && quota < cores ? quota : cores;
}

int machine_threads(void)
{
    return (int)fmin(fmax(ceil(machine_cores()), 1), MACHINE_THREADS_MAX);
}

int64_t machine_memory(void)
{
    char path[PATH_MAX];
    find_cgroup(path);
    int64_t bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    int64_t quota = machine_memory_quota(mounted, path);
    return quota > 0 && quota < bytes ? quota : bytes;
}
