/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services of one path, POST /: what is to be done stands in a header (json 1.1: X-Amz-Target) or
 * in the form that is the body (query: Action). Each has an array of its actions.
 */
#ifndef HTTP_ACTION_H
#define HTTP_ACTION_H

#include <stdbool.h>

#include "base/error.h"

struct call;
struct service;

typedef int operation(struct service *service, struct call *call, struct error *err);

struct action {
    const char *name; /* "CreateRole"; NULL ends them */
    operation *run;
};

/* Finds the route's action that the call asks for into call->action, and for the query protocol
 * reads the body into call->form. False: refused. */
bool action_find(struct call *call);

/* The answer of an action of the query protocol: what is put in between is its result.
 *
 *   <CreateRoleResponse xmlns="…"><CreateRoleResult> … </CreateRoleResult>
 *   <ResponseMetadata><RequestId>…</RequestId></ResponseMetadata></CreateRoleResponse>
 */
void action_put_start(struct call *call);
int action_put_end(struct call *call); /* returns 0 */

/* An answer without a result, put between start and end of …Response. */
void action_put_metadata(struct call *call);

#endif
