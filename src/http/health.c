/* SPDX-License-Identifier: Apache-2.0 */
#include "http/health.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dispatch/dispatcher.h"
#include "function/function.h"
#include "http/put.h"
#include "http/service.h"
#include "status/batch.h"
#include "status/events.h"
#include "status/jobs.h"
#include "status/stored.h"
#include "status/uploads.h"

int health_healthz(struct service *service, struct call *call, struct error *err)
{
    const char *policy;
    int r = status_value_get(service->status, "policy", call->arena, &policy, err);
    if (r < 0 && err->kind != ERROR_NOT_FOUND) // the database answers
        return -1;
    put_json(&call->reply, NULL, "{\"status\":\"ok\"}");
    return 0;
}

/* --- /metrics: Prometheus' text format --- */

static void put_head(struct text *out, const char *name, const char *type, const char *help)
{
    text_add(out, "# HELP mediaconvert_%s %s\n# TYPE mediaconvert_%s %s\n", name, help, name, type);
}

static void put_total(struct text *out, const char *name, const char *type, const char *help,
                      double value)
{
    put_head(out, name, type, help);
    text_add(out, "mediaconvert_%s %.15g\n", name, value);
}

static int put_jobs(struct service *service, struct text *out, struct error *err)
{
    int64_t counts[JOB_STATUSES];
    if (status_job_counts(service->status, counts, err) < 0)
        return -1;
    put_head(out, "jobs", "gauge", "Jobs on record, by status.");
    for (int i = 0; i < JOB_STATUSES; i++)
        text_add(out, "mediaconvert_jobs{status=\"%s\"} %" PRId64 "\n", job_status_names[i],
                 counts[i]);
    return 0;
}

static int put_batches(struct service *service, struct text *out, struct error *err)
{
    struct batch_counts counts;
    if (status_batch_counts(service->status, &counts, err) < 0)
        return -1;
    put_head(out, "batch_jobs", "gauge", "Batch jobs on record, by status.");
    for (int i = 0; i < BATCH_STATUSES; i++)
        text_add(out, "mediaconvert_batch_jobs{status=\"%s\"} %" PRId64 "\n", batch_status_names[i],
                 counts.batches[i]);
    put_head(out, "batch_tasks", "gauge", "Tasks that they have run, by how they ended.");
    text_add(out, "mediaconvert_batch_tasks{status=\"succeeded\"} %" PRId64 "\n",
             counts.tasks_succeeded);
    text_add(out, "mediaconvert_batch_tasks{status=\"failed\"} %" PRId64 "\n", counts.tasks_failed);
    return 0;
}

static int put_uploads(struct service *service, struct text *out, struct error *err)
{
    struct upload_counts counts;
    if (status_upload_counts(service->status, &counts, err) < 0)
        return -1;
    put_head(out, "uploads", "gauge", "Uploads on record, by how handling them went.");
    text_add(out, "mediaconvert_uploads{status=\"waiting\"} %" PRId64 "\n", counts.waiting);
    text_add(out, "mediaconvert_uploads{status=\"succeeded\"} %" PRId64 "\n", counts.succeeded);
    text_add(out, "mediaconvert_uploads{status=\"failed\"} %" PRId64 "\n", counts.failed);
    return 0;
}

static void put_dispatch(struct service *service, struct text *out)
{
    struct dispatcher_counts c;
    dispatcher_counts(service->dispatcher, &c);
    put_total(out, "jobs_running", "gauge", "Worker processes.", (double)c.running);
    put_total(out, "jobs_started_total", "counter", "Attempts that were started.",
              (double)c.started);
    put_total(out, "queue_wait_seconds_total", "counter", "Time that these have waited in queues.",
              (double)c.waited_us / 1e6);
    put_total(out, "frames_total", "counter", "Input frames that were transcoded.",
              (double)c.frames);
    put_total(out, "busy_seconds_total", "counter", "Time that this took; workers add up.",
              (double)c.busy_us / 1e6);
    put_total(out, "workers_crashed_total", "counter", "Workers that ended without a word.",
              (double)c.crashed);
    put_total(out, "s3_retries_total", "counter",
              "Requests to the S3 server that were sent again, the workers' included.",
              (double)c.s3_retries);
}

static void put_functions(struct service *service, struct text *out)
{
    int processes, busy;
    functions_count(service->functions, &processes, &busy);
    put_total(out, "functions_processes", "gauge", "Processes of functions.", processes);
    put_total(out, "functions_busy", "gauge", "Those that run an invocation.", busy);
}

int health_metrics(struct service *service, struct call *call, struct error *err)
{
    struct text *out = &call->reply;
    if (put_jobs(service, out, err) < 0 || put_batches(service, out, err) < 0 ||
        put_uploads(service, out, err) < 0)
        return -1;
    if (service->dispatcher)
        put_dispatch(service, out);
    if (service->functions)
        put_functions(service, out);
    put_head(out, "http_requests_total", "counter", "Requests answered, by HTTP status.");
    for (int i = 0; i <= METRIC_STATUS_MAX - METRIC_STATUS_MIN; i++) {
        long long count = atomic_load(&service->metrics.answered[i]);
        if (count)
            text_add(out, "mediaconvert_http_requests_total{status=\"%d\"} %lld\n",
                     METRIC_STATUS_MIN + i, count);
    }
    call->content_type = "text/plain; version=0.0.4";
    return 0;
}

/* Events as they come. A client that comes back says how far it was. */
int health_events(struct service *service, struct call *call, struct error *err)
{
    const char *last = call_header(call, "Last-Event-ID");
    char *end;
    errno = 0;
    call->content_type = "text/event-stream";
    call->follow = last ? strtoll(last, &end, 10) : status_newest_event(service->status);
    if (last && (end == last || *end || errno || call->follow < 0))
        return error_set(err, ERROR_BAD_REQUEST, "Last-Event-ID: '%.40s' is no event's", last);
    return 0;
}
