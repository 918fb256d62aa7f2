/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch/dispatcher.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/machine.h"
#include "base/program.h"
#include "dispatch/attempt.h"
#include "dispatch/complaint.h"
#include "dispatch/strays.h"
#include "status/queues.h"

enum {
    BUSY_TURN_MS = 100,         /* how often wishes are looked for while jobs run */
    IDLE_TURN_MS = 250,         /* … and jobs, which is for hops and delays: dispatcher_wake() */
    RETRY_US = 5 * 1000 * 1000, /* of what status/ could not do */
    CONCURRENT_MOST = 1024,
    WORKER_CPU_S = 7 * 24 * 3600, /* for each core */
};

static const int64_t worker_memory_least = INT64_C(512) << 20;

/* What an attempt has come to, as far as it is in the counts. */
struct counted {
    int64_t frames, busy_us, retries;
};

struct dispatcher {
    struct status *status;
    struct storage *storage;
    struct dispatcher_options options;
    int concurrent;
    char program[PATH_MAX], threads[16];
    const char **words; /* of the worker's command line */
    struct attempt_options attempt_options;
    int wake_fd;
    struct strays *strays;
    pthread_t thread;

    /* the thread's own */
    struct attempt **attempts; /* concurrent of them; NULL: room */
    struct counted *counted;   /* of each */
    struct pollfd *fds;
    int64_t refused_us; /* when status/ last could not give the next job; 0: it could */

    pthread_mutex_t lock;
    pthread_cond_t ended_now;
    /* ---- guarded by lock ---- */
    struct dispatcher_counts counts;
    bool draining;   /* no more jobs are started, and the thread ends with the last one … */
    int64_t stop_us; /* … which is stopped at this time; INT64_MAX: never */
    bool ended;      /* the thread touches nothing more */
};

int dispatcher_concurrent(double cores)
{
    int half = (int)(cores / 2);
    return half < 1 ? 1 : half > CONCURRENT_MOST ? CONCURRENT_MOST : half;
}

int dispatcher_threads(int cores, int concurrent)
{
    return concurrent < cores ? cores / concurrent : 1;
}

int64_t dispatcher_worker_memory(int64_t machine)
{
    int64_t most = machine / 4 * 3;
    return most > worker_memory_least ? most : worker_memory_least;
}

/* --- its turns --- */

static int running(const struct dispatcher *d)
{
    int count = 0;
    for (int i = 0; i < d->concurrent; i++)
        count += d->attempts[i] != NULL;
    return count;
}

static bool is_draining(struct dispatcher *d)
{
    pthread_mutex_lock(&d->lock);
    bool draining = d->draining;
    pthread_mutex_unlock(&d->lock);
    return draining;
}

/* A job that is started again has not waited since it was created. */
static void count_start(struct dispatcher *d, const struct job_record *job)
{
    int64_t waited_us = job->attempt == 1 ? clock_true_us() - job->created_us : 0;
    pthread_mutex_lock(&d->lock);
    d->counts.started++;
    d->counts.waited_us += waited_us > 0 ? waited_us : 0;
    pthread_mutex_unlock(&d->lock);
}

/* Returns whether there was one. */
static bool take_job(struct dispatcher *d, int place)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct job_record *job = NULL;
    struct error err;
    int r = status_next_job(d->status, d->options.delay_us, arena, &job, &err);
    if (r < 0 && !d->refused_us)
        complain(d->options.log, "(next)", "cannot be taken from the queue", &err);
    d->refused_us = r < 0 ? clock_monotonic_us() : 0;
    if (r <= 0)
        return false;
    count_start(d, job);
    d->counted[place] = (struct counted){0};
    d->attempts[place] = attempt_start(&d->attempt_options, job);
    return true;
}

static void take_jobs(struct dispatcher *d)
{
    if (is_draining(d) || (d->refused_us && clock_monotonic_us() < d->refused_us + RETRY_US))
        return;
    for (int i = 0; i < d->concurrent; i++)
        if (!d->attempts[i] && !take_job(d, i))
            return;
}

/* What a worker says may be less than before, but no counter ever falls. */
static void add(int64_t *count, int64_t *counted, int64_t now)
{
    if (now <= *counted)
        return;
    *count += now - *counted;
    *counted = now;
}

