/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/macros.h"
#include "job/pattern.h"

#define TIMECODE "^((([0-1]\\d)|(2[0-3]))(:[0-5]\\d){2}([:;][0-5]\\d))$"
#define KEY_ID   "[a-fA-F0-9]{8}"
#define ESAM     "^\\s*<(.|\\n)*SignalProcessingNotification(.|\\n)*>\\s*$"
#define IMAGE                                                                                      \
    "^((s3://(.*?)\\.(png|PNG))|(https?://(.*?)\\.(png|PNG)(\\?([^&=]+=[^&]+&)*[^&=]+=[^&]+)?))$"

static const struct {
    const char *pattern, *string;
    bool matches;
} cases[] = {
    {TIMECODE, "23:59:59;29", true},
    {TIMECODE, "24:00:00:00", false},
    {TIMECODE, "23:59:59:290", false},
    {"^[\\w\\s]*$", "a b_1\t", true},
    {"^[\\w\\s]*$", "a-b", false},
    {"^[\\w-]+$", "a-b", true},
    {"^[\\w-]+$", "\\", false},
    {"^s3:\\/\\/.*$", "s3://b", true},
    {"^s3:\\/\\/.*$", "s3:\\/\\/b", false},
    {"^[A-Za-z0-9+\\/]+={0,2}$", "a/+==", true},
    {"^[A-Za-z0-9+\\/]+={0,2}$", "a\\", false},
    {ESAM, "\n <ns:SignalProcessingNotification>\nx\n</ns:SignalProcessingNotification> \n", true},
    {ESAM, "SignalProcessingNotification", false},
    {IMAGE, "s3://b/a.png.png", true},
    {IMAGE, "https://b/a.png?x=1&y=2", true},
    {IMAGE, "https://b/a.png?x", false},
    /* an anchor on one side only of each alternative */
    {"^" KEY_ID "|mrk-" KEY_ID "$", "01234567 and more", true},
    {"^" KEY_ID "|mrk-" KEY_ID "$", "arn:x/mrk-01234567", true},
    {"^" KEY_ID "|mrk-" KEY_ID "$", "mrk-0123456", false},
    /* a bracket that is escaped opens no list */
    {"^(\\[|\\()?\\d(\\]|\\))?$", "[5]", true},
    {"^(\\[|\\()?\\d(\\]|\\))?$", "[d]", false},
};

static void test_cases(void **state)
{
    (void)state;
    struct patterns patterns = {0};
    for (size_t i = 0; i < COUNT(cases); i++)
        if (pattern_matches(&patterns, cases[i].pattern, cases[i].string) != cases[i].matches)
            fail_msg("%s: %s", cases[i].pattern, cases[i].string);
    patterns_release(&patterns);
}

static void test_more_than_are_kept(void **state)
{
    (void)state;
    struct patterns patterns = {0};
    char several[PATTERNS_MAX + 5][16];
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < (int)COUNT(several); i++) {
            snprintf(several[i], sizeof(several[i]), "^%d$", i);
            assert_true(pattern_matches(&patterns, several[i], several[i] + 1) == false);
            char number[16];
            snprintf(number, sizeof(number), "%d", i);
            assert_true(pattern_matches(&patterns, several[i], number));
        }
    patterns_release(&patterns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_more_than_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
