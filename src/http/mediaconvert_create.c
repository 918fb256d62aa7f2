/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CreateJob: request → template and presets laid below it → every member checked → queued.
 *
 * What is stored is the merged job, in the spelling of the wire; it is never parsed again until a
 * worker takes it.
 */
#include <string.h>

#include "dispatch/dispatcher.h"
#include "http/mediaconvert.h"
#include "http/put.h"
#include "s3/digest.h"
#include "status/batch.h"

enum {
    TOKEN_MAX = 64,
    METADATA_MAX = 10, /* pairs of userMetadata */
    METADATA_KEY_MAX = 128,
    METADATA_VALUE_MAX = 256,
    WAIT_MINUTES_MAX = 4320,
};

/* What the tables leave open, because it does not affect outputs. */
static int check_request(const struct create_job_request *request, struct error *err)
{
    const char *token = request->ClientRequestToken;
    if (!request->Role || !*request->Role)
        return error_set(err, ERROR_BAD_REQUEST, "role is a required property");
    const char *version = request->JobEngineVersion;
    struct tm day;
    if (version && (strlen(version) != 10 || !strptime(version, "%Y-%m-%d", &day)))
        return error_set(err, ERROR_BAD_REQUEST,
                         "/jobEngineVersion: '%.40s' is no version: those are days", version);
    if (token && json_utf8_count(token) > TOKEN_MAX)
        return error_set(err, ERROR_BAD_REQUEST,
                         "/clientRequestToken: Should NOT be longer than %d characters", TOKEN_MAX);
    const struct string_map *metadata = &request->UserMetadata;
    if (metadata->count > METADATA_MAX)
        return error_set(err, ERROR_BAD_REQUEST,
                         "/userMetadata: Should NOT have more than %d items", METADATA_MAX);
    for (int i = 0; i < metadata->count; i++)
        if (json_utf8_count(metadata->keys[i]) > METADATA_KEY_MAX ||
            json_utf8_count(metadata->values[i]) > METADATA_VALUE_MAX)
            return error_set(err, ERROR_BAD_REQUEST,
                             "/userMetadata/%.60s: Should NOT be longer than %d characters, its "
                             "key than %d",
                             metadata->keys[i], METADATA_VALUE_MAX, METADATA_KEY_MAX);
    for (struct hop_destination **hop = request->HopDestinations; *hop; hop++)
        if ((*hop)->WaitMinutes < 1 || (*hop)->WaitMinutes > WAIT_MINUTES_MAX)
            return error_set(err, ERROR_BAD_REQUEST, "%s/waitMinutes: Should be from 1 to %d",
                             (*hop)->place.pointer, WAIT_MINUTES_MAX);
    return 0;
}

static const char *queue_name(const char *word)
{
    return word && *word ? mediaconvert_name(word, "queues") : "Default";
}

/* The queues that a job may hop to must be there. */
static int put_hops(struct service *service, struct call *call, struct text *out,
                    const struct create_job_request *request, struct error *err)
{
    if (!*request->HopDestinations)
        return 0;
    put_open(out, "hopDestinations", '[');
    for (struct hop_destination **hop = request->HopDestinations; *hop; hop++) {
        struct queue_record *queue;
        if (status_queue_get(service->status, queue_name((*hop)->Queue), call->arena, &queue, err) <
            0)
            return error_add(err, "%s", (*hop)->place.pointer);
        put_open(out, NULL, '{');
        put_number(out, "priority", (*hop)->has_Priority ? (*hop)->Priority : request->Priority);
        put_string(out, "queue", status_arn(service->status, call->arena, "queues", queue->name));
        put_number(out, "waitMinutes", (*hop)->WaitMinutes);
        put_close(out, '}');
    }
    put_close(out, ']');
    return 0;
}

/* Members of the request that GetJob gives back as they are. */
static void put_echo(struct text *out, const struct json *root)
{
    static const char *const names[] = {"AccelerationSettings",  "BillingTagsSource",
                                        "ClientRequestToken",    "Role",
                                        "SimulateReservedQueue", "UserMetadata"};
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct setting *row = put_row(&create_job_request_structure, names[i]);
        const struct json *value = json_member(root, names[i]);
        if (value && value->type != JSON_NULL)
            put_member(out, row, value);
    }
}

static int make_rest(struct service *service, struct call *call, const struct json *root,
                     const struct create_job_request *request, const char *template,
                     struct text *out, struct error *err)
{
    put_open(out, NULL, '{');
    put_echo(out, root);
    put_string(out, "jobEngineVersionRequested", request->JobEngineVersion);
    put_string(out, "jobTemplate",
               template ? status_arn(service->status, call->arena, "jobTemplates", template)
                        : NULL);
    put_string(out, "statusUpdateInterval",
               request->has_StatusUpdateInterval
                   ? status_update_interval_choices[request->StatusUpdateInterval].name
                   : "SECONDS_60");
    if (put_hops(service, call, out, request, err) < 0)
        return -1;
    put_close(out, '}');
    put_finish(out);
    return 0;
}

