/* SPDX-License-Identifier: Apache-2.0 */
/* Paths to operations: split first, decoded then; and services told apart. */
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
        {"GET", "/", NULL, NULL, 405},
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

static const char *query_of(const struct route *route)
{
    return route->query ? route->query : "";
}

/* Each of MediaConvert's 34 operations has one; and none hides another. */
static void test_there_are_all(void **state)
{
    (void)state;
    int count = 0;
    for (const struct route *route = routes; route->method; route++) {
        count += route->access == ACCESS_API && route->api == &api_mediaconvert;
        assert_true(route->success >= 200 && route->success < 300);
        assert_true(route->body_max > 0);
        assert_true(!route->run == (route->actions != NULL));
        for (const struct route *other = routes; other != route; other++)
            assert_true(other->api != route->api || strcmp(other->method, route->method) ||
                        strcmp(other->path, route->path) ||
                        strcmp(query_of(other), query_of(route)));
    }
    assert_int_equal(count, 34);
}

#define SIGNED(service)                                                                            \
    "AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/" service                                  \
    "/aws4_request, SignedHeaders=host, Signature="                                                \
    "0000000000000000000000000000000000000000000000000000000000000000"

/* Of several services at one path, the one that the call is signed for. */
static void test_services(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path, *authorization;
        const struct api *api;
        int status; /* refused with this; 0: found */
        const char *reply;
    } rows[] = {
        {"POST", "/", SIGNED("iam"), &api_iam},
        {"POST", "/", SIGNED("sts"), &api_sts},
        {"POST", "/", SIGNED("logs"), &api_logs},
        {"POST", "/", NULL, &api_logs}, // whatever it is, it will not get in
        {"POST", "/", SIGNED("sqs"), &api_mediaconvert, 404, "there is no service 'sqs' here"},
        {"GET", V "/jobs", SIGNED("iam"), &api_mediaconvert}, // nor this
        {"GET", "/2015-03-31/functions/", SIGNED("lambda"), &api_lambda},
        {"GET", "/nowhere", SIGNED("lambda"), &api_lambda, 404, "{\"Type\":\"User\",\"Message\":"},
        {"GET", "/nowhere", SIGNED("iam"), &api_iam, 404, "<Code>NoSuchEntity</Code>"},
        {"GET", "/nowhere", SIGNED("logs"), &api_logs, 400, "\"__type\":\"ResourceNotFound"},
        {"GET", "/nowhere", SIGNED("s3"), &api_s3, 404, "<Error><Code>NoSuchKey</Code>"},
        {"GET", "/nowhere", SIGNED("nobody"), &api_mediaconvert, 404, "{\"message\":"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct call call;
        call_init(&call);
        call.method = rows[i].method;
        call.path = rows[i].path;
        if (rows[i].authorization)
            call.headers[call.headers_count++] =
                (struct field){"Authorization", rows[i].authorization};
        assert_int_equal(route_find(&call), rows[i].status == 0);
        assert_ptr_equal(call.api, rows[i].api);
        if (rows[i].status) {
            assert_int_equal(call.status, rows[i].status);
            assert_non_null(strstr(call.reply.data, rows[i].reply));
            assert_string_equal(call.content_type, rows[i].api->content_type);
        }
        call_release(&call);
    }
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
        cmocka_unit_test(test_services),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
