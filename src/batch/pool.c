/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/pool.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/condition.h"
#include "base/machine.h"
#include "batch/entries.h"
#include "batch/task.h"

enum {
    WAITING_MAX = 1000, /* tasks that are to be tried again */
    RESULTS_MAX = 2048, /* that are not recorded yet */
    RESULTS_MAX_BYTES = 4 << 20,
    RECORDED_PAGE = 1000, /* results from before, read at once */
    GROUP_US = 20000,     /* results are recorded so often */
    LOOK_US = 50000,      /* whether to leave */
    THROTTLED_US = 50000, /* until a task is tried again that found no room beside ours; doubles */
    THROTTLED_DOUBLINGS = 6,
    BUSY_US = 1000000, /* so long after one has ended there may be no room because of it */
    SMALL_STACK = 1024 * 1024,
};

/* A task that is under way, or is to be tried again. */
struct attempt {
    int64_t number;
    struct batch_entry entry;       /* its strings lie behind this struct */
    int attempts;                   /* so many times it was invoked in this run */
    int throttles;                  /* so many times in a row it found no room beside ours */
    int64_t due_us;                 /* while it waits */
    int64_t started_us;             /* while it is under way */
    struct attempt *before, *after; /* of those under way, by when they were started */
};

/* A result, its strings behind it. */
struct ended {
    struct batch_result result;
    size_t bytes;
    struct ended *next;
};

struct pool {
    const struct batches_options *options;
    const struct batch_record *record;
    struct tasks *tasks;
    struct cancel *leave, *cancel;

    pthread_mutex_t lock;
    pthread_cond_t work;  /* for the threads: something is due, there is room, it is over */
    pthread_cond_t ended; /* for the caller */
    // ---- guarded by lock ----
    struct entries *entries;
    int64_t next;      /* number of the next entry */
    bool all_taken;    /* there is none */
    int64_t *recorded; /* of a page of results from before, the next ones */
    int recorded_count, recorded_at;
    struct attempt *waiting[WAITING_MAX];
    int waiting_count;
    int running; /* tasks under way */
    struct attempt *oldest, *youngest;
    int64_t busy_us;    /* when one has last ended that was not throttled */
    int64_t refusal_us; /* the longest that it took to be told that there is no room */
    struct ended *results, **results_end;
    int results_count;
    size_t results_bytes;
    int threads; /* that have not ended */
    bool stop;
    bool lost; /* a task was cancelled: it has no result */
    bool failed;
    struct error err;
};

/* --- entries that have no result yet --- */

/* The numbers of the results behind `after`, a page of them. */
static int read_recorded(struct pool *pool, int64_t after, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct batch_result *results;
    int count;
    if (status_batch_results(pool->options->status, pool->record->id, after, RECORDED_PAGE, arena,
                             &results, &count, err) < 0)
        return -1;
    for (int i = 0; i < count; i++)
        pool->recorded[i] = results[i].entry;
    pool->recorded_count = count;
    pool->recorded_at = 0;
    return 0;
}

/* Results that this run records itself are met again here where a page is read late: they are of
 * entries that were taken before, so nobody asks for them. */
static int has_result(struct pool *pool, int64_t number, bool *ret, struct error *err)
{
    while (pool->recorded_at < pool->recorded_count && pool->recorded[pool->recorded_at] < number)
        pool->recorded_at++;
    if (pool->recorded_at == pool->recorded_count && pool->recorded_count == RECORDED_PAGE) {
        if (read_recorded(pool, number - 1, err) < 0)
            return -1;
    }
    *ret = pool->recorded_at < pool->recorded_count && pool->recorded[pool->recorded_at] == number;
    return 0;
}

static char *copy_string(char **next, const char *s)
{
    size_t size = strlen(s) + 1;
    char *copy = memcpy(*next, s, size);
    *next += size;
    return copy;
}

static struct attempt *attempt_new(int64_t number, const struct batch_entry *entry)
{
    size_t size = strlen(entry->bucket) + strlen(entry->key) + 2;
    size += entry->version ? strlen(entry->version) + 1 : 0;
    struct attempt *attempt = malloc(sizeof(*attempt) + size);
    if (!attempt)
        abort();
    char *next = (char *)(attempt + 1);
    *attempt = (struct attempt){.number = number};
    attempt->entry.bucket = copy_string(&next, entry->bucket);
    attempt->entry.key = copy_string(&next, entry->key);
    attempt->entry.version = entry->version ? copy_string(&next, entry->version) : NULL;
    return attempt;
}

