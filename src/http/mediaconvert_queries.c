/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs queries: a filter that is kept, and answered when its results are asked for. */
#include <string.h>

#include "base/random.h"
#include "http/mediaconvert.h"
#include "http/put.h"

enum { FILTERS_MAX = 10, VALUES_MAX = 100, VALUE_MAX = 100, LOOKED_AT_MAX = 20000 };

enum filter_key { BY_QUEUE, BY_STATUS, BY_INPUT, BY_REQUESTED, BY_USED, BY_AUDIO, BY_VIDEO };

static const char *const filter_keys[] = {
    [BY_QUEUE] = "queue",
    [BY_STATUS] = "status",
    [BY_INPUT] = "fileInput",
    [BY_REQUESTED] = "jobEngineVersionRequested",
    [BY_USED] = "jobEngineVersionUsed",
    [BY_AUDIO] = "audioCodec",
    [BY_VIDEO] = "videoCodec",
};

static const char *query_key(struct arena *arena, const char *id)
{
    return arena_printf(arena, "query:%s", id);
}

/* --- StartJobsQuery --- */

static int check_filter(const struct json *filter, struct error *err)
{
    const char *key;
    int index, count = 0;
    const struct json *values = json_member(filter, "Values");
    if (call_string(filter, "Key", true, &key, err) < 0 ||
        mediaconvert_choice("key", key, filter_keys, COUNT(filter_keys), &index, err) < 0)
        return -1;
    if (!values || values->type != JSON_ARRAY)
        return error_set(err, ERROR_BAD_REQUEST, "values: Should be array");
    for (const struct json *value = values->child; value; value = value->next)
        if (value->type != JSON_STRING || json_utf8_count(value->string) > VALUE_MAX ||
            ++count > VALUES_MAX)
            return error_set(err, ERROR_BAD_REQUEST,
                             "values: Should be at most %d strings of at most %d characters",
                             VALUES_MAX, VALUE_MAX);
    return 0;
}

static int check_filters(const struct json *filters, struct error *err)
{
    int count = 0;
    if (!filters || filters->type == JSON_NULL)
        return 0;
    if (filters->type != JSON_ARRAY)
        return error_set(err, ERROR_BAD_REQUEST, "/filterList: Should be array");
    for (const struct json *filter = filters->child; filter; filter = filter->next, count++)
        if (check_filter(filter, err) < 0)
            return error_add(err, "/filterList/%d", count);
    if (count > FILTERS_MAX)
        return error_set(err, ERROR_BAD_REQUEST, "/filterList: Should NOT have more than %d items",
                         FILTERS_MAX);
    return 0;
}

int mediaconvert_start_jobs_query(struct service *service, struct call *call, struct error *err)
{
    struct json *root;
    struct page page;
    char id[RANDOM_UUID_SIZE];
    if (call_json(call, &root, err) < 0 || mediaconvert_page(call, root, true, &page, err) < 0 ||
        check_filters(json_member(root, "FilterList"), err) < 0 ||
        status_value_set(service->status, query_key(call->arena, random_uuid(id)),
                         mediaconvert_text(call, NULL, root), err) < 0)
        return -1;
    put_open(&call->reply, NULL, '{');
    put_string(&call->reply, "id", id);
    put_close(&call->reply, '}');
    return 0;
}

/* --- GetJobsQueryResults --- */

/* A job that is looked at; what is JSON in its record is read when a filter asks for it. */
struct candidate {
    struct arena *arena;
    const struct job_record *job;
    struct json *settings, *rest;
};

static const struct json *read(struct candidate *candidate, const char *text, struct json **json)
{
    static const struct json nothing = {.type = JSON_NULL};
    struct error err;
    size_t at;
    if (!*json && json_parse(candidate->arena, text, strlen(text), json, &at, &err) < 0)
        return &nothing;
    return *json;
}

static const struct json *settings_of(struct candidate *candidate)
{
    return read(candidate, candidate->job->settings, &candidate->settings);
}

/* The first element of a member that is an array; NULL if there is none. */
static const struct json *first(const struct json *object, const char *name)
{
    const struct json *list = json_member(object, name);
    return list ? list->child : NULL;
}

static bool is_string(const struct json *value, const char *string)
{
    return value && value->type == JSON_STRING && strcmp(value->string, string) == 0;
}

static bool reads_input(struct candidate *candidate, const char *part)
{
    const struct json *input = first(settings_of(candidate), "Inputs");
    for (; input; input = input->next) {
        const struct json *file = json_member(input, "FileInput");
        if (file && file->type == JSON_STRING && strstr(file->string, part))
            return true;
    }
    return false;
}

