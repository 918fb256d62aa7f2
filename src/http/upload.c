/* SPDX-License-Identifier: Apache-2.0 */
#include "http/upload.h"

#include <string.h>

#include "batch/uploads.h"
#include "http/put.h"
#include "s3/key.h"

#define TEST_EVENT   "s3:TestEvent"
#define EVENT_PREFIX "s3:"
#define CREATED      "ObjectCreated:"
#define CEPH         "ceph:s3"

enum { BUCKET_MAX = 255, VERSION_MAX = 1024, MARK_MAX = 256 };

/* --- one record --- */

/* A member's text; "" where it is not there. */
static int text_member(const struct json *object, const char *name, bool required, const char **ret,
                       struct error *err)
{
    const char *text;
    if (call_string(object, name, required, &text, err) < 0)
        return -1;
    *ret = text ? text : "";
    return 0;
}

static const struct json *object_member(const struct json *object, const char *name)
{
    const struct json *member = json_member(object, name);
    return member && member->type == JSON_OBJECT ? member : NULL;
}

static int refuse_too_long(const char *what, size_t most, struct error *err)
{
    return error_set(err, ERROR_BAD_REQUEST, "%s has 1 to %zu bytes", what, most);
}

static int read_bucket(const struct json *bucket, struct upload_notice *ret, struct error *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-_.";
    if (text_member(bucket, "name", true, &ret->bucket, err) < 0)
        return -1;
    size_t length = strlen(ret->bucket);
    if (!length || length > BUCKET_MAX)
        return refuse_too_long("name", BUCKET_MAX, err);
    if (strspn(ret->bucket, allowed) != length)
        return error_set(err, ERROR_BAD_REQUEST, "'%.100s' is no bucket's name", ret->bucket);
    return 0;
}

/* As a form has it: a plus is a space, a slash may be "%2F". */
static int decode(char *key, struct error *err)
{
    if (strstr(key, "%00"))
        return error_set(err, ERROR_BAD_REQUEST, "key: no object has such a one");
    uri_decode_form(key);
    return 0;
}

static int read_key(struct arena *arena, const struct json *object, bool encoded,
                    struct upload_notice *ret, struct error *err)
{
    const char *text;
    if (text_member(object, "key", true, &text, err) < 0)
        return -1;
    char *key = arena_strdup(arena, text);
    if (encoded && decode(key, err) < 0)
        return -1;
    size_t length = strlen(key);
    if (!length || length > KEY_MAX_BYTES)
        return refuse_too_long("key", KEY_MAX_BYTES, err);
    ret->key = key;
    return 0;
}

/* What tells this upload from an earlier one of the same key; the same when it is told again. */
static int read_mark(const struct json *object, struct upload_notice *ret, struct error *err)
{
    const char *sequencer, *etag;
    if (text_member(object, "sequencer", false, &sequencer, err) < 0 ||
        text_member(object, "eTag", false, &etag, err) < 0 ||
        text_member(object, "versionId", false, &ret->version, err) < 0)
        return -1;
    ret->mark = *sequencer ? sequencer : etag;
    if (strlen(ret->version) > VERSION_MAX)
        return refuse_too_long("versionId", VERSION_MAX, err);
    if (!*ret->mark || strlen(ret->mark) > MARK_MAX)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a sequencer or an eTag of 1 to %d bytes is needed", MARK_MAX);
    if (!*ret->version)
        ret->version = NULL;
    return 0;
}

/* 1: it is of another event. */
static int read_event(const struct json *record, struct error *err)
{
    const char *version, *name;
    if (text_member(record, "eventVersion", true, &version, err) < 0 ||
        text_member(record, "eventName", true, &name, err) < 0)
        return -1;
    if (strncmp(version, "2.", 2))
        return error_set(err, ERROR_BAD_REQUEST, "eventVersion '%.20s' is not one of 2", version);
    if (!strncmp(name, EVENT_PREFIX, strlen(EVENT_PREFIX)))
        name += strlen(EVENT_PREFIX);
    return strncmp(name, CREATED, strlen(CREATED)) != 0;
}

static int read_record(struct arena *arena, const struct json *record, struct upload_notice *ret,
                       struct error *err)
{
    if (record->type != JSON_OBJECT)
        return error_set(err, ERROR_BAD_REQUEST, "it is no object");
    int other = read_event(record, err);
    if (other)
        return other;
    const struct json *s3 = object_member(record, "s3");
    const struct json *bucket = s3 ? object_member(s3, "bucket") : NULL;
    const struct json *object = s3 ? object_member(s3, "object") : NULL;
    if (!bucket || !object)
        return error_set(err, ERROR_BAD_REQUEST, "s3.bucket and s3.object are required");
    if (read_bucket(bucket, ret, err) < 0)
        return error_add(err, "s3.bucket");
    const char *source;
    if (text_member(record, "eventSource", true, &source, err) < 0)
        return -1;
    if (read_key(arena, object, strcmp(source, CEPH), ret, err) < 0 ||
        read_mark(object, ret, err) < 0)
        return error_add(err, "s3.object");
    return 0;
}

/* --- a message --- */

static bool is_test(const struct json *root)
{
    const struct json *event = json_member(root, "Event");
    return event && event->type == JSON_STRING && !strcmp(event->string, TEST_EVENT);
}

int upload_read(struct arena *arena, const char *text, size_t size, struct upload_notice **ret,
                int *ret_count, int *ret_ignored, struct error *err)
{
    struct json *root;
    size_t at;
    int all = 0, count = 0;
    if (json_parse(arena, text, size, &root, &at, err) < 0)
        return error_add(err, "the body is no JSON, at byte %zu", at);
    const struct json *records = json_member(root, "Records");
    bool test = !records && is_test(root);
    if (!test && (!records || records->type != JSON_ARRAY))
        return error_set(err, ERROR_BAD_REQUEST,
                         "the body is no notification of S3: it has no Records");
    const struct json *first = test ? NULL : records->child;
    for (const struct json *record = first; record; record = record->next)
        all++;
    if (all > UPLOAD_RECORDS_MAX)
        return error_set(err, ERROR_BAD_REQUEST, "a message has at most %d Records",
                         UPLOAD_RECORDS_MAX);
    struct upload_notice *notices = ARENA_ARRAY(arena, struct upload_notice, all + 1);
    int number = 0;
    for (const struct json *record = first; record; record = record->next, number++) {
        int r = read_record(arena, record, &notices[count], err);
        if (r < 0)
            return error_add(err, "Records[%d]", number);
        count += !r;
    }
    *ret = notices;
    *ret_count = count;
    *ret_ignored = all - count;
    return 0;
}

int upload_notify(struct service *service, struct call *call, struct error *err)
{
    struct upload_notice *notices;
    int count, ignored, added = 0;
    if (upload_read(call->arena, call->body ? call->body : "", call->body_size, &notices, &count,
                    &ignored, err) < 0)
        return -1;
    if (count && status_uploads_add(service->status, notices, count, &added, err) < 0)
        return -1;
    if (added && service->uploads)
        uploads_wake(service->uploads);
    put_open(&call->reply, NULL, '{');
    put_number(&call->reply, "accepted", added);
    put_number(&call->reply, "repeated", count - added);
    put_number(&call->reply, "ignored", ignored);
    put_close(&call->reply, '}');
    return 0;
}
