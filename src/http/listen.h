/* SPDX-License-Identifier: Apache-2.0 */
/* The socket that the server listens on. */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include <stdbool.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.h"

enum { LISTEN_URL_SIZE = 128 };

/**
 * @param anywhere  whether it may be reached from other machines
 * @param ret_url   "http://127.0.0.1:4580", with the port that it got
 * @retval -1  ERROR_BAD_REQUEST: no such host, or one that others can reach; ERROR_BUG: the port is
 *             taken, …
 */
int listen_on(const char *host, int port, bool anywhere, int *ret_fd, char ret_url[LISTEN_URL_SIZE],
              struct error *err) MUST_CHECK;

bool is_loopback(const struct sockaddr *address);

#endif
