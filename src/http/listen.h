/* SPDX-License-Identifier: Apache-2.0 */
/* The socket that the server listens on. It may listen before there is a server: who connects
 * meanwhile waits. */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include <stdbool.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.h"

enum { LISTEN_URL_SIZE = 128 };

struct listening {
    int fd;                    /* -1: none */
    char url[LISTEN_URL_SIZE]; /* "http://127.0.0.1:4580", with the port that it got */
};

/**
 * @param anywhere  whether it may be reached from other machines
 * @retval -1  ERROR_BAD_REQUEST: no such host, or one that others can reach; ERROR_BUG: the port is
 *             taken, …
 */
int listen_on(const char *host, int port, bool anywhere, struct listening *ret,
              struct error *err) MUST_CHECK;

/* Closes it. */
void listening_release(struct listening *listening);

bool is_loopback(const struct sockaddr *address);

#endif
