/* SPDX-License-Identifier: Apache-2.0 */
#include "http/server.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/clock.h"
#include "base/machine.h"
#include "dispatch/dispatcher.h"
#include "http/listen.h"
#include "http/route.h"
#include "http/stream.h"
#include "http/visitors.h"

/* Requests that break the rules are refused, not guessed at. Before 0.9.76 to be strict meant no
 * more than what begin() and call_admit() refuse, and that the answer's head was sent twice. */
#if MHD_VERSION >= 0x00097600
#define STRICT MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1
#else
#define STRICT MHD_OPTION_STRICT_FOR_CLIENT, 0
#endif

enum { THREADS_MAX = 4, SLOW_STACK = 512 * 1024 };

struct server {
    struct service *service;
    char url[LISTEN_URL_SIZE];
    struct MHD_Daemon *daemon;
    struct visitors *visitors;
    struct streams *streams;
    atomic_size_t bodies; /* bytes of bodies in memory */
    atomic_int under_way; /* requests */

    pthread_mutex_t lock;
    pthread_cond_t slow_done;
    // ---- guarded by lock ----
    int slow, functions; /* threads of slow operations; of those that wait for functions */
};

/* One request, until its answer has been sent. */
struct exchange {
    struct server *server;
    struct MHD_Connection *connection;
    struct visitor *visitor;
    struct call call;
    char *target;
    struct text body;
    int64_t began_us;
    bool begun;     /* its headers have been looked at */
    bool stays;     /* there may be another request after this one */
    bool whole;     /* it was read to its end */
    bool performed; /* there is an answer */
    bool refused;   /* it is read and forgotten, so that the client comes to read the answer */
    bool too_long;  /* so is its body: it is longer than it may be, … */
    bool no_room;   /* … or all bodies are longer together */
};

/* --- from libmicrohttpd to a call --- */

static void *on_target(void *arg, const char *target, struct MHD_Connection *connection)
{
    struct server *server = arg;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct exchange *exchange = calloc(1, sizeof(*exchange));
    if (!exchange)
        return NULL;
    exchange->server = server;
    exchange->connection = connection;
    exchange->visitor = info ? info->socket_context : NULL;
    exchange->target = strdup(target);
    exchange->began_us = clock_monotonic_us();
    call_init(&exchange->call);
    atomic_fetch_add(&server->under_way, 1);
    visitor_does(exchange->visitor, VISIT_ASKING);
    return exchange;
}

static enum MHD_Result on_header(void *arg, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    (void)kind;
    struct call *call = arg;
    if (call->headers_count == CALL_HEADERS_MAX)
        return MHD_NO;
    call->headers[call->headers_count++] = (struct field){name, value ? value : ""};
    return MHD_YES;
}

static const struct sockaddr *peer_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info ? info->client_addr : NULL;
}

/* What Content-Length says; 0 if it says nothing. */
static size_t stated_size(const struct call *call)
{
    const char *text = call_header(call, "Content-Length");
    return text ? (size_t)strtoull(text, NULL, 10) : 0;
}

/* Whether a body comes that is worth reading for the sake of the client's good manners. */
static bool has_short_body(const struct call *call)
{
    enum { SHORT_MAX = 1024 * 1024 };
    size_t size = stated_size(call);
    const char *coding = call_header(call, "Transfer-Encoding");
    return coding ? strcasecmp(coding, "chunked") == 0 : size && size <= SHORT_MAX;
}

static bool stays(const struct call *call, const char *version)
{
    const char *connection = call_header(call, "Connection");
    return strcmp(version, MHD_HTTP_VERSION_1_1) == 0 &&
           (!connection || strcasecmp(connection, "keep-alive") == 0);
}

/* The headers are there. False: refused. */
static bool begin(struct exchange *exchange, const char *method, const char *version)
{
    struct call *call = &exchange->call;
    const struct sockaddr *peer = peer_of(exchange->connection);
    exchange->begun = true;
    call->method = method;
    call->target = exchange->target ? exchange->target : "";
    call->peer_is_local = peer && is_loopback(peer);
    int count = MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, NULL, NULL);
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, on_header, call);
    exchange->stays = stays(call, version);
    if (count > CALL_HEADERS_MAX)
        return call_refuse(call, 400, "more than %d headers", CALL_HEADERS_MAX), false;
    if (strcmp(version, MHD_HTTP_VERSION_1_0) && !call_header(call, "Host"))
        return call_refuse(call, 400, "there is no Host header"), false;
    return call_admit(exchange->server->service, call, stated_size(call));
}

