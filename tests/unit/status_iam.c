/* SPDX-License-Identifier: Apache-2.0 */
/* Roles and policies, as they are kept. */
#include "status/iam.h"

#include "status_place.h"

#define ARN     "arn:aws:iam::111122223333:policy/"
#define AWS_ARN "arn:aws:iam::aws:policy/service-role/"

static int create_role(struct place *p, const char *name, const char *path, const char *boundary)
{
    const struct iam_role role = {.name = name,
                                  .path = path,
                                  .id = "AROA",
                                  .description = "d",
                                  .trust = "{}",
                                  .boundary = boundary,
                                  .tags = "{\"k\":\"v\"}",
                                  .max_session_s = 3600};
    struct iam_role *made;
    return status_role_create(p->status, &role, p->arena, &made, &p->err);
}

static int create_policy(struct place *p, const char *name, const char *path)
{
    const struct iam_policy policy = {.name = name,
                                      .path = path,
                                      .id = "ANPA",
                                      .description = "d",
                                      .document = "{\"a\":1}",
                                      .tags = "{}"};
    struct iam_policy *made;
    return status_policy_create(p->status, &policy, p->arena, &made, &p->err);
}

static void test_roles(void **state)
{
    struct place *p = *state;
    struct iam_role *role;
    ok(p, create_role(p, "Lambda", "/a/", ""));
    refused(p, create_role(p, "LAMBDA", "/", ""), ERROR_CONFLICT);
    ok(p, status_role_get(p->status, "lambda", p->arena, &role, &p->err));
    assert_string_equal(role->name, "Lambda");
    assert_string_equal(role->path, "/a/");
    assert_string_equal(role->tags, "{\"k\":\"v\"}");
    assert_int_equal(role->created_us, start_us);
    assert_string_equal(status_iam_arn(p->status, p->arena, "role", role->path, role->name),
                        "arn:aws:iam::111122223333:role/a/Lambda");
    ok(p, status_role_set_trust(p->status, "lambda", "{\"b\":2}", &p->err));
    ok(p, status_role_get(p->status, "Lambda", p->arena, &role, &p->err));
    assert_string_equal(role->trust, "{\"b\":2}");
    ok(p, status_role_delete(p->status, "lambda", &p->err));
    refused(p, status_role_get(p->status, "Lambda", p->arena, &role, &p->err), ERROR_NOT_FOUND);
    refused(p, status_role_delete(p->status, "Lambda", &p->err), ERROR_NOT_FOUND);
    refused(p, status_role_set_trust(p->status, "Lambda", "{}", &p->err), ERROR_NOT_FOUND);
}

/* All names of the roles below a path, in pages of two. */
static const char *list_roles(struct place *p, const char *path)
{
    struct page page = {.max = 2};
    const char *all = "";
    do {
        struct iam_role **roles;
        int count;
        ok(p, status_role_list(p->status, path, &page, p->arena, &roles, &count, &page.token,
                               &p->err));
        assert_true(count <= 2);
        for (int i = 0; i < count; i++)
            all = arena_printf(p->arena, "%s%s%s", all, *all ? " " : "", roles[i]->name);
    } while (page.token);
    return all;
}

static void test_pages(void **state)
{
    struct place *p = *state;
    static const char *const names[] = {"c", "B", "a", "e", "D"};
    struct page wrong = {.max = 2, .token = "00"};
    struct iam_role **roles;
    const char *next;
    int count;
    assert_string_equal(list_roles(p, ""), "");
    for (size_t i = 0; i < COUNT(names); i++)
        ok(p, create_role(p, names[i], i % 2 ? "/odd/" : "/", ""));
    assert_string_equal(list_roles(p, ""), "a B c D e");
    assert_string_equal(list_roles(p, "/"), "a B c D e");
    assert_string_equal(list_roles(p, "/odd/"), "B e");
    assert_string_equal(list_roles(p, "/%/"), "");
    refused(p, status_role_list(p->status, "", &wrong, p->arena, &roles, &count, &next, &p->err),
            ERROR_BAD_REQUEST);
}