static bool is_requested(struct candidate *candidate, const char *version)
{
    const struct json *rest = read(candidate, candidate->job->rest, &candidate->rest);
    return is_string(json_member(rest, "JobEngineVersionRequested"), version);
}

static bool has_codec(const struct json *description, const char *codec)
{
    return is_string(json_member(json_member(description, "CodecSettings"), "Codec"), codec);
}

static bool writes_codec(const struct json *output, enum filter_key key, const char *codec)
{
    if (key == BY_VIDEO)
        return has_codec(json_member(output, "VideoDescription"), codec);
    for (const struct json *audio = first(output, "AudioDescriptions"); audio; audio = audio->next)
        if (has_codec(audio, codec))
            return true;
    return false;
}

static bool has_output(struct candidate *candidate, enum filter_key key, const char *codec)
{
    const struct json *group = first(settings_of(candidate), "OutputGroups");
    for (; group; group = group->next)
        for (const struct json *output = first(group, "Outputs"); output; output = output->next)
            if (writes_codec(output, key, codec))
                return true;
    return false;
}

static bool has_value(struct candidate *candidate, enum filter_key key, const char *value)
{
    const struct job_record *job = candidate->job;
    switch (key) {
    case BY_QUEUE:
        return strcmp(job->queue, mediaconvert_name(value, "queues")) == 0;
    case BY_STATUS:
        return strcmp(job_status_names[job->status], value) == 0;
    case BY_INPUT:
        return reads_input(candidate, value);
    case BY_REQUESTED:
        return is_requested(candidate, value);
    case BY_USED:
        return strcmp(value, JOB_ENGINE_VERSION) == 0;
    case BY_AUDIO:
    case BY_VIDEO:
        return has_output(candidate, key, value);
    }
    return false;
}

/* One of each filter's values must fit. */
static bool fits(const struct job_record *job, const struct json *filters)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct candidate candidate = {.arena = arena, .job = job};
    struct error err;
    for (const struct json *f = filters ? filters->child : NULL; f; f = f->next) {
        const char *key;
        int index;
        bool fit = false;
        if (call_string(f, "Key", true, &key, &err) < 0 ||
            mediaconvert_choice("key", key, filter_keys, COUNT(filter_keys), &index, &err) < 0)
            return false;
        for (const struct json *v = first(f, "Values"); v && !fit; v = v->next)
            fit = has_value(&candidate, (enum filter_key)index, v->string);
        if (!fit)
            return false;
    }
    return true;
}

/* Looks at pages no longer than what is still wanted, so that the next page begins right behind
 * the last job that was looked at. */
static int put_fitting(struct service *service, struct call *call, const struct json *filters,
                       struct page page, const char **ret_next, struct error *err)
{
    const struct job_filter all = {0};
    int looked_at = 0;
    do {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct job_record **jobs;
        const char *next;
        int count;
        if (status_job_list(service->status, &all, &page, arena, &jobs, &count, &next, err) < 0)
            return -1;
        for (int i = 0; i < count; i++) {
            if (!fits(jobs[i], filters))
                continue;
            page.max--;
            if (mediaconvert_put_job(service, call, NULL, jobs[i], err) < 0)
                return -1;
        }
        looked_at += count;
        page.token = next ? arena_strdup(call->arena, next) : NULL;
    } while (page.token && page.max > 0 && looked_at < LOOKED_AT_MAX &&
             !cancel_requested(service->stopping));
    *ret_next = page.token;
    return 0;
}

int mediaconvert_get_jobs_query_results(struct service *service, struct call *call,
                                        struct error *err)
{
    const char *text, *next;
    struct json *query;
    struct page page;
    size_t at;
    if (mediaconvert_value(service, call, query_key(call->arena, call->name), &text, err) < 0)
        return -1;
    if (!text)
        return error_set(err, ERROR_NOT_FOUND, "no query '%.80s'", call->name);
    if (json_parse(call->arena, text, strlen(text), &query, &at, err) < 0 ||
        mediaconvert_page(call, query, true, &page, err) < 0)
        return -1;
    put_open(&call->reply, NULL, '{');
    put_open(&call->reply, "jobs", '[');
    if (put_fitting(service, call, json_member(query, "FilterList"), page, &next, err) < 0)
        return -1;
    put_close(&call->reply, ']');
    put_string(&call->reply, "nextToken", next);
    put_string(&call->reply, "status", "COMPLETE");
    put_close(&call->reply, '}');
    return 0;
}
