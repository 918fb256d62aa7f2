/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/batch.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/condition.h"
#include "batch/entries.h"
#include "batch/runner.h"

enum {
    LOOK_US = 500000,
    AFTER_FAILURE_US = 5000000, /* the database or the disk may be well again */
    LOOK_MAX = 1000,            /* batch jobs looked at at once */
    PREPARING_MAX = 4,          /* manifests read at once */
    RUNNERS_MAX = 32,           /* threads, all in all */
};

/* A batch job whose runner has failed: the database or the disk may be well again later. */
struct resting {
    char *id;
    int64_t until_us;
    struct resting *next;
};

struct batches {
    /* Constant once it runs. */
    struct batches_options options;
    pthread_t thread;
    struct cancel stop;
    bool started;

    /* The driver thread's own. */
    struct runner *runners;
    int runners_count;
    struct resting *resting;
    int64_t failed_us; /* when a look has last failed */
    int64_t forgotten_us;

    pthread_mutex_t lock;
    pthread_cond_t wake;
    // ---- guarded by lock ----
    bool woken;
    char *chosen; /* id; NULL: none yet */
};

int batch_uri(struct arena *arena, const char *arn, const char **ret, struct error *err)
{
    const char *name = strstr(arn, ":s3:::");
    if (strncmp(arn, "file:///", 8) == 0)
        *ret = arena_strdup(arena, arn);
    else if (strncmp(arn, "arn:", 4) == 0 && name && strchr(name, '/') && name[6] != '/')
        *ret = arena_printf(arena, "s3://%s", name + strlen(":s3:::"));
    else
        return error_set(err, ERROR_BAD_REQUEST, "'%s' is no object's ARN", arn);
    return 0;
}

/* --- runners --- */

static void wake_driver(void *driver)
{
    batches_wake(driver);
}

static struct runner *runner_of(const struct batches *batches, const char *id)
{
    struct runner *runner = batches->runners;
    while (runner && strcmp(runner->id, id) != 0)
        runner = runner->next;
    return runner;
}

static void log_failure(struct batches *batches, const char *id, const struct error *err)
{
    char why[1024];
    log_line(batches->options.log, LOG_LEVEL_ERROR, "batch-fails", "job", id, "why",
             error_text(err, why, sizeof(why)), NULL);
}

static void log_end(const struct batches *batches, const char *id)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct batch_record *record;
    struct error err;
    if (status_batch_get(batches->options.status, id, arena, &record, &err) < 0 ||
        !batch_status_is_final(record->status))
        return;
    const struct batch_failure *failure = record->failures_count ? &record->failures[0] : NULL;
    log_line(batches->options.log, LOG_LEVEL_INFO, "batch-ended", "job", id, "status",
             batch_status_names[record->status], "succeeded",
             arena_printf(arena, "%lld", (long long)record->succeeded), "failed",
             arena_printf(arena, "%lld", (long long)record->failed), "code",
             failure ? failure->code : NULL, "why", failure ? failure->reason : NULL, NULL);
}

static void rest(struct batches *batches, const char *id)
{
    struct resting *resting = calloc(1, sizeof(*resting));
    if (!resting || !(resting->id = strdup(id)))
        abort();
    resting->until_us = clock_monotonic_us() + AFTER_FAILURE_US;
    resting->next = batches->resting;
    batches->resting = resting;
}

/* Forgets those that have rested; all of them: whoever still does, too. */
static void wake_rested(struct batches *batches, bool all)
{
    int64_t now = clock_monotonic_us();
    for (struct resting **place = &batches->resting; *place;) {
        struct resting *resting = *place;
        if (!all && resting->until_us > now) {
            place = &resting->next;
            continue;
        }
        *place = resting->next;
        free(resting->id);
        free(resting);
    }
}

static bool is_resting(const struct batches *batches, const char *id)
{
    const struct resting *resting = batches->resting;
    while (resting && strcmp(resting->id, id) != 0)
        resting = resting->next;
    return resting != NULL;
}

static void reap(struct batches *batches)
{
    for (struct runner **place = &batches->runners; *place;) {
        struct runner *runner = *place;
        if (!atomic_load(&runner->ended)) {
            place = &runner->next;
            continue;
        }
        *place = runner->next;
        batches->runners_count--;
        if (runner->failed && !cancel_requested(&batches->stop)) {
            log_failure(batches, runner->id, &runner->err);
            rest(batches, runner->id);
        }
        log_end(batches, runner->id);
        runner_free(&runner);
    }
}

static int start(struct batches *batches, const char *id, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *folder = arena_printf(arena, "%s/%s", batches->options.folder, id);
    struct runner *runner;
    if (runner_start(&runner, &batches->options, id, folder, wake_driver, batches, err) < 0)
        return -1;
    runner->next = batches->runners;
    batches->runners = runner;
    batches->runners_count++;
    return 0;
}

/* --- who may run --- */

static bool is_runnable(enum batch_status status)
{
    return status == BATCH_READY || status == BATCH_ACTIVE || status == BATCH_PAUSED;
}

