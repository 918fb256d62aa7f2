/* SPDX-License-Identifier: Apache-2.0 */
/* Paths to operations: split first, decoded then. */
#include "http/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "http/health.h"
#include "http/mediaconvert.h"

#define V "/2017-08-29"

static void test_routes(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path;
        operation *run;   /* NULL: refused … */
        const char *name; /* … */
        int status;       /* … with this */
    } rows[] = {
        {"GET", V "/jobs", mediaconvert_list_jobs, NULL},
        {"POST", V "/jobs", mediaconvert_create_job, NULL},
        {"GET", V "/jobs/1515368087458-qnoxtd", mediaconvert_get_job, "1515368087458-qnoxtd"},
        {"HEAD", V "/jobs/a", mediaconvert_get_job, "a"},
        {"DELETE", V "/jobs/a%2Fb", mediaconvert_cancel_job, "a/b"},
        {"GET", V "/tags/arn%3Aaws%3Amediaconvert%3Aus-east-1%3A1%3Aqueues%2FDefault",
         mediaconvert_list_tags_for_resource, "arn:aws:mediaconvert:us-east-1:1:queues/Default"},
        {"PUT", V "/tags/arn:aws:a", mediaconvert_untag_resource, "arn:aws:a"},
        {"GET", V "/presets/%C3%BC%20%25", mediaconvert_get_preset, "ü %"},
        {"GET", V "/presets/%zz", mediaconvert_get_preset, "%zz"},
        {"GET", "/healthz", health_healthz, NULL},
        {"GET", V "/presets/%ff", NULL, NULL, 400},
        {"GET", V "/presets/%0a", NULL, NULL, 400},
        {"GET", V "/presets/%C3", NULL, NULL, 400},
        {"GET", V "/jobs/", NULL, NULL, 404},
        {"GET", V "/jobs/a/b", NULL, NULL, 404},
        {"GET", V "/Jobs", NULL, NULL, 404},
        {"GET", V "/job%73", NULL, NULL, 404}, /* nobody writes it so */
        {"GET", V "//jobs", NULL, NULL, 404},
        {"GET", "/", NULL, NULL, 404},
        {"GET", "", NULL, NULL, 404},
        {"GET", V, NULL, NULL, 404},
        {"PUT", V "/jobs", NULL, NULL, 405},
        {"POST", V "/jobs/a", NULL, NULL, 405},
        {"get", V "/jobs", NULL, NULL, 405},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct call call;
        call_init(&call);
        call.method = rows[i].method;
        call.path = rows[i].path;
        bool found = route_find(&call);
        assert_int_equal(found, rows[i].run != NULL);
        if (found)
            assert_ptr_equal(call.route->run, rows[i].run);
        else
            assert_int_equal(call.status, rows[i].status);
        if (rows[i].name)
            assert_string_equal(call.name, rows[i].name);
        call_release(&call);
    }
}

/* Each of the model's 34 operations has one. */
static void test_there_are_all(void **state)
{
    (void)state;
    int count = 0;
    for (const struct route *route = routes; route->method; route++) {
        count += route->access == ACCESS_API;
        assert_true(route->success >= 200 && route->success < 300);
        assert_true(route->body_max > 0);
        for (const struct route *other = routes; other != route; other++)
            assert_true(strcmp(other->method, route->method) || strcmp(other->path, route->path));
    }
    assert_int_equal(count, 34);
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *text, *kind, *name;
    } rows[] = {
        {"Default", "queues", "Default"},
        {"arn:aws:mediaconvert:us-east-1:111122223333:queues/Default", "queues", "Default"},
        {"arn:aws-cn:mediaconvert:cn-north-1:1:queues/a/b", "queues", "a/b"},
        {"arn:aws:mediaconvert:us-east-1:1:presets/a", "queues",
         "arn:aws:mediaconvert:us-east-1:1:presets/a"},
        {"arn:", "queues", "arn:"},
        {"queues/a", "queues", "queues/a"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(mediaconvert_name(rows[i].text, rows[i].kind), rows[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_there_are_all),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
