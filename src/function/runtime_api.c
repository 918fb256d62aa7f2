/* SPDX-License-Identifier: Apache-2.0 */
#include "function/runtime_api.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/clock.h"
#include "base/random.h"
#include "function/limits.h"
#include "function/peer.h"

enum {
    CONNECTIONS_MAX = 32,
    /* A client context of 3,583 bytes goes through it, too. */
    HEADERS_MAX = 64 * 1024,
    RUNS_MAX = 64, /* without a look at anything else */
};

/* One request. */
struct exchange {
    struct runtime_api *api;
    struct MHD_Connection *connection;
    const struct call *call;
    struct text body;
    bool too_long;
    bool refused;    /* it is read to its end and answered with 403 */
    bool superseded; /* it has waited for an event, and somebody else waits now */
};

/* An event, until it is asked for. */
struct event {
    char id[RANDOM_UUID_SIZE];
    char *payload; /* NULL: there is none */
    size_t size;
    char *arn, *client_context, *trace_id;
    int timeout_s;
};

struct runtime_api {
    struct MHD_Daemon *daemon;
    char address[RUNTIME_API_ADDRESS_SIZE];
    int port, fd;
    struct event event;
    struct exchange *waiting; /* laid aside until there is an event */
    enum runtime_news news;
    int64_t taken_us;
    struct text answer;
};

/* --- answers --- */

static enum MHD_Result reply(struct exchange *exchange, unsigned status, const char *json)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(json), (void *)(uintptr_t)json, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", "application/json");
    enum MHD_Result r = MHD_queue_response(exchange->connection, status, response);
    MHD_destroy_response(response);
    return r;
}

static void forget_event(struct event *event)
{
    free(event->payload);
    free(event->arn);
    free(event->client_context);
    free(event->trace_id);
    event->payload = event->arn = event->client_context = event->trace_id = NULL;
}

/* The response owns the payload from now on. */
static enum MHD_Result send_event(struct exchange *exchange)
{
    struct runtime_api *api = exchange->api;
    struct event *event = &api->event;
    char deadline[32], trace[64];
    struct MHD_Response *response =
        MHD_create_response_from_buffer(event->size, event->payload, MHD_RESPMEM_MUST_FREE);
    if (!response)
        return MHD_NO;
    event->payload = NULL;
    snprintf(deadline, sizeof(deadline), "%" PRId64,
             clock_true_us() / 1000 + (int64_t)event->timeout_s * 1000);
    snprintf(trace, sizeof(trace), "Root=1-%.8s-%.4s%.4s%.4s%.12s;Sampled=0", event->id,
             event->id + 9, event->id + 14, event->id + 19, event->id + 24);
    MHD_add_response_header(response, "Content-Type", "application/json");
    MHD_add_response_header(response, "Lambda-Runtime-Aws-Request-Id", event->id);
    MHD_add_response_header(response, "Lambda-Runtime-Deadline-Ms", deadline);
    MHD_add_response_header(response, "Lambda-Runtime-Invoked-Function-Arn", event->arn);
    MHD_add_response_header(response, "Lambda-Runtime-Trace-Id",
                            event->trace_id ? event->trace_id : trace);
    if (event->client_context)
        MHD_add_response_header(response, "Lambda-Runtime-Client-Context", event->client_context);
    forget_event(event);
    enum MHD_Result r = MHD_queue_response(exchange->connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    if (r == MHD_YES) {
        api->news = RUNTIME_TAKEN;
        api->taken_us = clock_monotonic_us();
    }
    return r;
}

static void take_answer(struct exchange *exchange, enum runtime_news news)
{
    struct runtime_api *api = exchange->api;
    text_release(&api->answer);
    api->news = exchange->too_long ? RUNTIME_TOO_LARGE : news;
    if (!exchange->too_long)
        api->answer = exchange->body;
    else
        text_release(&exchange->body);
    exchange->body = (struct text){0};
}

/* --- calls --- */

/* Whether nobody is there any more who waits for an event: nothing can be said to have been taken
 * by a process that had ended before. */
static bool has_gone(const struct exchange *exchange)
{
    char byte;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (!info)
        return true;
    ssize_t size = recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR);
}

static enum MHD_Result on_next(struct exchange *exchange)
{
    struct runtime_api *api = exchange->api;
    if (exchange->superseded || has_gone(exchange))
        return MHD_NO;
    if (api->event.payload)
        return send_event(exchange);
    if (api->waiting) {
        api->waiting->superseded = true;
        MHD_resume_connection(api->waiting->connection);
    }
    api->waiting = exchange;
    MHD_suspend_connection(exchange->connection);
    return MHD_YES;
}

static enum MHD_Result refuse_now(struct exchange *exchange)
{
    return reply(exchange, MHD_HTTP_FORBIDDEN,
                 "{\"errorMessage\":\"State transition is not allowed\","
                 "\"errorType\":\"InvalidStateTransition\"}");
}