static void drop_body(struct exchange *exchange)
{
    atomic_fetch_sub(&exchange->server->bodies, exchange->body.size);
    text_release(&exchange->body);
}

/* A piece of the body. What is not to be used is read all the same. */
static enum MHD_Result take(struct exchange *exchange, const char *data, size_t *size)
{
    struct server *server = exchange->server;
    size_t piece = *size;
    *size = 0;
    if (exchange->refused || exchange->too_long || exchange->no_room)
        return MHD_YES;
    exchange->too_long = piece > call_body_max(&exchange->call) - exchange->body.size;
    if (!exchange->too_long) {
        exchange->no_room = atomic_fetch_add(&server->bodies, piece) + piece > SERVER_BODIES_MAX;
        if (!exchange->no_room)
            text_append(&exchange->body, data, piece);
        else
            atomic_fetch_sub(&server->bodies, piece);
    }
    if (exchange->too_long || exchange->no_room)
        drop_body(exchange);
    return MHD_YES;
}

/* --- from a call to its answer --- */

/* Whether the query may have something that nobody else is to know: it has where there is no route,
 * too, for a wrong letter in a webhook's path leaves its token right. */
static bool has_secret(const struct call *call)
{
    if (!call->route || call->route->access == ACCESS_TOKEN)
        return true;
    for (int i = 0; i < call->query_count; i++)
        if (strcasecmp(call->query[i].name, "token") == 0 ||
            strcasecmp(call->query[i].name, "X-Amz-Signature") == 0)
            return true;
    return false;
}

static void log_call(const struct exchange *exchange)
{
    const struct call *call = &exchange->call;
    char status[16], ms[32];
    size_t shown = has_secret(call) ? strcspn(call->target, "?") : strlen(call->target);
    const char *target = arena_strndup(call->arena, call->target, shown);
    bool broken = call->status >= 500 && call->status != 501; // what is not here does not fail
    snprintf(status, sizeof(status), "%d", call->status);
    snprintf(ms, sizeof(ms), "%.1f", (double)(clock_monotonic_us() - exchange->began_us) / 1e3);
    log_line(exchange->server->service->log,
             broken           ? LOG_LEVEL_ERROR
             : call->intruder ? LOG_LEVEL_WARN
                              : LOG_LEVEL_DEBUG,
             broken           ? "failed"
             : call->intruder ? "refused"
                              : "answered",
             "id", call->id, "method", call->method, "target", target, "status", status, "ms", ms,
             "why", call->why, NULL);
}

static void count_answer(struct server *server, int status)
{
    if (status >= METRIC_STATUS_MIN && status <= METRIC_STATUS_MAX)
        atomic_fetch_add(&server->service->metrics.answered[status - METRIC_STATUS_MIN], 1);
}

static void add_headers(struct MHD_Response *response, const struct call *call)
{
    MHD_add_response_header(response, "Content-Type", call->content_type);
    MHD_add_response_header(response, "x-amzn-RequestId", call->id);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (call->allow)
        MHD_add_response_header(response, "Allow", call->allow);
    for (int i = 0; i < call->reply_headers_count; i++)
        MHD_add_response_header(response, call->reply_headers[i].name,
                                call->reply_headers[i].value);
}

