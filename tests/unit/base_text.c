/* SPDX-License-Identifier: Apache-2.0 */
/* Strings that grow, and numbers as people read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void test_grows(void **state)
{
    (void)state;
    CLEANUP(text_release) struct text text = {0};
    for (int i = 0; i < 1000; i++)
        text_add(&text, "%03d,", i);
    assert_int_equal(text.size, 4000);
    assert_int_equal(strlen(text.data), 4000);
    assert_memory_equal(text.data + 4 * 789, "789,", 4);

    text_append(&text, "a\0b", 3);
    assert_int_equal(text.size, 4003);
    assert_memory_equal(text.data + 4000, "a\0b", 4);
}

static void test_empty(void **state)
{
    (void)state;
    CLEANUP(text_release) struct text text = {0};
    text_append(&text, NULL, 0);
    assert_string_equal(text.data, "");
    text_release(&text);
    assert_null(text.data);
    text_add(&text, "%s", "");
    assert_string_equal(text.data, "");
}

static void test_printable(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"", ""},
        {"Größe 1\t2", "Größe 1 2"},
        {"\x1b[2J\r\n\x7f", "?[2J???"},
        {"\xc2\x9b\x80z", "??z"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(text_release) struct text out = {0};
        text_add(&out, "%s", "");
        text_add_printable(&out, rows[i].text, strlen(rows[i].text));
        assert_string_equal(out.data, rows[i].expected);
    }
}

static void test_bytes(void **state)
{
    (void)state;
    static const struct {
        int64_t bytes;
        const char *expected;
    } rows[] = {
        {0, "0 bytes"},          {1, "1 byte"},          {1023, "1023 bytes"},
        {1024, "1.0 KiB"},       {4096, "4.0 KiB"},      {1048524, "1023.9 KiB"},
        {1048525, "1.0 MiB"},    {1048576, "1.0 MiB"},   {22718509, "21.7 MiB"},
        {5368709120, "5.0 GiB"}, {INT64_MAX, "8.0 EiB"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[32];
        assert_string_equal(text_bytes(rows[i].bytes, out), rows[i].expected);
    }
}

static void test_duration(void **state)
{
    (void)state;
    static const struct {
        int64_t us;
        const char *expected;
    } rows[] = {
        {0, "0:00"},          {999999, "0:00"},        {7000000, "0:07"},
        {751000000, "12:31"}, {3727000000, "1:02:07"}, {360000000000, "100:00:00"},
        {-1, "0:00"},         {3599999999, "59:59"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[32];
        assert_string_equal(text_duration(rows[i].us, out), rows[i].expected);
    }
}

static void test_bitrate(void **state)
{
    (void)state;
    static const struct {
        double bits;
        const char *expected;
    } rows[] = {
        {0, "0 b/s"},           {999, "999 b/s"},           {999.7, "1 kb/s"},
        {812345, "812 kb/s"},   {999499, "999 kb/s"},       {999500, "1.00 Mb/s"},
        {4310000, "4.31 Mb/s"}, {123456789, "123.46 Mb/s"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[32];
        assert_string_equal(text_bitrate(rows[i].bits, out), rows[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grows),   cmocka_unit_test(test_empty),
        cmocka_unit_test(test_bytes),   cmocka_unit_test(test_duration),
        cmocka_unit_test(test_bitrate), cmocka_unit_test(test_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