static enum MHD_Result on_answer(struct exchange *exchange, enum runtime_news news)
{
    static const char too_large[] =
        "{\"errorMessage\":\"Exceeded maximum allowed payload size (6291556 bytes).\","
        "\"errorType\":\"RequestEntityTooLarge\"}";
    _Static_assert(FUNCTION_PAYLOAD_MAX == 6291556, "as in the message");
    if (exchange->api->news != RUNTIME_TAKEN)
        return refuse_now(exchange);
    bool too_long = exchange->too_long;
    take_answer(exchange, news);
    return too_long ? reply(exchange, MHD_HTTP_CONTENT_TOO_LARGE, too_large)
                    : reply(exchange, MHD_HTTP_ACCEPTED, "{\"status\":\"OK\"}");
}

static enum MHD_Result on_response(struct exchange *exchange)
{
    return on_answer(exchange, RUNTIME_RESPONSE);
}

static enum MHD_Result on_error(struct exchange *exchange)
{
    return on_answer(exchange, RUNTIME_ERROR);
}

static enum MHD_Result on_init_error(struct exchange *exchange)
{
    if (exchange->api->news != RUNTIME_SILENT)
        return refuse_now(exchange);
    take_answer(exchange, RUNTIME_INIT_ERROR);
    return reply(exchange, MHD_HTTP_ACCEPTED, "{\"status\":\"OK\"}");
}

static enum MHD_Result on_wrong_id(struct exchange *exchange)
{
    return reply(exchange, MHD_HTTP_BAD_REQUEST,
                 "{\"errorMessage\":\"Invalid request ID\",\"errorType\":\"InvalidRequestID\"}");
}

static enum MHD_Result on_unknown(struct exchange *exchange)
{
    return reply(exchange, MHD_HTTP_NOT_FOUND,
                 "{\"errorMessage\":\"there is no such call\",\"errorType\":\"NotFound\"}");
}

#define BASE "/2018-06-01/runtime/"

static const struct call {
    const char *method, *before, *after; /* the path; between the two stands the request's id */
    enum MHD_Result (*perform)(struct exchange *exchange);
} calls[] = {
    {"GET", BASE "invocation/next", NULL, on_next},
    {"POST", BASE "init/error", NULL, on_init_error},
    {"POST", BASE "invocation/", "/response", on_response},
    {"POST", BASE "invocation/", "/error", on_error},
};
static const struct call wrong_id = {"", "", NULL, on_wrong_id};
static const struct call unknown = {"", "", NULL, on_unknown};

static const struct call *find_call(const struct runtime_api *api, const char *method,
                                    const char *path)
{
    for (size_t i = 0; i < COUNT(calls); i++) {
        const struct call *call = &calls[i];
        size_t before = strlen(call->before);
        if (strcmp(call->method, method) != 0 || strncmp(path, call->before, before) != 0)
            continue;
        size_t id = strcspn(path + before, "/");
        if (strcmp(path + before + id, call->after ? call->after : "") != 0)
            continue;
        if (!call->after && id == 0)
            return call;
        if (call->after)
            return id == RANDOM_UUID_SIZE - 1 && strncmp(path + before, api->event.id, id) == 0
                       ? call
                       : &wrong_id;
    }
    return &unknown;
}

/* --- libmicrohttpd --- */

/* Pages in a browser can send requests to any port of this machine, but not without saying so. */
static bool is_from_a_page(const struct exchange *exchange)
{
    static const char *const said[] = {"Origin", "Referer", "Sec-Fetch-Site"};
    struct MHD_Connection *connection = exchange->connection;
    const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
    for (size_t i = 0; i < COUNT(said); i++)
        if (MHD_lookup_connection_value(connection, MHD_HEADER_KIND, said[i]))
            return true;
    return host && strcmp(host, exchange->api->address) != 0;
}

static void take_piece(struct exchange *exchange, const char *data, size_t size)
{
    exchange->too_long = exchange->too_long || size > FUNCTION_PAYLOAD_MAX - exchange->body.size;
    if (!exchange->too_long && !exchange->refused)
        text_append(&exchange->body, data, size);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_size, void **context)
{
    (void)version;
    struct runtime_api *api = arg;
    struct exchange *exchange = *context;
    if (!exchange) {
        exchange = calloc(1, sizeof(*exchange));
        if (!exchange)
            return MHD_NO;
        exchange->api = api;
        exchange->connection = connection;
        exchange->call = find_call(api, method, path);
        exchange->refused = is_from_a_page(exchange);
        *context = exchange;
        return MHD_YES;
    }
    if (*data_size) {
        take_piece(exchange, data, *data_size);
        *data_size = 0;
        return MHD_YES;
    }
    if (exchange->refused)
        return reply(exchange, MHD_HTTP_FORBIDDEN,
                     "{\"errorMessage\":\"only the function's process may call this\","
                     "\"errorType\":\"Forbidden\"}");
    return exchange->call->perform(exchange);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    (void)connection, (void)code;
    struct runtime_api *api = arg;
    struct exchange *exchange = *context;
    if (!exchange)
        return;
    if (api->waiting == exchange)
        api->waiting = NULL;
    text_release(&exchange->body);
    free(exchange);
    *context = NULL;
}

