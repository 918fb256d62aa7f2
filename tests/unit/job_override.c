/* SPDX-License-Identifier: Apache-2.0 */
/* --input, --destination and --set, on each of the forms of a job. */
#include "job_case.h"

#include <stdio.h>
#include <unistd.h>

#define GROUP_OF(destination)                                                                      \
    "{\"outputGroupSettings\":{\"type\":\"FILE_GROUP_SETTINGS\",\"fileGroupSettings\":{"           \
    "\"destination\":\"" destination "\"}}}"

static const char *string_at(struct json *root, const char *pointer)
{
    struct json *value = json_find(root, pointer);
    return value && value->type == JSON_STRING ? value->string : NULL;
}

static void test_input(void **state)
{
    (void)state;
    char here[4096], there[5000];
    assert_non_null(getcwd(here, sizeof(here)));
    snprintf(there, sizeof(there), "file://%s/no such file.mp4", here);
    const struct {
        const char *job, *input, *pointer, *expected;
    } rows[] = {
        {"{\"Inputs\":[{\"FileInput\":\"s3://a/b\"}]}", "s3://c/d", "/Inputs/0/FileInput",
         "s3://c/d"},
        {"{}", "s3://c/d", "/inputs/0/fileInput", "s3://c/d"},
        {"{\"Inputs\":[]}", "s3://c/d", "/Inputs/0/fileInput", "s3://c/d"},
        {"{\"Settings\":{\"Inputs\":[{}]}}", "s3://c/d", "/Settings/Inputs/0/fileInput",
         "s3://c/d"},
        {"{\"job\":{\"settings\":{}}}", "s3://c/d", "/job/settings/inputs/0/fileInput", "s3://c/d"},
        {"{}", "/no/such/file", "/inputs/0/fileInput", "file:///no/such/file"},
        {"{}", "no such file.mp4", "/inputs/0/fileInput", there},
        {"{}", "/usr/../tmp", "/inputs/0/fileInput", "file:///usr/../tmp"},
        {"{}", "http://h/12", "/inputs/0/fileInput", "http://h/12"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct json *root = case_read(arena, rows[i].job);
        struct error err;
        assert_int_equal(job_set_input(arena, root, rows[i].input, &err), 0);
        assert_string_equal(string_at(root, rows[i].pointer), rows[i].expected);
    }
}

static void test_destination(void **state)
{
    (void)state;
    static const struct {
        const char *old, *destination, *expected;
    } rows[] = {
        {GROUP_OF("s3://old/HLS/"), "s3://new/a/Default", "s3://new/a/Default/HLS/"},
        {GROUP_OF("s3://old/HLS/"), "s3://new/a/", "s3://new/a/HLS/"},
        {GROUP_OF("s3://old/film"), "s3://new", "s3://new/film"},
        {GROUP_OF("s3://old"), "s3://new", "s3://new/"},
        {GROUP_OF("s3://old/a/$fn$"), "s3://new/b", "s3://new/b/a/$fn$"},
        {GROUP_OF("nonsense"), "s3://new/b", "s3://new/b/"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct json *root = case_read(
            arena, arena_printf(arena, "{\"settings\":{\"outputGroups\":[%s]}}", rows[i].old));
        struct error err;
        assert_int_equal(job_set_destination(arena, root, rows[i].destination, &err), 0);
        assert_string_equal(string_at(root, "/settings" GROUP "/fileGroupSettings/destination"),
                            rows[i].expected);
    }
}

static void test_destination_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {"", "out", "/tmp/out", "http://b/p", "s3://", "s3:///p"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct error err;
        assert_int_equal(job_set_destination(arena, case_read(arena, mp4_job), rows[i], &err), -1);
        assert_int_equal(err.kind, ERROR_BAD_REQUEST);
    }
}

static void test_set(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct json *root = case_read(arena, "{\"Settings\":{\"Inputs\":[]},\"Role\":\"r\"}");
    struct error err;
    assert_int_equal(job_set(arena, root, "/adAvailOffset", "12", &err), 0);
    assert_true(json_find(root, "/Settings/adAvailOffset")->number == 12);
    assert_int_equal(job_set(arena, root, "/inputs/5", "12", &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_input),
        cmocka_unit_test(test_destination),
        cmocka_unit_test(test_destination_refused),
        cmocka_unit_test(test_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
