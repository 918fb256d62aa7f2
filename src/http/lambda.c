/* SPDX-License-Identifier: Apache-2.0 */
/* What the operations share. */
#include "http/lambda.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "http/put.h"
#include "http/service.h"

/* --- names --- */

/* As the caller has written it, but for what stands before the name in each ARN. */
static const char *arn_of(struct service *service, struct call *call)
{
    const char *qualifier = call_query(call, "Qualifier");
    const char *arn =
        strncmp(call->name, "arn:", 4) == 0
            ? call->name
            : function_arn(functions_owner(service->functions), call->arena, call->name);
    return qualifier ? arena_printf(call->arena, "%s:%s", arn, qualifier) : arn;
}

bool lambda_name(struct service *service, struct call *call, char ret[FUNCTION_NAME_MAX + 1])
{
    struct error err;
    if (function_name_parse(call->name, call_query(call, "Qualifier"),
                            functions_owner(service->functions), ret, &err) == 0)
        return true;
    if (err.kind == ERROR_NOT_FOUND)
        (void)call_refuse(call, 404, "Function not found: %.300s", arn_of(service, call));
    else
        (void)call_refuse_as(call, 400, "ValidationException",
                             "1 validation error detected: Value '%.200s' at 'functionName' failed "
                             "to satisfy constraint: %s",
                             call->name, err.frame[0]);
    return false;
}

int lambda_no_function(struct service *service, struct call *call, const char *name)
{
    return call_refuse(call, 404, "Function not found: %s",
                       function_arn(functions_owner(service->functions), call->arena, name));
}

int lambda_failed(struct service *service, struct call *call, const char *name, struct error *err)
{
    if (err->kind == ERROR_NOT_FOUND)
        return lambda_no_function(service, call, name);
    if (err->kind == ERROR_CONFLICT)
        return call_refuse_as(call, 412, "PreconditionFailedException",
                              "The Revision Id provided does not match the latest Revision Id. "
                              "Call the GetFunction API to retrieve the latest Revision Id");
    return -1;
}

int lambda_find_name(struct service *service, struct call *call, const char *name,
                     struct function_record **ret, struct error *err)
{
    if (status_function_get(service->status, name, call->arena, ret, err) == 0)
        return 1;
    return lambda_failed(service, call, name, err);
}

int lambda_find(struct service *service, struct call *call, struct function_record **ret,
                struct error *err)
{
    char name[FUNCTION_NAME_MAX + 1];
    return lambda_name(service, call, name) ? lambda_find_name(service, call, name, ret, err) : 0;
}

/* --- bodies --- */

bool lambda_body(struct call *call, size_t max, struct json **ret)
{
    struct error err;
    size_t at;
    const char *text = call->body_size ? call->body : "{}";
    if (json_parse_within(call->arena, text, call->body_size ? call->body_size : 2, max, ret, &at,
                          &err) < 0)
        return call_refuse_as(call, 400, "InvalidRequestContentException",
                              "Could not parse request body into json: byte %zu: %s", at,
                              err.frame[0]),
               false;
    if ((*ret)->type != JSON_OBJECT)
        return call_refuse_as(call, 400, "InvalidRequestContentException",
                              "Could not parse request body into json: it is no object"),
               false;
    return true;
}

char *lambda_decode(struct call *call, const char *base64, size_t *ret_size)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t size = strlen(base64), plain = strspn(base64, letters);
    size_t padding = strspn(base64 + plain, "=");
    if (size % 4 || plain + padding != size || padding > 2 || size > INT32_MAX)
        return NULL;
    char *bytes = arena_alloc(call->arena, size / 4 * 3 + 1);
    if (size &&
        EVP_DecodeBlock((unsigned char *)bytes, (const unsigned char *)base64, (int)size) < 0)
        return NULL;
    *ret_size = size / 4 * 3 - padding;
    bytes[*ret_size] = '\0';
    return bytes;
}

/* --- configurations --- */

/* A member of `rest`, or what Lambda says where nothing was given. */
static void put_rest(struct call *call, const struct json *rest, const char *name,
                     const char *instead)
{
    const struct json *value = json_member(rest, name);
    if (value)
        put_value(&call->reply, name, NULL, value);
    else
        put_json(&call->reply, name, instead);
}

static void put_environment(struct call *call, const char *variables)
{
    if (strcmp(variables, "{}") == 0)
        return;
    put_open(&call->reply, "Environment", '{');
    put_json(&call->reply, "Variables", variables);
    put_close(&call->reply, '}');
}

/* Of SnapStart nothing is ever optimised: it is for published versions. */
static void put_snap_start(struct call *call, const struct json *rest)
{
    const struct json *given = json_member(rest, "SnapStart");
    const struct json *apply = given ? json_member(given, "ApplyOn") : NULL;
    put_open(&call->reply, "SnapStart", '{');
    put_string(&call->reply, "ApplyOn", apply ? apply->string : "None");
    put_string(&call->reply, "OptimizationStatus", "Off");
    put_close(&call->reply, '}');
}

static void put_logging(struct call *call, const char *name)
{
    put_open(&call->reply, "LoggingConfig", '{');
    put_string(&call->reply, "LogFormat", "Text");
    put_string(&call->reply, "LogGroup", arena_printf(call->arena, LOGS_GROUP_PREFIX "%s", name));
    put_close(&call->reply, '}');
}

/* "2019-10-03T21:48:48.048+0000" */
static void put_modified(struct call *call, int64_t us)
{
    char time[64];
    put_string(&call->reply, "LastModified",
               arena_printf(call->arena, "%s+0000", clock_format_ms(us, time)));
}

void lambda_put_configuration(struct service *service, struct call *call, const char *name,
                              const struct function_record *function)
{
    struct text *out = &call->reply;
    const char *arn =
        function_arn(functions_owner(service->functions), call->arena, function->name);
    const struct json *rest = call_stored(call, function->rest);
    put_open(out, name, '{');
    put_string(out, "FunctionName", function->name);
    put_string(out, "FunctionArn",
               call_query(call, "Qualifier") ? arena_printf(call->arena, "%s:$LATEST", arn) : arn);
    put_string(out, "Runtime", function->runtime);
    put_string(out, "Role", function->role);
    put_string(out, "Handler", function->handler);
    put_number(out, "CodeSize", function->code_size);
    put_string(out, "Description", function->description);
    put_number(out, "Timeout", function->timeout_s);
    put_number(out, "MemorySize", function->memory_mib);
    put_modified(call, function->modified_us);
    put_string(out, "CodeSha256", function->code_sha256);
    put_string(out, "Version", "$LATEST");
    put_rest(call, rest, "VpcConfig", NULL);
    put_environment(call, function->environment);
    put_rest(call, rest, "KMSKeyArn", NULL);
    put_rest(call, rest, "TracingConfig", "{\"Mode\":\"PassThrough\"}");
    put_string(out, "RevisionId", function->revision);
    put_string(out, "State", "Active");
    put_string(out, "LastUpdateStatus", "Successful");
    put_string(out, "PackageType", "Zip");
    put_rest(call, rest, "Architectures", "[\"x86_64\"]");
    put_rest(call, rest, "EphemeralStorage", "{\"Size\":512}");
    put_snap_start(call, rest);
    put_logging(call, function->name);
    put_close(out, '}');
}
