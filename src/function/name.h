/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How functions are called:
 *
 *   NAME[:QUALIFIER]
 *   ACCOUNT:function:NAME[:QUALIFIER]
 *   arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]
 *
 * There are no versions and aliases here: the qualifier is $LATEST.
 */
#ifndef FUNCTION_NAME_H
#define FUNCTION_NAME_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "status/status.h"

enum { FUNCTION_NAME_MAX = 64 };

/* Whether it is a NAME: 1 to 64 letters, digits, "-" and "_". */
bool function_name_valid(const char *name);

/* The NAME in `text`. `qualifier` is one that was given beside it, or NULL.
 *
 * ERROR_BAD_REQUEST: it is no function's name. ERROR_NOT_FOUND: it is in another region, of another
 * account or qualified. */
int function_name_parse(const char *text, const char *qualifier, const struct status_owner *owner,
                        char ret[FUNCTION_NAME_MAX + 1], struct error *err) MUST_CHECK;

/* "arn:aws:lambda:us-east-1:111122223333:function:NAME" */
const char *function_arn(const struct status_owner *owner, struct arena *arena, const char *name);

#endif
