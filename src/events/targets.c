/* SPDX-License-Identifier: Apache-2.0 */
#include "events/targets.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

enum { LOOK_US = 500000 };

struct target {
    struct targets *targets;
    struct target *next;
    const struct target_kind *kind;
    void *state;
    char *name; /* "webhook:http://…" */
    pthread_t thread;
    int pause_s; /* before it is tried again; 0: it works */
    int64_t tried_us;
};

struct targets {
    struct status *status;
    const struct log *log;
    struct cancel stop;
    struct target *first;
};

int targets_new(struct targets **ret, struct status *status, const struct log *log,
                struct error *err)
{
    struct targets *targets = calloc(1, sizeof(*targets));
    if (!targets)
        return error_set(err, ERROR_BUG, "out of memory");
    targets->status = status;
    targets->log = log;
    *ret = targets;
    return 0;
}

/* Says once that it fails, and once that it works again. */
static void report(struct target *target, bool works, const struct error *err)
{
    char why[1024];
    if (works && target->pause_s) {
        log_line(target->targets->log, LOG_LEVEL_INFO, "target-works", "target", target->name,
                 NULL);
        target->pause_s = 0;
    } else if (!works) {
        if (!target->pause_s)
            log_line(target->targets->log, LOG_LEVEL_WARN, "target-fails", "target", target->name,
                     "why", error_text(err, why, sizeof(why)), NULL);
        target->pause_s = target->pause_s ? target->pause_s * 2 : 1;
        if (target->pause_s > TARGETS_PAUSE_MAX_S)
            target->pause_s = TARGETS_PAUSE_MAX_S;
        target->tried_us = clock_monotonic_us();
    }
}

/* Delivers what comes next. Returns how many events have arrived, -1 with err if one has not. */
static int deliver(struct target *target, int64_t *place, struct error *err)
{
    struct status *status = target->targets->status;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct event *events;
    int count, arrived = 0;
    if (status_target_place(status, target->name, place, err) < 0 ||
        status_events_after(status, *place, TARGETS_AT_ONCE, arena, &events, &count, err) < 0)
        return -1;
    if (!count)
        return 0;
    int r =
        target->kind->deliver(target->state, events, count, &target->targets->stop, &arrived, err);
    struct error lost;
    if (arrived) {
        *place = events[arrived - 1].number;
        if (status_target_got(status, target->name, *place, r < 0 ? &lost : err) < 0)
            return -1;
    }
    return r < 0 ? -1 : arrived;
}

static void *run(void *arg)
{
    struct target *target = arg;
    struct cancel *stop = &target->targets->stop;
    while (!cancel_requested(stop)) {
        struct error err = {0};
        int64_t place = 0;
        int r = deliver(target, &place, &err);
        if (cancel_requested(stop))
            break;
        report(target, r >= 0, &err);
        if (r == 0)
            status_wait_for_event(target->targets->status, place, LOOK_US);
        while (r < 0 && !cancel_requested(stop) &&
               clock_monotonic_us() - target->tried_us < (int64_t)target->pause_s * 1000000)
            usleep(LOOK_US / 5);
    }
    struct error err;
    int64_t place;
    while (deliver(target, &place, &err) > 0)
        continue;
    return NULL;
}

static void target_free(struct target *target)
{
    if (target->state)
        target->kind->close(target->state);
    free(target->name);
    free(target);
}

int targets_add(struct targets *targets, const struct target_kind *kind, const char *address,
                struct error *err)
{
    struct target *target = calloc(1, sizeof(*target));
    CLEANUP(text_release) struct text name = {0};
    text_add(&name, "%s:%s", kind->name, address);
    if (!target)
        return error_set(err, ERROR_BUG, "out of memory");
    target->targets = targets;
    target->kind = kind;
    target->name = TAKE(name.data);
    int why = 0;
    if (kind->open(&target->state, address, err) < 0 ||
        status_target_add(targets->status, target->name, err) < 0 ||
        (why = pthread_create(&target->thread, NULL, run, target))) {
        target_free(target);
        return why ? error_set(err, ERROR_BUG, "cannot start a thread: %s", strerror(why))
                   : error_add(err, "%s '%s'", kind->name, address);
    }
    target->next = targets->first;
    targets->first = target;
    return 0;
}

void targets_free(struct targets **targets)
{
    if (!*targets)
        return;
    cancel_request(&(*targets)->stop);
    for (struct target *target = (*targets)->first, *next; target; target = next) {
        next = target->next;
        pthread_join(target->thread, NULL);
        target_free(target);
    }
    free(*targets);
    *targets = NULL;
}
