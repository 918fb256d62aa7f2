/* SPDX-License-Identifier: Apache-2.0 */
#include "http/lambda_queue.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/condition.h"
#include "status/invocations.h"

enum {
    THREADS = 4,
    ATTEMPTS = 3,
    STACK_BYTES = 512 * 1024,
    IDLE_S = 60,  /* so long sleeps who is not woken */
    BROKEN_S = 5, /* so long sleeps, also if woken, who could not read or write the record */
    THROTTLED_MAX_S = 300, /* the longest wait of one that is throttled */
    AGE_MAX_S = 6 * 3600,
};

struct lambda_queue {
    struct lambda_queue_options options;
    struct cancel stopping;
    pthread_t threads[THREADS];
    int count; /* of threads */

    pthread_mutex_t lock;
    pthread_cond_t news;
    // ---- guarded by lock ----
    int64_t added; /* how often somebody said that there is something new */
};

/* --- what becomes of one --- */

static void report(struct lambda_queue *queue, const struct invocation_record *invocation,
                   const char *event, const char *why)
{
    char number[32], errors[16];
    snprintf(number, sizeof(number), "%" PRId64, invocation->number);
    snprintf(errors, sizeof(errors), "%d", invocation->errors);
    log_line(queue->options.log, LOG_LEVEL_WARN, event, "function", invocation->function, "event",
             number, "errors", errors, "why", why, NULL);
}

static int64_t retry_us(const struct lambda_queue *queue)
{
    return queue->options.retry_us ? queue->options.retry_us : (int64_t)LAMBDA_RETRY_S * 1000000;
}

/* One second, two, four … */
static int64_t throttled_us(int throttles)
{
    int64_t seconds = throttles > 8 ? THROTTLED_MAX_S : 1 << (throttles - 1);
    return (seconds < THROTTLED_MAX_S ? seconds : THROTTLED_MAX_S) * 1000000;
}

static int try_again(struct lambda_queue *queue, const struct invocation_record *invocation,
                     int64_t wait_us, const char *why, struct error *err)
{
    int64_t now = clock_true_us();
    if (now + wait_us - invocation->created_us <= (int64_t)AGE_MAX_S * 1000000)
        return status_invocation_again(queue->options.status, invocation, now + wait_us, err);
    report(queue, invocation, "invocation-given-up", why);
    return status_invocation_forget(queue->options.status, invocation->number, err);
}

/* The function has failed. */
static int after_failure(struct lambda_queue *queue, struct invocation_record *invocation,
                         const char *why, struct error *err)
{
    invocation->throttles = 0;
    if (++invocation->errors < ATTEMPTS)
        return try_again(queue, invocation, invocation->errors * retry_us(queue), why, err);
    report(queue, invocation, "invocation-given-up", why);
    return status_invocation_forget(queue->options.status, invocation->number, err);
}

/* It could not be run. */
static int after_refusal(struct lambda_queue *queue, struct invocation_record *invocation,
                         const struct error *refusal, struct error *err)
{
    char why[ERROR_FRAMES * ERROR_TEXT];
    (void)error_text(refusal, why, sizeof(why));
    if (refusal->kind == ERROR_CANCELED) // it stays taken and is due at the next start
        return 0;
    if (refusal->kind == ERROR_THROTTLED) {
        invocation->throttles++;
        return try_again(queue, invocation, throttled_us(invocation->throttles), why, err);
    }
    if (refusal->kind == ERROR_BUG)
        return after_failure(queue, invocation, why, err);
    report(queue, invocation, "invocation-given-up", why);
    return status_invocation_forget(queue->options.status, invocation->number, err);
}

