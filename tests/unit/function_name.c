/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "function/name.h"
#include "function/runtime.h"
#include "function/runtime_environment.h"

static const struct status_owner owner = {"us-east-1", "111122223333"};

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *text, *qualifier;
    const char *name; /* NULL: refused */
    enum error_kind kind;
} names[] = {
    {"convert", NULL, "convert"},
    {"Con-vert_1", NULL, "Con-vert_1"},
    {A64, NULL, A64},
    {"convert:$LATEST", NULL, "convert"},
    {"convert", "$LATEST", "convert"},
    {"convert:$LATEST", "$LATEST", "convert"},
    {"111122223333:function:convert", NULL, "convert"},
    {"111122223333:function:convert:$LATEST", NULL, "convert"},
    {"arn:aws:lambda:us-east-1:111122223333:function:convert", NULL, "convert"},
    {"arn:aws:lambda:us-east-1:111122223333:function:convert:$LATEST", NULL, "convert"},
    {"arn:aws-cn:lambda:us-east-1:111122223333:function:convert", NULL, "convert"},
    {"function", NULL, "function"},
    {"arn", NULL, "arn"},

    {"convert:1", NULL, NULL, ERROR_NOT_FOUND},
    {"convert:live", NULL, NULL, ERROR_NOT_FOUND},
    {"convert", "live", NULL, ERROR_NOT_FOUND},
    {"convert:live", "$LATEST", NULL, ERROR_BAD_REQUEST},
    {"444455556666:function:convert", NULL, NULL, ERROR_NOT_FOUND},
    {"arn:aws:lambda:eu-west-1:111122223333:function:convert", NULL, NULL, ERROR_NOT_FOUND},
    {"arn:aws:lambda:us-east-1:444455556666:function:convert", NULL, NULL, ERROR_NOT_FOUND},
    {"", NULL, NULL, ERROR_BAD_REQUEST},
    {":", NULL, NULL, ERROR_BAD_REQUEST},
    {":convert", NULL, NULL, ERROR_BAD_REQUEST},
    {"../convert", NULL, NULL, ERROR_BAD_REQUEST},
    {"con vert", NULL, NULL, ERROR_BAD_REQUEST},
    {"con/vert", NULL, NULL, ERROR_BAD_REQUEST},
    {".", NULL, NULL, ERROR_BAD_REQUEST},
    {A64 "a", NULL, NULL, ERROR_BAD_REQUEST},
    {"a:b:c", NULL, NULL, ERROR_BAD_REQUEST},
    {"arn:aws:s3:us-east-1:111122223333:function:convert", NULL, NULL, ERROR_BAD_REQUEST},
    {"arn:aws:lambda:us-east-1:111122223333:layer:convert", NULL, NULL, ERROR_BAD_REQUEST},
    {"arn:aws:lambda:us-east-1:111122223333:function", NULL, NULL, ERROR_BAD_REQUEST},
    {"arn:aws:lambda:us-east-1:111122223333:function:convert:$LATEST:more", NULL, NULL,
     ERROR_BAD_REQUEST},
    {"a:b:c:d:e:f:g:h:i:j", NULL, NULL, ERROR_BAD_REQUEST},
    {A64 A64 A64 A64, NULL, NULL, ERROR_BAD_REQUEST},
};

static void parses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        char name[FUNCTION_NAME_MAX + 1] = "";
        struct error err;
        int r = function_name_parse(names[i].text, names[i].qualifier, &owner, name, &err);
        bool right = names[i].name ? r == 0 && strcmp(name, names[i].name) == 0
                                   : r == -1 && err.kind == names[i].kind;
        if (!right)
            fail_msg("'%s': %d, '%s', %s", names[i].text, r, name, r ? err.frame[0] : "");
    }
}

static void makes_arns(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    assert_string_equal(function_arn(&owner, arena, "f"),
                        "arn:aws:lambda:us-east-1:111122223333:function:f");
    arena_free(&arena);
}

/* --- what a client may choose --- */

