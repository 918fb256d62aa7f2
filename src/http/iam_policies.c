/* SPDX-License-Identifier: Apache-2.0 */
/* Managed policies, and which role they are attached to. A policy has one version, v1. */
#include <string.h>

#include "http/iam.h"
#include "http/put_xml.h"
#include "http/service.h"

#define VERSION_ID "v1"

/* `whole`: also what lists do not have. */
static void put_policy(struct service *service, struct call *call, const char *name,
                       const struct iam_policy *policy, bool whole)
{
    struct text *out = &call->reply;
    put_start(out, name);
    put_element(out, "PolicyName", policy->name);
    put_element(out, "PolicyId", policy->id);
    put_element(out, "Arn",
                status_iam_arn(service->status, call->arena, "policy", policy->path, policy->name));
    put_element(out, "Path", policy->path);
    put_element(out, "DefaultVersionId", VERSION_ID);
    put_element_number(out, "AttachmentCount", policy->attached);
    put_element_number(out, "PermissionsBoundaryUsageCount", policy->bounding);
    put_element(out, "IsAttachable", "true");
    if (whole && *policy->description)
        put_element(out, "Description", policy->description);
    put_element_seconds(out, "CreateDate", policy->created_us);
    put_element_seconds(out, "UpdateDate", policy->created_us);
    if (whole)
        iam_put_tags(call, policy->tags);
    put_end(out, name);
}

static bool read_arn(struct call *call, const char **ret)
{
    if (!iam_required(call, "PolicyArn", IAM_ARN_MAX, ret))
        return false;
    if (strncmp(*ret, "arn:", 4) == 0 && strstr(*ret, ":policy/"))
        return true;
    return call_refuse_as(call, 400, "InvalidInput", "ARN %.200s is not valid.", *ret), false;
}

static int answer_policy(struct service *service, struct call *call,
                         const struct iam_policy *policy)
{
    action_put_start(call);
    put_policy(service, call, "Policy", policy, true);
    return action_put_end(call);
}

int iam_create_policy(struct service *service, struct call *call, struct error *err)
{
    struct iam_policy policy = {.id = iam_id(call, "ANPA")}, *made;
    if (!iam_name(call, "PolicyName", IAM_POLICY_NAME_MAX, &policy.name) ||
        !iam_path(call, &policy.path) || !iam_document(call, "PolicyDocument", &policy.document) ||
        !iam_optional(call, "Description", IAM_DESCRIPTION_MAX, "", &policy.description) ||
        !iam_tags(call, &policy.tags))
        return 0;
    if (status_policy_create(service->status, &policy, call->arena, &made, err) < 0)
        return -1;
    return answer_policy(service, call, made);
}

int iam_get_policy(struct service *service, struct call *call, struct error *err)
{
    const char *arn;
    struct iam_policy *policy;
    if (!read_arn(call, &arn))
        return 0;
    if (status_policy_get(service->status, arn, call->arena, &policy, err) < 0)
        return -1;
    return answer_policy(service, call, policy);
}

static void put_version(struct call *call, const char *name, const struct iam_policy *policy,
                        bool whole)
{
    put_start(&call->reply, name);
    if (whole)
        iam_put_document(call, "Document", policy->document);
    put_element(&call->reply, "VersionId", VERSION_ID);
    put_element(&call->reply, "IsDefaultVersion", "true");
    put_element_seconds(&call->reply, "CreateDate", policy->created_us);
    put_end(&call->reply, name);
}

int iam_get_policy_version(struct service *service, struct call *call, struct error *err)
{
    enum { VERSION_MAX = 32 };
    const char *arn, *version;
    struct iam_policy *policy;
    if (!read_arn(call, &arn) || !iam_required(call, "VersionId", VERSION_MAX, &version))
        return 0;
    if (status_policy_get(service->status, arn, call->arena, &policy, err) < 0)
        return -1;
    if (strcmp(version, VERSION_ID))
        return error_set(err, ERROR_NOT_FOUND,
                         "Policy %.200s version %s does not exist or is not attachable.", arn,
                         version);
    action_put_start(call);
    put_version(call, "PolicyVersion", policy, true);
    return action_put_end(call);
}

