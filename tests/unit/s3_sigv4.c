/* SPDX-License-Identifier: Apache-2.0 */
/* Against the signatures that AWS has published: its SigV4 test suite and the examples of the S3
 * API reference. */
#include "s3/sigv4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HELLO "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"

/* An example of the documentation's, no secret. */
#define TOKEN                                                                                      \
    "AQoDYXdzEPT//////////"                                                                        \
    "wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwt"  \
    "hAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9H"  \
    "FvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOL"  \
    "n9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="

static const struct sigv4_key suite_key = {
    "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", NULL, "us-east-1", "service"};
static const struct sigv4_key s3_key = {
    "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", NULL, "us-east-1", "s3"};

#define SUITE_TIME "20150830T123600Z"
#define S3_TIME    "20130524T000000Z"
#define HOST_DATE                                                                                  \
    {"Host", "example.amazonaws.com"},                                                             \
    {                                                                                              \
        "X-Amz-Date", SUITE_TIME                                                                   \
    }
#define S3_HEADERS(hash)                                                                           \
    {"Host", "examplebucket.s3.amazonaws.com"}, {"x-amz-content-sha256", hash},                    \
    {                                                                                              \
        "x-amz-date", S3_TIME                                                                      \
    }

#define UNRESERVED "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static int count_of(const struct field *fields)
{
    int count = 0;
    while (fields[count].name)
        count++;
    return count;
}