static enum MHD_Result on_connection(void *arg, const struct sockaddr *address, socklen_t size)
{
    const struct runtime_api *api = arg;
    const struct sockaddr_in *peer = (const struct sockaddr_in *)address;
    return size >= sizeof(*peer) && peer->sin_family == AF_INET && peer_is_ours(peer, api->port)
               ? MHD_YES
               : MHD_NO;
}

/* --- opening --- */

static int open_socket(struct runtime_api *api, int *ret, struct error *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(fd, CONNECTIONS_MAX) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0) {
        int why = errno;
        if (fd >= 0)
            close(fd);
        return error_set(err, ERROR_BUG, "cannot listen for a function's process: %s",
                         strerror(why));
    }
    api->port = ntohs(address.sin_port);
    snprintf(api->address, sizeof(api->address), "127.0.0.1:%d", api->port);
    *ret = fd;
    return 0;
}

static int start_daemon(struct runtime_api *api, int listening, struct error *err)
{
    api->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, on_connection, api,
                                   on_request, api, MHD_OPTION_LISTEN_SOCKET, listening,
                                   MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
                                   MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS_MAX,
                                   MHD_OPTION_NOTIFY_COMPLETED, on_completed, api, MHD_OPTION_END);
    if (!api->daemon) {
        close(listening);
        return error_set(err, ERROR_BUG, "cannot start a Runtime API");
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(api->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!info)
        return error_set(err, ERROR_BUG, "a Runtime API cannot be waited for");
    api->fd = info->epoll_fd;
    return 0;
}

int runtime_api_open(struct runtime_api **ret, struct error *err)
{
    CLEANUP(runtime_api_close) struct runtime_api *api = calloc(1, sizeof(*api));
    int listening;
    if (!api)
        return error_set(err, ERROR_BUG, "out of memory");
    if (open_socket(api, &listening, err) < 0 || start_daemon(api, listening, err) < 0)
        return -1;
    *ret = TAKE(api);
    return 0;
}

void runtime_api_close(struct runtime_api **api)
{
    if (!*api)
        return;
    if ((*api)->waiting) {
        (*api)->waiting->superseded = true;
        MHD_resume_connection((*api)->waiting->connection);
    }
    if ((*api)->daemon)
        MHD_stop_daemon((*api)->daemon);
    forget_event(&(*api)->event);
    text_release(&(*api)->answer);
    free(*api);
    *api = NULL;
}

/* --- use --- */

const char *runtime_api_address(const struct runtime_api *api)
{
    return api->address;
}

int runtime_api_fd(const struct runtime_api *api)
{
    return api->fd;
}

void runtime_api_run(struct runtime_api *api)
{
    MHD_UNSIGNED_LONG_LONG wait_ms = 0;
    for (int i = 0; i < RUNS_MAX && wait_ms == 0; i++) {
        MHD_run(api->daemon);
        if (MHD_get_timeout(api->daemon, &wait_ms) != MHD_YES)
            return;
    }
}

static char *copy(const char *bytes, size_t size)
{
    char *to = malloc(size + 1);
    if (!to)
        abort(); // as arenas do
    memcpy(to, bytes, size);
    to[size] = '\0';
    return to;
}

/* JSON in one line: newlines are nothing but space in it. */
static char *header_of(const char *json)
{
    char *line = copy(json, strlen(json));
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    return line;
}

void runtime_api_give(struct runtime_api *api, const struct runtime_event *event)
{
    forget_event(&api->event);
    text_release(&api->answer);
    api->news = RUNTIME_SILENT;
    api->taken_us = 0;
    snprintf(api->event.id, sizeof(api->event.id), "%s", event->id);
    api->event.payload = copy(event->payload, event->size);
    api->event.size = event->size;
    api->event.arn = copy(event->arn, strlen(event->arn));
    if (event->client_context)
        api->event.client_context = header_of(event->client_context);
    if (event->trace_id)
        api->event.trace_id = copy(event->trace_id, strlen(event->trace_id));
    api->event.timeout_s = event->timeout_s;
    if (api->waiting)
        MHD_resume_connection(api->waiting->connection);
    api->waiting = NULL;
}

enum runtime_news runtime_api_news(const struct runtime_api *api)
{
    return api->news;
}

int64_t runtime_api_taken_us(const struct runtime_api *api)
{
    return api->taken_us;
}

const struct text *runtime_api_answer(const struct runtime_api *api)
{
    return &api->answer;
}
