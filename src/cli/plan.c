/* SPDX-License-Identifier: Apache-2.0 */
/* `plan`: what a job would make of its input. */
#include "plan/plan.h"

#include <stdio.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/load.h"
#include "plan/media.h"
#include "s3/storage.h"

struct arguments {
    struct job_arguments job;
};

static const struct option options[] = {
    JOB_OPTIONS(struct arguments),
    {0},
};

static int plan(const struct loaded_job *loaded, const struct job_arguments *arguments,
                struct plan **ret, struct error *err)
{
    CLEANUP(storage_free) struct storage *storage = NULL;
    if (store_open(&storage, &arguments->store, err) < 0)
        return -1;
    CLEANUP(media_close) struct media *media = NULL;
    struct probe *probe;
    const char *uri = loaded->job->Settings->Inputs[0]->FileInput;
    if (media_open(&media, storage, uri, NULL, loaded->arena, &probe, err) < 0)
        return -1;

    struct plan_options plan_options = {
        .draft = arguments->speed == SPEED_DRAFT,
        .threads = arguments->threads,
        .start_wall_us = clock_wall_us(),
    };
    return plan_for_job(loaded->arena, loaded->job, probe, &plan_options, ret, err);
}

int plan_main(int argc, char **argv)
{
    struct arguments arguments = {0};
    const char *file;
    int status = options_read("plan", options, argc, argv, &arguments, &file);
    if (status != OPTIONS_READ)
        return status;
    CLEANUP(load_release) struct loaded_job loaded;
    status = load_job(&loaded, file, &arguments.job);
    if (status != LOADED)
        return status;

    struct error err;
    struct plan *made;
    if (plan(&loaded, &arguments.job, &made, &err) < 0)
        return fail(&err, arguments.job.json);
    if (arguments.job.json) {
        print_json(plan_to_json(made));
        return EXIT_DONE;
    }
    CLEANUP(text_release) struct text out = {0};
    plan_print(made, &out);
    fputs(out.data, stdout);
    return EXIT_DONE;
}
