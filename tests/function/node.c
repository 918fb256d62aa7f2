/* SPDX-License-Identifier: Apache-2.0 */
/* Functions for Node.js, and those that bring their own runtime. */
#include "place.h"

static struct function_record *create_node(struct place *p, const char *name, const char *file,
                                           const char *text, const char *more, const char *handler)
{
    struct function_record record = {.name = name,
                                     .runtime = "nodejs20.x",
                                     .handler = handler ? handler : "index.handler",
                                     .timeout_s = 20};
    return create(p, &record,
                  (struct file[]){{file, text}, {more ? "package.json" : NULL, more}, {NULL}});
}

static const struct {
    const char *file, *text, *package, *handler, *answer;
} answers[] = {
    {"index.mjs", "export const handler = async (e) => ({got: e.a});", NULL, NULL, "{\"got\":7}"},
    {"index.js", "exports.handler = async (e) => e;", NULL, NULL, "{\"a\":7}"},
    {"index.js", "export const handler = async (e) => e.a;", "{\"type\":\"module\"}", NULL, "7"},
    {"index.cjs", "module.exports.handler = (e, c, done) => done(null, 'gr\u00fc\u00df');", NULL,
     NULL, "\"gr\u00fc\u00df\""},
    {"index.js", "exports.handler = (e, c, done) => setTimeout(() => done(null, 1), 20);", NULL,
     NULL, "1"},
    // it waits for the loop to be empty
    {"index.js",
     "exports.handler = (e, c, done) => { let n = 0; setTimeout(() => n++, 50); done(null, "
     "{toJSON: () => n}); };",
     NULL, NULL, "1"},
    {"index.js",
     "exports.handler = (e, c, done) => { c.callbackWaitsForEmptyEventLoop = false;"
     " setTimeout(() => {}, 15000).unref; done(null, 2); };",
     NULL, NULL, "2"},
    {"index.js", "exports.handler = () => {};", NULL, NULL, "null"},
    {"index.js", "exports.handler = (e, c) => c.succeed(3);", NULL, NULL, "3"},
    {"index.mjs", "export const handler = async () => undefined;", NULL, NULL, "null"},
    {"lib/deep.js", "exports.a = {b: async () => __filename.endsWith('lib/deep.js')};", NULL,
     "lib/deep.a.b", "true"},
    {"index.mjs",
     "export const handler = async (e, c) => [c.functionName, c.memoryLimitInMB, c.awsRequestId."
     "length, c.invokedFunctionArn, c.getRemainingTimeInMillis() > 15000, process.env.FROM_OPTIONS,"
     " process.cwd() === process.env.LAMBDA_TASK_ROOT];",
     NULL, NULL,
     "[\"f11\",\"128\",36,\"arn:aws:lambda:us-east-1:111122223333:function:f11\",true,\"yes\","
     "true]"},
};

static void returned(void **state)
{
    struct place *p = *state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        char name[16];
        snprintf(name, sizeof(name), "f%zu", i);
        create_node(p, name, answers[i].file, answers[i].text, answers[i].package,
                    answers[i].handler);
        for (int again = 0; again < 2; again++)
            expect_answer(invoke(p, name, "{\"a\":7}"), answers[i].answer);
    }
}

/* What Invoke is given beside the event. */
static void told(void **state)
{
    struct place *p = *state;
    create_node(p, "f", "index.mjs",
                "export const handler = async (e, c) => [c.clientContext, "
                "process.env._X_AMZN_TRACE_ID];",
                NULL, NULL);
    struct invocation invocation = {
        .function = "f",
        .client_context = "{\"custom\":{\"a\":\"gr\u00fc\u00df \u20ac\"}}",
        .trace_id = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0",
    };
    struct invocation_result *result;
    ok(p, functions_invoke(p->functions, &invocation, p->arena, &result, &p->err));
    expect_answer(result, "[{\"custom\":{\"a\":\"gr\u00fc\u00df \u20ac\"}},"
                          "\"Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0\"]");
}

