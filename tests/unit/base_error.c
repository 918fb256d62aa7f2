/* SPDX-License-Identifier: Apache-2.0 */
/* The first cause is kept, and read last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static void test_text(void **state)
{
    (void)state;
    struct error err = {.at = "/inputs/0"};
    char text[256];
    assert_int_equal(error_set(&err, ERROR_INPUT, "cannot open '%s'", "a"), -1);
    assert_string_equal(err.at, "");
    assert_string_equal(error_text(&err, text, sizeof(text)), "cannot open 'a'");
    assert_int_equal(error_add(&err, "input %d", 1), -1);
    assert_string_equal(error_text(&err, text, sizeof(text)), "input 1: cannot open 'a'");
    assert_string_equal(error_text(&err, text, 10), "input 1: ");

    error_set(&err, ERROR_BUG, "anew");
    assert_string_equal(error_text(&err, text, sizeof(text)), "anew");
}

static void test_cause_is_kept(void **state)
{
    (void)state;
    struct error err;
    char text[4096];
    error_set(&err, ERROR_BUG, "cause");
    for (int i = 0; i < 100; i++)
        error_add(&err, "caller %d", i);
    error_text(&err, text, sizeof(text));
    assert_string_equal(text + strlen(text) - strlen(": cause"), ": cause");
}

static void test_codes(void **state)
{
    (void)state;
    static const struct {
        enum error_kind kind;
        int code;
        const char *title;
    } rows[] = {
        {ERROR_INPUT, 1010, "Input Error"},
        {ERROR_SOURCE_READ, 1076, "Source Read Error"},
        {ERROR_NOT_FOUND, 1404, "File Open Error"},
        {ERROR_BUG, 1999, "Internal Error"},
        {ERROR_UNKNOWN, 1999, "Unknown Error"},
        {(enum error_kind)12345, 12345, "Unknown Error"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error err;
        error_set(&err, rows[i].kind, "x");
        assert_int_equal(error_code(&err), rows[i].code);
        assert_string_equal(error_title(rows[i].kind), rows[i].title);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_cause_is_kept),
        cmocka_unit_test(test_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
