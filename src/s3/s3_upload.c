/* SPDX-License-Identifier: Apache-2.0 */
#include "s3/s3_upload.h"

#include <string.h>

#include "base/clock.h"
#include "s3/s3_bucket.h"
#include "s3/xml.h"

static struct request request_to(const struct s3_upload *upload, const char *method)
{
    return (struct request){
        .method = method,
        .verb = "write",
        .uri = upload->name.uri,
        .bucket = upload->name.bucket,
        .key = upload->name.key,
        .cancel = upload->cancel,
    };
}

static void add_object_headers(struct request *request, const struct object_headers *headers)
{
    request_header(request, "Content-Type", headers->content_type);
    request_header(request, "Content-Encoding", headers->content_encoding);
    request_header(request, "x-amz-acl", headers->canned_acl);
    request_header(request, "x-amz-storage-class", headers->storage_class);
    request_header(request, "x-amz-server-side-encryption", headers->encryption);
    request_header(request, "x-amz-server-side-encryption-aws-kms-key-id", headers->kms_key);
    request_header(request, "x-amz-server-side-encryption-context", headers->kms_context);
}

static void set_body(struct request *request, const struct piece body[HTTP_PIECES])
{
    memcpy(request->body, body, sizeof(request->body));
}

/* So that the server refuses bytes which were damaged on the way. */
static void add_md5(struct request *request, const unsigned char md5[MD5_BYTES],
                    char base64[MD5_BASE64_SIZE])
{
    request_header(request, "Content-MD5", digest_base64(md5, base64));
}

static void look_at_encryption(struct s3_upload *upload, const struct answer *answer)
{
    upload->unencrypted = upload->headers.encryption && !answer->encryption[0];
}

int s3_upload_whole(struct s3_upload *upload, const struct piece body[HTTP_PIECES],
                    struct error *err)
{
    struct request request = request_to(upload, "PUT");
    unsigned char md5[MD5_BYTES];
    char base64[MD5_BASE64_SIZE];
    digest_md5(body, md5);
    set_body(&request, body);
    add_md5(&request, md5, base64);
    add_object_headers(&request, &upload->headers);
    upload->trace = (struct put_trace){
        .began_us = clock_monotonic_us(),
        .bytes = (int64_t)(body[0].size + body[1].size),
    };
    digest_hex(md5, sizeof(md5), upload->trace.etag);

    CLEANUP(answer_release) struct answer answer = {0};
    int r = client_send(upload->client, &request, &answer, err);
    upload->in_doubt = r < 0 && answer.in_doubt;
    if (r == 0)
        look_at_encryption(upload, &answer);
    return r;
}

/* --- in parts --- */

static int send_abort(const struct s3_upload *upload, const char *id, struct error *err)
{
    struct request request = request_to(upload, "DELETE");
    request.verb = "abort the upload of";
    request.cancel = NULL;
    request.hurried = true;
    request_query(&request, "uploadId", id);
    CLEANUP(answer_release) struct answer answer = {0};
    return client_send(upload->client, &request, &answer, err);
}

/* The list is of this very key, and of longer ones, which are not ours.
 * @retval -1  the list could not be had */
static int abort_all_but(const struct s3_upload *upload, const char *keep, struct cancel *cancel,
                         struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *key = upload->name.key;
    struct s3_bucket bucket = {upload->client, upload->name.bucket, cancel, true};
    struct upload_listing *listing;
    if (s3_bucket_list_uploads(&bucket, arena, key, key, &listing, err) < 0)
        return -1;
    for (; listing && !cancel_requested(cancel); listing = listing->next) {
        struct error ignored;
        bool other = !keep || strcmp(listing->id, keep);
        if (other && !strcmp(listing->key, key))
            (void)!send_abort(upload, listing->id, &ignored);
    }
    return 0;
}

int s3_upload_abort_others(const struct s3_upload *upload, struct error *err)
{
    return abort_all_but(upload, upload->id, upload->cancel, err);
}

