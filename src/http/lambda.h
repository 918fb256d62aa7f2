/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of the Lambda API, called as in its model.
 *
 *   lambda.c             what they share: names, bodies, a function's configuration as JSON
 *   lambda_functions.c   functions: create, get, list, update, delete; concurrency; tags
 *   lambda_code.c        zips: out of a request or a bucket, and back
 *   lambda_invoke.c      Invoke
 *   lambda_queue.c       what is invoked as an event: queued, run, tried again
 *
 * Functions are function/'s; here they are asked for. They have no versions and no aliases: the
 * only qualifier is $LATEST. What a request asks for and is not done is refused; what is kept,
 * given back and changes nothing stands in one table in lambda_functions.c.
 */
#ifndef HTTP_LAMBDA_H
#define HTTP_LAMBDA_H

#include "function/function.h"
#include "http/action.h"
#include "http/call.h"

operation lambda_create_function, lambda_get_function, lambda_get_function_configuration,
    lambda_list_functions, lambda_list_versions_by_function, lambda_update_function_code,
    lambda_update_function_configuration, lambda_delete_function;
operation lambda_put_function_concurrency, lambda_get_function_concurrency,
    lambda_delete_function_concurrency;
operation lambda_list_tags, lambda_tag_resource, lambda_untag_resource;
operation lambda_get_code; /* what Code.Location of GetFunction names */
operation lambda_invoke;

enum {
    LAMBDA_REQUEST_MAX = 69905067, /* bytes of a body with a zip, as with AWS */
    LAMBDA_PAYLOAD_MAX = 6291456,
    LAMBDA_EVENT_PAYLOAD_MAX = 1048576,
};

/* Batch jobs run it; it is no function of anybody's. */
#define LAMBDA_BUILTIN "builtin"

/* --- what they share; where they return bool, false means refused --- */

/* The function that the path names. */
bool lambda_name(struct service *service, struct call *call, char ret[FUNCTION_NAME_MAX + 1]);

/* Answers that there is none. Returns 0. */
int lambda_no_function(struct service *service, struct call *call, const char *name);

/* What has failed with `err`: ERROR_NOT_FOUND is lambda_no_function(), ERROR_CONFLICT that the
 * revision is another. */
int lambda_failed(struct service *service, struct call *call, const char *name, struct error *err);

/* The body as a JSON object of at most `max` bytes. */
bool lambda_body(struct call *call, size_t max, struct json **ret);

/* The function that the path names. 1: there is one. 0: refused. */
int lambda_find(struct service *service, struct call *call, struct function_record **ret,
                struct error *err) MUST_CHECK;

/* The same, of a name. */
int lambda_find_name(struct service *service, struct call *call, const char *name,
                     struct function_record **ret, struct error *err) MUST_CHECK;

/* The configuration as a member, or NULL for the whole. */
void lambda_put_configuration(struct service *service, struct call *call, const char *name,
                              const struct function_record *function);

/* The zip of a CreateFunction's Code or an UpdateFunctionCode. -1: err; *ret_zip NULL: refused. */
int lambda_read_zip(struct service *service, struct call *call, const struct json *code,
                    const void **ret_zip, size_t *ret_size, struct error *err) MUST_CHECK;

/* Code of GetFunction: where its zip can be had for ten minutes. */
void lambda_put_code(struct service *service, struct call *call,
                     const struct function_record *function);

/* Base64 in the call's arena; NULL if it is none. */
char *lambda_decode(struct call *call, const char *base64, size_t *ret_size);

#endif
