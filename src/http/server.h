/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server: libmicrohttpd's threads, and the bounds of all that a client can do with them.
 *
 *   server.c     connections → calls (call.h) → answers
 *   visitors.c   how long each connection may take
 *   stream.c     /events: replies that go on
 *
 * A few threads wait for all connections. An operation that waits for something itself (a probe, a
 * body of half a megabyte) gets a thread of its own, of a bounded number; its connection is laid
 * aside until then, and so is one that follows the events.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "http/service.h"

struct listening;
struct server;

struct server_options {
    const char *host;            /* "127.0.0.1", "localhost", "::" */
    int port;                    /* 0: a free one */
    struct listening *listening; /* one that listens already, instead: it is the server's from now
                                  * on, also where that fails; NULL: host and port say */
};

enum {
    SERVER_CONNECTIONS_MAX = 512,
    SERVER_CONNECTIONS_PER_IP_MAX = 256,
    SERVER_HEADERS_MAX = 32 * 1024,        /* memory of a connection, but for bodies */
    SERVER_BODIES_MAX = 128 * 1024 * 1024, /* memory of all bodies that are on their way */
    SERVER_SLOW_MAX = 8,                   /* threads of slow operations */
    SERVER_FUNCTIONS_MAX = 64,             /* threads that wait for functions */
    SERVER_STREAMS_MAX = 32,               /* who follow the events */
    SERVER_REQUEST_S = 20,                 /* a request's first line; and all that follows it */
    SERVER_IDLE_S = 65,                    /* between requests; also: to take an answer */
};

/* Listens. An address that others can reach is refused where no key is configured.
 *
 * `service` must outlive it. */
int server_start(struct server **ret, struct service *service, const struct server_options *options,
                 struct error *err) MUST_CHECK;

/* "http://127.0.0.1:4580" */
const char *server_url(const struct server *server);

/* Takes no more connections, lets those under way have their answers, ends streams. Accepts
 * NULL. */
void server_stop(struct server **server);

#endif
