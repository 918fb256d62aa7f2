/* SPDX-License-Identifier: Apache-2.0 */
/* Functions in Python, run for real: what they return, what they raise, what they find. */
#include "place.h"

#include <fcntl.h>

#define DEF "def handler(event, context):\n"

/* --- what is returned --- */

static const struct {
    const char *text, *payload, *answer;
} answers[] = {
    {DEF "    return 'hello'\n", "{}", "\"hello\""},
    {DEF "    pass\n", "{}", "null"},
    {DEF "    return event\n", "{\"a\": [1, 2.5, true, null]}", "{\"a\": [1, 2.5, true, null]}"},
    {DEF "    return event\n", "", "{}"},
    {DEF "    return event\n", "7", "7"},
    // before 3.12 Lambda's Python writes escapes
    {DEF "    return event['text']\n", "{\"text\":\"gr\u00fc\u00df \U0001f600\"}",
     "\"gr\\u00fc\\u00df \\ud83d\\ude00\""},
    {DEF "    return len(event['text'])\n", "{\"text\":\"\U0001f600\"}", "1"},
    {"from decimal import Decimal\n" DEF "    return {'d': Decimal('1.5')}\n", "{}",
     "{\"d\": 1.5}"},
    {DEF "    return 'x' * 100000\n", "{}", NULL}, // NULL: its length is looked at
};

static void returned(void **state)
{
    struct place *p = *state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        char name[16];
        snprintf(name, sizeof(name), "f%zu", i);
        create_python(p, name, answers[i].text);
        struct invocation_result *result = invoke(p, name, answers[i].payload);
        if (answers[i].answer)
            expect_answer(result, answers[i].answer);
        else
            assert_int_equal(result->size, 100002);
        assert_int_equal(strlen(result->payload), result->size);
    }
}

static void letters_as_they_are_since_3_12(void **state)
{
    struct place *p = *state;
    struct function_record record = {
        .name = "f", .runtime = "python3.12", .handler = "app.handler", .timeout_s = 10};
    create(p, &record, (struct file[]){{"app.py", DEF "    return event\n"}, {NULL}});
    expect_answer(invoke(p, "f", "\"gr\\u00fc\\u00df\""), "\"gr\u00fc\u00df\"");
}

/* --- what goes wrong --- */

static const struct {
    const char *handler, *text, *type, *message, *logged;
} faults[] = {
    {"app.handler", DEF "    raise ValueError('no good')\n", "ValueError",
     "\"errorMessage\": \"no good\"", "[ERROR] ValueError: no good\nTraceback"},
    {"app.handler", "class Own(Exception): pass\n" DEF "    raise Own('gr\u00fc\u00df')\n", "Own",
     "gr\\u00fc\\u00df", "Own: gr\u00fc\u00df"},
    {"app.handler", "def handler(event, context)\n    return 1\n", "Runtime.UserCodeSyntaxError",
     "Syntax error in module 'app': expected ':' (app.py, line 1)", "Runtime.UserCodeSyntaxError"},
    {"app.handler", "import nowhere_to_be_found\n", "Runtime.ImportModuleError",
     "Unable to import module 'app': No module named 'nowhere_to_be_found'", ""},
    {"none.handler", DEF, "Runtime.ImportModuleError",
     "Unable to import module 'none': No module named 'none'", ""},
    {"app.missing", DEF "    pass\n", "Runtime.HandlerNotFound",
     "Handler 'missing' missing on module 'app'", "END RequestId"},
    {"handler", DEF "    pass\n", "Runtime.MalformedHandlerName",
     "Bad handler 'handler': not enough values to unpack (expected 2, got 1)", ""},
    {"app.handler", "raise RuntimeError('at import')\n", "RuntimeError", "at import", ""},
    {"app.handler", DEF "    return {1, 2}\n", "Runtime.MarshalError",
     "Unable to marshal response: Object of type set is not JSON serializable", ""},
    {"app.handler", DEF "    return '\\ud800'\n", "", "", NULL}, // NULL: goes well before 3.12
    {"app.handler", "import sys\n" DEF "    sys.exit(3)\n", "Runtime.ExitError",
     "Error: Runtime exited with error: exit status 3", "Runtime.ExitError"},
    {"app.handler", "import sys\n" DEF "    sys.exit()\n", "Runtime.ExitError",
     "Error: Runtime exited without providing a reason", ""},
    {"app.handler", "import os\n" DEF "    os._exit(1)\n", "Runtime.ExitError",
     "Error: Runtime exited with error: exit status 1", ""},
    {"app.handler", "import os\n" DEF "    os.kill(os.getpid(), 9)\n", "Runtime.ExitError",
     "Error: Runtime exited with error: signal: killed", ""},
    {"app.handler", "import os\n" DEF "    os.abort()\n", "Runtime.ExitError",
     "Error: Runtime exited with error: signal: aborted", ""},
    {"app.handler", "import sys\nsys.exit(4)\n", "Runtime.ExitError",
     "Error: Runtime exited with error: exit status 4", ""},
    {"app.handler", DEF "    return 'x' * 7000000\n", "Function.ResponseSizeTooLarge",
     "Response payload size exceeded maximum allowed payload size (6291556 bytes).", ""},
    {"app.handler", DEF "    raise Exception('x' * 7000000)\n", "Function.ResponseSizeTooLarge",
     "6291556", ""},
    {"app.handler", DEF "    f = handler\n    return f(event, context)\n", "RecursionError",
     "maximum recursion depth", ""},
};

