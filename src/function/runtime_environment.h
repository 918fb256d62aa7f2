/* SPDX-License-Identifier: Apache-2.0 */
/* What a function's process finds in its environment. */
#ifndef FUNCTION_RUNTIME_ENVIRONMENT_H
#define FUNCTION_RUNTIME_ENVIRONMENT_H

#include "function/runtime.h"

/* Environment.Variables: a JSON object of strings, with names that a client may choose. NULL is
 * none. */
int runtime_environment_check(const char *environment, struct error *err) MUST_CHECK;

struct runtime_names {
    const char *task_root, *home;
    const char *execution_env; /* or NULL */
    const char *python_path;   /* goes before the function's own; or NULL */
};

/* Lambda's variables, then the options', then the function's own; a later one of the same name
 * takes the place of an earlier one. NULL at the end. */
const char *const *runtime_environment(const struct function_record *function,
                                       const struct runtime_place *place,
                                       const struct runtime_names *names, struct arena *arena);

#endif
