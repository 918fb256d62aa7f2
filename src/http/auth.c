/* SPDX-License-Identifier: Apache-2.0 */
#include "http/auth.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/clock.h"
#include "http/api.h"
#include "http/route.h"
#include "s3/digest.h"
#include "s3/sigv4.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define S3        "s3"

enum {
    CLOCK_MAX_US = 15 * 60 * 1000000,
    EXPIRES_MAX_S = 7 * 24 * 3600,
    SCOPE_PARTS = 5, /* key/date/region/service/aws4_request */
};

static bool turn_away(struct call *call, int status, const char *fmt, ...) PRINTF(3, 4);

static bool turn_away(struct call *call, int status, const char *fmt, ...)
{
    va_list args;
    char message[ERROR_TEXT];
    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    call->intruder = true;
    (void)call_refuse(call, status, "%s", message);
    return false;
}

/* --- browsers --- */

/* The length of the host in "host:port" or "[::1]:port". */
static size_t host_length(const char *authority)
{
    if (*authority != '[')
        return strcspn(authority, ":");
    size_t length = strcspn(authority, "]");
    return authority[length] ? length + 1 : length;
}

static bool is_ipv4_loopback(const char *host, size_t length)
{
    return length > 4 && strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") >= length;
}

static bool ends_with(const char *host, size_t length, const char *end)
{
    size_t size = strlen(end);
    return length >= size && strncasecmp(host + length - size, end, size) == 0;
}

/* Some clients put their account in front, "111122223333.127.0.0.1". */
static size_t account_length(const char *host, size_t length)
{
    size_t digits = strspn(host, "0123456789");
    return digits == 12 && digits < length && host[digits] == '.' ? digits + 1 : 0;
}

bool auth_host_is_local(const char *authority)
{
    size_t length = host_length(authority);
    if (authority[length] && authority[length] != ':')
        return false;
    size_t skip = account_length(authority, length);
    authority += skip;
    length -= skip;
    bool name = (length == 9 && strncasecmp(authority, "localhost", 9) == 0) ||
                ends_with(authority, length, ".localhost");
    return name || is_ipv4_loopback(authority, length) ||
           (length == 5 && strncmp(authority, "[::1]", 5) == 0);
}

/* A page of ours says "Origin: http://" and the Host that it was loaded from. */
static bool is_own_origin(const struct call *call, const char *origin)
{
    const char *authority = strstr(origin, "://");
    return authority && *call->authority && strcasecmp(authority + 3, call->authority) == 0 &&
           (strncmp(origin, "http://", 7) == 0 || strncmp(origin, "https://", 8) == 0);
}

static bool comes_from_another_site(const struct call *call)
{
    const char *origin = call_header(call, "Origin");
    const char *site = call_header(call, "Sec-Fetch-Site");
    return (origin && !is_own_origin(call, origin)) ||
           (site && strcasecmp(site, "same-origin") && strcasecmp(site, "none"));
}

/* --- the signature's parts --- */

struct claim {
    const char *access_key, *date, *region, *service, *end; /* the scope */
    const char *signed_headers, *signature, *time;
    bool in_query;
};

/* Splits "key/date/region/service/aws4_request"; a key may not hold a slash. */
static bool read_scope(struct arena *arena, const char *text, struct claim *claim)
{
    const char **parts[SCOPE_PARTS] = {&claim->access_key, &claim->date, &claim->region,
                                       &claim->service, &claim->end};
    char *rest = arena_strdup(arena, text);
    for (int i = 0; i < SCOPE_PARTS; i++) {
        size_t length = strcspn(rest, "/");
        bool last = i == SCOPE_PARTS - 1;
        if (!length || last == (rest[length] == '/'))
            return false;
        *parts[i] = rest;
        rest[length] = '\0';
        rest += length + !last;
    }
    return strlen(claim->date) == 8 && strspn(claim->date, "0123456789") == 8 &&
           strcmp(claim->end, "aws4_request") == 0;
}

static bool is_signature(const char *s)
{
    return strlen(s) == SHA256_HEX_SIZE - 1 && strspn(s, "0123456789abcdef") == SHA256_HEX_SIZE - 1;
}

/* "NAME=value" up to a comma; NULL if it is not there. */
static const char *parameter(struct arena *arena, const char *text, const char *name)
{
    size_t length = strlen(name);
    while (*text) {
        text += strspn(text, ", \t");
        size_t word = strcspn(text, ", \t");
        if (word > length && strncmp(text, name, length) == 0 && text[length] == '=')
            return arena_strndup(arena, text + length + 1, word - length - 1);
        text += word;
    }
    return NULL;
}

