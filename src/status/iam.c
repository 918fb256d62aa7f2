/* SPDX-License-Identifier: Apache-2.0 */
#include "status/iam.h"

#include <string.h>

#include "status/page.h"
#include "status/store.h"

#define AWS_POLICIES   "arn:aws:iam::aws:policy/"
#define NO_POLICY      "Policy %.200s was not found."
#define NO_ROLE_POLICY "The role policy with name %s cannot be found."

const char *status_iam_arn(const struct status *status, struct arena *arena, const char *kind,
                           const char *path, const char *name)
{
    return arena_printf(arena, "arn:aws:iam::%s:%s%s%s", status->owner.account, kind, path, name);
}

static void *read_name(struct statement *s, struct arena *arena)
{
    return (void *)column_text(s, arena);
}

/* --- how policies are found --- */

#define POLICY_COLUMNS                                                                             \
    "name, path, id, description, document, tags, created_us,"                                     \
    " (SELECT count(*) FROM iam_attachments WHERE arn = iam_policies.arn),"                        \
    " (SELECT count(*) FROM iam_roles WHERE boundary = iam_policies.arn)"

static void *read_policy(struct statement *s, struct arena *arena)
{
    struct iam_policy *policy = ARENA_NEW(arena, struct iam_policy);
    policy->name = column_text(s, arena);
    policy->path = column_text(s, arena);
    policy->id = column_text(s, arena);
    policy->description = column_text(s, arena);
    policy->document = column_text(s, arena);
    policy->tags = column_text(s, arena);
    policy->created_us = column_int64(s);
    policy->attached = column_int(s);
    policy->bounding = column_int(s);
    return policy;
}

static int get_policy(struct transaction *t, const char *arn, struct arena *arena,
                      struct iam_policy **ret, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "SELECT " POLICY_COLUMNS " FROM iam_policies WHERE arn = ?");
    bind_text(s, arn);
    if (rows_or_error(statement_row(s, err), err, ERROR_NOT_FOUND, NO_POLICY, arn) < 0)
        return -1;
    *ret = read_policy(s, arena);
    return 0;
}

/* Whether there is such a policy; AWS's own are all there. */
static int find_attachable(struct transaction *t, const char *arn, struct arena *arena,
                           struct error *err)
{
    struct iam_policy *policy;
    if (strncmp(arn, AWS_POLICIES, strlen(AWS_POLICIES)) == 0 && arn[strlen(AWS_POLICIES)])
        return 0;
    if (get_policy(t, arn, arena, &policy, err) == 0)
        return 0;
    if (err->kind != ERROR_NOT_FOUND)
        return -1;
    return error_set(err, ERROR_NOT_FOUND, "Policy %.200s does not exist or is not attachable.",
                     arn);
}

/* --- roles --- */

#define ROLE_COLUMNS "name, path, id, description, trust, boundary, tags, max_session_s, created_us"

static void *read_role(struct statement *s, struct arena *arena)
{
    struct iam_role *role = ARENA_NEW(arena, struct iam_role);
    role->name = column_text(s, arena);
    role->path = column_text(s, arena);
    role->id = column_text(s, arena);
    role->description = column_text(s, arena);
    role->trust = column_text(s, arena);
    role->boundary = column_text(s, arena);
    role->tags = column_text(s, arena);
    role->max_session_s = column_int(s);
    role->created_us = column_int64(s);
    return role;
}

static int get_role(struct transaction *t, const char *name, struct arena *arena,
                    struct iam_role **ret, struct error *err)
{
    CLEANUP(statement_done)
    struct statement *s =
        statement(t->database, "SELECT " ROLE_COLUMNS " FROM iam_roles WHERE name = ?");
    bind_text(s, name);
    if (rows_or_error(statement_row(s, err), err, ERROR_NOT_FOUND,
                      "The role with name %s cannot be found.", name) < 0)
        return -1;
    *ret = read_role(s, arena);
    return 0;
}

/* The role's name as it was given first. */
static int find_role(struct transaction *t, const char *name, struct arena *arena, const char **ret,
                     struct error *err)
{
    struct iam_role *role;
    if (get_role(t, name, arena, &role, err) < 0)
        return -1;
    *ret = role->name;
    return 0;
}

int status_role_get(struct status *status, const char *name, struct arena *arena,
                    struct iam_role **ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    return get_role(&t, name, arena, ret, err);
}

int status_role_create(struct status *status, const struct iam_role *role, struct arena *arena,
                       struct iam_role **ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0 ||
        (*role->boundary && find_attachable(&t, role->boundary, arena, err) < 0))
        return -1;
    CLEANUP(statement_done)
    struct statement *s = statement(t.database, "INSERT INTO iam_roles (" ROLE_COLUMNS ")"
                                                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
                                                " ON CONFLICT DO NOTHING");
    bind_text(s, role->name);
    bind_text(s, role->path);
    bind_text(s, role->id);
    bind_text(s, role->description);
    bind_text(s, role->trust);
    bind_text(s, role->boundary);
    bind_text(s, role->tags);
    bind_int(s, role->max_session_s);
    bind_int(s, t.now_us);
    if (rows_or_error(statement_run(s, err), err, ERROR_CONFLICT,
                      "Role with name %s already exists.", role->name) < 0)
        return -1;
    struct iam_role *made;
    if (get_role(&t, role->name, arena, &made, err) < 0 || transaction_commit(&t, err) < 0)
        return -1;
    *ret = made;
    return 0;
}