static void gone_wrong(void **state)
{
    struct place *p = *state;
    for (size_t i = 0; i < COUNT(faults); i++) {
        char name[16];
        snprintf(name, sizeof(name), "f%zu", i);
        struct function_record record = {
            .name = name, .runtime = "python3.11", .handler = faults[i].handler, .timeout_s = 10};
        create(p, &record, (struct file[]){{"app.py", faults[i].text}, {NULL}});
        for (int again = 0; again < 2; again++) { // the next one is not harmed
            struct invocation_result *result = invoke(p, name, "{}");
            if (!faults[i].logged) {
                expect_answer(result, "\"\\ud800\"");
                continue;
            }
            expect_fault(result, faults[i].type, faults[i].message);
            if (!strstr(result->log_tail, faults[i].logged))
                fail_msg("row %zu is not in the log:\n%s", i, result->log_tail);
        }
    }
    int processes, busy;
    functions_count(p->functions, &processes, &busy);
    assert_int_equal(busy, 0);
}

static void the_trace_is_the_functions(void **state)
{
    struct place *p = *state;
    create_python(p, "f", "def deeper():\n    raise KeyError('k')\n" DEF "    return deeper()\n");
    const char *payload = invoke(p, "f", "{}")->payload;
    assert_non_null(strstr(payload, "\"stackTrace\": [\"  File \\\""));
    assert_non_null(strstr(payload, "app.py\\\", line 4, in handler\\n"));
    assert_non_null(strstr(payload, "app.py\\\", line 2, in deeper\\n"));
    assert_non_null(strstr(payload, "\"requestId\": \""));
    assert_null(strstr(payload, "bootstrap"));
}

/* --- what a function finds --- */