/* Whether the Authorization header is one of Signature Version 4, whoever's. */
static bool read_header(struct call *call, struct claim *claim)
{
    const char *text = call_header(call, "Authorization");
    if (!text || strncmp(text, ALGORITHM " ", strlen(ALGORITHM) + 1))
        return false;
    text += strlen(ALGORITHM);
    const char *scope = parameter(call->arena, text, "Credential");
    claim->signed_headers = parameter(call->arena, text, "SignedHeaders");
    claim->signature = parameter(call->arena, text, "Signature");
    claim->time = call_header(call, "X-Amz-Date");
    return scope && claim->signed_headers && claim->signature && is_signature(claim->signature) &&
           read_scope(call->arena, scope, claim);
}

static bool read_query(struct call *call, struct claim *claim)
{
    const char *algorithm = call_query(call, "X-Amz-Algorithm");
    const char *scope = call_query(call, "X-Amz-Credential");
    claim->in_query = true;
    claim->signed_headers = call_query(call, "X-Amz-SignedHeaders");
    claim->signature = call_query(call, "X-Amz-Signature");
    claim->time = call_query(call, "X-Amz-Date");
    return algorithm && strcmp(algorithm, ALGORITHM) == 0 && scope && claim->signed_headers &&
           claim->signature && is_signature(claim->signature) &&
           read_scope(call->arena, scope, claim);
}

const char *auth_service(struct call *call)
{
    struct claim claim = {0};
    return read_header(call, &claim) || read_query(call, &claim) ? claim.service : NULL;
}

/* --- verification --- */

/* Microseconds since 1970 of "20130524T000000Z"; -1 if it is no time. */
static int64_t read_time(const char *text)
{
    struct tm tm = {0};
    const char *end = text ? strptime(text, "%Y%m%dT%H%M%SZ", &tm) : NULL;
    if (!end || *end || strlen(text) != SIGV4_TIME_SIZE - 1)
        return -1;
    return (int64_t)timegm(&tm) * 1000000;
}

static bool is_in_time(const struct auth *auth, struct call *call, const struct claim *claim)
{
    int64_t now = auth->now_us ? auth->now_us : clock_true_us(), at = read_time(claim->time);
    if (at < 0 || strncmp(claim->time, claim->date, 8))
        return turn_away(call, 403, "the signature has no date, or one of another day");
    int64_t until = at + CLOCK_MAX_US;
    if (claim->in_query) {
        const char *expires = call_query(call, "X-Amz-Expires");
        long seconds = expires ? strtol(expires, NULL, 10) : 0;
        if (seconds < 1 || seconds > EXPIRES_MAX_S)
            return turn_away(call, 403, "X-Amz-Expires must be from 1 to %d", EXPIRES_MAX_S);
        until = at + (int64_t)seconds * 1000000;
    }
    if (now < at - CLOCK_MAX_US)
        return turn_away(call, 403, "Signature not yet current: %s", claim->time);
    if (now > until)
        return turn_away(call, 403, "Signature expired: %s", claim->time);
    return true;
}

static int count_headers(const struct call *call, const char *name)
{
    int count = 0;
    for (int i = 0; i < call->headers_count; i++)
        count += strcasecmp(call->headers[i].name, name) == 0;
    return count;
}

/* The headers that are signed, which must be there, once, and have Host among them. */
static bool collect_headers(struct call *call, const struct claim *claim,
                            struct field headers[FIELDS_MAX], int *ret_count)
{
    bool host = false;
    char *rest = arena_strdup(call->arena, claim->signed_headers), *name;
    for (*ret_count = 0; (name = strsep(&rest, ";"));) {
        if (*ret_count == FIELDS_MAX || count_headers(call, name) != 1)
            return turn_away(call, 403, "the signed header '%.40s' is not there once", name);
        host |= strcasecmp(name, "host") == 0;
        headers[(*ret_count)++] = (struct field){name, call_header(call, name)};
    }
    return host || turn_away(call, 403, "'Host' must be a 'SignedHeader' in the AWS signature");
}

/* The hash that the caller states must be the body's. S3 takes bodies that are not signed. */
static bool hash_body(struct call *call, char hex[SHA256_HEX_SIZE])
{
    unsigned char hash[32];
    EVP_Digest(call->body ? call->body : "", call->body_size, hash, NULL, EVP_sha256(), NULL);
    digest_hex(hash, sizeof(hash), hex);
    const char *stated = call_header(call, "X-Amz-Content-Sha256");
    if (stated && strcmp(stated, SIGV4_UNSIGNED) == 0 && strcmp(call->api->name, S3) == 0)
        snprintf(hex, SHA256_HEX_SIZE, "%s", SIGV4_UNSIGNED);
    else if (stated && strcmp(stated, hex))
        return turn_away(call, 403, "the body is not the one that X-Amz-Content-Sha256 is of");
    return true;
}