static void count_attempt(struct dispatcher *d, int place, bool over)
{
    const struct attempt *attempt = d->attempts[place];
    struct counted *counted = &d->counted[place];
    pthread_mutex_lock(&d->lock);
    add(&d->counts.frames, &counted->frames, attempt_frames(attempt));
    add(&d->counts.busy_us, &counted->busy_us, attempt_busy_us(attempt));
    add(&d->counts.s3_retries, &counted->retries, attempt_retries(attempt));
    d->counts.crashed += over && attempt_has_crashed(attempt);
    pthread_mutex_unlock(&d->lock);
}

static void turn_attempts(struct dispatcher *d)
{
    pthread_mutex_lock(&d->lock);
    bool stop = d->stop_us <= clock_monotonic_us();
    pthread_mutex_unlock(&d->lock);
    for (int i = 0; i < d->concurrent; i++) {
        if (!d->attempts[i])
            continue;
        if (stop)
            attempt_stop(d->attempts[i]);
        bool over = attempt_turn(d->attempts[i]);
        count_attempt(d, i, over);
        if (!over)
            continue;
        if (attempt_has_left_objects(d->attempts[i]))
            strays_look_soon(d->strays);
        attempt_free(&d->attempts[i]);
    }
}

static void wait_for_something(struct dispatcher *d)
{
    int count = 1;
    d->fds[0] = (struct pollfd){.fd = d->wake_fd, .events = POLLIN};
    for (int i = 0; i < d->concurrent; i++) {
        if (!d->attempts[i])
            continue;
        attempt_fds(d->attempts[i], d->fds + count);
        count += EXECUTION_FDS;
    }
    poll(d->fds, (nfds_t)count, count > 1 ? BUSY_TURN_MS : IDLE_TURN_MS);
    uint64_t ignored;
    if (d->fds[0].revents)
        (void)!read(d->wake_fd, &ignored, sizeof(ignored));
}

/* Returns whether the thread is to end. An end that status/ could not take until now (it is told
 * again for a while) is left to the next start. */
static bool report_turn(struct dispatcher *d)
{
    enum { PATIENCE_US = 10 * 1000 * 1000 };
    int count = running(d);
    pthread_mutex_lock(&d->lock);
    d->counts.running = count;
    bool late = d->draining && clock_monotonic_us() - PATIENCE_US > d->stop_us;
    bool end = d->draining && (!count || late);
    pthread_mutex_unlock(&d->lock);
    return end;
}

