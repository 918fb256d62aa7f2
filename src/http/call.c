/* SPDX-License-Identifier: Apache-2.0 */
#include "http/call.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "http/action.h"
#include "http/api.h"
#include "http/inventory.h"
#include "http/put.h"
#include "http/route.h"
#include "http/service.h"

/* --- exceptions --- */

static const struct {
    enum error_kind kind;
    int status;
} kinds[] = {
    {ERROR_BAD_REQUEST, 400}, {ERROR_PERMISSION, 403}, {ERROR_NOT_FOUND, 404},
    {ERROR_CONFLICT, 409},    {ERROR_THROTTLED, 429},
};

static int status_of(enum error_kind kind)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (kinds[i].kind == kind)
            return kinds[i].status;
    return 500;
}

static void refuse(struct call *call, int status, const char *exception, const char *fmt,
                   va_list args) PRINTF(4, 0);

static void refuse(struct call *call, int status, const char *exception, const char *fmt,
                   va_list args)
{
    char *message = NULL;
    int size = vasprintf(&message, fmt, args);
    call->why = arena_strdup(call->arena, size >= 0 ? message : "");
    if (size >= 0)
        free(message);
    call->status = status;
    call->exception = exception;
    call->content_type = call->api->content_type;
    call->follow = -1;
    call->raw = false;
    text_release(&call->reply);
    if (call->api->id_header)
        call_reply_header(call, call->api->id_header, call->id);
    call->api->put_error(call);
    put_finish(&call->reply);
}

int call_refuse(struct call *call, int status, const char *fmt, ...)
{
    const struct exception *exception = api_exception(call->api, status);
    va_list args;
    va_start(args, fmt);
    refuse(call, exception->sent ? exception->sent : status, exception->code, fmt, args);
    va_end(args);
    return 0;
}

int call_refuse_as(struct call *call, int status, const char *exception, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    refuse(call, status, exception, fmt, args);
    va_end(args);
    return 0;
}

void call_reply_header(struct call *call, const char *name, const char *value)
{
    int i = 0;
    while (i < call->reply_headers_count && strcasecmp(call->reply_headers[i].name, name))
        i++;
    if (i == CALL_REPLY_HEADERS_MAX)
        abort(); // the code says more than it may
    call->reply_headers[i] = (struct field){name, value};
    call->reply_headers_count += i == call->reply_headers_count;
}

int call_reply_bytes(struct call *call, const char *content_type, const void *bytes, size_t size)
{
    text_release(&call->reply);
    text_append(&call->reply, bytes, size);
    call->content_type = content_type;
    call->raw = true;
    return 0;
}

/* --- what was asked --- */

void call_init(struct call *call)
{
    *call = (struct call){
        .arena = arena_new(), .follow = -1, .authority = "", .path = "", .api = &api_mediaconvert};
    random_uuid(call->id);
}

void call_release(struct call *call)
{
    text_release(&call->reply);
    arena_free(&call->arena);
}

const char *call_header(const struct call *call, const char *name)
{
    for (int i = 0; i < call->headers_count; i++)
        if (strcasecmp(call->headers[i].name, name) == 0)
            return call->headers[i].value;
    return NULL;
}

const char *call_query(const struct call *call, const char *name)
{
    for (int i = 0; i < call->query_count; i++)
        if (strcmp(call->query[i].name, name) == 0)
            return call->query[i].value;
    return NULL;
}

const char *call_form(const struct call *call, const char *name)
{
    for (int i = 0; i < call->form_count; i++)
        if (strcmp(call->form[i].name, name) == 0)
            return call->form[i].value;
    return NULL;
}

const char *call_url(const struct call *call)
{
    const char *forwarded = call_header(call, "X-Forwarded-Proto");
    bool tls = (forwarded && strcasecmp(forwarded, "https") == 0) ||
               (call->absolute && strncasecmp(call->target, "https:", 6) == 0);
    return arena_printf(call->arena, "%s://%s", tls ? "https" : "http", call->authority);
}