int s3_upload_begin(struct s3_upload *upload, struct arena *arena, struct error *err)
{
    struct error ignored;
    (void)!s3_upload_abort_others(upload, &ignored);
    struct request request = request_to(upload, "POST");
    request.document = "InitiateMultipartUploadResult";
    request_query(&request, "uploads", "");
    add_object_headers(&request, &upload->headers);
    CLEANUP(answer_release) struct answer answer = {0};
    upload->begun = true;
    upload->trace.began_us = clock_monotonic_us(); // some servers date the object from now
    if (client_send(upload->client, &request, &answer, err) < 0)
        return -1;

    CLEANUP(xml_free) struct xml *xml = xml_parse(answer.text.data, answer.text.size);
    const char *id = xml ? xml_value(xml_root(xml), "UploadId") : "";
    if (!*id)
        return error_set(err, ERROR_HTTP_UNKNOWN,
                         "cannot write '%s': the server began no multipart upload",
                         upload->name.uri);
    upload->id = arena_strdup(arena, id);
    look_at_encryption(upload, &answer);
    if (answer.in_doubt) // one may have begun of which the answer was lost
        (void)!s3_upload_abort_others(upload, &ignored);
    return 0;
}

int s3_upload_part(const struct s3_upload *upload, int number, const struct piece body[HTTP_PIECES],
                   char ret_etag[72], struct error *err)
{
    struct request request = request_to(upload, "PUT");
    unsigned char md5[MD5_BYTES];
    char base64[MD5_BASE64_SIZE], part[16];
    digest_md5(body, md5);
    snprintf(part, sizeof(part), "%d", number);
    set_body(&request, body);
    request_query(&request, "partNumber", part);
    request_query(&request, "uploadId", upload->id);
    add_md5(&request, md5, base64);

    CLEANUP(answer_release) struct answer answer = {0};
    if (client_send(upload->client, &request, &answer, err) < 0)
        return error_add(err, "part %d", number);
    if (!answer.info.etag[0])
        return error_set(err, ERROR_HTTP_UNKNOWN, "cannot write '%s': part %d has no ETag",
                         upload->name.uri, number);
    memcpy(ret_etag, answer.info.etag, sizeof(answer.info.etag));
    return 0;
}

static void list_parts(struct text *out, const char (*etags)[72], int parts)
{
    text_add(out, "<CompleteMultipartUpload xmlns=\"" S3_NAMESPACE "\">");
    for (int i = 0; i < parts; i++) {
        char number[16], etag[80];
        snprintf(number, sizeof(number), "%d", i + 1);
        snprintf(etag, sizeof(etag), "\"%s\"", etags[i]);
        text_add(out, "<Part>");
        xml_add(out, "PartNumber", number);
        xml_add(out, "ETag", etag);
        text_add(out, "</Part>");
    }
    text_add(out, "</CompleteMultipartUpload>");
}

int s3_upload_complete(struct s3_upload *upload, const char (*etags)[72], int parts, int64_t bytes,
                       struct error *err)
{
    upload->trace.bytes = bytes;
    snprintf(upload->trace.etag, sizeof(upload->trace.etag), "-%d", parts);
    CLEANUP(text_release) struct text list = {0};
    list_parts(&list, etags, parts);
    struct request request = request_to(upload, "POST");
    request.document = "CompleteMultipartUploadResult";
    request.slow_s = CLIENT_LONG_S;
    request.body[0] = (struct piece){list.data, list.size};
    request_query(&request, "uploadId", upload->id);
    request_header(&request, "Content-Type", "application/xml");

    CLEANUP(answer_release) struct answer answer = {0};
    if (client_send(upload->client, &request, &answer, err) == 0)
        return 0;
    upload->in_doubt = answer.in_doubt;
    struct error ignored;
    struct s3_bucket bucket = {upload->client, upload->name.bucket, upload->cancel, false};
    bool only_lost = answer.in_doubt && answer.status == 404 &&
                     s3_bucket_has(&bucket, upload->name.key, &upload->trace, &ignored) > 0;
    return only_lost ? 0 : -1;
}

bool s3_upload_abort(const struct s3_upload *upload)
{
    struct error err = {0};
    if (upload->id)
        (void)!send_abort(upload, upload->id, &err);
    if (err.kind < ERROR_HTTP_SERVER) // the server still answers
        (void)!abort_all_but(upload, NULL, NULL, &err);
    return err.kind < ERROR_HTTP_SERVER;
}
