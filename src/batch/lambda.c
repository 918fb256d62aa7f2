/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/lambda.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

/* --- the event --- */

static void add_task(cJSON *event, const struct batch_task *task, bool by_arn)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "taskId", task->id);
    cJSON_AddStringToObject(object, "s3Key", task->entry.key);
    if (task->entry.version)
        cJSON_AddStringToObject(object, "s3VersionId", task->entry.version);
    else
        cJSON_AddNullToObject(object, "s3VersionId");
    if (by_arn) {
        CLEANUP(text_release) struct text arn = {0};
        text_add(&arn, "arn:aws:s3:::%s", task->entry.bucket);
        cJSON_AddStringToObject(object, "s3BucketArn", arn.data);
    } else {
        cJSON_AddStringToObject(object, "s3Bucket", task->entry.bucket);
    }
    cJSON_AddItemToArray(cJSON_AddArrayToObject(event, "tasks"), object);
}

const char *lambda_event(struct arena *arena, const struct batch_task *task)
{
    bool first_schema = strcmp(task->schema, "1.0") == 0;
    cJSON *event = cJSON_CreateObject();
    cJSON_AddStringToObject(event, "invocationSchemaVersion", task->schema);
    cJSON_AddStringToObject(event, "invocationId", task->invocation);
    cJSON *job = cJSON_AddObjectToObject(event, "job");
    cJSON_AddStringToObject(job, "id", task->batch);
    if (!first_schema && task->user_arguments)
        cJSON_AddRawToObject(job, "userArguments", task->user_arguments);
    add_task(event, task, first_schema);
    char *text = cJSON_PrintUnformatted(event);
    cJSON_Delete(event);
    if (!text)
        abort();
    const char *copy = arena_strdup(arena, text);
    cJSON_free(text);
    return copy;
}

/* --- the answer --- */

static const char *const codes[] = {
    [TASK_SUCCEEDED] = "Succeeded",
    [TASK_TEMPORARY] = "TemporaryFailure",
    [TASK_PERMANENT] = "PermanentFailure",
};

const char *lambda_message(struct arena *arena, const char *text, size_t size)
{
    char *out = arena_alloc(arena, (size < LAMBDA_MESSAGE_MAX ? size : LAMBDA_MESSAGE_MAX) + 1);
    size_t used = 0;
    for (size_t i = 0; i < size;) {
        int length = json_utf8_length(text + i, size - i);
        bool good = length && text[i];
        if (used + (size_t)(good ? length : 1) > LAMBDA_MESSAGE_MAX)
            break;
        if (good)
            memcpy(out + used, text + i, (size_t)length);
        else
            out[used] = '?';
        used += (size_t)(good ? length : 1);
        i += (size_t)(good ? length : 1);
    }
    out[used] = '\0';
    return out;
}

/* "Succeeded" …; -1: it is none of them. */
static int code_of(const struct json *value)
{
    for (int i = 0; value && value->type == JSON_STRING && i <= TASK_PERMANENT; i++)
        if (strcmp(value->string, codes[i]) == 0)
            return i;
    return -1;
}

static const struct json *result_of(const struct json *results, const char *id)
{
    for (const struct json *result = results->child; result; result = result->next) {
        const struct json *task = json_member(result, "taskId");
        if (task && task->type == JSON_STRING && strcmp(task->string, id) == 0)
            return result;
    }
    return NULL;
}

static void judge_result(struct arena *arena, const struct json *result, struct task_outcome *ret)
{
    const struct json *text = json_member(result, "resultString");
    int code = code_of(json_member(result, "resultCode"));
    ret->code = code < 0 ? TASK_PERMANENT : (enum task_code)code;
    ret->message = code < 0 ? "Lambda returned a result without a valid resultCode" : "";
    if (code >= 0 && text && text->type == JSON_STRING)
        ret->message = lambda_message(arena, text->string, strlen(text->string));
}

void lambda_judge(struct arena *arena, const struct batch_task *task, bool failed,
                  const char *payload, size_t size, struct task_outcome *ret)
{
    *ret = (struct task_outcome){.code = TASK_PERMANENT, .http_status = 200};
    if (failed) {
        CLEANUP(text_release) struct text message = {0};
        text_add(&message, "Lambda returned function error: ");
        text_append(&message, payload, size);
        ret->message = lambda_message(arena, message.data, message.size);
        return;
    }
    struct json *root;
    size_t at;
    struct error why;
    ret->message = "Invalid JSON returned in Lambda payload";
    if (json_parse(arena, payload, size, &root, &at, &why) < 0 || root->type != JSON_OBJECT)
        return;
    const struct json *results = json_member(root, "results");
    if (!results || results->type != JSON_ARRAY)
        return;
    const struct json *result = result_of(results, task->id);
    if (result) {
        judge_result(arena, result, ret);
        return;
    }
    int missing = code_of(json_member(root, "treatMissingKeysAs"));
    ret->code = missing < 0 ? TASK_TEMPORARY : (enum task_code)missing;
    ret->message = "Lambda returned no result for the task";
}

const char *handler_function_name(struct arena *arena, const char *function)
{
    static const char prefix[] = "function:";
    const char *name = strstr(function, prefix);
    name = name ? name + strlen(prefix) : function;
    return arena_strndup(arena, name, strcspn(name, ":"));
}