/* Moves one, if nobody else has meanwhile. 1: it is there now. */
static int move(struct batches *batches, struct batch_brief *brief, enum batch_status to,
                struct error *err)
{
    if (status_batch_move(batches->options.status, brief->id, brief->status, to, err) < 0)
        return err->kind == ERROR_CONFLICT || err->kind == ERROR_NOT_FOUND ? 0 : -1;
    brief->status = to;
    return 1;
}

/* The highest priority of those that could run does; a lower one that has begun is paused. */
static int choose(struct batches *batches, struct batch_brief *briefs, int count, struct error *err)
{
    int active = 0, top = -1;
    for (int i = 0; i < count; i++) {
        active += briefs[i].status == BATCH_ACTIVE || briefs[i].status == BATCH_PAUSING;
        if (is_runnable(briefs[i].status) && briefs[i].priority > top)
            top = briefs[i].priority;
    }
    for (int i = 0; i < count; i++) {
        struct batch_brief *brief = &briefs[i];
        int r = 0;
        if (brief->status == BATCH_ACTIVE && brief->priority < top) {
            r = move(batches, brief, BATCH_PAUSING, err);
        } else if ((brief->status == BATCH_READY || brief->status == BATCH_PAUSED) &&
                   brief->priority == top && active < BATCHES_ACTIVE_MAX) {
            r = move(batches, brief, BATCH_ACTIVE, err);
            active += r > 0;
        }
        if (r < 0)
            return -1;
    }
    return 0;
}

/* --- what each of them needs --- */

static bool needs_runner(const struct batch_brief *brief)
{
    switch (brief->status) {
    case BATCH_NEW:
    case BATCH_PREPARING:
    case BATCH_ACTIVE:
    case BATCH_PAUSING:
    case BATCH_COMPLETING:
    case BATCH_CANCELLING:
    case BATCH_FAILING:
        return true;
    default:
        return false;
    }
}

static int suspended_too_long(struct batches *batches, const struct batch_brief *brief,
                              struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *reason =
        arena_printf(arena, "the job was not confirmed within %d days", BATCHES_SUSPENDED_DAYS);
    int r = status_batch_fail(batches->options.status, brief->id, FAILURE_SUSPENDED, reason, err);
    return r < 0 && err->kind != ERROR_CONFLICT ? -1 : 0;
}

static int serve(struct batches *batches, const struct batch_brief *briefs, int count,
                 struct error *err)
{
    int preparing = 0;
    for (int i = 0; i < count; i++) {
        const struct batch_brief *brief = &briefs[i];
        struct runner *runner = runner_of(batches, brief->id);
        bool prepares = brief->status == BATCH_NEW || brief->status == BATCH_PREPARING;
        if (runner && brief->status != BATCH_ACTIVE && !prepares)
            cancel_request(&runner->leave);
        if (runner && (brief->status == BATCH_CANCELLING || brief->status == BATCH_FAILING) &&
            atomic_load(&runner->prepares))
            cancel_request(&runner->cancel);
        if (!runner && is_resting(batches, brief->id))
            continue;
        if (prepares && ++preparing > PREPARING_MAX)
            continue;
        if (brief->status == BATCH_SUSPENDED && suspended_too_long(batches, brief, err) < 0)
            return -1;
        if (!runner && needs_runner(brief) && batches->runners_count < RUNNERS_MAX &&
            start(batches, brief->id, err) < 0)
            return -1;
    }
    return 0;
}

/* --- what is old --- */

static const int64_t day_us = (int64_t)24 * 3600 * 1000000;

static int forget(struct batches *batches, struct error *err)
{
    int64_t before_us = clock_true_us() - BATCHES_KEPT_DAYS * day_us;
    for (int gone = 1; gone > 0 && !cancel_requested(&batches->stop);) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        const char **ids;
        gone = status_batch_forget(batches->options.status, before_us, arena, &ids, err);
        if (gone < 0)
            return -1;
        for (; *ids; ids++)
            if (entries_remove(arena_printf(arena, "%s/%s", batches->options.folder, *ids), err) <
                0)
                return -1;
    }
    return 0;
}

/* Entries of batch jobs that have ended: a killed process had no time to remove them. */
static int sweep(struct batches *batches, struct error *err)
{
    DIR *folder = opendir(batches->options.folder);
    if (!folder)
        return error_set(err, ERROR_BUG, "cannot open '%s': %s", batches->options.folder,
                         strerror(errno));
    int r = 0;
    for (struct dirent *item; r == 0 && (item = readdir(folder));) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct batch_record *record;
        if (item->d_name[0] == '.')
            continue;
        r = status_batch_get(batches->options.status, item->d_name, arena, &record, err);
        bool gone = r < 0 && err->kind == ERROR_NOT_FOUND;
        if (gone || (r == 0 && batch_status_is_final(record->status)))
            r = entries_remove(arena_printf(arena, "%s/%s", batches->options.folder, item->d_name),
                               err);
    }
    closedir(folder);
    return r;
}

