/* SPDX-License-Identifier: Apache-2.0 */
/* The event of a task, and what answers mean for it; how long until the next attempt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "batch/lambda.h"
#include "batch/task.h"

static const struct batch_task task = {
    .batch = "job",
    .number = 3,
    .entry = {"in", "a%20b.mp4", NULL},
    .id = "dGFzaw==",
    .invocation = "aW52",
    .schema = "1.0",
    .user_arguments = "{\"k\":\"v\"}",
};

static void events(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    assert_string_equal(lambda_event(arena, &task),
                        "{\"invocationSchemaVersion\":\"1.0\",\"invocationId\":\"aW52\","
                        "\"job\":{\"id\":\"job\"},\"tasks\":[{\"taskId\":\"dGFzaw==\","
                        "\"s3Key\":\"a%20b.mp4\",\"s3VersionId\":null,"
                        "\"s3BucketArn\":\"arn:aws:s3:::in\"}]}");
    struct batch_task second = task;
    second.schema = "2.0";
    second.entry.version = "v\"1";
    assert_string_equal(lambda_event(arena, &second),
                        "{\"invocationSchemaVersion\":\"2.0\",\"invocationId\":\"aW52\","
                        "\"job\":{\"id\":\"job\",\"userArguments\":{\"k\":\"v\"}},"
                        "\"tasks\":[{\"taskId\":\"dGFzaw==\",\"s3Key\":\"a%20b.mp4\","
                        "\"s3VersionId\":\"v\\\"1\",\"s3Bucket\":\"in\"}]}");
}

#define RESULT(code) "{\"results\":[{\"taskId\":\"dGFzaw==\",\"resultCode\":" code "}]}"
#define MISSING(as)  "{\"treatMissingKeysAs\":" as ",\"results\":[{\"taskId\":\"other\"}]}"
#define INVALID      "Invalid JSON returned in Lambda payload"
#define NO_CODE      "Lambda returned a result without a valid resultCode"
#define NO_RESULT    "Lambda returned no result for the task"

static const struct {
    bool failed;
    const char *payload;
    enum task_code code;
    const char *message;
} answers[] = {
    {false, RESULT("\"Succeeded\",\"resultString\":\"fine\""), TASK_SUCCEEDED, "fine"},
    {false, RESULT("\"TemporaryFailure\",\"resultString\":\"later\""), TASK_TEMPORARY, "later"},
    {false, RESULT("\"PermanentFailure\",\"resultString\":\"no\""), TASK_PERMANENT, "no"},
    {false, RESULT("\"Succeeded\""), TASK_SUCCEEDED, ""},
    {false, RESULT("\"Succeeded\",\"resultString\":7"), TASK_SUCCEEDED, ""},
    {false, RESULT("\"Fine\",\"resultString\":\"x\""), TASK_PERMANENT, NO_CODE},
    {false, RESULT("null"), TASK_PERMANENT, NO_CODE},
    {false, MISSING("\"PermanentFailure\""), TASK_PERMANENT, NO_RESULT},
    {false, MISSING("\"Succeeded\""), TASK_SUCCEEDED, NO_RESULT},
    {false, MISSING("\"TemporaryFailure\""), TASK_TEMPORARY, NO_RESULT},
    {false, MISSING("\"Perhaps\""), TASK_TEMPORARY, NO_RESULT},
    {false, "{\"treatMissingKeyAs\":\"PermanentFailure\",\"results\":[]}", TASK_TEMPORARY,
     NO_RESULT}, /* misspelt, as the tutorial has it */
    {false, "{\"results\":[7,null,[]]}", TASK_TEMPORARY, NO_RESULT},
    {false, "{\"results\":{}}", TASK_PERMANENT, INVALID},
    {false, "{}", TASK_PERMANENT, INVALID},
    {false, "null", TASK_PERMANENT, INVALID},
    {false, "\"text\"", TASK_PERMANENT, INVALID},
    {false, "", TASK_PERMANENT, INVALID},
    {false, "{\"results\":[", TASK_PERMANENT, INVALID},
    {false, "\xff", TASK_PERMANENT, INVALID},
    {true, "{\"errorMessage\":\"no\"}", TASK_PERMANENT,
     "Lambda returned function error: {\"errorMessage\":\"no\"}"},
    {true, RESULT("\"Succeeded\""), TASK_PERMANENT,
     "Lambda returned function error: " RESULT("\"Succeeded\"")},
};

static void judging(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct task_outcome outcome;
        lambda_judge(arena, &task, answers[i].failed, answers[i].payload,
                     strlen(answers[i].payload), &outcome);
        assert_int_equal(outcome.code, answers[i].code);
        assert_int_equal(outcome.http_status, 200);
        assert_string_equal(outcome.message, answers[i].message);
    }
}

static void messages(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    static char text[LAMBDA_MESSAGE_MAX + 10];
    memset(text, 'a', sizeof(text));
    assert_int_equal(strlen(lambda_message(arena, text, sizeof(text))), LAMBDA_MESSAGE_MAX);
    memcpy(text + LAMBDA_MESSAGE_MAX - 1, "\xc3\xa4", 2); // is not cut in two
    assert_int_equal(strlen(lambda_message(arena, text, sizeof(text))), LAMBDA_MESSAGE_MAX - 1);
    assert_string_equal(lambda_message(arena, "a\xff\0b", 4), "a??b");
}

static void names(void **state)
{
    (void)state;
    static const struct {
        const char *function, *name;
    } cases[] = {
        {"convert", "convert"},
        {"convert:$LATEST", "convert"},
        {"arn:aws:lambda:us-east-1:111122223333:function:convert", "convert"},
        {"arn:aws:lambda:us-east-1:111122223333:function:convert:live", "convert"},
        {"111122223333:function:convert", "convert"},
    };
    CLEANUP(arena_free) struct arena *arena = arena_new();
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(handler_function_name(arena, cases[i].function), cases[i].name);
}

static void pauses(void **state)
{
    (void)state;
    unsigned seed = 1;
    for (int attempt = 2, times = 1; attempt < 7; attempt++, times *= 2)
        for (int i = 0; i < 100; i++) {
            int64_t pause = task_pause_us(1000000, attempt, &seed);
            assert_in_range(pause, 750000 * times, 1000000 * times);
        }
    assert_in_range(task_pause_us(1, 1000, &seed), 1, 1 << 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events), cmocka_unit_test(judging), cmocka_unit_test(messages),
        cmocka_unit_test(names),  cmocka_unit_test(pauses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
