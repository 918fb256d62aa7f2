/* SPDX-License-Identifier: Apache-2.0 */
#include "s3/failure.h"

#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "s3/xml.h"

enum { SKEW_S = 10 * 60, MESSAGE_BYTES = 200 };

#define OBJECT_MOST  (INT64_C(1) << 60)    /* no sum with it overflows */
#define YEAR_10000_S INT64_C(253402300800) /* no server's clock is there */

#define NO_RANGES    "the server does not serve ranges of an object"

/* --- what the headers say of an object --- */

static void copy(char *out, size_t size, const char *s, size_t length)
{
    snprintf(out, size, "%.*s", (int)(length < size ? length : size - 1), s);
}

/* Without its quotes; a weak one keeps its W/, so it equals no strong one. */
static void take_etag(struct object_info *info, const char *etag)
{
    size_t length = strlen(etag);
    if (length >= 2 && etag[0] == '"' && etag[length - 1] == '"') {
        etag++;
        length -= 2;
    }
    copy(info->etag, sizeof(info->etag), etag, length);
}

static int64_t number(const char *s)
{
    char *end;
    long long value = s ? strtoll(s, &end, 10) : -1;
    return s && end != s && value >= 0 && value <= OBJECT_MOST ? value : -1;
}

int64_t failure_date_us(const struct http *http, const char *name)
{
    const char *date = http_header(http, name);
    int64_t seconds = date ? curl_getdate(date, NULL) : -1;
    return seconds >= 0 && seconds < YEAR_10000_S ? seconds * 1000000 : -1;
}

static void take_info(const struct http *http, struct object_info *info)
{
    const char *etag = http_header(http, "ETag"), *type = http_header(http, "Content-Type");
    *info = (struct object_info){.bytes = number(http_header(http, "Content-Length"))};
    if (etag)
        take_etag(info, etag);
    if (type)
        copy(info->content_type, sizeof(info->content_type), type, strlen(type));
    const char *encryption = http_header(http, "x-amz-server-side-encryption");
    if (encryption)
        copy(info->encryption, sizeof(info->encryption), encryption, strlen(encryption));
    int64_t modified_us = failure_date_us(http, "Last-Modified");
    info->modified_us = modified_us < 0 ? 0 : modified_us;
}

/* --- ranges --- */

static bool same_object(const struct object_info *a, const struct object_info *b)
{
    return a->bytes == b->bytes && a->modified_us == b->modified_us && !strcmp(a->etag, b->etag);
}

/* "bytes 0-99/1234": whether it is what was asked for, and all of it came. */
static bool is_asked_range(const struct request *request, const char *range, size_t size,
                           int64_t *ret_total)
{
    long long first, last, total;
    if (!range || sscanf(range, "bytes %lld-%lld/%lld", &first, &last, &total) != 3 ||
        total > OBJECT_MOST)
        return false;
    *ret_total = total;
    int64_t most = request->first + (int64_t)request->into_size;
    int64_t end = total < most ? total : most;
    return first == request->first && last == end - 1 && (int64_t)size == end - first;
}

static enum verdict judge_range(const struct request *request, const struct http *http,
                                const struct http_response *response, struct answer *answer,
                                struct error *err)
{
    if (response->status == 206 && !is_asked_range(request, http_header(http, "Content-Range"),
                                                   response->size, &answer->info.bytes)) {
        error_set(err, ERROR_HTTP_CONNECTION, "the server sent other bytes than those asked for");
        return VERDICT_AGAIN;
    }
    if (response->status != 206 && answer->info.bytes < 0)
        answer->info.bytes = (int64_t)response->size;
    if (response->status != 206 &&
        (request->first || answer->info.bytes != (int64_t)response->size)) {
        error_set(err, ERROR_HTTP_UNKNOWN, NO_RANGES);
        return VERDICT_FAILED;
    }
    if (request->pinned && !same_object(request->pinned, &answer->info)) {
        error_set(err, ERROR_SOURCE_READ, "it was changed while it was being read");
        return VERDICT_FAILED;
    }
    answer->size = response->size;
    return VERDICT_DONE;
}

/* --- refusals --- */

struct refusal {
    char code[64], message[MESSAGE_BYTES], request_id[80];
    char region[64]; /* the bucket's, if it names one */
};

/* Lets nothing through to a terminal that it may act upon. */
static void take_words(char *out, size_t size, const char *s)
{
    CLEANUP(text_release) struct text words = {0};
    text_add_printable(&words, s, strnlen(s, size - 1));
    copy(out, size, words.data ? words.data : "", words.size);
}

