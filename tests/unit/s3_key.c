/* SPDX-License-Identifier: Apache-2.0 */
/* Every key has a path that a folder can hold, and finds its way back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "s3/key.h"

#define X10(s) s s s s s s s s s s
#define X50(s) X10(s) X10(s) X10(s) X10(s) X10(s)
#define A250   X50("aaaaa")
#define A255   A250 "aaaaa"
#define A252   A250 "aa"
#define E252   X50("\u00e9\u00e9") X10("\u00e9\u00e9") "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"

static const struct {
    const char *key, *path;
} cases[] = {
    {"a", "a"},
    {"a/b/c.mp4", "a/b/c.mp4"},
    {"my video & more %20.mp4", "my video & more %20.mp4"},
    {"%2e%2e/50%.mp4", "%2e%2e/50%.mp4"},
    {".hidden/...", ".hidden/..."},
    {"\u00fcber/\u65e5\u672c.mp4", "\u00fcber/\u65e5\u672c.mp4"},
    // empty components
    {"/", ".%/.%"},
    {"/a", ".%/a"},
    {"a/", "a/.%"},
    {"a//b", "a/.%/b"},
    {"a///b/", "a/.%/.%/b/.%"},
    // those that mean something else in a folder
    {".", ".%."},
    {"..", ".%.."},
    {"../../etc/passwd", ".%../.%../etc/passwd"},
    {"a/./b/..", "a/.%./b/.%.."},
    // those that mean something to us
    {".uploads", ".%.uploads"},
    {".uploads/x/0", ".%.uploads/x/0"},
    {"a/.uploads/0", "a/.uploads/0"},
    {".%", ".%.%"},
    {".%@", ".%.%@"},
    {"a/.%@", "a/.%.%@"},
    {".%+a/b", ".%.%+a/b"},
    {".%.%.", ".%.%.%."},
    // long ones
    {A255, A255},
    {A255 "/b", A255 "/b"},
    {A255 "a", ".%+" A252 "/aaaa"},
    {"x/" A255 "a/y", "x/.%+" A252 "/aaaa/y"},
    {A252 "..aa", ".%+" A252 "/..aa"},
    {A252 ".uploads", ".%+" A252 "/.uploads"},
    {A252 ".%zz", ".%+" A252 "/.%.%zz"},
    {A252 A252 "aa..", ".%+" A252 "/.%+" A252 "/aa.."},
    {"a" E252 "xx", "a" E252 "xx"},
    {"a" E252 "xxx",
     ".%+a" X50("\u00e9\u00e9") X10("\u00e9\u00e9") "\u00e9\u00e9\u00e9\u00e9\u00e9/\u00e9xxx"},
    {".%" A252, ".%+.%" A250 "/aa"},
    {A250 "aaaa/", A250 "aaaa/.%"},
};

static void test_round_trip(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char path[KEY_PATH_SIZE], key[KEY_MAX_BYTES + 1];
        assert_int_equal(key_to_path(cases[i].key, path), 0);
        assert_string_equal(path, cases[i].path);
        assert_int_equal(key_from_path(path, key), 0);
        assert_string_equal(key, cases[i].key);
    }
}

/* Every key of up to six of these pieces: all paths are plain, none is made twice. */
static void test_all_short_keys(void **state)
{
    (void)state;
    static const char *const pieces[] = {"/", ".", ".%", "+", "@", ".uploads", "a"};
    int total = 1;
    for (int length = 1; length <= 6; length++) {
        total *= (int)COUNT(pieces);
        for (int n = 0; n < total; n++) {
            char key[64] = "", path[KEY_PATH_SIZE], back[KEY_MAX_BYTES + 1];
            size_t used = 0;
            for (int i = 0, rest = n; i < length; i++, rest /= (int)COUNT(pieces))
                used += (size_t)snprintf(key + used, sizeof(key) - used, "%s",
                                         pieces[rest % (int)COUNT(pieces)]);
            assert_int_equal(key_to_path(key, path), 0);
            assert_int_not_equal(path[0], '/');
            assert_int_not_equal(path[strlen(path) - 1], '/');
            assert_null(strstr(path, "//"));
            assert_true(strncmp(path, ".uploads", 8) || (path[8] && path[8] != '/'));
            assert_int_equal(key_from_path(path, back), 0);
            assert_string_equal(back, key);
        }
    }
}

/* The longest paths fit, and so does every name in them. */
static void test_longest(void **state)
{
    (void)state;
    static const char *const units[] = {
        "/", "./", "../", ".%/", ".%", "a", "\xc3\xa9", "\x80", "\xf0\x9f\x8e\xac"};
    for (size_t i = 0; i < COUNT(units); i++) {
        char key[KEY_MAX_BYTES + 1] = "", path[KEY_PATH_SIZE], back[KEY_MAX_BYTES + 1];
        size_t used = 0;
        while (used + strlen(units[i]) <= KEY_MAX_BYTES)
            used += (size_t)snprintf(key + used, sizeof(key) - used, "%s", units[i]);
        assert_int_equal(key_to_path(key, path), 0);
        assert_true(strlen(path) + sizeof("/" KEY_BESIDE) <= KEY_PATH_SIZE);
        for (const char *name = path; name;
             name = strchr(name, '/') ? strchr(name, '/') + 1 : NULL) {
            assert_in_range(strcspn(name, "/"), 1, 255);
        }
        assert_int_equal(key_from_path(path, back), 0);
        assert_string_equal(back, key);
    }
}

static void test_no_such_key(void **state)
{
    (void)state;
    char path[KEY_PATH_SIZE], too_long[KEY_MAX_BYTES + 2];
    memset(too_long, 'a', sizeof(too_long) - 1);
    too_long[sizeof(too_long) - 1] = '\0';
    assert_int_equal(key_to_path("", path), -1);
    assert_int_equal(key_to_path(too_long, path), -1);
}

/* An object that has a folder's name, and names that only a stranger can have put there. */
static void test_from_path(void **state)
{
    (void)state;
    static const struct {
        const char *path, *key;
    } rows[] = {
        {"a/.%@", "a"},      {"a/b/.%@", "a/b"}, {"a/.%/.%@", "a/"}, {".%@", NULL},
        {"a/.%@/b", NULL},   {".%a", NULL},      {"a/.%b", NULL},    {".%+a", NULL},
        {".%+a/b", NULL},    {".uploads", NULL}, {"", NULL},         {"/a", NULL},
        {"a//b", NULL},      {"a/", NULL},       {"a/..", NULL},     {"a/.%.uploads", NULL},
        {"a/.%@/.%@", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char key[KEY_MAX_BYTES + 1];
        int r = key_from_path(rows[i].path, key);
        assert_int_equal(r, rows[i].key ? 0 : -1);
        if (rows[i].key)
            assert_string_equal(key, rows[i].key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_all_short_keys),
        cmocka_unit_test(test_longest),    cmocka_unit_test(test_no_such_key),
        cmocka_unit_test(test_from_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
