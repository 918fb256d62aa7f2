/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that the server answers to, in one array. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include <stddef.h>

#include "http/action.h"
#include "http/api.h"
#include "http/call.h"

enum access {
    ACCESS_API,   /* whoever may call the API: auth.h */
    ACCESS_LOCAL, /* for who may call the API; without a key also for who sits at this machine */
    ACCESS_TOKEN, /* who knows the token of webhooks; nobody where there is none */
    ACCESS_OPEN,  /* anybody */
};

struct route {
    const struct api *api;
    const char *method;
    const char *path; /* {name} stands for one segment, which may hold an encoded slash */
    operation *run;
    int success;
    enum access access;
    size_t body_max;
    bool slow;         /* it waits for something */
    const char *query; /* a parameter that must be there: "inventory"; NULL: none */
    bool function;     /* what it waits for is a function, which may take long and call us itself */
    const struct action *actions; /* of a service with one path for all; NULL: there is `run` */
};

/* A NULL method ends them. */
extern const struct route routes[];

/* Finds the route of call->path into call->route, call->api and call->name: of several that fit,
 * the one of the service that the call is signed for. False: refused, with 404, 405 or 400 for a
 * path that cannot be decoded. */
bool route_find(struct call *call);

#endif
