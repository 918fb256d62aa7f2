/* SPDX-License-Identifier: Apache-2.0 */
#include "http/visitors.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"

struct visitor {
    struct visitors *visitors;
    struct visitor *next, **link; /* in the list of all */
    int fd;
    enum visit visit;
    int64_t until_us; /* 0: no limit */
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
};

static void end_late_ones(struct visitors *visitors, int64_t now)
{
    for (struct visitor *v = visitors->first; v; v = v->next) {
        if (!v->until_us || v->until_us > now)
            continue;
        v->until_us = 0;
        v->late = true;
        shutdown(v->fd, SHUT_RDWR); // its thread sees that and closes it
        if (v->visit == VISIT_ASKING)
            log_line(visitors->log, LOG_LEVEL_WARN, "refused", "why",
                     "the request took too long to arrive", NULL);
    }
}

static void *watch(void *arg)
{
    struct visitors *visitors = arg;
    pthread_mutex_lock(&visitors->lock);
    while (!visitors->stopping) {
        int64_t now = clock_monotonic_us(), next = now + 1000000;
        end_late_ones(visitors, now);
        struct timespec at = {.tv_sec = next / 1000000, .tv_nsec = next % 1000000 * 1000};
        pthread_cond_timedwait(&visitors->stop, &visitors->lock, &at);
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
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&visitors->stop, &monotonic);
    pthread_condattr_destroy(&monotonic);
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

struct visitor *visitor_new(struct visitors *visitors, int fd)
{
    struct visitor *visitor = calloc(1, sizeof(*visitor));
    if (!visitor)
        return NULL;
    visitor->visitors = visitors;
    visitor->fd = fd;
    pthread_mutex_lock(&visitors->lock);
    visitor->next = visitors->first;
    visitor->link = &visitors->first;
    if (visitor->next)
        visitor->next->link = &visitor->next;
    visitors->first = visitor;
    pthread_mutex_unlock(&visitors->lock);
    visitor_does(visitor, VISIT_IDLE);
    return visitor;
}

void visitor_free(struct visitor *visitor)
{
    if (!visitor)
        return;
    pthread_mutex_lock(&visitor->visitors->lock);
    *visitor->link = visitor->next;
    if (visitor->next)
        visitor->next->link = visitor->link;
    pthread_mutex_unlock(&visitor->visitors->lock);
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
    int seconds = visitor->visitors->limits.seconds[visit];
    pthread_mutex_lock(&visitor->visitors->lock);
    visitor->visit = visit;
    visitor->until_us = seconds ? clock_monotonic_us() + (int64_t)seconds * 1000000 : 0;
    pthread_mutex_unlock(&visitor->visitors->lock);
}