static enum MHD_Result answer(struct exchange *exchange)
{
    struct call *call = &exchange->call;
    struct MHD_Response *response = NULL;
    exchange->performed = true;
    if (call->follow >= 0) {
        response = stream_response(exchange->server->streams, exchange->connection, call->follow);
        if (!response)
            (void)call_refuse(call, 429, "%d streams are open already", SERVER_STREAMS_MAX);
    }
    bool streams = response != NULL;
    if (!response)
        response = MHD_create_response_from_buffer(
            call->reply.size, call->reply.data ? call->reply.data : "", MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    add_headers(response, call);
    log_call(exchange);
    count_answer(exchange->server, call->status);
    visitor_does(exchange->visitor, streams ? VISIT_WAITING : VISIT_ANSWERING);
    enum MHD_Result r = MHD_queue_response(exchange->connection, (unsigned)call->status, response);
    MHD_destroy_response(response);
    return r;
}

/* --- slow operations --- */

/* Where it is counted how many threads there are of the call's kind. Guarded by lock. */
static int *count_of(struct server *server, const struct call *call)
{
    return call_waits_for_function(call) ? &server->functions : &server->slow;
}

static void *perform_slowly(void *arg)
{
    struct exchange *exchange = arg;
    struct server *server = exchange->server;
    call_perform(server->service, &exchange->call);
    int *count = count_of(server, &exchange->call);
    exchange->performed = true;
    MHD_resume_connection(exchange->connection); // which may be the exchange's end
    pthread_mutex_lock(&server->lock);
    (*count)--;
    pthread_cond_signal(&server->slow_done);
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

static bool start_thread(struct exchange *exchange)
{
    pthread_t thread;
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&detached, SLOW_STACK);
    int r = pthread_create(&thread, &detached, perform_slowly, exchange);
    pthread_attr_destroy(&detached);
    return r == 0;
}

static enum MHD_Result perform_aside(struct exchange *exchange)
{
    struct server *server = exchange->server;
    int max = call_waits_for_function(&exchange->call) ? SERVER_FUNCTIONS_MAX : SERVER_SLOW_MAX;
    pthread_mutex_lock(&server->lock);
    int *count = count_of(server, &exchange->call);
    bool room = *count < max;
    *count += room;
    pthread_mutex_unlock(&server->lock);
    if (!room) {
        (void)call_refuse(&exchange->call, 429, "%d such requests are under way", max);
        return answer(exchange);
    }
    MHD_suspend_connection(exchange->connection);
    if (start_thread(exchange))
        return MHD_YES;
    pthread_mutex_lock(&server->lock);
    (*count)--;
    pthread_mutex_unlock(&server->lock);
    (void)call_refuse(&exchange->call, 500, "cannot start a thread");
    exchange->performed = true;
    MHD_resume_connection(exchange->connection);
    return MHD_YES;
}

/* --- what libmicrohttpd calls --- */

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_size, void **context)
{
    (void)arg, (void)connection, (void)url;
    struct exchange *exchange = *context;
    if (!exchange)
        return MHD_NO;
    struct call *call = &exchange->call;
    if (exchange->performed)
        return answer(exchange);
    if (!exchange->begun) {
        exchange->refused = !begin(exchange, method, version);
        return exchange->refused && !has_short_body(call) ? answer(exchange) : MHD_YES;
    }
    if (*data_size)
        return take(exchange, data, data_size);
    exchange->whole = true;
    visitor_does(exchange->visitor, VISIT_WAITING);
    if (exchange->refused)
        return answer(exchange);
    if (exchange->too_long) {
        call->intruder = true;
        (void)call_refuse(call, 413, "the body is longer than %zu bytes", call_body_max(call));
        return answer(exchange);
    }
    if (exchange->no_room) {
        (void)call_refuse(call, 429, "the bodies of all requests are longer than %d MiB together",
                          SERVER_BODIES_MAX / 1024 / 1024);
        return answer(exchange);
    }
    call->body = exchange->body.data;
    call->body_size = exchange->body.size;
    if (call_is_slow(call))
        return perform_aside(exchange);
    call_perform(exchange->server->service, call);
    return answer(exchange);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    (void)connection;
    struct server *server = arg;
    struct exchange *exchange = *context;
    if (!exchange)
        return;
    bool gone = code == MHD_REQUEST_TERMINATED_CLIENT_ABORT ||
                code == MHD_REQUEST_TERMINATED_READ_ERROR || visitor_is_late(exchange->visitor);
    if (!exchange->begun && !gone)
        log_line(server->service->log, LOG_LEVEL_WARN, "refused", "target", exchange->target, "why",
                 "the request is malformed or its headers are too long", NULL);
    bool stays = code == MHD_REQUEST_TERMINATED_COMPLETED_OK && exchange->whole && exchange->stays;
    visitor_does(exchange->visitor, stays ? VISIT_IDLE : VISIT_LEAVING);
    drop_body(exchange);
    atomic_fetch_sub(&server->under_way, 1);
    call_release(&exchange->call);
    free(exchange->target);
    free(exchange);
    *context = NULL;
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct server *server = arg;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        visitor_free(*context);
        *context = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    *context = info ? visitor_new(server->visitors, info->connect_fd) : NULL;
}

