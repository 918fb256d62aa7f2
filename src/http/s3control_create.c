/* SPDX-License-Identifier: Apache-2.0 */
/* CreateJob: what may stand in the request is the tables below; then what two members mean
 * together. */
#include <string.h>

#include "batch/batch.h"
#include "http/put_xml.h"
#include "http/s3control.h"

#define NOT_HERE   "this operation does not exist here, only LambdaInvoke does"
#define BUCKET_ARN "^arn:[^:]+:s3:::[A-Za-z0-9._-]+$"
#define OBJECT_ARN "^arn:[^:]+:s3:::[A-Za-z0-9._-]+/."
#define ROLE_ARN   "^arn:[^:]+:iam::[0-9]{12}:role/."
#define REGION     "[a-z]{2}((-gov)|(-iso(b?)))?-[a-z]+-[0-9]"
#define FUNCTION                                                                                   \
    "^(arn:(aws[a-zA-Z-]*)?:lambda:)?(" REGION ":)?([0-9]{12}:)?(function:)?([a-zA-Z0-9_-]+)"      \
    "(:([$]LATEST|[a-zA-Z0-9_-]+))?$"

enum { ARGUMENTS_MAX = 10, ARGUMENT_KEY_MAX = 64, ARGUMENT_VALUE_MAX = 1024 };

static const char *const schemas[] = {"1.0", "2.0", NULL};
static const char *const field_names[] = {"Ignore", "Bucket", "Key", "VersionId", NULL};
static const char *const report_formats[] = {"Report_CSV_20180820", NULL};
static const struct xml_member argument[] = {
    {"key", XML_TEXT, .least = 1, .min = 1, .max = ARGUMENT_KEY_MAX},
    {"value", XML_TEXT, .least = 1, .max = ARGUMENT_VALUE_MAX},
    {0},
};

static const struct xml_member arguments[] = {
    {"entry", XML_STRUCTURE, .least = 1, .most = ARGUMENTS_MAX, .members = argument},
    {0},
};

static const struct xml_member lambda_invoke[] = {
    {"FunctionArn", XML_TEXT, .least = 1, .min = 1, .max = 1024, .pattern = FUNCTION},
    {"InvocationSchemaVersion", XML_TEXT, .choices = schemas},
    {"UserArguments", XML_STRUCTURE, .members = arguments},
    {0},
};

static const struct xml_member operations[] = {
    {"LambdaInvoke", XML_STRUCTURE, .members = lambda_invoke},
    {"S3PutObjectCopy", .refused = NOT_HERE},
    {"S3PutObjectAcl", .refused = NOT_HERE},
    {"S3PutObjectTagging", .refused = NOT_HERE},
    {"S3DeleteObjectTagging", .refused = NOT_HERE},
    {"S3InitiateRestoreObject", .refused = NOT_HERE},
    {"S3PutObjectLegalHold", .refused = NOT_HERE},
    {"S3PutObjectRetention", .refused = NOT_HERE},
    {"S3ReplicateObject", .refused = NOT_HERE},
    {"S3ComputeObjectChecksum", .refused = NOT_HERE},
    {"S3UpdateObjectEncryption", .refused = NOT_HERE},
    {0},
};

static const struct xml_member report[] = {
    {"Enabled", XML_FLAG, .least = 1},
    {"Bucket", XML_TEXT, .min = 1, .max = 128, .pattern = BUCKET_ARN},
    {"Format", XML_TEXT, .choices = report_formats},
    {"Prefix", XML_TEXT, .min = 1, .max = 512},
    {"ReportScope", XML_TEXT, .choices = batch_report_scopes},
    {"ExpectedBucketOwner", XML_TEXT, .pattern = "^[0-9]{12}$"},
    {0},
};

static const struct xml_member fields[] = {
    {"member", XML_TEXT, .least = 1, .most = BATCH_FIELDS_MAX, .choices = field_names},
    {0},
};

static const struct xml_member spec[] = {
    {"Format", XML_TEXT, .least = 1, .choices = batch_manifest_formats},
    {"Fields", XML_STRUCTURE, .members = fields},
    {0},
};

static const struct xml_member location[] = {
    {"ObjectArn", XML_TEXT, .least = 1, .min = 1, .max = 2000, .pattern = OBJECT_ARN},
    {"ObjectVersionId", XML_TEXT, .min = 1, .max = 2000},
    {"ETag", XML_TEXT, .least = 1, .min = 1, .max = 1024},
    {0},
};

static const struct xml_member manifest[] = {
    {"Spec", XML_STRUCTURE, .least = 1, .members = spec},
    {"Location", XML_STRUCTURE, .least = 1, .members = location},
    {0},
};

static const struct xml_member request_members[] = {
    {"ConfirmationRequired", XML_FLAG},
    {"Operation", XML_STRUCTURE, .least = 1, .members = operations},
    {"Report", XML_STRUCTURE, .least = 1, .members = report},
    {"ClientRequestToken", XML_TEXT, .least = 1, .min = 1, .max = 64},
    {"Manifest", XML_STRUCTURE, .members = manifest},
    {"ManifestGenerator", .refused = "manifests are not generated here: give a Manifest"},
    {"Description", XML_TEXT, .min = 1, .max = 256},
    {"Priority", XML_NUMBER, .least = 1, .min = 0, .max = INT32_MAX},
    {"RoleArn", XML_TEXT, .least = 1, .min = 1, .max = 2048, .pattern = ROLE_ARN},
    {"Tags", XML_STRUCTURE, .members = s3control_tag_members},
    {0},
};

/* The index of a choice that was checked; 0 where there is none. */
static int chosen(const char *const *choices, const char *text)
{
    int i = 0;
    while (text && strcmp(choices[i], text))
        i++;
    return i;
}

