/* SPDX-License-Identifier: Apache-2.0 */
/* How findings are told: to a person with the place, to a program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "base/text.h"
#include "job/job.h"

static void check_printed(const char *text, size_t at, const char *message, const char *expected)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(text_release) struct text out = {0};
    struct findings findings;
    findings_init(&findings, arena);
    findings_add(&findings, FINDING_ERROR, "/a", at, "%s", message);
    findings_print(&findings, "f.json", text, strlen(text), &out);
    assert_string_equal(out.data, expected);
}

static void test_print(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t at;
        const char *expected;
    } rows[] = {
        {"{ 1 }", 2, "f.json:1:3: error: /a: m\n  { 1 }\n    ^\n"},
        {"{\n\t\"é\": 1\r\n}", 9, "f.json:2:7: error: /a: m\n   \"é\": 1\n        ^\n"},
        {"{\n", 2, "f.json:2:1: error: /a: m\n  \n  ^\n"},
        {"", 0, "f.json:1:1: error: /a: m\n  \n  ^\n"},
        {"\"\x1b[2J\xc2\x9b\x7f\"", 0, "f.json:1:1: error: /a: m\n  \"?[2J??\"\n  ^\n"},
        {"\xef\xbb\xbf{}", 3, "f.json:1:1: error: /a: m\n  {}\n  ^\n"},
        {"x", JSON_NOWHERE, "f.json: error: /a: m\n"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        check_printed(rows[i].text, rows[i].at, "m", rows[i].expected);
    check_printed("x", JSON_NOWHERE, "a\x1b]0;b\nc", "f.json: error: /a: a?]0;b?c\n");
}

/* A job on one line of thousands of bytes is shown around the place only. */
static void test_long_line(void **state)
{
    (void)state;
    CLEANUP(text_release) struct text text = {0}, expected = {0};
    for (int i = 0; i < 1000; i++)
        text_add(&text, "%d", i % 10);
    text_add(&expected, "f.json:1:501: error: /a: m\n  …%.*s…\n   %*s\n", 100, text.data + 450, 51,
             "^");
    check_printed(text.data, 500, "m", expected.data);
}

static void test_json(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct findings findings;
    findings_init(&findings, arena);
    findings_add(&findings, FINDING_WARNING, "/a", 4, "m");
    findings_add(&findings, FINDING_ERROR, "/b", JSON_NOWHERE, "n");
    cJSON *array = findings_json(&findings, "{\n  1}", 6);
    char *printed = cJSON_PrintUnformatted(array);
    assert_string_equal(
        printed,
        "[{\"severity\":\"warning\",\"pointer\":\"/a\",\"line\":2,\"column\":3,\"message\":\"m\"},"
        "{\"severity\":\"error\",\"pointer\":\"/b\",\"message\":\"n\"}]");
    cJSON_free(printed);
    cJSON_Delete(array);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_print),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
