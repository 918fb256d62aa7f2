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
        {"ab-1", "GET https://ab-1.s3.us-east-1.amazonaws.com/k us-east-1" NOW},
        {"a.b-1", "GET " AWS "/a.b-1/k us-east-1" NOW}, // no certificate is for that
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

static void test_retries_are_counted(void **state)
{
    (void)state;
    CLEANUP(client_free) struct client *client = client_at(AWS, false);
    struct s3 s3 = {{&s3_ops}, client};
    struct error err;
    static const char again[] = "broken\n--\n" ERROR_OF(503, "", "SlowDown", "") "\n--\n" RANGE;
    static const char refused[] = ERROR_OF(404, "", "NoSuchKey", "");
    script_begin(again, strlen(again));
    assert_int_equal(open_object(client, NULL, &err), 0);
    assert_int_equal(storage_retries(&s3.base), 2);
    script_begin(refused, strlen(refused));
    assert_int_equal(open_object(client, NULL, &err), -1);
    assert_int_equal(storage_retries(&s3.base), 2);
}

static int put_large_as(struct client *client, const struct object_headers *headers)
{
    enum { SIZE = 10 << 20 }; // part 2 is full and on its way; part 1 goes last
    struct s3 s3 = {{&s3_ops}, client};
    CLEANUP(free_pointer) char *bytes = calloc(1, SIZE);
    CLEANUP(delivery_free) struct delivery *delivery = NULL;
    struct error err;
    assert_int_equal(delivery_new(&s3.base, NULL, &delivery, &err), 0);
    int r = object_put(delivery, "s3://b/k", headers, bytes, SIZE, &err);
    return r < 0 ? (int)err.kind : 0;
}

static int put_large(struct client *client)
{
    return put_large_as(client, NULL);
}

#define LIST "200\n\n<ListMultipartUploadsResult/>"
#define BEGUN                                                                                      \
    "200\n\n<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
#define PART    "200\nETag: \"e\"\n"
#define EXPIRED ERROR_OF(400, "", "ExpiredToken", "")
#define HEAD(bytes, etag, time)                                                                    \
    "200\nContent-Length: " #bytes "\nETag: \"" etag "\"\n"                                        \
    "Date: Thu, 01 Jan 2026 12:00:01 GMT\nLast-Modified: Thu, 01 Jan 2026 " time " GMT\n"
#define MD5_ABC "900150983cd24fb0d6963f7d28e17f72"
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
    static const char answers[] =
        LIST "\n--\n" BEGUN "\n--\n" PART "\n--\n" PART "\n--\nbroken\n--\n" EXPIRED
             "\n--\n204\n\n--\n" LIST "\n--\n" HEAD(10485760, "7-2", "12:00:00") "\n--\n204\n";
    CLEANUP(client_free) struct client *client = client_at(AWS, false);
    script_begin(answers, strlen(answers));
    assert_int_equal(put_large(client), ERROR_PERMISSION);
    assert_non_null(strstr(script.log.data, DELETED));
}

static int put_small_in(struct s3 *s3, const struct object_headers *headers, char ret_warning[128])
{
    CLEANUP(delivery_free) struct delivery *delivery = NULL;
    struct error err;
    assert_int_equal(delivery_new(&s3->base, NULL, &delivery, &err), 0);
    int r = object_put(delivery, "s3://b/k", headers, "abc", 3, &err);
    const char *warning = delivery_warning(delivery);
    snprintf(ret_warning, 128, "%s", warning ? warning : "");
    return r < 0 ? (int)err.kind : 0;
}

static int put_small(struct client *client, const struct object_headers *headers,
                     char ret_warning[128])
{
    struct s3 s3 = {{&s3_ops}, client};
    return put_small_in(&s3, headers, ret_warning);
}

/* What was there before goes only where it is sure that it has been replaced; and where it is not
 * sure what is there, that is told. */
