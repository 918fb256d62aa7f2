/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that the server answers to, in one array. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include <stddef.h>

#include "http/call.h"

typedef int operation(struct service *service, struct call *call, struct error *err);

enum access {
    ACCESS_API,   /* whoever may call the API: auth.h */
    ACCESS_LOCAL, /* for who may call the API; without a key also for who sits at this machine */
    ACCESS_OPEN,  /* anybody */
};

struct route {
    const char *method;
    const char *path; /* {name} stands for one segment, which may hold an encoded slash */
    operation *run;
    int success;
    enum access access;
    size_t body_max;
    bool slow; /* it waits for something */
};

/* A NULL method ends them. */
extern const struct route routes[];

/* Finds the route of call->path into call->route, and call->name. False: refused, with 404, 405 or
 * 400 for a path that cannot be decoded. */
bool route_find(struct call *call);

#endif
