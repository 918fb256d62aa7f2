/* SPDX-License-Identifier: Apache-2.0 */
/* What Lambda itself says about a function that did not answer. */
#ifndef FUNCTION_FAULT_H
#define FUNCTION_FAULT_H

#include <stddef.h>

#include "base/arena.h"

struct fault {
    const char *type;    /* "Runtime.ExitError"; NULL: none is said */
    const char *message; /* errorMessage */
};

/* {"errorMessage":…,"errorType":…} */
const char *fault_json(const struct fault *fault, struct arena *arena, size_t *ret_size);

#endif