/* The next entry without a result; NULL: there is none. */
static int next_entry(struct pool *pool, struct attempt **ret, struct error *err)
{
    *ret = NULL;
    for (;;) {
        struct batch_entry entry;
        bool has;
        int r = entries_next(pool->entries, &entry, err);
        if (r < 0)
            return -1;
        if (!r) {
            pool->all_taken = true;
            if (pool->next != pool->record->total)
                return error_set(err, ERROR_INPUT, "the file of entries ends after %lld of %lld",
                                 (long long)pool->next, (long long)pool->record->total);
            return 0;
        }
        int64_t number = pool->next++;
        if (has_result(pool, number, &has, err) < 0)
            return -1;
        if (!has) {
            *ret = attempt_new(number, &entry);
            return 0;
        }
    }
}

/* --- what is next --- */

static int earliest(const struct pool *pool)
{
    int best = 0;
    for (int i = 1; i < pool->waiting_count; i++)
        if (pool->waiting[i]->due_us < pool->waiting[best]->due_us)
            best = i;
    return best;
}

static bool has_room(const struct pool *pool)
{
    return pool->results_count < RESULTS_MAX && pool->results_bytes < RESULTS_MAX_BYTES;
}

static struct attempt *take_waiting(struct pool *pool, int which)
{
    struct attempt *attempt = pool->waiting[which];
    pool->waiting[which] = pool->waiting[--pool->waiting_count];
    return attempt;
}

static void fail(struct pool *pool, const struct error *err)
{
    if (!pool->failed)
        pool->err = *err;
    pool->failed = pool->stop = true;
    pthread_cond_broadcast(&pool->work);
    pthread_cond_signal(&pool->ended);
}

/* Waits for a task to do; NULL: it is over. With the lock. */
static struct attempt *next_task(struct pool *pool)
{
    struct error err;
    while (!pool->stop && !cancel_requested(pool->leave) && !cancel_requested(pool->cancel)) {
        int64_t now = clock_monotonic_us(), until = now + LOOK_US;
        int first = earliest(pool);
        bool due = pool->waiting_count && pool->waiting[first]->due_us <= now;
        if (!has_room(pool)) {
            condition_wait(&pool->work, &pool->lock, until);
            continue;
        }
        if (due)
            return take_waiting(pool, first);
        // one place more for each task under way, which may come to wait, too
        if (!pool->all_taken && pool->waiting_count + pool->running < WAITING_MAX) {
            struct attempt *attempt;
            if (next_entry(pool, &attempt, &err) < 0)
                return fail(pool, &err), NULL;
            if (attempt)
                return attempt;
            continue;
        }
        if (pool->all_taken && !pool->waiting_count && !pool->running)
            return NULL;
        if (pool->waiting_count && pool->waiting[first]->due_us < until)
            until = pool->waiting[first]->due_us;
        condition_wait(&pool->work, &pool->lock, until);
    }
    return NULL;
}

/* --- how it went --- */

static void add_result(struct pool *pool, int64_t number, const struct task_outcome *outcome)
{
    struct batch_result result = task_result(number, outcome);
    size_t code = strlen(result.code) + 1, message = strlen(result.message) + 1;
    struct ended *ended = malloc(sizeof(*ended) + code + message);
    if (!ended)
        abort();
    char *next = (char *)(ended + 1);
    result.code = copy_string(&next, result.code);
    result.message = copy_string(&next, result.message);
    *ended = (struct ended){.result = result, .bytes = sizeof(*ended) + code + message};
    *pool->results_end = ended;
    pool->results_end = &ended->next;
    pool->results_count++;
    pool->results_bytes += ended->bytes;
    pthread_cond_signal(&pool->ended);
}

static void note_start(struct pool *pool, struct attempt *attempt)
{
    pool->running++;
    attempt->started_us = clock_monotonic_us();
    attempt->before = pool->youngest;
    attempt->after = NULL;
    *(pool->youngest ? &pool->youngest->after : &pool->oldest) = attempt;
    pool->youngest = attempt;
}

/* There is room now: of those that found none one need not wait. */
static void wake_throttled(struct pool *pool, int64_t now)
{
    struct attempt *first = NULL;
    for (int i = 0; i < pool->waiting_count; i++) {
        struct attempt *waiting = pool->waiting[i];
        if (waiting->throttles && (!first || waiting->due_us < first->due_us))
            first = waiting;
    }
    if (first && first->due_us > now)
        first->due_us = now;
}

