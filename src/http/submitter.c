/* SPDX-License-Identifier: Apache-2.0 */
#include "http/submitter.h"

#include <string.h>

#include "http/mediaconvert.h"
#include "http/put.h"

/* The id in what CreateJob answers. */
static int read_id(struct call *call, struct arena *arena, const char **ret, struct error *err)
{
    struct json *root;
    size_t at;
    put_finish(&call->reply);
    if (json_parse(call->arena, call->reply.data, call->reply.size, &root, &at, err) < 0)
        return error_add(err, "CreateJob's answer");
    struct json *id = json_find(root, "/job/id");
    if (!id || id->type != JSON_STRING)
        return error_set(err, ERROR_BUG, "CreateJob's answer has no id");
    *ret = arena_strdup(arena, id->string);
    return 0;
}

static int submit(struct submitter *submitter, const char *request, struct arena *arena,
                  const char **ret_id, struct error *err)
{
    struct submitting *submitting = (struct submitting *)submitter;
    CLEANUP(call_release) struct call call;
    call_init(&call);
    call.method = "POST";
    call.target = "/2017-08-29/jobs";
    call.body = request;
    call.body_size = strlen(request);
    if (mediaconvert_create_job(submitting->service, &call, err) < 0)
        return -1;
    if (call.status >= 400)
        return error_set(err, call.status < 500 ? ERROR_BAD_REQUEST : ERROR_BUG, "%s", call.why);
    return read_id(&call, arena, ret_id, err);
}

void submitting_init(struct submitting *submitting, struct service *service)
{
    *submitting = (struct submitting){.submitter = {submit}, .service = service};
}
