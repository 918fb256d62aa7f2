/* SPDX-License-Identifier: Apache-2.0 */
/* A function that somebody else runs: its event is a POST request, its answer the reply's body. */
#include <pthread.h>
#include <string.h>

#include "batch/handler.h"
#include "batch/lambda.h"
#include "s3/http.h"

enum {
    ANSWER_MAX = 6291556, /* bytes, as Lambda allows */
    SLOW_S = 900,         /* a function may think so long before the first byte */
    LIMIT_S = 930,
};

/* A connection that nobody uses. */
struct idle {
    struct http *http;
    struct idle *next;
};

struct remote {
    char *url;
    pthread_mutex_t lock;
    // ---- guarded by lock ----
    struct idle *idle;
};

static const char *url_of(const struct batches_options *options, const char *function)
{
    if (strncmp(function, "http://", 7) == 0 || strncmp(function, "https://", 8) == 0)
        return function;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const char *name = handler_function_name(arena, function);
    for (int i = 0; i < options->http_functions_count; i++)
        if (strcmp(options->http_functions[i].name, name) == 0)
            return options->http_functions[i].url;
    return NULL;
}

static bool takes(const struct batches_options *options, const char *function)
{
    return url_of(options, function) != NULL;
}

static int open_http(void **ret, const struct batches_options *options,
                     const struct batch_record *record, struct error *err)
{
    struct remote *remote = calloc(1, sizeof(*remote));
    if (!remote || !(remote->url = strdup(url_of(options, record->request.function)))) {
        free(remote);
        return error_set(err, ERROR_BUG, "out of memory");
    }
    pthread_mutex_init(&remote->lock, NULL);
    *ret = remote;
    return 0;
}

static void close_http(void *state)
{
    struct remote *remote = state;
    while (remote->idle) {
        struct idle *gone = remote->idle;
        remote->idle = gone->next;
        http_free(&gone->http);
        free(gone);
    }
    pthread_mutex_destroy(&remote->lock);
    free(remote->url);
    free(remote);
}

static struct idle *take_connection(struct remote *remote, struct error *err)
{
    pthread_mutex_lock(&remote->lock);
    struct idle *connection = remote->idle;
    if (connection)
        remote->idle = connection->next;
    pthread_mutex_unlock(&remote->lock);
    if (connection)
        return connection;
    connection = calloc(1, sizeof(*connection));
    if (!connection)
        abort();
    if (http_new(&connection->http, NULL, err) < 0) {
        free(connection);
        return NULL;
    }
    return connection;
}

static void give_back(struct remote *remote, struct idle *connection)
{
    pthread_mutex_lock(&remote->lock);
    connection->next = remote->idle;
    remote->idle = connection;
    pthread_mutex_unlock(&remote->lock);
}

/* An HTTP status that is no function's answer: 429 and 5xx may go better next time. */
static void judge_status(struct arena *arena, const struct remote *remote, int status,
                         const char *why, struct task_outcome *ret)
{
    bool later = status == 0 || status == 429 || status >= 500;
    const char *text =
        status ? arena_printf(arena, "'%s' answered with HTTP status %d", remote->url, status)
               : arena_printf(arena, "'%s': %s", remote->url, why);
    *ret = (struct task_outcome){
        .code = later ? TASK_TEMPORARY : TASK_PERMANENT,
        .http_status = status ? status : 502,
        .message = lambda_message(arena, text, strlen(text)),
        .throttled = status == 429,
    };
}

static void judge(struct arena *arena, const struct remote *remote, const struct batch_task *task,
                  struct http *http, enum http_outcome outcome,
                  const struct http_response *response, struct task_outcome *ret)
{
    if (outcome == HTTP_TOO_LONG)
        *ret = (struct task_outcome){
            .code = TASK_PERMANENT,
            .http_status = 200,
            .message = arena_printf(arena,
                                    "Lambda returned function error: {\"errorMessage\":\"the "
                                    "response is longer than %d bytes\",\"errorType\":"
                                    "\"Function.ResponseSizeTooLarge\"}",
                                    ANSWER_MAX)};
    else if (outcome != HTTP_ANSWERED || response->status < 200 || response->status > 299)
        judge_status(arena, remote, outcome == HTTP_ANSWERED ? response->status : 0, response->why,
                     ret);
    else
        lambda_judge(arena, task, http_header(http, "X-Amz-Function-Error") != NULL,
                     response->text.data ? response->text.data : "", response->text.size, ret);
}

static int invoke(void *state, const struct batch_task *task, struct cancel *cancel,
                  struct arena *arena, struct task_outcome *ret, struct error *err)
{
    struct remote *remote = state;
    struct idle *connection = take_connection(remote, err);
    if (!connection)
        return -1;
    const char *event = lambda_event(arena, task);
    const struct field headers[] = {{"Content-Type", "application/json"},
                                    {"X-Amz-Invocation-Type", "RequestResponse"},
                                    {"X-Amzn-Trace-Id", task->trace}};
    struct http_request request = {
        .method = "POST",
        .url = remote->url,
        .headers = headers,
        .headers_count = COUNT(headers),
        .body = {{event, strlen(event)}},
        .text_max = ANSWER_MAX,
        .slow_s = SLOW_S,
        .limit_s = LIMIT_S,
        .cancel = cancel,
    };
    struct http_response response = {0};
    enum http_outcome outcome = http_send(connection->http, &request, &response);
    if (outcome != HTTP_CANCELED)
        judge(arena, remote, task, connection->http, outcome, &response, ret);
    text_release(&response.text);
    give_back(remote, connection);
    return outcome == HTTP_CANCELED ? error_set(err, ERROR_CANCELED, "canceled") : 0;
}

const struct handler handler_http = {"http", takes, open_http, close_http, invoke};
