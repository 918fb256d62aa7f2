/* SPDX-License-Identifier: Apache-2.0 */
#include "http/listen.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

bool is_loopback(const struct sockaddr *address)
{
    enum { LOOPBACK_NET = 127 };
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)address;
        return ntohl(in->sin_addr.s_addr) >> 24 == LOOPBACK_NET;
    }
    if (address->sa_family != AF_INET6)
        return false;
    const struct in6_addr *in6 = &((const struct sockaddr_in6 *)address)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(in6) ||
           (IN6_IS_ADDR_V4MAPPED(in6) && in6->s6_addr[12] == LOOPBACK_NET);
}

static void find_url(int fd, char url[LISTEN_URL_SIZE])
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    char host[64] = "", port[8] = "";
    if (getsockname(fd, (struct sockaddr *)&address, &size) == 0)
        getnameinfo((struct sockaddr *)&address, size, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV);
    bool v6 = strchr(host, ':');
    snprintf(url, LISTEN_URL_SIZE, "http://%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

static int open_socket(const struct addrinfo *info, int *ret_fd)
{
    enum { WAITING_MAX = 256 };
    int one = 1, fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, WAITING_MAX) == 0) {
        *ret_fd = fd;
        return 0;
    }
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

int listen_on(const char *host, int port, bool anywhere, struct listening *ret, struct error *err)
{
    char service[16];
    snprintf(service, sizeof(service), "%d", port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *info;
    int r = getaddrinfo(host, service, &hints, &info);
    if (r)
        return error_set(err, ERROR_BAD_REQUEST, "cannot listen on '%s': %s", host,
                         gai_strerror(r));
    if (!anywhere && !is_loopback(info->ai_addr)) {
        freeaddrinfo(info);
        return error_set(err, ERROR_BAD_REQUEST,
                         "'%s' can be reached from other machines: set AWS_ACCESS_KEY_ID and "
                         "AWS_SECRET_ACCESS_KEY, which callers must then sign with, or listen on "
                         "127.0.0.1",
                         host);
    }
    struct listening listening;
    r = open_socket(info, &listening.fd);
    int why = errno;
    freeaddrinfo(info);
    if (r < 0)
        return error_set(err, ERROR_BUG, "cannot listen on %s:%d: %s", host, port, strerror(why));
    find_url(listening.fd, listening.url);
    *ret = listening;
    return 0;
}

void listening_release(struct listening *listening)
{
    if (listening->fd >= 0)
        close(listening->fd);
    listening->fd = -1;
}
