/* SPDX-License-Identifier: Apache-2.0 */
#include "s3/credentials.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CREDENTIALS_FILE                                                                           \
    "# a comment\n[default]\naws_access_key_id = AKFILE\naws_secret_access_key=file=secret\n"      \
    "[ other ]\r\naws_access_key_id=AKOTHER\r\naws_secret_access_key =  s2 \r\n"                   \
    "aws_session_token = t2\n[half]\naws_access_key_id = AKHALF\n"                                 \
    "[strange]\naws_access_key_id = A/K\naws_secret_access_key = x\n"                              \
    "[token]\naws_access_key_id = AK\naws_secret_access_key = s\naws_session_token = a\rb: c\n"    \
    "[both]\naws_access_key_id = AKFIRST\naws_secret_access_key = s1\n"
#define CONFIG_FILE                                                                                \
    "[default]\nregion = eu-west-1\ns3 =\n  region = nested\n"                                     \
    "[profile other]\n;region = no\nregion=eu-north-1\n"                                           \
    "[profile in config]\naws_access_key_id = AKCONFIG\naws_secret_access_key = s3\n"              \
    "[profile both]\naws_access_key_id = AKSECOND\naws_secret_access_key = s2\n"                   \
    "aws_session_token = t2\nregion = eu-south-1\n"

static const char *const variables[] = {
    "AWS_ACCESS_KEY_ID",  "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",   "AWS_REGION",
    "AWS_DEFAULT_REGION", "AWS_PROFILE",           "AWS_DEFAULT_PROFILE",
};

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_find(void **state)
{
    (void)state;
    static const struct {
        const char *environment[8]; /* name, value, name, value … */
        const char *access_key, *secret_key, *session_token, *region; /* access_key NULL: refused */
    } rows[] = {
        {{0}, "AKFILE", "file=secret", NULL, "eu-west-1"},
        {{"AWS_PROFILE", "other"}, "AKOTHER", "s2", "t2", "eu-north-1"},
        {{"AWS_DEFAULT_PROFILE", "other"}, "AKOTHER", "s2", "t2", "eu-north-1"},
        {{"AWS_PROFILE", "other", "AWS_REGION", "r"}, "AKOTHER", "s2", "t2", "r"},
        {{"AWS_PROFILE", "in config"}, "AKCONFIG", "s3", NULL, "us-east-1"},
        {{"AWS_PROFILE", "half"}, NULL, NULL, NULL, NULL},
        {{"AWS_PROFILE", "none"}, NULL, NULL, NULL, NULL},
        {{"AWS_PROFILE", "strange"}, NULL, NULL, NULL, NULL},
        {{"AWS_PROFILE", "token"}, NULL, NULL, NULL, NULL},
        {{"AWS_PROFILE", "both"}, "AKFIRST", "s1", NULL, "eu-south-1"},
        {{"AWS_REGION", "r\r\nX: y"}, NULL, NULL, NULL, NULL},
        {{"AWS_REGION", "a/b"}, NULL, NULL, NULL, NULL},
        {{"AWS_ACCESS_KEY_ID", "AKENV"}, NULL, NULL, NULL, NULL},
        {{"AWS_ACCESS_KEY_ID", "AKENV", "AWS_SECRET_ACCESS_KEY", "s"},
         "AKENV",
         "s",
         NULL,
         "eu-west-1"},
        {{"AWS_ACCESS_KEY_ID", "AKENV", "AWS_SECRET_ACCESS_KEY", "s", "AWS_PROFILE", "other",
          "AWS_DEFAULT_REGION", "d"},
         "AKENV",
         "s",
         NULL,
         "d"},
        {{"AWS_ACCESS_KEY_ID", "AKENV", "AWS_SECRET_ACCESS_KEY", "s", "AWS_SESSION_TOKEN", "t"},
         "AKENV",
         "s",
         "t",
         "eu-west-1"},
        {{"AWS_ACCESS_KEY_ID", "", "AWS_SECRET_ACCESS_KEY", ""},
         "AKFILE",
         "file=secret",
         NULL,
         "eu-west-1"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t v = 0; v < COUNT(variables); v++)
            unsetenv(variables[v]);
        for (int v = 0; v < 8 && rows[i].environment[v]; v += 2)
            setenv(rows[i].environment[v], rows[i].environment[v + 1], 1);

        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct credentials got = {0};
        struct error err = {0};
        int r = credentials_find(arena, &got, &err);
        if (!rows[i].access_key) {
            assert_int_equal(r, -1);
            assert_int_equal(err.kind, ERROR_PERMISSION);
            continue;
        }
        assert_int_equal(r, 0);
        assert_string_equal(got.access_key, rows[i].access_key);
        assert_string_equal(got.secret_key, rows[i].secret_key);
        assert_string_equal(got.session_token ? got.session_token : "",
                            rows[i].session_token ? rows[i].session_token : "");
        assert_string_equal(got.region, rows[i].region);
    }
}

static int setup(void **state)
{
    static char folder[] = "/tmp/mediaconvert-local-test-XXXXXX";
    *state = mkdtemp(folder);
    if (!*state || chdir(*state) < 0)
        return -1;
    write_file("credentials", CREDENTIALS_FILE);
    write_file("config", CONFIG_FILE);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "credentials", 1);
    setenv("AWS_CONFIG_FILE", "config", 1);
    return 0;
}

static int teardown(void **state)
{
    unlink("credentials");
    unlink("config");
    return rmdir(*state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_find)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
