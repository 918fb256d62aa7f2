/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of the MediaConvert API, called as in its model. route.c says at which path each
 * one is.
 *
 *   mediaconvert_create.c   CreateJob: templates and presets merged, checked, queued
 *   mediaconvert_jobs.c     jobs as they are: get, list, search, cancel
 *   mediaconvert_queries.c  jobs queries
 *   mediaconvert_queues.c   queues
 *   mediaconvert_stored.c   job templates and presets
 *   mediaconvert_account.c  endpoints, versions, policy, tags, certificates, resource shares
 *   mediaconvert_probe.c    Probe
 */
#ifndef HTTP_MEDIACONVERT_H
#define HTTP_MEDIACONVERT_H

#include "http/route.h"
#include "http/service.h"
#include "job/job.h"
#include "status/stored.h"

operation mediaconvert_create_job;

operation mediaconvert_get_job, mediaconvert_list_jobs, mediaconvert_search_jobs,
    mediaconvert_cancel_job, mediaconvert_start_jobs_query, mediaconvert_get_jobs_query_results;

operation mediaconvert_create_queue, mediaconvert_get_queue, mediaconvert_list_queues,
    mediaconvert_update_queue, mediaconvert_delete_queue;

operation mediaconvert_create_job_template, mediaconvert_get_job_template,
    mediaconvert_list_job_templates, mediaconvert_update_job_template,
    mediaconvert_delete_job_template;
operation mediaconvert_create_preset, mediaconvert_get_preset, mediaconvert_list_presets,
    mediaconvert_update_preset, mediaconvert_delete_preset;

operation mediaconvert_describe_endpoints, mediaconvert_list_versions, mediaconvert_get_policy,
    mediaconvert_put_policy, mediaconvert_delete_policy, mediaconvert_list_tags_for_resource,
    mediaconvert_tag_resource, mediaconvert_untag_resource, mediaconvert_associate_certificate,
    mediaconvert_disassociate_certificate, mediaconvert_create_resource_share;

operation mediaconvert_probe;

/* --- what they share --- */

#define JOB_ENGINE_VERSION "2017-08-29" /* the only one */

enum { PAGE_MAX = 20 };

/* The page that maxResults, nextToken and order ask for; from the query, or where `body` is given
 * from there. `descending` is what a request without an order means. */
int mediaconvert_page(const struct call *call, const struct json *body, bool descending,
                      struct page *ret, struct error *err) MUST_CHECK;

/* The index of `value` in names[], -1 where value is NULL. */
int mediaconvert_choice(const char *member, const char *value, const char *const *names, int count,
                        int *ret, struct error *err) MUST_CHECK;

/* "NAME" and "arn:aws:mediaconvert:REGION:ACCOUNT:queues/NAME" are the same to the service; `kind`
 * is "queues" … Points into `text`. */
const char *mediaconvert_name(const char *text, const char *kind);

/* Puts the name that an update has in its path in front of the members, for the same checks as
 * Create…'s. */
void mediaconvert_add_name(struct call *call, struct json *request, const char *name);

/* A name to be stored under. */
int mediaconvert_check_name(const char *name, struct error *err) MUST_CHECK;

/* `tags` of a request, as JSON; *ret is NULL if there are none. */
int mediaconvert_tags(struct call *call, const struct json *request, const char **ret,
                      struct error *err) MUST_CHECK;

/* Answers 400 with all errors, as the service words them: "/pointer: message | …". */
int mediaconvert_refuse(struct call *call, const struct findings *findings);

/* The value as JSON text in the call's arena; `s` as for put_value(). */
const char *mediaconvert_text(struct call *call, const struct setting *s, const struct json *value);

/* The value stored under a key; *ret is NULL if there is none. */
int mediaconvert_value(struct service *service, struct call *call, const char *key,
                       const char **ret, struct error *err) MUST_CHECK;

/* "job": {…} as GetJob has it. */
int mediaconvert_put_job(struct service *service, struct call *call, const char *name,
                         const struct job_record *job, struct error *err) MUST_CHECK;

/* Lays the job's template below it, and presets below outputs: mediaconvert_merge.c. */
int mediaconvert_merge_template(struct service *service, struct call *call, struct json *request,
                                const char **ret_template, struct error *err) MUST_CHECK;
int mediaconvert_merge_presets(struct service *service, struct call *call, struct json *settings,
                               struct error *err) MUST_CHECK;

#endif
