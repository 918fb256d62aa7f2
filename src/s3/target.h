/* SPDX-License-Identifier: Apache-2.0 */
/* Where a request goes: a URL taken apart, as it will be sent and signed. */
#ifndef S3_TARGET_H
#define S3_TARGET_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

struct target {
    const char *origin; /* "https://host:9000" */
    const char *host;   /* "host:9000", as the Host header has it: no port where it is the usual */
    const char *path;   /* percent-encoded; begins with a slash */
    const char *query;  /* percent-encoded; NULL: none */
};

/* Takes "http://…" or "https://…" apart. No user may stand in it.
 * @retval -1  `kind`, which is the caller's to choose */
int target_parse(struct arena *arena, const char *url, struct target *ret, enum error_kind kind,
                 struct error *err) MUST_CHECK;

/* Where a redirection from there leads; from https only to https. */
int target_follow(struct arena *arena, const struct target *from, const char *location,
                  struct target *ret, enum error_kind kind, struct error *err) MUST_CHECK;

/* The same with the bucket's name in front of the host. */
void target_into_host(struct arena *arena, struct target *target, const char *bucket);

const char *target_url(struct arena *arena, const struct target *target);

#endif
