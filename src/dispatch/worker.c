/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch/worker.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "dispatch/report.h"
#include "plan/media.h"
#include "plan/plan.h"
#include "run/run.h"

struct worker {
    struct arena *arena; /* probe, plan and report live here */
    const struct job *job;
    struct storage *storage;
    struct worker_options options;
    int64_t started_us;

    struct media *media;
    struct probe *probe;
    struct plan *plan;
    struct delivery *delivery;
    struct run *run;
    int pass, passes;
    struct run_progress passed, latest; /* before this pass; with it, as far as it has come */
    const char *stats_folder;           /* of two-pass encodes; NULL if there is none */
    bool uploading; /* the run has ended well; what is left is to make its objects visible */
    double percent;
    struct report *report;
};

static int open_input(struct worker *worker, struct error *err)
{
    const char *uri = worker->job->Settings->Inputs[0]->FileInput;
    return media_open(&worker->media, worker->storage, uri, worker->options.cancel, worker->arena,
                      &worker->probe, err);
}

static int make_plan(struct worker *worker, struct error *err)
{
    struct plan_options options = {
        .draft = worker->options.draft,
        .threads = worker->options.threads,
        .start_wall_us = worker->options.start_wall_us,
    };
    if (plan_for_job(worker->arena, worker->job, worker->probe, &options, &worker->plan, err) < 0)
        return -1;
    for (int i = 0; i < worker->plan->videos_count; i++)
        if (worker->plan->videos[i].passes > worker->passes)
            worker->passes = worker->plan->videos[i].passes;
    return 0;
}

static int start_run(struct worker *worker, struct error *err)
{
    bool last = worker->pass == worker->passes;
    struct run_options options = {.pass = last ? 2 : 1, .stats_folder = worker->stats_folder};
    return run_new(&worker->run, worker->plan, worker->media, worker->delivery, &options, err);
}

/* x264 keeps what it learnt in its first pass in a file. */
static int make_stats_folder(struct worker *worker, struct error *err)
{
    if (worker->passes < 2)
        return 0;
    return delivery_scratch(worker->delivery, &worker->stats_folder, err);
}

/* Whether the plan made for one probe can be carried out on the other. */
static bool same_input(const struct probe *a, const struct probe *b)
{
    if (a->bytes != b->bytes || a->object.modified_us != b->object.modified_us ||
        a->tracks_count != b->tracks_count)
        return false;
    for (int i = 0; i < a->tracks_count; i++)
        if (a->tracks[i].type != b->tracks[i].type ||
            strcmp(a->tracks[i].codec_name, b->tracks[i].codec_name))
            return false;
    return true;
}

/* The input is read again from its start. */
static int next_pass(struct worker *worker, struct error *err)
{
    const struct probe *first = worker->plan->source.probe;
    run_free(&worker->run);
    media_close(&worker->media);
    worker->passed = worker->latest;
    worker->pass++;
    if (open_input(worker, err) < 0)
        return -1;
    if (!same_input(first, worker->probe))
        return error_set(err, ERROR_SOURCE_READ, "Input [%s] changed while it was read",
                         first->uri);
    return start_run(worker, err);
}

int worker_new(struct worker **ret, const struct job *job, struct storage *storage,
               const struct worker_options *options, struct error *err)
{
    CLEANUP(worker_free) struct worker *worker = calloc(1, sizeof(*worker));
    if (!worker)
        return error_set(err, ERROR_BUG, "out of memory");
    worker->arena = arena_new();
    worker->job = job;
    worker->storage = storage;
    worker->options = *options;
    worker->pass = worker->passes = 1;
    worker->started_us = clock_monotonic_us();
    if (!worker->options.start_wall_us)
        worker->options.start_wall_us = clock_wall_us();

    if (open_input(worker, err) < 0 || make_plan(worker, err) < 0 ||
        delivery_new(storage, worker->options.cancel, &worker->delivery, err) < 0)
        return -1;
    delivery_announce_to(worker->delivery, worker->options.announcer);
    if (make_stats_folder(worker, err) < 0 || start_run(worker, err) < 0)
        return -1;
    worker->report = report_new(worker->arena, worker->plan);
    *ret = TAKE(worker);
    return 0;
}

static void fill_progress(struct worker *worker, struct progress *progress)
{
    /* Each pass goes through the whole input; a second of media is done when all have seen it. */
    int64_t duration_us = worker->plan->source.duration_us;
    int64_t media_us = worker->latest.media_us / worker->passes;
    double percent = duration_us > 0 ? 100 * (double)media_us / (double)duration_us : 0;
    if (percent > worker->percent)
        worker->percent = percent < 100 ? percent : 100;
    *progress = (struct progress){
        .phase = worker->uploading ? PHASE_UPLOADING : PHASE_TRANSCODING,
        .percent = worker->percent,
        .frames = worker->latest.frames,
        .media_us = media_us,
        .duration_us = duration_us,
        .elapsed_us = clock_monotonic_us() - worker->started_us,
    };
}

/* The run has ended well: its objects become visible. */
static int deliver(struct worker *worker, struct progress *progress, struct error *err)
{
    fill_progress(worker, progress);
    if (delivery_commit(worker->delivery, err) < 0)
        return -1;
    report_fill(worker->report, worker->arena, worker->plan, run_result(worker->run));
    const char *warning = delivery_warning(worker->delivery);
    if (warning)
        report_add_info(worker->report, worker->arena, warning);
    progress->percent = 100;
    return 1;
}

int worker_wait(struct worker *worker, int64_t timeout_us, struct progress *progress,
                struct error *err)
{
    if (cancel_requested(worker->options.cancel))
        run_cancel(worker->run);
    if (worker->uploading)
        return cancel_requested(worker->options.cancel) ? error_set(err, ERROR_CANCELED, "canceled")
                                                        : deliver(worker, progress, err);

    struct run_progress run = {0};
    int r = run_wait(worker->run, timeout_us, &run, err);
    worker->latest = (struct run_progress){.frames = worker->passed.frames + run.frames,
                                           .media_us = worker->passed.media_us + run.media_us};
    worker->uploading = r > 0 && worker->pass == worker->passes;
    fill_progress(worker, progress);
    if (r > 0 && !worker->uploading)
        return next_pass(worker, err);
    return r < 0 ? -1 : 0; /* once more, so that the caller sees the phase */
}

const struct probe *worker_probe(const struct worker *worker)
{
    return worker->probe;
}

const struct report *worker_report(const struct worker *worker)
{
    return worker->report;
}

void worker_free(struct worker **worker)
{
    struct worker *w = *worker;
    if (!w)
        return;
    run_free(&w->run); /* writers go before their delivery */
    delivery_free(&w->delivery);
    media_close(&w->media);
    arena_free(&w->arena);
    free(w);
    *worker = NULL;
}