static void note_end(struct pool *pool, struct attempt *attempt, bool throttled)
{
    pool->running--;
    *(attempt->before ? &attempt->before->after : &pool->oldest) = attempt->after;
    *(attempt->after ? &attempt->after->before : &pool->youngest) = attempt->before;
    int64_t now = clock_monotonic_us(), took_us = now - attempt->started_us;
    if (throttled) {
        pool->refusal_us = took_us > pool->refusal_us ? took_us : pool->refusal_us;
        return;
    }
    pool->busy_us = now;
    wake_throttled(pool, now);
}

/* Whether the function has no room because of tasks of ours: one has ended just now, or one that
 * was begun earlier runs for longer than it takes to be told that there is no room. This cannot go
 * on for ever: the one that runs ends, or is refused itself and teaches us how long that takes. */
static bool is_our_own_throttling(const struct pool *pool, const struct attempt *refused,
                                  int64_t now)
{
    const struct attempt *oldest = pool->oldest;
    return now - pool->busy_us < BUSY_US || (oldest && oldest->started_us <= refused->started_us &&
                                             now - oldest->started_us > pool->refusal_us);
}

/* That was no attempt. */
static int64_t throttled_pause_us(struct attempt *attempt)
{
    if (attempt->throttles < THROTTLED_DOUBLINGS)
        attempt->throttles++;
    return (int64_t)THROTTLED_US << (attempt->throttles - 1);
}

/* True: it is to be tried again, and waits. */
static bool try_again(struct pool *pool, struct attempt *attempt,
                      const struct task_outcome *outcome, unsigned *seed)
{
    if (outcome->code != TASK_TEMPORARY)
        return false;
    int64_t now = clock_monotonic_us();
    if (outcome->throttled && is_our_own_throttling(pool, attempt, now)) {
        attempt->due_us = now + throttled_pause_us(attempt);
    } else if (++attempt->attempts < BATCHES_ATTEMPTS) {
        attempt->throttles = 0;
        int64_t first_us = pool->options->retry_us > 0 ? pool->options->retry_us : 1000000;
        attempt->due_us = now + task_pause_us(first_us, attempt->attempts + 1, seed);
    } else {
        return false;
    }
    pool->waiting[pool->waiting_count++] = attempt;
    return true;
}

static void *run_tasks(void *arg)
{
    struct pool *pool = arg;
    unsigned seed = (unsigned)clock_monotonic_us() ^ (unsigned)(uintptr_t)&pool;
    pthread_mutex_lock(&pool->lock);
    for (struct attempt *attempt; (attempt = next_task(pool));) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct task_outcome outcome = {0};
        struct error err;
        note_start(pool, attempt);
        pthread_mutex_unlock(&pool->lock);
        int r = tasks_invoke(pool->tasks, attempt->number, &attempt->entry, pool->cancel, arena,
                             &outcome, &err);
        pthread_mutex_lock(&pool->lock);
        note_end(pool, attempt, outcome.throttled);
        if (r == 0 && try_again(pool, attempt, &outcome, &seed)) {
            pthread_cond_signal(&pool->work);
            continue;
        }
        if (r == 0)
            add_result(pool, attempt->number, &outcome);
        else
            pool->lost = pool->stop = true;
        free(attempt);
        if (pool->all_taken && !pool->running && !pool->waiting_count)
            pthread_cond_broadcast(&pool->work); // the others wait for nothing
    }
    pool->threads--;
    pthread_cond_broadcast(&pool->ended);
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* --- recording --- */

static void free_results(struct ended **results)
{
    while (*results) {
        struct ended *gone = *results;
        *results = gone->next;
        free(gone);
    }
}

/* Takes what has ended and records it; *ret_run and *ret_failed count on. */
static int record_group(struct pool *pool, struct ended *group, int count, int64_t *ret_run,
                        int64_t *ret_failed, struct error *err)
{
    CLEANUP(free_pointer) struct batch_result *results = calloc((size_t)count, sizeof(*results));
    if (!results)
        abort();
    int i = 0;
    for (struct ended *ended = group; ended; ended = ended->next) {
        results[i++] = ended->result;
        *ret_failed += !ended->result.succeeded;
    }
    *ret_run += count;
    return status_batch_record(pool->options->status, pool->record->id, results, count, err);
}

