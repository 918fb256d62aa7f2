/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets in. The signatures are botocore's. */
#include "http/auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "http/route.h"
#include "http/service.h"

#define V     "/2017-08-29"
#define SCOPE "AKIDEXAMPLE/20260101/eu-central-1/mediaconvert/aws4_request"
#define TAGS  V "/tags/arn%3Aaws%3Amediaconvert%3Aus-east-1%3A111122223333%3Aqueues%2Fa%20b"
#define PRESIGNED                                                                                  \
    V "/jobs?status=ERROR&queue=a%20b%2Fc&maxResults=3&X-Amz-Algorithm=AWS4-HMAC-SHA256"           \
      "&X-Amz-Credential=AKIDEXAMPLE%2F20260101%2Feu-central-1%2Fmediaconvert%2Faws4_request"      \
      "&X-Amz-Date=20260101T000000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host"                   \
      "&X-Amz-Signature=d8eeec74c34ae2c9409da510d81830ae3334c675372720a99de173b4f7fb0b2a"
#define TAGS_SIGNATURE    "ebb4c79a521c1758fee525bd51b46e0b80c8a5b01771733cc40e0b49d9257be1"
#define QUEUE_SIGNATURE   "87e9b9b01e0b5068332400d99cc4768ffbd28c16ff8922d7efb6ae4ae5110f4c"
#define IAM_SIGNATURE     "ab959e52f27bf1ff89478235189bfc5bfdda8a96e2d7c1576824db46b7db9665"
#define LAMBDA_SIGNATURE  "3363343c0216324abee6c16b07798538a14b526771377b6cd34bed7708b79b1a"
#define S3_SIGNATURE      "b4ac2815614b0cea7902d64f2b2fab62786e0f033f25a93d5234bfa8faa67022"
#define SCOPE_OF(service) "AKIDEXAMPLE/20260101/eu-central-1/" service "/aws4_request"
#define FUNCTION                                                                                   \
    "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A111122223333%3Afunction%3Aa"
#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define S3_HEADERS(hash)                                                                           \
    {"Authorization", "AWS4-HMAC-SHA256 Credential=" SCOPE_OF(                                     \
                          "s3") ", SignedHeaders=host;x-amz-content-sha256;x-amz-date, "           \
                                "Signature=" S3_SIGNATURE},                                        \
        HOST, DATE,                                                                                \
    {                                                                                              \
        "X-Amz-Content-Sha256", hash                                                               \
    }
#define HEADER(scope, signature)                                                                   \
    {                                                                                              \
        "Authorization", "AWS4-HMAC-SHA256 Credential=" scope                                      \
                         ", SignedHeaders=host;x-amz-date, Signature=" signature                   \
    }
#define HOST                                                                                       \
    {                                                                                              \
        "Host", "localhost:4580"                                                                   \
    }
#define DATE                                                                                       \
    {                                                                                              \
        "X-Amz-Date", "20260101T000000Z"                                                           \
    }

static const int64_t new_year_us = (int64_t)1767225600 * 1000000, minute_us = 60 * 1000000;

struct attempt {
    const char *name, *method, *target;
    struct field headers[6];
    const char *body;
    int64_t later_us;
    bool remote, admitted, verified;
};

static void check(const struct auth *auth, const struct attempt *attempt)
{
    struct service service = {.auth = *auth};
    struct call call;
    call_init(&call);
    call.method = attempt->method;
    call.target = attempt->target;
    call.peer_is_local = !attempt->remote;
    for (int i = 0; attempt->headers[i].name; i++)
        call.headers[call.headers_count++] = attempt->headers[i];
    service.auth.now_us = new_year_us + attempt->later_us;
    bool admitted = call_admit(&service, &call, 0);
    call.body = attempt->body;
    call.body_size = attempt->body ? strlen(attempt->body) : 0;
    bool verified = admitted && auth_verifies(&service.auth, &call);
    if (admitted != attempt->admitted || verified != attempt->verified)
        print_message("%s: %s\n", attempt->name, call.why ? call.why : "no reason");
    assert_int_equal(admitted, attempt->admitted);
    assert_int_equal(verified, attempt->verified);
    assert_true(verified || (call.status == 403 && call.intruder));
    call_release(&call);
}

