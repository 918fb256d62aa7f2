/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked again, where, and what an answer comes to mean, by scripts of a server's answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "s3_script.h"

#include "s3/client.h"
#include "s3/remote.h"
#include "s3/s3.h"

#define NOW   " 20260101T120000Z\n"
#define RANGE "206\nContent-Range: bytes 0-2/3\n\nabc"
#define ERROR_OF(status, headers, code, more)                                                      \
#status "\n" headers "\n<Error><Code>" code "</Code>" more "</Error>"
#define MALFORMED(region)                                                                          \
    ERROR_OF(400, "", "AuthorizationHeaderMalformed", "<Region>" region "</Region>")
#define AWS "https://s3.us-east-1.amazonaws.com"

static const struct credentials somebody = {"KEY", "secret", "token", "us-east-1"};

static struct client *client_at(const char *endpoint, bool virtual_host)
{
    struct client *client = NULL;
    struct client_options options = {endpoint, virtual_host, &somebody};
    struct error err;
    assert_int_equal(client_new(&client, &options, &err), 0);
    return client;
}

/* Opens b/k; a URL by itself instead where there is one. */
static int open_object(struct client *client, const char *url, struct error *err)
{
    CLEANUP(object_close) struct object_reader *reader = NULL;
    struct request request = {
        .method = "GET", .verb = "open", .uri = "it", .bucket = "b", .key = "k", .url = url};
    return remote_open(&reader, client, NULL, &request, err);
}

struct row {
    const char *name, *answers, *requests;
    int code; /* of the error; 0: opened */
    const char *message;
};

static void run(const struct row *row, const char *endpoint, bool virtual_host, const char *url)
{
    CLEANUP(client_free) struct client *client = client_at(endpoint, virtual_host);
    struct error err = {0};
    char text[1024] = "";
    script_begin(row->answers, strlen(row->answers));
    int r = open_object(client, url, &err);
    if (r < 0)
        error_text(&err, text, sizeof(text));
    if (strcmp(script.log.data, row->requests))
        fail_msg("%s:\n%s%s", row->name, script.log.data, text);
    if ((r < 0 ? (int)err.kind : 0) != row->code)
        fail_msg("%s: %d %s", row->name, err.kind, text);
    if (row->message && !strstr(text, row->message))
        fail_msg("%s: %s", row->name, text);
}

