/* SPDX-License-Identifier: Apache-2.0 */
#include "s3/s3_upload.h"

#include <string.h>

#include <openssl/evp.h>

#include "s3/s3_bucket.h"
#include "s3/xml.h"

enum { MD5_BYTES = 16, MD5_BASE64_SIZE = 25 };

/* So that the server refuses bytes which were damaged on the way. */
static const char *md5_of(const struct piece body[HTTP_PIECES], char out[MD5_BASE64_SIZE])
{
    unsigned char md5[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context && EVP_DigestInit_ex(context, EVP_md5(), NULL);
    for (int i = 0; i < HTTP_PIECES && done; i++)
        done = EVP_DigestUpdate(context, body[i].data, body[i].size);
    done = done && EVP_DigestFinal_ex(context, md5, NULL);
    EVP_MD_CTX_free(context);
    if (!done)
        return NULL;
    EVP_EncodeBlock((unsigned char *)out, md5, MD5_BYTES);
    return out;
}

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

int s3_upload_whole(const struct s3_upload *upload, const struct piece body[HTTP_PIECES],
                    struct error *err)
{
    struct request request = request_to(upload, "PUT");
    char md5[MD5_BASE64_SIZE];
    set_body(&request, body);
    request_header(&request, "Content-MD5", md5_of(body, md5));
    add_object_headers(&request, &upload->headers);
    CLEANUP(answer_release) struct answer answer = {0};
    return client_send(upload->client, &request, &answer, err);
}

/* --- in parts --- */

static int send_abort(const struct s3_upload *upload, const char *id, struct cancel *cancel,
                      struct error *err)
{
    struct request request = request_to(upload, "DELETE");
    request.verb = "abort the upload of";
    request.cancel = cancel;
    request_query(&request, "uploadId", id);
    CLEANUP(answer_release) struct answer answer = {0};
    return client_send(upload->client, &request, &answer, err);
}

/* The list is of this very key, and of longer ones, which are not ours. */
static void abort_all_but(const struct s3_upload *upload, const char *keep, struct cancel *cancel)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct s3_bucket bucket = {upload->client, upload->name.bucket, cancel};
    struct upload_listing *listing;
    struct error ignored;
    if (s3_bucket_list_uploads(&bucket, arena, upload->name.key, &listing, &ignored) < 0)
        return;
    for (; listing; listing = listing->next) {
        bool other = !keep || strcmp(listing->id, keep);
        if (other && !strcmp(listing->key, upload->name.key))
            (void)!send_abort(upload, listing->id, cancel, &ignored);
    }
}

int s3_upload_begin(struct s3_upload *upload, struct arena *arena, struct error *err)
{
    abort_all_but(upload, NULL, upload->cancel);
    struct request request = request_to(upload, "POST");
    request.document = "InitiateMultipartUploadResult";
    request_query(&request, "uploads", "");
    add_object_headers(&request, &upload->headers);
    CLEANUP(answer_release) struct answer answer = {0};
    upload->begun = true;
    if (client_send(upload->client, &request, &answer, err) < 0)
        return -1;

    CLEANUP(xml_free) struct xml *xml = xml_parse(answer.text.data, answer.text.size);
    const char *id = xml ? xml_value(xml_root(xml), "UploadId") : "";
    if (!*id)
        return error_set(err, ERROR_HTTP_UNKNOWN,
                         "cannot write '%s': the server began no multipart upload",
                         upload->name.uri);
    upload->id = arena_strdup(arena, id);
    if (answer.tries > 1) // one may have begun of which the answer was lost
        abort_all_but(upload, upload->id, upload->cancel);
    return 0;
}

int s3_upload_part(const struct s3_upload *upload, int number, const struct piece body[HTTP_PIECES],
                   char ret_etag[72], struct error *err)
{
    struct request request = request_to(upload, "PUT");
    char md5[MD5_BASE64_SIZE], part[16];
    snprintf(part, sizeof(part), "%d", number);
    set_body(&request, body);
    request_query(&request, "partNumber", part);
    request_query(&request, "uploadId", upload->id);
    request_header(&request, "Content-MD5", md5_of(body, md5));

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

/* Whether the object is there, made of so many parts: then only the answer was lost. */
static bool is_complete(const struct s3_upload *upload, int parts, int64_t bytes)
{
    struct request request = request_to(upload, "HEAD");
    CLEANUP(answer_release) struct answer answer = {0};
    struct error ignored;
    char ending[16];
    snprintf(ending, sizeof(ending), "-%d", parts);
    if (client_send(upload->client, &request, &answer, &ignored) < 0)
        return false;
    size_t length = strlen(answer.info.etag), end = strlen(ending);
    return answer.info.bytes == bytes && length > end &&
           !strcmp(answer.info.etag + length - end, ending);
}

int s3_upload_complete(const struct s3_upload *upload, const char (*etags)[72], int parts,
                       int64_t bytes, struct error *err)
{
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
    if (answer.tries > 1 && answer.status == 404 && is_complete(upload, parts, bytes))
        return 0;
    return -1;
}

void s3_upload_abort(const struct s3_upload *upload)
{
    struct error err = {0};
    if (!upload->begun)
        return;
    if (upload->id)
        (void)!send_abort(upload, upload->id, NULL, &err);
    if (err.kind < ERROR_HTTP_SERVER) // the server still answers
        abort_all_but(upload, NULL, NULL);
}
