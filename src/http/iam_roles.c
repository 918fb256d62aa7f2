/* SPDX-License-Identifier: Apache-2.0 */
/* Roles, and the policies that are their own. */
#include "http/iam.h"
#include "http/put_xml.h"
#include "http/service.h"

enum { SESSION_MIN_S = 3600, SESSION_MAX_S = 43200 };

/* `whole`: also what lists do not have. */
static void put_role(struct service *service, struct call *call, const char *name,
                     const struct iam_role *role, bool whole)
{
    struct text *out = &call->reply;
    put_start(out, name);
    put_element(out, "Path", role->path);
    put_element(out, "RoleName", role->name);
    put_element(out, "RoleId", role->id);
    put_element(out, "Arn",
                status_iam_arn(service->status, call->arena, "role", role->path, role->name));
    put_element_seconds(out, "CreateDate", role->created_us);
    iam_put_document(call, "AssumeRolePolicyDocument", role->trust);
    if (*role->description)
        put_element(out, "Description", role->description);
    put_element_number(out, "MaxSessionDuration", role->max_session_s);
    if (whole && *role->boundary) {
        put_start(out, "PermissionsBoundary");
        put_element(out, "PermissionsBoundaryType", "PermissionsBoundaryPolicy");
        put_element(out, "PermissionsBoundaryArn", role->boundary);
        put_end(out, "PermissionsBoundary");
    }
    if (whole) {
        iam_put_tags(call, role->tags);
        put_element(out, "RoleLastUsed", "");
    }
    put_end(out, name);
}

static int answer_role(struct service *service, struct call *call, const struct iam_role *role)
{
    action_put_start(call);
    put_role(service, call, "Role", role, true);
    return action_put_end(call);
}

int iam_create_role(struct service *service, struct call *call, struct error *err)
{
    struct iam_role role = {.id = iam_id(call, "AROA")}, *made;
    if (!iam_name(call, "RoleName", IAM_ROLE_NAME_MAX, &role.name) || !iam_path(call, &role.path) ||
        !iam_document(call, "AssumeRolePolicyDocument", &role.trust) ||
        !iam_optional(call, "Description", IAM_DESCRIPTION_MAX, "", &role.description) ||
        !iam_number(call, "MaxSessionDuration", SESSION_MIN_S, SESSION_MAX_S, SESSION_MIN_S,
                    &role.max_session_s) ||
        !iam_optional(call, "PermissionsBoundary", IAM_ARN_MAX, "", &role.boundary) ||
        !iam_tags(call, &role.tags))
        return 0;
    if (status_role_create(service->status, &role, call->arena, &made, err) < 0)
        return -1;
    return answer_role(service, call, made);
}

int iam_get_role(struct service *service, struct call *call, struct error *err)
{
    const char *name;
    struct iam_role *role;
    if (!iam_name(call, "RoleName", IAM_ROLE_NAME_MAX, &name))
        return 0;
    if (status_role_get(service->status, name, call->arena, &role, err) < 0)
        return -1;
    return answer_role(service, call, role);
}

int iam_list_roles(struct service *service, struct call *call, struct error *err)
{
    const char *path, *next;
    struct page page;
    struct iam_role **roles;
    int count;
    if (!iam_path_prefix(call, &path) || !iam_page(call, &page))
        return 0;
    if (status_role_list(service->status, path, &page, call->arena, &roles, &count, &next, err) < 0)
        return -1;
    action_put_start(call);
    put_start(&call->reply, "Roles");
    for (int i = 0; i < count; i++)
        put_role(service, call, "member", roles[i], false);
    put_end(&call->reply, "Roles");
    iam_put_page(call, next);
    return action_put_end(call);
}

int iam_delete_role(struct service *service, struct call *call, struct error *err)
{
    const char *name;
    if (!iam_name(call, "RoleName", IAM_ROLE_NAME_MAX, &name))
        return 0;
    if (status_role_delete(service->status, name, err) < 0)
        return iam_delete_failed(call, err);
    return iam_done(call);
}

int iam_update_assume_role_policy(struct service *service, struct call *call, struct error *err)
{
    const char *name, *trust;
    if (!iam_name(call, "RoleName", IAM_ROLE_NAME_MAX, &name) ||
        !iam_document(call, "PolicyDocument", &trust))
        return 0;
    if (status_role_set_trust(service->status, name, trust, err) < 0)
        return -1;
    return iam_done(call);
}

/* --- policies that are a role's own --- */

static bool read_names(struct call *call, const char **ret_role, const char **ret_policy)
{
    return iam_name(call, "RoleName", IAM_ROLE_NAME_MAX, ret_role) &&
           iam_name(call, "PolicyName", IAM_POLICY_NAME_MAX, ret_policy);
}

int iam_put_role_policy(struct service *service, struct call *call, struct error *err)
{
    const char *role, *name, *document;
    if (!read_names(call, &role, &name) || !iam_document(call, "PolicyDocument", &document))
        return 0;
    if (status_role_policy_put(service->status, role, name, document, err) < 0)
        return -1;
    return iam_done(call);
}

int iam_get_role_policy(struct service *service, struct call *call, struct error *err)
{
    const char *role, *name, *document;
    if (!read_names(call, &role, &name))
        return 0;
    if (status_role_policy_get(service->status, role, name, call->arena, &document, err) < 0)
        return -1;
    action_put_start(call);
    put_element(&call->reply, "RoleName", role);
    put_element(&call->reply, "PolicyName", name);
    iam_put_document(call, "PolicyDocument", document);
    return action_put_end(call);
}

int iam_delete_role_policy(struct service *service, struct call *call, struct error *err)
{
    const char *role, *name;
    if (!read_names(call, &role, &name))
        return 0;
    if (status_role_policy_delete(service->status, role, name, err) < 0)
        return -1;
    return iam_done(call);
}

int iam_list_role_policies(struct service *service, struct call *call, struct error *err)
{
    const char *role, *next, **names;
    struct page page;
    int count;
    if (!iam_name(call, "RoleName", IAM_ROLE_NAME_MAX, &role) || !iam_page(call, &page))
        return 0;
    if (status_role_policy_list(service->status, role, &page, call->arena, &names, &count, &next,
                                err) < 0)
        return -1;
    action_put_start(call);
    put_start(&call->reply, "PolicyNames");
    for (int i = 0; i < count; i++)
        put_element(&call->reply, "member", names[i]);
    put_end(&call->reply, "PolicyNames");
    iam_put_page(call, next);
    return action_put_end(call);
}
