/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The batch jobs of the S3 Control API, called as in its model. route.c says at which path each
 * operation is.
 *
 *   s3control_create.c   CreateJob: the request checked, member by member
 *   s3control_jobs.c     jobs as they are: describe, list, status, priority
 *   s3control_tags.c     their tags
 *
 * Clients put the account in front of the host's name, where it does not matter, and in a header,
 * where it must be. Any account is this one.
 */
#ifndef HTTP_S3CONTROL_H
#define HTTP_S3CONTROL_H

#include "http/route.h"
#include "http/service.h"
#include "http/xml_body.h"

operation s3control_create_job;
operation s3control_describe_job, s3control_list_jobs, s3control_update_job_status,
    s3control_update_job_priority;
operation s3control_get_job_tagging, s3control_put_job_tagging, s3control_delete_job_tagging;

/* --- what they share --- */

enum { S3CONTROL_TAGS_MAX = 50 };

/* The members of an element of tags: {member: {Key, Value}}. How many there may be is up to
 * s3control_tags(). */
extern const struct xml_member s3control_tag_members[];

/* Whether the call says whose account it is of; if not, it is refused. */
bool s3control_account(struct call *call);

/* <NAME xmlns="…"> behind the declaration. */
void s3control_start(struct call *call, const char *name);

/* {"key": "value"} of an element's children that are called `child`, each with a key and a value in
 * elements of these names. NULL where there are none.
 * @retval -1  ERROR_BAD_REQUEST: a key is there twice */
int s3control_map(struct call *call, const xml_node *element, const char *child, const char *key,
                  const char *value, const char **ret, struct error *err) MUST_CHECK;

/* The tags of an element, checked; NULL where there are none.
 * @retval 1  there are too many; the call is not answered yet */
int s3control_tags(struct call *call, const xml_node *element, const char **ret,
                   struct error *err) MUST_CHECK;

/* For each member of a JSON object of strings, <child><key>…</key><value>…</value></child>. */
int s3control_put_map(struct call *call, const char *json, const char *child, const char *key,
                      const char *value, struct error *err) MUST_CHECK;

#endif
