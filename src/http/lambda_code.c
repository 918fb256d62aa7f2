/* SPDX-License-Identifier: Apache-2.0 */
/* Zips: out of a request or a bucket, and back. */
#include <string.h>

#include "base/clock.h"
#include "http/lambda.h"
#include "http/put.h"
#include "http/service.h"
#include "s3/digest.h"
#include "s3/sigv4.h"
#include "s3/storage.h"

enum { LOCATION_S = 600 };

/* --- in --- */

static int refuse_object(struct call *call, const char *uri, struct error *err)
{
    if (err->kind == ERROR_NOT_FOUND)
        return call_refuse(call, 400,
                           "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error "
                           "Message: The specified key does not exist: %.300s",
                           uri);
    if (err->kind == ERROR_PERMISSION)
        return call_refuse(call, 403,
                           "Your access has been denied by S3, please make sure your request "
                           "credentials have permission to GetObject for %.300s. S3 Error Code: "
                           "AccessDenied.",
                           uri);
    if (err->kind == ERROR_CANCELED || err->kind == ERROR_BUG)
        return error_add(err, "cannot read the code");
    return call_refuse(call, 400, "Error occurred while GetObject. S3 Error Message: %s",
                       err->frame[0]);
}

/* The whole object, in the call's arena. */
static int read_object(struct service *service, struct call *call, const char *uri,
                       const void **ret, size_t *ret_size, struct error *err)
{
    CLEANUP(object_close) struct object_reader *reader = NULL;
    if (storage_open(service->storage, uri, service->stopping, &reader, err) < 0)
        return refuse_object(call, uri, err);
    int64_t size = object_info(reader)->bytes;
    if (size > FUNCTION_ZIP_MAX)
        return call_refuse(call, 400, "the zip has %lld bytes; at most %d are supported here",
                           (long long)size, FUNCTION_ZIP_MAX);
    char *zip = arena_alloc(call->arena, (size_t)size + 1);
    size_t read, done = 0;
    do {
        if (object_read(reader, (int64_t)done, zip + done, (size_t)size - done, &read, err) < 0)
            return refuse_object(call, uri, err);
        done += read;
    } while (read && done < (size_t)size);
    *ret = zip;
    *ret_size = done;
    return 0;
}

static int read_base64(struct call *call, const char *base64, const void **ret, size_t *ret_size)
{
    char *zip = lambda_decode(call, base64, ret_size);
    if (!zip)
        return call_refuse(call, 400, "ZipFile is no base64");
    *ret = zip;
    return 0;
}

int lambda_read_zip(struct service *service, struct call *call, const struct json *code,
                    const void **ret_zip, size_t *ret_size, struct error *err)
{
    const char *zip, *bucket, *key, *version, *image;
    *ret_zip = NULL;
    if (!code || code->type != JSON_OBJECT)
        return error_set(err, ERROR_BAD_REQUEST, "Code is a required property");
    if (call_string(code, "ZipFile", false, &zip, err) < 0 ||
        call_string(code, "S3Bucket", false, &bucket, err) < 0 ||
        call_string(code, "S3Key", false, &key, err) < 0 ||
        call_string(code, "S3ObjectVersion", false, &version, err) < 0 ||
        call_string(code, "ImageUri", false, &image, err) < 0)
        return -1;
    if (image)
        return error_set(err, ERROR_BAD_REQUEST,
                         "container images are not run here: give ZipFile, or S3Bucket and S3Key");
    if (zip && (bucket || key || version))
        return error_set(
            err, ERROR_BAD_REQUEST,
            "Please do not provide other FunctionCode parameters when providing a ZipFile.");
    if (zip)
        return read_base64(call, zip, ret_zip, ret_size);
    if (!bucket || !key || !*bucket || !*key || strchr(bucket, '/'))
        return error_set(err, ERROR_BAD_REQUEST, "Please provide a source for function code.");
    if (version)
        return error_set(err, ERROR_BAD_REQUEST,
                         "S3ObjectVersion is not supported here: objects are read as they are");
    return read_object(service, call, arena_printf(call->arena, "s3://%s/%s", bucket, key), ret_zip,
                       ret_size, err);
}

/* --- and out --- */

#define CODE_PATH "/2015-03-31/functions/%s/code"

/* A query that is good for ten minutes, where calls must be signed; "" where they need not be. */
static const char *presigned(struct service *service, struct call *call, const char *path)
{
    const struct auth *auth = &service->auth;
    const struct field host = {"host", call->authority};
    CLEANUP(text_release) struct text query = {0};
    char time[SIGV4_TIME_SIZE], empty[SHA256_HEX_SIZE];
    const struct piece no_body[HTTP_PIECES] = {{0}};
    if (!auth->access_key)
        return "";
    digest_sha256(no_body, empty);
    const struct sigv4_key key = {.access_key = auth->access_key,
                                  .secret_key = auth->secret_key,
                                  .region = status_owner(service->status)->region,
                                  .service = "lambda"};
    const struct sigv4_request request = {
        .method = "GET", .path = path, .headers = &host, .headers_count = 1, .payload = empty};
    sigv4_presign(&key, &request, sigv4_time(clock_true_us(), time), LOCATION_S, &query);
    return arena_printf(call->arena, "?%s", query.data);
}

void lambda_put_code(struct service *service, struct call *call,
                     const struct function_record *function)
{
    const char *path = arena_printf(call->arena, CODE_PATH, function->name);
    put_open(&call->reply, "Code", '{');
    put_string(&call->reply, "RepositoryType", "S3");
    put_string(
        &call->reply, "Location",
        arena_printf(call->arena, "%s%s%s", call_url(call), path, presigned(service, call, path)));
    put_close(&call->reply, '}');
}

int lambda_get_code(struct service *service, struct call *call, struct error *err)
{
    struct function_record *function;
    const void *zip;
    size_t size;
    int found = lambda_find(service, call, &function, err);
    if (found <= 0)
        return found;
    if (functions_read_code(service->functions, function->name, call->arena, &zip, &size, err) < 0)
        return lambda_failed(service, call, function->name, err);
    call_reply_header(call, "Content-Disposition", "attachment; filename=code.zip");
    return call_reply_bytes(call, "application/zip", zip, size);
}
