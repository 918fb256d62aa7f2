/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XML that answers a call, written straight into a text.
 *
 *   put_start(out, "Role");                  <Role>
 *   put_element(out, "RoleName", name);      <RoleName>…</RoleName>
 *   put_end(out, "Role");                    </Role>
 *
 * Names are ours and go out as they are. Values are escaped; what no XML can hold, control
 * characters and what is no UTF-8, becomes U+FFFD.
 */
#ifndef HTTP_PUT_XML_H
#define HTTP_PUT_XML_H

#include <stdint.h>

#include "base/text.h"

/* The start of a document; `space` NULL: without xmlns. */
void put_document(struct text *out, const char *name, const char *space);

void put_start(struct text *out, const char *name);
void put_start_in(struct text *out, const char *name, const char *space); /* with xmlns */
void put_end(struct text *out, const char *name);

/* A value that is NULL is left out. */
void put_element(struct text *out, const char *name, const char *value);
void put_element_number(struct text *out, const char *name, int64_t value);

/* "2019-10-03T21:48:48.048Z" of microseconds since 1970; 0 is left out. */
void put_element_time(struct text *out, const char *name, int64_t us);

/* "2019-10-03T21:48:48Z" */
void put_element_seconds(struct text *out, const char *name, int64_t us);

#endif