int status_role_set_trust(struct status *status, const char *name, const char *trust,
                          struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0 || find_role(&t, name, arena, &name, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s = statement(t.database, "UPDATE iam_roles SET trust = ? WHERE name = ?");
    bind_text(s, trust);
    bind_text(s, name);
    return statement_run(s, err) < 0 ? -1 : transaction_commit(&t, err);
}

/* Whether there is a row with that role. */
static int is_in_use(struct transaction *t, const char *sql, const char *role, struct error *err)
{
    CLEANUP(statement_done) struct statement *s = statement(t->database, sql);
    bind_text(s, role);
    return statement_row(s, err);
}

int status_role_delete(struct status *status, const char *name, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0 || find_role(&t, name, arena, &name, err) < 0)
        return -1;
    int attached = is_in_use(&t, "SELECT 1 FROM iam_attachments WHERE role = ?", name, err);
    int own = attached < 0
                  ? -1
                  : is_in_use(&t, "SELECT 1 FROM iam_role_policies WHERE role = ?", name, err);
    if (attached < 0 || own < 0)
        return -1;
    if (attached || own)
        return error_set(err, ERROR_CONFLICT, "Cannot delete entity, must %s policies first.",
                         attached ? "detach all" : "delete");
    CLEANUP(statement_done)
    struct statement *s = statement(t.database, "DELETE FROM iam_roles WHERE name = ?");
    bind_text(s, name);
    return statement_run(s, err) < 0 ? -1 : transaction_commit(&t, err);
}

int status_role_list(struct status *status, const char *path, const struct page *page,
                     struct arena *arena, struct iam_role ***ret, int *ret_count,
                     const char **ret_next, struct error *err)
{
    const char *after;
    if (page_after(arena, "roles", page, &after, err) < 0)
        return -1;
    CLEANUP(transaction_end) struct transaction t = reading(status);
    CLEANUP(statement_done)
    struct statement *s = statement(t.database, "SELECT name, " ROLE_COLUMNS " FROM iam_roles"
                                                " WHERE substr(path, 1, length(?1)) = ?1"
                                                " AND name > ?2 ORDER BY name LIMIT ?3");
    bind_text(s, path);
    bind_text(s, after);
    return page_read(s, "roles", page, arena, read_role, (void ***)ret, ret_count, ret_next, err);
}

/* --- policies that are a role's own --- */

int status_role_policy_put(struct status *status, const char *role, const char *name,
                           const char *document, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0 || find_role(&t, role, arena, &role, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "INSERT INTO iam_role_policies (role, name, document)"
                              " VALUES (?, ?, ?)"
                              " ON CONFLICT DO UPDATE SET document = excluded.document");
    bind_text(s, role);
    bind_text(s, name);
    bind_text(s, document);
    return statement_run(s, err) < 0 ? -1 : transaction_commit(&t, err);
}

