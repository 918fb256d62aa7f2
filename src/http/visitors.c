/* SPDX-License-Identifier: Apache-2.0 */
#include "http/visitors.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/condition.h"

/* What has gone over a connection so far. */
struct traffic {
    uint64_t in, out; /* bytes */
    bool ended;       /* no more comes in */
};

/* tcpi_state, numbered as in /proc/net/tcp. */
enum { TCP_IS_ESTABLISHED = 1, TCP_IS_CLOSED = 7 };

struct visitor {
    struct visitors *visitors;
    struct visitor *next, **link; /* in the list of all */
    int fd;
    enum visit visit;
    int64_t until_us;      /* 0: no limit */
    struct traffic before; /* what it does now */
    bool late;
};

struct visitors {
    struct visit_limits limits;
    const struct log *log;
    pthread_t thread;

    pthread_mutex_t lock;
    pthread_cond_t stop;
    // ---- guarded by lock, and so are the visitors' fields ----
    struct visitor *first;
    bool stopping;
    bool dismissed;
};

static struct traffic traffic_of(int fd)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);
    int waiting = 0;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0 ||
        ioctl(fd, SIOCOUTQ, &waiting) < 0 || info.tcpi_state == TCP_IS_CLOSED)
        return (struct traffic){.ended = true};
    bool ended = info.tcpi_state != TCP_IS_ESTABLISHED;
    return (struct traffic){
        .in = info.tcpi_bytes_received - ended, // the end is counted as a byte
        .out = info.tcpi_bytes_acked + (uint64_t)waiting,
        .ended = ended,
    };
}

