/* SPDX-License-Identifier: Apache-2.0 */
#include "http/route.h"

#include <string.h>

#include "http/health.h"
#include "http/mediaconvert.h"

enum {
    NO_BODY = 4 * 1024, /* some clients send {} */
    SMALL = 64 * 1024,
    STORED = 2 * 1024 * 1024,
    WHOLE_JOB = JSON_MAX_BYTES,
};

#define V "/2017-08-29"

const struct route routes[] = {
    // clang-format off
    {"POST",   V "/certificates",       mediaconvert_associate_certificate,    201, ACCESS_API, SMALL},
    {"DELETE", V "/certificates/{arn}", mediaconvert_disassociate_certificate, 202, ACCESS_API, NO_BODY},
    {"POST",   V "/endpoints",          mediaconvert_describe_endpoints,       200, ACCESS_API, SMALL},
    {"POST",   V "/jobs",               mediaconvert_create_job,               201, ACCESS_API, WHOLE_JOB},
    {"GET",    V "/jobs",               mediaconvert_list_jobs,                200, ACCESS_API, NO_BODY},
    {"GET",    V "/jobs/{id}",          mediaconvert_get_job,                  200, ACCESS_API, NO_BODY},
    {"DELETE", V "/jobs/{id}",          mediaconvert_cancel_job,               202, ACCESS_API, NO_BODY},
    {"GET",    V "/search",             mediaconvert_search_jobs,              200, ACCESS_API, NO_BODY},
    {"POST",   V "/jobsQueries",        mediaconvert_start_jobs_query,         201, ACCESS_API, SMALL},
    {"GET",    V "/jobsQueries/{id}",   mediaconvert_get_jobs_query_results,   200, ACCESS_API, NO_BODY, true},
    {"POST",   V "/jobTemplates",       mediaconvert_create_job_template,      201, ACCESS_API, STORED},
    {"GET",    V "/jobTemplates",       mediaconvert_list_job_templates,       200, ACCESS_API, NO_BODY},
    {"GET",    V "/jobTemplates/{name}", mediaconvert_get_job_template,        200, ACCESS_API, NO_BODY},
    {"PUT",    V "/jobTemplates/{name}", mediaconvert_update_job_template,     200, ACCESS_API, STORED},
    {"DELETE", V "/jobTemplates/{name}", mediaconvert_delete_job_template,     202, ACCESS_API, NO_BODY},
    {"GET",    V "/policy",             mediaconvert_get_policy,               200, ACCESS_API, NO_BODY},
    {"PUT",    V "/policy",             mediaconvert_put_policy,               200, ACCESS_API, SMALL},
    {"DELETE", V "/policy",             mediaconvert_delete_policy,            200, ACCESS_API, NO_BODY},
    {"POST",   V "/presets",            mediaconvert_create_preset,            201, ACCESS_API, STORED},
    {"GET",    V "/presets",            mediaconvert_list_presets,             200, ACCESS_API, NO_BODY},
    {"GET",    V "/presets/{name}",     mediaconvert_get_preset,               200, ACCESS_API, NO_BODY},
    {"PUT",    V "/presets/{name}",     mediaconvert_update_preset,            200, ACCESS_API, STORED},
    {"DELETE", V "/presets/{name}",     mediaconvert_delete_preset,            202, ACCESS_API, NO_BODY},
    {"POST",   V "/probe",              mediaconvert_probe,                    200, ACCESS_API, SMALL, true},
    {"POST",   V "/queues",             mediaconvert_create_queue,             201, ACCESS_API, SMALL},
    {"GET",    V "/queues",             mediaconvert_list_queues,              200, ACCESS_API, NO_BODY},
    {"GET",    V "/queues/{name}",      mediaconvert_get_queue,                200, ACCESS_API, NO_BODY},
    {"PUT",    V "/queues/{name}",      mediaconvert_update_queue,             200, ACCESS_API, SMALL},
    {"DELETE", V "/queues/{name}",      mediaconvert_delete_queue,             202, ACCESS_API, NO_BODY},
    {"POST",   V "/resourceShares",     mediaconvert_create_resource_share,    202, ACCESS_API, SMALL},
    {"POST",   V "/tags",               mediaconvert_tag_resource,             200, ACCESS_API, SMALL},
    {"GET",    V "/tags/{arn}",         mediaconvert_list_tags_for_resource,   200, ACCESS_API, NO_BODY},
    {"PUT",    V "/tags/{arn}",         mediaconvert_untag_resource,           200, ACCESS_API, SMALL},
    {"GET",    V "/versions",           mediaconvert_list_versions,            200, ACCESS_API, NO_BODY},
    {"GET",    "/events",               health_events,                         200, ACCESS_LOCAL, NO_BODY},
    {"GET",    "/healthz",              health_healthz,                        200, ACCESS_OPEN, NO_BODY},
    {"GET",    "/metrics",              health_metrics,                        200, ACCESS_OPEN, NO_BODY},
    {0},
    // clang-format on
};

/* A segment of a path as it is meant; NULL if it is no text. */
static const char *decode(struct arena *arena, const char *segment, size_t length)
{
    char *text = arena_strndup(arena, segment, length);
    uri_decode(text);
    size_t size = strlen(text);
    for (size_t i = 0, step; i < size; i += step) {
        step = (size_t)json_utf8_length(text + i, size - i);
        if (!step || (unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return NULL;
    }
    return text;
}

/* Whether the path is one of the pattern's, compared segment by segment and undecoded, so that an
 * encoded slash separates nothing. */
static bool matches(const char *pattern, const char *path, const char **ret_name,
                    size_t *ret_length)
{
    *ret_name = NULL;
    while (*pattern == '/' && *path == '/') {
        size_t wanted = strcspn(++pattern, "/"), length = strcspn(++path, "/");
        if (*pattern == '{') {
            if (!length)
                return false;
            *ret_name = path;
            *ret_length = length;
        } else if (wanted != length || strncmp(pattern, path, length)) {
            return false;
        }
        pattern += wanted;
        path += length;
    }
    return !*pattern && !*path;
}

/* What may be done with the path instead: "GET, POST". */
static const char *allowed(struct call *call)
{
    const char *list = "", *name;
    size_t length;
    for (const struct route *route = routes; route->method; route++)
        if (matches(route->path, call->path, &name, &length))
            list = arena_printf(call->arena, "%s%s%s", list, *list ? ", " : "", route->method);
    return list;
}

bool route_find(struct call *call)
{
    const char *method = strcmp(call->method, "HEAD") == 0 ? "GET" : call->method, *name;
    size_t length;
    for (const struct route *route = routes; route->method; route++) {
        if (strcmp(route->method, method) || !matches(route->path, call->path, &name, &length))
            continue;
        call->route = route;
        call->name = name ? decode(call->arena, name, length) : NULL;
        if (!name || call->name)
            return true;
        return call_refuse(call, 400, "the path is no text"), false;
    }
    call->allow = allowed(call);
    if (*call->allow)
        (void)call_refuse(call, 405, "%.20s is not allowed here", call->method);
    else
        (void)call_refuse(call, 404, "there is nothing at '%.200s'", call->path);
    return false;
}
