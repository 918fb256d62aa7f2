/* SPDX-License-Identifier: Apache-2.0 */
/* `probe`: what is in a media file. */
#include "plan/probe.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/store.h"
#include "plan/media.h"
#include "s3/storage.h"

struct arguments {
    struct store_arguments store;
    bool json;
};

static const struct option options[] = {
    STORE_OPTIONS(struct arguments, store),
    {"json", 0, NULL, "print what MediaConvert's Probe answers", OPTION_FLAG,
     offsetof(struct arguments, json)},
    {0},
};

/* Probe's eTag. Where the storage does not know it, all of the object is read. */
static int find_etag(struct storage *storage, struct probe *probe, struct error *err)
{
    const char *etag;
    CLEANUP(object_close) struct object_reader *reader = NULL;
    if (storage_open(storage, probe->uri, NULL, &reader, err) < 0 ||
        object_etag(reader, &etag, err) < 0)
        return -1;
    snprintf(probe->object.etag, sizeof(probe->object.etag), "%s", etag);
    return 0;
}

static int probe(struct arena *arena, const char *operand, const struct arguments *arguments,
                 struct probe **ret, struct error *err)
{
    char path[PATH_MAX];
    if (!strstr(operand, "://") && !realpath(operand, path))
        return error_set(err, ERROR_NOT_FOUND, "cannot open '%s': %s", operand, strerror(errno));
    const char *uri = strstr(operand, "://") ? operand : arena_printf(arena, "file://%s", path);

    CLEANUP(storage_free) struct storage *storage = NULL;
    CLEANUP(media_close) struct media *media = NULL;
    if (store_open(&storage, &arguments->store, err) < 0 ||
        media_open(&media, storage, uri, NULL, arena, ret, err) < 0)
        return -1;
    return arguments->json ? find_etag(storage, *ret, err) : 0;
}

/* {"probeResults": […]}, as the service wraps it. */
static cJSON *answer(const struct probe *found)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToArray(cJSON_AddArrayToObject(object, "probeResults"), probe_to_json(found));
    return object;
}

int probe_main(int argc, char **argv)
{
    struct arguments arguments = {0};
    const char *operand;
    int status = options_read("probe", options, argc, argv, &arguments, &operand);
    if (status != OPTIONS_READ)
        return status;

    struct error err;
    struct probe *found;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    if (probe(arena, operand, &arguments, &found, &err) < 0)
        return fail(&err, arguments.json);
    if (arguments.json) {
        print_json(answer(found));
        return EXIT_DONE;
    }
    CLEANUP(text_release) struct text out = {0};
    probe_print(found, &out);
    fputs(out.data, stdout);
    return EXIT_DONE;
}