static void on_message(void *arg, const char *fmt, va_list args) PRINTF(2, 0);
static void on_message(void *arg, const char *fmt, va_list args)
{
    struct server *server = arg;
    char message[ERROR_TEXT];
    vsnprintf(message, sizeof(message), fmt, args);
    message[strcspn(message, "\n")] = '\0';
    log_line(server->service->log, LOG_LEVEL_DEBUG, "connection", "why", message, NULL);
}

static int start_daemon(struct server *server, int fd, struct error *err)
{
    int cores = machine_threads();
    unsigned threads = cores < 2 ? 2 : cores > THREADS_MAX ? THREADS_MAX : (unsigned)cores;
    server->daemon = MHD_start_daemon(
        // TURBO: it does not shut a connection before on_connection() has had the last word
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
            MHD_USE_TURBO,
        0, NULL, NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_message, server,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE, threads,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)SERVER_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)SERVER_CONNECTIONS_PER_IP_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)SERVER_IDLE_S * 2, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)SERVER_HEADERS_MAX,
        STRICT, MHD_OPTION_END);
    return server->daemon ? 0 : error_set(err, ERROR_BUG, "libmicrohttpd does not start");
}

static void server_free(struct server **server)
{
    struct server *s = *server;
    if (!s)
        return;
    streams_free(&s->streams);
    visitors_free(&s->visitors);
    pthread_cond_destroy(&s->slow_done);
    pthread_mutex_destroy(&s->lock);
    free(s);
    *server = NULL;
}

int server_start(struct server **ret, struct service *service, const struct server_options *options,
                 struct error *err)
{
    static const struct visit_limits limits = {{[VISIT_IDLE] = SERVER_IDLE_S,
                                                [VISIT_ASKING] = SERVER_REQUEST_S,
                                                [VISIT_ANSWERING] = SERVER_IDLE_S,
                                                [VISIT_LEAVING] = SERVER_IDLE_S}};
    CLEANUP(server_free) struct server *server = calloc(1, sizeof(*server));
    if (!server)
        return error_set(err, ERROR_BUG, "out of memory");
    server->service = service;
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->slow_done, NULL);
    struct listening own = {.fd = -1};
    if (options->listening) {
        own = *options->listening;
        options->listening->fd = -1;
    } else if (listen_on(options->host, options->port, service->auth.access_key != NULL, &own,
                         err) < 0) {
        return -1;
    }
    int fd = own.fd;
    memcpy(server->url, own.url, sizeof(server->url));
    if (visitors_new(&server->visitors, &limits, service->log, err) < 0) {
        close(fd);
        return -1;
    }
    if (streams_new(&server->streams, service->status, SERVER_STREAMS_MAX, err) < 0) {
        close(fd);
        return -1;
    }
    if (start_daemon(server, fd, err) < 0) {
        close(fd);
        streams_stop(server->streams);
        return -1;
    }
    *ret = TAKE(server);
    return 0;
}

const char *server_url(const struct server *server)
{
    return server->url;
}

void server_stop(struct server **server)
{
    enum { ANSWERS_US = 5 * 1000000, LOOK_US = 10000 };
    struct server *s = *server;
    if (!s)
        return;
    MHD_socket listening = MHD_quiesce_daemon(s->daemon);
    visitors_dismiss(s->visitors);
    streams_stop(s->streams);
    int64_t until = clock_monotonic_us() + ANSWERS_US;
    while (atomic_load(&s->under_way) && clock_monotonic_us() < until)
        usleep(LOOK_US);
    pthread_mutex_lock(&s->lock);
    while (s->slow || s->functions)
        pthread_cond_wait(&s->slow_done, &s->lock);
    pthread_mutex_unlock(&s->lock);
    MHD_stop_daemon(s->daemon);
    if (listening != MHD_INVALID_SOCKET)
        close(listening);
    server_free(server);
}
