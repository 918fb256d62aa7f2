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

/* Where a redirection from there leads; from https only to https. `ret` may be `from`. */
int target_follow(struct arena *arena, const struct target *from, const char *location,
                  struct target *ret, enum error_kind kind, struct error *err) MUST_CHECK;

/* The same with the bucket's name in front of the host. */
void target_into_host(struct arena *arena, struct target *target, const char *bucket);

/* The same of another region, where it is an endpoint of AWS: others serve them all. */
void target_into_region(struct arena *arena, struct target *target, const char *from,
                        const char *to);

/* Whether it is the endpoint's own host, one below it, or, where both are AWS's, one of its S3. The
 * port may be another. */
bool target_is_within(const struct target *endpoint, const struct target *there);

/* Whether its query is a signature. */
bool target_is_signed(const struct target *target);

const char *target_url(struct arena *arena, const struct target *target);

/* A URL as it may stand in a message: without a user, and without the query, which may be a
 * signature. s3:// and file:// names, which have neither, as they are. */
const char *target_shown(struct arena *arena, const char *url);

#endif