static const char *without_quotes(struct call *call, const char *etag)
{
    size_t length = strlen(etag);
    bool quoted = length > 2 && etag[0] == '"' && etag[length - 1] == '"';
    return quoted ? arena_strndup(call->arena, etag + 1, length - 2) : etag;
}

static int read_operation(struct call *call, const xml_node *element, struct batch_request *ret,
                          struct error *err)
{
    const xml_node *invoke = xml_child(element, "LambdaInvoke");
    if (!invoke)
        return error_set(err, ERROR_BAD_REQUEST, "Operation: one is required: LambdaInvoke");
    const char *schema = xml_member_text(call, invoke, "InvocationSchemaVersion");
    ret->function = xml_member_text(call, invoke, "FunctionArn");
    ret->schema = schema ? schema : schemas[0];
    if (s3control_map(call, xml_child(invoke, "UserArguments"), "entry", "key", "value",
                      &ret->user_arguments, err) < 0)
        return error_add(err, "UserArguments");
    if (ret->user_arguments && !strcmp(ret->schema, schemas[0]))
        return error_set(err, ERROR_BAD_REQUEST,
                         "UserArguments: only InvocationSchemaVersion 2.0 has them");
    return 0;
}

static int read_fields(struct call *call, const xml_node *element, struct batch_request *ret,
                       struct error *err)
{
    bool has[COUNT(field_names)] = {false};
    for (const xml_node *f = xml_child(element, "member"); f; f = xml_next(f, "member")) {
        const char *name = xml_text(call->arena, f);
        int field = chosen(field_names, name);
        if (field && has[field])
            return error_set(err, ERROR_BAD_REQUEST, "Fields: '%s' is there twice", name);
        has[field] = true;
        ret->fields[ret->fields_count++] = field_names[field];
    }
    if (!has[1] || !has[2])
        return error_set(err, ERROR_BAD_REQUEST, "Fields: Bucket and Key are required");
    return 0;
}

static int read_manifest(struct call *call, const xml_node *element, struct batch_request *ret,
                         struct error *err)
{
    if (!element)
        return error_set(err, ERROR_BAD_REQUEST, "'Manifest' is required");
    const xml_node *where = xml_child(element, "Location"), *what = xml_child(element, "Spec");
    const xml_node *names = xml_child(what, "Fields");
    ret->manifest = xml_member_text(call, where, "ObjectArn");
    ret->manifest_version = xml_member_text(call, where, "ObjectVersionId");
    ret->manifest_etag = without_quotes(call, xml_member_text(call, where, "ETag"));
    int format = chosen(batch_manifest_formats, xml_member_text(call, what, "Format"));
    ret->manifest_format = (enum batch_manifest_format)format;
    if (ret->manifest_format == BATCH_MANIFEST_CSV)
        return read_fields(call, names, ret, err);
    return names ? error_set(err, ERROR_BAD_REQUEST,
                             "Fields: an inventory says itself which fields it has")
                 : 0;
}

static int read_report(struct call *call, const xml_node *element, struct batch_request *ret,
                       struct error *err)
{
    const char *scope = xml_member_text(call, element, "ReportScope");
    ret->report = xml_member_flag(call, element, "Enabled", false);
    ret->report_bucket = xml_member_text(call, element, "Bucket");
    ret->report_prefix = xml_member_text(call, element, "Prefix");
    ret->report_scope = (enum batch_report_scope)chosen(batch_report_scopes, scope);
    if (ret->report && !ret->report_bucket)
        return error_set(err, ERROR_BAD_REQUEST, "Report: it is enabled and has no Bucket");
    return 0;
}

static int read_request(struct call *call, const xml_node *root, struct batch_request *ret,
                        struct error *err)
{
    *ret = (struct batch_request){
        .description = xml_member_text(call, root, "Description"),
        .role_arn = xml_member_text(call, root, "RoleArn"),
        .token = xml_member_text(call, root, "ClientRequestToken"),
        .priority = (int)strtol(xml_member_text(call, root, "Priority"), NULL, 10),
        .confirmation_required = xml_member_flag(call, root, "ConfirmationRequired", true),
    };
    int r = s3control_tags(call, xml_child(root, "Tags"), &ret->tags, err);
    if (r > 0)
        return error_set(err, ERROR_BAD_REQUEST, "Tags: a job has at most %d", S3CONTROL_TAGS_MAX);
    return r < 0 || read_operation(call, xml_child(root, "Operation"), ret, err) < 0 ||
                   read_manifest(call, xml_child(root, "Manifest"), ret, err) < 0 ||
                   read_report(call, xml_child(root, "Report"), ret, err) < 0
               ? -1
               : 0;
}

int s3control_create_job(struct service *service, struct call *call, struct error *err)
{
    CLEANUP(xml_free) struct xml *xml = NULL;
    struct batch_request request;
    struct batch_record *job;
    if (!s3control_account(call))
        return 0;
    if (xml_body(call, "CreateJobRequest", request_members, &xml, err) < 0 ||
        read_request(call, xml_root(xml), &request, err) < 0)
        return -1;
    if (status_batch_create(service->status, &request, call->arena, &job, err) < 0) {
        if (err->kind != ERROR_CONFLICT)
            return -1;
        return call_refuse_as(call, 400, "IdempotencyException",
                              "ClientRequestToken: it was used for another request");
    }
    if (service->batches)
        batches_wake(service->batches);
    s3control_start(call, "CreateJobResult");
    put_element(&call->reply, "JobId", job->id);
    put_end(&call->reply, "CreateJobResult");
    return 0;
}
