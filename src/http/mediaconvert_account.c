/* SPDX-License-Identifier: Apache-2.0 */
/* What is there once: the endpoint, the engine's version, the policy; and tags, certificates,
 * resource shares, which are kept and given back. */
#include <string.h>

#include "http/mediaconvert.h"
#include "http/put.h"

int mediaconvert_describe_endpoints(struct service *service, struct call *call, struct error *err)
{
    (void)service;
    struct json *root;
    if (call_json(call, &root, err) < 0)
        return -1;
    put_open(&call->reply, NULL, '{');
    put_open(&call->reply, "endpoints", '[');
    put_open(&call->reply, NULL, '{');
    put_string(&call->reply, "url", call_url(call));
    put_close(&call->reply, '}');
    put_close(&call->reply, ']');
    put_close(&call->reply, '}');
    return 0;
}

int mediaconvert_list_versions(struct service *service, struct call *call, struct error *err)
{
    (void)service;
    struct page page;
    if (mediaconvert_page(call, NULL, false, &page, err) < 0)
        return -1;
    put_json(&call->reply, NULL, "{\"versions\":[{\"version\":\"" JOB_ENGINE_VERSION "\"}]}");
    return 0;
}

/* --- policy --- */

#define POLICY_KEY "policy"

static const char *const policy_members[] = {"httpInputs", "httpsInputs", "s3Inputs"};
static const char *const policy_values[] = {"ALLOWED", "DISALLOWED"};

static int answer_policy(struct call *call, const char *policy)
{
    put_open(&call->reply, NULL, '{');
    put_json(&call->reply, "policy", policy);
    put_close(&call->reply, '}');
    return 0;
}

int mediaconvert_get_policy(struct service *service, struct call *call, struct error *err)
{
    const char *policy;
    if (mediaconvert_value(service, call, POLICY_KEY, &policy, err) < 0)
        return -1;
    return answer_policy(call, policy ? policy
                                      : "{\"httpInputs\":\"ALLOWED\",\"httpsInputs\":\"ALLOWED\","
                                        "\"s3Inputs\":\"ALLOWED\"}");
}

int mediaconvert_put_policy(struct service *service, struct call *call, struct error *err)
{
    struct json *root;
    if (call_json(call, &root, err) < 0)
        return -1;
    const struct json *policy = json_member(root, "Policy");
    if (!policy || policy->type != JSON_OBJECT)
        return error_set(err, ERROR_BAD_REQUEST, "policy is a required property");
    CLEANUP(text_release) struct text out = {0};
    put_open(&out, NULL, '{');
    for (size_t i = 0; i < COUNT(policy_members); i++) {
        const char *name = policy_members[i], *value;
        int index;
        if (call_string(policy, name, false, &value, err) < 0 ||
            mediaconvert_choice(name, value, policy_values, COUNT(policy_values), &index, err) < 0)
            return -1;
        put_string(&out, name, value ? value : "ALLOWED");
    }
    put_close(&out, '}');
    put_finish(&out);
    if (status_value_set(service->status, POLICY_KEY, out.data, err) < 0)
        return -1;
    return answer_policy(call, out.data);
}

/* Where there is none, it is gone, too. */
static int delete_value(struct service *service, const char *key, struct error *err)
{
    if (status_value_delete(service->status, key, err) < 0 && err->kind != ERROR_NOT_FOUND)
        return -1;
    return 0;
}

int mediaconvert_delete_policy(struct service *service, struct call *call, struct error *err)
{
    if (delete_value(service, POLICY_KEY, err) < 0)
        return -1;
    put_json(&call->reply, NULL, "{}");
    return 0;
}

/* --- tags --- */