int iam_list_policy_versions(struct service *service, struct call *call, struct error *err)
{
    const char *arn;
    struct page page; // of one
    struct iam_policy *policy;
    if (!read_arn(call, &arn) || !iam_page(call, &page))
        return 0;
    if (status_policy_get(service->status, arn, call->arena, &policy, err) < 0)
        return -1;
    action_put_start(call);
    put_start(&call->reply, "Versions");
    put_version(call, "member", policy, false);
    put_end(&call->reply, "Versions");
    iam_put_page(call, NULL);
    return action_put_end(call);
}

int iam_delete_policy(struct service *service, struct call *call, struct error *err)
{
    const char *arn;
    if (!read_arn(call, &arn))
        return 0;
    if (status_policy_delete(service->status, arn, err) < 0)
        return iam_delete_failed(call, err);
    return iam_done(call);
}

/* One of few words. False: refused. */
static bool read_word(struct call *call, const char *name, const char *const *words,
                      const char **ret)
{
    *ret = call_form(call, name);
    for (int i = 0; *ret && words[i]; i++)
        if (strcmp(words[i], *ret) == 0)
            return true;
    if (!*ret)
        return true;
    const char *all = words[0];
    for (int i = 1; words[i]; i++)
        all = arena_printf(call->arena, "%s, %s", all, words[i]);
    (void)call_refuse(call, 400,
                      "1 validation error detected: Value '%.80s' at '%c%s' failed to satisfy "
                      "constraint: Member must satisfy enum value set: [%s]",
                      *ret, name[0] | 0x20, name + 1, all);
    return false;
}

int iam_list_policies(struct service *service, struct call *call, struct error *err)
{
    static const char *const scopes[] = {"All", "AWS", "Local", NULL};
    static const char *const truths[] = {"true", "false", NULL};
    static const char *const usages[] = {"PermissionsPolicy", NULL};
    const char *scope, *attached, *usage, *path, *next = NULL;
    struct page page;
    struct iam_policy **policies = NULL;
    int count = 0;
    if (!read_word(call, "Scope", scopes, &scope) ||
        !read_word(call, "OnlyAttached", truths, &attached) ||
        !read_word(call, "PolicyUsageFilter", usages, &usage) || !iam_path_prefix(call, &path) ||
        !iam_page(call, &page))
        return 0;
    bool only_attached = attached && strcmp(attached, "true") == 0;
    bool ours = !scope || strcmp(scope, "AWS"); // AWS's own are not on record
    if (ours && status_policy_list(service->status, path, only_attached, &page, call->arena,
                                   &policies, &count, &next, err) < 0)
        return -1;
    action_put_start(call);
    put_start(&call->reply, "Policies");
    for (int i = 0; i < count; i++)
        put_policy(service, call, "member", policies[i], false);
    put_end(&call->reply, "Policies");
    iam_put_page(call, next);
    return action_put_end(call);
}

/* --- attached ones --- */

static bool read_role_and_arn(struct call *call, const char **ret_role, const char **ret_arn)
{
    return iam_name(call, "RoleName", IAM_ROLE_NAME_MAX, ret_role) && read_arn(call, ret_arn);
}

int iam_attach_role_policy(struct service *service, struct call *call, struct error *err)
{
    const char *role, *arn;
    if (!read_role_and_arn(call, &role, &arn))
        return 0;
    if (status_policy_attach(service->status, role, arn, err) < 0)
        return -1;
    return iam_done(call);
}

int iam_detach_role_policy(struct service *service, struct call *call, struct error *err)
{
    const char *role, *arn;
    if (!read_role_and_arn(call, &role, &arn))
        return 0;
    if (status_policy_detach(service->status, role, arn, err) < 0)
        return -1;
    return iam_done(call);
}

int iam_list_attached_role_policies(struct service *service, struct call *call, struct error *err)
{
    const char *role, *path, *next, **arns;
    struct page page;
    int count;
    if (!iam_name(call, "RoleName", IAM_ROLE_NAME_MAX, &role) || !iam_path_prefix(call, &path) ||
        !iam_page(call, &page))
        return 0;
    if (status_policy_attached(service->status, role, path, &page, call->arena, &arns, &count,
                               &next, err) < 0)
        return -1;
    action_put_start(call);
    put_start(&call->reply, "AttachedPolicies");
    for (int i = 0; i < count; i++) {
        put_start(&call->reply, "member");
        put_element(&call->reply, "PolicyName", strrchr(arns[i], '/') + 1);
        put_element(&call->reply, "PolicyArn", arns[i]);
        put_end(&call->reply, "member");
    }
    put_end(&call->reply, "AttachedPolicies");
    iam_put_page(call, next);
    return action_put_end(call);
}
