/* SPDX-License-Identifier: Apache-2.0 */
#include "s3/http.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

enum { CONNECT_TIMEOUT_MS = 10 * 1000, SLOW_BYTES_PER_SECOND = 1000 };

struct http {
    CURL *curl;
    char *ca_bundle;

    /* of the exchange under way */
    const struct http_request *request;
    struct http_response *response;
    size_t sent, header_bytes;
    bool too_long;
};

int http_new(struct http **ret, const char *ca_bundle, struct error *err)
{
    // Safe from several threads since libcurl 7.84.
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        return error_set(err, ERROR_BUG, "cannot start libcurl");
    CLEANUP(http_free) struct http *http = calloc(1, sizeof(*http));
    if (http) {
        http->curl = curl_easy_init();
        http->ca_bundle = ca_bundle ? strdup(ca_bundle) : NULL;
    } else {
        curl_global_cleanup();
    }
    if (!http || !http->curl || (ca_bundle && !http->ca_bundle))
        return error_set(err, ERROR_BUG, "out of memory");
    *ret = TAKE(http);
    return 0;
}

void http_free(struct http **http)
{
    if (!*http)
        return;
    curl_easy_cleanup((*http)->curl);
    curl_global_cleanup();
    free((*http)->ca_bundle);
    free(*http);
    *http = NULL;
}

/* --- what libcurl calls --- */

static size_t body_size(const struct http_request *request)
{
    return request->body[0].size + request->body[1].size;
}

static size_t give_body(char *buffer, size_t one, size_t room, void *arg)
{
    struct http *http = arg;
    (void)one;
    size_t at = http->sent, given = 0;
    for (int i = 0; i < HTTP_PIECES; i++) {
        const struct piece *piece = &http->request->body[i];
        if (at >= piece->size) {
            at -= piece->size;
            continue;
        }
        size_t size = piece->size - at < room - given ? piece->size - at : room - given;
        memcpy(buffer + given, (const char *)piece->data + at, size);
        given += size;
        at = 0;
        if (given == room)
            break;
    }
    http->sent += given;
    return given;
}

/* A connection that died while it was idle is opened anew, and the body begins again. */
static int seek_body(void *arg, curl_off_t offset, int origin)
{
    struct http *http = arg;
    if (origin != SEEK_SET || offset < 0 || (size_t)offset > body_size(http->request))
        return CURL_SEEKFUNC_FAIL;
    http->response->sent_again |= http->sent > 0;
    http->sent = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

static size_t take_header(char *line, size_t one, size_t size, void *arg)
{
    struct http *http = arg;
    (void)line, (void)one;
    http->header_bytes += size;
    return http->header_bytes > HTTP_HEADERS_MAX_BYTES ? 0 : size;
}

static size_t take_body(char *bytes, size_t one, size_t size, void *arg)
{
    struct http *http = arg;
    struct http_response *response = http->response;
    long status = 0;
    (void)one;
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);

    bool into = http->request->into && status / 100 == 2;
    size_t room = into ? http->request->into_size - response->size
                       : http->request->text_max - response->text.size;
    if (size > room) {
        http->too_long = true;
        return 0;
    }
    if (into) {
        memcpy((char *)http->request->into + response->size, bytes, size);
        response->size += size;
    } else {
        text_append(&response->text, bytes, size);
    }
    return size;
}

static int look_for_cancel(void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                           curl_off_t up)
{
    const struct http *http = arg;
    (void)down_total, (void)down, (void)up_total, (void)up;
    return cancel_requested(http->request->cancel);
}

/* --- an exchange --- */

static void free_list(struct curl_slist **list)
{
    curl_slist_free_all(*list);
}

/* A line break in a value would begin another header. */
static bool is_value(const char *value)
{
    for (; *value; value++) {
        if (((unsigned char)*value < ' ' && *value != '\t') || *value == 0x7f)
            return false;
    }
    return true;
}

static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
    if (!is_value(value))
        return false;
    CLEANUP(text_release) struct text line = {0};
    text_add(&line, *value ? "%s: %s" : "%s;", name, value); // libcurl's way to send it empty
    struct curl_slist *longer = curl_slist_append(*list, line.data);
    if (longer)
        *list = longer;
    return longer;
}

static bool add_headers(struct curl_slist **list, const struct http_request *request)
{
    struct curl_slist *longer = curl_slist_append(NULL, "Expect:"); // no waiting for 100 Continue
    *list = longer;
    bool whole = longer && add_header(list, "User-Agent", "mediaconvert-local/" VERSION);
    for (int i = 0; i < request->headers_count && whole; i++)
        whole = add_header(list, request->headers[i].name, request->headers[i].value);
    return whole;
}

static void set_method(CURL *curl, const struct http_request *request)
{
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    if (!strcmp(request->method, "HEAD"))
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    if (!strcmp(request->method, "PUT") || !strcmp(request->method, "POST")) {
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)body_size(request));
    }
    // libcurl sends again by itself what gets no answer on a connection that was kept, and nobody
    // learns of it but by the body. What must not be done twice unnoticed therefore gets a new one.
    bool bare = !strcmp(request->method, "PUT") && !body_size(request);
    if (bare || !strcmp(request->method, "POST"))
        curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
}

static void set_limits(CURL *curl, const struct http *http)
{
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES_PER_SECOND);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)http->request->slow_s);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)http->request->limit_s);
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 256L * 1024);
    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 256L * 1024);
    if (http->ca_bundle)
        curl_easy_setopt(curl, CURLOPT_CAINFO, http->ca_bundle);
}

static void set_callbacks(CURL *curl, struct http *http)
{
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(curl, CURLOPT_READDATA, http);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, seek_body);
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, http);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, http);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, http);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_for_cancel);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, http);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

static enum http_outcome outcome_of(const struct http *http, CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return HTTP_ANSWERED;
    case CURLE_ABORTED_BY_CALLBACK:
        return HTTP_CANCELED;
    case CURLE_WRITE_ERROR:
        return http->too_long ? HTTP_TOO_LONG : HTTP_BROKEN;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_OUT_OF_MEMORY:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
        return HTTP_IMPOSSIBLE;
    default:
        return HTTP_BROKEN;
    }
}

enum http_outcome http_send(struct http *http, const struct http_request *request,
                            struct http_response *response)
{
    CURL *curl = http->curl;
    http->request = request;
    http->response = response;
    http->sent = http->header_bytes = response->size = response->text.size = 0;
    http->too_long = false;
    response->status = 0;
    response->sent_again = false;
    response->why[0] = '\0';

    CLEANUP(free_list) struct curl_slist *headers = NULL;
    if (!add_headers(&headers, request)) {
        snprintf(response->why, sizeof(response->why), "a header cannot be sent");
        return HTTP_IMPOSSIBLE;
    }
    char text[CURL_ERROR_SIZE] = "";
    curl_easy_reset(curl); // connections stay
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L); // a key may have ".." in it
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text);
    set_method(curl, request);
    set_limits(curl, http);
    set_callbacks(curl, http);

    CURLcode code = curl_easy_perform(curl);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    response->status = (int)status;
    enum http_outcome outcome = outcome_of(http, code);
    if (outcome != HTTP_ANSWERED)
        snprintf(response->why, sizeof(response->why), "%s",
                 text[0] ? text : curl_easy_strerror(code));
    return outcome;
}

const char *http_header(const struct http *http, const char *name)
{
    struct curl_header *header;
    return curl_easy_header(http->curl, name, 0, CURLH_HEADER, -1, &header) ? NULL : header->value;
}
