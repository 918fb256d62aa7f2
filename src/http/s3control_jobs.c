/* SPDX-License-Identifier: Apache-2.0 */
/* Batch jobs as they are, and what may be asked of them: Ready, Cancelled, another priority. */
#include <string.h>

#include "batch/batch.h"
#include "http/put_xml.h"
#include "http/s3control.h"

enum { LIST_MAX = 1000, REASON_MAX = 256 };

/* --- answers --- */

static void put_flag(struct text *out, const char *name, bool value)
{
    put_element(out, name, value ? "true" : "false");
}

static void put_progress(struct text *out, const struct batch_record *job)
{
    put_start(out, "ProgressSummary");
    put_element_number(out, "TotalNumberOfTasks", job->total);
    put_element_number(out, "NumberOfTasksSucceeded", job->succeeded);
    put_element_number(out, "NumberOfTasksFailed", job->failed);
    put_start(out, "Timers");
    put_element_number(out, "ElapsedTimeInActiveSeconds", job->active_us / 1000000);
    put_end(out, "Timers");
    put_end(out, "ProgressSummary");
}

static void put_manifest(struct text *out, const struct batch_request *request)
{
    put_start(out, "Manifest");
    put_start(out, "Spec");
    put_element(out, "Format", batch_manifest_formats[request->manifest_format]);
    if (request->fields_count) {
        put_start(out, "Fields");
        for (int i = 0; i < request->fields_count; i++)
            put_element(out, "member", request->fields[i]);
        put_end(out, "Fields");
    }
    put_end(out, "Spec");
    put_start(out, "Location");
    put_element(out, "ObjectArn", request->manifest);
    put_element(out, "ObjectVersionId", request->manifest_version);
    put_element(out, "ETag", request->manifest_etag);
    put_end(out, "Location");
    put_end(out, "Manifest");
}

static int put_operation(struct call *call, const struct batch_request *request, struct error *err)
{
    struct text *out = &call->reply;
    put_start(out, "Operation");
    put_start(out, "LambdaInvoke");
    put_element(out, "FunctionArn", request->function);
    put_element(out, "InvocationSchemaVersion", request->schema);
    if (request->user_arguments) {
        put_start(out, "UserArguments");
        if (s3control_put_map(call, request->user_arguments, "entry", "key", "value", err) < 0)
            return -1;
        put_end(out, "UserArguments");
    }
    put_end(out, "LambdaInvoke");
    put_end(out, "Operation");
    return 0;
}

static void put_failures(struct text *out, const struct batch_record *job)
{
    if (!job->failures_count)
        return;
    put_start(out, "FailureReasons");
    for (int i = 0; i < job->failures_count; i++) {
        put_start(out, "member");
        put_element(out, "FailureCode", job->failures[i].code);
        put_element(out, "FailureReason", job->failures[i].reason);
        put_end(out, "member");
    }
    put_end(out, "FailureReasons");
}

static void put_report(struct text *out, const struct batch_request *request)
{
    put_start(out, "Report");
    put_element(out, "Bucket", request->report_bucket);
    if (request->report) {
        put_element(out, "Format", "Report_CSV_20180820");
        put_element(out, "Prefix", request->report_prefix);
        put_element(out, "ReportScope", batch_report_scopes[request->report_scope]);
    }
    put_flag(out, "Enabled", request->report);
    put_end(out, "Report");
}

int s3control_describe_job(struct service *service, struct call *call, struct error *err)
{
    struct batch_record *job;
    struct text *out = &call->reply;
    if (!s3control_account(call))
        return 0;
    if (status_batch_get(service->status, call->name, call->arena, &job, err) < 0)
        return -1;
    s3control_start(call, "DescribeJobResult");
    put_start(out, "Job");
    put_element(out, "JobId", job->id);
    put_flag(out, "ConfirmationRequired", job->request.confirmation_required);
    put_element(out, "Description", job->request.description);
    put_element(out, "JobArn", status_batch_arn(service->status, call->arena, job->id));
    put_element(out, "Status", batch_status_names[job->status]);
    put_manifest(out, &job->request);
    if (put_operation(call, &job->request, err) < 0)
        return -1;
    put_element_number(out, "Priority", job->request.priority);
    put_progress(out, job);
    put_element(out, "StatusUpdateReason", job->status_update_reason);
    put_failures(out, job);
    put_report(out, &job->request);
    put_element_time(out, "CreationTime", job->created_us);
    put_element_time(out, "TerminationDate", job->ended_us);
    put_element(out, "RoleArn", job->request.role_arn);
    put_element_time(out, "SuspendedDate", job->suspended_us);
    put_element(out, "SuspendedCause", job->suspended_cause);
    put_end(out, "Job");
    put_end(out, "DescribeJobResult");
    return 0;
}

static void put_listed(struct text *out, const struct batch_record *job)
{
    put_start(out, "member");
    put_element(out, "JobId", job->id);
    put_element(out, "Description", job->request.description);
    put_element(out, "Operation", "LambdaInvoke");
    put_element_number(out, "Priority", job->request.priority);
    put_element(out, "Status", batch_status_names[job->status]);
    put_element_time(out, "CreationTime", job->created_us);
    put_element_time(out, "TerminationDate", job->ended_us);
    put_progress(out, job);
    put_end(out, "member");
}

