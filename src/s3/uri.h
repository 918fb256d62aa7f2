/* SPDX-License-Identifier: Apache-2.0 */
/* Names and values as they stand in a URI: percent-encoded exactly once, by the rules of S3. */
#ifndef S3_URI_H
#define S3_URI_H

#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

/* A query parameter or a header. */
struct field {
    const char *name, *value;
};

enum { FIELDS_MAX = 24 }; /* no request of ours has more */

/* Adds s. Letters, digits and "-._~" stay, every other byte becomes %XY; so does a slash, unless
 * `keep` is "/". */
void uri_encode(struct text *out, const char *s, const char *keep);

/* Undoes it in place; a '%' that begins no %XY stays. */
void uri_decode(char *s);

/* The same where a '+' is a space, as in forms of web pages. */
void uri_decode_form(char *s);

/* Takes "a=1&b" apart and decodes it; returns how many there are. In the arena. */
int uri_take_query(struct arena *arena, const char *query, struct field ret[FIELDS_MAX]);

/* Adds "a=1&b=2", sorted as signatures want it. */
void uri_add_query(struct text *out, const struct field *fields, int count);

#endif
