/* SPDX-License-Identifier: Apache-2.0 */
#include "s3/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct target target_of(struct arena *arena, const char *url)
{
    struct target target;
    struct error err = {0};
    char text[512];
    if (target_parse(arena, url, &target, ERROR_FILE_OPEN, &err) < 0)
        fail_msg("%s", error_text(&err, text, sizeof(text)));
    return target;
}

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *url, *host, *path, *query; /* host NULL: refused */
    } rows[] = {
        {"http://h", "h", "/", NULL},
        {"https://h:443/a%20b/../c?d=e#f", "h", "/a%20b/../c", "d=e"},
        {"https://h:9000//a?", "h:9000", "//a", NULL},
        {"http://[::1]:80/", "[::1]", "/", NULL},
        {"ftp://h/", NULL, NULL, NULL},
        {"h:9000", NULL, NULL, NULL},
        {"http://h/a b", NULL, NULL, NULL},
        {"http://h/\xc3\xa4", NULL, NULL, NULL},
        {"http://h%c3%a4/", NULL, NULL, NULL},
        {"http://h%0d%0aX:%20y/", NULL, NULL, NULL},
        {"http://h%61/", "ha", "/", NULL},
        {"http://h%2561/", NULL, NULL, NULL},
        {"http://127.1/", "127.0.0.1", "/", NULL},
        {"http://%3127.1/", NULL, NULL, NULL},
        {"http://h\r\nX: y/", NULL, NULL, NULL},
        {"http://me:secret@h/?X-Amz-Signature=secret", NULL, NULL, NULL},
        {"http://me:secret@h:port/", NULL, NULL, NULL},
    };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct target target = {0};
        struct error err = {0};
        char text[512];
        if (!rows[i].host) {
            assert_int_equal(target_parse(arena, rows[i].url, &target, ERROR_INPUT, &err), -1);
            assert_int_equal(err.kind, ERROR_INPUT);
            assert_null(strstr(error_text(&err, text, sizeof(text)), "secret"));
            continue;
        }
        target = target_of(arena, rows[i].url);
        assert_string_equal(target.host, rows[i].host);
        assert_string_equal(target.path, rows[i].path);
        assert_string_equal(target.query ? target.query : "", rows[i].query ? rows[i].query : "");
    }
}

static void test_follow(void **state)
{
    (void)state;
    static const struct {
        const char *from, *location, *url; /* url NULL: refused */
    } rows[] = {
        {"http://a/b/c?d", "e", "http://a/b/e"},
        {"http://a/b/c?d", "/e?f", "http://a/e?f"},
        {"http://a:9000/b", "//c/d", "http://c/d"},
        {"http://a/b", "https://c:443/", "https://c/"},
        {"https://a/b", "https://c/%2e%2E/d", "https://c/%2e%2E/d"},
        {"https://a/b", "http://a/b", NULL},
        {"http://a/b", "file:///etc/passwd", NULL},
        {"http://a/b", "http://me@c/", NULL},
        {"http://a/b", "/c d", NULL},
        {"http://a/b", "//c%2561/", NULL},
    };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct target target = target_of(arena, rows[i].from);
        struct error err = {0};
        int r = target_follow(arena, &target, rows[i].location, &target, ERROR_HTTP_UNKNOWN, &err);
        assert_int_equal(r, rows[i].url ? 0 : -1);
        assert_string_equal(target_url(arena, &target), rows[i].url ? rows[i].url : rows[i].from);
    }
}

static void test_region(void **state)
{
    (void)state;
    static const struct {
        const char *url, *there;
    } rows[] = {
        {"https://s3.eu-west-1.amazonaws.com", "https://s3.us-west-2.amazonaws.com/"},
        {"https://s3.dualstack.eu-west-1.amazonaws.com",
         "https://s3.dualstack.us-west-2.amazonaws.com/"},
        {"https://s3.amazonaws.com", "https://s3.us-west-2.amazonaws.com/"},
        {"https://s3.eu-north-1.amazonaws.com", "https://s3.eu-north-1.amazonaws.com/"},
        {"http://localhost:9000", "http://localhost:9000/"},
        {"https://s3.eu-west-1.example.com", "https://s3.eu-west-1.example.com/"},
    };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct target target = target_of(arena, rows[i].url);
        target_into_region(arena, &target, "eu-west-1", "us-west-2");
        assert_string_equal(target_url(arena, &target), rows[i].there);
    }
}

static void test_shown(void **state)
{
    (void)state;
    static const struct {
        const char *url, *shown;
    } rows[] = {
        {"https://h/a/b.mp4", "https://h/a/b.mp4"},
        {"https://h/a@b", "https://h/a@b"},
        {"https://h/a?X-Amz-Signature=b", "https://h/a?..."},
        {"https://me:secret@h/a", "https://h/a"},
        {"me:secret@h", "h"},
        {"s3://b/a@b?c", "s3://b/a@b?c"},
        {"file:///a@b?c#d", "file:///a@b?c#d"},
        {"", ""},
    };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(target_shown(arena, rows[i].url), rows[i].shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_follow),
        cmocka_unit_test(test_region),
        cmocka_unit_test(test_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