/* It becomes a part of a header and of a host's name. */
static void take_region(char out[64], const char *s)
{
    size_t length = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");
    bool is_one = length && length < 64 && !s[length];
    snprintf(out, 64, "%s", is_one ? s : "");
}

/* S3's <Error> document, which may come with status 200, too. */
static bool read_refusal(const struct http *http, const struct text *text, struct refusal *ret)
{
    const char *id = http_header(http, "x-amz-request-id");
    const char *region = http_header(http, "x-amz-bucket-region");
    *ret = (struct refusal){0};
    take_words(ret->request_id, sizeof(ret->request_id), id ? id : "");
    take_region(ret->region, region ? region : "");

    CLEANUP(xml_free) struct xml *xml = xml_parse(text->data, text->size);
    if (!xml || !xml_is(xml_root(xml), "Error"))
        return false;
    const xml_node *root = xml_root(xml);
    take_words(ret->code, sizeof(ret->code), xml_value(root, "Code"));
    take_words(ret->message, sizeof(ret->message), xml_value(root, "Message"));
    if (!ret->request_id[0])
        take_words(ret->request_id, sizeof(ret->request_id), xml_value(root, "RequestId"));
    if (!ret->region[0])
        take_region(ret->region, xml_value(root, "Region"));
    return true;
}

/* Whether what was refused is the use of a key, or to be a role, rather than the object. */
static bool is_of_role(int status, const struct refusal *refusal)
{
    return !strncmp(refusal->code, "KMS.", 4) ||
           (status == 403 &&
            (strstr(refusal->message, "kms:") || strcasestr(refusal->message, "AssumeRole")));
}

static enum error_kind kind_of(const struct request *request, int status,
                               const struct refusal *refusal)
{
    const char *code = refusal->code;
    static const struct {
        const char *code; /* S3's; or NULL, and … */
        int first, last;  /* … these statuses … */
        bool web;         /* … of an http:// input */
        enum error_kind kind;
    } rows[] = {
        {"QuotaExceeded", .kind = ERROR_DISK_FULL},
        {"XMinioStorageFull", .kind = ERROR_DISK_FULL},
        {"ExpiredToken", .kind = ERROR_PERMISSION},
        {"InvalidToken", .kind = ERROR_PERMISSION},
        {"TokenRefreshRequired", .kind = ERROR_PERMISSION},
        {"AccessControlListNotSupported", .kind = ERROR_PERMISSION},
        {"AuthorizationHeaderMalformed", .kind = ERROR_PERMISSION},
        {NULL, 401, 401, true, ERROR_HTTP_UNAUTHORIZED},
        {NULL, 403, 403, true, ERROR_HTTP_FORBIDDEN},
        {NULL, 404, 404, true, ERROR_HTTP_NOT_FOUND},
        {NULL, 410, 410, true, ERROR_HTTP_NOT_FOUND},
        {NULL, 412, 412, true, ERROR_SOURCE_READ},
        {NULL, 429, 429, true, ERROR_HTTP_SERVER},
        {NULL, 500, 599, true, ERROR_HTTP_SERVER},
        {NULL, 0, 999, true, ERROR_HTTP_UNKNOWN},
        {NULL, 401, 401, false, ERROR_PERMISSION},
        {NULL, 403, 403, false, ERROR_PERMISSION},
        {NULL, 404, 404, false, ERROR_NOT_FOUND},
        {NULL, 412, 412, false, ERROR_SOURCE_READ},
        {NULL, 429, 429, false, ERROR_HTTP_SERVER},
        {NULL, 507, 507, false, ERROR_DISK_FULL},
        {NULL, 500, 599, false, ERROR_HTTP_SERVER},
    };
    if (!request->url && is_of_role(status, refusal))
        return ERROR_ROLE;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool by_code = rows[i].code && !strcmp(rows[i].code, code);
        bool by_status = !rows[i].code && rows[i].web == !!request->url &&
                         status >= rows[i].first && status <= rows[i].last;
        if (by_code || by_status)
            return rows[i].kind;
    }
    return ERROR_FILE_OPEN;
}

static bool may_pass(int status, const char *code)
{
    return (status >= 500 && status != 501 && status != 507) || status == 429 || status == 408 ||
           !strcmp(code, "RequestTimeout") || !strcmp(code, "InternalError") ||
           !strcmp(code, "SlowDown") || !strcmp(code, "ServiceUnavailable");
}

