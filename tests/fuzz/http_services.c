/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a call of a service that is let in, "SERVICE METHOD TARGET\nName: value\n…\n\nBODY":
 * its operations on a database, a folder of objects and functions' code in memory's file system.
 * Whatever it is, it is answered with less than 500 (but for 501, what S3 has and this server has
 * not), with JSON or XML that can be read. There are a role, a policy, a log and a function, which
 * is not run: invocations are refused. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/remove_folder.h"
#include "function/function.h"
#include "http/lambda_queue.h"
#include "http/route.h"
#include "http/service.h"
#include "s3/storage.h"
#include "s3/xml.h"
#include "status/iam.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct service service;
static char folder[] = "/dev/shm/fuzz-services-XXXXXX";

/* An empty m.py. */
static const char zip[] =
    "\120\113\003\004\024\000\000\000\000\000\000\000\041\000\000\000\000\000\000"
    "\000\000\000\000\000\000\000\004\000\000\000\155\056\160\171\120\113\001\002"
    "\024\003\024\000\000\000\000\000\000\000\041\000\000\000\000\000\000\000\000"
    "\000\000\000\000\000\004\000\000\000\000\000\000\000\000\000\000\000\200\001"
    "\000\000\000\000\155\056\160\171\120\113\005\006\000\000\000\000\001\000\001"
    "\000\062\000\000\000\042\000\000\000\000\000";

/* What there is to be asked for. */
static void furnish(void)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct iam_role role = {.name = "r",
                                  .path = "/a/",
                                  .id = "AROA",
                                  .description = "d",
                                  .trust = "{}",
                                  .boundary = "",
                                  .tags = "{\"k\":\"v\"}"};
    const struct iam_policy policy = {.name = "p",
                                      .path = "/",
                                      .id = "ANPA",
                                      .description = "d",
                                      .document = "{}",
                                      .tags = "{\"k\":\"v\"}"};
    const struct function_record function = {.name = "f",
                                             .runtime = "python3.11",
                                             .handler = "m.h",
                                             .role = "arn:aws:iam::111122223333:role/r"};
    const struct log_event event = {
        .at_ms = 1, .message = "a b", .size = 3, .stream = "s", .invocation = ""};
    struct iam_role *made_role;
    struct iam_policy *made_policy;
    struct function_record *made_function;
    struct error err;
    if (status_role_create(service.status, &role, arena, &made_role, &err) < 0 ||
        status_policy_create(service.status, &policy, arena, &made_policy, &err) < 0 ||
        functions_create(service.functions, &function, zip, sizeof(zip) - 1, arena, &made_function,
                         &err) < 0 ||
        logs_append(functions_logs(service.functions), "f", &event, 1, &err) < 0)
        abort();
    functions_stop(service.functions);
}

static void clean(void)
{
    lambda_queue_free(&service.lambda_queue);
    functions_free(&service.functions);
    storage_free(&service.storage);
    status_close(&service.status);
    remove_folder(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    static const struct status_owner owner = {"us-east-1", "111122223333"};
    static const struct log log = {LOG_LEVEL_ERROR};
    static const char *const probe[] = {"/bin/false", NULL};
    static struct cancel never;
    static char paths[3][64];
    static const char *const below[] = {"buckets", "functions", "logs"};
    struct error err;
    if (!mkdtemp(folder))
        abort();
    for (size_t i = 0; i < COUNT(below); i++)
        snprintf(paths[i], sizeof(paths[i]), "%s/%s", folder, below[i]);
    struct functions_options functions = {.folder = paths[1],
                                          .logs_folder = paths[2],
                                          .owner = {owner.region, owner.account},
                                          .log = &log};
    if (status_open(&service.status, folder, &owner, &err) < 0 ||
        storage_open_folder(&service.storage, paths[0], &err) < 0)
        abort();
    functions.status = service.status;
    if (functions_new(&service.functions, &functions, &err) < 0)
        abort();
    furnish();
    const struct lambda_queue_options queue = {
        .status = service.status, .functions = service.functions, .log = &log};
    if (lambda_queue_start(&service.lambda_queue, &queue, &err) < 0)
        abort();
    atexit(clean);
    service.log = &log;
    service.probe = probe;
    service.stopping = &never;
    return 0;
}

/* The next line of the head, ended; NULL behind its last. */
static char *next_line(char **rest)
{
    char *line = strsep(rest, "\n");
    return line && *line ? line : NULL;
}

static void read_head(struct call *call, char *head)
{
    char *line = next_line(&head);
    const char *name = line ? strsep(&line, " ") : "mediaconvert";
    call->method = line ? strsep(&line, " ") : "";
    call->target = line ? line : "";
    call->headers[call->headers_count++] = (struct field){"Host", "localhost"};
    call->headers[call->headers_count++] = (struct field){
        "Authorization", arena_printf(call->arena,
                                      "AWS4-HMAC-SHA256 Credential=a/20260101/r/%s/aws4_request, "
                                      "SignedHeaders=host, Signature=%064d",
                                      name, 0)};
    while (head && (line = next_line(&head)) && call->headers_count < CALL_HEADERS_MAX) {
        char *header = strsep(&line, ":");
        const char *value = line ? line + strspn(line, " ") : "";
        call->headers[call->headers_count++] = (struct field){header, value};
    }
}

static void fail(const struct call *call, const char *why)
{
    fprintf(stderr, "%s: status %d, %s\n%s\n", why, call->status, call->why ? call->why : "",
            call->reply.data ? call->reply.data : "");
    abort();
}

static void check_answer(const struct call *call)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(xml_free) struct xml *xml = NULL;
    struct json *root;
    struct error err;
    size_t at;
    bool probed = call->route && strcmp(call->route->path, "/2017-08-29/probe") == 0;
    bool stopped = call->status == 500 && call->route && call->route->function;
    bool missing = call->status == 501 && strcmp(call->api->name, "s3") == 0;
    if (call->status < 200 || (call->status >= 500 && !probed && !stopped && !missing))
        fail(call, "it is not answered");
    if (!call->reply.size)
        return;
    if (strstr(call->content_type, "json") &&
        json_parse(arena, call->reply.data, call->reply.size, &root, &at, &err) < 0)
        fail(call, "this is no JSON");
    if (strstr(call->content_type, "xml")) {
        xml = xml_parse(call->reply.data, call->reply.size);
        if (!xml)
            fail(call, "this is no XML");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    char *end = strstr(text, "\n\n");
    struct call call;
    call_init(&call);
    call.peer_is_local = true;
    if (end) {
        end[1] = '\0';
        call.body = end + 2;
        call.body_size = size - (size_t)(call.body - text);
    }
    read_head(&call, text);
    if (call_admit(&service, &call, call.body_size))
        call_perform(&service, &call);
    check_answer(&call);
    call_release(&call);
    free(text);
    return 0;
}