static void test_policies_of_a_role(void **state)
{
    struct place *p = *state;
    struct page page = {.max = 10};
    const char *document, *next, **names;
    int count;
    refused(p, status_role_policy_put(p->status, "r", "a", "{}", &p->err), ERROR_NOT_FOUND);
    ok(p, create_role(p, "r", "/", ""));
    ok(p, status_role_policy_put(p->status, "R", "a", "{}", &p->err));
    ok(p, status_role_policy_put(p->status, "r", "A", "{\"x\":1}", &p->err));
    ok(p, status_role_policy_put(p->status, "r", "b", "{}", &p->err));
    ok(p, status_role_policy_get(p->status, "r", "a", p->arena, &document, &p->err));
    assert_string_equal(document, "{\"x\":1}");
    ok(p, status_role_policy_list(p->status, "r", &page, p->arena, &names, &count, &next, &p->err));
    assert_int_equal(count, 2);
    refused(p, status_role_delete(p->status, "r", &p->err), ERROR_CONFLICT);
    ok(p, status_role_policy_delete(p->status, "r", "a", &p->err));
    refused(p, status_role_policy_delete(p->status, "r", "a", &p->err), ERROR_NOT_FOUND);
    refused(p, status_role_policy_get(p->status, "r", "a", p->arena, &document, &p->err),
            ERROR_NOT_FOUND);
    ok(p, status_role_policy_delete(p->status, "r", "b", &p->err));
    ok(p, status_role_delete(p->status, "r", &p->err));
}

static void test_managed_policies(void **state)
{
    struct place *p = *state;
    struct iam_policy *policy, **policies;
    struct page page = {.max = 10};
    const char *next, **arns;
    int count;
    ok(p, create_policy(p, "free", "/"));
    ok(p, create_policy(p, "used", "/x/"));
    refused(p, create_policy(p, "USED", "/y/"), ERROR_CONFLICT);
    ok(p, create_role(p, "r", "/", ARN "free"));
    refused(p, create_role(p, "s", "/", ARN "none"), ERROR_NOT_FOUND);
    refused(p, status_policy_attach(p->status, "none", ARN "free", &p->err), ERROR_NOT_FOUND);
    refused(p, status_policy_attach(p->status, "r", ARN "none", &p->err), ERROR_NOT_FOUND);
    refused(p, status_policy_attach(p->status, "r", ARN "used", &p->err), ERROR_NOT_FOUND);
    ok(p, status_policy_attach(p->status, "r", ARN "x/used", &p->err));
    ok(p, status_policy_attach(p->status, "r", ARN "x/used", &p->err)); // again is no error
    ok(p, status_policy_attach(p->status, "r", AWS_ARN "AWSLambdaBasicExecutionRole", &p->err));
    ok(p, status_policy_get(p->status, ARN "x/used", p->arena, &policy, &p->err));
    assert_int_equal(policy->attached, 1);
    assert_int_equal(policy->bounding, 0);
    ok(p, status_policy_get(p->status, ARN "free", p->arena, &policy, &p->err));
    assert_int_equal(policy->attached, 0);
    assert_int_equal(policy->bounding, 1);
    ok(p,
       status_policy_attached(p->status, "r", "", &page, p->arena, &arns, &count, &next, &p->err));
    assert_int_equal(count, 2);
    assert_string_equal(arns[0], ARN "x/used");
    ok(p, status_policy_attached(p->status, "r", "/service-role/", &page, p->arena, &arns, &count,
                                 &next, &p->err));
    assert_int_equal(count, 1);
    assert_string_equal(arns[0], AWS_ARN "AWSLambdaBasicExecutionRole");
    ok(p,
       status_policy_list(p->status, "", true, &page, p->arena, &policies, &count, &next, &p->err));
    assert_int_equal(count, 1);
    assert_string_equal(policies[0]->name, "used");
    ok(p, status_policy_list(p->status, "", false, &page, p->arena, &policies, &count, &next,
                             &p->err));
    assert_int_equal(count, 2);

    refused(p, status_policy_delete(p->status, ARN "x/used", &p->err), ERROR_CONFLICT);
    refused(p, status_policy_delete(p->status, ARN "free", &p->err), ERROR_CONFLICT);
    refused(p, status_role_delete(p->status, "r", &p->err), ERROR_CONFLICT);
    ok(p, status_policy_detach(p->status, "r", ARN "x/used", &p->err));
    refused(p, status_policy_detach(p->status, "r", ARN "x/used", &p->err), ERROR_NOT_FOUND);
    ok(p, status_policy_detach(p->status, "r", AWS_ARN "AWSLambdaBasicExecutionRole", &p->err));
    ok(p, status_role_delete(p->status, "r", &p->err));
    ok(p, status_policy_delete(p->status, ARN "x/used", &p->err));
    ok(p, status_policy_delete(p->status, ARN "free", &p->err));
    refused(p, status_policy_delete(p->status, ARN "free", &p->err), ERROR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_roles),
        TEST(test_pages),
        TEST(test_policies_of_a_role),
        TEST(test_managed_policies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