static const struct {
    const char *expression, *answer;
} findings[] = {
    {"os.getcwd() == os.environ['LAMBDA_TASK_ROOT']", "true"},
    {"open('app.py').read(6)", "\"import\""},
    {"os.environ['_HANDLER']", "\"app.handler\""},
    {"os.environ['AWS_LAMBDA_FUNCTION_NAME']", "\"f\""},
    {"os.environ['AWS_LAMBDA_FUNCTION_VERSION']", "\"$LATEST\""},
    {"os.environ['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']", "\"256\""},
    {"os.environ['AWS_LAMBDA_LOG_GROUP_NAME']", "\"/aws/lambda/f\""},
    {"os.environ['AWS_LAMBDA_LOG_STREAM_NAME'] == context.log_stream_name", "true"},
    {"os.environ['AWS_EXECUTION_ENV']", "\"AWS_Lambda_python3.11\""},
    {"os.environ['AWS_REGION'] + os.environ['AWS_DEFAULT_REGION']", "\"us-east-1us-east-1\""},
    {"os.environ['FROM_OPTIONS']", "\"yes\""},
    {"os.environ['OWN']", "\"a=b \\u00fc\""},
    {"os.environ['TZ']", "\":UTC\""},
    {"sorted(n for n in os.environ if 'SECRET_OF_THE_SERVER' in n or 'proxy' in n.lower())", "[]"},
    {"context.function_name + context.function_version", "\"f$LATEST\""},
    {"context.memory_limit_in_mb", "\"256\""},
    {"context.invoked_function_arn", "\"arn:aws:lambda:us-east-1:111122223333:function:f\""},
    {"context.log_group_name", "\"/aws/lambda/f\""},
    {"len(context.aws_request_id)", "36"},
    {"8000 < context.get_remaining_time_in_millis() <= 10000", "true"},
    {"context.client_context.custom", "{\"a\": \"b\"}"},
    {"context.client_context.client.app_title", "\"t\""},
    {"os.readlink('/proc/self/fd/0')", "\"/dev/null\""},
    {"sorted(int(f) for f in os.listdir('/proc/self/fd'))", "[0, 1, 2, 3, 4]"},
    {"resource.getrlimit(resource.RLIMIT_CORE)", "[0, 0]"},
    {"os.getsid(0) == os.getpid()", "true"},
    {"'.bootstraps/' in __import__('sitecustomize').__file__", "true"},
    {"sys.path[0] == os.getcwd()", "true"},
    {"__import__('own.deep.module', fromlist=['x']).x", "\"deep\""},
};

static void found(void **state)
{
    struct place *p = *state;
    setenv("SECRET_OF_THE_SERVER", "1", 1);
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    int leaked[] = {dup(STDERR_FILENO), fcntl(STDERR_FILENO, F_DUPFD, 100)}; // without O_CLOEXEC
    struct function_record record = {.name = "f",
                                     .runtime = "python3.11",
                                     .handler = "app.handler",
                                     .timeout_s = 10,
                                     .memory_mib = 256,
                                     .environment = "{\"OWN\":\"a=b \u00fc\"}"};
    create(p, &record,
           (struct file[]){{"app.py", "import os, resource, sys\n" DEF "    return eval(event)\n"},
                           {"own/deep/module.py", "x = 'deep'\n"},
                           {NULL}});
    for (size_t i = 0; i < COUNT(findings); i++) {
        char payload[512];
        snprintf(payload, sizeof(payload), "\"%s\"", findings[i].expression);
        struct invocation invocation = {
            .function = "f",
            .payload = payload,
            .size = strlen(payload),
            .client_context = "{\"custom\":{\"a\":\"b\"},\"client\":{\"app_title\":\"t\"}}",
        };
        struct invocation_result *result;
        ok(p, functions_invoke(p->functions, &invocation, p->arena, &result, &p->err));
        expect_answer(result, findings[i].answer);
    }
    close(leaked[0]);
    close(leaked[1]);
    unsetenv("SECRET_OF_THE_SERVER");
    unsetenv("http_proxy");
}

static const char *const handlers[] = {"app.handler", "dir/file.handler", "pkg.mod.handler"};

static void ways_to_name_a_handler(void **state)
{
    struct place *p = *state;
    static const char text[] = DEF "    return __name__\n";
    static const char *const names[] = {"\"app\"", "\"dir.file\"", "\"pkg.mod\""};
    for (size_t i = 0; i < COUNT(handlers); i++) {
        char name[16];
        snprintf(name, sizeof(name), "f%zu", i);
        struct function_record record = {
            .name = name, .runtime = "python3.9", .handler = handlers[i], .timeout_s = 10};
        create(p, &record,
               (struct file[]){{"app.py", text},
                               {"dir/file.py", text},
                               {"pkg/__init__.py", ""},
                               {"pkg/mod.py", text},
                               {NULL}});
        expect_answer(invoke(p, name, "{}"), names[i]);
    }
}

