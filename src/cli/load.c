/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/load.h"

#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/text.h"
#include "cli/command.h"
#include "job/file.h"

const char *const job_speeds[] = {"normal", "draft", NULL};

static int apply(struct arena *arena, struct json *root, const struct job_arguments *arguments,
                 struct error *err)
{
    if (arguments->input && job_set_input(arena, root, arguments->input, err) < 0)
        return error_add(err, "--input '%s'", arguments->input);
    if (arguments->destination && job_set_destination(arena, root, arguments->destination, err) < 0)
        return error_add(err, "--destination '%s'", arguments->destination);
    for (int i = 0; i < arguments->set.count; i++) {
        const char *item = arguments->set.items[i], *equals = strchr(item, '=');
        if (!equals)
            return error_set(err, ERROR_BAD_REQUEST, "--set takes /POINTER=VALUE, not '%s'", item);
        const char *pointer = arena_strndup(arena, item, (size_t)(equals - item));
        if (job_set(arena, root, pointer, equals + 1, err) < 0)
            return error_add(err, "--set '%s'", item);
    }
    return 0;
}

/* {"status": "REFUSED", "findings": […]}, as `validate --json` lists them. */
static void print_refused(const struct loaded_job *loaded)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "status", "REFUSED");
    cJSON_AddItemToObject(object, "findings",
                          findings_json(&loaded->findings, loaded->text, loaded->size));
    print_json(object);
}

static struct job *parse(struct loaded_job *loaded, const struct job_arguments *arguments)
{
    struct error err;
    struct json *root = job_read(loaded->arena, loaded->text, loaded->size, &loaded->findings);
    if (!root)
        return NULL;
    if (apply(loaded->arena, root, arguments, &err) < 0) {
        char text[1024];
        findings_add(&loaded->findings, FINDING_ERROR, err.at, JSON_NOWHERE, "%s",
                     error_text(&err, text, sizeof(text)));
        return NULL;
    }
    return job_new(loaded->arena, root, JOB_LOCAL_FILES, &loaded->findings);
}

int load_job(struct loaded_job *ret, const char *file, const struct job_arguments *arguments)
{
    *ret = (struct loaded_job){.arena = arena_new()};
    findings_init(&ret->findings, ret->arena);
    struct error err;
    if (job_file_read(ret->arena, file, &ret->text, &ret->size, &err) < 0) {
        char text[1024];
        findings_add(&ret->findings, FINDING_ERROR, "", JSON_NOWHERE, "%s",
                     error_text(&err, text, sizeof(text)));
        print_message("error", ret->findings.items[0].message);
        if (arguments->json)
            print_refused(ret);
        return EXIT_REFUSED;
    }
    ret->job = parse(ret, arguments);

    CLEANUP(text_release) struct text lines = {0};
    findings_print(&ret->findings, job_file_name(file), ret->text, ret->size, &lines);
    if (lines.size)
        fputs(lines.data, stderr);
    if (ret->job)
        return LOADED;
    if (arguments->json)
        print_refused(ret);
    return EXIT_REFUSED;
}

void load_release(struct loaded_job *loaded)
{
    arena_free(&loaded->arena);
}
