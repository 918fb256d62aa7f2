/* SPDX-License-Identifier: Apache-2.0 */
/* Invoke: now, or later as an event, or not at all. */
#include <string.h>

#include <openssl/evp.h>

#include "http/lambda.h"
#include "http/lambda_queue.h"
#include "http/service.h"
#include "status/invocations.h"

enum { CONTEXT_MAX = 3583 }; /* of base64 */

enum invocation_type { REQUEST_RESPONSE, EVENT, DRY_RUN };

static const char *const types[] = {"RequestResponse", "Event", "DryRun"};
static const char *const log_types[] = {"None", "Tail"};

/* Which of the words a header says; the first if there is none. False: refused. */
static bool read_choice(struct call *call, const char *header, const char *member,
                        const char *const *words, int count, int *ret)
{
    const char *value = call_header(call, header);
    *ret = 0;
    for (int i = 0; value && i < count; i++)
        if (strcmp(words[i], value) == 0)
            return *ret = i, true;
    if (!value)
        return true;
    const char *all = words[0];
    for (int i = 1; i < count; i++)
        all = arena_printf(call->arena, "%s, %s", all, words[i]);
    (void)call_refuse(call, 400,
                      "1 validation error detected: Value '%.80s' at '%s' failed to satisfy "
                      "constraint: Member must satisfy enum value set: [%s]",
                      value, member, all);
    return false;
}

static bool refuse_content(struct call *call, const char *why)
{
    (void)call_refuse_as(call, 400, "InvalidRequestContentException", "%s", why);
    return false;
}

/* The payload is JSON; nothing is, too. */
static bool check_payload(struct call *call, int type)
{
    size_t max = type == EVENT ? LAMBDA_EVENT_PAYLOAD_MAX : LAMBDA_PAYLOAD_MAX, at;
    struct json *root;
    struct error err;
    if (call->body_size > max) {
        (void)call_refuse(call, 413,
                          "%zu byte payload is too large for the %s invocation type (limit %zu "
                          "bytes)",
                          call->body_size, types[type], max);
        return false;
    }
    if (!call->body_size ||
        json_parse(call->arena, call->body, call->body_size, &root, &at, &err) == 0)
        return true;
    return refuse_content(call, arena_printf(call->arena,
                                             "Could not parse request body into json: byte %zu: %s",
                                             at, err.frame[0]));
}

static bool read_context(struct call *call, const char **ret)
{
    static const char wrong[] = "Client context must be a valid Base64-encoded JSON object.";
    const char *header = call_header(call, "X-Amz-Client-Context");
    struct json *root;
    struct error err;
    size_t size, at;
    *ret = NULL;
    if (!header || !*header)
        return true;
    if (strlen(header) > CONTEXT_MAX)
        return refuse_content(call, "Client context must be at most 3583 bytes.");
    char *text = lambda_decode(call, header, &size);
    if (!text || strlen(text) != size ||
        json_parse(call->arena, text, size, &root, &at, &err) < 0 || root->type != JSON_OBJECT)
        return refuse_content(call, wrong);
    *ret = text;
    return true;
}

/* X-Amzn-Trace-Id, where it can stand in the environment of a function and in a header. */
static const char *trace_of(const struct call *call)
{
    enum { TRACE_MAX = 512 };
    const char *trace = call_header(call, "X-Amzn-Trace-Id");
    if (!trace || !*trace || strlen(trace) > TRACE_MAX)
        return NULL;
    for (const char *c = trace; *c; c++)
        if (*c < 0x20 || *c > 0x7e)
            return NULL;
    return trace;
}

/* The payload as a text of its own, for it may not end in a NUL. */
static const char *payload_of(struct call *call)
{
    return call->body_size ? arena_strndup(call->arena, call->body, call->body_size) : "{}";
}

static int queue_event(struct service *service, struct call *call, const char *name,
                       const char *context, struct error *err)
{
    const struct invocation_record event = {
        .function = name,
        .payload = payload_of(call),
        .client_context = context,
        .trace_id = trace_of(call),
    };
    if (status_invocation_add(service->status, &event, err) < 0)
        return -1;
    lambda_queue_wake(service->lambda_queue);
    call->status = 202;
    return call_reply_bytes(call, "application/json", "", 0);
}

static const char *encode(struct call *call, const void *bytes, size_t size)
{
    char *base64 = arena_alloc(call->arena, (size + 2) / 3 * 4 + 1);
    EVP_EncodeBlock((unsigned char *)base64, bytes, (int)size);
    return base64;
}

/* The id of the invocation is the call's, too: by it the caller finds what was logged. */
static int answer(struct call *call, const struct invocation_result *result, bool tail)
{
    snprintf(call->id, sizeof(call->id), "%s", result->request_id);
    call_reply_header(call, "X-Amz-Executed-Version", "$LATEST");
    if (result->failed)
        call_reply_header(call, "X-Amz-Function-Error", "Unhandled");
    if (tail)
        call_reply_header(call, "X-Amz-Log-Result",
                          encode(call, result->log_tail, result->log_tail_size));
    return call_reply_bytes(call, "application/json", result->payload, result->size);
}

static int throttled(struct call *call, const char *name, const struct error *err)
{
    call_reply_header(call, "Retry-After", "1");
    return call_refuse(call, 429, "Rate Exceeded: '%s': %s", name, err->frame[0]);
}

static int run(struct service *service, struct call *call, const char *name, const char *context,
               bool tail, struct error *err)
{
    const struct invocation invocation = {
        .function = name,
        .payload = payload_of(call),
        .size = call->body_size ? call->body_size : strlen("{}"),
        .client_context = context,
        .trace_id = trace_of(call),
        .cancel = service->stopping,
    };
    struct invocation_result *result;
    if (functions_invoke(service->functions, &invocation, call->arena, &result, err) == 0)
        return answer(call, result, tail);
    if (err->kind == ERROR_THROTTLED)
        return throttled(call, name, err);
    if (err->kind == ERROR_NOT_FOUND)
        return lambda_no_function(service, call, name);
    return -1;
}

int lambda_invoke(struct service *service, struct call *call, struct error *err)
{
    char name[FUNCTION_NAME_MAX + 1];
    int type, log_type;
    const char *context;
    struct function_record *function;
    if (!lambda_name(service, call, name) ||
        !read_choice(call, "X-Amz-Invocation-Type", "invocationType", types, COUNT(types), &type) ||
        !read_choice(call, "X-Amz-Log-Type", "logType", log_types, COUNT(log_types), &log_type) ||
        !check_payload(call, type) || !read_context(call, &context))
        return 0;
    if (strcmp(name, LAMBDA_BUILTIN) == 0)
        return call_refuse(call, 400, "'%s' can only be invoked by batch jobs", name);
    int found = lambda_find_name(service, call, name, &function, err);
    if (found <= 0)
        return found;
    if (type == EVENT)
        return queue_event(service, call, name, context, err);
    if (type == REQUEST_RESPONSE)
        return run(service, call, name, context, log_type == 1, err);
    call->status = 204;
    return 0;
}
