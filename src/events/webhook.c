/* SPDX-License-Identifier: Apache-2.0 */
/* Events as POST requests, one each; any 2xx says that it has arrived. */
#include <inttypes.h>
#include <string.h>

#include "events/targets.h"
#include "s3/http.h"

enum { SLOW_S = 10, ANSWER_MAX = 16 * 1024 };

struct webhook {
    struct http *http;
    char *url;
};

static void close_webhook(void *state)
{
    struct webhook *webhook = state;
    http_free(&webhook->http);
    free(webhook->url);
    free(webhook);
}

static int open_webhook(void **ret, const char *address, struct error *err)
{
    if (strncmp(address, "http://", 7) && strncmp(address, "https://", 8))
        return error_set(err, ERROR_BAD_REQUEST, "it begins with neither http:// nor https://");
    struct webhook *webhook = calloc(1, sizeof(*webhook));
    if (!webhook)
        return error_set(err, ERROR_BUG, "out of memory");
    webhook->url = strdup(address);
    if (!webhook->url || http_new(&webhook->http, NULL, err) < 0) {
        close_webhook(webhook);
        return -1;
    }
    *ret = webhook;
    return 0;
}

static int post(struct webhook *webhook, const struct event *event, struct cancel *cancel,
                struct error *err)
{
    char number[32];
    snprintf(number, sizeof(number), "%" PRId64, event->number);
    const struct field headers[] = {{"Content-Type", "application/json"},
                                    {"X-Event-Number", number}};
    struct http_request request = {
        .method = "POST",
        .url = webhook->url,
        .headers = headers,
        .headers_count = COUNT(headers),
        .body = {{event->json, strlen(event->json)}},
        .text_max = ANSWER_MAX,
        .slow_s = SLOW_S,
        .cancel = cancel,
    };
    struct http_response response = {0};
    enum http_outcome outcome = http_send(webhook->http, &request, &response);
    // an answer that is too long to be read is one, too
    bool answered = outcome == HTTP_ANSWERED || outcome == HTTP_TOO_LONG;
    int status = response.status, r = 0;
    if (outcome == HTTP_CANCELED)
        r = error_set(err, ERROR_CANCELED, "canceled");
    else if (!answered)
        r = error_set(err, ERROR_HTTP_CONNECTION, "%s", response.why);
    else if (status < 200 || status > 299)
        r = error_set(err, ERROR_HTTP_SERVER, "it answers with HTTP status %d", status);
    text_release(&response.text);
    return r;
}

static int deliver(void *state, const struct event *events, int count, struct cancel *cancel,
                   int *ret_count, struct error *err)
{
    for (*ret_count = 0; *ret_count < count; ++*ret_count)
        if (post(state, &events[*ret_count], cancel, err) < 0)
            return -1;
    return 0;
}

const struct target_kind target_webhook = {"webhook", open_webhook, close_webhook, deliver};