static bool too_many_failed(int64_t run, int64_t failed)
{
    return run >= POOL_THRESHOLD_TASKS && failed > run / 2;
}

/* Until the threads have ended and everything is recorded. With the lock. */
static int record_results(struct pool *pool, bool *ret_threshold, struct error *err)
{
    int64_t run = pool->record->succeeded + pool->record->failed, failed = pool->record->failed;
    while (pool->threads || pool->results) {
        if (!pool->results) {
            condition_wait(&pool->ended, &pool->lock, clock_monotonic_us() + LOOK_US);
            continue;
        }
        CLEANUP(free_results) struct ended *group = pool->results;
        int count = pool->results_count;
        pool->results = NULL;
        pool->results_end = &pool->results;
        pool->results_count = 0;
        pool->results_bytes = 0;
        pthread_cond_broadcast(&pool->work);
        pthread_mutex_unlock(&pool->lock);
        int64_t began = clock_monotonic_us();
        int r = record_group(pool, group, count, &run, &failed, err);
        pthread_mutex_lock(&pool->lock);
        if (r < 0)
            return fail(pool, err), -1;
        if (too_many_failed(run, failed))
            *ret_threshold = pool->stop = true;
        while (pool->threads && pool->results_count < RESULTS_MAX / 2 &&
               clock_monotonic_us() < began + GROUP_US)
            condition_wait(&pool->ended, &pool->lock, began + GROUP_US);
    }
    return 0;
}

/* --- the whole --- */

static void init(struct pool *pool)
{
    pthread_mutex_init(&pool->lock, NULL);
    condition_init(&pool->work);
    condition_init(&pool->ended);
    pool->results_end = &pool->results;
    pool->recorded = calloc(RECORDED_PAGE, sizeof(*pool->recorded));
    if (!pool->recorded)
        abort();
}

static void pool_release(struct pool *pool)
{
    while (pool->waiting_count)
        free(pool->waiting[--pool->waiting_count]);
    free_results(&pool->results);
    entries_close(&pool->entries);
    tasks_close(&pool->tasks);
    free(pool->recorded);
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->ended);
    pthread_mutex_destroy(&pool->lock);
}

static int concurrency(const struct pool *pool)
{
    int64_t left = pool->record->total - pool->record->succeeded - pool->record->failed;
    int cores = machine_threads(), wanted = pool->options->concurrency;
    if (!wanted)
        wanted = cores > 2 ? cores : 2;
    return left < wanted ? (int)(left > 0 ? left : 1) : wanted;
}

static int start_threads(struct pool *pool, pthread_t *threads, int count, struct error *err)
{
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, SMALL_STACK);
    int why = 0;
    for (int i = 0; i < count && !why; i++) {
        why = pthread_create(&threads[i], &small, run_tasks, pool);
        pool->threads += !why;
    }
    pthread_attr_destroy(&small);
    if (why && !pool->threads)
        return error_set(err, ERROR_BUG, "cannot start a thread: %s", strerror(why));
    return 0; // fewer will do
}

int pool_run(const struct batches_options *options, const struct batch_record *record,
             const char *folder, struct cancel *leave, struct cancel *cancel, enum pool_end *ret,
             struct error *err)
{
    CLEANUP(pool_release)
    struct pool pool = {.options = options, .record = record, .leave = leave, .cancel = cancel};
    init(&pool);
    // a process that was killed may have recorded the last failure and not ended the job
    if (too_many_failed(record->succeeded + record->failed, record->failed)) {
        *ret = POOL_THRESHOLD;
        return 0;
    }
    if (entries_open(&pool.entries, folder, err) < 0 ||
        tasks_open(&pool.tasks, options, record, err) < 0 || read_recorded(&pool, -1, err) < 0)
        return -1;
    pthread_t threads[BATCHES_CONCURRENCY_MAX];
    int count = concurrency(&pool);
    bool threshold = false;
    pthread_mutex_lock(&pool.lock);
    int r = start_threads(&pool, threads, count, err);
    count = pool.threads;
    if (r == 0)
        r = record_results(&pool, &threshold, err);
    pthread_mutex_unlock(&pool.lock);
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    if (r < 0)
        return -1;
    if (pool.failed) {
        *err = pool.err;
        return -1;
    }
    bool done = pool.all_taken && !pool.waiting_count && !pool.lost;
    *ret = threshold ? POOL_THRESHOLD : done ? POOL_DONE : POOL_LEFT;
    return 0;
}
