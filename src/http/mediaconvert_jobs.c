/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs as they are: GetJob, ListJobs, SearchJobs, CancelJob, and queries. */
#include <string.h>

#include <openssl/rand.h>

#include "dispatch/dispatcher.h"
#include "http/mediaconvert.h"
#include "http/put.h"

/* --- one job --- */

static void put_timing(struct text *out, const struct job_record *job)
{
    put_open(out, "timing", '{');
    put_time(out, "submitTime", job->created_us);
    put_time(out, "startTime", job->started_us);
    put_time(out, "finishTime", job->finished_us);
    put_close(out, '}');
}

static void put_messages(struct text *out, const struct job_record *job)
{
    put_open(out, "messages", '{');
    put_json(out, "info", *job->infos ? job->infos : "[]");
    put_json(out, "warning", *job->warnings ? job->warnings : "[]");
    put_close(out, '}');
}

static void put_transitions(struct service *service, struct call *call, struct text *out,
                            const struct job_record *job)
{
    put_open(out, "queueTransitions", '[');
    for (int i = 0; i < job->transitions_count; i++) {
        const struct queue_transition *t = &job->transitions[i];
        put_open(out, NULL, '{');
        put_string(out, "destinationQueue",
                   status_arn(service->status, call->arena, "queues", t->to));
        put_string(out, "sourceQueue", status_arn(service->status, call->arena, "queues", t->from));
        put_time(out, "timestamp", t->at_us);
        put_close(out, '}');
    }
    put_close(out, ']');
}

static void put_progress(struct text *out, const struct job_record *job)
{
    put_string(out, "status", job_status_names[job->status]);
    if (job->status == JOB_PROGRESSING) {
        put_string(out, "currentPhase", job_phase_names[job->phase]);
        put_number(out, "jobPercentComplete", job->percent);
    }
    if (job->status == JOB_ERROR) {
        put_number(out, "errorCode", job->error_code);
        put_string(out, "errorMessage", job->error_message);
    }
    put_number(out, "retryCount", job->attempt > 1 ? job->attempt - 1 : 0);
    put_json(out, "outputGroupDetails", job->output_groups);
    put_json(out, "warnings", job->warning_counts);
}

/* Whether somebody has called CreateResourceShare. */
static int put_share(struct service *service, struct call *call, const struct job_record *job,
                     struct error *err)
{
    const char *share;
    if (mediaconvert_value(service, call, arena_printf(call->arena, "share:%s", job->id), &share,
                           err) < 0)
        return -1;
    put_string(&call->reply, "shareStatus", share ? "SHARED" : "NOT_SHARED");
    put_string(&call->reply, "lastShareDetails", share);
    return 0;
}

int mediaconvert_put_job(struct service *service, struct call *call, const char *name,
                         const struct job_record *job, struct error *err)
{
    struct text *out = &call->reply;
    put_open(out, name, '{');
    put_string(out, "accelerationStatus", "NOT_APPLICABLE");
    put_string(out, "arn", status_arn(service->status, call->arena, "jobs", job->id));
    put_time(out, "createdAt", job->created_us);
    put_string(out, "id", job->id);
    put_string(out, "jobEngineVersionUsed", JOB_ENGINE_VERSION);
    put_number(out, "priority", job->priority);
    put_string(out, "queue", status_arn(service->status, call->arena, "queues", job->queue));
    put_members(out, job->rest);
    put_progress(out, job);
    put_messages(out, job);
    put_timing(out, job);
    put_transitions(service, call, out, job);
    if (put_share(service, call, job, err) < 0)
        return -1;
    put_json(out, "settings", job->settings); // as it was checked; not parsed again
    put_close(out, '}');
    return 0;
}

int mediaconvert_get_job(struct service *service, struct call *call, struct error *err)
{
    struct job_record *job;
    if (status_job_get(service->status, call->name, call->arena, &job, err) < 0)
        return -1;
    put_open(&call->reply, NULL, '{');
    if (mediaconvert_put_job(service, call, "job", job, err) < 0)
        return -1;
    put_close(&call->reply, '}');
    return 0;
}

int mediaconvert_cancel_job(struct service *service, struct call *call, struct error *err)
{
    if (status_job_cancel(service->status, call->name, err) < 0)
        return -1;
    if (service->dispatcher)
        dispatcher_wake(service->dispatcher);
    put_json(&call->reply, NULL, "{}");
    return 0;
}

/* --- lists --- */

static int put_jobs(struct service *service, struct call *call, struct job_record **jobs, int count,
                    struct error *err)
{
    for (int i = 0; i < count; i++)
        if (mediaconvert_put_job(service, call, NULL, jobs[i], err) < 0)
            return -1;
    return 0;
}

/* A page ends early where its jobs are long, for it may stand in memory until a slow client has
 * read it: they are fetched by a few. */
static int put_page(struct service *service, struct call *call, const struct job_filter *filter,
                    struct page page, const char **ret_next, struct error *err)
{
    enum { AT_ONCE = 4, PAGE_BYTES = 4 << 20 };
    size_t start = call->reply.size;
    for (int left = page.max, count; left > 0; left -= count) {
        struct job_record **jobs;
        page.max = left < AT_ONCE ? left : AT_ONCE;
        if (status_job_list(service->status, filter, &page, call->arena, &jobs, &count, ret_next,
                            err) < 0 ||
            put_jobs(service, call, jobs, count, err) < 0)
            return -1;
        page.token = *ret_next;
        if (!*ret_next || call->reply.size - start > PAGE_BYTES)
            return 0;
    }
    return 0;
}

