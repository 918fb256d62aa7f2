/* SPDX-License-Identifier: Apache-2.0 */
/* A job from the command line: its file, what the options change in it, and what is wrong. */
#ifndef CLI_LOAD_H
#define CLI_LOAD_H

#include "base/arena.h"
#include "base/machine.h"
#include "cli/options.h"
#include "cli/store.h"
#include "job/job.h"

/* What the commands that take a job have in common. */
struct job_arguments {
    const char *input, *destination;
    struct option_list set;
    struct store_arguments store;
    int speed; /* index into job_speeds */
    int threads;
    bool json;
};

extern const char *const job_speeds[]; /* normal, draft */
enum { SPEED_NORMAL, SPEED_DRAFT };

/* Their rows for the option table of a command whose struct has a `job`. */
/* clang-format off */
#define JOB_OPTIONS(type)                                                                          \
    {"input", 'i', "URI", "read this instead: a path, s3:// or https://", OPTION_TEXT,              \
     offsetof(type, job.input)},                                                                   \
    {"destination", 'd', "s3://B/P", "put the paths of all groups below this", OPTION_TEXT,        \
     offsetof(type, job.destination)},                                                             \
    {"set", 's', "/POINTER=VALUE", "set what /POINTER in the settings names; may be repeated",     \
     OPTION_LIST, offsetof(type, job.set)},                                                        \
    STORE_OPTIONS(type, job.store),                                                                \
    {"speed", 0, NULL, "draft: the same shapes, encoded fast", OPTION_CHOICE,                      \
     offsetof(type, job.speed), job_speeds},                                                       \
    {"threads", 't', "N", "cores to use (all that it may)", OPTION_NUMBER,                         \
     offsetof(type, job.threads), NULL, 1, MACHINE_THREADS_MAX},                                   \
    {"json", 0, NULL, "print JSON, for a program", OPTION_FLAG, offsetof(type, job.json)}
/* clang-format on */

struct loaded_job {
    struct arena *arena;
    const char *text; /* of the file */
    size_t size;
    struct findings findings;
    struct job *job;
};

enum { LOADED = -1 };

/* Reads and checks. Prints every error and warning to stderr; in JSON, the errors to stdout, too.
 * Returns LOADED, or the exit status of a command that cannot go on. */
int load_job(struct loaded_job *ret, const char *file, const struct job_arguments *arguments);
void load_release(struct loaded_job *loaded);

#endif