/* --- what is asked --- */

/* A whole number of that many at most; -1: it is none. */
static int64_t read_number(const char *text, int64_t most)
{
    enum { DIGITS = 12 };
    size_t length = strlen(text);
    if (!length || length > DIGITS || strspn(text, "0123456789") != length)
        return -1;
    int64_t number = strtoll(text, NULL, 10);
    return number <= most ? number : -1;
}

/* BATCH_STATUSES: there is no such state. */
static int status_called(const char *name)
{
    int i = 0;
    while (i < BATCH_STATUSES && strcmp(batch_status_names[i], name))
        i++;
    return i;
}

static int refuse_list(struct call *call, const char *what, const char *value)
{
    return call_refuse_as(call, 400, "InvalidRequestException", "%s: not '%.100s'", what, value);
}

int s3control_list_jobs(struct service *service, struct call *call, struct error *err)
{
    struct page page = {.max = LIST_MAX, .token = call_query(call, "nextToken")};
    const char *most = call_query(call, "maxResults"), *next;
    bool wanted[BATCH_STATUSES] = {false}, some = false;
    struct batch_record **jobs;
    int count;
    if (!s3control_account(call))
        return 0;
    for (int i = 0; i < call->query_count; i++) {
        if (strcmp(call->query[i].name, "jobStatuses"))
            continue;
        int status = status_called(call->query[i].value);
        if (status == BATCH_STATUSES)
            return refuse_list(call, "jobStatuses has the names of states", call->query[i].value);
        wanted[status] = some = true;
    }
    if (most && read_number(most, LIST_MAX) < 0)
        return refuse_list(call, "maxResults is a number from 0 to 1000", most);
    if (most && read_number(most, LIST_MAX) > 0) // 0 is the most that there may be
        page.max = (int)read_number(most, LIST_MAX);
    if (status_batch_list(service->status, some ? wanted : NULL, &page, call->arena, &jobs, &count,
                          &next, err) < 0) {
        char why[1024];
        if (err->kind != ERROR_BAD_REQUEST)
            return -1;
        return call_refuse_as(call, 400, "InvalidNextTokenException", "%s",
                              error_text(err, why, sizeof(why)));
    }
    s3control_start(call, "ListJobsResult");
    put_element(&call->reply, "NextToken", next);
    put_start(&call->reply, "Jobs");
    for (int i = 0; i < count; i++)
        put_listed(&call->reply, jobs[i]);
    put_end(&call->reply, "Jobs");
    put_end(&call->reply, "ListJobsResult");
    return 0;
}

int s3control_update_job_status(struct service *service, struct call *call, struct error *err)
{
    const char *asked = call_query(call, "requestedJobStatus");
    const char *reason = call_query(call, "statusUpdateReason");
    struct batch_record *job;
    if (!s3control_account(call))
        return 0;
    bool ready = asked && !strcmp(asked, "Ready");
    if (!asked || (!ready && strcmp(asked, "Cancelled")))
        return call_refuse(call, 400, "requestedJobStatus is Ready or Cancelled, not '%.100s'",
                           asked ? asked : "");
    if (reason && (json_utf8_count(reason) < 1 || json_utf8_count(reason) > REASON_MAX))
        return call_refuse(call, 400, "statusUpdateReason has 1 to %d characters", REASON_MAX);
    if (status_batch_ask(service->status, call->name, ready ? BATCH_READY : BATCH_CANCELLED, reason,
                         call->arena, &job, err) < 0)
        return -1;
    if (service->batches)
        batches_wake(service->batches);
    s3control_start(call, "UpdateJobStatusResult");
    put_element(&call->reply, "JobId", job->id);
    put_element(&call->reply, "Status", batch_status_names[job->status]);
    put_element(&call->reply, "StatusUpdateReason", job->status_update_reason);
    put_end(&call->reply, "UpdateJobStatusResult");
    return 0;
}

int s3control_update_job_priority(struct service *service, struct call *call, struct error *err)
{
    const char *asked = call_query(call, "priority");
    struct batch_record *job;
    if (!s3control_account(call))
        return 0;
    int64_t priority = asked ? read_number(asked, INT32_MAX) : -1;
    if (priority < 0)
        return call_refuse(call, 400, "priority is a number from 0 to %d, not '%.40s'", INT32_MAX,
                           asked ? asked : "");
    if (status_batch_set_priority(service->status, call->name, (int)priority, call->arena, &job,
                                  err) < 0) {
        char why[1024];
        if (err->kind != ERROR_CONFLICT)
            return -1;
        return call_refuse(call, 400, "%s", error_text(err, why, sizeof(why)));
    }
    if (service->batches)
        batches_wake(service->batches);
    s3control_start(call, "UpdateJobPriorityResult");
    put_element(&call->reply, "JobId", job->id);
    put_element_number(&call->reply, "Priority", job->request.priority);
    put_end(&call->reply, "UpdateJobPriorityResult");
    return 0;
}