static void test_authorization(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const struct sigv4_key *key;
        const char *time, *method, *path; /* path: not encoded */
        struct field query[4], headers[6];
        const char *payload, *names, *signature;
    } rows[] = {
        {"get-vanilla",
         &suite_key,
         SUITE_TIME,
         "GET",
         "/",
         {{0}},
         {HOST_DATE},
         EMPTY,
         "host;x-amz-date",
         "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
        {"get-vanilla-empty-query-key",
         &suite_key,
         SUITE_TIME,
         "GET",
         "/",
         {{"Param1", "value1"}},
         {HOST_DATE},
         EMPTY,
         "host;x-amz-date",
         "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
        {"get-vanilla-query-order-key-case",
         &suite_key,
         SUITE_TIME,
         "GET",
         "/",
         {{"Param2", "value2"}, {"Param1", "value1"}},
         {HOST_DATE},
         EMPTY,
         "host;x-amz-date",
         "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
        {"get-vanilla-query-order-encoded",
         &suite_key,
         SUITE_TIME,
         "GET",
         "/",
         {{"Param-3", "Value3"}, {"Param", "Value2"}, {"\xe1\x88\xb4", "Value1"}},
         {HOST_DATE},
         EMPTY,
         "host;x-amz-date",
         "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
        {"get-vanilla-query-unreserved",
         &suite_key,
         SUITE_TIME,
         "GET",
         "/",
         {{UNRESERVED, UNRESERVED}},
         {HOST_DATE},
         EMPTY,
         "host;x-amz-date",
         "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
        {"get-vanilla-utf8-query",
         &suite_key,
         SUITE_TIME,
         "GET",
         "/",
         {{"\xe1\x88\xb4", "bar"}},
         {HOST_DATE},
         EMPTY,
         "host;x-amz-date",
         "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
        {"get-utf8",
         &suite_key,
         SUITE_TIME,
         "GET",
         "/\xe1\x88\xb4",
         {{0}},
         {HOST_DATE},
         EMPTY,
         "host;x-amz-date",
         "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
        {"get-space-unnormalized",
         &suite_key,
         SUITE_TIME,
         "GET",
         "/example space/",
         {{0}},
         {HOST_DATE},
         EMPTY,
         "host;x-amz-date",
         "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
        {"get-slashes-unnormalized",
         &suite_key,
         SUITE_TIME,
         "GET",
         "//example//",
         {{0}},
         {HOST_DATE},
         EMPTY,
         "host;x-amz-date",
         "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5"},
        {"post-vanilla",
         &suite_key,
         SUITE_TIME,
         "POST",
         "/",
         {{0}},
         {HOST_DATE},
         EMPTY,
         "host;x-amz-date",
         "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
        {"post-sts-header-before",
         &suite_key,
         SUITE_TIME,
         "POST",
         "/",
         {{0}},
         {{"X-Amz-Security-Token", TOKEN}, HOST_DATE},
         EMPTY,
         "host;x-amz-date;x-amz-security-token",
         "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
        {"S3: GET object",
         &s3_key,
         S3_TIME,
         "GET",
         "/test.txt",
         {{0}},
         {S3_HEADERS(EMPTY), {"Range", "bytes=0-9"}},
         EMPTY,
         "host;range;x-amz-content-sha256;x-amz-date",
         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
        {"S3: PUT object",
         &s3_key,
         S3_TIME,
         "PUT",
         "/test$file.text",
         {{0}},
         {S3_HEADERS(HELLO),
          {"Date", "Fri, 24 May 2013 00:00:00 GMT"},
          {"x-amz-storage-class", " REDUCED_REDUNDANCY  "}},
         HELLO,
         "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
         "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
        {"S3: GET lifecycle",
         &s3_key,
         S3_TIME,
         "GET",
         "/",
         {{"lifecycle", ""}},
         {S3_HEADERS(EMPTY)},
         EMPTY,
         "host;x-amz-content-sha256;x-amz-date",
         "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
        {"S3: list objects",
         &s3_key,
         S3_TIME,
         "GET",
         "/",
         {{"prefix", "J"}, {"max-keys", "2"}},
         {S3_HEADERS(EMPTY)},
         EMPTY,
         "host;x-amz-content-sha256;x-amz-date",
         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(text_release) struct text path = {0}, got = {0}, expected = {0};
        uri_encode(&path, rows[i].path, "/");
        struct sigv4_request request = {
            .method = rows[i].method,
            .path = path.data,
            .query = rows[i].query,
            .query_count = count_of(rows[i].query),
            .headers = rows[i].headers,
            .headers_count = count_of(rows[i].headers),
            .payload = rows[i].payload,
        };
        sigv4_authorization(rows[i].key, &request, rows[i].time, &got);
        text_add(&expected,
                 "AWS4-HMAC-SHA256 Credential=%s/%.8s/us-east-1/%s/aws4_request, "
                 "SignedHeaders=%s, Signature=%s",
                 rows[i].key->access_key, rows[i].time, rows[i].key->service, rows[i].names,
                 rows[i].signature);
        if (strcmp(got.data, expected.data))
            fail_msg("%s: %s, expected %s", rows[i].name, got.data, expected.data);
    }
}

static void test_canonical(void **state)
{
    (void)state;
    const struct field query[] = {{"prefix", "somePrefix"}, {"marker", "some/marker"}, {"acl", ""}};
    const struct field headers[] = {{"X-B", "  two   words "}, {"Host", "h"}, {"x-a", ""}};
    struct sigv4_request request = {"GET", "/a%20b", query, headers, 3, 3, SIGV4_UNSIGNED};
    CLEANUP(text_release) struct text out = {0};
    sigv4_canonical(&request, &out);
    assert_string_equal(out.data, "GET\n/a%20b\nacl=&marker=some%2Fmarker&prefix=somePrefix\n"
                                  "host:h\nx-a:\nx-b:two words\n\nhost;x-a;x-b\nUNSIGNED-PAYLOAD");
}

static void test_presign(void **state)
{
    (void)state;
    const struct field host = {"host", "examplebucket.s3.amazonaws.com"};
    struct sigv4_request request = {"GET", "/test.txt", NULL, &host, 0, 1, SIGV4_UNSIGNED};
    CLEANUP(text_release) struct text query = {0}, with_token = {0};
    sigv4_presign(&s3_key, &request, S3_TIME, 86400, &query);
    assert_string_equal(
        query.data,
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-"
        "east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-"
        "SignedHeaders=host&X-Amz-Signature="
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");

    struct sigv4_key key = s3_key;
    key.session_token = "a+b";
    sigv4_presign(&key, &request, S3_TIME, 60, &with_token);
    assert_non_null(strstr(with_token.data, "&X-Amz-Security-Token=a%2Bb&"));
}

static void test_time(void **state)
{
    (void)state;
    char out[SIGV4_TIME_SIZE];
    assert_string_equal(sigv4_time(1369353600999999, out), S3_TIME);
}

static void test_uri(void **state)
{
    (void)state;
    static const struct {
        const char *plain, *keep, *encoded;
    } rows[] = {
        {"a b+c%d", "/", "a%20b%2Bc%25d"},
        {"a//b/", "/", "a//b/"},
        {"a/b", "", "a%2Fb"},
        {"..", "/", ".."},
        {"\xc3\xa4", "/", "%C3%A4"},
        {"", "/", ""},
        {"'()*!&=?#", "/", "%27%28%29%2A%21%26%3D%3F%23"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(text_release) struct text out = {0};
        text_add(&out, "%s", "");
        uri_encode(&out, rows[i].plain, rows[i].keep);
        assert_string_equal(out.data, rows[i].encoded);
        uri_decode(out.data);
        assert_string_equal(out.data, rows[i].plain);
    }
    char odd[] = "%zz%4%00%41%";
    uri_decode(odd);
    assert_string_equal(odd, "%zz%4%00A%");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_authorization), cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_presign),       cmocka_unit_test(test_time),
        cmocka_unit_test(test_uri),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