static void test_taken_back(void **state)
{
    (void)state;
#define SLOW_DOWN ERROR_OF(503, "", "SlowDown", "") "\n--\n"
#define LOST      "broken\n--\n" EXPIRED "\n--\n"
    static const struct {
        const char *name, *answers;
        int code;
        bool looked, deleted, littered;
    } rows[] = {
        {"refused", SLOW_DOWN SLOW_DOWN SLOW_DOWN SLOW_DOWN SLOW_DOWN SLOW_DOWN SLOW_DOWN SLOW_DOWN,
         3450, false, false, false},
        {"refused at once", EXPIRED "\n--\n", 1401, false, false, false},
        {"a certificate", "impossible\n--\n", 3451, false, false, false},
        {"lost", LOST HEAD(3, MD5_ABC, "12:00:00") "\n--\n204\n", 1401, true, true, false},
        {"a gateway's",
         ERROR_OF(504, "", "", "") "\n--\n" EXPIRED
                                   "\n--\n" HEAD(3, MD5_ABC, "12:00:00") "\n--\n204\n",
         1401, true, true, false},
        {"canceled", "canceled\n--\n" HEAD(3, MD5_ABC, "12:00:00") "\n--\n204\n", ERROR_CANCELED,
         true, true, false},
        {"never heard of", LOST "404\n", 1401, true, false, false},
        {"nobody may look", LOST EXPIRED, 1401, true, false, true},
        {"another size", LOST HEAD(4, MD5_ABC, "12:00:00"), 1401, true, false, false},
        {"other bytes", LOST HEAD(3, "0", "12:00:00"), 1401, true, false, false},
        {"the same, older", LOST HEAD(3, MD5_ABC, "11:59:00"), 1401, true, false, false},
        {"a key of its own",
         LOST HEAD(3, "0", "12:00:00") "x-amz-server-side-encryption: aws:kms\n\n--\n204\n", 1401,
         true, true, false},
        {"nobody may delete", LOST HEAD(3, MD5_ABC, "12:00:00") "\n--\n" EXPIRED, 1401, true, true,
         true},
        {"nobody answers", LOST HEAD(3, MD5_ABC, "12:00:00") "\n--\nimpossible", 1401, true, true,
         true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(client_free) struct client *client = client_at(AWS, false);
        struct s3 s3 = {{&s3_ops}, client};
        char warning[128];
        script_begin(rows[i].answers, strlen(rows[i].answers));
        int code = put_small_in(&s3, NULL, warning);
        if (code != rows[i].code ||
            !strstr(script.log.data, "HEAD " AWS "/b/k") == rows[i].looked ||
            !strstr(script.log.data, DELETED) == rows[i].deleted ||
            storage_is_littered(&s3.base) != rows[i].littered)
            fail_msg("%s: %d\n%s", rows[i].name, code, script.log.data);
    }
}

/* Who is to be cleaned up for is not waited for. */
static void test_hurried(void **state)
{
    (void)state;
    CLEANUP(text_release) struct text answers = {0};
    text_add(&answers, LIST "\n--\n" BEGUN "\n--\n" PART "\n--\nimpossible");
    for (int i = 0; i < 100; i++)
        text_add(&answers, "\n--\n" ERROR_OF(503, "Retry-After: 4\n", "SlowDown", ""));
    CLEANUP(client_free) struct client *client = client_at(AWS, false);
    script_begin(answers.data, answers.size);
    assert_int_equal(put_large(client), ERROR_HTTP_CONNECTION);
    assert_int_equal(script.paused_us, 8 * 1000000);
}

/* --- headers --- */

static void test_object_headers(void **state)
{
    (void)state;
    static const struct object_headers headers = {
        .content_type = "video/mp4",
        .canned_acl = "public-read",
        .storage_class = "STANDARD_IA",
        .encryption = "aws:kms",
        .kms_key = "arn:aws:kms:us-east-1:111122223333:key/1",
        .kms_context = "e30=",
    };
    static const char small[] = "200\nx-amz-server-side-encryption: aws:kms\n";
    static const char large[] = LIST "\n--\n" BEGUN "\n--\n" PART "\n--\n" PART
                                     "\n--\n200\n\n<CompleteMultipartUploadResult/>";
    static const char *const lines[] = {
        "Content-Type: video/mp4\n",
        "x-amz-acl: public-read\n",
        "x-amz-storage-class: STANDARD_IA\n",
        "x-amz-server-side-encryption: aws:kms\n",
        "x-amz-server-side-encryption-aws-kms-key-id: arn:aws:kms:us-east-1:111122223333:key/1\n",
        "x-amz-server-side-encryption-context: e30=\n",
    };
    CLEANUP(client_free) struct client *client = client_at(AWS, false);
    char line[160], warning[128];
    script_begin(small, strlen(small));
    assert_int_equal(put_small(client, &headers, warning), 0);
    assert_string_equal(warning, "");
    for (size_t i = 0; i < COUNT(lines); i++) {
        snprintf(line, sizeof(line), "PUT %s", lines[i]);
        assert_non_null(strstr(script.heads.data, line));
    }
    script_begin(large, strlen(large));
    assert_int_equal(put_large_as(client, &headers), 0);
    for (size_t i = 0; i < COUNT(lines); i++) {
        snprintf(line, sizeof(line), "POST %s", lines[i]);
        assert_non_null(strstr(script.heads.data, line));
        snprintf(line, sizeof(line), "PUT %s", lines[i]);
        assert_null(strstr(script.heads.data, line));
    }
    script_begin("200\n", 4);
    assert_int_equal(put_small(client, &headers, warning), 0);
    assert_string_equal(warning, "'s3://b/k' may not be encrypted: the server does not say so");
}

static void test_retry_after(void **state)
{
    (void)state;
#define DATE "Date: Thu, 01 Jan 2026 13:00:00 GMT\n"
    static const struct {
        const char *headers;
        int least_ms, most_ms;
    } rows[] = {
        {"", 50, 100},
        {"Retry-After: 2\n", 2000, 2000},
        {"Retry-After: 0\n", 50, 100},
        {"Retry-After: -7\n", 50, 100},
        {"Retry-After: soon\n", 50, 100},
        {"Retry-After: 99999999999999999999\n", 30000, 30000},
        {"Retry-After: Thu, 01 Jan 2026 12:00:03 GMT\n", 3000, 3000},
        {DATE "Retry-After: Thu, 01 Jan 2026 13:00:05 GMT\n", 5000, 5000},
        {DATE "Retry-After: Thu, 01 Jan 2026 12:59:05 GMT\n", 50, 100},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(client_free) struct client *client = client_at(AWS, false);
        CLEANUP(text_release) struct text answers = {0};
        struct error err;
        text_add(&answers, "503\n%s\n\n--\n" RANGE, rows[i].headers);
        script_begin(answers.data, answers.size);
        assert_int_equal(open_object(client, NULL, &err), 0);
        int64_t ms = script.paused_us / 1000;
        if (ms < rows[i].least_ms || ms > rows[i].most_ms)
            fail_msg("%s%lld ms", rows[i].headers, (long long)ms);
    }
}

/* --- sent on --- */

/* A signature stays with those whose it is. */
static void test_sent_on(void **state)
{
    (void)state;
#define ON(where) "307\nLocation: " where "\n\n--\n" RANGE
    static const struct row rows[] = {
        {"with a query", ON("/b/k?a=1&b"), US "GET " AWS "/b/k?a=1&b us-east-1" NOW, 0, NULL},
        {"signed already", ON(AWS "/b/k?X-Amz-Signature=1"),
         US "GET " AWS "/b/k?X-Amz-Signature=1\n", 0, NULL},
        {"signed, elsewhere", ON("https://example.com/k?Signature=1"),
         US "GET https://example.com/k?Signature=1\n", 0, NULL},
        {"elsewhere", ON("https://example.com/k"), US, 1056, "another server, 'example.com'"},
        {"what ends the same", ON("https://evils3.us-east-1.amazonaws.com.example.com/"), US, 1056,
         "another server"},
        {"another service", ON("https://s3-x.us-east-1.elb.amazonaws.com/"), US, 1056,
         "another server"},
        {"dual stack", ON("https://b.s3.dualstack.eu-west-1.amazonaws.com/k"),
         US "GET https://b.s3.dualstack.eu-west-1.amazonaws.com/k us-east-1" NOW, 0, NULL},
        {"another port", ON("https://s3.us-east-1.amazonaws.com:8443/b/k"),
         US "GET https://s3.us-east-1.amazonaws.com:8443/b/k us-east-1" NOW, 0, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        run(&rows[i], AWS, false, NULL);
}

static void test_role(void **state)
{
    (void)state;
#define DENIED(message) ERROR_OF(403, "", "AccessDenied", "<Message>" message "</Message>")
    static const struct row rows[] = {
        {"KMS", ERROR_OF(400, "", "KMS.DisabledException", ""), US, 1432, "KMS.Disabled"},
        {"KMS denied", DENIED("not authorized to perform: kms:GenerateDataKey"), US, 1432, NULL},
        {"a role", DENIED("not authorized to perform: sts:AssumeRole"), US, 1432, NULL},
        {"neither", DENIED("not authorized to perform: s3:GetObject"), US, 1401, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        run(&rows[i], AWS, false, NULL);
}

/* --- the bucket --- */

/* A list that goes on somewhere must say where; a copy that was made says so. */
static void test_half_answers(void **state)
{
    (void)state;
#define MORE "<IsTruncated>true</IsTruncated>"
    static const char objects[] = "200\n\n<ListBucketResult>" MORE "</ListBucketResult>";
    static const char uploads[] =
        "200\n\n<ListMultipartUploadsResult>" MORE "</ListMultipartUploadsResult>";
    static const char copied[] = "200\n\n<Other/>\n--\n200\n\n<CopyObjectResult/>";
    CLEANUP(client_free) struct client *client = client_at(AWS, false);
    CLEANUP(arena_free) struct arena *arena = arena_new();
    const struct s3_bucket bucket = {.client = client, .name = "b"};
    struct object_listing *listing;
    struct upload_listing *unfinished;
    const char *token;
    struct error err;
    script_begin(objects, strlen(objects));
    assert_int_equal(s3_bucket_list(&bucket, arena, "", NULL, &listing, &token, &err), -1);
    assert_int_equal(err.kind, ERROR_HTTP_UNKNOWN);
    script_begin(uploads, strlen(uploads));
    assert_int_equal(s3_bucket_list_uploads(&bucket, arena, "", NULL, &unfinished, &err), -1);
    script_begin(copied, strlen(copied));
    assert_int_equal(s3_bucket_copy(&bucket, "to", "b", "from", &err), 0);
    assert_int_equal(script.at == script.end, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_region),         cmocka_unit_test(test_region_is_remembered),
        cmocka_unit_test(test_again),          cmocka_unit_test(test_retries_are_counted),
        cmocka_unit_test(test_redirected),     cmocka_unit_test(test_long_page),
        cmocka_unit_test(test_no_size),        cmocka_unit_test(test_bucket_in_host),
        cmocka_unit_test(test_failed_part),    cmocka_unit_test(test_failed_completion),
        cmocka_unit_test(test_taken_back),     cmocka_unit_test(test_hurried),
        cmocka_unit_test(test_object_headers), cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_sent_on),        cmocka_unit_test(test_role),
        cmocka_unit_test(test_half_answers),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    text_release(&script.log);
    text_release(&script.heads);
    return failed;
}