static int interval_of(const struct create_job_request *request)
{
    if (!request->has_StatusUpdateInterval)
        return 0;
    const char *name = status_update_interval_choices[request->StatusUpdateInterval].name;
    return atoi(name + strlen("SECONDS_"));
}

/* What the policy of the account (PutPolicy) says about where inputs may come from. */
static int check_policy(struct service *service, struct call *call, const struct job *job,
                        struct error *err)
{
    static const struct {
        const char *scheme, *member;
    } kinds[] = {{"s3://", "s3Inputs"}, {"http://", "httpInputs"}, {"https://", "httpsInputs"}};
    const char *text;
    struct json *policy;
    size_t at;
    if (mediaconvert_value(service, call, "policy", &text, err) < 0)
        return -1;
    if (!text || json_parse(call->arena, text, strlen(text), &policy, &at, err) < 0)
        return text ? -1 : 0;
    for (struct input **input = job->Settings->Inputs; *input; input++)
        for (size_t i = 0; i < COUNT(kinds); i++) {
            const struct json *rule = json_member(policy, kinds[i].member);
            if (rule && strcmp(rule->string, "DISALLOWED") == 0 && (*input)->FileInput &&
                strncmp((*input)->FileInput, kinds[i].scheme, strlen(kinds[i].scheme)) == 0)
                return error_set(err, ERROR_BAD_REQUEST,
                                 "%s/fileInput: the account's policy does not allow %s inputs",
                                 (*input)->place.pointer, kinds[i].scheme);
        }
    return 0;
}

/* A function that runs for a batch task says so without knowing it: its SDK sends on the trace that
 * it was invoked with, whose Task names the task (batch/task.h). An SDK makes a new token for each
 * call; the task and what the job is to do make the same one whenever the task is repeated. */
static const char *task_token(const struct call *call, const struct new_job *job)
{
    enum { TASK_MAX = 64, HASH = 16 };
    static const char mark[] = ";Task=";
    const char *trace = call_header(call, "X-Amzn-Trace-Id");
    const char *task = trace ? strstr(trace, mark) : NULL;
    if (!task)
        return NULL;
    task += strlen(mark);
    size_t length = strspn(task, "0123456789abcdef-");
    if (!length || length > TASK_MAX || (task[length] && task[length] != ';'))
        return NULL;
    char hash[SHA256_HEX_SIZE];
    const char *whole = arena_printf(call->arena, "%s\n%s", job->queue, job->settings);
    const struct piece body[HTTP_PIECES] = {{whole, strlen(whole)}};
    digest_sha256(body, hash);
    return arena_printf(call->arena, BATCH_TASK_TOKEN "%.*s-%.*s", (int)length, task, HASH, hash);
}

static int add_job(struct service *service, struct call *call, const struct json *root,
                   const struct job *job, const char *template, struct error *err)
{
    const struct create_job_request *request = job->Request;
    const struct setting *row = put_row(&create_job_request_structure, "Settings");
    CLEANUP(text_release) struct text rest = {0}, settings = {0};
    struct new_job new_job = {
        .queue = queue_name(request->Queue),
        .priority = (int)request->Priority,
        .input = job->Settings->Inputs[0]->FileInput,
        .token = request->ClientRequestToken,
        .interval_s = interval_of(request),
    };
    if (mediaconvert_tags(call, root, &new_job.tags, err) < 0 ||
        make_rest(service, call, root, request, template, &rest, err) < 0)
        return -1;
    put_value(&settings, NULL, row, json_member(root, "Settings"));
    put_finish(&settings);
    new_job.settings = settings.data;
    new_job.rest = rest.data;
    const char *token = task_token(call, &new_job);
    if (token)
        new_job.token = token;

    struct job_record *record;
    if (status_job_create(service->status, &new_job, call->arena, &record, err) < 0)
        return -1;
    if (service->dispatcher)
        dispatcher_wake(service->dispatcher);
    put_open(&call->reply, NULL, '{');
    if (mediaconvert_put_job(service, call, "job", record, err) < 0)
        return -1;
    put_close(&call->reply, '}');
    return 0;
}

int mediaconvert_create_job(struct service *service, struct call *call, struct error *err)
{
    struct json *root;
    const char *template;
    if (call_json(call, &root, err) < 0)
        return -1;
    if (mediaconvert_merge_template(service, call, root, &template, err) < 0)
        return -1;
    struct json *settings = json_member(root, "Settings");
    if (!settings || settings->type != JSON_OBJECT || json_member(root, "Job"))
        return error_set(err, ERROR_BAD_REQUEST, "settings is a required property");
    if (mediaconvert_merge_presets(service, call, settings, err) < 0)
        return -1;

    struct findings findings;
    findings_init(&findings, call->arena);
    struct job *job = job_new(call->arena, root, 0, &findings);
    if (!job)
        return mediaconvert_refuse(call, &findings);
    if (check_request(job->Request, err) < 0 || check_policy(service, call, job, err) < 0)
        return -1;
    return add_job(service, call, root, job, template, err);
}
