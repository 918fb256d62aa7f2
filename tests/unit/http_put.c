/* SPDX-License-Identifier: Apache-2.0 */
/* JSON that is written: escapes, the wire's spelling, what is left out. */
#include "http/put.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "job/job.h"

static void test_strings(void **state)
{
    (void)state;
    static const struct {
        const char *string, *json;
    } rows[] = {
        {"", "\"\""},
        {"a", "\"a\""},
        {"\"\\/", "\"\\\"\\\\/\""},
        {"\n\x01", "\"\\u000a\\u0001\""},
        {"ü漢", "\"ü漢\""},
        {"a\xff"
         "b\xc3",
         "\"a?b?\""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(text_release) struct text out = {0};
        put_string(&out, NULL, rows[i].string);
        put_finish(&out);
        assert_string_equal(out.data, rows[i].json);
    }
}

static void test_objects(void **state)
{
    (void)state;
    CLEANUP(text_release) struct text out = {0};
    put_open(&out, NULL, '{');
    put_open(&out, "empty", '[');
    put_close(&out, ']');
    put_string(&out, "none", NULL);
    put_members(&out, "{}");
    put_members(&out, "{\"a\":1,\"b\":[]}");
    put_time(&out, "t", 1500000);
    put_time(&out, "never", 0);
    put_number(&out, "n", -3);
    put_close(&out, '}');
    put_finish(&out);
    assert_string_equal(out.data, "{\"empty\":[],\"a\":1,\"b\":[],\"t\":1,\"n\":-3}");
}

/* Members get the wire's first letter; keys of maps and metadata stay as they are. */
static void test_requests(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wire;
    } rows[] = {
        {"{\"Role\":\"R\",\"Priority\":1e1,\"Queue\":null}", "{\"role\":\"R\",\"priority\":1e1}"},
        {"{\"UserMetadata\":{\"Key\":\"V\",\"key\":\"\"}}",
         "{\"userMetadata\":{\"Key\":\"V\",\"key\":\"\"}}"},
        {"{\"Settings\":{\"Inputs\":[{\"AudioSelectors\":{\"Audio Selector "
         "1\":{\"Tracks\":[1]}}}]}}",
         "{\"settings\":{\"inputs\":[{\"audioSelectors\":{\"Audio Selector "
         "1\":{\"tracks\":[1]}}}]}}"},
        {"{\"settings\":{\"OutputGroups\":[{\"Outputs\":[{\"VideoDescription\":{\"CodecSettings\":"
         "{\"H264Settings\":{\"Bitrate\":1}}}}]}]}}",
         "{\"settings\":{\"outputGroups\":[{\"outputs\":[{\"videoDescription\":{\"codecSettings\":"
         "{\"h264Settings\":{\"bitrate\":1}}}}]}]}}"},
        {"{\"HopDestinations\":[{\"WaitMinutes\":3},{}]}",
         "{\"hopDestinations\":[{\"waitMinutes\":3},{}]}"},
    };
    const struct setting row = {.type = TYPE_OBJECT, .children = &create_job_request_structure};
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        CLEANUP(text_release) struct text out = {0};
        struct json *root;
        struct error err;
        size_t at;
        assert_int_equal(json_parse(arena, rows[i].text, strlen(rows[i].text), &root, &at, &err),
                         0);
        put_value(&out, NULL, &row, root);
        put_finish(&out);
        assert_string_equal(out.data, rows[i].wire);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