static void *run(void *arg)
{
    struct dispatcher *d = arg;
    struct error err;
    strays_remove(d->strays);
    if (strays_start(d->strays, &err) < 0)
        complain(d->options.log, "(all)", "strays are not looked for again", &err);
    do {
        take_jobs(d);
        report_turn(d);
        wait_for_something(d);
        turn_attempts(d);
    } while (!report_turn(d));
    for (int i = 0; i < d->concurrent; i++)
        attempt_free(&d->attempts[i]);
    pthread_mutex_lock(&d->lock);
    d->counts.running = 0;
    d->ended = true;
    pthread_cond_broadcast(&d->ended_now);
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

/* --- from other threads --- */

static int set_command(struct dispatcher *d, struct error *err)
{
    size_t count = 0;
    const char *const *store = d->options.store_words;
    while (store && store[count])
        count++;
    d->words = calloc(count + 7, sizeof(*d->words));
    if (!d->words)
        return error_set(err, ERROR_BUG, "out of memory");
    if (!d->options.worker_program && program_media_path(d->program, err) < 0)
        return -1;
    size_t at = 0;
    d->words[at++] = d->options.worker_program ? d->options.worker_program : d->program;
    d->words[at++] = "worker";
    for (size_t i = 0; i < count; i++)
        d->words[at++] = store[i];
    if (d->options.draft) {
        d->words[at++] = "--speed";
        d->words[at++] = "draft";
    }
    int threads = d->options.threads > 0 ? d->options.threads
                                         : dispatcher_threads(machine_threads(), d->concurrent);
    snprintf(d->threads, sizeof(d->threads), "%d", threads);
    d->words[at++] = "--threads";
    d->words[at++] = d->threads;
    d->attempt_options = (struct attempt_options){
        .status = d->status,
        .storage = d->storage,
        .execution = {.words = d->words,
                      .memory_max = d->options.memory_max > 0
                                        ? d->options.memory_max
                                        : dispatcher_worker_memory(machine_memory()),
                      .cpu_max_s = d->options.cpu_max_s > 0
                                       ? d->options.cpu_max_s
                                       : (int64_t)(WORKER_CPU_S * ceil(machine_cores()))},
        .log = d->options.log,
        .wake_fd = d->wake_fd,
    };
    return 0;
}

static void release(struct dispatcher *d)
{
    strays_free(&d->strays);
    if (d->wake_fd >= 0)
        close(d->wake_fd);
    pthread_cond_destroy(&d->ended_now);
    pthread_mutex_destroy(&d->lock);
    free(d->words);
    free(d->attempts);
    free(d->counted);
    free(d->fds);
    free(d);
}

/* Signals are the other threads' to take; SIGPIPE is nobody's. */
static int start_thread(struct dispatcher *d, struct error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int r = pthread_create(&d->thread, NULL, run, d);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return r ? error_set(err, ERROR_BUG, "cannot start a thread: %s", strerror(r)) : 0;
}

static int prepare(struct dispatcher *d, struct error *err)
{
    size_t count = (size_t)d->concurrent;
    d->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (d->wake_fd < 0)
        return error_set(err, ERROR_BUG, "cannot make an eventfd: %s", strerror(errno));
    d->attempts = calloc(count, sizeof(struct attempt *));
    d->counted = calloc(count, sizeof(*d->counted));
    d->fds = calloc(1 + count * EXECUTION_FDS, sizeof(*d->fds));
    if (!d->attempts || !d->counted || !d->fds)
        return error_set(err, ERROR_BUG, "out of memory");
    if (set_command(d, err) < 0 || status_recover(d->status, err) < 0)
        return -1;
    return start_thread(d, err);
}

int dispatcher_start(struct dispatcher **ret, struct status *status, struct storage *storage,
                     const struct dispatcher_options *options, struct error *err)
{
    struct dispatcher *d = calloc(1, sizeof(*d));
    if (!d)
        return error_set(err, ERROR_BUG, "out of memory");
    d->status = status;
    d->storage = storage;
    d->options = *options;
    d->strays = strays_new(status, storage, options->log);
    d->concurrent =
        options->concurrent > 0 ? options->concurrent : dispatcher_concurrent(machine_cores());
    d->stop_us = INT64_MAX;
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->ended_now, NULL);
    if (prepare(d, err) < 0) {
        release(d);
        return -1;
    }
    *ret = d;
    return 0;
}

void dispatcher_wake(struct dispatcher *dispatcher)
{
    uint64_t one = 1;
    (void)!write(dispatcher->wake_fd, &one, sizeof(one));
}

void dispatcher_drain(struct dispatcher *d, int64_t timeout_us)
{
    int64_t now_us = clock_monotonic_us();
    pthread_mutex_lock(&d->lock);
    d->draining = true;
    if (timeout_us < d->stop_us - now_us)
        d->stop_us = now_us + timeout_us;
    strays_stop(d->strays);
    dispatcher_wake(d);
    while (!d->ended)
        pthread_cond_wait(&d->ended_now, &d->lock);
    pthread_mutex_unlock(&d->lock);
}

void dispatcher_counts(struct dispatcher *dispatcher, struct dispatcher_counts *ret)
{
    pthread_mutex_lock(&dispatcher->lock);
    *ret = dispatcher->counts;
    pthread_mutex_unlock(&dispatcher->lock);
    ret->concurrent = dispatcher->concurrent;
    ret->s3_retries += storage_retries(dispatcher->storage);
}

void dispatcher_free(struct dispatcher **dispatcher)
{
    struct dispatcher *d = *dispatcher;
    if (!d)
        return;
    dispatcher_drain(d, 0);
    pthread_join(d->thread, NULL);
    release(d);
    *dispatcher = NULL;
}
