/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at the other end of a connection on this machine. */
#ifndef FUNCTION_PEER_H
#define FUNCTION_PEER_H

#include <netinet/in.h>
#include <stdbool.h>

/* Whether the socket at `peer`, connected to 127.0.0.1:PORT, belongs to our own user, by what the
 * kernel lists in /proc/net/tcp. */
bool peer_is_ours(const struct sockaddr_in *peer, int port);

#endif
