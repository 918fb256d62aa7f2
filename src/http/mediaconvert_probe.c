/* SPDX-License-Identifier: Apache-2.0 */
/* Probe: a process of its own opens the file, so that whatever is in it harms no other caller. */
#include <string.h>

#include "http/child.h"
#include "http/mediaconvert.h"
#include "http/put.h"

enum { FILES_MAX = 8, WORDS_MAX = 32 };

/* The sanitizers' shadow of the address space is larger than any limit. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_MAX 0
#else
#define MEMORY_MAX ((int64_t)4 * 1024 * 1024 * 1024)
#endif

static const struct child_limits limits = {
    .timeout_us = 60 * 1000000,
    .output_max = 1024 * 1024,
    .memory_max = MEMORY_MAX,
    .cpu_s = 60,
};

/* Files of this machine are none of a caller's business. */
static bool is_input(const char *uri)
{
    static const char *const schemes[] = {"s3://", "http://", "https://"};
    for (size_t i = 0; i < COUNT(schemes); i++)
        if (strncmp(uri, schemes[i], strlen(schemes[i])) == 0 && uri[strlen(schemes[i])])
            return true;
    return false;
}

/* Why the file cannot be probed, as the process has said it: {"errorCode", "errorMessage"}. */
static int explain(struct call *call, const struct text *output, int status, struct error *err)
{
    struct json *answer;
    size_t at;
    const char *message = NULL;
    if (output->size &&
        json_parse(call->arena, output->data, output->size, &answer, &at, err) == 0 &&
        call_string(answer, "errorMessage", true, &message, err) == 0)
        return error_set(err, ERROR_BAD_REQUEST, "%s", message);
    return error_set(err, ERROR_BUG, "the probe ended with status %d", status);
}

/* The elements of probeResults, as text. */
static int put_results(struct call *call, const struct text *output, struct error *err)
{
    struct json *answer;
    size_t at;
    if (json_parse(call->arena, output->data ? output->data : "", output->size, &answer, &at, err) <
        0)
        return error_add(err, "the probe's answer");
    const struct json *results = json_member(answer, "probeResults");
    for (const struct json *r = results ? results->child : NULL; r; r = r->next)
        put_value(&call->reply, NULL, NULL, r);
    return 0;
}

static int probe(struct service *service, struct call *call, const char *uri, struct error *err)
{
    const char *words[WORDS_MAX] = {NULL};
    int count = 0, status;
    for (; service->probe[count] && count < WORDS_MAX - 3; count++)
        words[count] = service->probe[count];
    words[count++] = "--";
    words[count++] = uri;

    CLEANUP(text_release) struct text output = {0};
    if (child_run(words, &limits, service->stopping, &output, &status, err) < 0)
        return -1;
    return status ? explain(call, &output, status, err) : put_results(call, &output, err);
}

int mediaconvert_probe(struct service *service, struct call *call, struct error *err)
{
    struct json *root;
    int count = 0;
    if (call_json(call, &root, err) < 0)
        return -1;
    const struct json *files = json_member(root, "InputFiles");
    if (files && files->type != JSON_ARRAY && files->type != JSON_NULL)
        return error_set(err, ERROR_BAD_REQUEST, "inputFiles: Should be array");
    put_open(&call->reply, NULL, '{');
    put_open(&call->reply, "probeResults", '[');
    for (const struct json *f = files ? files->child : NULL; f; f = f->next, count++) {
        const char *uri;
        if (call_string(f, "FileUrl", true, &uri, err) < 0)
            return error_add(err, "/inputFiles/%d", count);
        if (!is_input(uri) || count == FILES_MAX)
            return error_set(err, ERROR_BAD_REQUEST,
                             "/inputFiles/%d/fileUrl: Should be one of at most %d s3:// or "
                             "http:// URLs",
                             count, FILES_MAX);
        if (probe(service, call, uri, err) < 0)
            return error_add(err, "/inputFiles/%d", count);
    }
    if (!count)
        return error_set(err, ERROR_BAD_REQUEST, "inputFiles is a required property");
    put_close(&call->reply, ']');
    put_close(&call->reply, '}');
    return 0;
}