static const struct {
    const char *name, *runtime, *handler;
    int timeout_s, memory_mib;
    const char *environment, *why; /* NULL: well */
} records[] = {
    {"f", "python3.9", "a.b", 3, 128, NULL, NULL},
    {"f", "nodejs18.x", "a/b.c", 900, 10240, "{\"AB\":\"\"}", NULL},
    {"f", "provided.al2", "any", 1, 128, "{}", NULL},
    {"f", "java17", "a.b", 3, 128, NULL, "the runtime 'java17' is not supported here"},
    {"f", "ruby3.2", "a.b", 3, 128, NULL, "is not supported here"},
    {"f", "go1.x", "a.b", 3, 128, NULL, "is not supported here"},
    {"f", "dotnet8", "a.b", 3, 128, NULL, "is not supported here"},
    {"f", "python2.7", "a.b", 3, 128, NULL, "is not supported here"},
    {"f", "", "a.b", 3, 128, NULL, "is not supported here"},
    {"f", NULL, "a.b", 3, 128, NULL, "is not supported here"},
    {"", "python3.9", "a.b", 3, 128, NULL, "1 to 64 letters"},
    {"a.b", "python3.9", "a.b", 3, 128, NULL, "1 to 64 letters"},
    {"f", "python3.9", NULL, 3, 128, NULL, "handler must have 1 to 128"},
    {"f", "python3.9", "a b", 3, 128, NULL, "handler has a space"},
    {"f", "python3.9", "a.b", 0, 128, NULL, "time-out in seconds must be 1 to 900, not 0"},
    {"f", "python3.9", "a.b", 901, 128, NULL, "time-out in seconds must be 1 to 900, not 901"},
    {"f", "python3.9", "a.b", 3, 127, NULL, "memory in MB must be 128 to 10240, not 127"},
    {"f", "python3.9", "a.b", 3, 10241, NULL, "memory in MB"},
    {"f", "python3.9", "a.b", 3, 128, "[]", "no JSON object"},
    {"f", "python3.9", "a.b", 3, 128, "{", "the environment"},
    {"f", "python3.9", "a.b", 3, 128, "{\"A\":\"x\"}", "cannot be called 'A'"},
    {"f", "python3.9", "a.b", 3, 128, "{\"1B\":\"x\"}", "cannot be called '1B'"},
    {"f", "python3.9", "a.b", 3, 128, "{\"A=B\":\"x\"}", "cannot be called 'A=B'"},
    {"f", "python3.9", "a.b", 3, 128, "{\"AB\":\"x\",\"AB\":\"y\"}", "twice"},
    {"f", "python3.9", "a.b", 3, 128, "{\"AB\":1}", "is no string"},
    {"f", "python3.9", "a.b", 3, 128, "{\"AWS_REGION\":\"x\"}",
     "Reserved keys used in this request: AWS_REGION"},
    {"f", "python3.9", "a.b", 3, 128, "{\"_HANDLER\":\"x\"}", "Reserved keys"},
};

static void checks_records(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(records); i++) {
        struct error err = {0};
        char text[1024];
        struct function_record record = {
            .name = records[i].name,
            .runtime = records[i].runtime,
            .handler = records[i].handler,
            .timeout_s = records[i].timeout_s,
            .memory_mib = records[i].memory_mib,
            .reserved = FUNCTION_NO_LIMIT,
            .environment = records[i].environment,
        };
        int r = runtime_check(&record, &err);
        if (r == 0 ? records[i].why != NULL
                   : !records[i].why || err.kind != ERROR_BAD_REQUEST ||
                         !strstr(error_text(&err, text, sizeof(text)), records[i].why))
            fail_msg("row %zu: %s", i, r ? error_text(&err, text, sizeof(text)) : "accepted");
    }
}

static void four_kilobytes_of_environment(void **state)
{
    (void)state;
    struct error err;
    char text[5000];
    snprintf(text, sizeof(text), "{\"AB\":\"%0*d\"}", 4094, 0);
    assert_int_equal(runtime_environment_check(text, &err), 0);
    snprintf(text, sizeof(text), "{\"AB\":\"%0*d\"}", 4095, 0);
    assert_int_equal(runtime_environment_check(text, &err), -1);
    assert_non_null(strstr(err.frame[0], "exceeded the 4KB limit"));
}

/* The options' take the place of Lambda's, the function's own of both. */
static void order_of_variables(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    static const char *const options[] = {"LANG=C", "BOTH=options", NULL};
    struct function_record record = {.name = "f",
                                     .handler = "a.b",
                                     .memory_mib = 128,
                                     .environment = "{\"BOTH\":\"own\",\"PYTHONPATH\":\"lib\"}"};
    struct runtime_place place = {.owner = &owner, .environment = options};
    struct runtime_names where = {.task_root = "/code", .home = "/home", .python_path = "/boot"};
    const char *const *all = runtime_environment(&record, &place, &where, arena);
    static const char *const expected[] = {"LANG=C", "BOTH=own", "PYTHONPATH=/boot:lib",
                                           "LAMBDA_TASK_ROOT=/code", "HOME=/home"};
    for (size_t i = 0; i < COUNT(expected); i++) {
        int same = 0, of_name = 0;
        for (int n = 0; all[n]; n++) {
            same += strcmp(all[n], expected[i]) == 0;
            of_name += strncmp(all[n], expected[i], strcspn(expected[i], "=") + 1) == 0;
        }
        if (same != 1 || of_name != 1)
            fail_msg("%s: %d of %d", expected[i], same, of_name);
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses),
        cmocka_unit_test(makes_arns),
        cmocka_unit_test(checks_records),
        cmocka_unit_test(four_kilobytes_of_environment),
        cmocka_unit_test(order_of_variables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
