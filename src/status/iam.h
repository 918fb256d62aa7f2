/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IAM's roles and policies: kept and given back, and nothing more. Nobody is denied anything by
 * them.
 *
 * Names differ by more than their case. Messages of ERROR_NOT_FOUND and ERROR_CONFLICT are IAM's.
 */
#ifndef STATUS_IAM_H
#define STATUS_IAM_H

#include "status/status.h"

/* Strings are never NULL in what calls return. */
struct iam_role {
    const char *name, *path, *id; /* "/service-role/", "AROA…" */
    const char *description;
    const char *trust;    /* AssumeRolePolicyDocument */
    const char *boundary; /* PermissionsBoundary: an ARN; "": none */
    const char *tags;     /* JSON object of strings */
    int max_session_s;
    int64_t created_us;
};

/* All but created_us is the caller's. ERROR_CONFLICT: it exists; ERROR_NOT_FOUND: there is no
 * policy that is its boundary. */
int status_role_create(struct status *status, const struct iam_role *role, struct arena *arena,
                       struct iam_role **ret, struct error *err) MUST_CHECK;
int status_role_get(struct status *status, const char *name, struct arena *arena,
                    struct iam_role **ret, struct error *err) MUST_CHECK;
int status_role_set_trust(struct status *status, const char *name, const char *trust,
                          struct error *err) MUST_CHECK;

/* ERROR_CONFLICT: it has policies. */
int status_role_delete(struct status *status, const char *name, struct error *err) MUST_CHECK;

/* Those whose path begins with `path`, by name. */
int status_role_list(struct status *status, const char *path, const struct page *page,
                     struct arena *arena, struct iam_role ***ret, int *ret_count,
                     const char **ret_next, struct error *err) MUST_CHECK;

/* --- policies that are a role's own --- */

int status_role_policy_put(struct status *status, const char *role, const char *name,
                           const char *document, struct error *err) MUST_CHECK;
int status_role_policy_get(struct status *status, const char *role, const char *name,
                           struct arena *arena, const char **ret_document,
                           struct error *err) MUST_CHECK;
int status_role_policy_delete(struct status *status, const char *role, const char *name,
                              struct error *err) MUST_CHECK;
int status_role_policy_list(struct status *status, const char *role, const struct page *page,
                            struct arena *arena, const char ***ret, int *ret_count,
                            const char **ret_next, struct error *err) MUST_CHECK;

/* --- managed policies --- */

struct iam_policy {
    const char *name, *path, *id; /* "ANPA…" */
    const char *description;
    const char *document;
    const char *tags; /* JSON object of strings */
    int attached;     /* roles that it is attached to */
    int bounding;     /* roles whose boundary it is */
    int64_t created_us;
};

/* Name, path, id, description, document, tags. ERROR_CONFLICT: it exists. */
int status_policy_create(struct status *status, const struct iam_policy *policy,
                         struct arena *arena, struct iam_policy **ret,
                         struct error *err) MUST_CHECK;

/* By its ARN. */
int status_policy_get(struct status *status, const char *arn, struct arena *arena,
                      struct iam_policy **ret, struct error *err) MUST_CHECK;

/* ERROR_CONFLICT: it is attached, or a boundary. */
int status_policy_delete(struct status *status, const char *arn, struct error *err) MUST_CHECK;
int status_policy_list(struct status *status, const char *path, bool only_attached,
                       const struct page *page, struct arena *arena, struct iam_policy ***ret,
                       int *ret_count, const char **ret_next, struct error *err) MUST_CHECK;

/* By ARN, too: AWS's own, arn:aws:iam::aws:policy/…, are not on record and can be attached. */
int status_policy_attach(struct status *status, const char *role, const char *arn,
                         struct error *err) MUST_CHECK;
int status_policy_detach(struct status *status, const char *role, const char *arn,
                         struct error *err) MUST_CHECK;

/* ARNs; those of policies whose path begins with `path`. */
int status_policy_attached(struct status *status, const char *role, const char *path,
                           const struct page *page, struct arena *arena, const char ***ret,
                           int *ret_count, const char **ret_next, struct error *err) MUST_CHECK;

/* "arn:aws:iam::ACCOUNT:role/PATH/NAME"; kind is "role" or "policy". */
const char *status_iam_arn(const struct status *status, struct arena *arena, const char *kind,
                           const char *path, const char *name);

#endif
