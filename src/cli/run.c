/* SPDX-License-Identifier: Apache-2.0 */
/* `run`: one job, here and now. */
#include <signal.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/load.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "dispatch/worker.h"
#include "s3/storage.h"

struct arguments {
    struct job_arguments job;
    int progress;
};

static const struct option options[] = {
    JOB_OPTIONS(struct arguments),
    {"progress", 'p', NULL, "how it is going, on stderr", OPTION_CHOICE,
     offsetof(struct arguments, progress), progress_styles},
    {0},
};

/* Prints the infos and warnings that have not been printed yet. */
static void print_messages(const struct report *report, int *infos, int *warnings)
{
    for (; *infos < report->infos_count; ++*infos)
        print_message("info", report->infos[*infos]);
    for (; *warnings < report->warnings_count; ++*warnings)
        print_message("warning", report->warnings[*warnings].message);
}

/* Looks at the worker until it has ended. Progress that nobody reads any more, `2>&1 | head -1`,
 * cancels it. */
static int watch(struct worker *worker, enum progress_style style, struct cancel *cancel,
                 struct progress *ret_progress, struct error *err)
{
    struct progress_display display;
    progress_init(&display, style);
    int r;
    while ((r = worker_wait(worker, 200000, ret_progress, err)) == 0) {
        progress_show(&display, ret_progress);
        if (display.style != PROGRESS_NONE && ferror(stderr))
            cancel_request(cancel);
    }
    if (r > 0)
        progress_show(&display, ret_progress);
    progress_clear(&display);
    return r;
}

static void print_result(const struct report *report, const struct progress *progress,
                         const struct loaded_job *loaded, const struct job_arguments *arguments)
{
    if (arguments->json) {
        print_json(report_to_json(report, &loaded->findings));
        return;
    }
    CLEANUP(text_release) struct text out = {0};
    report_table(report, &out);
    report_total(report, progress, store_place(&arguments->store), &out);
    fputs(out.data, stdout);
}

static int run(const struct loaded_job *loaded, const struct arguments *arguments,
               struct storage *storage, struct interrupt *interrupt, struct error *err)
{
    struct worker_options worker_options = {
        .draft = arguments->job.speed == SPEED_DRAFT,
        .threads = arguments->job.threads,
        .cancel = &interrupt->cancel,
    };
    CLEANUP(worker_free) struct worker *worker = NULL;
    if (worker_new(&worker, loaded->job, storage, &worker_options, err) < 0)
        return -1;

    int infos = 0, warnings = 0;
    print_messages(worker_report(worker), &infos, &warnings);
    struct progress progress = {0};
    if (watch(worker, (enum progress_style)arguments->progress, &interrupt->cancel, &progress,
              err) < 0)
        return -1;
    print_messages(worker_report(worker), &infos, &warnings);
    print_result(worker_report(worker), &progress, loaded, &arguments->job);
    return 0;
}

int run_main(int argc, char **argv)
{
    struct arguments arguments = {0};
    const char *file;
    int status = options_read("run", options, argc, argv, &arguments, &file);
    if (status != OPTIONS_READ)
        return status;

    CLEANUP(load_release) struct loaded_job loaded;
    status = load_job(&loaded, file, &arguments.job);
    if (status != LOADED)
        return status;

    struct error err = {0};
    CLEANUP(interrupt_release) struct interrupt interrupt;
    interrupt_init(&interrupt);
    signal(SIGPIPE, SIG_IGN); // a pipe that closes must not leave half of the objects behind
    CLEANUP(storage_free) struct storage *storage = NULL;
    if (store_open(&storage, &arguments.job.store, &err) < 0 ||
        run(&loaded, &arguments, storage, &interrupt, &err) < 0)
        return fail(&err, arguments.job.json);
    return EXIT_DONE;
}
