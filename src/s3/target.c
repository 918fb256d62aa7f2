/* SPDX-License-Identifier: Apache-2.0 */
#include "s3/target.h"

#include <string.h>

#include <curl/curl.h>

static void free_url(CURLU **url)
{
    curl_url_cleanup(*url);
}

static void free_part(char **part)
{
    curl_free(*part);
}

/* NULL where the URL has none. In the arena. */
static const char *part_of(struct arena *arena, CURLU *url, CURLUPart what)
{
    CLEANUP(free_part) char *part = NULL;
    if (curl_url_get(url, what, &part, CURLU_NO_DEFAULT_PORT) || !part)
        return NULL;
    return arena_strdup(arena, part);
}

static bool is_plain(const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f)
            return false;
    }
    return true;
}

/* libcurl has percent-decoded the host's name. What comes out can be encoded again, or a short form
 * of an address, and so another host when the URL is put together and taken apart once more. */
static bool is_settled(struct arena *arena, const char *scheme, const char *host)
{
    CLEANUP(free_url) CURLU *parts = curl_url();
    const char *url = arena_printf(arena, "%s://%s", scheme, host);
    if (!parts || curl_url_set(parts, CURLUPART_URL, url, 0))
        return false;
    const char *again = part_of(arena, parts, CURLUPART_HOST);
    return again && !strcmp(again, host);
}

static int take_apart(struct arena *arena, CURLU *url, struct target *ret, enum error_kind kind,
                      struct error *err)
{
    const char *scheme = part_of(arena, url, CURLUPART_SCHEME);
    const char *host = part_of(arena, url, CURLUPART_HOST);
    const char *port = part_of(arena, url, CURLUPART_PORT);
    const char *path = part_of(arena, url, CURLUPART_PATH);
    if (!scheme || !host || (strcmp(scheme, "http") && strcmp(scheme, "https")))
        return error_set(err, kind, "only http:// and https:// are spoken");
    if (!is_plain(host) || !is_settled(arena, scheme, host))
        return error_set(err, kind, "no host has such a name");
    if (part_of(arena, url, CURLUPART_USER) || part_of(arena, url, CURLUPART_PASSWORD))
        return error_set(err, kind, "a URL with a user's name in it is not taken");

    const char *authority = port ? arena_printf(arena, "%s:%s", host, port) : host;
    *ret = (struct target){
        .origin = arena_printf(arena, "%s://%s", scheme, authority),
        .host = authority,
        .path = path ? path : "/",
        .query = part_of(arena, url, CURLUPART_QUERY),
    };
    return 0;
}

int target_parse(struct arena *arena, const char *url, struct target *ret, enum error_kind kind,
                 struct error *err)
{
    CLEANUP(free_url) CURLU *parts = curl_url();
    CURLUcode code = !parts           ? CURLUE_OUT_OF_MEMORY
                     : !is_plain(url) ? CURLUE_MALFORMED_INPUT
                                      : curl_url_set(parts, CURLUPART_URL, url, CURLU_PATH_AS_IS);
    if (code)
        return error_set(err, kind, "'%s' is no URL: %s", target_shown(arena, url),
                         curl_url_strerror(code));
    if (take_apart(arena, parts, ret, kind, err) < 0)
        return error_add(err, "'%s'", target_shown(arena, url));
    return 0;
}

int target_follow(struct arena *arena, const struct target *from, const char *location,
                  struct target *ret, enum error_kind kind, struct error *err)
{
    CLEANUP(free_url) CURLU *parts = curl_url();
    if (!parts || curl_url_set(parts, CURLUPART_URL, target_url(arena, from), CURLU_PATH_AS_IS) ||
        !is_plain(location) || curl_url_set(parts, CURLUPART_URL, location, CURLU_PATH_AS_IS))
        return error_set(err, kind, "redirected to what is no URL");
    struct target there;
    if (take_apart(arena, parts, &there, kind, err) < 0)
        return error_add(err, "redirected");
    if (!strncmp(from->origin, "https:", 6) && strncmp(there.origin, "https:", 6))
        return error_set(err, kind, "redirected from https to http");
    *ret = there;
    return 0;
}

