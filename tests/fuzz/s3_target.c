/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a URL and, on the lines below it, where a server sends requests on to, one after the
 * other. What comes out is a URL that can be sent and signed as it stands. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "s3/target.h"

static void check(struct arena *arena, const struct target *target)
{
    struct target again;
    struct error err;
    const char *url = target_url(arena, target);
    for (const char *c = url; *c; c++) {
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f)
            abort();
    }
    size_t scheme = strlen(target->origin) - strlen(target->host);
    if (target->path[0] != '/' || strcmp(target->origin + scheme, target->host) ||
        strpbrk(target->host, "/?#@ "))
        abort();
    if (target_parse(arena, url, &again, ERROR_FILE_OPEN, &err) < 0 ||
        strcmp(target_url(arena, &again), url))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    char *line = arena_strndup(arena, (const char *)data, size), *rest = line;
    struct target target;
    struct error err;
    if (target_parse(arena, strsep(&rest, "\n"), &target, ERROR_FILE_OPEN, &err) < 0)
        return 0;
    check(arena, &target);
    bool secret = !strncmp(target.origin, "https:", 6);
    while ((line = strsep(&rest, "\n")) &&
           target_follow(arena, &target, line, &target, ERROR_FILE_OPEN, &err) == 0) {
        check(arena, &target);
        if (secret && strncmp(target.origin, "https:", 6))
            abort();
        secret = !strncmp(target.origin, "https:", 6);
    }
    return 0;
}
