/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IAM and STS, as far as tutorials and deployment scripts call them: roles and policies are kept
 * and given back, and nobody is denied anything by them.
 *
 *   iam.c            what the operations share: parameters, documents, pages
 *   iam_roles.c      roles, and the policies that are their own
 *   iam_policies.c   managed policies, and which role they are attached to
 *   sts.c            who am I
 */
#ifndef HTTP_IAM_H
#define HTTP_IAM_H

#include "http/action.h"
#include "http/call.h"
#include "status/iam.h"

/* What POST / does for these two services. */
extern const struct action iam_actions[], sts_actions[];

operation iam_create_role, iam_get_role, iam_list_roles, iam_delete_role,
    iam_update_assume_role_policy;
operation iam_put_role_policy, iam_get_role_policy, iam_delete_role_policy, iam_list_role_policies;
operation iam_create_policy, iam_get_policy, iam_get_policy_version, iam_list_policy_versions,
    iam_delete_policy, iam_list_policies;
operation iam_attach_role_policy, iam_detach_role_policy, iam_list_attached_role_policies;
operation sts_get_caller_identity;

/* --- what they share: parameters of the form; false: refused --- */

/* One that must be there, of 1 to `max` characters. */
bool iam_required(struct call *call, const char *name, int max, const char **ret);

/* One that may be there; `instead` if it is not. */
bool iam_optional(struct call *call, const char *name, int max, const char *instead,
                  const char **ret);
bool iam_number(struct call *call, const char *name, int min, int max, int instead, int *ret);

/* A role's or policy's name: letters, digits and +=,.@_- */
bool iam_name(struct call *call, const char *name, int max, const char **ret);

/* "/" or "/a/b/". */
bool iam_path(struct call *call, const char **ret);

/* The start of one; "" if it is not there: all. */
bool iam_path_prefix(struct call *call, const char **ret);

/* A policy: JSON with a Statement. */
bool iam_document(struct call *call, const char *name, const char **ret);

/* Tags.member.N as a JSON object. */
bool iam_tags(struct call *call, const char **ret);
bool iam_page(struct call *call, struct page *ret);

/* "AROA" and 17 characters, at random. */
const char *iam_id(struct call *call, const char *prefix);

/* --- and their answers --- */

void iam_put_document(struct call *call, const char *name, const char *document);
void iam_put_tags(struct call *call, const char *tags);
void iam_put_page(struct call *call, const char *next); /* IsTruncated, Marker */

/* An answer without a result. Returns 0. */
int iam_done(struct call *call);

/* What has failed with `err`: where it is ERROR_CONFLICT, a DeleteConflict. */
int iam_delete_failed(struct call *call, struct error *err);

enum {
    IAM_ROLE_NAME_MAX = 64,
    IAM_POLICY_NAME_MAX = 128,
    IAM_DESCRIPTION_MAX = 1000,
    IAM_ARN_MAX = 2048,
};

#endif