static void set_host(struct arena *arena, struct target *target, const char *host)
{
    size_t scheme = strlen(target->origin) - strlen(target->host);
    target->origin = arena_printf(arena, "%.*s%s", (int)scheme, target->origin, host);
    target->host = host;
}

void target_into_host(struct arena *arena, struct target *target, const char *bucket)
{
    set_host(arena, target, arena_printf(arena, "%s.%s", bucket, target->host));
}

/* "s3.eu-west-1.amazonaws.com", "s3.dualstack.eu-west-1.amazonaws.com", "s3.amazonaws.com" */
void target_into_region(struct arena *arena, struct target *target, const char *from,
                        const char *to)
{
    const char *host = target->host, *label = arena_printf(arena, ".%s.", from);
    const char *aws = strstr(host, ".amazonaws.com"), *region = strstr(host, label);
    if (!strcmp(host, "s3.amazonaws.com"))
        set_host(arena, target, arena_printf(arena, "s3.%s.amazonaws.com", to));
    else if (aws && region && region < aws)
        set_host(arena, target,
                 arena_printf(arena, "%.*s.%s.%s", (int)(region - host), host, to,
                              region + strlen(label)));
}

/* --- whose it is --- */

/* Without the port. */
static size_t name_length(const char *host)
{
    const char *colon = strrchr(host, ':');
    return colon && !strchr(colon, ']') ? (size_t)(colon - host) : strlen(host);
}

static bool ends_in(const char *s, size_t length, const char *end)
{
    size_t size = strlen(end);
    return length >= size && !strncasecmp(s + length - size, end, size);
}

/* Cuts the last label off; returns it. */
static const char *cut_label(const char *host, size_t *length)
{
    size_t start = *length;
    while (start && host[start - 1] != '.')
        start--;
    *length = start ? start - 1 : 0;
    return host + start;
}

static bool names_s3(const char *label)
{
    return !strncasecmp(label, "s3.", 3) || !strncasecmp(label, "s3-", 3);
}

/* "s3.REGION", "s3-REGION", "s3.dualstack.REGION", "s3" in front of amazonaws.com, and whatever in
 * front of that. Other services let people choose what stands there. */
static bool is_aws_s3(const char *host)
{
    size_t length = name_length(host);
    if (ends_in(host, length, ".cn"))
        length -= strlen(".cn");
    if (!ends_in(host, length, ".amazonaws.com"))
        return false;
    length -= strlen(".amazonaws.com");
    if (names_s3(cut_label(host, &length)))
        return true;
    const char *label = cut_label(host, &length);
    if (!strncasecmp(label, "dualstack.", strlen("dualstack.")))
        label = cut_label(host, &length);
    return names_s3(label);
}

bool target_is_within(const struct target *endpoint, const struct target *there)
{
    size_t length = name_length(endpoint->host), size = name_length(there->host);
    bool same_end =
        size >= length && !strncasecmp(there->host + size - length, endpoint->host, length);
    bool below = same_end && (size == length || there->host[size - length - 1] == '.');
    return below || (is_aws_s3(endpoint->host) && is_aws_s3(there->host));
}

bool target_is_signed(const struct target *target)
{
    for (const char *at = target->query; at && *at; at += strcspn(at, "&"), at += *at == '&') {
        if (!strncasecmp(at, "X-Amz-Signature=", 16) || !strncasecmp(at, "Signature=", 10))
            return true;
    }
    return false;
}

const char *target_url(struct arena *arena, const struct target *target)
{
    bool query = target->query && *target->query;
    return arena_printf(arena, "%s%s%s%s", target->origin, target->path, query ? "?" : "",
                        query ? target->query : "");
}

const char *target_shown(struct arena *arena, const char *url)
{
    if (!strncmp(url, "s3://", strlen("s3://")) || !strncmp(url, "file://", strlen("file://")))
        return url;
    const char *scheme_end = strstr(url, "://");
    const char *authority = scheme_end ? scheme_end + strlen("://") : url;
    const char *at = memrchr(authority, '@', strcspn(authority, "/?#"));
    const char *host = at ? at + 1 : authority;
    size_t length = strcspn(host, "?#");
    return arena_printf(arena, "%.*s%.*s%s", (int)(authority - url), url, (int)length, host,
                        host[length] == '?' ? "?..." : "");
}