/* --- what it prints --- */

static void printed(void **state)
{
    struct place *p = *state;
    create_python(p, "f",
                  "import logging, os, sys\nprint('at the start')\n"
                  "logging.getLogger().setLevel(logging.INFO)\n" DEF
                  "    print('one'); print('gr\u00fc\u00df', end='')\n"
                  "    sys.stdout.flush(); os.write(2, b'\\xff\\x00raw\\n')\n"
                  "    logging.info('told %d', 7)\n"
                  "    logging.getLogger('deep').warning('two\\nlines')\n"
                  "    print('no newline', end='')\n");
    struct invocation_result *result = invoke(p, "f", "{}");
    char start[128], end[128], info[128];
    snprintf(start, sizeof(start), "START RequestId: %s Version: $LATEST\n", result->request_id);
    snprintf(end, sizeof(end),
             "no newline\nEND RequestId: %s\nREPORT RequestId: ", result->request_id);
    snprintf(info, sizeof(info), "Z\t%s\ttold 7\n", result->request_id);
    const char *const parts[] = {"at the start\n",
                                 start,
                                 "one\n",
                                 "gr\u00fc\u00df??raw\n",
                                 "[INFO]\t20",
                                 info,
                                 "[WARNING]\t20",
                                 end,
                                 "\tBilled Duration: ",
                                 " ms\tMemory Size: 128 MB\tMax Memory Used: ",
                                 " MB\tInit Duration: "};
    const char *at = result->log_tail;
    for (size_t i = 0; i < COUNT(parts); i++) {
        at = strstr(at, parts[i]);
        if (!at)
            fail_msg("'%s' is missing in:\n%s", parts[i], result->log_tail);
        at += strlen(parts[i]);
    }
    result = invoke(p, "f", "{}"); // only what is its own; the process is warm
    assert_null(strstr(result->log_tail, "at the start"));
    assert_null(strstr(result->log_tail, "Init Duration"));
}

static void a_flood(void **state)
{
    struct place *p = *state;
    create_python(p, "f", DEF "    for i in range(300000): print('line', i)\n    return i\n");
    struct invocation_result *result = invoke(p, "f", "{}");
    expect_answer(result, "299999");
    assert_int_equal(result->log_tail_size, FUNCTION_LOG_TAIL_MAX);
    assert_non_null(strstr(result->log_tail, "line 299999\nEND RequestId"));
    struct log_group *groups;
    int count;
    ok(p, logs_groups(functions_logs(p->functions), "", p->arena, &groups, &count, &p->err));
    assert_int_equal(count, 1);
    assert_in_range(groups[0].bytes, 1 << 20, LOGS_GROUP_MAX);
}

/* Lines that have no end, and processes that print while nobody has invoked them. */
static void unusual_lines(void **state)
{
    struct place *p = *state;
    create_python(p, "f", DEF "    print('x' * 1000000)\n    return 1\n");
    expect_answer(invoke(p, "f", "{}"), "1");
    struct log_query query = {.group = "f", .max = 100};
    struct log_event *events;
    int count;
    int64_t end;
    bool more;
    size_t bytes = 0;
    ok(p, logs_read(functions_logs(p->functions), &query, p->arena, &events, &count, &end, &more,
                    &p->err));
    for (int i = 0; i < count; i++)
        if (events[i].message[0] == 'x') {
            assert_true(events[i].size <= LOGS_MESSAGE_MAX);
            bytes += events[i].size;
        }
    assert_int_equal(bytes, 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(returned),      TEST(letters_as_they_are_since_3_12),
        TEST(gone_wrong),    TEST(the_trace_is_the_functions),
        TEST(found),         TEST(ways_to_name_a_handler),
        TEST(printed),       TEST(a_flood),
        TEST(unusual_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
