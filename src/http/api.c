/* SPDX-License-Identifier: Apache-2.0 */
#include "http/api.h"

#include <string.h>

#include "base/macros.h"
#include "http/put.h"
#include "http/put_xml.h"

/* --- how errors are written --- */

/* rest-json, with the name in a header. */
static void put_message(struct call *call)
{
    call_reply_header(call, "x-amzn-ErrorType", call->exception);
    put_open(&call->reply, NULL, '{');
    put_string(&call->reply, "message", call->why);
    put_close(&call->reply, '}');
}

/* Lambda's model spells the member so or so; its clients know both. */
static void put_type_and_message(struct call *call)
{
    static const char *const upper[] = {"ResourceNotFoundException", "ServiceException"};
    const char *member = "message";
    for (size_t i = 0; i < COUNT(upper); i++)
        if (strcmp(call->exception, upper[i]) == 0)
            member = "Message";
    call_reply_header(call, "x-amzn-ErrorType", call->exception);
    put_open(&call->reply, NULL, '{');
    put_string(&call->reply, "Type", call->status >= 500 ? "Server" : "User");
    put_string(&call->reply, member, call->why);
    put_close(&call->reply, '}');
}

static void put_json_1_1(struct call *call)
{
    put_open(&call->reply, NULL, '{');
    put_string(&call->reply, "__type", call->exception);
    put_string(&call->reply, "message", call->why);
    put_close(&call->reply, '}');
}

static void put_error_response(struct call *call)
{
    struct text *out = &call->reply;
    put_start_in(out, "ErrorResponse", call->api->space);
    put_start(out, "Error");
    put_element(out, "Type", call->status >= 500 ? "Receiver" : "Sender");
    put_element(out, "Code", call->exception);
    put_element(out, "Message", call->why);
    put_end(out, "Error");
    put_element(out, "RequestId", call->id);
    put_end(out, "ErrorResponse");
}

static void put_s3_error(struct call *call)
{
    struct text *out = &call->reply;
    put_document(out, "Error", NULL);
    put_element(out, "Code", call->exception);
    put_element(out, "Message", call->why);
    put_element(out, "RequestId", call->id);
    put_end(out, "Error");
}

/* --- the services --- */

static const struct exception mediaconvert_exceptions[] = {
    {400, "BadRequestException"},      {402, "ServiceQuotaExceededException"},
    {403, "ForbiddenException"},       {404, "NotFoundException"},
    {405, "BadRequestException"},      {409, "ConflictException"},
    {413, "BadRequestException"},      {414, "BadRequestException"},
    {429, "TooManyRequestsException"}, {0, "InternalServerErrorException"},
};

const struct api api_mediaconvert = {
    .name = "mediaconvert",
    .content_type = "application/json",
    .exceptions = mediaconvert_exceptions,
    .put_error = put_message,
};

static const struct exception lambda_exceptions[] = {
    {400, "InvalidParameterValueException"},
    {403, "AccessDeniedException"},
    {404, "ResourceNotFoundException"},
    {405, "InvalidParameterValueException"},
    {409, "ResourceConflictException"},
    {413, "RequestTooLargeException"},
    {414, "RequestTooLargeException"},
    {429, "TooManyRequestsException"},
    {0, "ServiceException"},
};

const struct api api_lambda = {
    .name = "lambda",
    .content_type = "application/json",
    .exceptions = lambda_exceptions,
    .put_error = put_type_and_message,
};

/* All but the service's own failures are 400. */
static const struct exception logs_exceptions[] = {
    {400, "InvalidParameterException"},           {403, "AccessDeniedException", 400},
    {404, "ResourceNotFoundException", 400},      {405, "InvalidParameterException", 400},
    {409, "ResourceAlreadyExistsException", 400}, {413, "InvalidParameterException", 400},
    {414, "InvalidParameterException", 400},      {429, "ThrottlingException", 400},
    {0, "ServiceUnavailableException"},
};

const struct api api_logs = {
    .name = "logs",
    .content_type = "application/x-amz-json-1.1",
    .target = "Logs_20140328.",
    .exceptions = logs_exceptions,
    .put_error = put_json_1_1,
};

static const struct exception iam_exceptions[] = {
    {400, "ValidationError"}, {403, "AccessDenied"},        {404, "NoSuchEntity"},
    {405, "InvalidAction"},   {409, "EntityAlreadyExists"}, {413, "ValidationError"},
    {414, "ValidationError"}, {429, "Throttling"},          {0, "ServiceFailure"},
};

const struct api api_iam = {
    .name = "iam",
    .content_type = "text/xml",
    .space = "https://iam.amazonaws.com/doc/2010-05-08/",
    .version = "2010-05-08",
    .exceptions = iam_exceptions,
    .put_error = put_error_response,
};

const struct api api_sts = {
    .name = "sts",
    .content_type = "text/xml",
    .space = "https://sts.amazonaws.com/doc/2011-06-15/",
    .version = "2011-06-15",
    .exceptions = iam_exceptions,
    .put_error = put_error_response,
};

static const struct exception s3_exceptions[] = {
    {400, "InvalidRequest"},   {403, "AccessDenied"},     {404, "NoSuchKey"},
    {405, "MethodNotAllowed"}, {409, "OperationAborted"}, {413, "EntityTooLarge"},
    {414, "KeyTooLongError"},  {429, "SlowDown"},         {501, "NotImplemented"},
    {0, "InternalError"},
};

const struct api api_s3 = {
    .name = "s3",
    .content_type = "application/xml",
    .id_header = "x-amz-request-id",
    .space = "http://s3.amazonaws.com/doc/2006-03-01/",
    .exceptions = s3_exceptions,
    .put_error = put_s3_error,
};

static const struct exception s3control_exceptions[] = {
    {400, "BadRequestException"},     {403, "AccessDenied"},
    {404, "NotFoundException"},       {405, "MethodNotAllowed"},
    {409, "JobStatusException", 400}, {413, "BadRequestException"},
    {414, "BadRequestException"},     {429, "TooManyRequestsException"},
    {0, "InternalServiceException"},
};

const struct api api_s3control = {
    .name = "s3",
    .content_type = "application/xml",
    .id_header = "x-amz-request-id",
    .space = "http://awss3control.amazonaws.com/doc/2018-08-20/",
    .exceptions = s3control_exceptions,
    .put_error = put_error_response,
};

static const struct api *const apis[] = {&api_mediaconvert, &api_lambda, &api_logs,     &api_iam,
                                         &api_sts,          &api_s3,     &api_s3control};

const struct api *api_find(const char *name)
{
    for (size_t i = 0; name && i < COUNT(apis); i++)
        if (strcmp(apis[i]->name, name) == 0)
            return apis[i];
    return NULL;
}

const struct exception *api_exception(const struct api *api, int status)
{
    const struct exception *exception = api->exceptions;
    while (exception->status && exception->status != status)
        exception++;
    return exception;
}
