/* SPDX-License-Identifier: Apache-2.0 */
/* Tags of batch jobs; and the names and values of their requests, which look alike. */
#include <ctype.h>
#include <string.h>

#include "http/put.h"
#include "http/put_xml.h"
#include "http/s3control.h"
#include "status/batch.h"

enum { TAG_KEY_MAX = 128, TAG_VALUE_MAX = 256, TAGS_READ_MAX = 1000 };

static const struct xml_member tag[] = {
    {"Key", XML_TEXT, .least = 1, .min = 1, .max = TAG_KEY_MAX},
    {"Value", XML_TEXT, .least = 1, .max = TAG_VALUE_MAX},
    {0},
};

const struct xml_member s3control_tag_members[] = {
    {"member", XML_STRUCTURE, .most = TAGS_READ_MAX, .members = tag},
    {0},
};

static const struct xml_member put_tagging[] = {
    {"Tags", XML_STRUCTURE, .least = 1, .members = s3control_tag_members},
    {0},
};

/* --- what all operations share --- */

bool s3control_account(struct call *call)
{
    const char *account = call_header(call, "x-amz-account-id");
    if (account && strlen(account) == 12 && strspn(account, "0123456789") == 12)
        return true;
    (void)call_refuse(call, 400, "%s",
                      account ? "x-amz-account-id has 12 digits"
                              : "the header x-amz-account-id is missing");
    return false;
}

void s3control_start(struct call *call, const char *name)
{
    put_document(&call->reply, name, call->api->space);
}

static bool has_before(struct call *call, const xml_node *parent, const xml_node *child,
                       const char *key)
{
    const char *name = xml_name(child), *text = xml_member_text(call, child, key);
    for (const xml_node *c = xml_child(parent, name); c != child; c = xml_next(c, name))
        if (!strcmp(xml_member_text(call, c, key), text))
            return true;
    return false;
}

int s3control_map(struct call *call, const xml_node *element, const char *child, const char *key,
                  const char *value, const char **ret, struct error *err)
{
    CLEANUP(text_release) struct text json = {0};
    int count = 0;
    put_open(&json, NULL, '{');
    for (const xml_node *c = xml_child(element, child); c; c = xml_next(c, child), count++) {
        const char *name = xml_member_text(call, c, key);
        if (has_before(call, element, c, key))
            return error_set(err, ERROR_BAD_REQUEST, "'%.100s' is there twice", name);
        put_string(&json, name, xml_member_text(call, c, value));
    }
    put_close(&json, '}');
    put_finish(&json);
    *ret = count ? arena_strdup(call->arena, json.data) : NULL;
    return 0;
}

int s3control_put_map(struct call *call, const char *json, const char *child, const char *key,
                      const char *value, struct error *err)
{
    struct json *root = NULL;
    size_t at;
    if (json && json_parse(call->arena, json, strlen(json), &root, &at, err) < 0)
        return error_set(err, ERROR_BUG, "what is stored is no JSON");
    for (const struct json *member = root ? root->child : NULL; member; member = member->next) {
        put_start(&call->reply, child);
        put_element(&call->reply, key, member->key);
        put_element(&call->reply, value, member->string);
        put_end(&call->reply, child);
    }
    return 0;
}

/* Letters of any script, digits, spaces, and "_.:/=+-@". */
static bool is_tag_text(const char *s)
{
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && !strchr(" _.:/=+-@", *s) && !(*s & 0x80))
            return false;
    return true;
}

int s3control_tags(struct call *call, const xml_node *element, const char **ret, struct error *err)
{
    int count = 0;
    for (const xml_node *t = xml_child(element, "member"); t; t = xml_next(t, "member"), count++) {
        const char *key = xml_member_text(call, t, "Key");
        if (!is_tag_text(key) || !is_tag_text(xml_member_text(call, t, "Value")))
            return error_set(err, ERROR_BAD_REQUEST,
                             "the tag '%.100s' has characters that no tag has", key);
        if (!strncasecmp(key, "aws:", 4))
            return error_set(err, ERROR_BAD_REQUEST, "the tag '%.100s' is AWS's own", key);
    }
    if (count > S3CONTROL_TAGS_MAX)
        return 1;
    return s3control_map(call, element, "member", "Key", "Value", ret, err);
}

/* --- operations --- */

int s3control_get_job_tagging(struct service *service, struct call *call, struct error *err)
{
    const char *tags;
    if (!s3control_account(call))
        return 0;
    if (status_batch_tags_get(service->status, call->name, call->arena, &tags, err) < 0)
        return -1;
    s3control_start(call, "GetJobTaggingResult");
    put_start(&call->reply, "Tags");
    if (s3control_put_map(call, tags, "member", "Key", "Value", err) < 0)
        return -1;
    put_end(&call->reply, "Tags");
    put_end(&call->reply, "GetJobTaggingResult");
    return 0;
}

static int answer_empty(struct call *call, const char *name)
{
    s3control_start(call, name);
    put_end(&call->reply, name);
    return 0;
}

int s3control_put_job_tagging(struct service *service, struct call *call, struct error *err)
{
    CLEANUP(xml_free) struct xml *xml = NULL;
    const char *tags = NULL;
    if (!s3control_account(call))
        return 0;
    if (xml_body(call, "PutJobTaggingRequest", put_tagging, &xml, err) < 0)
        return -1;
    int r = s3control_tags(call, xml_child(xml_root(xml), "Tags"), &tags, err);
    if (r > 0)
        return call_refuse_as(call, 400, "TooManyTagsException", "a job has at most %d tags",
                              S3CONTROL_TAGS_MAX);
    if (r < 0 || status_batch_tags_put(service->status, call->name, tags ? tags : "{}", err) < 0)
        return -1;
    return answer_empty(call, "PutJobTaggingResult");
}

int s3control_delete_job_tagging(struct service *service, struct call *call, struct error *err)
{
    if (!s3control_account(call))
        return 0;
    if (status_batch_tags_put(service->status, call->name, "{}", err) < 0)
        return -1;
    return answer_empty(call, "DeleteJobTaggingResult");
}