/* The signature that the call would have if the key's owner had signed it. */
static bool sign(const struct auth *auth, struct call *call, const struct claim *claim,
                 struct text *out)
{
    struct field headers[FIELDS_MAX], query[FIELDS_MAX];
    char hash[SHA256_HEX_SIZE];
    int headers_count, query_count = 0;
    if (!collect_headers(call, claim, headers, &headers_count) || !hash_body(call, hash))
        return false;
    for (int i = 0; i < call->query_count; i++)
        if (!claim->in_query || strcmp(call->query[i].name, "X-Amz-Signature"))
            query[query_count++] = call->query[i];

    // all services but S3 sign the path encoded once more
    CLEANUP(text_release) struct text path = {0};
    if (strcmp(claim->service, S3))
        uri_encode(&path, call->path, "/");
    else
        text_append(&path, call->path, strlen(call->path));
    struct sigv4_request request = {
        .method = call->method,
        .path = path.data,
        .query = query,
        .headers = headers,
        .query_count = query_count,
        .headers_count = headers_count,
        .payload = hash,
    };
    struct sigv4_key key = {
        .access_key = auth->access_key,
        .secret_key = auth->secret_key,
        .region = claim->region,
        .service = claim->service,
    };
    sigv4_authorization(&key, &request, claim->time, out);
    return true;
}

/* Whether it was called from this machine, by one of its own names. A proxy on it calls so, too,
 * for whoever is behind it: where there is a key that is no reason to do without one. */
static bool is_here(const struct call *call)
{
    return call->peer_is_local && auth_host_is_local(call->authority);
}

static bool is_for_all(const struct auth *auth, const struct call *call)
{
    enum access access = call->route->access;
    return access == ACCESS_OPEN || (access == ACCESS_LOCAL && !auth->access_key && is_here(call));
}

static bool is_token(const struct auth *auth, const char *given)
{
    static const char bearer[] = "Bearer ";
    if (given && strncasecmp(given, bearer, strlen(bearer)) == 0)
        given += strlen(bearer);
    size_t size = auth->token ? strlen(auth->token) : 0;
    return size && given && strlen(given) == size && CRYPTO_memcmp(given, auth->token, size) == 0;
}

static bool admits_webhook(const struct auth *auth, struct call *call)
{
    return is_token(auth, call_header(call, "Authorization")) ||
           is_token(auth, call_query(call, "token")) ||
           turn_away(call, 403, "the token is not the one that webhooks must have");
}

bool auth_admits(const struct auth *auth, struct call *call)
{
    if (comes_from_another_site(call))
        return turn_away(call, 403, "pages of other sites may not call this server");
    if (is_for_all(auth, call))
        return true;
    if (call->route->access == ACCESS_TOKEN)
        return admits_webhook(auth, call);

    struct claim claim = {0};
    bool in_header = read_header(call, &claim);
    if (!auth->access_key && !is_here(call) && !(call->peer_is_local && call->absolute))
        return turn_away(call, 403, "'%.80s' is not what this machine calls itself",
                         call->authority);
    if (!in_header && !(auth->access_key && read_query(call, &claim)))
        return turn_away(call, 403, "Missing Authentication Token");
    if (auth->access_key && strcmp(claim.access_key, auth->access_key))
        return turn_away(call, 403, "The security token included in the request is invalid.");
    if (strcmp(claim.service, call->api->name))
        return turn_away(call, 403, "Credential should be scoped to correct service: '%s'.",
                         call->api->name);
    if (!auth->access_key)
        return true;
    return is_in_time(auth, call, &claim);
}

bool auth_verifies(const struct auth *auth, struct call *call)
{
    if (!auth->access_key || is_for_all(auth, call) || call->route->access == ACCESS_TOKEN)
        return true;
    struct claim claim = {0};
    CLEANUP(text_release) struct text expected = {0};
    if (!read_header(call, &claim)) {
        claim = (struct claim){0};
        if (!read_query(call, &claim))
            return turn_away(call, 403, "Missing Authentication Token");
    }
    if (!sign(auth, call, &claim, &expected))
        return false;
    const char *signature = expected.data + expected.size - (SHA256_HEX_SIZE - 1);
    if (CRYPTO_memcmp(signature, claim.signature, SHA256_HEX_SIZE - 1) == 0)
        return true;
    return turn_away(call, 403,
                     "The request signature we calculated does not match the signature you "
                     "provided. Check your AWS Secret Access Key and signing method.");
}
