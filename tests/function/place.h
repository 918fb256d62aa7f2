/* SPDX-License-Identifier: Apache-2.0 */
/* Functions in a folder that goes with the test, and zips made of text. */
#ifndef FUNCTION_TEST_PLACE_H
#define FUNCTION_TEST_PLACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unistd.h>

#include <cmocka.h>

#include "../unit/function_zip.h"
#include "../unit/remove_folder.h"
#include "function/function.h"

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

struct place {
    char folder[80], functions_folder[128], logs_folder[128];
    struct status *status;
    struct functions *functions;
    struct arena *arena;
    struct error err;
};

static const struct status_owner owner = {"us-east-1", "111122223333"};

static inline void ok_(struct place *p, int r, const char *what, int line)
{
    char text[1024];
    if (r < 0)
        fail_msg("line %d: %s: %s", line, what, error_text(&p->err, text, sizeof(text)));
}
#define ok(p, call) ok_((p), (call), #call, __LINE__)

static inline void refused(struct place *p, int r, enum error_kind kind)
{
    assert_int_equal(r, -1);
    assert_int_equal(p->err.kind, kind);
}

static inline void place_open(struct place *p, int concurrent)
{
    static const char *const environment[] = {"FROM_OPTIONS=yes", "AWS_ACCESS_KEY_ID=key",
                                              "AWS_SECRET_ACCESS_KEY=secret", NULL};
    ok(p, status_open(&p->status, p->folder, &owner, &p->err));
    struct functions_options options = {
        .status = p->status,
        .folder = p->functions_folder,
        .logs_folder = p->logs_folder,
        .owner = {owner.region, owner.account},
        .environment = environment,
        .concurrent = concurrent,
    };
    ok(p, functions_new(&p->functions, &options, &p->err));
}

static inline void place_close(struct place *p)
{
    functions_free(&p->functions);
    status_close(&p->status);
}

static inline int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    snprintf(p->folder, sizeof(p->folder), "%s/function.XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(p->folder))
        return -1;
    snprintf(p->functions_folder, sizeof(p->functions_folder), "%s/functions", p->folder);
    snprintf(p->logs_folder, sizeof(p->logs_folder), "%s/logs", p->folder);
    p->arena = arena_new();
    *state = p;
    place_open(p, 0);
    return 0;
}

static inline int teardown(void **state)
{
    struct place *p = *state;
    place_close(p);
    arena_free(&p->arena);
    remove_folder(p->folder);
    free(p);
    return 0;
}

static inline struct function_record *create(struct place *p, const struct function_record *record,
                                             const struct file *files)
{
    size_t size;
    struct function_record *made = NULL;
    char *zip = make_zip(files, &size);
    int r = functions_create(p->functions, record, zip, size, p->arena, &made, &p->err);
    free(zip);
    ok(p, r);
    return made;
}

/* A function of one file: app.py with `handler`, or index.mjs. Ten seconds, so that a busy machine
 * does not matter. */
static inline struct function_record *create_python(struct place *p, const char *name,
                                                    const char *text)
{
    struct function_record record = {
        .name = name, .runtime = "python3.11", .handler = "app.handler", .timeout_s = 10};
    return create(p, &record, (struct file[]){{"app.py", text}, {NULL}});
}

static inline struct invocation_result *invoke(struct place *p, const char *name,
                                               const char *payload)
{
    struct invocation invocation = {.function = name, .payload = payload, .size = strlen(payload)};
    struct invocation_result *result = NULL;
    ok(p, functions_invoke(p->functions, &invocation, p->arena, &result, &p->err));
    return result;
}

static inline void expect_answer(const struct invocation_result *result, const char *payload)
{
    if (result->failed || strcmp(result->payload, payload) != 0)
        fail_msg("%s: %s\n%s", result->failed ? "failed" : "answered", result->payload,
                 result->log_tail);
}

/* The payload says both: the type as "errorType":"…", and a part of the message. */
static inline void expect_fault(const struct invocation_result *result, const char *type,
                                const char *message)
{
    char wanted[256];
    snprintf(wanted, sizeof(wanted), "\"errorType\":\"%s\"", type);
    char spaced[256]; // as Python writes it
    snprintf(spaced, sizeof(spaced), "\"errorType\": \"%s\"", type);
    bool typed = !*type || strstr(result->payload, wanted) || strstr(result->payload, spaced);
    if (!result->failed || !typed || !strstr(result->payload, message))
        fail_msg("%s: %s\n%s", result->failed ? "failed" : "answered", result->payload,
                 result->log_tail);
}

#endif