/* Names of hosts and ports, nothing that could mean something in the answers that repeat it. */
static bool is_authority(const char *s)
{
    return strlen(s) < 256 && s[strspn(s, "abcdefghijklmnopqrstuvwxyz"
                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]")] == '\0';
}

static bool read_query(struct call *call, char *text)
{
    for (char *pair; (pair = strsep(&text, "&"));) {
        if (!*pair)
            continue;
        if (call->query_count == FIELDS_MAX)
            return call_refuse(call, 400, "more than %d parameters", FIELDS_MAX), false;
        char *value = strchr(pair, '=');
        if (value)
            *value++ = '\0';
        uri_decode(pair);
        if (value)
            uri_decode(value);
        call->query[call->query_count++] = (struct field){pair, value ? value : ""};
    }
    return true;
}

/* "/path?query", or "http://host/path?query" as a proxy is asked. */
static bool read_target(struct call *call)
{
    if (strlen(call->target) > CALL_TARGET_MAX)
        return call_refuse(call, 414, "the path is longer than %d bytes", CALL_TARGET_MAX), false;
    for (const char *c = call->target; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f)
            return call_refuse(call, 400, "the path holds a space or a control character"), false;
    if (strstr(call->target, "%00"))
        return call_refuse(call, 400, "the path holds a NUL"), false;
    char *target = arena_strdup(call->arena, call->target);
    const char *host = call_header(call, "Host");
    call->authority = host ? host : "";
    size_t scheme = strncasecmp(target, "http://", 7) == 0    ? 7
                    : strncasecmp(target, "https://", 8) == 0 ? 8
                                                              : 0;
    if (scheme) {
        size_t length = strcspn(target + scheme, "/?");
        call->authority = arena_strndup(call->arena, target + scheme, length);
        call->absolute = true;
        target += scheme + length;
    }
    char *query = strchr(target, '?');
    if (query)
        *query++ = '\0';
    call->path = target;
    if (!is_authority(call->authority))
        return call_refuse(call, 400, "the Host is no host's name"), false;
    if (*target != '/')
        return call_refuse(call, 400, "the path does not begin with '/'"), false;
    return !query || read_query(call, query);
}

/* A header that decides who gets in, or where the request ends, may not say two things. */
static bool headers_are_single(struct call *call)
{
    static const char *const names[] = {
        "Host",       "Authorization",        "Origin",         "Sec-Fetch-Site",
        "X-Amz-Date", "X-Amz-Content-Sha256", "Content-Length", "Transfer-Encoding"};
    for (size_t i = 0; i < COUNT(names); i++) {
        int count = 0;
        for (int j = 0; j < call->headers_count; j++)
            count += strcasecmp(call->headers[j].name, names[i]) == 0;
        if (count > 1)
            return call_refuse(call, 400, "the header '%s' is given twice", names[i]), false;
    }
    return true;
}

/* RFC 9110: a name is a token, a value has no control characters. */
static bool headers_are_sound(struct call *call)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (int i = 0; i < call->headers_count; i++) {
        const char *name = call->headers[i].name;
        if (!*name || name[strspn(name, token)])
            return call_refuse(call, 400, "'%.40s' is no header's name", name), false;
        for (const char *c = call->headers[i].value; *c; c++)
            if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
                return call_refuse(call, 400, "the header '%.40s' holds a control character", name),
                       false;
    }
    const char *coding = call_header(call, "Transfer-Encoding");
    if (coding && (strcasecmp(coding, "chunked") || call_header(call, "Content-Length")))
        return call_refuse(call, 400,
                           "Transfer-Encoding must be 'chunked', without Content-Length"),
               false;
    return true;
}

bool call_admit(struct service *service, struct call *call, size_t body_size)
{
    if (!read_target(call) || !headers_are_single(call) || !headers_are_sound(call))
        return false;
    if (!route_find(call)) {
        if (call->api == &api_s3)
            inventory_refuse_rest(service, call);
        return false;
    }
    if (!auth_admits(&service->auth, call))
        return false;
    if (body_size <= call->route->body_max)
        return true;
    call->intruder = true;
    (void)call_refuse(call, 413, "the body is longer than %zu bytes", call->route->body_max);
    return false;
}

bool call_is_slow(const struct call *call)
{
    enum { BODY_SLOW = 512 * 1024 };
    return call->route && (call->route->slow || call->body_size > BODY_SLOW);
}

bool call_waits_for_function(const struct call *call)
{
    return call->route && call->route->function;
}

size_t call_body_max(const struct call *call)
{
    return call->route->body_max;
}

void call_perform(struct service *service, struct call *call)
{
    struct error err = {0};
    if (!auth_verifies(&service->auth, call))
        return;
    call->status = call->route->success;
    call->content_type = call->api->content_type;
    if (call->api->id_header)
        call_reply_header(call, call->api->id_header, call->id);
    if (!service->functions && (call->api == &api_lambda || call->api == &api_logs)) {
        (void)call_refuse(call, 404, "no functions are run here");
        return;
    }
    if (call->route->actions && !action_find(call))
        return;
    operation *run = call->action ? call->action->run : call->route->run;
    if (run(service, call, &err) == 0) {
        if (!call->raw)
            put_finish(&call->reply);
        return;
    }
    char text[ERROR_FRAMES * ERROR_TEXT];
    (void)call_refuse(call, status_of(err.kind), "%s", error_text(&err, text, sizeof(text)));
}

/* --- bodies --- */

int call_json(struct call *call, struct json **ret, struct error *err)
{
    size_t at;
    const char *text = call->body_size ? call->body : "{}";
    if (json_parse(call->arena, text, call->body_size ? call->body_size : 2, ret, &at, err) < 0)
        return error_add(err, "the body is no JSON, at byte %zu", at);
    if ((*ret)->type != JSON_OBJECT)
        return error_set(err, ERROR_BAD_REQUEST, "the body is no JSON object");
    return 0;
}

int call_string(const struct json *object, const char *name, bool required, const char **ret,
                struct error *err)
{
    const struct json *value = json_member(object, name);
    *ret = NULL;
    if (!value || value->type == JSON_NULL)
        return required ? error_set(err, ERROR_BAD_REQUEST, "%s is a required property", name) : 0;
    if (value->type != JSON_STRING)
        return error_set(err, ERROR_BAD_REQUEST, "%s: Should be string", name);
    *ret = value->string;
    return 0;
}

int call_bool(const struct json *object, const char *name, bool *ret, struct error *err)
{
    const struct json *value = json_member(object, name);
    if (!value || value->type == JSON_NULL)
        return 0;
    if (value->type != JSON_TRUE && value->type != JSON_FALSE)
        return error_set(err, ERROR_BAD_REQUEST, "%s must be true or false", name);
    *ret = value->type == JSON_TRUE;
    return 0;
}

struct json *call_stored(struct call *call, const char *text)
{
    struct json *root;
    struct error err;
    size_t at;
    if (json_parse(call->arena, text, strlen(text), &root, &at, &err) == 0)
        return root;
    root = ARENA_NEW(call->arena, struct json);
    root->type = JSON_OBJECT;
    return root;
}

bool call_asks_nothing(const struct json *value)
{
    if (value->type == JSON_TRUE || value->type == JSON_NUMBER ||
        (value->type == JSON_STRING && *value->string))
        return false;
    for (const struct json *child = value->child; child; child = child->next)
        if (!call_asks_nothing(child))
            return false;
    return true;
}
