/* SPDX-License-Identifier: Apache-2.0 */
/* `inventory`: what is in a bucket, as an S3 Inventory report. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/text.h"
#include "batch/inventory.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/store.h"

#define ID_DEFAULT "inventory"

enum versions { VERSIONS_CURRENT, VERSIONS_ALL };

static const char *const versions[] = {"current", "all", NULL};

struct arguments {
    struct store_arguments store;
    const char *destination, *id, *fields;
    int versions;
    bool json;
};

static const struct option options[] = {
    {"destination", 'd', "s3://BUCKET/PREFIX", "where the report goes", OPTION_TEXT,
     offsetof(struct arguments, destination)},
    {"id", 0, "ID", "its folder there (" ID_DEFAULT ")", OPTION_TEXT,
     offsetof(struct arguments, id)},
    {"fields", 0, "NAME,...", "besides bucket and key (" INVENTORY_FIELDS_DEFAULT ")", OPTION_TEXT,
     offsetof(struct arguments, fields)},
    {"versions", 0, NULL, "of the objects; only current ones can be listed", OPTION_CHOICE,
     offsetof(struct arguments, versions), versions},
    STORE_OPTIONS(struct arguments, store),
    {"json", 0, NULL, "print what was written, for a program", OPTION_FLAG,
     offsetof(struct arguments, json)},
    {0},
};

/* "s3://BUCKET/PREFIX"; the prefix may be missing. */
static int read_place(struct arena *arena, const char *uri, const char **ret_bucket,
                      const char **ret_prefix, struct error *err)
{
    static const char scheme[] = "s3://";
    size_t length = strncmp(uri, scheme, strlen(scheme)) ? 0 : strcspn(uri + strlen(scheme), "/");
    if (!length)
        return error_set(err, ERROR_BAD_REQUEST, "'%s' is not of the form s3://BUCKET/PREFIX", uri);
    const char *bucket = uri + strlen(scheme), *prefix = bucket + length;
    *ret_bucket = arena_strndup(arena, bucket, length);
    *ret_prefix = *prefix ? prefix + 1 : prefix;
    return 0;
}

static int read_request(struct arena *arena, const struct arguments *arguments, const char *place,
                        struct inventory_request *ret, struct error *err)
{
    *ret = (struct inventory_request){
        .id = arguments->id ? arguments->id : ID_DEFAULT,
        .at_us = clock_wall_us(),
    };
    if (!arguments->destination)
        return error_set(err, ERROR_BAD_REQUEST, "give --destination, where the report goes");
    if (arguments->versions == VERSIONS_ALL)
        return error_set(err, ERROR_BAD_REQUEST,
                         "versions cannot be listed, only what is current: --versions current");
    if (read_place(arena, place, &ret->bucket, &ret->prefix, err) < 0 ||
        read_place(arena, arguments->destination, &ret->to_bucket, &ret->to_prefix, err) < 0)
        return -1;
    const char *fields = arguments->fields ? arguments->fields : INVENTORY_FIELDS_DEFAULT;
    return inventory_read_fields(fields, &ret->fields, err);
}

/* "arn:aws:s3:::BUCKET/KEY" */
static const char *arn_of(struct arena *arena, const char *uri)
{
    return arena_printf(arena, "arn:aws:s3:::%s", uri + strlen("s3://"));
}

static void print_report_json(struct arena *arena, const struct inventory_report *report)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "status", "COMPLETE");
    cJSON_AddStringToObject(object, "manifest", report->manifest);
    cJSON_AddStringToObject(object, "manifestArn", arn_of(arena, report->manifest));
    cJSON_AddStringToObject(object, "manifestETag", report->etag);
    cJSON_AddStringToObject(object, "checksum", report->checksum);
    cJSON_AddStringToObject(object, "symlink", report->symlink);
    cJSON_AddItemToObject(object, "data", cJSON_CreateStringArray(report->data, report->files));
    cJSON_AddStringToObject(object, "fileSchema", report->schema);
    cJSON_AddStringToObject(object, "emptyFields", report->empty);
    cJSON_AddNumberToObject(object, "objects", (double)report->objects);
    cJSON_AddNumberToObject(object, "bytes", (double)report->bytes);
    print_json(object);
}

/* Names to stdout, what to do with them to stderr. */
static void print_report(const struct inventory_report *report, const struct arguments *arguments,
                         const char *place)
{
    const struct store_arguments *store = &arguments->store;
    char bytes[32];
    for (int i = 0; i < report->files; i++)
        puts(report->data[i]);
    printf("%s\n%s\n%s\n", report->symlink, report->manifest, report->checksum);
    fflush(stdout);
    fprintf(stderr, "%" PRId64 " object%s, %s, in %s\n", report->objects,
            report->objects == 1 ? "" : "s", text_bytes(report->bytes, bytes), place);
    fprintf(stderr, "the manifest's ETag, for CreateJob: %s\n", report->etag);
    fprintf(stderr, "next: mediaconvert-local batch %s --handler builtin --job JOB.json",
            report->manifest);
    if (store->folder || store->endpoint)
        fprintf(stderr, " --%s %s", store->folder ? "storage" : "s3-endpoint", store_place(store));
    fprintf(stderr, "\n");
}

int inventory_main(int argc, char **argv)
{
    struct arguments arguments = {0};
    const char *place;
    int status = options_read("inventory", options, argc, argv, &arguments, &place);
    if (status != OPTIONS_READ)
        return status;

    struct error err = {0};
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct inventory_request request;
    if (read_request(arena, &arguments, place, &request, &err) < 0)
        return fail(&err, arguments.json);

    CLEANUP(interrupt_release) struct interrupt interrupt;
    interrupt_init(&interrupt);
    signal(SIGPIPE, SIG_IGN);
    CLEANUP(storage_free) struct storage *storage = NULL;
    struct inventory_report report;
    if (store_open(&storage, &arguments.store, &err) < 0 ||
        inventory_write(storage, &request, &interrupt.cancel, arena, &report, &err) < 0)
        return fail(&err, arguments.json);

    if (*report.empty)
        print_message("warning", arena_printf(arena,
                                              "a list does not tell these fields, which are "
                                              "left empty: %s",
                                              report.empty));
    if (report.warning)
        print_message("warning", report.warning);
    if (arguments.json)
        print_report_json(arena, &report);
    else
        print_report(&report, &arguments, place);
    return EXIT_DONE;
}
