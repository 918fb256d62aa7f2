/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which runtimes there are, and what is executed for each.
 *
 *   python3.x   /usr/bin/python3.x, or python3 where that version is not installed
 *   nodejsx.x   node, whatever its version
 *   provided…   the file bootstrap of the zip
 *
 * Python and Node.js execute a bootstrap of ours (share/function/), which speaks to the Runtime API
 * and loads the function's handler. The bootstraps are part of this program and are written to a
 * folder when it starts.
 */
#ifndef FUNCTION_RUNTIME_H
#define FUNCTION_RUNTIME_H

#include "base/arena.h"
#include "base/error.h"
#include "function/name.h"
#include "status/functions.h"

/* Everything in a record that a client chooses: the name, whether its runtime is done here and
 * installed, handler, role, time-out, memory, reserved concurrency, environment.
 * ERROR_BAD_REQUEST. */
int runtime_check(const struct function_record *function, struct error *err) MUST_CHECK;

/* Writes the bootstraps into FOLDER/.bootstraps, and makes FOLDER/.home, which is everybody's
 * HOME. */
int runtime_write_bootstraps(const char *folder, struct error *err) MUST_CHECK;

/* What a process is to be. All strings live in the arena. */
struct runtime_start {
    const char *const *words;       /* the program's path, its arguments, NULL */
    const char *const *environment; /* "NAME=value" …, NULL */
    const char *task_root;          /* where its code is: its working directory */
    int memory_mib;
};

struct runtime_place {
    const char *folder; /* DATA/functions, absolute */
    const struct status_owner *owner;
    const char *const *environment; /* of struct functions_options */
    const char *api;                /* "127.0.0.1:43210" */
    const char *log_stream;
};

/* ERROR_BAD_REQUEST: there is nothing to execute; the message is for whoever has called the
 * function. */
int runtime_prepare(const struct function_record *function, const struct runtime_place *place,
                    struct arena *arena, struct runtime_start *ret, struct error *err) MUST_CHECK;

#endif
