/* SPDX-License-Identifier: Apache-2.0 */
#include "s3/sigv4.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/clock.h"
#include "s3/digest.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

enum { DATE_LENGTH = 8, HASH_BYTES = 32 };

char *sigv4_time(int64_t wall_us, char out[SIGV4_TIME_SIZE])
{
    char text[64];
    snprintf(out, SIGV4_TIME_SIZE, "%.16s", clock_format(wall_us, "%Y%m%dT%H%M%SZ", text));
    return out;
}

static void add_hex(struct text *out, const unsigned char hash[HASH_BYTES])
{
    char hex[2 * HASH_BYTES + 1];
    digest_hex(hash, HASH_BYTES, hex);
    text_add(out, "%s", hex);
}

/* --- the canonical request --- */

static int by_name(const void *a, const void *b)
{
    return strcasecmp(((const struct field *)a)->name, ((const struct field *)b)->name);
}

static void add_lower(struct text *out, const char *s)
{
    for (; *s; s++)
        text_add(out, "%c", tolower((unsigned char)*s));
}

/* Without blanks around it, and with one where there are several. */
static void add_trimmed(struct text *out, const char *s)
{
    s += strspn(s, " \t");
    while (*s) {
        size_t word = strcspn(s, " \t");
        text_append(out, s, word);
        s += word;
        size_t blanks = strspn(s, " \t");
        if (s[blanks] && blanks)
            text_add(out, " ");
        s += blanks;
    }
}

static void add_signed_names(struct text *out, const struct field *sorted, int count)
{
    for (int i = 0; i < count; i++) {
        text_add(out, "%s", i ? ";" : "");
        add_lower(out, sorted[i].name);
    }
}

static int sort_headers(const struct sigv4_request *request, struct field sorted[FIELDS_MAX])
{
    int count = request->headers_count < FIELDS_MAX ? request->headers_count : FIELDS_MAX;
    memcpy(sorted, request->headers, sizeof(sorted[0]) * (size_t)count);
    qsort(sorted, (size_t)count, sizeof(sorted[0]), by_name);
    return count;
}

void sigv4_canonical(const struct sigv4_request *request, struct text *out)
{
    struct field sorted[FIELDS_MAX];
    int count = sort_headers(request, sorted);

    text_add(out, "%s\n%s\n", request->method, request->path);
    uri_add_query(out, request->query, request->query_count);
    text_add(out, "\n");
    for (int i = 0; i < count; i++) {
        add_lower(out, sorted[i].name);
        text_add(out, ":");
        add_trimmed(out, sorted[i].value);
        text_add(out, "\n");
    }
    text_add(out, "\n");
    add_signed_names(out, sorted, count);
    text_add(out, "\n%s", request->payload);
}

/* --- the signature --- */

static void hmac(unsigned char out[HASH_BYTES], const void *key, size_t key_size, const char *s)
{
    HMAC(EVP_sha256(), key, (int)key_size, (const unsigned char *)s, strlen(s), out, NULL);
}

/* "20130524/us-east-1/s3/aws4_request" */
static void add_scope(struct text *out, const struct sigv4_key *key, const char *time)
{
    text_add(out, "%.*s/%s/%s/aws4_request", DATE_LENGTH, time, key->region, key->service);
}

static void add_signature(struct text *out, const struct sigv4_key *key,
                          const struct sigv4_request *request, const char *time)
{
    CLEANUP(text_release) struct text canonical = {0}, to_sign = {0}, secret = {0};
    unsigned char hash[HASH_BYTES];
    sigv4_canonical(request, &canonical);
    EVP_Digest(canonical.data, canonical.size, hash, NULL, EVP_sha256(), NULL);

    text_add(&to_sign, ALGORITHM "\n%s\n", time);
    add_scope(&to_sign, key, time);
    text_add(&to_sign, "\n");
    add_hex(&to_sign, hash);

    char date[DATE_LENGTH + 1];
    snprintf(date, sizeof(date), "%s", time);
    text_add(&secret, "AWS4%s", key->secret_key);
    hmac(hash, secret.data, secret.size, date);
    hmac(hash, hash, sizeof(hash), key->region);
    hmac(hash, hash, sizeof(hash), key->service);
    hmac(hash, hash, sizeof(hash), "aws4_request");
    hmac(hash, hash, sizeof(hash), to_sign.data);
    add_hex(out, hash);
}

void sigv4_authorization(const struct sigv4_key *key, const struct sigv4_request *request,
                         const char *time, struct text *out)
{
    struct field sorted[FIELDS_MAX];
    int count = sort_headers(request, sorted);

    text_add(out, ALGORITHM " Credential=%s/", key->access_key);
    add_scope(out, key, time);
    text_add(out, ", SignedHeaders=");
    add_signed_names(out, sorted, count);
    text_add(out, ", Signature=");
    add_signature(out, key, request, time);
}

void sigv4_presign(const struct sigv4_key *key, const struct sigv4_request *request,
                   const char *time, int seconds, struct text *out)
{
    struct field headers[FIELDS_MAX], query[FIELDS_MAX];
    CLEANUP(text_release) struct text names = {0}, credential = {0};
    add_signed_names(&names, headers, sort_headers(request, headers));
    text_add(&credential, "%s/", key->access_key);
    add_scope(&credential, key, time);
    char expires[16];
    snprintf(expires, sizeof(expires), "%d", seconds);

    int count = 0;
    query[count++] = (struct field){"X-Amz-Algorithm", ALGORITHM};
    query[count++] = (struct field){"X-Amz-Credential", credential.data};
    query[count++] = (struct field){"X-Amz-Date", time};
    query[count++] = (struct field){"X-Amz-Expires", expires};
    query[count++] = (struct field){"X-Amz-SignedHeaders", names.data};
    if (key->session_token)
        query[count++] = (struct field){"X-Amz-Security-Token", key->session_token};
    for (int i = 0; i < request->query_count && count < FIELDS_MAX; i++)
        query[count++] = request->query[i];

    struct sigv4_request with_query = *request;
    with_query.query = query;
    with_query.query_count = count;
    uri_add_query(out, query, count);
    text_add(out, "&X-Amz-Signature=");
    add_signature(out, key, &with_query, time);
}
