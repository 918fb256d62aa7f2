/* SPDX-License-Identifier: Apache-2.0 */
#include "s3/s3_bucket.h"

#include <string.h>

#include "base/clock.h"
#include "s3/xml.h"

enum { LIST_MAX_BYTES = 4 * 1024 * 1024, LIST_MAX_PAGES = 100, TIME_STEP_S = 2 };

/* A request to the bucket, or to an object in it; `uri` is for messages. */
static struct request request_to(const struct s3_bucket *bucket, const char *key,
                                 const char *method, const char *verb, struct arena *arena)
{
    return (struct request){
        .method = method,
        .verb = verb,
        .uri = arena_printf(arena, "s3://%s%s%s", bucket->name, key ? "/" : "", key ? key : ""),
        .bucket = bucket->name,
        .key = key,
        .cancel = bucket->cancel,
        .hurried = bucket->hurried,
    };
}

static int ask(const struct s3_bucket *bucket, const struct request *request, struct error *err)
{
    CLEANUP(answer_release) struct answer answer = {0};
    return client_send(bucket->client, request, &answer, err);
}

/* --- lists --- */

static int get_list(const struct s3_bucket *bucket, struct request *request, const char *root,
                    struct xml **ret, struct error *err)
{
    CLEANUP(answer_release) struct answer answer = {0};
    request->document = root;
    request->text_max = LIST_MAX_BYTES;
    if (client_send(bucket->client, request, &answer, err) < 0)
        return -1;
    *ret = xml_parse(answer.text.data, answer.text.size);
    return *ret ? 0 : error_set(err, ERROR_BUG, "out of memory");
}

/* Keys may have characters that XML cannot; so they come percent-encoded where we ask for it. */
static const char *key_in(struct arena *arena, const xml_node *list, const xml_node *element,
                          const char *child)
{
    char *key = arena_strdup(arena, xml_value(element, child));
    if (!strcmp(xml_value(list, "EncodingType"), "url"))
        uri_decode_form(key);
    return key;
}

static const char *without_quotes(struct arena *arena, const char *s)
{
    size_t length = strlen(s);
    return length >= 2 && *s == '"' ? arena_strndup(arena, s + 1, length - 2)
                                    : arena_strdup(arena, s);
}

/* "2009-10-12T17:50:30.000Z" */
static int64_t time_us(const char *s)
{
    struct tm tm = {0};
    const char *rest = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!rest)
        return 0;
    int64_t us = (int64_t)timegm(&tm) * 1000000, digit_us = 100 * 1000;
    if (*rest == '.') {
        for (rest++; *rest >= '0' && *rest <= '9'; rest++, digit_us /= 10)
            us += (*rest - '0') * digit_us;
    }
    return us;
}

static int64_t bytes_of(const char *size)
{
    long long bytes = strtoll(size, NULL, 10);
    return bytes > 0 ? bytes : 0;
}

static bool is_truncated(const xml_node *list)
{
    return !strcmp(xml_value(list, "IsTruncated"), "true");
}

static int no_next_page(const struct s3_bucket *bucket, struct error *err)
{
    return error_set(err, ERROR_HTTP_UNKNOWN,
                     "cannot list 's3://%s': the server does not say where the list goes on",
                     bucket->name);
}

int s3_bucket_list(const struct s3_bucket *bucket, struct arena *arena, const char *prefix,
                   const char *token, struct object_listing **ret, const char **ret_token,
                   struct error *err)
{
    struct request request = request_to(bucket, NULL, "GET", "list", arena);
    request_query(&request, "list-type", "2");
    request_query(&request, "encoding-type", "url");
    request_query(&request, "prefix", prefix);
    if (token)
        request_query(&request, "continuation-token", token);
    CLEANUP(xml_free) struct xml *xml = NULL;
    if (get_list(bucket, &request, "ListBucketResult", &xml, err) < 0)
        return -1;

    const xml_node *list = xml_root(xml);
    struct object_listing *first = NULL, **end = &first;
    for (const xml_node *entry = xml_child(list, "Contents"); entry;
         entry = xml_next(entry, "Contents")) {
        struct object_listing *object = ARENA_NEW(arena, struct object_listing);
        *object = (struct object_listing){
            .key = key_in(arena, list, entry, "Key"),
            .bytes = bytes_of(xml_value(entry, "Size")),
            .modified_us = time_us(xml_value(entry, "LastModified")),
            .etag = without_quotes(arena, xml_value(entry, "ETag")),
            .storage_class = arena_strdup(arena, xml_value(entry, "StorageClass")),
        };
        *end = object;
        end = &object->next;
    }
    const char *next = xml_value(list, "NextContinuationToken");
    bool more = is_truncated(list);
    if (more && !*next)
        return no_next_page(bucket, err);
    *ret = first;
    *ret_token = more ? arena_strdup(arena, next) : NULL;
    return 0;
}

