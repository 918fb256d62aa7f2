/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tutorial's function does, without a function: the job that the batch job was made with,
 * with the entry's object as its input, is handed to CreateJob.
 *
 *   FileInput     s3://BUCKET/KEY, the key URL-decoded
 *   Destination   s3://OUTPUT-BUCKET/NAME/Default/PATH: NAME is the key's last part without its
 *                 extension, PATH what the job's own Destination has behind its bucket
 *   UserMetadata  assetID, application, input, settings
 *   ClientRequestToken  names the task, so that a task that is repeated starts no second job
 *
 * The task succeeds when the job is in its queue; the transcode runs there.
 */
#include <cjson/cJSON.h>
#include <openssl/sha.h>
#include <string.h>

#include "batch/handler.h"
#include "batch/lambda.h"
#include "s3/uri.h"

struct builtin {
    const struct batches_options *options;
    const struct batch_builtin *what; /* the batch job's own, or that of the options */
    cJSON *request;                   /* CreateJob's, to be filled in */
};

static void delete_json(cJSON **json)
{
    cJSON_Delete(*json);
}

bool handler_is_builtin(const char *function)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    return strcmp(handler_function_name(arena, function), "builtin") == 0;
}

static bool takes(const struct batches_options *options, const char *function)
{
    (void)options;
    return handler_is_builtin(function);
}

/* --- the job --- */

/* "OutputGroups" as "outputGroups", too. */
static cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_IsObject(object) ? cJSON_GetObjectItem(object, name) : NULL;
}

/* Bare settings, a CreateJob request, or what GetJob answers: as a CreateJob request. */
static cJSON *as_request(cJSON *root)
{
    cJSON *job = member(root, "Job");
    cJSON *settings = member(job ? job : root, "Settings");
    if (settings && !job)
        return root;
    cJSON *request = cJSON_CreateObject();
    if (settings)
        cJSON_AddItemToObject(request, "Settings", cJSON_DetachItemViaPointer(job, settings));
    else
        cJSON_AddItemToObject(request, "Settings", root);
    if (settings)
        cJSON_Delete(root);
    return request;
}

static void set_string(cJSON *object, const char *name, const char *value)
{
    cJSON_DeleteItemFromObject(object, name);
    cJSON_AddStringToObject(object, name, value);
}

static int open_builtin(void **ret, const struct batches_options *options,
                        const struct batch_record *record, struct error *err)
{
    const struct batch_builtin *own = &record->request.builtin;
    const struct batch_builtin *what = own->job ? own : &options->builtin;
    if (!what->job || !options->submitter)
        return error_set(err, ERROR_BAD_REQUEST,
                         "the function 'builtin' has no job: start the server with --job FILE");
    cJSON *root = cJSON_Parse(what->job);
    if (!cJSON_IsObject(root)) {
        cJSON_Delete(root);
        return error_set(err, ERROR_BAD_REQUEST, "the job of the function 'builtin' is no JSON");
    }
    struct builtin *builtin = calloc(1, sizeof(*builtin));
    if (!builtin)
        abort();
    builtin->options = options;
    builtin->what = what;
    builtin->request = as_request(root);
    if (what->role)
        set_string(builtin->request, "Role", what->role);
    *ret = builtin;
    return 0;
}

static void close_builtin(void *state)
{
    struct builtin *builtin = state;
    cJSON_Delete(builtin->request);
    free(builtin);
}

/* --- one object's job --- */

static const struct {
    const char *type, *settings;
} groups[] = {
    {"HLS_GROUP_SETTINGS", "HlsGroupSettings"},
    {"FILE_GROUP_SETTINGS", "FileGroupSettings"},
    {"CMAF_GROUP_SETTINGS", "CmafGroupSettings"},
    {"DASH_ISO_GROUP_SETTINGS", "DashIsoGroupSettings"},
    {"MS_SMOOTH_GROUP_SETTINGS", "MsSmoothGroupSettings"},
};

#define JOB_NAME "Default"

/* "s3://BUCKET/PATH" */
static int set_destination(struct arena *arena, cJSON *settings, const char *bucket,
                           const char *asset, struct error *err)
{
    const cJSON *old = member(settings, "Destination");
    const char *name = cJSON_IsString(old) ? old->valuestring : "";
    if (strncmp(name, "s3://", 5) != 0)
        return error_set(err, ERROR_SETTINGS, "an output group has no Destination on S3");
    size_t own = strcspn(name + 5, "/");
    const char *path = name + 5 + own;
    set_string(settings, "Destination",
               bucket ? arena_printf(arena, "s3://%s/%s/" JOB_NAME "%s", bucket, asset, path)
                      : arena_printf(arena, "s3://%.*s/%s/" JOB_NAME "%s", (int)own, name + 5,
                                     asset, path));
    return 0;
}

static int set_destinations(struct arena *arena, const cJSON *settings, const char *bucket,
                            const char *asset, struct error *err)
{
    const cJSON *group;
    cJSON_ArrayForEach(group, member(settings, "OutputGroups"))
    {
        const cJSON *group_settings = member(group, "OutputGroupSettings");
        const cJSON *type = member(group_settings, "Type");
        const char *name = cJSON_IsString(type) ? type->valuestring : "";
        size_t i = 0;
        while (i < COUNT(groups) && strcmp(groups[i].type, name) != 0)
            i++;
        cJSON *own = i < COUNT(groups) ? member(group_settings, groups[i].settings) : NULL;
        if (!cJSON_IsObject(own))
            return error_set(err, ERROR_SETTINGS, "unknown output group type '%s'", name);
        if (set_destination(arena, own, bucket, asset, err) < 0)
            return -1;
    }
    return 0;
}