int mediaconvert_list_tags_for_resource(struct service *service, struct call *call,
                                        struct error *err)
{
    const char *tags;
    if (status_tags_get(service->status, call->name, call->arena, &tags, err) < 0)
        return -1;
    put_open(&call->reply, NULL, '{');
    put_open(&call->reply, "resourceTags", '{');
    put_string(&call->reply, "arn", call->name);
    put_json(&call->reply, "tags", tags);
    put_close(&call->reply, '}');
    put_close(&call->reply, '}');
    return 0;
}

int mediaconvert_tag_resource(struct service *service, struct call *call, struct error *err)
{
    struct json *root;
    const char *arn, *tags;
    if (call_json(call, &root, err) < 0 || call_string(root, "Arn", true, &arn, err) < 0 ||
        mediaconvert_tags(call, root, &tags, err) < 0)
        return -1;
    if (!tags)
        return error_set(err, ERROR_BAD_REQUEST, "tags is a required property");
    if (status_tags_add(service->status, arn, tags, err) < 0)
        return -1;
    put_json(&call->reply, NULL, "{}");
    return 0;
}

int mediaconvert_untag_resource(struct service *service, struct call *call, struct error *err)
{
    enum { KEYS_MAX = 200 };
    struct json *root;
    const char *keys[KEYS_MAX + 1] = {NULL};
    int count = 0;
    if (call_json(call, &root, err) < 0)
        return -1;
    const struct json *list = json_member(root, "TagKeys");
    if (list && list->type != JSON_ARRAY && list->type != JSON_NULL)
        return error_set(err, ERROR_BAD_REQUEST, "tagKeys: Should be array");
    for (const struct json *key = list ? list->child : NULL; key; key = key->next) {
        if (key->type != JSON_STRING || count == KEYS_MAX)
            return error_set(err, ERROR_BAD_REQUEST, "tagKeys: Should be at most %d strings",
                             KEYS_MAX);
        keys[count++] = key->string;
    }
    if (status_tags_remove(service->status, call->name, keys, err) < 0)
        return -1;
    put_json(&call->reply, NULL, "{}");
    return 0;
}

/* --- certificates --- */

static const char *certificate_key(struct call *call, const char *arn)
{
    return arena_printf(call->arena, "certificate:%s", arn);
}

int mediaconvert_associate_certificate(struct service *service, struct call *call,
                                       struct error *err)
{
    enum { ARN_MAX = 2048 };
    struct json *root;
    const char *arn;
    if (call_json(call, &root, err) < 0 || call_string(root, "Arn", true, &arn, err) < 0)
        return -1;
    if (strncmp(arn, "arn:", 4) || strlen(arn) > ARN_MAX)
        return error_set(err, ERROR_BAD_REQUEST, "arn: '%.80s' is no ARN", arn);
    if (status_value_set(service->status, certificate_key(call, arn), "{}", err) < 0)
        return -1;
    put_json(&call->reply, NULL, "{}");
    return 0;
}

int mediaconvert_disassociate_certificate(struct service *service, struct call *call,
                                          struct error *err)
{
    const char *key = certificate_key(call, call->name), *found;
    if (mediaconvert_value(service, call, key, &found, err) < 0)
        return -1;
    if (!found)
        return error_set(err, ERROR_NOT_FOUND, "no certificate '%.200s'", call->name);
    if (delete_value(service, key, err) < 0)
        return -1;
    put_json(&call->reply, NULL, "{}");
    return 0;
}

/* --- resource shares --- */

int mediaconvert_create_resource_share(struct service *service, struct call *call,
                                       struct error *err)
{
    struct json *root;
    struct job_record *job;
    const char *id, *support_case;
    if (call_json(call, &root, err) < 0 || call_string(root, "JobId", true, &id, err) < 0 ||
        call_string(root, "SupportCaseId", true, &support_case, err) < 0 ||
        status_job_get(service->status, id, call->arena, &job, err) < 0)
        return -1;
    if (status_value_set(service->status, arena_printf(call->arena, "share:%s", job->id),
                         support_case, err) < 0)
        return -1;
    put_json(&call->reply, NULL, "{}");
    return 0;
}
