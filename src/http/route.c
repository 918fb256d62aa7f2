/* SPDX-License-Identifier: Apache-2.0 */
#include "http/route.h"

#include <string.h>

#include "http/auth.h"
#include "http/health.h"
#include "http/iam.h"
#include "http/lambda.h"
#include "http/logs.h"
#include "http/inventory.h"
#include "http/mediaconvert.h"
#include "http/s3control.h"
#include "http/upload.h"

enum {
    NO_BODY = 4 * 1024, /* some clients send {} */
    SMALL = 64 * 1024,
    FORM = 512 * 1024, /* a policy of 128 KiB, each byte encoded */
    STORED = 2 * 1024 * 1024,
    WHOLE_JOB = JSON_MAX_BYTES,
};

#define V            "/2017-08-29"
#define MEDIACONVERT &api_mediaconvert
#define J            "/v20180820/jobs"
#define S3           &api_s3
#define S3CONTROL    &api_s3control
#define IAM          &api_iam
#define STS          &api_sts
#define LOGS         &api_logs
#define LAMBDA       &api_lambda
#define F            "/functions"

const struct route routes[] = {
    // clang-format off
    {MEDIACONVERT, "POST",   V "/certificates",       mediaconvert_associate_certificate,    201, ACCESS_API, SMALL},
    {MEDIACONVERT, "DELETE", V "/certificates/{arn}", mediaconvert_disassociate_certificate, 202, ACCESS_API, NO_BODY},
    {MEDIACONVERT, "POST",   V "/endpoints",          mediaconvert_describe_endpoints,       200, ACCESS_API, SMALL},
    {MEDIACONVERT, "POST",   V "/jobs",               mediaconvert_create_job,               201, ACCESS_API, WHOLE_JOB},
    {MEDIACONVERT, "GET",    V "/jobs",               mediaconvert_list_jobs,                200, ACCESS_API, NO_BODY},
    {MEDIACONVERT, "GET",    V "/jobs/{id}",          mediaconvert_get_job,                  200, ACCESS_API, NO_BODY},
    {MEDIACONVERT, "DELETE", V "/jobs/{id}",          mediaconvert_cancel_job,               202, ACCESS_API, NO_BODY},
    {MEDIACONVERT, "GET",    V "/search",             mediaconvert_search_jobs,              200, ACCESS_API, NO_BODY},
    {MEDIACONVERT, "POST",   V "/jobsQueries",        mediaconvert_start_jobs_query,         201, ACCESS_API, SMALL},
    {MEDIACONVERT, "GET",    V "/jobsQueries/{id}",   mediaconvert_get_jobs_query_results,   200, ACCESS_API, NO_BODY, true},
    {MEDIACONVERT, "POST",   V "/jobTemplates",       mediaconvert_create_job_template,      201, ACCESS_API, STORED},
    {MEDIACONVERT, "GET",    V "/jobTemplates",       mediaconvert_list_job_templates,       200, ACCESS_API, NO_BODY},
    {MEDIACONVERT, "GET",    V "/jobTemplates/{name}", mediaconvert_get_job_template,        200, ACCESS_API, NO_BODY},
    {MEDIACONVERT, "PUT",    V "/jobTemplates/{name}", mediaconvert_update_job_template,     200, ACCESS_API, STORED},
    {MEDIACONVERT, "DELETE", V "/jobTemplates/{name}", mediaconvert_delete_job_template,     202, ACCESS_API, NO_BODY},
    {MEDIACONVERT, "GET",    V "/policy",             mediaconvert_get_policy,               200, ACCESS_API, NO_BODY},
    {MEDIACONVERT, "PUT",    V "/policy",             mediaconvert_put_policy,               200, ACCESS_API, SMALL},
    {MEDIACONVERT, "DELETE", V "/policy",             mediaconvert_delete_policy,            200, ACCESS_API, NO_BODY},
    {MEDIACONVERT, "POST",   V "/presets",            mediaconvert_create_preset,            201, ACCESS_API, STORED},
    {MEDIACONVERT, "GET",    V "/presets",            mediaconvert_list_presets,             200, ACCESS_API, NO_BODY},
    {MEDIACONVERT, "GET",    V "/presets/{name}",     mediaconvert_get_preset,               200, ACCESS_API, NO_BODY},
    {MEDIACONVERT, "PUT",    V "/presets/{name}",     mediaconvert_update_preset,            200, ACCESS_API, STORED},
    {MEDIACONVERT, "DELETE", V "/presets/{name}",     mediaconvert_delete_preset,            202, ACCESS_API, NO_BODY},
    {MEDIACONVERT, "POST",   V "/probe",              mediaconvert_probe,                    200, ACCESS_API, SMALL, true},
    {MEDIACONVERT, "POST",   V "/queues",             mediaconvert_create_queue,             201, ACCESS_API, SMALL},
    {MEDIACONVERT, "GET",    V "/queues",             mediaconvert_list_queues,              200, ACCESS_API, NO_BODY},
    {MEDIACONVERT, "GET",    V "/queues/{name}",      mediaconvert_get_queue,                200, ACCESS_API, NO_BODY},
    {MEDIACONVERT, "PUT",    V "/queues/{name}",      mediaconvert_update_queue,             200, ACCESS_API, SMALL},
    {MEDIACONVERT, "DELETE", V "/queues/{name}",      mediaconvert_delete_queue,             202, ACCESS_API, NO_BODY},
    {MEDIACONVERT, "POST",   V "/resourceShares",     mediaconvert_create_resource_share,    202, ACCESS_API, SMALL},
    {MEDIACONVERT, "POST",   V "/tags",               mediaconvert_tag_resource,             200, ACCESS_API, SMALL},
    {MEDIACONVERT, "GET",    V "/tags/{arn}",         mediaconvert_list_tags_for_resource,   200, ACCESS_API, NO_BODY},
    {MEDIACONVERT, "PUT",    V "/tags/{arn}",         mediaconvert_untag_resource,           200, ACCESS_API, SMALL},
    {MEDIACONVERT, "GET",    V "/versions",           mediaconvert_list_versions,            200, ACCESS_API, NO_BODY},
    {MEDIACONVERT, "GET",    "/events",               health_events,                         200, ACCESS_LOCAL, NO_BODY},
    {MEDIACONVERT, "GET",    "/healthz",              health_healthz,                        200, ACCESS_OPEN, NO_BODY},
    {MEDIACONVERT, "GET",    "/metrics",              health_metrics,                        200, ACCESS_OPEN, NO_BODY},
    {MEDIACONVERT, "POST",   "/webhooks/uploads",     upload_notify,                         200, ACCESS_TOKEN, UPLOAD_BODY_MAX},
    {S3,           "PUT",    "/{bucket}",             inventory_put,                         200, ACCESS_API, SMALL, true, "inventory"},
    {S3,           "GET",    "/{bucket}",             inventory_get,                         200, ACCESS_API, NO_BODY, true, "inventory"},
    {S3,           "DELETE", "/{bucket}",             inventory_delete,                      204, ACCESS_API, NO_BODY, false, "inventory"},
    {S3,           "PUT",    "/",                     inventory_put,                         200, ACCESS_API, SMALL, true, "inventory"},
    {S3,           "GET",    "/",                     inventory_get,                         200, ACCESS_API, NO_BODY, true, "inventory"},
    {S3,           "DELETE", "/",                     inventory_delete,                      204, ACCESS_API, NO_BODY, false, "inventory"},
    {S3CONTROL,    "POST",   J,                       s3control_create_job,                  200, ACCESS_API, SMALL},
    {S3CONTROL,    "GET",    J,                       s3control_list_jobs,                   200, ACCESS_API, NO_BODY},
    {S3CONTROL,    "GET",    J "/{id}",               s3control_describe_job,                200, ACCESS_API, NO_BODY},
    {S3CONTROL,    "POST",   J "/{id}/status",        s3control_update_job_status,           200, ACCESS_API, NO_BODY},
    {S3CONTROL,    "POST",   J "/{id}/priority",      s3control_update_job_priority,         200, ACCESS_API, NO_BODY},
    {S3CONTROL,    "GET",    J "/{id}/tagging",       s3control_get_job_tagging,             200, ACCESS_API, NO_BODY},
    {S3CONTROL,    "PUT",    J "/{id}/tagging",       s3control_put_job_tagging,             200, ACCESS_API, SMALL},
    {S3CONTROL,    "DELETE", J "/{id}/tagging",       s3control_delete_job_tagging,          200, ACCESS_API, NO_BODY},
    {LAMBDA,       "POST",   "/2015-03-31" F,           lambda_create_function,                201, ACCESS_API, LAMBDA_REQUEST_MAX, true},
    {LAMBDA,       "GET",    "/2015-03-31" F,           lambda_list_functions,                 200, ACCESS_API, NO_BODY},
    {LAMBDA,       "GET",    "/2015-03-31" F "/",       lambda_list_functions,                 200, ACCESS_API, NO_BODY},
    {LAMBDA,       "GET",    "/2015-03-31" F "/{name}", lambda_get_function,                   200, ACCESS_API, NO_BODY},
    {LAMBDA,       "DELETE", "/2015-03-31" F "/{name}", lambda_delete_function,                204, ACCESS_API, NO_BODY, true},
    {LAMBDA,       "PUT",    "/2015-03-31" F "/{name}/code", lambda_update_function_code,      200, ACCESS_API, LAMBDA_REQUEST_MAX, true},
    {LAMBDA,       "GET",    "/2015-03-31" F "/{name}/code", lambda_get_code,                  200, ACCESS_LOCAL, NO_BODY, true},
    {LAMBDA,       "GET",    "/2015-03-31" F "/{name}/configuration", lambda_get_function_configuration, 200, ACCESS_API, NO_BODY},
    {LAMBDA,       "PUT",    "/2015-03-31" F "/{name}/configuration", lambda_update_function_configuration, 200, ACCESS_API, SMALL, true},
    {LAMBDA,       "POST",   "/2015-03-31" F "/{name}/invocations", lambda_invoke,             200, ACCESS_API, LAMBDA_PAYLOAD_MAX, true, .function = true},
    {LAMBDA,       "GET",    "/2015-03-31" F "/{name}/versions", lambda_list_versions_by_function, 200, ACCESS_API, NO_BODY},
    {LAMBDA,       "PUT",    "/2017-10-31" F "/{name}/concurrency", lambda_put_function_concurrency, 200, ACCESS_API, SMALL, true},
    {LAMBDA,       "DELETE", "/2017-10-31" F "/{name}/concurrency", lambda_delete_function_concurrency, 204, ACCESS_API, NO_BODY, true},
    {LAMBDA,       "GET",    "/2019-09-30" F "/{name}/concurrency", lambda_get_function_concurrency, 200, ACCESS_API, NO_BODY},
    {LAMBDA,       "GET",    "/2017-03-31/tags/{arn}",  lambda_list_tags,                      200, ACCESS_API, NO_BODY},
    {LAMBDA,       "POST",   "/2017-03-31/tags/{arn}",  lambda_tag_resource,                   204, ACCESS_API, SMALL, true},
    {LAMBDA,       "DELETE", "/2017-03-31/tags/{arn}",  lambda_untag_resource,                 204, ACCESS_API, NO_BODY, true},
    {LOGS,         "POST",   "/",                       NULL,                                  200, ACCESS_API, SMALL, true, .actions = logs_actions},
    {IAM,          "POST",   "/",                       NULL,                                  200, ACCESS_API, FORM, .actions = iam_actions},
    {STS,          "POST",   "/",                       NULL,                                  200, ACCESS_API, FORM, .actions = sts_actions},
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

static bool fits(const struct route *route, const struct call *call, const char **ret_name,
                 size_t *ret_length)
{
    return matches(route->path, call->path, ret_name, ret_length) &&
           (!route->query || call_query(call, route->query));
}

/* What may be done with the path instead: "GET, POST". */
static const char *allowed(struct call *call)
{
    const char *list = "", *name;
    size_t length;
    for (const struct route *route = routes; route->method; route++)
        if (fits(route, call, &name, &length) && !strstr(list, route->method))
            list = arena_printf(call->arena, "%s%s%s", list, *list ? ", " : "", route->method);
    return list;
}

/* Whether the call is signed for the route's service. */
static bool is_for(const struct route *route, const char *service)
{
    return service && strcmp(route->api->name, service) == 0;
}

/* The route, and in *ret_others whether there are some of other services. */
static const struct route *find(const struct call *call, const char *service, bool *ret_others)
{
    const char *method = strcmp(call->method, "HEAD") == 0 ? "GET" : call->method, *name;
    const struct route *found = NULL;
    size_t length;
    *ret_others = false;
    for (const struct route *route = routes; route->method; route++) {
        if (strcmp(route->method, method) || !fits(route, call, &name, &length))
            continue;
        *ret_others |= found && found->api != route->api;
        if (!found || (is_for(route, service) && !is_for(found, service)))
            found = route;
    }
    return found;
}

bool route_find(struct call *call)
{
    const char *name, *service = auth_service(call);
    size_t length;
    bool others;
    const struct route *route = find(call, service, &others);
    const struct api *api = route ? route->api : api_find(service);
    call->api = api ? api : &api_mediaconvert;
    if (route && others && service && !is_for(route, service)) {
        call->api = &api_mediaconvert;
        return call_refuse(call, 404, "there is no service '%.40s' here", service), false;
    }
    if (route) {
        call->route = route;
        (void)matches(route->path, call->path, &name, &length);
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