/* A HEAD is refused without a reason, but never without a date. */
static bool is_skewed(const struct http *http, int status, const char *code)
{
    int64_t server_us = failure_date_us(http, "Date");
    if (server_us < 0 || status != 403 || (*code && strcmp(code, "RequestTimeTooSkewed")))
        return false;
    return *code || llabs(server_us - clock_true_us()) > SKEW_S * INT64_C(1000000);
}

/* Whether it was refused because the bucket is in the region that the refusal names. */
static bool is_elsewhere(int status, const struct refusal *refusal)
{
    if (!refusal->region[0])
        return false;
    return status / 100 == 3 || !strcmp(refusal->code, "AuthorizationHeaderMalformed") ||
           !strcmp(refusal->code, "IllegalLocationConstraintException") ||
           (status == 400 && !refusal->code[0]); // of a HEAD
}

static enum verdict judge_refusal(const struct request *request, const struct http *http,
                                  const struct http_response *response,
                                  const struct refusal *refusal, struct answer *answer,
                                  struct error *err)
{
    int status = response->status;
    snprintf(answer->code, sizeof(answer->code), "%s", refusal->code);
    error_set(err, kind_of(request, status, refusal), "HTTP %d%s%s%s%s%s%s%s", status,
              *refusal->code ? " " : "", refusal->code, *refusal->request_id ? " (request id " : "",
              refusal->request_id, *refusal->request_id ? ")" : "", *refusal->message ? ": " : "",
              refusal->message);
    bool elsewhere = !request->url && is_elsewhere(status, refusal);
    if (elsewhere)
        memcpy(answer->region, refusal->region, sizeof(answer->region));
    if (status / 100 == 3 && http_header(http, "Location"))
        return VERDICT_REDIRECTED;
    if (elsewhere)
        return VERDICT_REGION;
    if (is_skewed(http, status, refusal->code))
        return VERDICT_SKEWED;
    return may_pass(status, refusal->code) ? VERDICT_AGAIN : VERDICT_FAILED;
}

/* --- the verdict --- */

static bool is_document(const struct text *text, const char *root)
{
    CLEANUP(xml_free) struct xml *xml = xml_parse(text->data, text->size);
    return xml && xml_is(xml_root(xml), root);
}

static enum verdict judge_outcome(const struct request *request, enum http_outcome outcome,
                                  const struct http_response *response, struct error *err)
{
    switch (outcome) {
    case HTTP_CANCELED:
        error_set(err, ERROR_CANCELED, "canceled");
        return VERDICT_FAILED;
    case HTTP_IMPOSSIBLE:
        error_set(err, ERROR_HTTP_CONNECTION, "%s", response->why);
        return VERDICT_FAILED;
    case HTTP_TOO_LONG:
        error_set(err, ERROR_HTTP_UNKNOWN, "%s",
                  response->status == 200 && request->into
                      ? NO_RANGES
                      : "the server sends more than it was asked for");
        return response->status == 206 ? VERDICT_AGAIN : VERDICT_FAILED;
    default:
        error_set(err, ERROR_HTTP_CONNECTION, "%s", response->why);
        return VERDICT_AGAIN;
    }
}

enum verdict failure_judge(const struct request *request, const struct http *http,
                           enum http_outcome outcome, const struct http_response *response,
                           struct answer *answer, struct error *err)
{
    answer->status = response->status;
    answer->code[0] = answer->region[0] = answer->encryption[0] = '\0';
    answer->date_us = -1;
    // However much a page says about an error, its status says enough.
    bool cut = outcome == HTTP_TOO_LONG && response->status / 100 != 2;
    if (outcome != HTTP_ANSWERED && !cut)
        return judge_outcome(request, outcome, response, err);

    take_info(http, &answer->info);
    answer->date_us = failure_date_us(http, "Date");
    const char *encryption = http_header(http, "x-amz-server-side-encryption");
    snprintf(answer->encryption, sizeof(answer->encryption), "%s", encryption ? encryption : "");
    struct refusal refusal;
    bool refused = read_refusal(http, &response->text, &refusal);
    if (response->status / 100 != 2 || refused)
        return judge_refusal(request, http, response, &refusal, answer, err);
    if (request->into)
        return judge_range(request, http, response, answer, err);
    if (request->document && !is_document(&response->text, request->document)) {
        error_set(err, ERROR_HTTP_UNKNOWN, "the answer is no %s", request->document);
        return VERDICT_AGAIN;
    }
    return VERDICT_DONE;
}
