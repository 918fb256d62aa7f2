/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch/strays.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/condition.h"
#include "dispatch/complaint.h"

#define PAUSE_FIRST_US   (INT64_C(5) * 1000000)
#define PAUSE_LONGEST_US (INT64_C(3600) * 1000000)

struct strays {
    struct status *status;
    struct storage *storage;
    const struct log *log;
    struct cancel cancel;
    pthread_t thread;
    bool has_thread;

    /* whose turn it is: first strays_remove()'s, then the thread's */
    bool left;     /* not all had gone after the last look */
    int64_t after; /* the next look begins behind the record of this number */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* ---- guarded by lock ---- */
    bool stopping, soon;
};

/* --- one record --- */

/* The store did not answer. */
static bool is_silence(const struct error *err)
{
    return err->kind == ERROR_HTTP_SERVER || err->kind == ERROR_HTTP_CONNECTION;
}

static int remove_objects(struct storage *storage, const struct stray_objects *stray,
                          struct cancel *cancel, struct error *err)
{
    cJSON *uris = cJSON_Parse(stray->uris);
    struct error later;
    int r = 0;
    for (cJSON *last = uris && uris->child ? uris->child->prev : NULL, *uri = last; uri;
         uri = uri == uris->child ? NULL : uri->prev) {
        struct error *why = r < 0 ? &later : err;
        if (storage_remove(storage, cJSON_GetStringValue(uri), stray->since_us, cancel, why) == 0)
            continue;
        r = -1;
        if (is_silence(why) || cancel_requested(cancel))
            break; // it is not asked for every object
    }
    cJSON_Delete(uris);
    return r;
}

int stray_objects_remove(struct status *status, struct storage *storage,
                         const struct stray_objects *stray, struct cancel *cancel,
                         struct error *err)
{
    struct error ignored;
    if (remove_objects(storage, stray, cancel, err) == 0 &&
        status_job_objects_gone(status, stray->id, stray->attempt, err) == 0)
        return 0;
    (void)!status_job_objects_stay(status, stray->id, stray->attempt, &ignored);
    return -1;
}

/* --- all of them --- */

/* Looks at each record once, until the store is silent: then the next look goes on behind that
 * record, so that none stands before the others. Returns whether nothing is left. */
static bool remove_all(struct strays *s)
{
    bool all = s->after == 0;
    while (!cancel_requested(&s->cancel)) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct stray_objects *stray;
        struct error err;
        if (status_stray_objects(s->status, s->after, arena, &stray, &err) < 0) {
            complain(s->log, "(all)", "cannot tell which objects are strays", &err);
            return false;
        }
        s->after = stray ? stray->number : 0;
        if (!stray)
            return all;
        if (stray_objects_remove(s->status, s->storage, stray, &s->cancel, &err) == 0)
            continue;
        all = false;
        if (err.kind != ERROR_CANCELED)
            complain(s->log, stray->id, "objects of a lost worker are not all removed", &err);
        if (is_silence(&err))
            return false;
    }
    return false;
}

void strays_remove(struct strays *strays)
{
    storage_sweep(strays->storage);
    strays->left = !remove_all(strays);
}

enum turn { TURN_LOOK, TURN_SOON, TURN_END };

static enum turn wait_until(struct strays *s, int64_t at_us)
{
    pthread_mutex_lock(&s->lock);
    while (!s->stopping && !s->soon && condition_wait(&s->changed, &s->lock, at_us))
        continue;
    enum turn turn = s->stopping ? TURN_END : s->soon ? TURN_SOON : TURN_LOOK;
    s->soon = false;
    pthread_mutex_unlock(&s->lock);
    return turn;
}

static int64_t earlier(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

static void *run(void *arg)
{
    struct strays *s = arg;
    int64_t pause_us = s->left ? PAUSE_FIRST_US : PAUSE_LONGEST_US;
    int64_t at_us = clock_monotonic_us() + pause_us;
    for (enum turn turn; (turn = wait_until(s, at_us)) != TURN_END;) {
        if (turn == TURN_SOON) {
            pause_us = PAUSE_FIRST_US;
            at_us = earlier(at_us, clock_monotonic_us() + pause_us);
            continue;
        }
        s->left = !remove_all(s);
        pause_us = s->left ? earlier(2 * pause_us, PAUSE_LONGEST_US) : PAUSE_LONGEST_US;
        at_us = clock_monotonic_us() + pause_us;
    }
    return NULL;
}

/* --- from other threads --- */

struct strays *strays_new(struct status *status, struct storage *storage, const struct log *log)
{
    struct strays *s = calloc(1, sizeof(*s));
    if (!s)
        abort(); // as arena.h does it
    s->status = status;
    s->storage = storage;
    s->log = log;
    condition_init(&s->changed);
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

int strays_start(struct strays *strays, struct error *err)
{
    int r = pthread_create(&strays->thread, NULL, run, strays);
    strays->has_thread = r == 0;
    return r ? error_set(err, ERROR_BUG, "cannot start a thread: %s", strerror(r)) : 0;
}

void strays_look_soon(struct strays *strays)
{
    pthread_mutex_lock(&strays->lock);
    strays->soon = true;
    pthread_cond_signal(&strays->changed);
    pthread_mutex_unlock(&strays->lock);
}

void strays_stop(struct strays *strays)
{
    cancel_request(&strays->cancel);
    pthread_mutex_lock(&strays->lock);
    strays->stopping = true;
    pthread_cond_signal(&strays->changed);
    pthread_mutex_unlock(&strays->lock);
}

void strays_free(struct strays **strays)
{
    struct strays *s = *strays;
    if (!s)
        return;
    strays_stop(s);
    if (s->has_thread)
        pthread_join(s->thread, NULL);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
    *strays = NULL;
}
