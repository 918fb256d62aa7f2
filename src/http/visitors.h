/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long connections may take, and how they end. libmicrohttpd ends those that are silent; one
 * that says a byte now and then would stay for ever. So each has a time by which it must be done
 * with what it does, and a thread that shuts those that are not.
 *
 * Of some requests that are none (a first line without a space) libmicrohttpd says nothing to us
 * and nothing to the client: it closes. What we can see is what TCP has counted: more has come in
 * since the last answer, and nothing has gone out. Then the answer is given here, at the last
 * moment.
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
    VISIT_ASKING,    /* a request comes in; so it is from the start */
    VISIT_WAITING,   /* we work for it; no time is set */
    VISIT_ANSWERING, /* the answer goes out */
    VISIT_IDLE,      /* between two requests, until the next one's first byte */
    VISIT_LEAVING,   /* it is closed after this answer, whatever else comes in */
};

/* Seconds for each. 0: no limit. */
struct visit_limits {
    int seconds[VISIT_LEAVING + 1];
};

int visitors_new(struct visitors **ret, const struct visit_limits *limits, const struct log *log,
                 struct error *err) MUST_CHECK;
void visitors_free(struct visitors **visitors);

/* From now on connections are closed because the server ends, through no fault of theirs. */
void visitors_dismiss(struct visitors *visitors);

/* `fd` is the connection's, and stays open until visitor_free(). NULL: no memory. */
struct visitor *visitor_new(struct visitors *visitors, int fd);

/* The connection is about to be closed. Accepts NULL. */
void visitor_free(struct visitor *visitor);

/* Its time is over: it has been shut. */
bool visitor_is_late(struct visitor *visitor);

void visitor_does(struct visitor *visitor, enum visit visit);

#endif