static void test_region(void **state)
{
    (void)state;
#define US  "GET " AWS "/b/k us-east-1" NOW
#define EU  "GET https://s3.eu-west-1.amazonaws.com/b/k eu-west-1" NOW
#define TO  "Location: https://b.s3.eu-west-1.amazonaws.com/k\n"
#define HDR "x-amz-bucket-region: eu-west-1\n"
    static const struct row rows[] = {
        {"named in the document", MALFORMED("eu-west-1") "\n--\n" RANGE, US EU, 0, NULL},
        {"named in a header", ERROR_OF(301, HDR, "PermanentRedirect", "") "\n--\n" RANGE, US EU, 0,
         NULL},
        {"only once", MALFORMED("eu-west-1") "\n--\n" MALFORMED("eu-west-2"), US EU, 1401,
         "AuthorizationHeaderMalformed"},
        {"the same", MALFORMED("us-east-1") "\n--\n" RANGE, US, 1401, NULL},
        {"no name", MALFORMED("evil.example.com/") "\n--\n" RANGE, US, 1401, NULL},
        {"an answer for another reason", ERROR_OF(403, HDR, "AccessDenied", ""), US, 1401, NULL},
        {"sent on, with the region", ERROR_OF(307, TO HDR, "TemporaryRedirect", "") "\n--\n" RANGE,
         US "GET https://b.s3.eu-west-1.amazonaws.com/k eu-west-1" NOW, 0, NULL},
        {"sent on, then the region",
         ERROR_OF(307, TO, "TemporaryRedirect", "") "\n--\n" MALFORMED("eu-west-1") "\n--\n" RANGE,
         US "GET https://b.s3.eu-west-1.amazonaws.com/k us-east-1" NOW EU, 0, NULL},
        {"and then as ever",
         MALFORMED("eu-west-1") "\n--\n" ERROR_OF(503, "", "SlowDown", "") "\n--\n" RANGE, US EU EU,
         0, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        run(&rows[i], AWS, false, NULL);

    static const struct row elsewhere = {
        "a server for all regions", MALFORMED("eu-west-1") "\n--\n" RANGE,
        "GET http://localhost:9000/b/k us-east-1" NOW "GET http://localhost:9000/b/k eu-west-1" NOW,
        0, NULL};
    run(&elsewhere, "http://localhost:9000", false, NULL);
    static const struct row in_host = {"the bucket in the host",
                                       MALFORMED("eu-west-1") "\n--\n" RANGE,
                                       "GET https://b.s3.us-east-1.amazonaws.com/k us-east-1" NOW
                                       "GET https://b.s3.eu-west-1.amazonaws.com/k eu-west-1" NOW,
                                       0, NULL};
    run(&in_host, AWS, true, NULL);
}

/* The next request for that bucket goes to the right region at once; one for another does not. */
static void test_region_is_remembered(void **state)
{
    (void)state;
    static const char answers[] = MALFORMED("eu-west-1") "\n--\n" RANGE "\n--\n" RANGE;
    CLEANUP(client_free) struct client *client = client_at(AWS, false);
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct error err;
    script_begin(answers, strlen(answers));
    assert_int_equal(open_object(client, NULL, &err), 0);
    assert_int_equal(open_object(client, NULL, &err), 0);
    assert_string_equal(script.log.data, US EU EU);
    assert_non_null(strstr(client_presign(client, arena, "b", "k", 60),
                           "https://s3.eu-west-1.amazonaws.com/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256"
                           "&X-Amz-Credential=KEY%2F20260101%2Feu-west-1%2F"));
    assert_non_null(strstr(client_presign(client, arena, "c", "k", 60), "%2Fus-east-1%2F"));
}

static void test_again(void **state)
{
    (void)state;
#define LATE         "GET " AWS "/b/k us-east-1 20260101T180000Z\n"
#define SKEWED(time) ERROR_OF(403, "Date: Thu, 01 Jan " time " GMT\n", "RequestTimeTooSkewed", "")
    static const struct row rows[] = {
        {"broken", "broken\n--\n" RANGE, US US, 0, NULL},
        {"impossible", "impossible\n--\n" RANGE, US, 3451, "as the script has it"},
        {"slow down",
         ERROR_OF(503, "Retry-After: 99999999999999999999\n", "SlowDown", "") "\n--\n" RANGE, US US,
         0, NULL},
        {"not there", ERROR_OF(404, "", "NoSuchKey", "<Message>a &amp; b</Message>"), US, 1404,
         "HTTP 404 NoSuchKey: a & b"},
        {"another range", "206\nContent-Range: bytes 1-3/4\n\nabc\n--\n" RANGE, US US, 0, NULL},
        {"by their clock", SKEWED("2026 18:00:00") "\n--\n" RANGE, US LATE, 0, NULL},
        {"once only", SKEWED("2026 18:00:00") "\n--\n" SKEWED("2026 18:00:00"), US LATE, 1401,
         NULL},
        {"no clock's time", SKEWED("99999999 18:00:00") "\n--\n" RANGE, US, 1401, NULL},
        {"a terminal's commands",
         ERROR_OF(403, "x-amz-request-id: \033c\n",
                  "\xc2\x9b"
                  "31m",
                  "<Message>\x7f</Message>"),
         US, 1401, "HTTP 403 ?31m (request id ?c): ?"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        run(&rows[i], AWS, false, NULL);
}

static void test_redirected(void **state)
{
    (void)state;
#define WEB     "https://web.example.com/a?b"
#define GET_WEB "GET " WEB "\n"
    static const struct row rows[] = {
        {"on", "302\nLocation: /c?d\n\n--\n" RANGE, GET_WEB "GET https://web.example.com/c?d\n", 0,
         NULL},
        {"from https to http", "302\nLocation: http://web.example.com/\n\n--\n" RANGE, GET_WEB,
         3999, "from https to http"},
        {"in circles",
         "302\nLocation: /a?b\n\n--\n302\nLocation: /a?b\n\n--\n302\nLocation: /a?b\n\n--\n"
         "302\nLocation: /a?b\n\n--\n302\nLocation: /a?b\n\n--\n302\nLocation: /a?b\n\n--\n" RANGE,
         GET_WEB GET_WEB GET_WEB GET_WEB GET_WEB GET_WEB, 3999, "HTTP 302"},
        {"a region is nothing to us", MALFORMED("eu-west-1"), GET_WEB, 1401, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        run(&rows[i], AWS, false, WEB);
}

/* A long page about an error says no less than a short one. */
static void test_long_page(void **state)
{
    (void)state;
    CLEANUP(text_release) struct text page = {0};
    text_add(&page, "404\n\n%*s", 2 * CLIENT_TEXT_MAX, "");
    const struct row row = {"a long page", page.data, GET_WEB, 3404, "HTTP 404"};
    run(&row, AWS, false, WEB);
}

/* Nor is an object as large as a number can say. */
static void test_no_size(void **state)
{
    (void)state;
    CLEANUP(text_release) struct text answers = {0};
    text_add(&answers, "206\nContent-Range: bytes 0-262143/9223372036854775807\n\n%*s\n--\n" RANGE,
             262144, "");
    const struct row row = {"no size", answers.data, US US, 0, NULL};
    run(&row, AWS, false, NULL);
}

/* A name that would make another host of it stands in the path. */
static void test_bucket_in_host(void **state)
{
    (void)state;
    static const struct {
        const char *bucket, *request;
    } rows[] = {
        {"a.b-1", "GET https://a.b-1.s3.us-east-1.amazonaws.com/k us-east-1" NOW},
        {"evil.example.com?", "GET " AWS "/evil.example.com%3F/k us-east-1" NOW},
        {"me@evil", "GET " AWS "/me%40evil/k us-east-1" NOW},
        {"a\r\nb", "GET " AWS "/a%0D%0Ab/k us-east-1" NOW},
        {".a", "GET " AWS "/.a/k us-east-1" NOW},
        {"A", "GET " AWS "/A/k us-east-1" NOW},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(client_free) struct client *client = client_at(AWS, true);
        CLEANUP(answer_release) struct answer answer = {0};
        struct request request = {.method = "GET", .bucket = rows[i].bucket, .key = "k"};
        struct error err;
        script_begin("200\n\n", 5);
        assert_int_equal(client_send(client, &request, &answer, &err), 0);
        assert_string_equal(script.log.data, rows[i].request);
    }
}

/* --- an object that does not get there --- */

static int put_large(struct client *client)
{
    enum { SIZE = 13 << 20 }; // part 2 is full and on its way; part 1 goes last
    struct s3 s3 = {{&s3_ops}, client};
    CLEANUP(free_pointer) char *bytes = calloc(1, SIZE);
    CLEANUP(delivery_free) struct delivery *delivery = NULL;
    struct error err;
    assert_int_equal(delivery_new(&s3.base, NULL, &delivery, &err), 0);
    int r = object_put(delivery, "s3://b/k", NULL, bytes, SIZE, &err);
    return r < 0 ? (int)err.kind : 0;
}

#define LIST "200\n\n<ListMultipartUploadsResult/>"
#define BEGUN                                                                                      \
    "200\n\n<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
#define PART    "200\nETag: \"e\"\n"
#define DELETED "DELETE " AWS "/b/k us-east-1"

/* What is there already stays where a part has failed, for then nothing can have replaced it. */
static void test_failed_part(void **state)
{
    (void)state;
    static const char answers[] = LIST "\n--\n" BEGUN "\n--\n" PART "\n--\nimpossible\n--\n"
                                       "204\n\n--\n" LIST;
    CLEANUP(client_free) struct client *client = client_at(AWS, false);
    script_begin(answers, strlen(answers));
    assert_int_equal(put_large(client), ERROR_HTTP_CONNECTION);
    assert_null(strstr(script.log.data, DELETED));
    assert_non_null(strstr(script.log.data, "DELETE " AWS "/b/k?uploadId=u"));
}

/* Where the last answer was lost, the object may be there. */
static void test_failed_completion(void **state)
{
    (void)state;
    static const char answers[] = LIST "\n--\n" BEGUN "\n--\n" PART "\n--\n" PART
                                       "\n--\nimpossible\n--\n204\n\n--\n" LIST "\n--\n204\n";
    CLEANUP(client_free) struct client *client = client_at(AWS, false);
    script_begin(answers, strlen(answers));
    assert_int_equal(put_large(client), ERROR_HTTP_CONNECTION);
    assert_non_null(strstr(script.log.data, DELETED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_region),
        cmocka_unit_test(test_region_is_remembered),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_redirected),
        cmocka_unit_test(test_long_page),
        cmocka_unit_test(test_no_size),
        cmocka_unit_test(test_bucket_in_host),
        cmocka_unit_test(test_failed_part),
        cmocka_unit_test(test_failed_completion),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    text_release(&script.log);
    return failed;
}
