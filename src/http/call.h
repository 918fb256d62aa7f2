/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call of the API: what was asked, and what is answered. It knows no socket: server.c makes
 * calls of HTTP requests, tests make them of text.
 *
 *   call_init      the arena, an id for x-amzn-RequestId
 *     …            the caller fills in method, target, headers, and later the body
 *   call_admit     may this go on, before its body is read?            (route.h, auth.h)
 *   call_perform   the operation; afterwards there is an answer, whatever happened
 *   call_release
 *
 * An operation returns 0 when the call is answered, which a refusal is, too, or -1 with err, whose
 * kind becomes one of the service's exceptions, written in the service's way (api.h).
 */
#ifndef HTTP_CALL_H
#define HTTP_CALL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "s3/uri.h"

struct action;
struct api;
struct route;
struct service;

enum {
    CALL_HEADERS_MAX = 64,
    CALL_TARGET_MAX = 8 * 1024,
    CALL_REPLY_HEADERS_MAX = 8,
    CALL_FORM_MAX = 1024, /* parameters of a form */
};

struct call {
    struct arena *arena;
    char id[RANDOM_UUID_SIZE];

    /* What was asked. The strings are the caller's and live as long as the call. */
    const char *method;
    const char *target; /* as it came, undecoded */
    struct field headers[CALL_HEADERS_MAX];
    int headers_count;
    bool peer_is_local; /* the connection comes from this machine */
    const char *body;
    size_t body_size;

    /* What that means, found by call_admit(). */
    const char *path;      /* of the target, undecoded: "/2017-08-29/jobs/%41" */
    const char *authority; /* "localhost:4580", of the target or of Host; "" if neither says */
    bool absolute;         /* the target was a whole URL: the caller takes us for its proxy */
    struct field query[FIELDS_MAX]; /* decoded, in the order of the target */
    int query_count;
    const struct api *api; /* whose call it is; never NULL */
    const struct route *route;
    const char *name; /* {name} of the route's path, decoded; or NULL */

    /* Found by call_perform(), where a service has one path for all its operations: action.h. */
    const struct action *action;
    struct field *form; /* the body of the query protocol, decoded */
    int form_count;

    /* The answer. */
    int status;
    const char *content_type;
    const char *exception; /* what the error is called; NULL where it went well */
    const char *allow;     /* for Allow, with 405 */
    const char *why;       /* for the log: of a refusal or an error */
    bool intruder;         /* the refusal is for the log: it looks like a break-in */
    struct text reply;
    bool raw; /* the reply is bytes as they are, not JSON that is being put together */
    struct field reply_headers[CALL_REPLY_HEADERS_MAX];
    int reply_headers_count;
    int64_t follow; /* the reply goes on with the events after this; -1: it does not */
};

void call_init(struct call *call);
void call_release(struct call *call);

/* False: it is answered already, refused. `body_size` is what the caller says that the body has;
 * 0 if it does not say. */
bool call_admit(struct service *service, struct call *call, size_t body_size);
void call_perform(struct service *service, struct call *call);

/* Whether this may take long, and should not hold up others; whether it waits for a function, which
 * may be waiting for us. */
bool call_is_slow(const struct call *call);
bool call_waits_for_function(const struct call *call);

/* The most bytes that its body may have; to be asked for after call_admit(). */
size_t call_body_max(const struct call *call);

/* Answers with the service's exception for that status; the reply so far is dropped. Returns 0, so
 * that an operation can `return call_refuse(call, 400, "…")`. */
int call_refuse(struct call *call, int status, const char *fmt, ...) PRINTF(3, 4);

/* The same with an exception by name: "DeleteConflict". It must live as long as the call. */
int call_refuse_as(struct call *call, int status, const char *exception, const char *fmt, ...)
    PRINTF(4, 5);

/* A header of the answer, whatever the answer is; both strings must live as long as the call, and
 * have no control characters. */
void call_reply_header(struct call *call, const char *name, const char *value);

/* The reply is these bytes and nothing else. They are copied; `content_type` must live as long as
 * the call. Returns 0. */
int call_reply_bytes(struct call *call, const char *content_type, const void *bytes, size_t size);

/* The value of a header, NULL if there is none; of a query parameter; of a form's. */
const char *call_header(const struct call *call, const char *name);
const char *call_query(const struct call *call, const char *name);
const char *call_form(const struct call *call, const char *name);

/* "http://localhost:4580": what the caller has used, so that what he can reach stays reachable. In
 * the call's arena. */
const char *call_url(const struct call *call);

/* The body as a JSON object; an empty one is {}. Lives in the call's arena. */
int call_json(struct call *call, struct json **ret, struct error *err) MUST_CHECK;

/* The member's string. NULL if it is not there or null; ERROR_BAD_REQUEST if it is no string, or
 * is not there and `required`. */
int call_string(const struct json *object, const char *name, bool required, const char **ret,
                struct error *err) MUST_CHECK;

/* The member's truth; *ret stays as it is where it is not there or null. */
int call_bool(const struct json *object, const char *name, bool *ret, struct error *err) MUST_CHECK;

/* Whether a member asks for nothing, as {"TargetArn": ""}; anything else must be heeded or refused.
 */
bool call_asks_nothing(const struct json *value);

/* JSON that we have written ourselves, out of status/; an empty object where that is damaged. */
struct json *call_stored(struct call *call, const char *text);

#endif
