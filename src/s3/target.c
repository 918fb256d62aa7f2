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

static int take_apart(struct arena *arena, CURLU *url, struct target *ret, enum error_kind kind,
                      struct error *err)
{
    const char *scheme = part_of(arena, url, CURLUPART_SCHEME);
    const char *host = part_of(arena, url, CURLUPART_HOST);
    const char *port = part_of(arena, url, CURLUPART_PORT);
    const char *path = part_of(arena, url, CURLUPART_PATH);
    if (!scheme || !host || (strcmp(scheme, "http") && strcmp(scheme, "https")))
        return error_set(err, kind, "only http:// and https:// are spoken");
    if (!is_plain(host)) // libcurl has percent-decoded it
        return error_set(err, kind, "the host's name is not plain ASCII");
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
