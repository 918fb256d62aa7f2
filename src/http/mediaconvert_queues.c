/* SPDX-License-Identifier: Apache-2.0 */
/* Queues. */
#include <string.h>

#include "base/clock.h"
#include "dispatch/dispatcher.h"
#include "http/mediaconvert.h"
#include "http/put.h"

enum { CONCURRENT_MAX = 1000 };

static void put_queue(struct service *service, struct call *call, const char *name,
                      const struct queue_record *queue)
{
    struct text *out = &call->reply;
    put_open(out, name, '{');
    put_string(out, "arn", status_arn(service->status, call->arena, "queues", queue->name));
    if (queue->concurrent_jobs)
        put_number(out, "concurrentJobs", queue->concurrent_jobs);
    put_time(out, "createdAt", queue->created_us);
    put_string(out, "description", *queue->description ? queue->description : NULL);
    put_time(out, "lastUpdated", queue->updated_us);
    put_string(out, "name", queue->name);
    put_string(out, "pricingPlan", queue->reserved ? "RESERVED" : "ON_DEMAND");
    put_number(out, "progressingJobsCount", queue->progressing);
    put_string(out, "status", queue->paused ? "PAUSED" : "ACTIVE");
    put_number(out, "submittedJobsCount", queue->submitted);
    put_string(out, "type", queue->system ? "SYSTEM" : "CUSTOM");
    put_members(out, queue->rest);
    put_close(out, '}');
}

static int answer(struct service *service, struct call *call, const struct queue_record *queue)
{
    put_open(&call->reply, NULL, '{');
    put_queue(service, call, "queue", queue);
    put_close(&call->reply, '}');
    return 0;
}

/* Its jobs may be next now. */
static int answer_changed(struct service *service, struct call *call,
                          const struct queue_record *queue)
{
    if (service->dispatcher)
        dispatcher_wake(service->dispatcher);
    return answer(service, call, queue);
}

/* What is echoed: capacity that nobody here sells, and a number of feeds. What the request does not
 * give stays as it is in *ret. */
static int make_rest(struct call *call, const struct json *root, bool reserved, const char **ret,
                     struct error *err)
{
    struct json *old;
    size_t at;
    if (json_parse(call->arena, *ret, strlen(*ret), &old, &at, err) < 0)
        return -1;
    const struct setting *row = put_row(&create_queue_request_structure, "ReservationPlanSettings");
    const struct json *plan = json_member(root, row->name),
                      *feeds = json_member(root, "MaximumConcurrentFeeds");
    const struct json *old_plan = json_member(old, "ReservationPlan"),
                      *old_feeds = json_member(old, "MaximumConcurrentFeeds");
    bool planned = plan && plan->type == JSON_OBJECT;
    if (planned ? !reserved : reserved && !old_plan)
        return error_set(err, ERROR_BAD_REQUEST,
                         reserved ? "reservationPlanSettings is a required property of a RESERVED "
                                    "queue"
                                  : "reservationPlanSettings is for RESERVED queues only");
    int64_t now = clock_true_us(), year = (int64_t)365 * 24 * 3600 * 1000000;
    CLEANUP(text_release) struct text out = {0};
    put_open(&out, NULL, '{');
    if (planned) {
        put_open(&out, "reservationPlan", '{');
        put_members(&out, mediaconvert_text(call, row, plan));
        put_string(&out, "status", "ACTIVE");
        put_time(&out, "purchasedAt", now);
        put_time(&out, "expiresAt", now + year);
        put_close(&out, '}');
    } else if (old_plan) {
        put_value(&out, "reservationPlan", NULL, old_plan);
    }
    if (!feeds || feeds->type != JSON_NUMBER)
        feeds = old_feeds;
    if (feeds)
        put_json(&out, "maximumConcurrentFeeds", feeds->string);
    put_close(&out, '}');
    put_finish(&out);
    *ret = arena_strdup(call->arena, out.data);
    return 0;
}

/* Members that a request may change; what it does not give stays. */
static int read_members(const struct json *root, struct queue_record *queue, struct error *err)
{
    const char *description, *status;
    const struct json *jobs = json_member(root, "ConcurrentJobs");
    if (call_string(root, "Description", false, &description, err) < 0 ||
        call_string(root, "Status", false, &status, err) < 0)
        return -1;
    if (description)
        queue->description = description;
    if (status)
        queue->paused = strcmp(status, "PAUSED") == 0;
    if (!jobs || jobs->type != JSON_NUMBER)
        return 0;
    if (jobs->number < 1 || jobs->number > CONCURRENT_MAX)
        return error_set(err, ERROR_BAD_REQUEST, "/concurrentJobs: Should be from 1 to %d",
                         CONCURRENT_MAX);
    queue->concurrent_jobs = (int)jobs->number;
    return 0;
}

/* False: refused. */
static bool is_valid(struct call *call, const struct json *root)
{
    struct findings findings;
    findings_init(&findings, call->arena);
    job_check_stored(call->arena, &create_queue_request_structure, root, &findings);
    if (findings.errors)
        (void)mediaconvert_refuse(call, &findings);
    return !findings.errors;
}