static const struct {
    const char *text, *handler, *type, *message;
} faults[] = {
    {"exports.handler = async () => { throw new TypeError('no good'); };", NULL, "TypeError",
     "\"errorMessage\":\"no good\",\"trace\":[\"TypeError: no good\",\"    at "},
    {"exports.handler = (e, c, done) => done(new Error('told'));", NULL, "Error", "told"},
    {"exports.handler = (e, c, done) => done('a string');", NULL, "string", "a string"},
    {"exports.handler = async () => { throw null; };", NULL, "object", "null"},
    {"exports.handler = async () => {", NULL, "Runtime.UserCodeSyntaxError", "SyntaxError: "},
    {"require('nowhere');", NULL, "Runtime.ImportModuleError", "Cannot find module 'nowhere'"},
    {"exports.other = 1;", NULL, "Runtime.HandlerNotFound",
     "index.handler is undefined or not exported"},
    {"exports.handler = 1;", NULL, "Runtime.HandlerNotFound", "index.handler is not a function"},
    {"exports.handler = 1;", "none.handler", "Runtime.ImportModuleError",
     "Cannot find module 'none'"},
    {"exports.handler = 1;", "index", "Runtime.MalformedHandlerName", "Bad handler"},
    {"throw new RangeError('at import');", NULL, "RangeError", "at import"},
    {"exports.handler = async () => { const a = {}; a.a = a; return a; };", NULL,
     "Runtime.MarshalError", "Unable to marshal response: Converting circular"},
    {"exports.handler = async () => 1n;", NULL, "Runtime.MarshalError", "BigInt"},
    {"exports.handler = async () => process.exit(3);", NULL, "Runtime.ExitError",
     "Runtime exited with error: exit status 3"},
    {"exports.handler = async () => { process.kill(process.pid, 'SIGKILL'); };", NULL,
     "Runtime.ExitError", "Runtime exited with error: signal: killed"},
    {"exports.handler = (e, c, done) => setTimeout(() => { throw new Error('later'); }, 1);", NULL,
     "Error", "later"},
    {"exports.handler = () => { Promise.reject(new Error('nobody')); };", NULL,
     "Runtime.UnhandledPromiseRejection", "Error: nobody"},
    {"exports.handler = async () => 'x'.repeat(7e6);", NULL, "Function.ResponseSizeTooLarge",
     "6291556"},
    // garbage that stays: V8's own limit, or ours
    {"exports.handler = async () => { const all = []; for (;;) all.push(new Array(1e5).fill(7)); "
     "};",
     NULL, "Runtime.ExitError", "Runtime exited with error: signal: "},
    {"exports.handler = async () => { const all = []; for (;;) all.push(Buffer.alloc(4e6, 7)); };",
     NULL, "Runtime.ExitError", "Runtime exited with error: "},
};

static void gone_wrong(void **state)
{
    struct place *p = *state;
    for (size_t i = 0; i < COUNT(faults); i++) {
        char name[16];
        snprintf(name, sizeof(name), "f%zu", i);
        create_node(p, name, "index.js", faults[i].text, NULL, faults[i].handler);
        for (int again = 0; again < 2; again++)
            expect_fault(invoke(p, name, "{}"), faults[i].type, faults[i].message);
    }
}

static void printed(void **state)
{
    struct place *p = *state;
    create_node(p, "f", "index.js",
                "exports.handler = async () => { console.log('one', {a: 1}); console.error('two\\n"
                "lines'); console.warn('w'); process.stdout.write('raw'); };",
                NULL, NULL);
    struct invocation_result *result = invoke(p, "f", "{}");
    char parts[4][120];
    snprintf(parts[0], sizeof(parts[0]), "Z\t%s\tINFO\tone { a: 1 }\n", result->request_id);
    snprintf(parts[1], sizeof(parts[1]), "Z\t%s\tERROR\ttwo\nlines\n", result->request_id);
    snprintf(parts[2], sizeof(parts[2]), "Z\t%s\tWARN\tw\n", result->request_id);
    snprintf(parts[3], sizeof(parts[3]), "raw\nEND RequestId: %s\n", result->request_id);
    for (size_t i = 0; i < COUNT(parts); i++)
        if (!strstr(result->log_tail, parts[i]))
            fail_msg("'%s' is missing in:\n%s", parts[i], result->log_tail);
}