/* An answer that no call has made. */
static void say(int fd, const char *status, const char *message)
{
    char body[128], answer[512];
    int length = snprintf(body, sizeof(body), "{\"message\":\"%s\"}", message);
    length = snprintf(answer, sizeof(answer),
                      "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
                      "x-amzn-ErrorType: BadRequestException\r\nCache-Control: no-store\r\n"
                      "X-Content-Type-Options: nosniff\r\nConnection: close\r\n"
                      "Content-Length: %d\r\n\r\n%s",
                      status, length, body);
    (void)!send(fd, answer, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* --- time --- */

static void set_limit(struct visitor *visitor, enum visit visit)
{
    int seconds = visitor->visitors->limits.seconds[visit];
    visitor->visit = visit;
    visitor->until_us = seconds ? clock_monotonic_us() + (int64_t)seconds * 1000000 : 0;
}

static void end_visit(struct visitor *v)
{
    bool spoke = traffic_of(v->fd).in > v->before.in;
    const char *why = spoke ? "the request took too long to arrive" : "no request has come";
    v->until_us = 0;
    v->late = true;
    if (v->visit == VISIT_ASKING && spoke)
        say(v->fd, "408 Request Timeout", why);
    if (v->visit == VISIT_ASKING)
        log_line(v->visitors->log, LOG_LEVEL_WARN, "refused", "why", why, NULL);
    shutdown(v->fd, SHUT_RDWR); // its thread sees that and closes it
}

static void look_at(struct visitor *v, int64_t now)
{
    struct traffic traffic = traffic_of(v->fd);
    if (v->visit == VISIT_IDLE && traffic.in > v->before.in)
        set_limit(v, VISIT_ASKING);
    if (traffic.ended && (v->visit == VISIT_IDLE || v->visit == VISIT_ASKING))
        shutdown(v->fd, SHUT_RD); // libmicrohttpd misses an end that comes with the last bytes
    if (v->until_us && v->until_us <= now)
        end_visit(v);
}

static void *watch(void *arg)
{
    struct visitors *visitors = arg;
    pthread_mutex_lock(&visitors->lock);
    while (!visitors->stopping) {
        int64_t now = clock_monotonic_us();
        for (struct visitor *v = visitors->first; v; v = v->next)
            look_at(v, now);
        condition_wait(&visitors->stop, &visitors->lock, now + 1000000);
    }
    pthread_mutex_unlock(&visitors->lock);
    return NULL;
}

int visitors_new(struct visitors **ret, const struct visit_limits *limits, const struct log *log,
                 struct error *err)
{
    struct visitors *visitors = calloc(1, sizeof(*visitors));
    if (!visitors)
        return error_set(err, ERROR_BUG, "out of memory");
    visitors->limits = *limits;
    visitors->log = log;
    condition_init(&visitors->stop);
    pthread_mutex_init(&visitors->lock, NULL);
    int r = pthread_create(&visitors->thread, NULL, watch, visitors);
    if (r) {
        free(visitors);
        return error_set(err, ERROR_BUG, "cannot start a thread: %s", strerror(r));
    }
    *ret = visitors;
    return 0;
}

void visitors_free(struct visitors **visitors)
{
    struct visitors *v = *visitors;
    if (!v)
        return;
    pthread_mutex_lock(&v->lock);
    v->stopping = true;
    pthread_cond_signal(&v->stop);
    pthread_mutex_unlock(&v->lock);
    pthread_join(v->thread, NULL);
    pthread_cond_destroy(&v->stop);
    pthread_mutex_destroy(&v->lock);
    free(v);
    *visitors = NULL;
}

void visitors_dismiss(struct visitors *visitors)
{
    pthread_mutex_lock(&visitors->lock);
    visitors->dismissed = true;
    pthread_mutex_unlock(&visitors->lock);
}

/* --- one of them --- */

struct visitor *visitor_new(struct visitors *visitors, int fd)
{
    struct visitor *visitor = calloc(1, sizeof(*visitor));
    if (!visitor)
        return NULL;
    visitor->visitors = visitors;
    visitor->fd = fd;
    visitor->before = traffic_of(fd);
    visitor->before.in = 0; // some may have come in already
    set_limit(visitor, VISIT_ASKING);
    pthread_mutex_lock(&visitors->lock);
    visitor->next = visitors->first;
    visitor->link = &visitors->first;
    if (visitor->next)
        visitor->next->link = &visitor->next;
    visitors->first = visitor;
    pthread_mutex_unlock(&visitors->lock);
    return visitor;
}

/* What came in was no request: libmicrohttpd closes without having called us. */
static void answer_ignored(const struct visitor *v)
{
    static const char why[] = "this is no request";
    struct traffic now = traffic_of(v->fd);
    // its first bytes may have come with the request before it, while that was not yet answered
    bool spoke = now.in > v->before.in || (v->visit == VISIT_IDLE && !now.ended);
    if (!spoke || v->late || v->visit == VISIT_LEAVING || v->visitors->dismissed)
        return;
    log_line(v->visitors->log, LOG_LEVEL_WARN, "refused", "why", why, NULL);
    if (now.out == v->before.out)
        say(v->fd, "400 Bad Request", why);
}

/* What is left unread would make the kernel reset the connection, and the answer be lost. */
static void read_rest(int fd)
{
    enum { PIECES_MAX = 16 };
    char piece[16 * 1024];
    for (int i = 0; i < PIECES_MAX && recv(fd, piece, sizeof(piece), MSG_DONTWAIT) > 0;)
        i++;
}

void visitor_free(struct visitor *visitor)
{
    if (!visitor)
        return;
    pthread_mutex_lock(&visitor->visitors->lock);
    *visitor->link = visitor->next;
    if (visitor->next)
        visitor->next->link = visitor->link;
    answer_ignored(visitor);
    pthread_mutex_unlock(&visitor->visitors->lock);
    shutdown(visitor->fd, SHUT_WR);
    read_rest(visitor->fd);
    free(visitor);
}

bool visitor_is_late(struct visitor *visitor)
{
    if (!visitor)
        return false;
    pthread_mutex_lock(&visitor->visitors->lock);
    bool late = visitor->late;
    pthread_mutex_unlock(&visitor->visitors->lock);
    return late;
}

void visitor_does(struct visitor *visitor, enum visit visit)
{
    if (!visitor)
        return;
    pthread_mutex_lock(&visitor->visitors->lock);
    set_limit(visitor, visit);
    if (visit == VISIT_IDLE)
        visitor->before = traffic_of(visitor->fd);
    pthread_mutex_unlock(&visitor->visitors->lock);
}
