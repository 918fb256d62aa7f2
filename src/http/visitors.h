/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long connections may take. libmicrohttpd ends those that are silent; one that says a byte now
 * and then would stay for ever. So each has a time by which it must be done with what it does, and
 * a thread that shuts those that are not.
 */
#ifndef HTTP_VISITORS_H
#define HTTP_VISITORS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/log.h"

struct visitors;
struct visitor;

enum visit {
    VISIT_IDLE,      /* before a request, between two */
    VISIT_ASKING,    /* a request comes in */
    VISIT_WAITING,   /* we work for it; no time is set */
    VISIT_ANSWERING, /* the answer goes out */
};

/* Seconds for each. 0: no limit. */
struct visit_limits {
    int seconds[VISIT_ANSWERING + 1];
};

int visitors_new(struct visitors **ret, const struct visit_limits *limits, const struct log *log,
                 struct error *err) MUST_CHECK;
void visitors_free(struct visitors **visitors);

/* `fd` is the connection's, and stays open until visitor_free(). */
struct visitor *visitor_new(struct visitors *visitors, int fd);
void visitor_free(struct visitor *visitor);

/* Its time is over: it has been shut. */
bool visitor_is_late(struct visitor *visitor);

void visitor_does(struct visitor *visitor, enum visit visit);

#endif