/* Not percent-encoded: Ceph's gateway would encode the keys and not say that it did. */
int s3_bucket_list_uploads(const struct s3_bucket *bucket, struct arena *arena, const char *prefix,
                           const char *only, struct upload_listing **ret, struct error *err)
{
    struct upload_listing *first = NULL, **end = &first;
    const char *after_key = NULL, *after_id = NULL;
    for (int page = 0; page < LIST_MAX_PAGES; page++) {
        struct request request = request_to(bucket, NULL, "GET", "list uploads in", arena);
        request_query(&request, "uploads", "");
        request_query(&request, "prefix", prefix);
        if (after_key) {
            request_query(&request, "key-marker", after_key);
            request_query(&request, "upload-id-marker", after_id);
        }
        CLEANUP(xml_free) struct xml *xml = NULL;
        if (get_list(bucket, &request, "ListMultipartUploadsResult", &xml, err) < 0)
            return -1;

        const xml_node *list = xml_root(xml);
        for (const xml_node *entry = xml_child(list, "Upload"); entry;
             entry = xml_next(entry, "Upload")) {
            bool encoded = !strcmp(xml_value(list, "EncodingType"), "url");
            if (only && !encoded && strcmp(xml_value(entry, "Key"), only))
                continue;
            struct upload_listing *upload = ARENA_NEW(arena, struct upload_listing);
            upload->key = key_in(arena, list, entry, "Key");
            upload->id = arena_strdup(arena, xml_value(entry, "UploadId"));
            *end = upload;
            end = &upload->next;
        }
        after_key = key_in(arena, list, list, "NextKeyMarker");
        after_id = arena_strdup(arena, xml_value(list, "NextUploadIdMarker"));
        if (!is_truncated(list))
            break;
        if (!*after_key)
            return no_next_page(bucket, err);
    }
    *ret = first;
    return 0;
}

/* --- objects --- */

int s3_bucket_head(const struct s3_bucket *bucket, const char *key, struct object_info *ret,
                   struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(answer_release) struct answer answer = {0};
    struct request request = request_to(bucket, key, "HEAD", "look at", arena);
    if (client_send(bucket->client, &request, &answer, err) < 0)
        return -1;
    *ret = answer.info;
    return 0;
}

/* Whether it was put after putting began, by the server's clock; its times are whole seconds. */
static bool is_newer(const struct answer *answer, int64_t began_us)
{
    int64_t age_us = clock_monotonic_us() - began_us;
    int64_t began_there_us = answer->date_us - age_us - TIME_STEP_S * INT64_C(1000000);
    return answer->date_us < 0 || !answer->info.modified_us ||
           answer->info.modified_us >= began_there_us;
}

/* A key of somebody's own makes another ETag. */
static bool has_etag(const struct answer *answer, const char *ending)
{
    size_t length = strlen(answer->info.etag), end = strlen(ending);
    bool other_key = *ending != '-' && !strncmp(answer->encryption, "aws:kms", 7);
    return other_key || (length >= end && !strcmp(answer->info.etag + length - end, ending));
}

int s3_bucket_has(const struct s3_bucket *bucket, const char *key, const struct put_trace *trace,
                  struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(answer_release) struct answer answer = {0};
    struct request request = request_to(bucket, key, "HEAD", "look at", arena);
    if (client_send(bucket->client, &request, &answer, err) < 0)
        return err->kind == ERROR_NOT_FOUND ? 0 : -1;
    return answer.info.bytes == trace->bytes && has_etag(&answer, trace->etag) &&
           is_newer(&answer, trace->began_us);
}

int s3_bucket_delete(const struct s3_bucket *bucket, const char *key, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(answer_release) struct answer answer = {0};
    struct request request = request_to(bucket, key, "DELETE", "delete", arena);
    int r = client_send(bucket->client, &request, &answer, err);
    return r < 0 && !strcmp(answer.code, "NoSuchKey") ? 0 : r;
}

int s3_bucket_copy(const struct s3_bucket *bucket, const char *key, const char *from_bucket,
                   const char *from_key, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_release) struct text source = {0};
    text_add(&source, "/");
    uri_encode(&source, from_bucket, "");
    text_add(&source, "/");
    uri_encode(&source, from_key, "/");

    struct request request = request_to(bucket, key, "PUT", "copy to", arena);
    request.slow_s = CLIENT_LONG_S;
    request.document = "CopyObjectResult";
    request_header(&request, "x-amz-copy-source", source.data);
    return ask(bucket, &request, err);
}

/* --- the bucket --- */

int s3_bucket_create(const struct s3_bucket *bucket, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(answer_release) struct answer answer = {0};
    CLEANUP(text_release) struct text body = {0};
    struct request request = request_to(bucket, NULL, "PUT", "create bucket", arena);
    const char *region = client_region(bucket->client);
    if (strcmp(region, "us-east-1")) { // which AWS wants not to be named
        text_add(&body, "<CreateBucketConfiguration xmlns=\"" S3_NAMESPACE "\">");
        xml_add(&body, "LocationConstraint", region);
        text_add(&body, "</CreateBucketConfiguration>");
    }
    request.body[0] = (struct piece){body.data, body.size};
    int r = client_send(bucket->client, &request, &answer, err);
    return r < 0 && !strcmp(answer.code, "BucketAlreadyOwnedByYou") ? 0 : r;
}

int s3_bucket_get_cors(const struct s3_bucket *bucket, struct text *ret, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(answer_release) struct answer answer = {0};
    struct request request = request_to(bucket, NULL, "GET", "get CORS of", arena);
    request_query(&request, "cors", "");
    if (client_send(bucket->client, &request, &answer, err) < 0)
        return -1;
    text_append(ret, answer.text.data, answer.text.size);
    return 0;
}

int s3_bucket_put_cors(const struct s3_bucket *bucket, const char *xml, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct piece body[HTTP_PIECES] = {{xml, strlen(xml)}};
    unsigned char md5[MD5_BYTES];
    char base64[MD5_BASE64_SIZE];
    digest_md5(body, md5);

    struct request request = request_to(bucket, NULL, "PUT", "put CORS of", arena);
    request.body[0] = body[0];
    request_query(&request, "cors", "");
    request_header(&request, "Content-MD5", digest_base64(md5, base64));
    request_header(&request, "Content-Type", "application/xml");
    return ask(bucket, &request, err);
}
