/* SPDX-License-Identifier: Apache-2.0 */
#include "function/peer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* 127.0.0.1 as the files have it: 32-bit words of the machine's. IPv4 may come through an IPv6
 * socket. */
static const struct {
    const char *file, *before;
} tables[] = {
    {"/proc/net/tcp", ""},
    {"/proc/net/tcp6", "0000000000000000FFFF0000"},
};

/* The owner of the socket, in one of the tables. */
static bool find_owner(const char *file, const char *local, const char *remote, unsigned *ret)
{
    FILE *table = fopen(file, "re");
    char line[512], addresses[2][64];
    bool found = false;
    while (table && !found && fgets(line, sizeof(line), table))
        // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid
        found = sscanf(line, " %*[^:]: %63s %63s %*s %*s %*s %*s %u", addresses[0], addresses[1],
                       ret) == 3 &&
                strcmp(addresses[0], local) == 0 && strcmp(addresses[1], remote) == 0;
    if (table)
        fclose(table);
    return found;
}

bool peer_is_ours(const struct sockaddr_in *peer, int port)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
        char local[64], remote[64];
        unsigned owner;
        snprintf(local, sizeof(local), "%s%08X:%04X", tables[i].before, peer->sin_addr.s_addr,
                 ntohs(peer->sin_port));
        snprintf(remote, sizeof(remote), "%s%08X:%04X", tables[i].before, htonl(INADDR_LOOPBACK),
                 (unsigned)port);
        if (find_owner(tables[i].file, local, remote, &owner))
            return owner == geteuid();
    }
    return false;
}