/* The key's last part without its extension; a dot that it begins with begins none. */
static const char *asset_of(struct arena *arena, const char *key)
{
    const char *slash = strrchr(key, '/');
    const char *name = slash ? slash + 1 : key;
    const char *dot = strrchr(name, '.');
    bool extension = dot && strspn(name, ".") < (size_t)(dot - name);
    return arena_strndup(arena, name, extension ? (size_t)(dot - name) : strlen(name));
}

/* A UUID that the task always has. */
static const char *asset_id(struct arena *arena, const char *token)
{
    unsigned char h[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)token, strlen(token), h);
    return arena_printf(arena,
                        "%02x%02x%02x%02x-%02x%02x-4%01x%02x-a%01x%02x-%02x%02x%02x%02x%02x%02x",
                        h[0], h[1], h[2], h[3], h[4], h[5], h[6] & 15, h[7], h[8] & 15, h[9], h[10],
                        h[11], h[12], h[13], h[14], h[15]);
}

static void set_metadata(struct arena *arena, cJSON *request, const struct builtin *builtin,
                         const char *token, const char *input)
{
    const char *application = builtin->what->application;
    cJSON *metadata = member(request, "UserMetadata");
    if (!cJSON_IsObject(metadata)) {
        cJSON_DeleteItemFromObject(request, "UserMetadata");
        metadata = cJSON_AddObjectToObject(request, "UserMetadata");
    }
    set_string(metadata, "assetID", asset_id(arena, token));
    set_string(metadata, "application", application ? application : "VOD");
    set_string(metadata, "input", input);
    set_string(metadata, "settings", JOB_NAME);
}

/* Which object a key means. It is URL-encoded; a plus is a space, as forms have it, unless there is
 * no such object: not everybody who writes a manifest encodes a plus. */
static const char *find_input(struct arena *arena, const struct builtin *builtin,
                              const struct batch_entry *entry, struct cancel *cancel)
{
    char *literal = arena_strdup(arena, entry->key), *spaces = arena_strdup(arena, entry->key);
    uri_decode(literal);
    uri_decode_form(spaces);
    if (strcmp(literal, spaces) == 0)
        return literal;
    struct object_reader *reader = NULL;
    struct error missing;
    const char *uri = arena_printf(arena, "s3://%s/%s", entry->bucket, spaces);
    bool found = storage_open(builtin->options->storage, uri, cancel, &reader, &missing) == 0;
    object_close(&reader);
    return found || missing.kind != ERROR_NOT_FOUND ? spaces : literal;
}

static int make_request(struct arena *arena, const struct builtin *builtin,
                        const struct batch_task *task, const char *key, const char *token,
                        const char **ret, struct error *err)
{
    CLEANUP(delete_json) cJSON *request = cJSON_Duplicate(builtin->request, true);
    const cJSON *settings = member(request, "Settings");
    cJSON *input = cJSON_GetArrayItem(member(settings, "Inputs"), 0);
    const char *uri = arena_printf(arena, "s3://%s/%s", task->entry.bucket, key);
    if (!cJSON_IsObject(input))
        return error_set(err, ERROR_SETTINGS, "the job of the function 'builtin' has no Inputs[0]");
    set_string(input, "FileInput", uri);
    if (set_destinations(arena, settings, builtin->what->output_bucket, asset_of(arena, key), err) <
        0)
        return -1;
    set_metadata(arena, request, builtin, token, uri);
    set_string(request, "ClientRequestToken", token);
    char *text = cJSON_PrintUnformatted(request);
    if (!text)
        abort();
    *ret = arena_strdup(arena, text);
    cJSON_free(text);
    return 0;
}

/* CreateJob's own words for why not. What it will never take is not tried again. */
static int refused(struct arena *arena, const struct error *err, struct task_outcome *ret)
{
    char text[1024];
    error_text(err, text, sizeof(text));
    ret->message = lambda_message(arena, text, strlen(text));
    ret->code = err->kind == ERROR_BAD_REQUEST || err->kind == ERROR_SETTINGS ||
                        err->kind == ERROR_NOT_FOUND || err->kind == ERROR_CONFLICT
                    ? TASK_PERMANENT
                    : TASK_TEMPORARY;
    return 0;
}

static int invoke(void *state, const struct batch_task *task, struct cancel *cancel,
                  struct arena *arena, struct task_outcome *ret, struct error *err)
{
    struct builtin *builtin = state;
    const char *token = batch_task_token(arena, task->batch, task->number);
    const char *key = find_input(arena, builtin, &task->entry, cancel);
    const char *request, *id;
    *ret = (struct task_outcome){.code = TASK_SUCCEEDED, .http_status = 200};
    if (!*key || key[strlen(key) - 1] == '/' || strstr(task->entry.key, "%00")) {
        ret->code = TASK_PERMANENT;
        ret->message = arena_printf(arena, "'%s' is no video's key", task->entry.key);
        return 0;
    }
    if (make_request(arena, builtin, task, key, token, &request, err) < 0 ||
        builtin->options->submitter->submit(builtin->options->submitter, request, arena, &id, err) <
            0)
        return err->kind == ERROR_CANCELED ? -1 : refused(arena, err, ret);
    ret->message = arena_printf(arena, "MediaConvert job %s was created", id);
    return 0;
}

const struct handler handler_builtin = {"builtin", takes, open_builtin, close_builtin, invoke};