int mediaconvert_create_queue(struct service *service, struct call *call, struct error *err)
{
    struct json *root;
    struct queue_record queue = {.description = "", .rest = "{}"}, *made;
    const char *plan, *tags;
    if (call_json(call, &root, err) < 0)
        return -1;
    if (!is_valid(call, root))
        return 0;
    if (call_string(root, "Name", true, &queue.name, err) < 0 ||
        mediaconvert_check_name(queue.name, err) < 0 ||
        call_string(root, "PricingPlan", false, &plan, err) < 0 ||
        read_members(root, &queue, err) < 0 || mediaconvert_tags(call, root, &tags, err) < 0)
        return -1;
    queue.reserved = plan && strcmp(plan, "RESERVED") == 0;
    if (make_rest(call, root, queue.reserved, &queue.rest, err) < 0 ||
        status_queue_create(service->status, &queue, call->arena, &made, err) < 0)
        return -1;
    const char *arn = status_arn(service->status, call->arena, "queues", queue.name);
    if (tags && status_tags_add(service->status, arn, tags, err) < 0)
        return -1;
    return answer_changed(service, call, made);
}

int mediaconvert_get_queue(struct service *service, struct call *call, struct error *err)
{
    struct queue_record *queue;
    const char *name = mediaconvert_name(call->name, "queues");
    if (status_queue_get(service->status, name, call->arena, &queue, err) < 0)
        return -1;
    return answer(service, call, queue);
}

int mediaconvert_update_queue(struct service *service, struct call *call, struct error *err)
{
    struct json *root;
    struct queue_record *queue;
    const char *name = mediaconvert_name(call->name, "queues");
    if (call_json(call, &root, err) < 0 ||
        status_queue_get(service->status, name, call->arena, &queue, err) < 0)
        return -1;
    if (!json_member(root, "Name"))
        mediaconvert_add_name(call, root, name);
    if (!is_valid(call, root))
        return 0;
    if (read_members(root, queue, err) < 0)
        return -1;
    bool new_rest =
        json_member(root, "ReservationPlanSettings") || json_member(root, "MaximumConcurrentFeeds");
    if (new_rest && make_rest(call, root, queue->reserved, &queue->rest, err) < 0)
        return -1;
    if (status_queue_update(service->status, queue, call->arena, &queue, err) < 0)
        return -1;
    return answer_changed(service, call, queue);
}

int mediaconvert_delete_queue(struct service *service, struct call *call, struct error *err)
{
    const char *name = mediaconvert_name(call->name, "queues");
    if (status_queue_delete(service->status, name, err) < 0)
        return -1;
    put_json(&call->reply, NULL, "{}");
    return 0;
}

/* How many jobs the queues on demand have reserved for themselves with concurrentJobs. */
static int sum_allocated(struct service *service, struct call *call, int64_t *ret,
                         struct error *err)
{
    struct page page = {.max = PAGE_MAX};
    int64_t sum = 0;
    do {
        struct queue_record **queues;
        int count;
        if (status_queue_list(service->status, LIST_BY_NAME, &page, call->arena, &queues, &count,
                              &page.token, err) < 0)
            return -1;
        for (int i = 0; i < count; i++)
            sum += queues[i]->reserved ? 0 : queues[i]->concurrent_jobs;
    } while (page.token);
    *ret = sum;
    return 0;
}

/* AWS's quota of the account is here what this machine runs at once. */
static int put_concurrent(struct service *service, struct call *call, struct error *err)
{
    struct dispatcher_counts counts;
    int64_t allocated;
    if (!service->dispatcher)
        return 0;
    dispatcher_counts(service->dispatcher, &counts);
    if (sum_allocated(service, call, &allocated, err) < 0)
        return -1;
    put_number(&call->reply, "totalConcurrentJobs", counts.concurrent);
    put_number(&call->reply, "unallocatedConcurrentJobs",
               counts.concurrent > allocated ? counts.concurrent - allocated : 0);
    return 0;
}

int mediaconvert_list_queues(struct service *service, struct call *call, struct error *err)
{
    static const char *const orders[] = {
        [LIST_BY_NAME] = "NAME", [LIST_BY_CREATION_DATE] = "CREATION_DATE"};
    struct page page;
    struct queue_record **queues;
    const char *next;
    int by, count;
    if (mediaconvert_page(call, NULL, false, &page, err) < 0 ||
        mediaconvert_choice("listBy", call_query(call, "listBy"), orders, COUNT(orders), &by, err) <
            0)
        return -1;
    if (status_queue_list(service->status, by < 0 ? LIST_BY_CREATION_DATE : (enum list_by)by, &page,
                          call->arena, &queues, &count, &next, err) < 0)
        return -1;
    put_open(&call->reply, NULL, '{');
    put_open(&call->reply, "queues", '[');
    for (int i = 0; i < count; i++)
        put_queue(service, call, NULL, queues[i]);
    put_close(&call->reply, ']');
    put_string(&call->reply, "nextToken", next);
    if (put_concurrent(service, call, err) < 0)
        return -1;
    put_close(&call->reply, '}');
    return 0;
}