/* --- runtimes of their own --- */

/* What the guide shows: a shell script and curl, a new connection for each request. */
static const char with_curl[] =
    "#!/bin/sh\n"
    "api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime\n"
    "while :; do\n"
    "  head=$(mktemp)\n"
    "  event=$(curl -sS -LD $head $api/invocation/next)\n"
    "  id=$(grep -i Lambda-Runtime-Aws-Request-Id $head | tr -d '[:space:]' | cut -d: -f2)\n"
    "  rm $head\n"
    "  echo \"got $event\"\n"
    "  case $event in\n"
    "  *fail*) curl -sS $api/invocation/$id/error -d "
    "'{\"errorType\":\"Own\",\"errorMessage\":\"m\"}';;\n"
    "  *wrong*) curl -sS $api/invocation/00000000-0000-0000-0000-000000000000/response -d x\n"
    "     curl -sS $api/invocation/$id/response -d '\"mended\"'\n"
    "     curl -sS $api/invocation/$id/response -d '\"twice\"'\n"
    "     curl -sS $api/nothing;;\n"
    "  *page*) curl -sS -H 'Origin: http://example.com' $api/invocation/$id/response -d "
    "'\"page\"'\n"
    "     curl -sS -H 'Host: example.com' $api/invocation/$id/response -d '\"rebound\"'\n"
    "     curl -sS $api/invocation/$id/response -d '\"own\"';;\n"
    "  *) curl -sS $api/invocation/$id/response -H 'Transfer-Encoding: chunked' -d \"$event\";;\n"
    "  esac\n"
    "done\n";

static void runtime_of_its_own(void **state)
{
    struct place *p = *state;
    struct function_record record = {
        .name = "f", .runtime = "provided.al2023", .handler = "any", .timeout_s = 20};
    create(p, &record, (struct file[]){{"bootstrap", with_curl, 0100755}, {NULL}});
    expect_answer(invoke(p, "f", "{\"n\":1}"), "{\"n\":1}");
    expect_answer(invoke(p, "f", "{\"n\":2}"), "{\"n\":2}");
    expect_fault(invoke(p, "f", "\"fail\""), "Own", "\"errorMessage\":\"m\"");
    struct invocation_result *result = invoke(p, "f", "\"wrong\"");
    expect_answer(result, "\"mended\"");
    expect_answer(invoke(p, "f", "\"page\""), "\"own\"");
    expect_answer(invoke(p, "f", "3"), "3");
}

static const struct {
    struct file file;
    const char *type, *message;
} not_executable[] = {
    {{"other", "#!/bin/sh\n", 0100755}, "Runtime.InvalidEntrypoint", "executable bootstrap"},
    {{"bootstrap", "#!/bin/sh\n", 0100644}, "Runtime.InvalidEntrypoint", "executable bootstrap"},
    {{"bootstrap", "#!/nowhere/sh\n", 0100755}, "Runtime.ExitError", "exit status 127"},
    {{"bootstrap", "#!/bin/sh\nexit 0\n", 0100755}, "Runtime.ExitError", "without providing"},
};

static void no_runtime(void **state)
{
    struct place *p = *state;
    for (size_t i = 0; i < COUNT(not_executable); i++) {
        char name[16];
        snprintf(name, sizeof(name), "f%zu", i);
        struct function_record record = {
            .name = name, .runtime = "provided", .handler = "any", .timeout_s = 20};
        create(p, &record, (struct file[]){not_executable[i].file, {NULL}});
        expect_fault(invoke(p, name, "{}"), not_executable[i].type, not_executable[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(returned),           TEST(told),       TEST(gone_wrong), TEST(printed),
        TEST(runtime_of_its_own), TEST(no_runtime),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