static void test_signatures(void **state)
{
    (void)state;
    static const struct auth auth = {.access_key = "AKIDEXAMPLE",
                                     .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};
    static const char queue[] = V "/queues", body[] = "{\"name\":\"a\"}";
    const struct attempt rows[] = {
        {"a path that is encoded",
         "GET",
         TAGS,
         {HEADER(SCOPE, TAGS_SIGNATURE), HOST, DATE},
         NULL,
         0,
         true,
         true,
         true},
        {"a body",
         "POST",
         queue,
         {HEADER(SCOPE, QUEUE_SIGNATURE), HOST, DATE},
         body,
         0,
         true,
         true,
         true},
        {"14 minutes later",
         "POST",
         queue,
         {HEADER(SCOPE, QUEUE_SIGNATURE), HOST, DATE},
         body,
         14 * minute_us,
         true,
         true,
         true},
        {"a presigned URL", "GET", PRESIGNED, {HOST}, NULL, 59 * minute_us, true, true, true},
        {"16 minutes later",
         "POST",
         queue,
         {HEADER(SCOPE, QUEUE_SIGNATURE), HOST, DATE},
         body,
         16 * minute_us,
         true,
         false,
         false},
        {"16 minutes earlier",
         "POST",
         queue,
         {HEADER(SCOPE, QUEUE_SIGNATURE), HOST, DATE},
         body,
         -16 * minute_us,
         true,
         false,
         false},
        {"a presigned URL that has expired",
         "GET",
         PRESIGNED,
         {HOST},
         NULL,
         61 * minute_us,
         true,
         false,
         false},
        {"another body",
         "POST",
         queue,
         {HEADER(SCOPE, QUEUE_SIGNATURE), HOST, DATE},
         "{}",
         0,
         true,
         true,
         false},
        {"another host",
         "POST",
         queue,
         {HEADER(SCOPE, QUEUE_SIGNATURE), {"Host", "evil"}, DATE},
         body,
         0,
         true,
         true,
         false},
        {"another path",
         "POST",
         V "/presets",
         {HEADER(SCOPE, QUEUE_SIGNATURE), HOST, DATE},
         body,
         0,
         true,
         true,
         false},
        {"another key",
         "POST",
         queue,
         {HEADER("a/20260101/eu-central-1/mediaconvert/aws4_request", QUEUE_SIGNATURE), HOST, DATE},
         body,
         0,
         true,
         false,
         false},
        {"another service",
         "POST",
         queue,
         {HEADER("AKIDEXAMPLE/20260101/eu-central-1/s3/aws4_request", QUEUE_SIGNATURE), HOST, DATE},
         body,
         0,
         true,
         false,
         false},
        {"a date of another day",
         "POST",
         queue,
         {HEADER("AKIDEXAMPLE/20260102/eu-central-1/mediaconvert/aws4_request", QUEUE_SIGNATURE),
          HOST, DATE},
         body,
         0,
         true,
         false,
         false},
        {"no date",
         "POST",
         queue,
         {HEADER(SCOPE, QUEUE_SIGNATURE), HOST},
         body,
         0,
         true,
         false,
         false},
        {"a signature in capitals",
         "POST",
         queue,
         {HEADER(SCOPE, "87E9B9B01E0B5068332400D99CC4768FFBD28C16FF8922D7EFB6AE4AE5110F4C"), HOST,
          DATE},
         body,
         0,
         true,
         false,
         false},
        {"nothing", "POST", queue, {HOST}, body, 0, false, false, false},
        {"events from afar", "GET", "/events", {HOST}, NULL, 0, true, false, false},
        {"events from here", "GET", "/events", {HOST}, NULL, 0, false, false, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        check(&auth, &rows[i]);
}

/* S3 signs a path as it is sent, all others encode it once more. */
static void test_services(void **state)
{
    (void)state;
    static const struct auth auth = {.access_key = "AKIDEXAMPLE",
                                     .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};
    static const char job[] = "/v20180820/jobs/a%20b%2Fc",
                      form[] = "Action=ListRoles&Version=2010-05-08";
    const struct attempt rows[] = {
        {"IAM",
         "POST",
         "/",
         {HEADER(SCOPE_OF("iam"), IAM_SIGNATURE), HOST, DATE},
         form,
         0,
         true,
         true,
         true},
        {"another form",
         "POST",
         "/",
         {HEADER(SCOPE_OF("iam"), IAM_SIGNATURE), HOST, DATE},
         "Action=ListRoles",
         0,
         true,
         true,
         false},
        {"the key of another service",
         "POST",
         "/",
         {HEADER(SCOPE_OF("sts"), IAM_SIGNATURE), HOST, DATE},
         form,
         0,
         true,
         true,
         false},
        {"Lambda",
         "GET",
         FUNCTION,
         {HEADER(SCOPE_OF("lambda"), LAMBDA_SIGNATURE), HOST, DATE},
         NULL,
         0,
         true,
         true,
         true},
        {"S3 Control", "GET", job, {S3_HEADERS(EMPTY_HASH)}, NULL, 0, true, true, true},
        {"a body that is not the signed one",
         "GET",
         job,
         {S3_HEADERS(EMPTY_HASH)},
         "a",
         0,
         true,
         true,
         false},
        {"a body that is said not to be signed",
         "GET",
         job,
         {S3_HEADERS("UNSIGNED-PAYLOAD")},
         NULL,
         0,
         true,
         true,
         false},
        {"Lambda's call for IAM",
         "GET",
         FUNCTION,
         {HEADER(SCOPE_OF("iam"), IAM_SIGNATURE), HOST, DATE},
         NULL,
         0,
         true,
         false,
         false},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        check(&auth, &rows[i]);
}

/* A web page may not send an Authorization header, but may well have a token in its URL. */
static void test_tokens(void **state)
{
    (void)state;
    static const struct {
        const char *name, *token, *target;
        struct field headers[3];
        bool admitted;
    } rows[] = {
        {"as it is", "secret", "/hook", {{"Authorization", "secret"}}, true},
        {"as a bearer", "secret", "/hook", {{"Authorization", "Bearer secret"}}, true},
        {"in the query", "secret", "/hook?token=sec%72et", {{0}}, true},
        {"none", "secret", "/hook", {{0}}, false},
        {"an empty one", "secret", "/hook?token=", {{"Authorization", ""}}, false},
        {"a part of it", "secret", "/hook?token=secre", {{0}}, false},
        {"more than it", "secret", "/hook", {{"Authorization", "Bearer secrets"}}, false},
        {"where none is configured", NULL, "/hook?token=", {{"Authorization", "Bearer "}}, false},
        {"where it is empty", "", "/hook?token=", {{"Authorization", "Bearer "}}, false},
        {"from another site",
         "secret",
         "/hook?token=secret",
         {{"Origin", "http://evil.example"}},
         false},
    };
    static const struct route hook = {
        .api = &api_s3, .method = "POST", .path = "/hook", .access = ACCESS_TOKEN};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct auth auth = {.token = rows[i].token};
        struct call call;
        call_init(&call);
        call.method = "POST";
        call.route = &hook;
        call.api = hook.api;
        call.path = "/hook";
        call.authority = "webhooks.example";
        char *query = arena_strdup(call.arena, rows[i].target + strlen("/hook"));
        call.query_count = uri_take_query(call.arena, query + (*query == '?'), call.query);
        for (int j = 0; rows[i].headers[j].name; j++)
            call.headers[call.headers_count++] = rows[i].headers[j];
        bool admitted = auth_admits(&auth, &call);
        if (admitted != rows[i].admitted)
            print_message("%s: %s\n", rows[i].name, call.why ? call.why : "admitted");
        assert_int_equal(admitted, rows[i].admitted);
        assert_true(!admitted || auth_verifies(&auth, &call));
        assert_true(admitted || (call.status == 403 && call.intruder));
        call_release(&call);
    }
}

static void test_no_key(void **state)
{
    (void)state;
    static const struct auth auth = {0};
    static const char jobs[] = V "/jobs";
    const struct attempt rows[] = {
        {"any key", "GET", jobs, {HEADER(SCOPE, TAGS_SIGNATURE), HOST}, NULL, 0, false, true, true},
        {"our own page",
         "GET",
         jobs,
         {HEADER(SCOPE, TAGS_SIGNATURE), HOST, {"Origin", "http://localhost:4580"}},
         NULL,
         0,
         false,
         true,
         true},
        {"through a proxy",
         "GET",
         "http://mediaconvert.us-east-1.amazonaws.com" V "/jobs",
         {HEADER(SCOPE, TAGS_SIGNATURE), HOST},
         NULL,
         0,
         false,
         true,
         true},
        {"of another service",
         "GET",
         jobs,
         {HEADER("a/20260101/r/lambda/aws4_request", TAGS_SIGNATURE), HOST},
         NULL,
         0,
         false,
         false,
         false},
        {"to an account's host",
         "GET",
         jobs,
         {HEADER(SCOPE, TAGS_SIGNATURE), {"Host", "111122223333.localhost:4580"}},
         NULL,
         0,
         false,
         true,
         true},
        {"no key", "GET", jobs, {HOST}, NULL, 0, false, false, false},
        {"a presigned URL", "GET", PRESIGNED, {HOST}, NULL, 0, false, false, false},
        {"another page",
         "GET",
         jobs,
         {HEADER(SCOPE, TAGS_SIGNATURE), HOST, {"Origin", "http://localhost:4581"}},
         NULL,
         0,
         false,
         false,
         false},
        {"another host",
         "GET",
         jobs,
         {HEADER(SCOPE, TAGS_SIGNATURE), {"Host", "evil.example"}},
         NULL,
         0,
         false,
         false,
         false},
        {"from afar",
         "GET",
         jobs,
         {HEADER(SCOPE, TAGS_SIGNATURE), HOST},
         NULL,
         0,
         true,
         false,
         false},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        check(&auth, &rows[i]);
}

static void test_hosts(void **state)
{
    (void)state;
    static const struct {
        const char *authority;
        bool local;
    } rows[] = {
        {"localhost", true},
        {"LOCALHOST:4580", true},
        {"127.0.0.1:80", true},
        {"127.1.2.3", true},
        {"[::1]:4580", true},
        {"a.localhost", true},
        {"123456789012.127.0.0.1", true},
        {"123456789012.127.0.0.1:4580", true},
        {"123456789012.localhost:4580", true},
        {"12345678901.127.0.0.1", false},
        {"123456789012.123456789012.127.0.0.1", false},
        {"", false},
        {"localhost.evil", false},
        {"127.evil", false},
        {"evil.127.0.0.1", false},
        {"127.0.0.1.evil", false},
        {"[::1", false},
        {"[::2]", false},
        {"[::1]evil", false},
        {"0.0.0.0", false},
        {"localhostevil", false},
        {"123456789012.evil", false},
        {"10.0.0.1", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(auth_host_is_local(rows[i].authority), rows[i].local);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signatures), cmocka_unit_test(test_services),
        cmocka_unit_test(test_tokens),     cmocka_unit_test(test_no_key),
        cmocka_unit_test(test_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
