/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/uploads.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/condition.h"
#include "base/text.h"
#include "batch/task.h"
#include "s3/uri.h"

enum {
    LOOK_S = 60,
    PAUSE_S = 5,
    RETRY_US = 1000000,
    THROTTLED_S = 6 * 3600, /* so long an upload waits for room, as Lambda's events do */
};

struct uploads {
    struct batches_options options;
    const char *function;
    struct cancel stop;
    pthread_t threads[UPLOADS_AT_ONCE];
    int threads_count;

    pthread_mutex_t lock;
    pthread_cond_t woken;
    /* ---- guarded by lock ---- */
    int64_t wakes; /* counts up */
};

/* --- one upload --- */

static int invoke(struct uploads *uploads, const struct upload_record *upload, struct arena *arena,
                  struct task_outcome *ret, struct error *err)
{
    const struct batch_record record = {
        .id = UPLOADS_BATCH,
        .request = {.function = uploads->function, .schema = "1.0"},
    };
    CLEANUP(text_release) struct text key = {0};
    uri_encode(&key, upload->key, "/");
    const struct batch_entry entry = {upload->bucket, key.data, upload->version};
    CLEANUP(tasks_close) struct tasks *tasks = NULL;
    if (tasks_open(&tasks, &uploads->options, &record, err) < 0)
        return -1;
    return tasks_invoke(tasks, upload->number, &entry, &uploads->stop, arena, ret, err);
}

static void log_outcome(const struct uploads *uploads, const struct upload_record *upload,
                        const struct task_outcome *outcome, bool again)
{
    bool good = outcome->code == TASK_SUCCEEDED;
    log_line(uploads->options.log,
             good    ? LOG_LEVEL_INFO
             : again ? LOG_LEVEL_WARN
                     : LOG_LEVEL_ERROR,
             good    ? "upload-handled"
             : again ? "upload-again"
                     : "upload-failed",
             "bucket", upload->bucket, "key", upload->key, good ? "result" : "why",
             outcome->message ? outcome->message : "", NULL);
}

/* -1: the database fails. */
static int handle(struct uploads *uploads, const struct upload_record *upload, unsigned *seed,
                  struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct status *status = uploads->options.status;
    struct task_outcome outcome = {.code = TASK_TEMPORARY};
    struct error failed;
    char why[1024];
    if (invoke(uploads, upload, arena, &outcome, &failed) < 0) {
        if (cancel_requested(&uploads->stop))
            return 0; // it is still taken; the next start takes it again
        outcome.message = error_text(&failed, why, sizeof(why));
    }
    const char *message = outcome.message ? outcome.message : "";
    bool waits =
        outcome.throttled && clock_true_us() - upload->received_us < THROTTLED_S * INT64_C(1000000);
    bool again = outcome.code == TASK_TEMPORARY && (waits || upload->attempts < BATCHES_ATTEMPTS);
    log_outcome(uploads, upload, &outcome, again);
    if (!again)
        return status_upload_end(status, upload->number, outcome.code == TASK_SUCCEEDED, message,
                                 err);
    int64_t first_us = uploads->options.retry_us ? uploads->options.retry_us : RETRY_US;
    int64_t pause_us = task_pause_us(first_us, upload->attempts + 1, seed);
    return status_upload_again(status, upload->number, pause_us, !waits, message, err);
}

/* --- threads --- */

/* Handles what is due; otherwise says how long to wait. */
static int look(struct uploads *uploads, unsigned *seed, int64_t *ret_wait_us, struct error *err)
{
    const int64_t most_us = LOOK_S * INT64_C(1000000);
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct upload_record *upload;
    int64_t due_us;
    *ret_wait_us = most_us;
    if (status_upload_take(uploads->options.status, arena, &upload, &due_us, err) < 0)
        return -1;
    if (upload) {
        *ret_wait_us = 0;
        return handle(uploads, upload, seed, err);
    }
    int64_t left_us = due_us ? due_us - clock_true_us() : most_us;
    *ret_wait_us = left_us < 0 ? 0 : left_us < most_us ? left_us : most_us;
    return 0;
}

/* Until somebody has woken us since `wakes`. */
static void wait_for(struct uploads *uploads, int64_t wakes, int64_t us)
{
    int64_t until_us = clock_monotonic_us() + us;
    pthread_mutex_lock(&uploads->lock);
    while (us && uploads->wakes == wakes && !cancel_requested(&uploads->stop) &&
           condition_wait(&uploads->woken, &uploads->lock, until_us))
        continue;
    pthread_mutex_unlock(&uploads->lock);
}

static int64_t wakes_of(struct uploads *uploads)
{
    pthread_mutex_lock(&uploads->lock);
    int64_t wakes = uploads->wakes;
    pthread_mutex_unlock(&uploads->lock);
    return wakes;
}

static void *run(void *arg)
{
    struct uploads *uploads = arg;
    unsigned seed = (unsigned)clock_monotonic_us();
    while (!cancel_requested(&uploads->stop)) {
        struct error err = {0};
        char why[1024];
        int64_t wait_us, wakes = wakes_of(uploads);
        if (look(uploads, &seed, &wait_us, &err) < 0) {
            log_line(uploads->options.log, LOG_LEVEL_ERROR, "uploads", "why",
                     error_text(&err, why, sizeof(why)), NULL);
            wait_us = PAUSE_S * INT64_C(1000000);
        }
        wait_for(uploads, wakes, wait_us);
    }
    return NULL;
}

int uploads_start(struct uploads **ret, const struct batches_options *options, const char *function,
                  struct error *err)
{
    if (status_uploads_begin(options->status, err) < 0)
        return -1;
    CLEANUP(uploads_free) struct uploads *uploads = calloc(1, sizeof(*uploads));
    if (!uploads)
        return error_set(err, ERROR_BUG, "out of memory");
    uploads->options = *options;
    uploads->function = function;
    pthread_mutex_init(&uploads->lock, NULL);
    condition_init(&uploads->woken);
    while (uploads->threads_count < UPLOADS_AT_ONCE) {
        int r = pthread_create(&uploads->threads[uploads->threads_count], NULL, run, uploads);
        if (r)
            return error_set(err, ERROR_BUG, "cannot start a thread: %s", strerror(r));
        uploads->threads_count++;
    }
    *ret = TAKE(uploads);
    return 0;
}

void uploads_wake(struct uploads *uploads)
{
    pthread_mutex_lock(&uploads->lock);
    uploads->wakes++;
    pthread_cond_broadcast(&uploads->woken);
    pthread_mutex_unlock(&uploads->lock);
}

void uploads_stop(struct uploads *uploads)
{
    if (!uploads)
        return;
    cancel_request(&uploads->stop);
    uploads_wake(uploads);
    while (uploads->threads_count)
        pthread_join(uploads->threads[--uploads->threads_count], NULL);
}

void uploads_free(struct uploads **uploads)
{
    if (!*uploads)
        return;
    uploads_stop(*uploads);
    pthread_cond_destroy(&(*uploads)->woken);
    pthread_mutex_destroy(&(*uploads)->lock);
    free(*uploads);
    *uploads = NULL;
}