static int run(struct lambda_queue *queue, struct invocation_record *record, struct arena *arena,
               struct error *err)
{
    const struct invocation invocation = {
        .function = record->function,
        .payload = record->payload,
        .size = strlen(record->payload),
        .client_context = record->client_context,
        .trace_id = record->trace_id,
        .cancel = &queue->stopping,
    };
    struct invocation_result *result;
    struct error refusal = {0};
    if (functions_invoke(queue->options.functions, &invocation, arena, &result, &refusal) < 0)
        return after_refusal(queue, record, &refusal, err);
    if (result->failed)
        return after_failure(queue, record, result->payload, err);
    return status_invocation_forget(queue->options.status, record->number, err);
}

/* --- threads --- */

/* Or until it ends; `seen` NULL: whatever the news. */
static void sleep_us(struct lambda_queue *queue, const int64_t *seen, int64_t us)
{
    int64_t until_us = clock_monotonic_us() + us;
    pthread_mutex_lock(&queue->lock);
    while ((!seen || queue->added == *seen) && !cancel_requested(&queue->stopping) &&
           condition_wait(&queue->news, &queue->lock, until_us))
        continue;
    pthread_mutex_unlock(&queue->lock);
}

/* Until somebody says that there is something new, or then. */
static void wait_for_news(struct lambda_queue *queue, int64_t seen, int64_t due_us)
{
    const int64_t idle_us = (int64_t)IDLE_S * 1000000;
    int64_t wait_us = due_us ? due_us - clock_true_us() : idle_us;
    wait_us = wait_us < idle_us ? wait_us : idle_us;
    if (wait_us > 0)
        sleep_us(queue, &seen, wait_us);
}

static int64_t added(struct lambda_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    int64_t count = queue->added;
    pthread_mutex_unlock(&queue->lock);
    return count;
}

/* The next one, if there is one that is due. */
static int run_next(struct lambda_queue *queue, int64_t *ret_due_us, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct invocation_record *record;
    if (status_invocation_take(queue->options.status, arena, &record, ret_due_us, err) < 0)
        return -1;
    return record ? run(queue, record, arena, err) : 0;
}

static void *work(void *arg)
{
    struct lambda_queue *queue = arg;
    while (!cancel_requested(&queue->stopping)) {
        struct error err = {0};
        char why[ERROR_FRAMES * ERROR_TEXT];
        int64_t seen = added(queue), due_us = 0;
        if (run_next(queue, &due_us, &err) == 0) {
            wait_for_news(queue, seen, due_us);
            continue;
        }
        log_line(queue->options.log, LOG_LEVEL_ERROR, "invocations", "why",
                 error_text(&err, why, sizeof(why)), NULL);
        sleep_us(queue, NULL, (int64_t)BROKEN_S * 1000000);
    }
    return NULL;
}

int lambda_queue_start(struct lambda_queue **ret, const struct lambda_queue_options *options,
                       struct error *err)
{
    if (status_invocations_recover(options->status, err) < 0)
        return -1;
    CLEANUP(lambda_queue_free) struct lambda_queue *queue = calloc(1, sizeof(*queue));
    if (!queue)
        return error_set(err, ERROR_BUG, "out of memory");
    queue->options = *options;
    pthread_mutex_init(&queue->lock, NULL);
    condition_init(&queue->news);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    int r = 0;
    while (queue->count < THREADS && r == 0) {
        r = pthread_create(&queue->threads[queue->count], &attributes, work, queue);
        queue->count += r == 0;
    }
    pthread_attr_destroy(&attributes);
    if (r)
        return error_set(err, ERROR_BUG, "cannot start a thread: %s", strerror(r));
    *ret = TAKE(queue);
    return 0;
}

void lambda_queue_wake(struct lambda_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->added++;
    pthread_cond_broadcast(&queue->news);
    pthread_mutex_unlock(&queue->lock);
}

void lambda_queue_free(struct lambda_queue **queue)
{
    struct lambda_queue *q = *queue;
    if (!q)
        return;
    cancel_request(&q->stopping);
    lambda_queue_wake(q);
    for (int i = 0; i < q->count; i++)
        pthread_join(q->threads[i], NULL);
    pthread_cond_destroy(&q->news);
    pthread_mutex_destroy(&q->lock);
    free(q);
    *queue = NULL;
}
