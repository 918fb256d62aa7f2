/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The services that answer here, and how each one talks: by what name calls to it are signed, in
 * what form it answers, what it calls its errors. A route names the service that it is of.
 *
 * AWS has four forms:
 *
 *   rest-json   paths; {"message": …} and the error's name in x-amzn-ErrorType
 *   json 1.1    POST /, the operation in X-Amz-Target; {"__type": …, "message": …}
 *   query       POST /, a form with Action=…; XML
 *   rest-xml    paths; XML
 */
#ifndef HTTP_API_H
#define HTTP_API_H

#include <stddef.h>

#include "http/call.h"

/* What an error is called, by the HTTP status that the code gives it. */
struct exception {
    int status;
    const char *code;
    int sent; /* the status that goes out instead; 0: the same */
};

struct api {
    const char *name; /* in the credential scope of signatures: "lambda" */
    const char *content_type;
    const char *id_header; /* that has the call's id, besides x-amzn-RequestId; NULL: none */
    const char *space;     /* XML: the namespace of answers */
    const char *version;   /* query: the only one that Version= may say */
    const char *target;    /* json 1.1: what stands before an operation in X-Amz-Target */
    const struct exception *exceptions; /* status 0 ends them; it is for all others, too */

    /* Writes call->reply for call->status, call->exception, call->why. */
    void (*put_error)(struct call *call);
};

extern const struct api api_mediaconvert, api_lambda, api_logs, api_iam, api_sts, api_s3,
    api_s3control;

/* The first service that is signed for by that name; NULL if there is none, or no name. */
const struct api *api_find(const char *name);

/* The exception of a status, one that is sent for `sent` or for it itself. */
const struct exception *api_exception(const struct api *api, int status);

#endif
