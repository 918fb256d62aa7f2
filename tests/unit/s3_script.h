/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that answers what a script says, for tests of everything above one HTTP exchange. The
 * functions of http.h and clock.h are defined here, and the linker takes these instead of those of
 * the libraries: nothing is sent, and pauses take no time but are added up.
 *
 * A script is a row of answers with "--" on a line between them. An answer is a status and headers,
 * an empty line, and the body up to the next "\n--\n". Instead of a status there may be "broken",
 * "impossible" or "canceled", which is also what comes when the script has ended.
 */
#ifndef UNIT_S3_SCRIPT_H
#define UNIT_S3_SCRIPT_H

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "s3/http.h"

#define SCRIPT_TIME INT64_C(1767268800) /* 2026-01-01T12:00:00Z, in seconds */

static struct {
    pthread_mutex_t lock; /* parts are sent by threads */
    const char *at, *end;
    struct text log;   /* a line for each request: METHOD URL [REGION DATE] */
    struct text heads; /* a line for each header that is no signature's: METHOD NAME: VALUE */
    _Atomic int64_t paused_us;
} script = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void script_begin(const void *answers, size_t size)
{
    script.at = answers;
    script.end = script.at ? script.at + size : NULL;
    script.log.size = script.heads.size = 0;
    script.paused_us = 0;
    text_append(&script.log, "", 0);
    text_append(&script.heads, "", 0);
}

/* --- clock.h --- */

int64_t clock_monotonic_us(void)
{
    return SCRIPT_TIME * 1000000 + script.paused_us;
}

int64_t clock_true_us(void)
{
    return SCRIPT_TIME * 1000000;
}

int nanosleep(const struct timespec *time, struct timespec *left)
{
    (void)left;
    script.paused_us += time->tv_sec * INT64_C(1000000) + time->tv_nsec / 1000;
    return 0;
}

int64_t clock_wall_us(void)
{
    return clock_true_us();
}

char *clock_format(int64_t wall_us, const char *fmt, char out[64])
{
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm tm = {0};
    gmtime_r(&seconds, &tm);
    if (!strftime(out, 64, fmt, &tm))
        out[0] = '\0';
    return out;
}

/* --- http.h --- */

struct http {
    char *answer; /* the last one: its first line and headers, a NUL after each line */
    size_t size;
};

int http_new(struct http **ret, const char *ca_bundle, struct error *err)
{
    (void)ca_bundle, (void)err;
    *ret = calloc(1, sizeof(**ret));
    return 0;
}

void http_free(struct http **http)
{
    if (*http)
        free((*http)->answer);
    free(*http);
    *http = NULL;
}

static void script_log(const struct http_request *request)
{
    const char *authorization = NULL, *date = NULL;
    for (int i = 0; i < request->headers_count; i++) {
        if (!strcmp(request->headers[i].name, "Authorization"))
            authorization = request->headers[i].value;
        if (!strcmp(request->headers[i].name, "x-amz-date"))
            date = request->headers[i].value;
        text_add(&script.heads, "%s %s: %s\n", request->method, request->headers[i].name,
                 request->headers[i].value);
    }
    text_add(&script.log, "%s %s", request->method, request->url);
    if (authorization && date) { // Credential=KEY/DATE/REGION/…
        const char *region = strchr(strchr(authorization, '/') + 1, '/') + 1;
        text_add(&script.log, " %.*s %s", (int)strcspn(region, "/"), region, date);
    }
    text_add(&script.log, "\n");
}

/* Takes the next answer's lines into the connection and finds its body. */
static void script_next(struct http *http, const char **ret_body, size_t *ret_size)
{
    const char *from = script.at, *end = script.end;
    const char *cut = end > from ? memmem(from, (size_t)(end - from), "\n--\n", 4) : NULL;
    script.at = cut ? cut + 4 : end;
    end = cut ? cut : end;

    const char *body = end > from ? memmem(from, (size_t)(end - from), "\n\n", 2) : NULL;
    const char *lines_end = body ? body : end;
    *ret_body = body ? body + 2 : end;
    *ret_size = (size_t)(end - *ret_body);

    http->size = (size_t)(lines_end - from);
    http->answer = realloc(http->answer, http->size + 1);
    if (http->size)
        memcpy(http->answer, from, http->size);
    http->answer[http->size] = '\0';
    for (size_t i = 0; i < http->size; i++) {
        if (http->answer[i] == '\n')
            http->answer[i] = '\0';
    }
}

static enum http_outcome script_outcome(const char *status)
{
    return !strcmp(status, "broken")         ? HTTP_BROKEN
           : !strcmp(status, "impossible")   ? HTTP_IMPOSSIBLE
           : isdigit((unsigned char)*status) ? HTTP_ANSWERED
                                             : HTTP_CANCELED;
}

enum http_outcome http_send(struct http *http, const struct http_request *request,
                            struct http_response *response)
{
    const char *body;
    size_t size;
    pthread_mutex_lock(&script.lock);
    script_log(request);
    script_next(http, &body, &size);
    pthread_mutex_unlock(&script.lock);
    response->size = response->text.size = 0;
    enum http_outcome outcome = script_outcome(http->answer);
    response->status = outcome == HTTP_ANSWERED ? atoi(http->answer) % 1000 : 0;
    snprintf(response->why, sizeof(response->why), "as the script has it");

    bool into = request->into && response->status / 100 == 2;
    size_t room = into ? request->into_size : request->text_max;
    if (!strcmp(request->method, "HEAD"))
        size = 0;
    size_t taken = size < room ? size : room;
    if (into) {
        memcpy(request->into, body, taken);
        response->size = taken;
    } else if (taken) {
        text_append(&response->text, body, taken);
    }
    return outcome == HTTP_ANSWERED && size > room ? HTTP_TOO_LONG : outcome;
}

const char *http_header(const struct http *http, const char *name)
{
    size_t length = strlen(name);
    for (size_t at = 0; http->answer && at < http->size; at += strlen(http->answer + at) + 1) {
        const char *line = http->answer + at;
        if (!strncasecmp(line, name, length) && line[length] == ':')
            return line + length + 1 + strspn(line + length + 1, " \t");
    }
    return NULL;
}

#endif