/* --- the driver --- */

/* The chosen one, unless it has ended, or none is yet. */
static int find_chosen(struct batches *batches, struct arena *arena, struct batch_brief **ret,
                       int *ret_count, struct error *err)
{
    pthread_mutex_lock(&batches->lock);
    const char *id = batches->chosen; // set once
    pthread_mutex_unlock(&batches->lock);
    struct batch_record *record;
    *ret_count = 0;
    if (!id)
        return 0;
    if (status_batch_get(batches->options.status, id, arena, &record, err) < 0)
        return -1;
    struct batch_brief *brief = ARENA_NEW(arena, struct batch_brief);
    *brief = (struct batch_brief){record->id, record->status, record->request.priority,
                                  record->suspended_us};
    *ret = brief;
    *ret_count = !batch_status_is_final(record->status) && record->status != BATCH_SUSPENDED;
    return 0;
}

static int find_unended(struct batches *batches, struct arena *arena, struct batch_brief **ret,
                        int *ret_count, struct error *err)
{
    if (batches->options.only_chosen)
        return find_chosen(batches, arena, ret, ret_count, err);
    return status_batch_unended(batches->options.status, BATCHES_SUSPENDED_DAYS * day_us, LOOK_MAX,
                                arena, ret, ret_count, err);
}

static int look(struct batches *batches, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const int64_t hour_us = (int64_t)3600 * 1000000;
    struct batch_brief *briefs;
    int count;
    int64_t now = clock_monotonic_us();
    if (find_unended(batches, arena, &briefs, &count, err) < 0 ||
        choose(batches, briefs, count, err) < 0 || serve(batches, briefs, count, err) < 0)
        return -1;
    if (!batches->forgotten_us || now - batches->forgotten_us >= hour_us) {
        batches->forgotten_us = now;
        return forget(batches, err);
    }
    return 0;
}

static void sleep_until_woken(struct batches *batches)
{
    int64_t until = clock_monotonic_us() + LOOK_US;
    pthread_mutex_lock(&batches->lock);
    while (!batches->woken && condition_wait(&batches->wake, &batches->lock, until))
        continue;
    batches->woken = false;
    pthread_mutex_unlock(&batches->lock);
}

static void *drive(void *arg)
{
    struct batches *batches = arg;
    while (!cancel_requested(&batches->stop)) {
        struct error err;
        int64_t now = clock_monotonic_us();
        reap(batches);
        wake_rested(batches, false);
        bool pause = batches->failed_us && now - batches->failed_us < AFTER_FAILURE_US;
        if (!pause && look(batches, &err) < 0) {
            batches->failed_us = now;
            log_failure(batches, NULL, &err);
        }
        sleep_until_woken(batches);
    }
    for (struct runner *runner = batches->runners; runner; runner = runner->next)
        cancel_request(&runner->cancel);
    while (batches->runners) {
        struct runner *gone = batches->runners;
        batches->runners = gone->next;
        runner_free(&gone);
    }
    wake_rested(batches, true);
    return NULL;
}

int batches_start(struct batches **ret, const struct batches_options *options, struct error *err)
{
    CLEANUP(batches_free) struct batches *batches = calloc(1, sizeof(*batches));
    if (!batches)
        return error_set(err, ERROR_BUG, "out of memory");
    batches->options = *options;
    pthread_mutex_init(&batches->lock, NULL);
    condition_init(&batches->wake);
    if (mkdir(options->folder, 0700) < 0 && errno != EEXIST)
        return error_set(err, ERROR_BUG, "cannot make the folder '%s': %s", options->folder,
                         strerror(errno));
    if (status_batches_begin(options->status, err) < 0 || sweep(batches, err) < 0)
        return -1;
    int why = pthread_create(&batches->thread, NULL, drive, batches);
    if (why)
        return error_set(err, ERROR_BUG, "cannot start a thread: %s", strerror(why));
    batches->started = true;
    *ret = TAKE(batches);
    return 0;
}

void batches_wake(struct batches *batches)
{
    pthread_mutex_lock(&batches->lock);
    batches->woken = true;
    pthread_cond_signal(&batches->wake);
    pthread_mutex_unlock(&batches->lock);
}

void batches_choose(struct batches *batches, const char *id)
{
    char *chosen = strdup(id);
    if (!chosen)
        abort();
    pthread_mutex_lock(&batches->lock);
    batches->chosen = chosen;
    pthread_mutex_unlock(&batches->lock);
    batches_wake(batches);
}

void batches_stop(struct batches *batches)
{
    if (!batches->started)
        return;
    cancel_request(&batches->stop);
    batches_wake(batches);
    pthread_join(batches->thread, NULL);
    batches->started = false;
}

void batches_free(struct batches **batches)
{
    if (!*batches)
        return;
    batches_stop(*batches);
    pthread_cond_destroy(&(*batches)->wake);
    pthread_mutex_destroy(&(*batches)->lock);
    free((*batches)->chosen);
    free(*batches);
    *batches = NULL;
}
