/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/runner.h"

#include <string.h>

#include "batch/entries.h"
#include "batch/handler.h"
#include "batch/manifest.h"
#include "batch/pool.h"
#include "batch/report.h"

/* That somebody has changed the state meanwhile is no failure: the next look sees it. */
static int unless_conflict(int r, const struct error *err)
{
    return r < 0 && err->kind == ERROR_CONFLICT ? 0 : r;
}

/* 1: it is there now; 0: somebody was faster. */
static int move(struct runner *r, enum batch_status from, enum batch_status to, struct error *err)
{
    if (status_batch_move(r->options->status, r->id, from, to, err) < 0)
        return unless_conflict(-1, err);
    return 1;
}

static int fail_job(struct runner *r, const char *code, const struct error *why, struct error *err)
{
    char reason[1500];
    error_text(why, reason, sizeof(reason));
    int result = status_batch_fail(r->options->status, r->id, code, reason, err);
    return unless_conflict(result, err);
}

/* --- preparing --- */

#define NO_REPORT "the completion report cannot be written"

/* That the report has a bucket, before anything is done of which it would have to tell. What else
 * may go wrong with it, writing it will say. */
static int check_report(struct runner *r, const struct batch_record *record, const char **ret_code,
                        struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(object_list_free) struct object_list *list = NULL;
    const struct batch_request *request = &record->request;
    const char *bucket = request->report ? strstr(request->report_bucket, ":::") : NULL;
    if (!bucket || storage_makes_buckets(r->options->storage))
        return 0;
    const char *uri = arena_printf(arena, "s3://%s", bucket + strlen(":::"));
    if (storage_list(r->options->storage, uri, &r->cancel, &list, err) == 0 ||
        (err->kind != ERROR_NOT_FOUND && err->kind != ERROR_CANCELED))
        return 0;
    *ret_code = FAILURE_REPORT;
    return err->kind == ERROR_CANCELED ? -1 : error_add(err, NO_REPORT);
}

/* Everything about the manifest is decided here: later it may be gone. */
static int prepare(struct runner *r, const struct batch_record *record, struct error *err)
{
    CLEANUP(entries_release) struct entries_writer writer = {0};
    struct manifest_summary summary;
    struct error why;
    const char *code = FAILURE_INTERNAL;
    atomic_store(&r->prepares, true);
    int result = check_report(r, record, &code, &why);
    if (result == 0)
        result = entries_create(&writer, r->folder, &why);
    if (result == 0)
        result = manifest_read(r->options->storage, &record->request, &writer.sink, &r->cancel,
                               &summary, &code, &why);
    if (result == 0)
        result = entries_finish(&writer, &why);
    if (result < 0 && why.kind == ERROR_CANCELED)
        return 0;
    if (result < 0)
        return fail_job(r, code, &why, err);
    const struct batch_builtin *builtin =
        handler_is_builtin(record->request.function) ? &r->options->builtin : NULL;
    result = status_batch_prepared(r->options->status, r->id, summary.entries, summary.etag,
                                   builtin, err);
    return unless_conflict(result, err);
}

/* --- running --- */

static int too_many_failed(struct runner *r, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct batch_record *now;
    struct error why;
    if (status_batch_get(r->options->status, r->id, arena, &now, err) < 0)
        return -1;
    (void)error_set(&why, ERROR_INPUT,
                    "more than half of the tasks failed: %lld of the %lld that were run",
                    (long long)now->failed, (long long)(now->succeeded + now->failed));
    return fail_job(r, FAILURE_THRESHOLD, &why, err);
}

static int run_tasks(struct runner *r, const struct batch_record *record, struct error *err)
{
    enum pool_end end;
    struct error why;
    if (pool_run(r->options, record, r->folder, &r->leave, &r->cancel, &end, &why) < 0) {
        if (why.kind == ERROR_INPUT)
            return fail_job(r, FAILURE_INTERNAL, &why, err);
        *err = why;
        return -1;
    }
    switch (end) {
    case POOL_DONE:
        return move(r, BATCH_ACTIVE, BATCH_COMPLETING, err) < 0 ? -1 : 0;
    case POOL_THRESHOLD:
        return too_many_failed(r, err);
    case POOL_LEFT:
        break;
    }
    return 0;
}

/* --- ending --- */

static int end_job(struct runner *r, const struct batch_record *record, enum batch_status last,
                   struct error *err)
{
    struct error why;
    if (report_is_wanted(record) &&
        report_write(r->options, record, r->folder, REPORT_FILE_ROWS, &r->cancel, &why) < 0) {
        if (why.kind == ERROR_CANCELED)
            return 0;
        (void)error_add(&why, NO_REPORT);
        if (fail_job(r, FAILURE_REPORT, &why, err) < 0)
            return -1;
        if (record->status == BATCH_COMPLETING)
            return 0; // it is Failing now
    }
    int moved = move(r, record->status, last, err);
    // cancelled meanwhile: the next step writes the report again, and needs the entries for it
    return moved > 0 ? entries_remove(r->folder, err) : moved;
}

/* --- the step that its state asks for --- */

static int step(struct runner *r, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct batch_record *record;
    if (status_batch_get(r->options->status, r->id, arena, &record, err) < 0)
        return -1;
    switch (record->status) {
    case BATCH_NEW:
        if (move(r, BATCH_NEW, BATCH_PREPARING, err) < 0)
            return -1;
        return prepare(r, record, err);
    case BATCH_PREPARING:
        return prepare(r, record, err);
    case BATCH_ACTIVE:
        return run_tasks(r, record, err);
    case BATCH_PAUSING:
        return move(r, BATCH_PAUSING, BATCH_PAUSED, err) < 0 ? -1 : 0;
    case BATCH_COMPLETING:
        return end_job(r, record, BATCH_COMPLETE, err);
    case BATCH_CANCELLING:
        return end_job(r, record, BATCH_CANCELLED, err);
    case BATCH_FAILING:
        return end_job(r, record, BATCH_FAILED, err);
    default:
        return 0;
    }
}

static void *run(void *arg)
{
    struct runner *r = arg;
    r->failed = step(r, &r->err) < 0;
    atomic_store(&r->ended, true);
    r->wake(r->driver);
    return NULL;
}

int runner_start(struct runner **ret, const struct batches_options *options, const char *id,
                 const char *folder, void (*wake)(void *driver), void *driver, struct error *err)
{
    struct runner *runner = calloc(1, sizeof(*runner));
    if (!runner || !(runner->id = strdup(id)) || !(runner->folder = strdup(folder)))
        abort();
    runner->options = options;
    runner->wake = wake;
    runner->driver = driver;
    int why = pthread_create(&runner->thread, NULL, run, runner);
    if (why) {
        free(runner->id);
        free(runner->folder);
        free(runner);
        return error_set(err, ERROR_BUG, "cannot start a thread: %s", strerror(why));
    }
    *ret = runner;
    return 0;
}

void runner_free(struct runner **runner)
{
    if (!*runner)
        return;
    pthread_join((*runner)->thread, NULL);
    free((*runner)->id);
    free((*runner)->folder);
    free(*runner);
    *runner = NULL;
}