static int list(struct service *service, struct call *call, const char *input, struct error *err)
{
    const char *queue = call_query(call, "queue"), *next;
    enum job_status status;
    struct job_filter filter = {.input = input};
    struct page page;
    int chosen;
    if (mediaconvert_choice("status", call_query(call, "status"), job_status_names, JOB_STATUSES,
                            &chosen, err) < 0 ||
        mediaconvert_page(call, NULL, true, &page, err) < 0)
        return -1;
    status = (enum job_status)chosen;
    filter.status = chosen < 0 ? NULL : &status;
    filter.queue = queue && *queue ? mediaconvert_name(queue, "queues") : NULL;
    put_open(&call->reply, NULL, '{');
    put_open(&call->reply, "jobs", '[');
    if (put_page(service, call, &filter, page, &next, err) < 0)
        return -1;
    put_close(&call->reply, ']');
    put_string(&call->reply, "nextToken", next);
    put_close(&call->reply, '}');
    return 0;
}

int mediaconvert_list_jobs(struct service *service, struct call *call, struct error *err)
{
    return list(service, call, NULL, err);
}

int mediaconvert_search_jobs(struct service *service, struct call *call, struct error *err)
{
    const char *input = call_query(call, "inputFile");
    return list(service, call, input && *input ? input : NULL, err);
}

/* --- queries: a filter that is kept, and answered when its results are asked for --- */

enum { FILTERS_MAX = 10, VALUES_MAX = 100, LOOKED_AT_MAX = 20000 };

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
        if (value->type != JSON_STRING || strlen(value->string) > 400 || ++count > VALUES_MAX)
            return error_set(err, ERROR_BAD_REQUEST,
                             "values: Should be at most %d strings of at most 100 characters",
                             VALUES_MAX);
    return 0;
}

static const char *new_query_id(struct arena *arena)
{
    unsigned char b[16] = {0};
    char hex[2 * sizeof(b) + 1];
    if (RAND_bytes(b, sizeof(b)) != 1)
        memset(b, 0, sizeof(b));
    for (size_t i = 0; i < sizeof(b); i++)
        snprintf(hex + 2 * i, 3, "%02x", b[i]);
    return arena_strdup(arena, hex);
}

int mediaconvert_start_jobs_query(struct service *service, struct call *call, struct error *err)
{
    struct json *root;
    struct page page;
    int count = 0;
    if (call_json(call, &root, err) < 0 || mediaconvert_page(call, root, true, &page, err) < 0)
        return -1;
    const struct json *filters = json_member(root, "FilterList");
    for (const struct json *f = filters ? filters->child : NULL; f; f = f->next, count++)
        if (check_filter(f, err) < 0)
            return error_add(err, "/filterList/%d", count);
    if (count > FILTERS_MAX)
        return error_set(err, ERROR_BAD_REQUEST, "/filterList: Should NOT have more than %d items",
                         FILTERS_MAX);
    const char *id = new_query_id(call->arena);
    if (status_value_set(service->status, arena_printf(call->arena, "query:%s", id),
                         mediaconvert_text(call, NULL, root), err) < 0)
        return -1;
    put_open(&call->reply, NULL, '{');
    put_string(&call->reply, "id", id);
    put_close(&call->reply, '}');
    return 0;
}

/* Looks at the settings' text as it was put: one string behind each name. */
static bool reads_input(const char *settings, const char *part)
{
    static const char name[] = "\"fileInput\":\"";
    while ((settings = strstr(settings, name))) {
        settings += strlen(name);
        const char *end = strchr(settings, '"'), *at = strstr(settings, part);
        if (end && at && at + strlen(part) <= end)
            return true;
    }
    return false;
}

static bool has_value(const struct job_record *job, enum filter_key key, const char *value)
{
    char needle[500];
    switch (key) {
    case BY_QUEUE:
        return strcmp(job->queue, mediaconvert_name(value, "queues")) == 0;
    case BY_STATUS:
        return strcmp(job_status_names[job->status], value) == 0;
    case BY_INPUT:
        return reads_input(job->settings, value);
    case BY_REQUESTED:
        snprintf(needle, sizeof(needle), "\"jobEngineVersionRequested\":\"%s\"", value);
        return strstr(job->rest, needle) != NULL;
    case BY_USED:
        return strcmp(value, JOB_ENGINE_VERSION) == 0;
    case BY_AUDIO:
    case BY_VIDEO: // no codec is in both enums
        snprintf(needle, sizeof(needle), "\"codec\":\"%s\"", value);
        return strstr(job->settings, needle) != NULL;
    }
    return false;
}

/* One of each filter's values must fit. */
static bool fits(const struct job_record *job, const struct json *filters)
{
    struct error err;
    for (const struct json *f = filters ? filters->child : NULL; f; f = f->next) {
        const char *key;
        int index;
        bool fit = false;
        if (call_string(f, "Key", true, &key, &err) < 0 ||
            mediaconvert_choice("key", key, filter_keys, COUNT(filter_keys), &index, &err) < 0)
            return false;
        for (const struct json *v = json_member(f, "Values")->child; v && !fit; v = v->next)
            fit = has_value(job, (enum filter_key)index, v->string);
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
    if (mediaconvert_value(service, call, arena_printf(call->arena, "query:%s", call->name), &text,
                           err) < 0)
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