int status_role_policy_get(struct status *status, const char *role, const char *name,
                           struct arena *arena, const char **ret_document, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    if (find_role(&t, role, arena, &role, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "SELECT document FROM iam_role_policies WHERE role = ? AND name = ?");
    bind_text(s, role);
    bind_text(s, name);
    if (rows_or_error(statement_row(s, err), err, ERROR_NOT_FOUND, NO_ROLE_POLICY, name) < 0)
        return -1;
    *ret_document = column_text(s, arena);
    return 0;
}

int status_role_policy_delete(struct status *status, const char *role, const char *name,
                              struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0 || find_role(&t, role, arena, &role, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "DELETE FROM iam_role_policies WHERE role = ? AND name = ?");
    bind_text(s, role);
    bind_text(s, name);
    if (rows_or_error(statement_run(s, err), err, ERROR_NOT_FOUND, NO_ROLE_POLICY, name) < 0)
        return -1;
    return transaction_commit(&t, err);
}

int status_role_policy_list(struct status *status, const char *role, const struct page *page,
                            struct arena *arena, const char ***ret, int *ret_count,
                            const char **ret_next, struct error *err)
{
    const char *after;
    if (page_after(arena, "rolePolicies", page, &after, err) < 0)
        return -1;
    CLEANUP(transaction_end) struct transaction t = reading(status);
    if (find_role(&t, role, arena, &role, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "SELECT name, name FROM iam_role_policies WHERE role = ? AND name > ?"
                              " ORDER BY name LIMIT ?");
    bind_text(s, role);
    bind_text(s, after);
    return page_read(s, "rolePolicies", page, arena, read_name, (void ***)ret, ret_count, ret_next,
                     err);
}

/* --- managed policies --- */

int status_policy_get(struct status *status, const char *arn, struct arena *arena,
                      struct iam_policy **ret, struct error *err)
{
    CLEANUP(transaction_end) struct transaction t = reading(status);
    return get_policy(&t, arn, arena, ret, err);
}

int status_policy_create(struct status *status, const struct iam_policy *policy,
                         struct arena *arena, struct iam_policy **ret, struct error *err)
{
    const char *arn = status_iam_arn(status, arena, "policy", policy->path, policy->name);
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "INSERT INTO iam_policies"
                              " (arn, name, path, id, description, document, tags, created_us)"
                              " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
    bind_text(s, arn);
    bind_text(s, policy->name);
    bind_text(s, policy->path);
    bind_text(s, policy->id);
    bind_text(s, policy->description);
    bind_text(s, policy->document);
    bind_text(s, policy->tags);
    bind_int(s, t.now_us);
    if (rows_or_error(statement_run(s, err), err, ERROR_CONFLICT,
                      "A policy called %s already exists. Duplicate names are not allowed.",
                      policy->name) < 0)
        return -1;
    struct iam_policy *made;
    if (get_policy(&t, arn, arena, &made, err) < 0 || transaction_commit(&t, err) < 0)
        return -1;
    *ret = made;
    return 0;
}

int status_policy_delete(struct status *status, const char *arn, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(transaction_end) struct transaction t = {0};
    struct iam_policy *policy;
    if (transaction_begin(&t, status, err) < 0 || get_policy(&t, arn, arena, &policy, err) < 0)
        return -1;
    if (policy->attached || policy->bounding)
        return error_set(err, ERROR_CONFLICT, "Cannot delete a policy attached to entities.");
    CLEANUP(statement_done)
    struct statement *s = statement(t.database, "DELETE FROM iam_policies WHERE arn = ?");
    bind_text(s, arn);
    return statement_run(s, err) < 0 ? -1 : transaction_commit(&t, err);
}

int status_policy_list(struct status *status, const char *path, bool only_attached,
                       const struct page *page, struct arena *arena, struct iam_policy ***ret,
                       int *ret_count, const char **ret_next, struct error *err)
{
    const char *after;
    if (page_after(arena, "policies", page, &after, err) < 0)
        return -1;
    CLEANUP(transaction_end) struct transaction t = reading(status);
    CLEANUP(statement_done)
    struct statement *s = statement(
        t.database, "SELECT name, " POLICY_COLUMNS " FROM iam_policies"
                    " WHERE substr(path, 1, length(?1)) = ?1 AND name > ?2 AND (NOT ?3 OR"
                    " EXISTS (SELECT 1 FROM iam_attachments WHERE arn = iam_policies.arn))"
                    " ORDER BY name LIMIT ?4");
    bind_text(s, path);
    bind_text(s, after);
    bind_int(s, only_attached);
    return page_read(s, "policies", page, arena, read_policy, (void ***)ret, ret_count, ret_next,
                     err);
}

/* --- attached ones --- */

int status_policy_attach(struct status *status, const char *role, const char *arn,
                         struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0 || find_role(&t, role, arena, &role, err) < 0 ||
        find_attachable(&t, arn, arena, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "INSERT OR IGNORE INTO iam_attachments (role, arn) VALUES (?, ?)");
    bind_text(s, role);
    bind_text(s, arn);
    return statement_run(s, err) < 0 ? -1 : transaction_commit(&t, err);
}

int status_policy_detach(struct status *status, const char *role, const char *arn,
                         struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(transaction_end) struct transaction t = {0};
    if (transaction_begin(&t, status, err) < 0 || find_role(&t, role, arena, &role, err) < 0)
        return -1;
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "DELETE FROM iam_attachments WHERE role = ? AND arn = ?");
    bind_text(s, role);
    bind_text(s, arn);
    if (rows_or_error(statement_run(s, err), err, ERROR_NOT_FOUND, NO_POLICY, arn) < 0)
        return -1;
    return transaction_commit(&t, err);
}

int status_policy_attached(struct status *status, const char *role, const char *path,
                           const struct page *page, struct arena *arena, const char ***ret,
                           int *ret_count, const char **ret_next, struct error *err)
{
    const char *after;
    if (page_after(arena, "attachments", page, &after, err) < 0)
        return -1;
    CLEANUP(transaction_end) struct transaction t = reading(status);
    if (find_role(&t, role, arena, &role, err) < 0)
        return -1;
    // an ARN's path is what stands behind ":policy"
    CLEANUP(statement_done)
    struct statement *s =
        statement(t.database, "SELECT arn, arn FROM iam_attachments WHERE role = ?1 AND arn > ?2"
                              " AND substr(arn, instr(arn, ':policy/') + 7, length(?3)) = ?3"
                              " ORDER BY arn LIMIT ?4");
    bind_text(s, role);
    bind_text(s, after);
    bind_text(s, path);
    return page_read(s, "attachments", page, arena, read_name, (void ***)ret, ret_count, ret_next,
                     err);
}
