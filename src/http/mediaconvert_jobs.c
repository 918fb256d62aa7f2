/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs as they are: GetJob, ListJobs, SearchJobs, CancelJob. */
#include "dispatch/dispatcher.h"
#include "http/mediaconvert.h"
#include "http/put.h"

/* --- one job --- */

static void put_timing(struct text *out, const struct job_record *job)
{
    put_open(out, "timing", '{');
    put_time(out, "submitTime", job->created_us);
    put_time(out, "startTime", job->started_us);
    put_time(out, "finishTime", job->finished_us);
    put_close(out, '}');
}

static void put_messages(struct text *out, const struct job_record *job)
{
    put_open(out, "messages", '{');
    put_json(out, "info", *job->infos ? job->infos : "[]");
    put_json(out, "warning", *job->warnings ? job->warnings : "[]");
    put_close(out, '}');
}

static void put_transitions(struct service *service, struct call *call, struct text *out,
                            const struct job_record *job)
{
    put_open(out, "queueTransitions", '[');
    for (int i = 0; i < job->transitions_count; i++) {
        const struct queue_transition *t = &job->transitions[i];
        put_open(out, NULL, '{');
        put_string(out, "destinationQueue",
                   status_arn(service->status, call->arena, "queues", t->to));
        put_string(out, "sourceQueue", status_arn(service->status, call->arena, "queues", t->from));
        put_time(out, "timestamp", t->at_us);
        put_close(out, '}');
    }
    put_close(out, ']');
}

static void put_progress(struct text *out, const struct job_record *job)
{
    put_string(out, "status", job_status_names[job->status]);
    if (job->status == JOB_PROGRESSING) {
        put_string(out, "currentPhase", job_phase_names[job->phase]);
        put_number(out, "jobPercentComplete", job->percent);
    }
    if (job->status == JOB_ERROR) {
        put_number(out, "errorCode", job->error_code);
        put_string(out, "errorMessage", job->error_message);
    }
    put_number(out, "retryCount", job->attempt > 1 ? job->attempt - 1 : 0);
    put_json(out, "outputGroupDetails", job->output_groups);
    put_json(out, "warnings", job->warning_counts);
}

/* Whether somebody has called CreateResourceShare. */
static int put_share(struct service *service, struct call *call, const struct job_record *job,
                     struct error *err)
{
    const char *share;
    if (mediaconvert_value(service, call, arena_printf(call->arena, "share:%s", job->id), &share,
                           err) < 0)
        return -1;
    put_string(&call->reply, "shareStatus", share ? "SHARED" : "NOT_SHARED");
    put_string(&call->reply, "lastShareDetails", share);
    return 0;
}

int mediaconvert_put_job(struct service *service, struct call *call, const char *name,
                         const struct job_record *job, struct error *err)
{
    struct text *out = &call->reply;
    put_open(out, name, '{');
    put_string(out, "accelerationStatus", "NOT_APPLICABLE");
    put_string(out, "arn", status_arn(service->status, call->arena, "jobs", job->id));
    put_time(out, "createdAt", job->created_us);
    put_string(out, "id", job->id);
    put_string(out, "jobEngineVersionUsed", JOB_ENGINE_VERSION);
    put_number(out, "priority", job->priority);
    put_string(out, "queue", status_arn(service->status, call->arena, "queues", job->queue));
    put_members(out, job->rest);
    put_progress(out, job);
    put_messages(out, job);
    put_timing(out, job);
    put_transitions(service, call, out, job);
    if (put_share(service, call, job, err) < 0)
        return -1;
    put_json(out, "settings", job->settings); // as it was checked; not parsed again
    put_close(out, '}');
    return 0;
}

int mediaconvert_get_job(struct service *service, struct call *call, struct error *err)
{
    struct job_record *job;
    if (status_job_get(service->status, call->name, call->arena, &job, err) < 0)
        return -1;
    put_open(&call->reply, NULL, '{');
    if (mediaconvert_put_job(service, call, "job", job, err) < 0)
        return -1;
    put_close(&call->reply, '}');
    return 0;
}

int mediaconvert_cancel_job(struct service *service, struct call *call, struct error *err)
{
    if (status_job_cancel(service->status, call->name, err) < 0)
        return -1;
    if (service->dispatcher)
        dispatcher_wake(service->dispatcher);
    put_json(&call->reply, NULL, "{}");
    return 0;
}

/* --- lists --- */

static int put_jobs(struct service *service, struct call *call, struct job_record **jobs, int count,
                    struct error *err)
{
    for (int i = 0; i < count; i++)
        if (mediaconvert_put_job(service, call, NULL, jobs[i], err) < 0)
            return -1;
    return 0;
}

/* A page ends early where its jobs are long, for it may stand in memory until a slow client has
 * read it: they are fetched by a few. */
static int put_page(struct service *service, struct call *call, const struct job_filter *filter,
                    struct page page, const char **ret_next, struct error *err)
{
    enum { AT_ONCE = 4, PAGE_BYTES = 4 << 20 };
    size_t start = call->reply.size;
    for (int left = page.max, count; left > 0; left -= count) {
        struct job_record **jobs;
        page.max = left < AT_ONCE ? left : AT_ONCE;
        if (status_job_list(service->status, filter, &page, call->arena, &jobs, &count, ret_next,
                            err) < 0 ||
            put_jobs(service, call, jobs, count, err) < 0)
            return -1;
        page.token = *ret_next;
        if (!*ret_next || call->reply.size - start > PAGE_BYTES)
            return 0;
    }
    return 0;
}

static int list(struct service *service, struct call *call, const char *input, struct error *err)
{
    const char *queue = call_query(call, "queue"), *next;
    enum job_status status;
    struct job_filter filter = {.input = input};
    struct page page;
    int chosen;
    if (mediaconvert_choice("status", call_query(call, "status"), job_status_names, JOB_STATUSES,
                            &chosen, err) < 0 ||
        mediaconvert_page(call, NULL, true, &page, err) < 0)
        return -1;
    status = (enum job_status)chosen;
    filter.status = chosen < 0 ? NULL : &status;
    filter.queue = queue && *queue ? mediaconvert_name(queue, "queues") : NULL;
    put_open(&call->reply, NULL, '{');
    put_open(&call->reply, "jobs", '[');
    if (put_page(service, call, &filter, page, &next, err) < 0)
        return -1;
    put_close(&call->reply, ']');
    put_string(&call->reply, "nextToken", next);
    put_close(&call->reply, '}');
    return 0;
}

int mediaconvert_list_jobs(struct service *service, struct call *call, struct error *err)
{
    return list(service, call, NULL, err);
}

int mediaconvert_search_jobs(struct service *service, struct call *call, struct error *err)
{
    const char *input = call_query(call, "inputFile");
    return list(service, call, input && *input ? input : NULL, err);
}
